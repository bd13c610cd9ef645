//! What the language of policies has beyond one operator on one field.

use serde_json::{Value as Json, json};

use super::{PASS, UNPARSABLE, VIOLATED, audit, requires, said, words};
use crate::reference::{Severity, Status};

#[test]
fn a_time_has_passed_from_its_own_instant_on() {
    let passed = |wanted: bool, time: Json| {
        let record = json!({ "deletedAt": time });
        requires(&format!("deletedAt.passed = {wanted}"), record)
    };
    for (time, has_passed) in [
        (json!("2026-11-22T23:59:59Z"), true),
        (json!("2026-11-23T00:00:00Z"), true),
        (json!("2026-11-23T00:00:01Z"), false),
        (json!(null), false),
        (json!(" "), false),
    ] {
        let words = [VIOLATED, PASS];
        assert_eq!(passed(true, time.clone()), words[usize::from(has_passed)]);
        assert_eq!(passed(false, time), words[usize::from(!has_passed)]);
    }
    assert_eq!(requires("deletedAt.passed = false", json!({})), PASS);
    assert_eq!(requires("deletedAt.passed = true", json!({})), VIOLATED);
    assert_eq!(passed(false, json!("soon")), UNPARSABLE);
    assert_eq!(passed(true, json!([])), "error wrong-type");
}

#[test]
fn the_next_days_begin_now_and_end_with_their_last_instant() {
    let ends = |time: Json| requires("seenAt.within-next = '30d'", json!({ "seenAt": time }));
    assert_eq!(ends(json!("2026-11-22T23:59:59Z")), VIOLATED);
    assert_eq!(ends(json!("2026-11-23T00:00:00Z")), PASS);
    assert_eq!(ends(json!("2026-12-23T00:00:00Z")), PASS);
    assert_eq!(ends(json!("2026-12-23T00:00:01Z")), VIOLATED);
    assert_eq!(ends(json!(null)), "fail null");
}

#[test]
fn a_field_may_lie_at_least_so_much_before_or_after_another() {
    let said = |check: &str, updated: &str| {
        let record = json!({ "deletedAt": "2026-01-10T00:00:00Z", "updatedAt": updated });
        requires(check, record)
    };
    let after = "updatedAt.after-field = { field = 'deletedAt', by = '24h' }";
    assert_eq!(said(after, "2026-01-11T00:00:00Z"), PASS);
    assert_eq!(said(after, "2026-01-10T23:59:59Z"), VIOLATED);
    assert_eq!(said(after, "2026-01-09T00:00:00Z"), VIOLATED);
    let before = "updatedAt.before-field = { field = 'deletedAt', by = '1d' }";
    assert_eq!(said(before, "2026-01-09T00:00:00Z"), PASS);
    assert_eq!(said(before, "2026-01-09T00:00:01Z"), VIOLATED);
    assert_eq!(said(before, "2026-01-11T00:00:00Z"), VIOLATED);
    assert_eq!(said(before, ""), "fail empty");
}

#[test]
fn a_number_is_a_number_or_plain_digits() {
    let said = |check: &str, count: Json| requires(check, json!({ "count": count }));
    for (check, count, expected) in [
        ("count.at-least = 3", json!(3), PASS),
        ("count.at-least = 3", json!("3"), PASS),
        ("count.at-least = 3", json!(2.5), VIOLATED),
        ("count.at-most = 3", json!(3), PASS),
        ("count.at-most = 3", json!("4"), VIOLATED),
        ("count = 3", json!(3.0), PASS),
        ("count.not-equals = 3", json!("3"), VIOLATED),
        ("count.in = [1, 2]", json!(2), PASS),
        ("count.not-in = [1, 2]", json!(3), PASS),
        ("count.present = true", json!(0), PASS),
        ("count.at-least = 3", json!("three"), UNPARSABLE),
        ("count.at-least = 3", json!("1e3"), UNPARSABLE),
        ("count.at-least = 3", json!(true), "error wrong-type"),
        ("count.at-least = 3", json!([3]), "error wrong-type"),
        ("count.at-least = 3", json!(null), "fail null"),
        ("count.at-least = 3", json!(""), "fail empty"),
    ] {
        assert_eq!(said(check, count.clone()), expected, "{check} of {count}");
    }
}

#[test]
fn an_entry_that_can_be_read_is_a_value_and_a_list_without_one_is_bad() {
    let present = |list: &str| {
        let record = json!({ "ipWhitelist": list });
        let said = |wanted| requires(&format!("ipWhitelist.present = {wanted}"), record.clone());
        [said(true), said(false)]
    };
    assert_eq!(present("10.0.0.1,office"), [PASS, VIOLATED]);
    assert_eq!(present("office"), [UNPARSABLE, UNPARSABLE]);
    assert_eq!(present(" "), [VIOLATED, PASS]);
}

#[test]
fn some_is_true_where_enough_are_and_false_where_too_few_can_be() {
    let some = |least: usize, json| {
        let parts = "[{ force2fa = true }, { forceSso = true }, { hasPci = true }]";
        let check = format!("some = {{ at-least = {least}, of = {parts} }}");
        requires(&check, json)
    };
    let record = |mfa: Json, sso: Json, pci: Json| json!({ "force2fa": mfa, "forceSso": sso, "hasPci": pci });
    let (yes, no, bad, none) = (json!(true), json!(false), json!("?"), json!(null));
    let of =
        |least, a: &Json, b: &Json, c: &Json| some(least, record(a.clone(), b.clone(), c.clone()));
    assert_eq!(of(2, &yes, &yes, &bad), PASS);
    assert_eq!(of(2, &yes, &no, &no), VIOLATED);
    assert_eq!(of(2, &no, &no, &bad), VIOLATED);
    assert_eq!(of(2, &yes, &no, &none), "fail null");
    assert_eq!(of(2, &no, &none, &bad), UNPARSABLE);
    assert_eq!(of(1, &no, &none, &bad), UNPARSABLE);
    assert_eq!(of(3, &yes, &yes, &none), "fail null");
    assert_eq!(of(3, &yes, &no, &none), VIOLATED);
}

#[test]
fn a_when_that_is_undecided_by_absence_is_what_when_absent_says() {
    let rule = |word: &str, record: Json| {
        let words = format!("when-absent = '{word}'\nwhen.hasPci = true\nrequire.force2fa = true");
        said(&words, record)
    };
    for record in [
        json!({ "force2fa": false }),
        json!({"hasPci": null, "force2fa": false}),
    ] {
        assert_eq!(rule("apply", record.clone()), VIOLATED);
        assert_eq!(rule("skip", record.clone()), "not-applicable");
        assert!(rule("error", record).starts_with("error "));
    }
    assert_eq!(rule("skip", json!({ "force2fa": true })), "not-applicable");
    assert_eq!(rule("error", json!({ "force2fa": true })), PASS);
    for word in ["apply", "skip", "error"] {
        let bad = json!({ "hasPci": "?", "force2fa": false });
        assert_eq!(rule(word, bad), UNPARSABLE, "{word}");
        assert_eq!(rule(word, json!({ "hasPci": false })), "not-applicable");
    }
}

#[test]
fn what_a_rule_says_of_an_absent_when_goes_before_the_policy() {
    let rule = "when.hasPci = true\nrequire.force2fa = true";
    let of = |head: &str, rule: &str| {
        let record = json!({ "force2fa": false });
        words(&audit(head, rule, record).outcomes[0])
    };
    assert_eq!(of("when-absent = 'skip'", rule), "not-applicable");
    let own = format!("when-absent = 'apply'\n{rule}");
    assert_eq!(of("when-absent = 'skip'", &own), VIOLATED);
}

#[test]
fn a_severity_is_raised_unless_what_raises_it_does_not_hold() {
    let severity = |record: Json| {
        let rule = "raise = { to = 'critical', when.hasPci = true }\nrequire.force2fa = true";
        audit("", rule, record).outcomes[0].severity
    };
    assert_eq!(severity(json!({ "hasPci": true })), Severity::Critical);
    assert_eq!(severity(json!({ "hasPci": false })), Severity::Low);
    assert_eq!(severity(json!({})), Severity::Critical);
    assert_eq!(severity(json!({ "hasPci": "?" })), Severity::Critical);
}

#[test]
fn words_and_references_change_no_outcome() {
    let rule = "tags = ['ig1']\nexpected = 'a second factor'\nreferences = ['F 1: 2 (direct)']\n\
                require.force2fa = true\n\
                [[control]]\nframework = 'F 1'\nrequirement = '3'\nevidenced-by = 'the owner'";
    let verdict = audit(
        "limits = ['Shows little']",
        rule,
        json!({ "force2fa": true }),
    );
    assert_eq!(verdict.outcomes[0].status, Status::Pass);
}
