//! A rule is a test, and no run that is not complete looks green.
//!
//! The elements and attributes are those of the schema `junit-10.xsd` of the
//! xUnit plugin for Jenkins, the strictest of the readers.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};

use super::waived::{all_waived, waived};
use crate::finding::Counts;
use crate::policy::Severity;
use crate::report::format::buffered::{Document, Report};
use crate::report::format::kept::{Findings, Place};
use crate::report::model::bounds::{Bound, Topic};
use crate::report::model::footer::Verdict;
use crate::report::model::header::{Policy, Rule};
use crate::report::phrase::{self, RATIONALE, REMEDIATION, one_line};
use crate::report::since;
use crate::text::{count, escape_controls, grouped};

/// The largest number of findings of which those of each rule are picked.
const MAX_FINDINGS: usize = 10_000;

/// The largest number of findings that are shown of a rule.
const MAX_OF_RULE: usize = 20;

/// The largest number of records that could not be read that are shown.
const MAX_REJECTED: usize = 20;

/// Writes one file.
pub struct Junit;

impl Document for Junit {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let suites = suites(report)?;
        let findings = &report.findings;
        let mut writer = Writer::new_with_indent(&mut *out, b' ', 1);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let name = &report.header.tool.name;
        let mut all = BytesStart::new("testsuites");
        attribute(&mut all, "name", name);
        // The schema has no `skipped` here.
        let cases = || suites.iter().flat_map(|suite| &suite.cases);
        numbers(&mut all, &CaseCounts::new(cases()));
        writer.write_event(Event::Start(all.clone()))?;
        for suite in &suites {
            suite.write(findings, &mut writer)?;
        }
        writer.write_event(Event::End(all.to_end()))?;
        out.write_all(b"\n")
    }
}

/// Holds the cases of a policy, or of the run itself.
struct Suite<'r> {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case<'r>>,
}

/// Holds what is tested, and what came of it.
struct Case<'r> {
    class: String,
    name: String,
    outcome: Outcome<'r>,
}

/// Says what came of a case.
enum Outcome<'r> {
    /// All is well.
    Passed,
    /// It does not apply, and why.
    Skipped(String),
    /// It is not met.
    Failure(Message<'r>),
    /// It is not known whether it is met.
    Error(Message<'r>),
}

/// Says why a case did not pass.
struct Message<'r> {
    kind: String,
    message: String,
    text: Text<'r>,
}

/// Says more of why a case did not pass.
enum Text<'r> {
    /// The run is not complete.
    Incomplete(String),
    /// A rule has findings, and these are shown: they are worded when they are written.
    Findings {
        rule: &'r Rule,
        counts: &'r Counts,
        shown: Vec<Place>,
    },
}

/// Counts the cases of a suite by outcome.
struct CaseCounts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl CaseCounts {
    fn new<'c>(cases: impl Iterator<Item = &'c Case<'c>>) -> Self {
        let mut totals = Self {
            tests: 0,
            failures: 0,
            errors: 0,
            skipped: 0,
        };
        for case in cases {
            totals.tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(_) => totals.skipped += 1,
                Outcome::Failure(_) => totals.failures += 1,
                Outcome::Error(_) => totals.errors += 1,
            }
        }
        totals
    }
}

fn suites<'r>(report: &'r Report<'_>) -> io::Result<Vec<Suite<'r>>> {
    let mut shown: Vec<_> = report.header.rules().map(|_| Vec::new()).collect();
    let waived = waived(report)?;
    // What is waived does not make the case fail.
    for place in report.findings.places().iter().filter(|one| !one.is_waived) {
        match shown.get_mut(place.rule_index) {
            Some(shown) if shown.len() < MAX_OF_RULE => shown.push(*place),
            _ => {}
        }
    }
    let counted = report.footer.summary.by_rule.iter();
    let shown = shown.into_iter().zip(waived);
    let mut counted = counted.zip(report.most_severe().into_iter().zip(shown));
    let mut suites = vec![run(report)];
    for policy in &report.header.policies {
        let rules = policy.rules.iter().zip(counted.by_ref());
        let cases = rules.map(|(rule, (counted, (severity, shown)))| {
            let outcome = outcome(rule, severity, &counted.counts, shown);
            case(policy, rule, outcome)
        });
        let left_out = policy.not_tested.iter().map(|rule| {
            let why = "Not tested: left out of this run".to_owned();
            case(policy, rule, Outcome::Skipped(why))
        });
        let mut properties = vec![
            ("title", policy.title.clone()),
            ("version", policy.version.clone()),
            ("path", policy.path.clone()),
            ("sha256", policy.sha256.clone()),
        ];
        for Bound { topic, sentences } in policy.bounds() {
            match topic {
                Topic::Limit | Topic::OptionalField | Topic::UntestedControl => {
                    let named = sentences.into_iter().map(|one| (topic.name(), one));
                    properties.extend(named);
                }
                // Each is a case.
                Topic::LeftOut => {}
            }
        }
        suites.push(Suite {
            name: policy.id.clone(),
            cases: cases.chain(left_out).collect(),
            properties,
        });
    }
    Ok(suites)
}

/// The run as a case: a rule whose records were not all read has not passed,
/// whatever became of those that were. It is there also when it passes, so
/// that a build server can tell since when it does.
fn run<'r>(report: &'r Report<'_>) -> Suite<'r> {
    let summary = &report.footer.summary;
    let tool = &report.header.tool;
    let outcome = if !summary.complete {
        let mut text = lines(summary.reasons());
        for rejected in report.rejected.iter().take(MAX_REJECTED) {
            text.push_str(&rejected.to_string());
            text.push('\n');
        }
        let shown = report.rejected.len().min(MAX_REJECTED) as u64;
        more(&mut text, summary.rejected.saturating_sub(shown));
        Outcome::Error(Message {
            kind: "incomplete".to_owned(),
            message: format!("{}: {}", phrase::NOT_COMPLETE, phrase::reasons(summary)),
            text: Text::Incomplete(text),
        })
    } else {
        match summary.verdict() {
            verdict @ (Verdict::NothingJudged | Verdict::NotJudged) => {
                Outcome::Skipped(format!("{}: {}", verdict.word(), phrase::outcome(summary)))
            }
            Verdict::Incomplete | Verdict::NothingOpen | Verdict::Pass | Verdict::Findings => {
                Outcome::Passed
            }
        }
    };
    let numbers = [
        ("records", summary.records),
        ("in_scope", summary.in_scope),
        ("rejected", summary.rejected),
        ("pass", summary.counts.pass),
        ("fail", summary.counts.fail),
        ("error", summary.counts.error),
        ("not_applicable", summary.counts.not_applicable),
        ("waived", summary.counts.waived),
    ];
    let mut properties = vec![
        ("version", tool.version.clone()),
        ("as_of", report.header.as_of.clone()),
        ("complete", summary.complete.to_string()),
    ];
    properties.extend(numbers.map(|(name, number)| (name, number.to_string())));
    properties.extend(since::properties(report.header, summary));
    let exports = report.footer.exports.iter();
    properties.extend(exports.map(|export| ("export", export.path.clone())));
    let anomalies = summary.anomalies.iter();
    properties.extend(anomalies.map(|anomaly| ("anomaly", anomaly.clone())));
    Suite {
        name: tool.name.clone(),
        properties,
        cases: vec![Case {
            class: tool.name.clone(),
            name: "complete".to_owned(),
            outcome,
        }],
    }
}

fn case<'r>(policy: &Policy, rule: &Rule, outcome: Outcome<'r>) -> Case<'r> {
    let name = match rule.title.trim() {
        "" => rule.id.clone(),
        title => format!("{}: {title}", rule.id),
    };
    Case {
        class: policy.id.clone(),
        name,
        outcome,
    }
}

/// Returns what came of a rule whose most severe finding is of this severity, and of whose
/// findings these are shown.
fn outcome<'r>(
    rule: &'r Rule,
    severity: Severity,
    counts: &'r Counts,
    (shown, waived): (Vec<Place>, Vec<String>),
) -> Outcome<'r> {
    let judged = counts.judged();
    if judged == 0 {
        return Outcome::Skipped("It applies to no record".to_owned());
    }
    match (counts.findings(), counts.waived) {
        (0, 0) => return Outcome::Passed,
        (0, all) => return Outcome::Skipped(all_waived(all, &waived)),
        (_, _) => {}
    }
    let message = Message {
        kind: severity.to_string(),
        message: format!(
            "{severity}: {} of {} judged",
            count_in_words(counts),
            grouped(judged)
        ),
        text: Text::Findings {
            rule,
            counts,
            shown,
        },
    };
    // A reader takes one of them for the case, and not to be met is the more severe.
    match counts.fail {
        0 => Outcome::Error(message),
        _ => Outcome::Failure(message),
    }
}

fn count_in_words(counts: &Counts) -> String {
    let mut words = format!("{} not met", grouped(counts.fail));
    if counts.error > 0 {
        // Writing to a string does not fail.
        _ = write!(words, ", {} not decided", grouped(counts.error));
    }
    if counts.waived > 0 {
        _ = write!(words, ", {} waived", grouped(counts.waived));
    }
    words
}

/// Returns the first findings of a rule, and what to do about it.
fn text(rule: &Rule, counts: &Counts, shown: &[Place], findings: &Findings) -> io::Result<String> {
    let mut text = String::from("\n");
    for place in shown {
        let row = findings.read(place)?;
        let status = since::status(&row);
        _ = writeln!(text, "{status}: {}", phrase::finding(&row));
    }
    more(
        &mut text,
        counts.findings().saturating_sub(shown.len() as u64),
    );
    for (heading, body) in [
        (RATIONALE, &rule.rationale),
        (REMEDIATION, &rule.remediation),
    ] {
        if !body.trim().is_empty() {
            _ = writeln!(text, "{heading}: {}", one_line(body));
        }
    }
    if !rule.references.is_empty() {
        _ = writeln!(
            text,
            "References: {}",
            escape_controls(&rule.references.join("; "))
        );
    }
    Ok(text)
}

fn lines<'l>(all: impl Iterator<Item = &'l str>) -> String {
    let lines = all.map(|line| format!("{}\n", escape_controls(line)));
    format!("\n{}", lines.collect::<String>())
}

/// Writes how many are not shown.
fn more(text: &mut String, number: u64) {
    if number > 0 {
        // Writing to a string does not fail.
        _ = writeln!(text, "… and {}", count(number, "other", "others"));
    }
}

impl Suite<'_> {
    fn write<W: Write>(&self, findings: &Findings, writer: &mut Writer<W>) -> io::Result<()> {
        let totals = CaseCounts::new(self.cases.iter());
        let mut suite = BytesStart::new("testsuite");
        attribute(&mut suite, "name", &self.name);
        numbers(&mut suite, &totals);
        attribute(&mut suite, "skipped", &totals.skipped.to_string());
        writer.write_event(Event::Start(suite.clone()))?;
        let properties = BytesStart::new("properties");
        writer.write_event(Event::Start(properties.clone()))?;
        for (name, value) in &self.properties {
            let mut property = BytesStart::new("property");
            attribute(&mut property, "name", name);
            attribute(&mut property, "value", value);
            writer.write_event(Event::Empty(property))?;
        }
        writer.write_event(Event::End(properties.to_end()))?;
        for case in &self.cases {
            case.write(findings, writer)?;
        }
        writer.write_event(Event::End(suite.to_end()))
    }
}

impl Case<'_> {
    fn write<W: Write>(&self, findings: &Findings, writer: &mut Writer<W>) -> io::Result<()> {
        let mut case = BytesStart::new("testcase");
        attribute(&mut case, "classname", &self.class);
        attribute(&mut case, "name", &self.name);
        // No clock: the same input gives the same bytes.
        attribute(&mut case, "time", "0");
        let (element, message) = match &self.outcome {
            Outcome::Passed => return writer.write_event(Event::Empty(case)),
            Outcome::Skipped(message) => {
                let mut skipped = BytesStart::new("skipped");
                attribute(&mut skipped, "message", message);
                (skipped, None)
            }
            Outcome::Failure(message) => (message.element("failure"), Some(message)),
            Outcome::Error(message) => (message.element("error"), Some(message)),
        };
        writer.write_event(Event::Start(case.clone()))?;
        match message {
            None => writer.write_event(Event::Empty(element))?,
            Some(message) => {
                writer.write_event(Event::Start(element.clone()))?;
                let text = message.text.words(findings)?;
                writer.write_event(Event::Text(BytesText::new(&chars(&text))))?;
                writer.write_event(Event::End(element.to_end()))?;
            }
        }
        writer.write_event(Event::End(case.to_end()))
    }
}

impl Text<'_> {
    fn words(&self, findings: &Findings) -> io::Result<Cow<'_, str>> {
        Ok(match self {
            Self::Incomplete(text) => text.into(),
            Self::Findings {
                rule,
                counts,
                shown,
            } => text(rule, counts, shown, findings)?.into(),
        })
    }
}

impl Message<'_> {
    fn element(&self, name: &'static str) -> BytesStart<'static> {
        let mut element = BytesStart::new(name);
        attribute(&mut element, "type", &self.kind);
        attribute(&mut element, "message", &self.message);
        element
    }
}

fn numbers(element: &mut BytesStart<'_>, totals: &CaseCounts) {
    for (name, number) in [
        ("tests", totals.tests),
        ("failures", totals.failures),
        ("errors", totals.errors),
    ] {
        attribute(element, name, &number.to_string());
    }
}

/// An attribute is one line: readers make blanks of line ends in it.
fn attribute(element: &mut BytesStart<'_>, name: &str, value: &str) {
    element.push_attribute((name, chars(&escape_controls(value)).as_ref()));
}

/// Text of characters of XML 1.0 alone (its production 2, `Char`): with another
/// one, even by number, the file would be none that a reader takes. The library
/// escapes markup and lets these through.
fn chars(text: &str) -> Cow<'_, str> {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_char) {
        return text.into();
    }
    let chars = text.chars();
    chars
        .map(|c| if is_char(c) { c } else { '\u{fffd}' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::report::fixture;
    use crate::report::model::row::FindingRow;

    #[test]
    fn no_character_that_xml_has_not_is_written() {
        assert_eq!(chars("a\tb\u{fffd}é\u{10ffff}"), "a\tb\u{fffd}é\u{10ffff}");
        assert_eq!(
            chars("\u{0}\u{b}\u{1f}\u{fffe}\u{ffff}"),
            "\u{fffd}".repeat(5)
        );
    }

    fn rule() -> Rule {
        Rule {
            title: "<t> & \"u\"\u{ffff}".into(),
            rationale: String::new(),
            remediation: "Do it.".into(),
            references: Vec::new(),
            ..fixture::rule("r", Severity::High)
        }
    }

    fn row() -> FindingRow<'static> {
        FindingRow {
            status: Status::Fail,
            customer_id: Some("]]><c>\u{1}\u{fffe}".into()),
            customer_name: None,
            evidence: Vec::new(),
            ..fixture::row()
        }
    }

    fn counts(pass: u64, fail: u64, error: u64) -> Counts {
        Counts {
            pass,
            fail,
            error,
            ..Counts::default()
        }
    }

    #[test]
    fn a_rule_fails_before_it_is_undecided_and_is_skipped_if_it_judges_nothing() {
        let of = |counts| match outcome(&rule(), Severity::High, &counts, Default::default()) {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(_) => "skipped".to_owned(),
            Outcome::Failure(message) => format!("failure {}", message.message),
            Outcome::Error(message) => format!("error {}", message.message),
        };
        assert_eq!(of(counts(0, 0, 0)), "skipped");
        assert_eq!(of(counts(1, 0, 0)), "passed");
        assert_eq!(
            of(counts(1, 2, 3)),
            "failure high: 2 not met, 3 not decided of 6 judged"
        );
        assert_eq!(
            of(counts(1, 0, 3)),
            "error high: 0 not met, 3 not decided of 4 judged"
        );
    }

    #[test]
    fn a_case_is_sound_xml_whatever_the_data() {
        let findings = Findings::of(std::iter::repeat_with(row).take(MAX_OF_RULE));
        let (rule, counts, shown) = (rule(), counts(0, 30, 0), findings.places().to_vec());
        let case = Case {
            class: "p".to_owned(),
            name: rule.title.clone(),
            outcome: outcome(&rule, Severity::High, &counts, (shown, Vec::new())),
        };
        let mut writer = Writer::new(Vec::new());
        case.write(&findings, &mut writer).expect("memory");
        let xml = String::from_utf8(writer.into_inner()).expect("text");
        assert!(xml.starts_with(
            "<testcase classname=\"p\" name=\"&lt;t&gt; &amp; &quot;u&quot;\\u{ffff}\" time=\"0\">"
        ));
        let who = "fail: ]]&gt;&lt;c&gt;\\u{1}\\u{fffe}: violated\n";
        assert_eq!(xml.matches(who).count(), MAX_OF_RULE, "{xml}");
        assert!(xml.contains("… and 10 others\n"), "{xml}");
    }
}
