//! The program against a slow and plain reading of the contract, and laws
//! that hold for any policy and any export.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should stop where it stands"
)]

mod reference;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::slice;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use serde_json::Value;
use tempfile::TempDir;

use reference::generate::csv::{Dialect, csv, dialect};
use reference::generate::json::{Habits, Shape, habits, json};
use reference::generate::policy::{Language, Policy, policies, rule};
use reference::generate::record::{record, records};
use reference::generate::{as_of, field};
use reference::{Customer, Outcome, Record, Status, Verdict, judge, without};

/// A folder with policies and exports, and what is run in it.
struct Desk {
    folder: TempDir,
}

/// What a run of the program left behind.
struct Run {
    code: u8,
    stdout: Vec<u8>,
    stderr: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn with(policies: &[Policy]) -> Self {
        let desk = Self::new();
        for policy in policies {
            desk.put(&policy_file(policy), policy.to_string());
        }
        desk
    }

    /// The arguments that every run has, and these.
    fn audit(&self, policies: &[Policy], exports: &[String], more: &[String]) -> Run {
        let as_of = as_of().to_rfc3339();
        let mut args: Vec<OsString> = ["audit", "--as-of", &as_of].map(OsString::from).into();
        for policy in policies {
            args.push("--policy".into());
            args.push(self.path(&policy_file(policy)).into());
        }
        args.extend(more.iter().map(OsString::from));
        args.extend(exports.iter().map(|name| self.path(name).into()));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let code = audit::run::main(args, &mut stdout, &mut stderr);
        let stderr = String::from_utf8(stderr).unwrap();
        Run {
            code,
            stdout,
            stderr,
        }
    }

    fn lines(&self, policies: &[Policy], exports: &[String], more: &[String]) -> Run {
        let more: Vec<String> = [words("-f ndjson"), more.to_vec()].concat();
        self.audit(policies, exports, &more)
    }
}

impl Run {
    /// The finding objects, and after them the summary.
    fn report(&self) -> (Vec<Value>, Value) {
        let text = str::from_utf8(&self.stdout).unwrap();
        let mut lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let Some(mut last) = lines.pop() else {
            panic!(
                "nothing was reported, exit code {}: {}",
                self.code, self.stderr
            );
        };
        (lines, last["summary"].take())
    }

    fn shown(&self) -> String {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let (code, stderr) = (self.code, &self.stderr);
        format!("\n--- exit code {code}, stdout\n{stdout}\n--- stderr\n{stderr}")
    }

    fn findings(&self) -> Vec<Finding> {
        self.report().0.iter().map(Finding::read).collect()
    }
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

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
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
        "\n--- policies\n{}\n--- export\n{export}{}",
        policies.join("\n"),
        run.shown()
    )
}

/// Whether a run found, counted and ended as the reference says.
fn agree(run: &Run, policies: &[Policy], verdict: &Verdict) -> Result<(), TestCaseError> {
    let (findings, summary) = run.report();
    let findings: Vec<Finding> = findings.iter().map(Finding::read).collect();
    let listed = verdict.outcomes.iter().filter(|one| one.is_finding());
    let listed: Vec<Finding> = listed.map(Finding::expected).collect();
    prop_assert_eq!(named_as(findings, &listed), listed, "the findings differ");
    prop_assert_eq!(&summary["records"], verdict.in_scope.len());
    let judged = verdict.in_scope.iter().filter(|by| by.contains(&true));
    prop_assert_eq!(&summary["in_scope"], judged.count());
    prop_assert_eq!(&summary["rejected"], 0);
    counts_agree(&summary, verdict)?;
    let incomplete = verdict.lacks_a_field || count(verdict, Status::Error, |_| true) > 0;
    prop_assert_eq!(&summary["complete"], !incomplete);
    prop_assert_eq!(run.code, exit_code(policies, verdict, incomplete));
    Ok(())
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
fn exit_code(policies: &[Policy], verdict: &Verdict, incomplete: bool) -> u8 {
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

/// How a run may go about its work.
fn ways() -> impl Strategy<Value = Vec<String>> {
    let window = option::of(select(vec![1, 7, 64, 1000]));
    (1..=3, window).prop_map(|(threads, window)| {
        let window = window.map(|bytes| format!(" --window-bytes {bytes}"));
        words(&format!("-j {threads}{}", window.unwrap_or_default()))
    })
}

/// The ways that the same bytes must come of.
fn every_way() -> impl Iterator<Item = String> {
    let windows = [
        "",
        "--window-bytes 1",
        "--window-bytes 7",
        "--window-bytes 64",
    ];
    let windows = windows.into_iter().chain(["--window-bytes 1000"]);
    windows.flat_map(|window| (1..=3).map(move |threads| format!("-j {threads} {window}")))
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
        ways in ways(),
    ) {
        let desk = Desk::with(&policies);
        let verdict = expected(&policies, &records);
        for shape in Shape::ALL {
            let export = json(&records, shape, &habits);
            desk.put("export", &export);
            let run = desk.lines(&policies, &words("export"), &ways);
            let outcome = agree(&run, &policies, &verdict);
            let case = || format!("{shape:?} {ways:?}{}", case(&policies, &export, &run));
            prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
        }
    }

    #[test]
    fn records_are_judged_alike_in_every_dialect_of_csv(
        policies in policies(Language::Whole),
        records in records(),
        dialect in dialect(),
        ways in ways(),
    ) {
        let desk = Desk::with(&policies);
        let (export, told) = csv(&records, &dialect);
        desk.put("export", &export);
        let run = desk.lines(&policies, &words("export"), &ways);
        let outcome = agree(&run, &policies, &expected(&policies, &told));
        let case = || format!("{ways:?}{}", case(&policies, &export, &run));
        prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
    }

    #[test]
    fn threads_and_batches_change_no_byte(
        policies in policies(Language::Whole),
        records in vec(record(), 1..=12),
        file in file(),
        format in select(vec!["ndjson", "json", "csv", "text"]),
    ) {
        let desk = Desk::with(&policies);
        let export = file.of(&records);
        desk.put("export", &export);
        let run = |way: &str| {
            let way = words(&format!("-f {format} {way}"));
            desk.audit(&policies, &words("export"), &way)
        };
        let first = run("-j 1");
        for way in every_way() {
            let other = run(&way);
            let case = || format!("{way}{}{}", first.shown(), case(&policies, &export, &other));
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
        let desk = Desk::with(&policies);
        desk.put("all", file.of(&records));
        let mut names = Vec::new();
        let mut each = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let name = format!("one-{at}");
            desk.put(&name, file.of(slice::from_ref(record)));
            each.extend(desk.lines(&policies, slice::from_ref(&name), &[]).findings());
            names.push(name);
        }
        let anywhere = |run: Run| -> Vec<Finding> {
            run.findings().into_iter().map(Finding::anywhere).collect()
        };
        let each: Vec<Finding> = each.into_iter().map(Finding::anywhere).collect();
        prop_assert_eq!(&anywhere(desk.lines(&policies, &words("all"), &[])), &each);
        prop_assert_eq!(&anywhere(desk.lines(&policies, &names, &[])), &each);
    }

    #[test]
    fn one_more_rule_takes_no_finding_away(
        policies in policies(Language::Whole),
        rule in rule(Language::Whole),
        records in records(),
        file in file(),
    ) {
        let export = file.of(&records);
        let findings = |policies: &[Policy]| {
            let desk = Desk::with(policies);
            desk.put("export", &export);
            desk.lines(policies, &words("export"), &[]).findings()
        };
        let before = findings(&policies);
        let mut more = policies.clone();
        more[0].rules.push(rule);
        let after = findings(&more);
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
        let desk = Desk::with(&policies);
        desk.put("told", file.of(&[record]));
        desk.put("silent", file.of(&[silent]));
        let told = desk.lines(&policies, &words("told"), &[]).findings();
        let (_, summary) = desk.lines(&policies, &words("silent"), &[]).report();
        for finding in told.iter().filter(|finding| finding.status == "fail") {
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
        let desk = Desk::with(&policies);
        desk.put("export", file.of(&records));
        let reports = ["findings.csv", "findings.json"].map(|name| desk.path(name));
        let outputs = reports.iter().flat_map(|path| ["-o".to_owned(), path.display().to_string()]);
        let run = desk.lines(&policies, &words("export"), &outputs.collect::<Vec<_>>());
        let (lines, summary) = run.report();
        let counted = ["fail", "error", "waived"].map(|status| summary[status].as_u64().unwrap());
        let counted = usize::try_from(counted.iter().sum::<u64>()).unwrap();
        prop_assert_eq!(lines.len(), counted);
        let table = ::csv::Reader::from_path(&reports[0]).unwrap().into_records().count();
        prop_assert_eq!(table, counted);
        let object: Value = serde_json::from_slice(&fs::read(&reports[1]).unwrap()).unwrap();
        prop_assert_eq!(&object["findings"], &Value::from(lines));
        prop_assert_eq!(&object["summary"], &summary);
    }
}
