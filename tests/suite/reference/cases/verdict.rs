//! What a run comes to: complete or not, and its exit code.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{as_of, policy, record};
use crate::reference::{Asked, Severity, Verdict, judge};

fn run(policies: &[String], exports: &[Json], asked: &Asked) -> Verdict {
    let records = |export: &Json| {
        let records = export.as_array().unwrap().iter();
        records.map(|json| record(json.clone())).collect()
    };
    let exports: Vec<Vec<_>> = exports.iter().map(records).collect();
    judge(policies, &exports, asked)
}

fn of(head: &str, rule: &str, export: Json) -> (BTreeSet<&'static str>, i32) {
    with(head, rule, export, &Asked::at(as_of()))
}

fn with(head: &str, rule: &str, mut export: Json, asked: &Asked) -> (BTreeSet<&'static str>, i32) {
    for record in export.as_array_mut().unwrap() {
        record["id"] = "a".into();
    }
    let verdict = run(&[policy(head, rule)], &[export], asked);
    let code = verdict.exit_code(asked, verdict.because.is_empty());
    (verdict.because, code)
}

fn because<const N: usize>(codes: [&'static str; N], code: i32) -> (BTreeSet<&'static str>, i32) {
    (BTreeSet::from(codes), code)
}

const MFA: &str = "require.force2fa = true";

#[test]
fn a_run_ends_with_what_it_found() {
    assert_eq!(of("", MFA, json!([{ "force2fa": true }])), because([], 0));
    assert_eq!(of("", MFA, json!([{ "force2fa": false }])), because([], 1));
    let bad = json!([{ "force2fa": "?" }, { "force2fa": false }]);
    assert_eq!(of("", MFA, bad), because(["undecided"], 3));
}

#[test]
fn what_is_undecided_may_count_as_a_finding() {
    let bad = json!([{ "force2fa": "?" }]);
    let mut asked = Asked::at(as_of());
    asked.undecided_is_finding = true;
    assert_eq!(with("", MFA, bad.clone(), &asked), because([], 1));
    asked.fail_on = Some(Severity::Medium);
    assert_eq!(with("", MFA, bad.clone(), &asked), because([], 0));
    let raised = format!("raise = {{ to = 'high', when.hasPci = true }}\n{MFA}");
    assert_eq!(with("", &raised, bad, &asked), because([], 1));
}

#[test]
fn a_finding_counts_from_the_severity_that_is_asked_on() {
    let export = json!([{ "force2fa": false }]);
    let mut asked = Asked::at(as_of());
    for (fail_on, code) in [
        (Some(Severity::Info), 1),
        (Some(Severity::Low), 1),
        (Some(Severity::Medium), 0),
        (None, 0),
    ] {
        asked.fail_on = fail_on;
        assert_eq!(with("", MFA, export.clone(), &asked), because([], code));
    }
}

#[test]
fn a_field_is_needed_by_a_require_that_asks_more_than_absence() {
    let missing = |require: &str| {
        let (because, _) = of("", require, json!([{ "id": "a" }, { "id": "b" }]));
        because.contains("field-missing")
    };
    assert!(missing("require.hasPci = true"));
    assert!(missing("require.hasPci.present = true"));
    assert!(missing("require.deletedAt.passed = true"));
    assert!(missing("require.any = [{ id = 'a' }, { hasPci = true }]"));
    assert!(missing(
        "require.some = { at-least = 1, of = [{ hasPci = true }] }"
    ));
    assert!(missing("require.id.differs-from = 'ownerId'"));
    assert!(missing(
        "require.updatedAt.after-field = { field = 'createdAt', by = '1d' }"
    ));
    assert!(!missing("require.hasPci.present = false"));
    assert!(!missing("require.deletedAt.passed = false"));
    assert!(!missing("require.not.hasPci.present = true"));
    assert!(missing("require.not.hasPci.present = false"));
    assert!(!missing("require.id = 'a'"));
}

#[test]
fn a_field_is_needed_by_a_guard_that_asks_more_than_presence() {
    let missing = |head: &str, when: &str| {
        let rule = format!("{when}\nrequire.id.present = true");
        let (because, _) = of(head, &rule, json!([{ "id": "a" }]));
        because.contains("field-missing")
    };
    assert!(missing("", "when.hasPci = true"));
    assert!(missing(
        "",
        "when.hasPci = { present = true, equals = true }"
    ));
    assert!(!missing("", "when.hasPci.present = true"));
    assert!(!missing("", "when.not.hasPci.present = true"));
    assert!(!missing("", "when.deletedAt.passed = true"));
    assert!(missing("scope.hasPci = false", ""));
    assert!(!missing("scope.deletedAt.passed = false", ""));
    assert!(!missing(
        "optional.hasPci = 'we know'",
        "when.hasPci = true"
    ));
    assert!(!missing("", "raise = { to = 'high', when.hasPci = true }"));
}

#[test]
fn a_field_that_stands_in_one_record_is_not_missing() {
    let export = json!([{ "force2fa": null }, { "id": "a" }]);
    assert_eq!(of("", MFA, export), because([], 1));
}

#[test]
fn where_nothing_was_judged_nothing_is_passed() {
    let some = json!([{ "id": "a", "force2fa": false, "hasPci": false }]);
    let rule = format!("when.hasPci = true\n{MFA}");
    assert_eq!(of("", &rule, some.clone()), because(["nothing-judged"], 3));
    assert_eq!(
        of("scope.hasPci = true", MFA, some.clone()),
        because(["none-in-scope"], 3)
    );
    assert_eq!(of("", MFA, json!([])), because(["no-records"], 3));
    let mut asked = Asked::at(as_of());
    asked.allow_empty = true;
    assert_eq!(with("", &rule, some.clone(), &asked), because([], 0));
    assert_eq!(
        with("scope.hasPci = true", MFA, some, &asked),
        because([], 0)
    );
    assert_eq!(with("", MFA, json!([]), &asked), because([], 0));
}

#[test]
fn each_policy_must_judge_a_record_and_each_export_must_hold_one() {
    let record = json!([{ "id": "a", "force2fa": true, "hasPci": false }]);
    let other = policy("", &format!("when.hasPci = true\n{MFA}")).replace("\"p\"", "\"q\"");
    let asked = Asked::at(as_of());
    let both = [policy("", MFA), other];
    let verdict = run(&both, std::slice::from_ref(&record), &asked);
    assert_eq!(verdict.because, BTreeSet::from(["nothing-judged"]));
    let verdict = run(&both[..1], &[record, json!([])], &asked);
    assert_eq!(verdict.because, BTreeSet::from(["empty-export"]));
}

#[test]
fn what_is_left_out_is_not_judged() {
    let text = format!(
        "tags = ['ig1']\n{MFA}\n[[rule]]\nid = 's'\nseverity = 'low'\n\
                        require.forceSso = true"
    );
    let text = policy("", &text);
    let rules = |only: &[&str], skip: &[&str]| {
        let mut asked = Asked::at(as_of());
        asked.only = only.iter().map(|one| (*one).to_owned()).collect();
        asked.skip = skip.iter().map(|one| (*one).to_owned()).collect();
        let export = json!([{ "id": "a" }]);
        let verdict = run(std::slice::from_ref(&text), &[export], &asked);
        let rules = verdict.outcomes.into_iter().map(|one| one.rule);
        (rules.collect::<String>(), verdict.left_out)
    };
    assert_eq!(rules(&[], &[]), ("rs".to_owned(), 0));
    assert_eq!(rules(&["s"], &[]), ("s".to_owned(), 0));
    assert_eq!(rules(&["tag:ig1", "p/s"], &[]), ("rs".to_owned(), 0));
    assert_eq!(rules(&[], &["tag:ig1"]), ("s".to_owned(), 0));
    assert_eq!(rules(&["r", "s"], &["p/r"]), ("s".to_owned(), 0));
    assert_eq!(rules(&[], &["r", "s"]), (String::new(), 1));
}

#[test]
fn a_field_of_a_rule_that_is_left_out_is_not_needed() {
    let text = format!("{MFA}\n[[rule]]\nid = 's'\nseverity = 'low'\nrequire.id = 'a'");
    let mut asked = Asked::at(as_of());
    asked.skip = vec!["r".to_owned()];
    let export = json!([{ "id": "a" }]);
    assert_eq!(with("", &text, export, &asked), because([], 0));
}
