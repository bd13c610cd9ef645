//! Laws that hold for any policy and any export, whatever the reference says.

use std::fs;
use std::slice;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{Audits, Finding, case, config, every_way, file, findings, json_file, report};
use crate::reference::generate::asked::wishes;
use crate::reference::generate::check::{networks_operator, operator};
use crate::reference::generate::field;
use crate::reference::generate::json::{Habits, Shape, json};
use crate::reference::generate::policy::{
    Entry, Language, Policy, inline, outcome, plain, policies, rule,
};
use crate::reference::generate::record::{item, record, records};
use crate::reference::{Customer, Record, without};
use crate::support::Run;

/// How often the rule of a finding passes, as the summary has it.
fn passes(summary: &Value, finding: &Finding) -> u64 {
    let mut lines = summary["by_rule"].as_array().unwrap().iter();
    let line = lines.find(|line| line["policy"] == finding.policy && line["rule"] == finding.rule);
    line.unwrap()["pass"].as_u64().unwrap()
}

/// Whether a record has nothing that could say when the account was deleted.
fn is_live(record: &Record) -> bool {
    without(record, "deletedAt").len() == record.len()
}

/// A check of a field that no absence can meet.
fn demand() -> impl Strategy<Value = (&'static str, Entry)> {
    field().prop_flat_map(|(name, kind)| (Just(name), operator(name, kind, Language::Demanding)))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn threads_and_batches_change_no_byte(
        policies in policies(Language::Whole),
        records in vec(record(), 1..=12),
        file in file(),
        format in select(vec!["ndjson", "json", "csv", "text"]),
    ) {
        let audits = Audits::new(&policies);
        let export = file.of(&records);
        audits.write("export", &export);
        let run = |way: &[&str]| audits.audit(&["export"], &[&["-f", format], way].concat());
        let first = run(&["-j", "1"]);
        for way in every_way() {
            let other = run(&way);
            let case = || format!("{way:?}{first}{}", case(&policies, &export, &other));
            prop_assert!(first.stdout == other.stdout, "{}", case());
            prop_assert_eq!(first.code, other.code, "{}", case());
        }
    }

    #[test]
    fn a_word_for_nothing_never_differs_from_null(
        policies in policies(Language::Whole),
        record in record(),
        field in field(),
        word in select(vec![
            "\\N", "NULL", "None", "nil", "nan", "Undefined", "(null)", "<null>", "[NULL]", "n/a",
            "#N/A", "NaT", " NULL\t",
        ]),
        file in json_file(),
    ) {
        prop_assume!(field.0 != "name");
        let silent = without(&record, field.0);
        let said = |value: Value| {
            let own = [(field.0.to_owned(), value)];
            silent.iter().cloned().chain(own).collect::<Record>()
        };
        let audits = Audits::new(&policies);
        let export = file.of(&[said(word.into())]);
        audits.write("word", &export);
        audits.write("null", file.of(&[said(Value::Null)]));
        let run = audits.lines(&["word"], &[]);
        let found = |run: &Run| -> Vec<_> {
            let (lines, _) = report(run);
            let outcome = ["policy", "rule", "severity", "status", "reason", "evidence"];
            let parts = |line: &Value| outcome.map(|key| line[key].clone());
            lines.iter().map(parts).collect()
        };
        let null = found(&audits.lines(&["null"], &[]));
        prop_assert_eq!(found(&run), null, "{}", case(&policies, &export, &run));
    }

    #[test]
    fn an_audit_of_many_records_is_the_audits_of_each(
        policies in policies(Language::Whole),
        records in records(),
        file in json_file(),
    ) {
        let audits = Audits::new(&policies);
        let export = file.of(&records);
        audits.write("all", &export);
        let mut names = Vec::new();
        let mut each = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let name = format!("one-{at}");
            audits.write(&name, file.of(slice::from_ref(record)));
            each.extend(findings(&audits.lines(&[name.as_str()], &[])));
            names.push(name);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let each: Vec<Finding> = each.into_iter().map(Finding::anywhere).collect();
        for exports in [vec!["all"], names] {
            let run = audits.lines(&exports, &[]);
            let found: Vec<_> = findings(&run).into_iter().map(Finding::anywhere).collect();
            prop_assert_eq!(&found, &each, "{}", case(&policies, &export, &run));
        }
    }

    #[test]
    fn one_more_rule_takes_no_finding_away(
        policies in policies(Language::Whole),
        rule in rule(Language::Whole),
        records in records(),
        file in file(),
    ) {
        let export = file.of(&records);
        let found = |policies: &[Policy]| {
            let audits = Audits::new(policies);
            audits.write("export", &export);
            let run = audits.lines(&["export"], &[]);
            (findings(&run), run)
        };
        let (before, _) = found(&policies);
        let mut more = policies.clone();
        more[0].rules.push(rule);
        let (after, run) = found(&more);
        let kept: Vec<_> = after.into_iter().filter(|finding| before.contains(finding)).collect();
        prop_assert_eq!(kept, before, "{}", case(&more, &export, &run));
    }

    #[test]
    fn silence_never_turns_a_fail_into_a_pass(
        policies in policies(Language::Demanding),
        record in record(),
        field in field(),
        file in json_file(),
    ) {
        let silent = without(&record, field.0);
        let audits = Audits::new(&policies);
        let export = file.of(&[record]);
        audits.write("whole", &export);
        audits.write("silent", file.of(&[silent]));
        let listed = findings(&audits.lines(&["whole"], &[]));
        let run = audits.lines(&["silent"], &[]);
        let (_, summary) = report(&run);
        for finding in listed.iter().filter(|finding| finding.status == "fail") {
            let passes = passes(&summary, finding);
            let case = || case(&policies, &export, &run);
            prop_assert_eq!(passes, 0, "{:?} without {:?}{}", finding, field, case());
        }
    }

    #[test]
    fn no_check_but_of_presence_passes_by_absence(
        (field, check) in demand(),
        negated in any::<bool>(),
        on_absent in outcome(Language::Demanding),
        record in record(),
        blank in select(vec!["", " ", "\t"]),
        file in json_file(),
    ) {
        let asked = vec![(field.to_owned(), inline(&[check]))];
        let asked = if negated { vec![("not".to_owned(), inline(&asked))] } else { asked };
        let policies = [plain(vec![asked], on_absent)];
        let silent = without(&record, field);
        let said = |value: Value| {
            let own = [(field.to_owned(), value)];
            silent.iter().cloned().chain(own).collect::<Record>()
        };
        let records = [said(Value::Null), said(blank.into()), silent.clone()];
        let audits = Audits::new(&policies);
        let export = file.of(&records);
        audits.write("export", &export);
        let run = audits.lines(&["export"], &[]);
        let (_, summary) = report(&run);
        let case = || case(&policies, &export, &run);
        prop_assert_eq!(&summary["records"], 3, "{}", case());
        prop_assert_eq!(&summary["pass"], 0, "{}", case());
    }

    #[test]
    fn one_more_network_takes_no_violation_away(
        check in networks_operator(),
        items in vec(item(), 1..=4),
        more in item(),
        first in any::<bool>(),
    ) {
        let both = if first {
            [slice::from_ref(&more), &items].concat()
        } else {
            [&items, slice::from_ref(&more)].concat()
        };
        let list = |id: &str, items: &[String]| -> Record {
            let list = [("id", id.to_owned()), ("ipWhitelist", items.join(","))];
            list.map(|(key, value)| (key.to_owned(), value.into())).to_vec()
        };
        let records = [
            list("less", &items),
            list("more", slice::from_ref(&more)),
            list("both", &both),
        ];
        // More addresses satisfy these sooner: what passes then stays so.
        let grows = check.0 == "covers" || check == ("any-address".to_owned(), "true".to_owned());
        let require = ("ipWhitelist".to_owned(), inline(&[check]));
        let policies = [plain(vec![vec![require]], None)];
        let audits = Audits::new(&policies);
        let export = json(&records, Shape::Lines, &Habits::plain());
        audits.write("export", &export);
        let run = audits.lines(&["export"], &[]);
        let found = findings(&run);
        let status = |id: &str| {
            let named = Customer::Named(id.to_owned());
            let finding = found.iter().find(|finding| finding.customer == named);
            finding.map_or("pass".to_owned(), |finding| {
                format!("{} {}", finding.status, finding.reason)
            })
        };
        let stays = if grows { "pass" } else { "fail violated" };
        for part in ["less", "more"] {
            let changed = status(part) == stays && status("both") != stays;
            prop_assert!(!changed, "{}{}", part, case(&policies, &export, &run));
        }
    }

    #[test]
    fn a_column_that_is_removed_makes_no_audit_clean(
        policies in policies(Language::Demanding),
        records in records(),
        field in field(),
        wishes in wishes(),
        file in file(),
    ) {
        let asked = wishes.of(&policies);
        let audits = Audits::new(&policies);
        let fewer: Vec<Record> = records.iter().map(|one| without(one, field.0)).collect();
        let whole = file.of(&records);
        audits.write("whole", &whole);
        audits.write("fewer", file.of(&fewer));
        let before = audits.asked(&["whole"], &asked, &[]);
        let after = audits.asked(&["fewer"], &asked, &[]);
        let case = || format!("{asked:?}{}{after}", case(&policies, &whole, &before));
        // That an account was deleted is believed where nothing says when it was made.
        let is_of_deleted = field.0 == "createdAt" && !records.iter().all(is_live);
        let is_hidden = before.code != 0 && after.code == 0 && !is_of_deleted;
        prop_assert!(!is_hidden, "without {}: {}", field.0, case());
    }

    #[test]
    fn what_is_written_is_what_is_counted(
        policies in policies(Language::Whole),
        records in records(),
        file in file(),
    ) {
        let audits = Audits::new(&policies);
        audits.write("export", file.of(&records));
        let reports = ["findings.csv", "findings.json"].map(|name| audits.workspace.arg(name));
        let [table, object] = &reports;
        let run = audits.lines(&["export"], &["-o", table, "-o", object]);
        let (lines, summary) = report(&run);
        let counted = ["fail", "error", "waived"].map(|status| summary[status].as_u64().unwrap());
        let counted = usize::try_from(counted.iter().sum::<u64>()).unwrap();
        prop_assert_eq!(lines.len(), counted);
        let table = ::csv::Reader::from_path(table).unwrap().into_records().count();
        prop_assert_eq!(table, counted);
        let object: Value = serde_json::from_slice(&fs::read(object).unwrap()).unwrap();
        prop_assert_eq!(&object["findings"], &Value::from(lines));
        prop_assert_eq!(&object["summary"], &summary);
    }
}
