//! The reference itself, on cases small enough to judge by eye.

mod language;
mod networks;
mod over_all;
mod verdict;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{Asked, Customer, Outcome, Record, Status, Verdict, judge};

fn as_of() -> DateTime<Utc> {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn record(json: Json) -> Record {
    json.as_object().unwrap().clone().into_iter().collect()
}

fn policy(head: &str, rule: &str) -> String {
    format!(
        "[policy]\nid = \"p\"\n{head}\n[fields]\noffice = \"networks\"\nseenAt = \"time\"\n\
         count = {{ kind = \"number\", personal = true }}\n\
         [[rule]]\nid = \"r\"\nseverity = \"low\"\n{rule}\n"
    )
}

fn audit(head: &str, rule: &str, json: Json) -> Verdict {
    let asked = Asked::at(as_of());
    judge(&[policy(head, rule)], &[vec![record(json)]], &asked)
}

/// What one rule says of one record: a status and, where there is one, a
/// reason.
fn said(rule: &str, json: Json) -> String {
    words(&audit("", rule, json).outcomes[0])
}

fn words(outcome: &Outcome) -> String {
    let status = match outcome.status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Error => "error",
        Status::NotApplicable => "not-applicable",
    };
    match outcome.reason {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_owned(),
    }
}

fn requires(check: &str, json: Json) -> String {
    said(&format!("require.{check}"), json)
}

/// What is said of a list of networks.
fn of_networks(check: &str, list: &str) -> String {
    requires(
        &format!("ipWhitelist = {{ {check} }}"),
        json!({ "ip_whitelist": list }),
    )
}

/// What is said of an account that must have been created at a time.
fn created(time: &str, written: Json) -> String {
    let check = format!("createdAt = {{ equals = \"{time}\" }}");
    requires(&check, json!({ "created_at": written }))
}

const PASS: &str = "pass";
const VIOLATED: &str = "fail violated";
const UNPARSABLE: &str = "error unparsable";

#[test]
fn a_bare_value_means_equals() {
    assert_eq!(requires("force2fa = true", json!({"force2fa": true})), PASS);
    assert_eq!(
        requires("force2fa = true", json!({"force2fa": false})),
        VIOLATED
    );
}

#[test]
fn keys_are_compared_without_case_and_separators() {
    for key in [
        "force_2fa",
        "force2Fa",
        "FORCE-2FA",
        "force 2_fa",
        " Force2FA_ ",
    ] {
        assert_eq!(requires("force2fa = true", json!({ key: true })), PASS);
    }
    let said = requires("force2fa = true", json!({ "_force2fa": true }));
    assert_eq!(said, "fail missing");
}

#[test]
fn flags_are_read_from_the_listed_words_and_from_one_and_zero() {
    let truths = json!([true, "TRUE", " t ", "Yes", "y", "1", "1.0", 1, 1.0]);
    for flag in truths.as_array().unwrap() {
        assert_eq!(requires("hasPci = true", json!({ "hasPci": flag })), PASS);
    }
    let lies = json!([false, "False", "F", "no", "N", "0", "0.0", 0, -0.0]);
    for flag in lies.as_array().unwrap() {
        assert_eq!(requires("hasPci = false", json!({ "hasPci": flag })), PASS);
    }
}

#[test]
fn other_words_and_numbers_are_no_flags() {
    for flag in json!(["1.00", "on", "enabled", "2", 2, 0.5, "nought"])
        .as_array()
        .unwrap()
    {
        assert_eq!(
            requires("hasPci = true", json!({ "hasPci": flag })),
            UNPARSABLE
        );
    }
    for flag in json!([[], {}, [true]]).as_array().unwrap() {
        assert_eq!(
            requires("hasPci = true", json!({ "hasPci": flag })),
            "error wrong-type"
        );
    }
}

#[test]
fn missing_null_and_empty_are_three_absences() {
    assert_eq!(requires("hasPci = true", json!({})), "fail missing");
    assert_eq!(
        requires("hasPci = true", json!({"hasPci": null})),
        "fail null"
    );
    for blank in ["", " ", "\u{a0}\u{3000}\t"] {
        assert_eq!(
            requires("hasPci = true", json!({ "hasPci": blank })),
            "fail empty"
        );
    }
}

#[test]
fn a_field_written_twice_must_say_the_same_twice() {
    let twice = |first, second| json!({ "has_pci": first, "hasPci": second });
    assert_eq!(
        requires("hasPci = true", twice(json!(true), json!(1))),
        PASS
    );
    assert_eq!(
        requires("hasPci = true", twice(json!(null), json!(null))),
        "fail null"
    );
    for second in [json!(false), json!(null), json!("maybe")] {
        assert_eq!(
            requires("hasPci = true", twice(json!(true), second)),
            "error conflict"
        );
    }
}

#[test]
fn two_bad_values_are_the_same_where_the_same_was_written() {
    let twice = |first, second| {
        let record = json!({ "has_pci": first, "hasPci": second });
        requires("hasPci = true", record)
    };
    assert_eq!(twice(json!("maybe"), json!("maybe")), UNPARSABLE);
    assert_eq!(twice(json!("maybe"), json!("perhaps")), "error conflict");
    assert_eq!(twice(json!([]), json!("perhaps")), "error conflict");
    assert_eq!(twice(json!("2.0"), json!(2)), "error conflict");
    let lists = |first, second| {
        let record = json!({ "ip_whitelist": first, "ipWhitelist": second });
        requires("ipWhitelist.within = ['1.0.0.0/8']", record)
    };
    assert_eq!(lists("1.1.1.1,a", "1.1.1.1,a"), UNPARSABLE);
    assert_eq!(lists("1.1.1.1,a", "1.1.1.1,b"), "error conflict");
    assert_eq!(lists("1.1.1.1", " 1.1.1.1/32 "), PASS);
    assert_eq!(lists("1.1.1.1,1.1.1.2", "{1.1.1.2,1.1.1.1,1.1.1.2}"), PASS);
}

#[test]
fn texts_are_compared_exactly() {
    let plan = |check: &str| requires(check, json!({"pricingPlan": "Ünï"}));
    assert_eq!(plan("pricingPlan = 'Ünï'"), PASS);
    assert_eq!(plan("pricingPlan = 'ünï'"), VIOLATED);
    assert_eq!(plan("pricingPlan = { in = ['a', 'Ünï'] }"), PASS);
    assert_eq!(plan("pricingPlan = { not-in = ['a', 'Ünï'] }"), VIOLATED);
    assert_eq!(plan("pricingPlan = { not-equals = 'Ün' }"), PASS);
    assert_eq!(plan("pricingPlan = { matches = 'n' }"), PASS);
    assert_eq!(plan("pricingPlan = { not-matches = '^n' }"), PASS);
    assert_eq!(
        plan("pricingPlan = { min-length = 3, max-length = 3 }"),
        PASS
    );
    assert_eq!(plan("pricingPlan = { max-length = 2 }"), VIOLATED);
}

#[test]
fn what_is_not_a_text_is_of_the_wrong_type() {
    for odd in json!([true, [], {}]).as_array().unwrap() {
        let said = requires("name = { present = true }", json!({ "name": odd }));
        assert_eq!(said, "error wrong-type");
    }
    assert_eq!(requires("ownerId = '70'", json!({ "ownerId": 70 })), PASS);
}

#[test]
fn a_word_for_nothing_is_null_in_every_field_but_the_name() {
    for word in json!([
        "\\N",
        "NULL",
        "null",
        "None",
        "nil",
        "NaN",
        "undefined",
        "(null)",
        "<null>",
        "[NULL]",
        "N/A",
        "#N/A",
        "NaT",
        " nan "
    ])
    .as_array()
    .unwrap()
    {
        for (field, check) in [
            ("ownerId", "present = true"),
            ("id", "present = true"),
            ("hasPci", "equals = true"),
            ("createdAt", "present = true"),
            ("ipWhitelist", "any-address = false"),
            ("count", "at-least = 1"),
        ] {
            let said = requires(&format!("{field} = {{ {check} }}"), json!({ field: word }));
            let expected = match check {
                "present = true" => VIOLATED,
                _ => "fail null",
            };
            assert_eq!(said, expected, "{field}: {word}");
        }
        let said = requires("name = { present = true }", json!({ "name": word }));
        assert_eq!(said, PASS, "{word}");
    }
    for word in ["no", "na", "NULLs", "-"] {
        assert_eq!(
            requires("ownerId.present = true", json!({ "ownerId": word })),
            PASS
        );
    }
}

#[test]
fn a_time_may_be_written_in_many_ways() {
    for same in json!([
        "2020-04-09T18:14:30Z",
        "2020-04-09t18:14:30z",
        "2020-04-09T23:44:30+05:30",
        "2020-04-09 14:14:30.000-04",
        "2020-04-09 18:14:30+00",
        "2020-04-09 18:14:30 UTC",
        " 2020-04-09T18:14:30 ",
        1586456070,
        1586456070.0,
        1586456070000_i64,
        1586456070000000_i64,
        1586456070000000000_i64,
        "1586456070",
        " 1586456070000 ",
        "1586456070000000.0",
        "2020-04-09T18:14:30+0000",
        "2020-04-09 18:14:30 +0000",
        "2020-04-09 20:14:30.0000000 +02:00",
        "2020/04/09 18:14:30",
        "Thu, 09 Apr 2020 18:14:30 GMT",
        "9 Apr 2020 20:14:30 +0200",
    ])
    .as_array()
    .unwrap()
    {
        assert_eq!(
            created("2020-04-09T18:14:30Z", same.clone()),
            PASS,
            "{same}"
        );
    }
    for day in [
        "2020-04-09",
        "2020/04/09",
        "2020-04-09T00:00",
        "2020-04-09 00:00Z",
    ] {
        assert_eq!(created("2020-04-09T00:00:00Z", json!(day)), PASS);
    }
    assert_eq!(
        created("2017-01-01T00:00:00Z", json!("2016-12-31T23:59:60Z")),
        PASS
    );
    assert_eq!(created("2020-04-09T18:14:30.5Z", json!(1586456070.5)), PASS);
}

#[test]
fn times_that_would_have_to_be_guessed_are_refused() {
    for odd in json!([
        "04/03/2019 10:20",
        "2020/04-09",
        "20200409",
        45301,
        45301.5,
        0,
        999999999,
        -1586456070,
        "Fri, 09 Apr 2020 18:14:30 GMT",
        "2201-01-01T00:00:00Z",
        7289654400_i64,
        "2020-04-09T18:14:30\u{2212}04:00",
        "2020-13-09",
        "0000-00-01 00:00:00",
        "-infinity",
        1e300,
    ])
    .as_array()
    .unwrap()
    {
        assert_eq!(created("2020-04-09T18:14:30Z", odd.clone()), UNPARSABLE);
    }
    assert_eq!(
        created("2020-04-09T18:14:30Z", json!(true)),
        "error wrong-type"
    );
}

#[test]
fn what_exporters_write_where_there_is_no_time_is_null() {
    for zero in json!([
        "1970-01-01T00:00:00.000Z",
        "1970-01-01",
        "1970-01-01T23:00:00+09:00",
        "1969-12-31T19:00:00-05:00",
        "0001-01-01T00:00:00Z",
        "0000-00-00 00:00:00",
        "1899-12-30",
        "1900-01-00",
        "1753-01-01 00:00:00",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ])
    .as_array()
    .unwrap()
    {
        let live = requires("deletedAt.present = false", json!({ "deletedAt": zero }));
        assert_eq!(live, PASS, "{zero}");
        let made = requires(
            "createdAt.before = '2020-01-01'",
            json!({ "createdAt": zero }),
        );
        assert_eq!(made, "fail null", "{zero}");
    }
    let live = "deletedAt = { present = false }";
    for zero in json!([0, 0.0, "0"]).as_array().unwrap() {
        assert_eq!(requires(live, json!({ "deletedAt": zero })), PASS);
        let made = requires("createdAt.present = true", json!({ "createdAt": zero }));
        assert_eq!(made, UNPARSABLE);
    }
    assert_eq!(requires(live, json!({ "deletedAt": 1 })), UNPARSABLE);
}

#[test]
fn nobody_deletes_an_account_that_there_is_not() {
    let said = |created: Json, deleted: &str| {
        let record = json!({ "createdAt": created, "deletedAt": deleted });
        requires("deletedAt.passed = true", record)
    };
    assert_eq!(said(json!("2019-01-01"), "2019-01-01"), PASS);
    assert_eq!(
        said(json!("2019-01-01"), "2018-12-31T23:59:59Z"),
        UNPARSABLE
    );
    assert_eq!(said(json!(null), "2018-12-31T23:59:59Z"), PASS);
    assert_eq!(said(json!("?"), "2010-01-01"), PASS);
    assert_eq!(said(json!(null), "2009-12-31"), UNPARSABLE);
    assert_eq!(said(json!(null), "9999-12-31"), VIOLATED);
}

#[test]
fn the_edge_of_a_time_is_on_neither_side() {
    let said = |check: &str, time: &str| {
        requires(
            &format!("updatedAt = {{ {check} }}"),
            json!({ "updatedAt": time }),
        )
    };
    for check in [
        "older-than = '90d'",
        "newer-than = '90d'",
        "before = 2026-08-25T00:00:00Z",
        "after = '2026-08-25T02:00:00+02:00'",
    ] {
        assert_eq!(said(check, "2026-08-25T00:00:00Z"), VIOLATED, "{check}");
    }
    assert_eq!(said("older-than = '90d'", "2026-08-24T23:59:59Z"), PASS);
    assert_eq!(said("newer-than = '2160h'", "2026-08-25T00:00:01Z"), PASS);
}

#[test]
fn two_fields_are_compared_where_both_can_be_read() {
    let check = "securityContactId = { differs-from = 'ownerId' }";
    let said = |json| requires(check, json);
    assert_eq!(
        said(json!({"securityContactId": "a", "ownerId": "b"})),
        PASS
    );
    assert_eq!(
        said(json!({"securityContactId": "a", "ownerId": "a"})),
        VIOLATED
    );
    assert_eq!(
        said(json!({"securityContactId": "", "ownerId": null})),
        "fail empty"
    );
    assert_eq!(
        said(json!({"securityContactId": "", "ownerId": true})),
        "error wrong-type"
    );
}

#[test]
fn a_field_may_lie_before_or_after_another() {
    let said = |check: &str| {
        let times = json!({"createdAt": "2020-01-01", "updatedAt": "2020-01-01"});
        requires(check, times)
    };
    assert_eq!(said("createdAt.before-field = 'updatedAt'"), VIOLATED);
    assert_eq!(said("createdAt.after-field = 'updatedAt'"), VIOLATED);
    assert_eq!(said("createdAt.equals-field = 'updatedAt'"), PASS);
}

#[test]
fn what_is_bad_outweighs_what_is_absent() {
    let absent = "on-absent = 'pass'";
    for check in ["equals-field", "differs-from"] {
        let rule = format!("{absent}\nrequire.ipWhitelist.{check} = 'office'");
        let of = |mine, office: Json| said(&rule, json!({"ipWhitelist": mine, "office": office}));
        assert_eq!(of("010.0.0.1", json!(null)), UNPARSABLE);
        assert_eq!(of("10.0.0.1,here", json!("")), UNPARSABLE);
        assert_eq!(of("", json!("10.0.0.1,here")), UNPARSABLE);
        assert_eq!(of("", json!("10.0.0.1")), "pass empty");
        assert_eq!(of("10.0.0.1,here", json!([])), UNPARSABLE);
        assert_eq!(of("", json!(["10.0.0.1", 1])), UNPARSABLE);
    }
}

#[test]
fn an_absence_is_judged_as_the_rule_or_else_the_policy_says() {
    let rule = "require.hasPci = true";
    let outcome = |head: &str, rule: &str| words(&audit(head, rule, json!({})).outcomes[0]);
    assert_eq!(outcome("", rule), "fail missing");
    assert_eq!(outcome("on-absent = 'error'", rule), "error missing");
    let own = format!("on-absent = 'not-applicable'\n{rule}");
    assert_eq!(
        outcome("on-absent = 'error'", &own),
        "not-applicable missing"
    );
}

#[test]
fn any_passes_by_one_and_fails_by_none() {
    let check = "any = [{ force2fa = true }, { forceSso = true }]";
    let said = |json| requires(check, json);
    assert_eq!(said(json!({"forceSso": true, "force2fa": "?"})), PASS);
    assert_eq!(
        said(json!({"forceSso": false, "force2fa": "?"})),
        UNPARSABLE
    );
    assert_eq!(
        said(json!({"forceSso": null, "force2fa": false})),
        "fail null"
    );
    assert_eq!(said(json!({"forceSso": null})), "fail missing");
    assert_eq!(
        said(json!({"forceSso": false, "force2fa": false})),
        VIOLATED
    );
}

#[test]
fn a_certain_violation_decides_beside_what_is_undecided() {
    let both = "require = { force2fa = true, forceSso = true }";
    assert_eq!(
        said(both, json!({"force2fa": "?", "forceSso": false})),
        VIOLATED
    );
    assert_eq!(said(both, json!({"forceSso": 2})), UNPARSABLE);
    let not = "require.not = { force2fa = true, forceSso = true }";
    assert_eq!(said(not, json!({"force2fa": "?", "forceSso": false})), PASS);
    assert_eq!(
        said(not, json!({"force2fa": null, "forceSso": true})),
        "fail null"
    );
}

#[test]
fn when_decides_whether_a_rule_applies() {
    let rule = "when.hasPci = true\nrequire.force2fa = true";
    assert_eq!(said(rule, json!({"hasPci": false})), "not-applicable");
    assert_eq!(said(rule, json!({"hasPci": true})), "fail missing");
    assert_eq!(said(rule, json!({"force2fa": true})), PASS);
    assert_eq!(
        said(rule, json!({"hasPci": null, "force2fa": false})),
        "error null"
    );
    assert_eq!(said(rule, json!({"hasPci": "?"})), UNPARSABLE);
}

#[test]
fn only_what_is_certainly_out_of_scope_is_not_judged() {
    let head = "scope.deletedAt = { present = false }";
    let scope = |json| audit(head, "require.hasPci = true", json).in_scope[0][0];
    assert!(scope(json!({})));
    assert!(scope(json!({"deletedAt": "?"})));
    assert!(!scope(json!({"deletedAt": "2026-02-01T00:00:00Z"})));
}

#[test]
fn an_outcome_is_named_by_policy_rule_and_customer() {
    let records = [json!({"ID": "c1"}), json!({"id": " "}), json!({"id": true})];
    let policy = policy("", "require.hasPci = true");
    let exports = [records.map(record).to_vec()];
    let verdict = judge(&[policy], &exports, &Asked::at(as_of()));
    let names = verdict
        .outcomes
        .into_iter()
        .map(|one| (one.customer, one.at.1));
    let expected = [
        (Customer::Named("c1".to_owned()), 1),
        (Customer::Nameless, 2),
        (Customer::Unreadable, 3),
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn an_old_export_passes_nothing_by_silence() {
    let legacy = json!({
        "id": "xxxxxxxxxxxxxxxxxxxx03",
        "can_configure_wordpress": "0",
        "can_upload_vcl": "1",
        "can_reset_passwords": true,
        "created_at": "2014-05-06T07:08:09+00:00",
        "ip_whitelist": "0.0.0.0/0",
        "phone_number": "202-555-0102",
        "readonly": "",
    });
    for (check, expected) in [
        ("force2fa = true", "fail missing"),
        ("force2fa = { not-equals = false }", "fail missing"),
        ("canConfigureWordpress = false", PASS),
        ("canUploadVcl = false", VIOLATED),
        ("ipWhitelist = { any-address = false }", VIOLATED),
        ("createdAt = { older-than = '365d' }", PASS),
        ("phoneNumber = { present = true }", PASS),
    ] {
        assert_eq!(requires(check, legacy.clone()), expected, "{check}");
    }
}
