//! The program against a slow and plain reading of the contract, and laws
//! that hold for any policy and any export.

use std::env;
use std::fs;
use std::slice;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use serde_json::Value;

use crate::reference::generate::csv::{Dialect, csv, dialect};
use crate::reference::generate::json::{Habits, Shape, habits, json};
use crate::reference::generate::policy::{Language, Policy, policies, rule};
use crate::reference::generate::record::{record, records};
use crate::reference::generate::{as_of, field};
use crate::reference::{Customer, Outcome, Record, Status, Verdict, judge, without};
use crate::support::{Run, Workspace};

/// Policies in files, and the audits that ask them.
struct Audits<'a> {
    workspace: Workspace,
    policies: &'a [Policy],
}

impl<'a> Audits<'a> {
    fn new(policies: &'a [Policy]) -> Self {
        let workspace = Workspace::new();
        for policy in policies {
            workspace.write(&policy_file(policy), policy.to_string());
        }
        Self {
            workspace,
            policies,
        }
    }

    /// Writes an export.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.workspace.write(name, bytes);
    }

    fn audit(&self, exports: &[&str], options: &[&str]) -> Run {
        let as_of = as_of().to_rfc3339();
        let files: Vec<String> = self.policies.iter().map(policy_file).collect();
        let files: Vec<String> = files.iter().map(|file| self.workspace.arg(file)).collect();
        let mut all = vec!["--as-of", &as_of];
        all.extend(files.iter().flat_map(|file| ["-p", file]));
        all.extend(options);
        self.workspace.audit(exports, &all)
    }

    /// An audit with an NDJSON report.
    fn lines(&self, exports: &[&str], options: &[&str]) -> Run {
        self.audit(exports, &[&["-f", "ndjson"], options].concat())
    }
}

/// The finding objects of an NDJSON report, and after them the summary.
fn report(run: &Run) -> (Vec<Value>, Value) {
    let mut lines = run.lines();
    let mut last = lines
        .pop()
        .unwrap_or_else(|| panic!("nothing was reported{run}"));
    (lines, last["summary"].take())
}

fn findings(run: &Run) -> Vec<Finding> {
    report(run).0.iter().map(Finding::read).collect()
}

/// A finding, as far as the reference knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    policy: String,
    rule: String,
    status: String,
    reason: String,
    customer: Customer,
    record: u64,
}

impl Finding {
    fn read(json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        Self {
            policy: text("policy"),
            rule: text("rule"),
            status: text("status"),
            reason: text("reason"),
            customer: match json["customer_id"].as_str() {
                Some(id) => Customer::Named(id.to_owned()),
                None => Customer::Nameless,
            },
            record: json["record"].as_u64().unwrap(),
        }
    }

    fn expected(outcome: &Outcome) -> Self {
        Self {
            policy: outcome.policy.clone(),
            rule: outcome.rule.clone(),
            status: word(outcome.status).to_owned(),
            reason: outcome.reason.unwrap().to_owned(),
            customer: outcome.customer.clone(),
            record: u64::try_from(outcome.record).unwrap(),
        }
    }

    /// Apart from the place where it was found.
    fn anywhere(self) -> Self {
        Self { record: 0, ..self }
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Error => "error",
        Status::NotApplicable => "not_applicable",
    }
}

fn policy_file(policy: &Policy) -> String {
    format!("{}.toml", policy.id)
}

fn expected(policies: &[Policy], records: &[Record]) -> Verdict {
    let texts: Vec<String> = policies.iter().map(Policy::to_string).collect();
    judge(&texts, records, as_of())
}

/// What a reader needs to see the case with their own eyes.
fn case(policies: &[Policy], export: &[u8], run: &Run) -> String {
    let policies: Vec<String> = policies.iter().map(Policy::to_string).collect();
    let export = String::from_utf8_lossy(export);
    format!(
        "\n--- policies\n{}\n--- export\n{export}{run}",
        policies.join("\n")
    )
}

/// Whether a run found, counted and ended as the reference says.
fn agree(run: &Run, policies: &[Policy], verdict: &Verdict) -> Result<(), TestCaseError> {
    let (findings, summary) = report(run);
    let findings: Vec<Finding> = findings.iter().map(Finding::read).collect();
    let listed = verdict.outcomes.iter().filter(|one| one.is_finding());
    let listed: Vec<Finding> = listed.map(Finding::expected).collect();
    prop_assert_eq!(named_as(findings, &listed), listed, "the findings differ");
    prop_assert_eq!(&summary["records"], verdict.in_scope.len());
    let judged = verdict.in_scope.iter().filter(|by| by.contains(&true));
    prop_assert_eq!(&summary["in_scope"], judged.count());
    prop_assert_eq!(&summary["rejected"], 0);
    counts_agree(&summary, verdict)?;
    let judges_nothing = (0..policies.len()).any(|number| !judges(policies, verdict, number));
    let incomplete =
        verdict.lacks_a_field || judges_nothing || count(verdict, Status::Error, |_| true) > 0;
    prop_assert_eq!(&summary["complete"], !incomplete);
    prop_assert_eq!(run.code, exit_code(policies, verdict, incomplete));
    Ok(())
}

/// Whether a rule of the policy with this number applies to a record in its scope.
fn judges(policies: &[Policy], verdict: &Verdict, number: usize) -> bool {
    let mut outcomes = verdict.outcomes.iter();
    verdict.in_scope.iter().any(|by| by[number])
        && outcomes
            .any(|one| one.policy == policies[number].id && one.status != Status::NotApplicable)
}

/// Findings without the names that nobody can check.
fn named_as(mut findings: Vec<Finding>, listed: &[Finding]) -> Vec<Finding> {
    for (finding, listed) in findings.iter_mut().zip(listed) {
        if listed.customer == Customer::Unreadable {
            finding.customer = Customer::Unreadable;
        }
    }
    findings
}

fn counts_agree(summary: &Value, verdict: &Verdict) -> Result<(), TestCaseError> {
    for status in Status::ALL {
        let all = count(verdict, status, |_| true);
        prop_assert_eq!(&summary[word(status)], all, "{:?} in all", status);
    }
    for line in summary["by_rule"].as_array().unwrap() {
        let of_rule = |one: &Outcome| line["policy"] == one.policy && line["rule"] == one.rule;
        for status in Status::ALL {
            let counted = count(verdict, status, of_rule);
            prop_assert_eq!(&line[word(status)], counted, "{:?} in {}", status, line);
        }
    }
    Ok(())
}

/// How often the rule of a finding passes, as the summary has it.
fn passes(summary: &Value, finding: &Finding) -> u64 {
    let mut lines = summary["by_rule"].as_array().unwrap().iter();
    let line = lines.find(|line| line["policy"] == finding.policy && line["rule"] == finding.rule);
    line.unwrap()["pass"].as_u64().unwrap()
}

fn count(verdict: &Verdict, status: Status, is_meant: impl Fn(&Outcome) -> bool) -> usize {
    let outcomes = verdict.outcomes.iter().filter(|one| one.status == status);
    outcomes.filter(|one| is_meant(one)).count()
}

/// An incomplete audit is 3; findings from `low` on are 1.
fn exit_code(policies: &[Policy], verdict: &Verdict, incomplete: bool) -> i32 {
    let is_grave = |one: &Outcome| {
        let policy = policies.iter().find(|policy| policy.id == one.policy);
        policy.unwrap().severity(&one.rule) != "info"
    };
    match (incomplete, count(verdict, Status::Fail, is_grave)) {
        (true, _) => 3,
        (false, 0) => 0,
        (false, _) => 1,
    }
}

/// Fewer cases than usual, each being many runs; `PROPTEST_CASES` decides.
fn config() -> Config {
    let usual = Config::default();
    let cases = match env::var_os("PROPTEST_CASES") {
        Some(_) => usual.cases,
        None => 64,
    };
    Config {
        cases,
        failure_persistence: None,
        ..usual
    }
}

/// Sizes of windows; the first is the usual one.
const WINDOWS: [&[&str]; 5] = [
    &[],
    &["--window-bytes", "1"],
    &["--window-bytes", "7"],
    &["--window-bytes", "64"],
    &["--window-bytes", "1000"],
];

/// The options of every way in which a run may go about its work: all must come
/// to the same.
fn every_way() -> Vec<Vec<&'static str>> {
    let threads = [["-j", "1"], ["-j", "2"], ["-j", "3"]];
    let ways = WINDOWS
        .iter()
        .flat_map(|window| threads.map(|threads| (window, threads)));
    ways.map(|(window, threads)| [window, threads.as_slice()].concat())
        .collect()
}

/// The options of one way.
fn way() -> impl Strategy<Value = Vec<&'static str>> {
    select(every_way())
}

/// A way to write records to a file.
#[derive(Clone, Debug)]
enum File {
    Json(Shape, Habits),
    Csv(Dialect),
}

impl File {
    fn of(&self, records: &[Record]) -> Vec<u8> {
        match self {
            File::Json(shape, habits) => json(records, *shape, habits),
            File::Csv(dialect) => csv(records, dialect).0,
        }
    }
}

fn json_file() -> impl Strategy<Value = File> {
    (select(Shape::ALL.to_vec()), habits()).prop_map(|(shape, habits)| File::Json(shape, habits))
}

fn file() -> impl Strategy<Value = File> {
    prop_oneof![5 => json_file(), 1 => dialect().prop_map(File::Csv)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn records_are_judged_alike_in_every_shape_of_json(
        policies in policies(Language::Whole),
        records in records(),
        habits in habits(),
        way in way(),
    ) {
        let audits = Audits::new(&policies);
        let verdict = expected(&policies, &records);
        for shape in Shape::ALL {
            let export = json(&records, shape, &habits);
            audits.write("export", &export);
            let run = audits.lines(&["export"], &way);
            let outcome = agree(&run, &policies, &verdict);
            let case = || format!("{shape:?} {way:?}{}", case(&policies, &export, &run));
            prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
        }
    }

    #[test]
    fn records_are_judged_alike_in_every_dialect_of_csv(
        policies in policies(Language::Whole),
        records in records(),
        dialect in dialect(),
        way in way(),
    ) {
        let audits = Audits::new(&policies);
        let (export, held) = csv(&records, &dialect);
        audits.write("export", &export);
        let run = audits.lines(&["export"], &way);
        let outcome = agree(&run, &policies, &expected(&policies, &held));
        let case = || format!("{way:?}{}", case(&policies, &export, &run));
        prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
    }

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
    fn an_audit_of_many_records_is_the_audits_of_each(
        policies in policies(Language::Whole),
        records in records(),
        file in json_file(),
    ) {
        let audits = Audits::new(&policies);
        audits.write("all", file.of(&records));
        let mut names = Vec::new();
        let mut each = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let name = format!("one-{at}");
            audits.write(&name, file.of(slice::from_ref(record)));
            each.extend(findings(&audits.lines(&[name.as_str()], &[])));
            names.push(name);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let anywhere = |run: Run| -> Vec<Finding> {
            findings(&run).into_iter().map(Finding::anywhere).collect()
        };
        let each: Vec<Finding> = each.into_iter().map(Finding::anywhere).collect();
        prop_assert_eq!(&anywhere(audits.lines(&["all"], &[])), &each);
        prop_assert_eq!(&anywhere(audits.lines(&names, &[])), &each);
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
            findings(&audits.lines(&["export"], &[]))
        };
        let before = found(&policies);
        let mut more = policies.clone();
        more[0].rules.push(rule);
        let after = found(&more);
        let kept: Vec<_> = after.into_iter().filter(|finding| before.contains(finding)).collect();
        prop_assert_eq!(kept, before);
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
        audits.write("whole", file.of(&[record]));
        audits.write("silent", file.of(&[silent]));
        let listed = findings(&audits.lines(&["whole"], &[]));
        let (_, summary) = report(&audits.lines(&["silent"], &[]));
        for finding in listed.iter().filter(|finding| finding.status == "fail") {
            let passes = passes(&summary, finding);
            prop_assert_eq!(passes, 0, "{:?} without {:?}", finding, field);
        }
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
