//! The shipped policies: their cases hold and cover every rule, and what they
//! say of themselves is whole.

use std::fs;
use std::path::PathBuf;

use crate::support::{self, Workspace};

/// Runs the program; gives its exit code and all that it prints.
fn audit(args: &[&str]) -> (i32, String) {
    let run = support::audit(args);
    (run.code, format!("{}{}", run.text(), run.stderr))
}

fn shipped() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter(|file| {
            let name = file
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let rules = !name.ends_with(".cases.toml") && name != "checks.toml";
            rules && name.ends_with(".toml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_cases_of_every_shipped_policy_hold_and_cover_every_rule() {
    let files = shipped();
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        let (code, said) = audit(&["policy", "test", file.to_str().expect("text")]);
        assert_eq!(code, 0, "{said}");
    }
}

/// Rules that an unreadable value makes an error, and nothing makes fail.
const NEVER_FAIL: [&str; 10] = [
    "base-ip-unreadable",
    "pci-2.2.6-ip-unreadable",
    "soc2-cc6.6-ip-unreadable",
    "cis-12.7-ip-unreadable",
    "iso-a.5.15-ip-unreadable",
    "nist-sc-7.5-ip-unreadable",
    "csf-pr.ir-01-ip-unreadable",
    "rec-key-collision",
    "rec-flag-unreadable",
    "rec-flag-unreadable-other",
];

#[test]
fn every_rule_of_records_has_a_case_for_each_outcome_that_it_can_have() {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let checks = toml(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies/checks.toml"));
    for file in shipped() {
        let (policy, cases) = (toml(&file), toml(&file.with_extension("cases.toml")));
        for rule in list(&policy["rule"]) {
            let id = text(&rule["id"]).expect("an id");
            let has_case = |outcome: &str| {
                let mut cases = list(&cases["case"]).into_iter();
                cases.any(|case| {
                    let named = text(&case["expect"][&id]);
                    named.or_else(|| text(&case["others"])).as_deref() == Some(outcome)
                })
            };
            let check = text(&rule["check"]).map(|name| &checks["check"][name]);
            let has_guard = |rule: &serde_json::Value| !rule["when"].is_null();
            for (outcome, is_due) in [
                ("pass", true),
                ("fail", !NEVER_FAIL.contains(&id.as_str())),
                ("error", true),
                (
                    "not-applicable",
                    has_guard(&rule) || check.is_some_and(has_guard),
                ),
            ] {
                assert!(
                    !is_due || has_case(outcome),
                    "{id} has no case of {outcome}"
                );
            }
        }
    }
}

#[test]
fn the_pci_entitlement_raises_a_severity_and_so_does_one_that_is_not_known() {
    let account = |id: &str, has_pci: &str| {
        let weak = r#""force_2fa":false,"force_sso":false,"can_upload_vcl":true"#;
        format!(r#"{{"id":"{id}",{weak}{has_pci}}}"#)
    };
    let accounts = [
        account("entitled", r#","has_pci":true"#),
        account("other", r#","has_pci":false"#),
        account("unsaid", ""),
        account("unread", r#","has_pci":"maybe""#),
    ];
    let workspace = Workspace::new();
    workspace.write("export", accounts.join("\n"));
    let run = workspace.audit(&["export"], &["-p", "pci"]);
    for (rule, expected) in [
        ("pci-8.4-mfa", ["critical", "high", "critical", "critical"]),
        ("pci-7.2.2-vcl", ["medium", "low", "medium", "medium"]),
    ] {
        let report = run.report();
        let findings = report["findings"].as_array().expect("a list").iter();
        let found = findings.filter(|finding| finding["rule"] == rule);
        let severities: Vec<_> = found.map(|finding| &finding["severity"]).collect();
        support::check(severities == expected, rule, &run);
    }
}

#[test]
fn no_evidence_of_a_shipped_policy_shows_a_pattern() {
    let workspace = Workspace::new();
    let export = serde_json::json!({
        "id": "7.31E+21", "name": "=A1\u{202e}", "owner_id": "n/a", "security_contact_id": "TBD",
        "technical_contact_id": "-", "legal_contact_id": "xxxx", "phone_number": "000-000",
        "ip_whitelist": "93.184.216.0/28",
    });
    workspace.write("export", export.to_string());
    let list = support::audit(["policy", "list"]);
    let names = list
        .text()
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let options: Vec<_> = names.flat_map(|name| ["-p", name]).collect();
    let run = workspace.audit(&["export"], &options);
    let patterns = [
        "base-owner",
        "base-security-contact",
        "base-technical-contact",
        "base-legal-contact",
        "base-phone",
        "cis-17.6-phone",
        "cis-15.1-id-format",
        "soc2-cc2.1-data-id-format",
        "rec-id-format",
        "rec-name-control",
        "rec-name-formula",
    ];
    for rule in patterns {
        support::check(run.found(rule).len() == 1, rule, &run);
    }
    for finding in run.report()["findings"].as_array().expect("a list") {
        for evidence in finding["evidence"].as_array().expect("a list") {
            let expected = evidence["expected"].as_str().expect("text");
            let is_pattern = expected.contains("match") || expected.contains('\\');
            support::check(!is_pattern, expected, &run);
        }
    }
}

#[test]
fn one_fact_is_as_severe_in_every_shipped_policy() {
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let checks = toml(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies/checks.toml"));
    for (name, check) in checks["check"].as_object().expect("checks") {
        assert!(check["severity"].is_string(), "{name}");
    }
    for file in shipped() {
        for rule in list(&toml(&file)["rule"]) {
            let is_own = rule["check"].is_null();
            let says = !rule["severity"].is_null() || !rule["raise"].is_null();
            assert!(is_own || !says, "{}: {}", file.display(), rule["id"]);
        }
    }
}

#[test]
fn every_shipped_policy_is_listed_and_shown() {
    let (code, list) = audit(&["policy", "list"]);
    assert_eq!(code, 0, "{list}");
    for file in shipped() {
        let name = file
            .file_stem()
            .expect("a name")
            .to_str()
            .expect("text")
            .to_owned();
        assert!(list.contains(&name), "{name} is not in\n{list}");
        let (code, shown) = audit(&["policy", "show", &name]);
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("bundled:checks.toml") || name == "record-integrity");
    }
}

#[test]
fn no_shipped_policy_holds_what_is_most_likely_not_meant() {
    for file in shipped() {
        let (code, said) = audit(&["policy", "check", file.to_str().expect("text")]);
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn no_shipped_policy_prescribes_what_the_program_cannot_do() {
    for path in shipped() {
        let text = fs::read_to_string(&path).expect("UTF-8").to_lowercase();
        // There are no waivers: a text must not send anyone to look for them.
        assert!(!text.contains("waive"), "{}", path.display());
    }
}

#[test]
fn every_framework_says_that_it_does_not_look_at_the_export_as_a_whole() {
    for path in shipped() {
        let text = fs::read_to_string(&path).expect("UTF-8");
        let name = path.file_stem().expect("a name").to_string_lossy();
        if !matches!(name.as_ref(), "checks" | "record-integrity") {
            assert!(text.contains("run record-integrity beside it"), "{name}");
        }
    }
}

#[test]
fn a_policy_to_start_from_is_sound() {
    let workspace = Workspace::new();
    let (code, text) = audit(&["policy", "new"]);
    assert_eq!(code, 0);
    workspace.write("mine.toml", text);
    let policy = workspace.arg("mine.toml");
    let (code, said) = audit(&["policy", "check", &policy]);
    assert_eq!(code, 0, "{said}");
    let (code, shown) = audit(&["policy", "show", &policy]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("newer than 365d"), "{shown}");
}

#[test]
fn a_policy_to_start_from_has_cases_that_hold_and_takes_no_place_of_another() {
    let workspace = Workspace::new();
    let run = workspace.run(&["policy", "new", "our-rules.toml"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.text()
            .contains("`audit policy test our-rules.toml` runs them"),
        "{run}"
    );
    let policy = workspace.read("our-rules.toml");
    assert!(policy.contains("id = \"our-rules\""), "{policy}");
    let tested = workspace.run(&["policy", "test", "our-rules.toml"]);
    assert_eq!(tested.code, 0, "{tested}");
    assert!(tested.text().contains("8 cases, 3 rules: ok"), "{tested}");
    let again = workspace.run(&["policy", "new", "our-rules.toml"]);
    assert_eq!(again.code, 2, "{again}");
    assert!(
        again.stderr.contains(
            "`our-rules.toml` could not be written: it is there already, and is not replaced"
        ),
        "{again}"
    );
    // Nor is one written without the other.
    workspace.write("own.cases.toml", "");
    let other = workspace.run(&["policy", "new", "own.toml"]);
    assert_eq!(other.code, 2, "{other}");
    assert!(!workspace.names().contains(&"own.toml".to_owned()));
    for name in ["mine", "mine.txt", "my rules.toml", ".toml"] {
        let run = workspace.run(&["policy", "new", name]);
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("is not the name of a policy"), "{run}");
    }
}

#[test]
fn a_policy_is_a_page_that_says_all_that_its_rules_ask() {
    for policy in ["pci", "soc2", "baseline", "record-integrity"] {
        for format in ["markdown", "html"] {
            let (code, page) = audit(&["policy", "show", policy, "--format", format]);
            assert_eq!(code, 0, "{page}");
            let (_, shown) = audit(&["policy", "show", policy]);
            let rules = shown.lines().filter(|line| line.starts_with("  require "));
            let asked = page.matches("Requires").count();
            let over_all = shown.matches("\n  aggregate ").count();
            assert_eq!(asked, rules.count() + over_all, "{policy} {format}");
            for said in [
                "Signature",
                "SHA-256",
                "Severity",
                "Evidence for",
                "Remediation",
            ] {
                assert!(page.contains(said), "{policy} {format}: {said}");
            }
        }
    }
    let (_, page) = audit(&["policy", "show", "pci", "--format", "html"]);
    assert!(page.contains("<td><bdi>not tested; to be evidenced by the network team, "));
    assert!(
        page.contains("<dt>Applies where</dt><dd><bdi>deletedAt"),
        "{page}"
    );
}

#[test]
fn every_reference_says_how_far_its_evidence_goes() {
    for file in shipped() {
        let (_, shown) = audit(&["policy", "show", file.to_str().expect("text")]);
        for line in shown
            .lines()
            .filter_map(|line| line.strip_prefix("  for      "))
        {
            for reference in line.split("; ") {
                let strengths = ["(direct)", "(partial)", "(supporting)"];
                let told = strengths
                    .iter()
                    .any(|strength| reference.ends_with(strength));
                assert!(told, "{}: {reference}", file.display());
            }
        }
    }
}

#[test]
fn there_are_completions_and_a_manual_page() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script) = audit(&["completions", shell]);
        assert!(code == 0 && script.contains("explain"), "{shell}");
    }
    let (code, page) = audit(&["man"]);
    assert!(code == 0 && page.contains(".SH SYNOPSIS"), "{page}");
}

/// The schema of a document, ready to judge.
pub struct Schema {
    all: boon::Schemas,
    index: boon::SchemaIndex,
}

pub fn schema(document: &str) -> Schema {
    let (code, text) = audit(&["schema", document]);
    assert_eq!(code, 0, "{text}");
    let schema = serde_json::from_str(&text).expect("JSON");
    let (mut all, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let name = "schema.json";
    compiler.add_resource(name, schema).expect("a schema");
    let index = compiler.compile(name, &mut all).expect("a schema");
    Schema { all, index }
}

fn is_valid(schema: &Schema, document: &serde_json::Value) -> bool {
    errors(schema, document).is_empty()
}

/// What is wrong with a document; nothing, if it is as the schema says.
pub fn errors(schema: &Schema, document: &serde_json::Value) -> Vec<String> {
    let judged = schema.all.validate(document, schema.index);
    judged.err().iter().map(ToString::to_string).collect()
}

fn toml(path: &std::path::Path) -> serde_json::Value {
    let text = fs::read_to_string(path).expect("text");
    let toml: toml::Table = toml::from_str(&text).expect("TOML");
    serde_json::to_value(toml).expect("no dates")
}

#[test]
fn every_shipped_file_is_as_its_schema_says() {
    let (policy, cases) = (schema("policy"), schema("cases"));
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    for file in shipped().into_iter().chain([folder.join("checks.toml")]) {
        let none: Vec<String> = Vec::new();
        assert_eq!(errors(&policy, &toml(&file)), none, "{}", file.display());
        let beside = file.with_extension("cases.toml");
        if beside.exists() {
            assert_eq!(errors(&cases, &toml(&beside)), none, "{}", beside.display());
        }
    }
}

#[test]
fn shipped_files_name_their_schemas_which_are_those_of_the_program() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    for document in ["policy", "cases"] {
        let file = folder.join("schema").join(document).with_extension("json");
        let (_, schema) = audit(&["schema", document]);
        let shipped = fs::read_to_string(&file).expect("text");
        assert_eq!(
            shipped,
            schema,
            "`audit schema {document}` writes {}",
            file.display()
        );
    }
    for file in shipped() {
        let first = |file: &PathBuf| {
            let text = fs::read_to_string(file).expect("text");
            text.lines().next().expect("a line").to_owned()
        };
        assert_eq!(first(&file), "#:schema schema/policy.json");
        let beside = file.with_extension("cases.toml");
        assert_eq!(first(&beside), "#:schema schema/cases.json");
    }
}

#[test]
fn what_is_no_policy_is_none_to_the_schema_either() {
    let schema = schema("policy");
    let rule =
        |rule: serde_json::Value| serde_json::json!({ "policy": { "id": "a" }, "rule": [rule] });
    let good = rule(serde_json::json!({
        "id": "r", "severity": "low", "require": { "updatedAt": { "newer-than": "$days" } },
    }));
    assert!(is_valid(&schema, &good));
    for bad in [
        serde_json::json!({ "id": "r", "severity": "low" }),
        serde_json::json!({ "id": "r", "severity": "hihg", "check": "mfa" }),
        serde_json::json!({ "id": "r", "severity": "low", "require": {} }),
        serde_json::json!({ "id": "r", "severity": "low", "require": { "force2fa": "yes" } }),
        serde_json::json!({ "id": "r", "severity": "low", "require": { "name": { "before": "x" } } }),
        serde_json::json!({ "id": "r", "severity": "low", "check": "mfa", "require": { "id": "x" } }),
        serde_json::json!({ "id": "r", "severity": "low", "check": "mfa", "colour": "red" }),
    ] {
        assert!(!is_valid(&schema, &rule(bad.clone())), "{bad}");
    }
}

#[test]
fn a_report_is_as_its_schema_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let export = folder.join("tests/data/customers.json");
    let export = export.to_str().expect("text");
    let policies = ["-p", "pci", "-p", "record-integrity"];
    let run = support::audit(policies.iter().copied().chain(["-q", "-f", "json", export]));
    let report = run.report();
    let schema = schema("report");
    assert_eq!(errors(&schema, &report), Vec::<String>::new());
    assert!(!is_valid(&schema, &serde_json::json!({ "findings": [] })));
}

#[test]
fn every_sort_of_warning_has_a_case() {
    use strum::VariantArray;

    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/policy");
    let cases = fs::read_dir(folder).expect("the folder is there");
    let cases = cases.map(|case| case.expect("a case").path());
    let cases = cases.filter(|case| case.extension().is_some_and(|ending| ending == "toml"));
    let texts: String = cases
        .map(|case| fs::read_to_string(case).expect("UTF-8"))
        .collect();
    for warning in audit::policy::lint::Warning::VARIANTS {
        let title = format!("warning[{}]", warning.code());
        assert!(texts.contains(&title), "{title}");
    }
}
