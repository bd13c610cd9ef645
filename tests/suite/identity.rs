//! What names a finding or a report: its own, the same for the same content, and another
//! for another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

/// Records of which none has an id, and two of which are the same but for their place.
const NAMELESS: &str = r#"{"force2fa":false}
{"force2fa":false}
{"force2fa":false,"name":"n"}
{"force2fa":null}
"#;

fn run(folder: &Workspace, format: &str, exports: &[&str], options: &[&str]) -> Run {
    let run = folder.audit(exports, &[&["-f", format], options].concat());
    check(run.code != 2, "it is audited", &run);
    run
}

/// The names of findings, by the format that has them.
fn names(
    folder: &Workspace,
    exports: &[&str],
    options: &[&str],
) -> BTreeMap<&'static str, Vec<String>> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let of = |format| run(folder, format, exports, options);
    let sarif = list(&of("sarif").report()["runs"][0]["results"]);
    let fingerprints = sarif
        .iter()
        .map(|one| &one["partialFingerprints"]["auditFinding/v1"]);
    let ocsf = of("ocsf").lines();
    let dojo = list(&of("defectdojo").report()["findings"]);
    let oscal = list(&of("oscal").report()["assessment-results"]["results"][0]["observations"]);
    BTreeMap::from([
        ("sarif", fingerprints.map(text).collect()),
        (
            "ocsf",
            ocsf.iter()
                .map(|one| text(&one["finding_info"]["uid"]))
                .collect(),
        ),
        (
            "defectdojo",
            dojo.iter()
                .map(|one| text(&one["unique_id_from_tool"]))
                .collect(),
        ),
        (
            "oscal",
            oscal.iter().map(|one| text(&one["uuid"])).collect(),
        ),
    ])
}

#[test]
fn no_two_records_without_an_id_share_a_name() {
    let folder = Workspace::with_policy(POLICY);
    folder.write("e.ndjson", NAMELESS);
    folder.write("f.ndjson", NAMELESS);
    let exports = ["e.ndjson", "f.ndjson"];
    let all = names(&folder, &exports, &[]);
    for (format, names) in &all {
        let others: BTreeSet<_> = names.iter().collect();
        assert_eq!(
            (others.len(), names.len() >= 8),
            (names.len(), true),
            "{format}"
        );
    }
    assert_eq!(all["sarif"], all["ocsf"][..8]);
    // The numbers of records are known late: the cuts do not show, nor does `convert`.
    for options in [
        &["--window-bytes", "20"][..],
        &["-j", "3", "--window-bytes", "40"],
    ] {
        assert_eq!(names(&folder, &exports, options), all);
    }
    folder.write("r.json", run(&folder, "json", &exports, &[]).stdout);
    for format in ["sarif", "ocsf", "defectdojo", "oscal"] {
        let converted = folder.run(&["convert", "-f", format, "r.json"]);
        assert_eq!(
            converted.stdout,
            run(&folder, format, &exports, &[]).stdout,
            "{format}"
        );
    }
}

#[test]
fn a_record_with_an_id_is_named_by_it_whatever_its_place_and_content() {
    let folder = Workspace::with_policy(POLICY);
    folder.write("e.ndjson", "{\"id\":\"a\",\"force2fa\":false}\n");
    folder.write(
        "f.ndjson",
        "{\"id\":\"b\",\"force2fa\":true}\n{\"id\":\"a\",\"force2fa\":null}\n",
    );
    assert_eq!(
        names(&folder, &["e.ndjson"], &[]),
        names(&folder, &["f.ndjson"], &[])
    );
}

/// The names that a report has for itself.
fn documents(folder: &Workspace) -> Vec<String> {
    let sarif = run(folder, "sarif", &["e.ndjson"], &[]).report();
    let oscal = run(folder, "oscal", &["e.ndjson"], &[]).report();
    let oscal = &oscal["assessment-results"];
    [
        &sarif["runs"][0]["automationDetails"]["guid"],
        &oscal["uuid"],
        &oscal["results"][0]["uuid"],
    ]
    .map(|name| name.as_str().expect("text").to_owned())
    .into()
}

#[test]
fn a_report_of_other_content_is_named_otherwise_and_one_of_the_same_is_not() {
    let folder = Workspace::with_policy(POLICY);
    let mut met = BTreeSet::new();
    for export in [
        "{\"id\":\"a\",\"force2fa\":false}\n",
        "{\"id\":\"a\",\"force2fa\":true}\n",
        "{\"id\":\"b\",\"force2fa\":false}\n",
        "{\"id\":\"a\",\"force2fa\":null}\n",
        "{\"id\":\"a\",\"force2fa\":false,\"name\":\"n\"}\n",
        "{\"force2fa\":false}\n",
        "{\"id\":\"a\",\"force2fa\":false}\n[\n",
    ] {
        folder.write("e.ndjson", export);
        let names = documents(&folder);
        assert_eq!(names, documents(&folder));
        for name in names {
            assert!(met.insert(name), "{export}");
        }
    }
}
