//! The program against a slow and plain reading of the contract.

mod laws;

use std::collections::BTreeSet;
use std::env;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use serde_json::Value;

use crate::reference::generate::aggregate::{policies_over_all, population};
use crate::reference::generate::as_of;
use crate::reference::generate::asked::wishes;
use crate::reference::generate::check::lone_check;
use crate::reference::generate::csv::{Dialect, csv, dialect};
use crate::reference::generate::json::{Habits, Shape, habits, json};
use crate::reference::generate::policy::{EXPECTED, Language, Policy, plain, policies};
use crate::reference::generate::record::{record, records, records_or_none};
use crate::reference::{
    Asked, Customer, Outcome, OverAll, Record, Severity, Status, Verdict, judge,
};
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
        let run = self.workspace.audit(exports, &all);
        let case = || format!("{options:?}{}", case(self.policies, b"", &run));
        assert!(run.code != 2, "refused: {}", case());
        run
    }

    /// An audit with an NDJSON report.
    fn lines(&self, exports: &[&str], options: &[&str]) -> Run {
        self.audit(exports, &[&["-f", "ndjson"], options].concat())
    }

    /// An audit with an NDJSON report, which is asked more than that.
    fn asked(&self, exports: &[&str], asked: &Asked, way: &[&str]) -> Run {
        let options = asked.options();
        let options = options.iter().map(String::as_str);
        let options: Vec<&str> = options.chain(way.iter().copied()).collect();
        self.lines(exports, &options)
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

/// The findings of rules about single records.
fn findings(run: &Run) -> Vec<Finding> {
    let (lines, _) = report(run);
    let lines = lines.iter().filter(|line| !is_over_all(line));
    lines.map(Finding::read).collect()
}

/// Whether a finding, or a line of a summary, is of a rule over all records.
fn is_over_all(line: &Value) -> bool {
    line["rule"].as_str().unwrap().starts_with('a')
}

/// A finding, as far as the reference knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    policy: String,
    rule: String,
    severity: String,
    status: String,
    reason: String,
    customer: Customer,
    /// The file, and the record in it.
    at: (String, u64),
}

impl Finding {
    fn read(json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        Self {
            policy: text("policy"),
            rule: text("rule"),
            severity: text("severity"),
            status: text("status"),
            reason: text("reason"),
            customer: match json["customer_id"].as_str() {
                Some(id) => Customer::Named(id.to_owned()),
                None => Customer::Nameless,
            },
            at: (file_name(json), json["record"].as_u64().unwrap()),
        }
    }

    fn expected(outcome: &Outcome, exports: &[&str]) -> Self {
        let (export, record) = outcome.at;
        Self {
            policy: outcome.policy.clone(),
            rule: outcome.rule.clone(),
            severity: outcome.severity.word().to_owned(),
            status: word(outcome.status).to_owned(),
            reason: outcome.reason.unwrap().to_owned(),
            customer: outcome.customer.clone(),
            at: (exports[export].to_owned(), u64::try_from(record).unwrap()),
        }
    }

    /// Apart from the place where it was found.
    fn anywhere(self) -> Self {
        let at = (String::new(), 0);
        Self { at, ..self }
    }
}

fn file_name(finding: &Value) -> String {
    let export = finding["export"].as_str().unwrap();
    export.rsplit('/').next().unwrap().to_owned()
}

/// A finding of a rule over all records, as the reference has it.
fn over_all(json: &Value) -> OverAll {
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    let mut severity = Severity::ALL.into_iter();
    let mut status = Status::ALL.into_iter();
    OverAll {
        policy: text("policy"),
        rule: text("rule"),
        severity: severity.find(|one| json["severity"] == one.word()).unwrap(),
        status: status
            .find(|status| json["status"] == word(*status))
            .unwrap(),
        customer: match json["customer_id"].as_str() {
            Some(id) => Customer::Named(id.to_owned()),
            None => Customer::Nameless,
        },
    }
}

/// A customer with an id is found by a rule once; one without as often as there
/// are records of such.
fn once_each(mut found: Vec<OverAll>) -> Vec<OverAll> {
    found.sort();
    found.dedup_by(|one, other| one == other && one.customer != Customer::Nameless);
    found
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

fn expected(policies: &[Policy], exports: &[Vec<Record>], asked: &Asked) -> Verdict {
    let texts: Vec<String> = policies.iter().map(Policy::to_string).collect();
    judge(&texts, exports, asked)
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
fn agree(
    run: &Run,
    exports: &[&str],
    asked: &Asked,
    verdict: &Verdict,
) -> Result<(), TestCaseError> {
    let (lines, summary) = report(run);
    let (of_all, of_one): (Vec<_>, Vec<_>) = lines.iter().partition(|line| is_over_all(line));
    let findings: Vec<Finding> = of_one.into_iter().map(Finding::read).collect();
    let listed = verdict.outcomes.iter().filter(|one| one.is_finding());
    let listed: Vec<Finding> = listed.map(|one| Finding::expected(one, exports)).collect();
    prop_assert_eq!(named_as(findings, &listed), listed, "the findings differ");
    let of_all = once_each(of_all.into_iter().map(over_all).collect());
    let expected = once_each(verdict.over_all.clone());
    prop_assert_eq!(of_all, expected, "the findings over all records differ");
    prop_assert_eq!(&summary["records"], verdict.in_scope.len());
    if verdict.left_out == 0 {
        let judged = verdict.in_scope.iter().filter(|by| by.contains(&true));
        prop_assert_eq!(&summary["in_scope"], judged.count());
    }
    prop_assert_eq!(&summary["rejected"], 0);
    counts_agree(&summary, verdict)?;
    severities_agree(&lines, &summary)?;
    let codes = codes(&summary);
    let lacking: Vec<_> = verdict
        .because
        .iter()
        .filter(|code| !codes.contains(**code))
        .collect();
    let is_known = |code: &&String| {
        let code = code.as_str();
        verdict.because.contains(code) || verdict.perhaps.contains(code)
    };
    let unknown: Vec<_> = codes.iter().filter(|code| !is_known(code)).collect();
    let nothing = (Vec::new(), Vec::new());
    prop_assert_eq!(
        (lacking, unknown),
        nothing,
        "codes that are lacking, and more than expected"
    );
    prop_assert_eq!(&summary["complete"], codes.is_empty());
    prop_assert_eq!(run.code, verdict.exit_code(asked, codes.is_empty()));
    Ok(())
}

/// Why a run says that it is incomplete.
fn codes(summary: &Value) -> BTreeSet<String> {
    let entries = summary["incomplete_because"].as_array().unwrap().iter();
    let code = |entry: &Value| entry["code"].as_str().unwrap_or("no code").to_owned();
    entries.map(code).collect()
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
    let lines = summary["by_rule"].as_array().unwrap();
    let (of_all, of_one): (Vec<_>, Vec<_>) = lines.iter().partition(|line| is_over_all(line));
    for status in Status::ALL {
        let over_all = of_all
            .iter()
            .map(|line| line[word(status)].as_u64().unwrap());
        let all = count(verdict, status, |_| true) + over_all.sum::<u64>();
        prop_assert_eq!(&summary[word(status)], all, "{:?} in all", status);
    }
    for line in of_one {
        let of_rule = |one: &Outcome| line["policy"] == one.policy && line["rule"] == one.rule;
        for status in Status::ALL {
            let counted = count(verdict, status, of_rule);
            prop_assert_eq!(&line[word(status)], counted, "{:?} in {}", status, line);
        }
    }
    Ok(())
}

/// Findings are counted by the severity with which they are listed.
fn severities_agree(findings: &[Value], summary: &Value) -> Result<(), TestCaseError> {
    for severity in Severity::ALL.map(Severity::word) {
        for status in ["fail", "error"] {
            let counted = &summary["by_severity"][severity][status];
            let is_meant = |one: &&Value| one["severity"] == severity && one["status"] == status;
            let listed = findings.iter().filter(is_meant).count();
            prop_assert_eq!(counted, listed, "{} of severity {}", status, severity);
        }
    }
    Ok(())
}

fn count(verdict: &Verdict, status: Status, is_meant: impl Fn(&Outcome) -> bool) -> u64 {
    let outcomes = verdict.outcomes.iter().filter(|one| one.status == status);
    u64::try_from(outcomes.filter(|one| is_meant(one)).count()).unwrap()
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
        records in records_or_none(),
        wishes in wishes(),
        habits in habits(),
        way in way(),
    ) {
        let audits = Audits::new(&policies);
        let asked = wishes.of(&policies);
        let exports = [records];
        let verdict = expected(&policies, &exports, &asked);
        for shape in Shape::ALL {
            let export = json(&exports[0], shape, &habits);
            audits.write("export", &export);
            let run = audits.asked(&["export"], &asked, &way);
            let outcome = agree(&run, &["export"], &asked, &verdict);
            let case = || format!("{shape:?} {way:?} {asked:?}{}", case(&policies, &export, &run));
            prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
        }
    }

    #[test]
    fn records_are_judged_alike_in_every_dialect_of_csv(
        policies in policies(Language::Whole),
        records in records(),
        wishes in wishes(),
        dialect in dialect(),
        way in way(),
    ) {
        let audits = Audits::new(&policies);
        let asked = wishes.of(&policies);
        let (export, held) = csv(&records, &dialect);
        audits.write("export", &export);
        let run = audits.asked(&["export"], &asked, &way);
        let verdict = expected(&policies, &[held], &asked);
        let outcome = agree(&run, &["export"], &asked, &verdict);
        let case = || format!("{way:?} {asked:?}{}", case(&policies, &export, &run));
        prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
    }

    #[test]
    fn each_operator_alone_judges_alike(
        requires in vec(lone_check(), 8),
        records in vec(record(), 1..=25),
        habits in habits(),
    ) {
        let policies = [plain(requires, None)];
        let audits = Audits::new(&policies);
        let asked = Asked::at(as_of());
        let export = json(&records, Shape::Lines, &habits);
        audits.write("export", &export);
        let run = audits.asked(&["export"], &asked, &[]);
        let verdict = expected(&policies, &[records], &asked);
        let outcome = agree(&run, &["export"], &asked, &verdict);
        let case = || case(&policies, &export, &run);
        prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
    }

    #[test]
    fn rules_over_all_records_find_alike_in_two_exports(
        policies in policies_over_all(),
        records in population(),
        cut in any::<Index>(),
        wishes in wishes(),
        file in json_file(),
        way in way(),
    ) {
        let audits = Audits::new(&policies);
        let asked = Asked { only: Vec::new(), skip: Vec::new(), ..wishes.of(&policies) };
        let (one, other) = records.split_at(cut.index(records.len() + 1));
        let exports = [one.to_vec(), other.to_vec()];
        let names = ["one", "other"];
        let written = exports.each_ref().map(|records| file.of(records));
        names.iter().zip(&written).for_each(|(name, bytes)| audits.write(name, bytes));
        let run = audits.asked(&names, &asked, &way);
        let verdict = expected(&policies, &exports, &asked);
        let outcome = agree(&run, &names, &asked, &verdict);
        let written = written.join("\n--- and\n".as_bytes());
        let case = || format!("{way:?} {asked:?}{}", case(&policies, &written, &run));
        prop_assert!(outcome.is_ok(), "{} {}", outcome.unwrap_err(), case());
    }

    #[test]
    fn what_a_rule_expects_is_said_in_its_own_words(
        policies in policies(Language::Whole),
        records in records(),
        file in file(),
    ) {
        let audits = Audits::new(&policies);
        let export = file.of(&records);
        audits.write("export", &export);
        let run = audits.lines(&["export"], &[]);
        for finding in report(&run).0.iter().filter(|finding| finding["status"] == "fail") {
            let policy = policies.iter().find(|policy| finding["policy"] == policy.id).unwrap();
            let at: usize = finding["rule"].as_str().unwrap()[1..].parse().unwrap();
            let own = policy.rules[at - 1].expected.is_some();
            let mut evidence = finding["evidence"].as_array().unwrap().iter();
            let said = evidence.any(|seen| seen["expected"] == EXPECTED);
            prop_assert_eq!(said, own, "{}{}", finding, case(&policies, &export, &run));
        }
    }
}
