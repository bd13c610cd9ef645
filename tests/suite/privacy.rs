//! What must not be shown is written nowhere: canaries in every field, looked for
//! in every report and message.

use std::fs;

use audit::record::FIELDS;
use audit::report::Format;

use crate::support::Workspace;

/// Every text is found wanting, so that its value is evidence.
fn policy() -> String {
    let mut policy = "[policy]\nid = \"p\"\n".to_owned();
    for field in FIELDS.iter().filter(|field| field.kind.name() == "text") {
        let name = field.name;
        policy.push_str(&format!(
            "[[rule]]\nid = \"{name}\"\nseverity = \"low\"\nrequire.{name} = {{ max-length = 1 }}\n"
        ));
    }
    policy.push_str(
        "[[rule]]\nid = \"list\"\nseverity = \"low\"\nrequire.ipWhitelist.public = true\n",
    );
    policy.push_str("[[aggregate]]\nid = \"twice\"\nseverity = \"low\"\nunique = \"id\"\n");
    policy.push_str(
        "[[aggregate]]\nid = \"names\"\nseverity = \"low\"\nshared = { field = \"name\", more-than = 1 }\n",
    );
    policy.push_str(
        "[[aggregate]]\nid = \"phones\"\nseverity = \"low\"\nshared = { field = \"phoneNumber\", more-than = 1 }\n",
    );
    policy
}

fn canary(field: &str) -> String {
    format!("canary{}", field.to_lowercase())
}

/// Two customers, with a canary in every text and, in one of them, a credential
/// beside it.
fn export() -> String {
    let record = |id: &str, beside: &str| {
        let fields = FIELDS.iter().filter(|field| field.kind.name() == "text");
        let fields = fields
            .filter(|field| field.name != "id")
            .map(|field| format!(",\"{}\":\"{}{beside}\"", field.name, canary(field.name)));
        let fields: String = fields.collect();
        format!("{{\"id\":\"{id}\"{fields},\"ipWhitelist\":\"10.0.0.1 {beside}\"}}\n")
    };
    let id = canary("id");
    let secret = " ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    let broken =
        "{\"id\":\"canaryid\",\"name\":\"canaryname\",\"phoneNumber\":\"canaryphonenumber\"\n";
    [
        record(&id, ""),
        record(&format!("{id}2"), ""),
        record(&id, secret),
        broken.to_owned(),
    ]
    .concat()
}

/// All that a run writes: on stdout, on stderr and in its report.
fn run(workspace: &Workspace, format: Format, more: &[&str]) -> String {
    let file = format!("{}:{}", format.name(), workspace.arg("report"));
    let options = ["-v", "-f", format.name(), "-o", &file];
    let run = workspace.audit(&["export.ndjson"], &[&options, more].concat());
    assert_eq!(run.code, 3, "{run}");
    let report = fs::read(workspace.path("report")).expect("a report");
    let [stdout, report] =
        [run.stdout, report].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    [stdout, run.stderr, report].concat()
}

fn workspace() -> Workspace {
    let workspace = Workspace::with_policy(&policy());
    workspace.write("export.ndjson", export());
    workspace.write("key", "0123456789abcdef0123456789abcdef\n");
    workspace.write("other", "0123456789abcdef0123456789abcdee\n");
    workspace
}

#[test]
fn sensitive_values_and_credentials_are_written_nowhere() {
    let workspace = workspace();
    for format in Format::ALL.iter().copied() {
        let said = run(&workspace, format, &[]);
        for field in FIELDS.iter().filter(|field| field.sensitive) {
            assert!(
                !said.contains(&canary(field.name)),
                "{} in {said}",
                field.name
            );
        }
        assert!(
            !said.contains("ghp_"),
            "{} tells a credential",
            format.name()
        );
        let all = run(&workspace, format, &["--show-sensitive"]);
        if format.is_whole() && format.name() != "xlsx" {
            // The canaries would be found if they were written.
            assert!(all.contains("ghp_") && all.contains(&canary("phoneNumber")));
        }
    }
}

#[test]
fn pseudonyms_replace_ids_and_names_and_are_the_same_in_each_run() {
    let workspace = workspace();
    let (key, other) = (workspace.arg("key"), workspace.arg("other"));
    for format in Format::ALL.iter().copied() {
        let said = run(&workspace, format, &["--pseudonymise", &key]);
        for canary in [canary("id"), canary("name")] {
            assert!(!said.contains(&canary), "{canary} in {said}");
        }
        assert_eq!(said, run(&workspace, format, &["--pseudonymise", &key]));
        if format.is_whole() && format.name() != "xlsx" {
            assert_ne!(said, run(&workspace, format, &["--pseudonymise", &other]));
        }
    }
}
