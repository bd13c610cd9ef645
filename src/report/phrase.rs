//! Sentences that several formats have in common.

use std::borrow::Cow;

use super::model::footer::{ExpectedCustomers, Summary, Verdict};
use super::model::row::{FindingRow, WaivedBy};
use crate::text::{count, escape_controls, grouped};
use crate::waiver::WaiverCounts;

/// Says where the findings are that a report has no room for.
pub const WHERE_ALL_ARE: &str = "a csv or json report of the same run has all findings";

/// Says where the remediation of rules is that a report has no room for.
pub const WHERE_REMEDIATION_IS: &str = "csv and json reports have their remediation";

/// The heading of what to do about a rule that is not met.
pub const REMEDIATION: &str = "Remediation";

/// The heading of why a rule is asked.
pub const RATIONALE: &str = "Why it matters";

/// The heading of what must not be read into the evidence of a policy.
pub const BOUNDS: &str = "Limits of this evidence";

/// The heading of what the audit says of controls of frameworks.
pub const CONTROLS: &str = "Controls";

/// Says how to read what the audit says of controls.
pub const OF_CONTROLS: &str = "each status is about the accounts of this run, by the rules that \
                               are named, and never about the framework as a whole";

/// Says where the controls are that a report has no room for.
pub const WHERE_CONTROLS_ARE: &str = "json, html and controls reports have all";

/// The heading of what to do.
pub const TASKS: &str = "What to do";

/// The largest number of characters of a value: a row is for one look.
const MAX_VALUE: usize = 120;

/// Returns the beginning of a long value.
pub fn short(value: &str) -> Cow<'_, str> {
    beginning(value, MAX_VALUE)
}

/// Returns the beginning of a text that is longer than so many characters.
pub fn beginning(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some(_) => {
            // The sign that there is more is one of them.
            let kept: String = text.chars().take(max - 1).collect();
            format!("{kept}…").into()
        }
        None => text.into(),
    }
}

/// Returns prose of a policy on one line, as it can be shown.
pub fn one_line(prose: &str) -> String {
    escape_controls(&prose.replace('\n', " ")).into_owned()
}

/// Returns the first of these texts that is not blank, on one line; nothing, if all
/// are blank.
pub fn first_of(texts: [&str; 2]) -> String {
    let text = texts.into_iter().find(|text| !text.trim().is_empty());
    one_line(text.unwrap_or_default())
}

/// Says whom a finding is about and what was observed, on one line that steers
/// nothing.
pub fn finding(row: &FindingRow<'_>) -> String {
    let mut text = escape_controls(&short(row.whom())).into_owned();
    if let Some(name) = row.customer_name.as_deref()
        && !name.trim().is_empty()
    {
        text = format!("{text} ({})", escape_controls(&short(name)));
    }
    let shown = |text: &str| escape_controls(&short(text)).into_owned();
    let evidence = row.statements();
    let evidence: Vec<_> = evidence
        .map(|statement| statement.line(shown, shown, shown))
        .collect();
    let observed = match evidence.as_slice() {
        [] => row.reason.name().to_owned(),
        evidence => evidence.join("; "),
    };
    format!("{text}: {observed}")
}

/// Says by what a finding is waived, on one line that steers nothing.
pub fn waiver(waiver: &WaivedBy<'_>) -> String {
    let WaivedBy {
        id,
        reason,
        ticket,
        approved_by,
        expires,
    } = waiver;
    let ticket = ticket.as_deref().map(|ticket| format!(", {ticket}"));
    let text = format!(
        "{} until {}: {} (approved by {}{})",
        short(id),
        short(expires),
        short(reason),
        short(approved_by),
        short(&ticket.unwrap_or_default()),
    );
    escape_controls(&text).into_owned()
}

/// The heading of what a run made of its waivers.
pub const WAIVERS: &str = "Waivers";

/// Says what a run made of its waivers.
pub fn waivers(counts: &WaiverCounts) -> String {
    let WaiverCounts {
        in_force,
        used,
        unused,
        mismatched,
        expired,
        ending,
    } = *counts;
    let mut words = format!("{} in force, {} used", grouped(in_force), grouped(used));
    for (number, one, many) in [
        (mismatched, "does not hold", "do not hold"),
        (unused, "is unused", "are unused"),
        (ending, "ends within 30 days", "end within 30 days"),
        (expired, "has expired", "have expired"),
    ] {
        if number > 0 {
            words += &format!(", {}", count(number, one, many));
        }
    }
    words
}

/// Says how the exports compare with the customers that had to be in them.
pub fn expected(customers: &ExpectedCustomers) -> String {
    let ExpectedCustomers {
        path,
        customers,
        missing,
        unexpected,
        ..
    } = customers;
    let all = count(*customers, "customer", "customers");
    let path = escape_controls(path);
    let missing = match missing {
        0 => "all there".to_owned(),
        missing => format!("{} missing", grouped(*missing)),
    };
    let more = match unexpected {
        0 => String::new(),
        more => format!(", {} not expected", grouped(*more)),
    };
    format!("{all} by {path}: {missing}{more}")
}

/// Says what an audit came to, after the word of its verdict.
pub fn outcome(summary: &Summary) -> String {
    let waived = summary.counts.waived;
    let findings = summary.counts.findings();
    let listed = match findings {
        0 => "no finding".to_owned(),
        findings => count(findings, "finding", "findings"),
    };
    let by_rule = summary.by_rule.iter();
    let inapplicable = by_rule.filter(|rule| rule.counts.judged() == 0).count() as u64;
    let unjudged: Vec<_> = summary.unjudged().collect();
    let mut met = match summary.verdict() {
        Verdict::Pass => {
            let rules = match inapplicable {
                0 => "every rule",
                _ => "every rule that applied",
            };
            let or_waived = if waived > 0 { " or waived" } else { "" };
            format!("{rules} is met{or_waived}")
        }
        Verdict::NothingJudged if unjudged.len() < summary.by_policy.len() => {
            // Names are of a few letters, as a rule; one that is not steers nothing.
            let names = unjudged.iter().map(|id| escape_controls(id));
            format!("by {}; {listed}", names.collect::<Vec<_>>().join(", "))
        }
        Verdict::NothingJudged if findings == 0 => "no rule applied".to_owned(),
        Verdict::NothingJudged
        | Verdict::Incomplete
        | Verdict::NotJudged
        | Verdict::NothingOpen
        | Verdict::Findings => listed,
    };
    if waived > 0 {
        met += &format!(", {} waived", grouped(waived));
    }
    let none = match (summary.verdict(), inapplicable) {
        (Verdict::Pass, 1..) => format!(
            "; {} applied to no record",
            count(inapplicable, "rule", "rules")
        ),
        _ => String::new(),
    };
    let since = match &summary.since {
        Some(counts) => format!("; {}", counts.in_words(waived)),
        None => String::new(),
    };
    // How many records were read says nothing of a slice.
    match summary.slice {
        Some(_) => format!("{met}{since}"),
        None => {
            let comma = if waived > 0 { "," } else { "" };
            format!("{met}{comma} in {}{none}{since}", records(summary))
        }
    }
}

/// Says how many records were read, and how many of them were judged.
pub fn records(summary: &Summary) -> String {
    format!(
        "{} ({} in scope, {} rejected)",
        count(summary.records, "record", "records"),
        grouped(summary.in_scope),
        grouped(summary.rejected),
    )
}

/// Says that an audit is not complete.
pub const NOT_COMPLETE: &str = "The audit is not complete";

/// Says why an audit is not complete, on one line, for a place that shows no verdict.
pub fn reasons(summary: &Summary) -> String {
    let reasons = summary.reasons().collect::<Vec<_>>().join("; ");
    match summary.verdict() {
        verdict @ Verdict::NothingJudged => format!("{}: {reasons}", verdict.word()),
        Verdict::Incomplete
        | Verdict::NotJudged
        | Verdict::NothingOpen
        | Verdict::Pass
        | Verdict::Findings => reasons,
    }
}

/// Returns a sentence with a capital letter at its beginning.
pub fn capitalised(mut sentence: String) -> String {
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}
