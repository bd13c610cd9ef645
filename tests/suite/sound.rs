//! The promise to whoever exports well: sound accounts, in the shape of any exporter
//! that is read, meet every shipped policy with exit code 0; and what says nothing
//! meets none.
//!
//! The shapes are those that exporters of customer records were seen to write. Left out
//! is what cannot be read today: a map by id, columns of pandas, and the text format of
//! Postgres, which has no header. Terraform has no resource for customers, and so no
//! shape.

pub mod accounts;
pub mod shapes;

use serde_json::{Map, Value};

use crate::exports::shapes::shapes;
use crate::support::{self, Run, Workspace, check};
use accounts::{NULLABLE, Record, sound};
use shapes::{SHAPES, Write};

/// The names of the policies that the program carries.
fn bundled() -> Vec<String> {
    let list = support::audit(["policy", "list"]);
    let names = list.text().lines();
    let names: Vec<_> = names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    check(names.len() >= 8, "the shipped policies", &list);
    names
}

/// Each policy alone, and all of them together.
fn choices() -> Vec<Vec<String>> {
    let all = bundled();
    let alone = all.iter().map(|name| vec![name.clone()]);
    alone.chain([all.clone()]).collect()
}

/// Audits files by policies of these names.
fn audit(workspace: &Workspace, policies: &[String], files: &[String]) -> Run {
    let named = policies.iter().flat_map(|name| ["-p", name]);
    workspace.audit(
        &files.iter().map(String::as_str).collect::<Vec<_>>(),
        &named.collect::<Vec<_>>(),
    )
}

/// Audits one file by policies of these names.
fn audit_bytes(policies: &[String], bytes: impl AsRef<[u8]>) -> Run {
    let workspace = Workspace::new();
    workspace.write("export", bytes);
    audit(&workspace, policies, &["export".to_owned()])
}

fn findings(run: &Run) -> usize {
    run.report()["findings"].as_array().unwrap().len()
}

/// Audits sound accounts in a shape by policies, which must find nothing.
fn meets(shape: &str, write: Write, policies: &[String]) {
    let records = sound();
    let workspace = Workspace::new();
    let files: Vec<_> = write(&records)
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| {
            let name = format!("export{index}");
            workspace.write(&name, bytes);
            name
        })
        .collect();
    let run = audit(&workspace, policies, &files);
    let what = format!("{shape}, {policies:?}");
    check(run.code == 0, &what, &run);
    check(findings(&run) == 0, &what, &run);
    let read = (records.len() as u64, 0);
    check(run.counts() == read, &what, &run);
}

#[test]
fn a_sound_export_of_any_exporter_meets_every_shipped_policy() {
    for (shape, write) in SHAPES {
        for policies in choices() {
            meets(shape, write, &policies);
        }
    }
}

#[test]
fn a_sound_export_in_any_shape_meets_all_shipped_policies_together() {
    for (shape, write) in shapes() {
        meets(shape, write, &bundled());
    }
}

/// The accounts that were not deleted.
fn live() -> Vec<Record> {
    let mut records = sound();
    records.retain(|record| record["deleted_at"].is_null());
    records
}

#[test]
fn one_live_account_alone_meets_every_shipped_policy() {
    // One is entitled to PCI, and one is not.
    for mut record in live().into_iter().take(2) {
        // Alone it is the newest of all.
        record["updated_at"] = "2026-09-30T10:20:30Z".into();
        for policies in choices() {
            let run = audit_bytes(&policies, Value::Object(record.clone()).to_string());
            check(run.code == 0, &format!("{policies:?}"), &run);
        }
    }
}

#[test]
fn without_a_deleted_account_an_exporter_that_drops_nulls_is_sound_too() {
    let text = shapes::lines(live().iter().map(shapes::without_nulls));
    assert!(!text.contains("deleted_at"));
    for policies in choices() {
        let run = audit_bytes(&policies, &text);
        check(run.code == 0, &format!("{policies:?}"), &run);
    }
}

/// Where every account signs in by single sign-on, nothing is asked of passwords.
#[test]
fn every_rule_that_does_not_ask_of_passwords_judges_some_sound_account() {
    let run = audit_bytes(&bundled(), shapes::lines(sound().into_iter()));
    let report = run.report();
    for rule in report["summary"]["by_rule"].as_array().unwrap() {
        let id = rule["rule"].as_str().unwrap();
        // Nor is an account judged that no list says is in scope.
        let passwords = ["-passwords", "-reset", "-in-scope"];
        let asks_of_passwords = passwords.iter().any(|end| id.ends_with(end));
        check((rule["pass"] == 0) == asks_of_passwords, id, &run);
    }
}

/// The rules that find something in an account without a control, deleted at an instant.
fn found_when_deleted(policies: &[String], deleted_at: Value) -> Vec<String> {
    let mut record = sound().swap_remove(0);
    record["deleted_at"] = deleted_at;
    for flag in ["force_2fa", "force_sso", "has_pci_passwords"] {
        record[flag] = false.into();
    }
    record["ip_whitelist"] = "0.0.0.0/0".into();
    record["security_contact_id"] = Value::Null;
    let run = audit_bytes(policies, Value::Object(record).to_string());
    let report = run.report();
    let findings = report["findings"].as_array().unwrap().iter();
    let rules = findings.map(|finding| finding["rule"].as_str().unwrap().to_owned());
    // That a deletion is ahead is told of the record, and not of the account.
    rules.filter(|rule| rule != "rec-deleted-future").collect()
}

#[test]
fn an_account_is_out_once_its_deletion_has_passed_and_not_before() {
    for policies in choices() {
        let live = found_when_deleted(&policies, Value::Null);
        for ahead in ["2026-10-01T00:00:01Z", "2026-10-08", "9999-12-31T00:00:00Z"] {
            let found = found_when_deleted(&policies, ahead.into());
            assert_eq!(found, live, "{policies:?}, {ahead}");
        }
        for passed in ["2026-10-01T00:00:00Z", "2026-09-30T23:59:59Z"] {
            let found = found_when_deleted(&policies, passed.into());
            assert!(found.is_empty(), "{policies:?}, {passed}: {found:?}");
        }
    }
}

/// What `[policy] optional` of a bundled policy says: fields, and why.
fn optional(policy: &str) -> Vec<(String, String)> {
    let file = format!("{}/policies/{policy}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("a policy");
    let policy: toml::Table = toml::from_str(&text).expect("TOML");
    let optional = policy["policy"].get("optional").map(|optional| {
        let optional = optional.as_table().expect("a table").iter();
        let why = |why: &toml::Value| why.as_str().expect("a reason").to_owned();
        optional
            .map(|(field, reason)| (field.clone(), why(reason)))
            .collect()
    });
    optional.unwrap_or_default()
}

#[test]
fn optional_are_only_fields_that_the_api_may_leave_null() {
    for policy in bundled() {
        for (field, why) in optional(&policy) {
            let may_be_null = NULLABLE.iter().any(|(name, _)| *name == field);
            assert!(may_be_null, "{policy}: {field}");
            assert!(why.ends_with('.'), "{policy}: {why}");
        }
    }
}

#[test]
fn a_report_says_which_fields_are_optional_and_why() {
    let run = audit_bytes(&bundled(), shapes::lines(sound().into_iter()));
    let report = run.report();
    for policy in report["policies"].as_array().unwrap() {
        let id = policy["id"].as_str().unwrap();
        let told = policy["optional"].as_array().unwrap().iter();
        let mut told: Vec<_> = told
            .map(|field| [&field["field"], &field["why"]].map(|text| text.as_str().unwrap()))
            .map(|[field, why]| (field.to_owned(), why.to_owned()))
            .collect();
        let mut said = optional(id);
        told.sort();
        said.sort();
        check(told == said, id, &run);
    }
}

/// Live accounts, as an exporter writes them that leaves a field out. Deleted ones without
/// their date of deletion would be live ones of which much is gone.
fn live_without(key: &str) -> String {
    let mut records = live();
    for record in &mut records {
        record.remove(key);
    }
    shapes::lines(records.into_iter())
}

/// A field that may be null, and that no record has: either the policy says that this is
/// fine, and it is; or accounts without it are findings. Nothing else is incomplete.
#[test]
fn a_field_that_may_be_null_can_be_missing_from_every_record_or_is_a_finding() {
    for (field, key) in NULLABLE {
        let text = live_without(key);
        for policy in bundled() {
            let run = audit_bytes(std::slice::from_ref(&policy), &text);
            let is_optional = optional(&policy).iter().any(|(name, _)| name == field);
            let what = format!("{policy} without {field}");
            match findings(&run) {
                0 => check(run.code == 0, &what, &run),
                _ => check(!is_optional, &what, &run),
            }
        }
    }
}

#[test]
fn what_is_optional_would_be_needed_otherwise() {
    for policy in bundled() {
        for (field, _) in optional(&policy) {
            let mut nullable = NULLABLE.iter();
            let (_, key) = nullable.find(|(name, _)| *name == field).unwrap();
            let workspace = Workspace::with_policy(&without_optional(&policy));
            workspace.write("export", live_without(key));
            let checks = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/checks.toml");
            std::fs::copy(checks, workspace.path("checks.toml")).unwrap();
            let run = workspace.audit(&["export"], &[]);
            check(run.code == 3, &format!("{policy} needs {field}"), &run);
        }
    }
}

/// The text of a bundled policy, of which no field is optional.
fn without_optional(policy: &str) -> String {
    let file = format!("{}/policies/{policy}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("a policy");
    let lines = text.lines().filter(|line| !line.starts_with("optional."));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn an_export_that_says_nothing_meets_no_shipped_policy() {
    let record = |keep: &[&str]| {
        let record = sound().swap_remove(0).into_iter();
        let kept = record.map(|(key, value)| match keep.contains(&key.as_str()) {
            true => (key, value),
            false => (key, Value::Null),
        });
        Value::Object(kept.collect::<Map<_, _>>()).to_string()
    };
    let header: Vec<_> = sound()
        .swap_remove(0)
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let cells = ",".repeat(header.len() - 1);
    let header = header.join(",");
    for export in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"data":[]}"#.to_owned(),
        record(&[]),
        record(&["id"]),
        record(&["id", "name", "created_at", "updated_at"]),
        format!("{header}\n"),
        format!("{header}\n{cells}\n"),
        "id\n5xKq8WbTn3ZrLmY7cVhJ2d\n".to_owned(),
    ] {
        for policies in choices() {
            let run = audit_bytes(&policies, &export);
            check(
                [1, 3].contains(&run.code),
                &format!("{policies:?}: {export}"),
                &run,
            );
        }
    }
}
