//! Metrics, as OpenMetrics text for a collector that reads files: what a run came to, counted.
//! It names policies and severities, and no customer.
//!
//! Only gauges, without timestamps: the textfile collector of node_exporter drops a file that
//! has a metric of the type `info`, or a timestamp. Each series that can be there is there,
//! with 0 where there is nothing, so that an alert never waits for one that is absent.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::{self, Write};

use strum::VariantArray as _;

use crate::finding::Status;
use crate::policy::Severity;
use crate::report::model::footer::{Footer, Summary};
use crate::report::model::header::Header;
use crate::report::model::life::{Since, SinceCounts, SinceOfRule};
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, Rendered};
use crate::report::settings::Settings;
use crate::text::escape_controls;
use crate::variants::{place, variant};

/// What findings are counted by: the index of the rule, severity, status, and how they relate
/// to the night before.
type Kind = (usize, Severity, Status, Option<Since>);

/// Renders what a finding is counted by.
pub struct Renderer;

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let since = found.row.life.map(|life| life.since);
        let kind = [
            place(&found.row.severity),
            place(&found.row.status),
            since.map_or(NOT_COMPARED, |since| place(&since)),
        ];
        // There are fewer rules than bytes in a policy.
        let rule = u32::try_from(found.rule_index).unwrap_or(u32::MAX);
        rendered.bytes.extend(rule.to_le_bytes());
        rendered.bytes.extend(kind);
        Ok(())
    }
}

/// The bytes of a rendered finding.
const BYTES: usize = 7;

/// Stands for how a finding relates to the night before in a run that is compared with none.
const NOT_COMPARED: u8 = u8::MAX;

fn kind(bytes: [u8; BYTES]) -> Option<Kind> {
    let [a, b, c, d, severity, status, since] = bytes;
    let rule = u32::from_le_bytes([a, b, c, d]) as usize;
    let (severity, status) = (variant(severity).ok()?, variant(status).ok()?);
    Some((rule, severity, status, variant(since).ok()))
}

/// Counts findings, and writes what all adds up to.
pub struct Reporter {
    job: Option<String>,
    /// As they were rendered.
    findings: BTreeMap<[u8; BYTES], u64>,
}

impl Reporter {
    /// Returns the reporter of a run without a finding yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            job: settings.job.clone(),
            findings: BTreeMap::new(),
        }
    }

    /// Returns what tells the run from others whose metrics one collector reads.
    fn job(&self, header: &Header) -> String {
        let policies = header.policies.iter().map(|policy| policy.id.as_str());
        let policies = || policies.collect::<Vec<_>>().join("+");
        self.job.clone().unwrap_or_else(policies)
    }

    fn number(&self, of: impl Fn(&Kind) -> bool) -> u64 {
        let findings = self.findings.iter();
        let findings = findings.filter(|(bytes, _)| kind(**bytes).is_some_and(|kind| of(&kind)));
        findings.map(|(_, number)| number).sum()
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        let (findings, _) = rendered.bytes.as_chunks();
        for bytes in findings {
            *self.findings.entry(*bytes).or_default() += 1;
        }
        Ok(())
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut metrics = Metrics {
            job: self.job(header),
            out,
        };
        metrics.of_run(header, footer)?;
        self.of_findings(header, &footer.summary, &mut metrics)?;
        if let Some(since) = &footer.summary.since {
            metrics.of_nights(header, &footer.summary, since)?;
        }
        writeln!(metrics.out, "# EOF")
    }
}

impl Reporter {
    fn of_findings(
        &self,
        header: &Header,
        summary: &Summary,
        metrics: &mut Metrics<'_>,
    ) -> io::Result<()> {
        let mut family = metrics.family("audit_findings", "Findings, the waived among them.")?;
        let rules: Vec<_> = header
            .rules()
            .map(|(policy, _)| policy.id.as_str())
            .collect();
        let sinces: Vec<_> = match summary.since {
            Some(_) => Since::VARIANTS.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        for policy in header.policies.iter().map(|policy| policy.id.as_str()) {
            for severity in Severity::ALL.into_iter().rev() {
                for status in Status::VARIANTS {
                    for since in &sinces {
                        let number = self.number(|kind| {
                            let is_of_policy = rules.get(kind.0) == Some(&policy);
                            is_of_policy && (kind.1, kind.2, kind.3) == (severity, *status, *since)
                        });
                        let since = since.map(|since| ("since", since.into()));
                        let labels = [
                            ("policy", policy),
                            ("severity", severity.name()),
                            ("status", status.name()),
                        ];
                        let labels: Vec<_> = labels.into_iter().chain(since).collect();
                        family.is(&labels, number)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Writes metrics.
struct Metrics<'o> {
    job: String,
    out: &'o mut dyn Write,
}

/// Writes the values of one metric.
struct Family<'m> {
    name: &'static str,
    job: &'m str,
    out: &'m mut dyn Write,
}

impl Metrics<'_> {
    fn family(&mut self, name: &'static str, help: &str) -> io::Result<Family<'_>> {
        writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
        Ok(Family {
            name,
            job: &self.job,
            out: self.out,
        })
    }

    fn one(&mut self, name: &'static str, help: &str, value: impl Display) -> io::Result<()> {
        self.family(name, help)?.is(&[], value)
    }

    fn of_run(&mut self, header: &Header, footer: &Footer) -> io::Result<()> {
        let summary = &footer.summary;
        self.one(
            "audit_complete",
            "Whether every byte was read and every record judged.",
            u8::from(summary.complete),
        )?;
        self.one(
            "audit_as_of_timestamp_seconds",
            "The instant at which records were judged.",
            header.instant().timestamp(),
        )?;
        let mut family = self.family("audit_records", "Records met.")?;
        let scope = summary.in_scope;
        let others = summary.records.saturating_sub(summary.rejected + scope);
        let rejected = summary.rejected;
        for (state, number) in [
            ("in-scope", scope),
            ("out-of-scope", others),
            ("rejected", rejected),
        ] {
            family.is(&[("state", state)], number)?;
        }
        let mut family = self.family(
            "audit_policy_judged",
            "Whether any rule of the policy judged a record.",
        )?;
        for reach in &summary.by_policy {
            family.is(&[("policy", &reach.policy)], u8::from(reach.judged))?;
        }
        self.one(
            "audit_anomalies",
            "What somebody should look at, although it breaks no rule.",
            summary.anomalies.len(),
        )?;
        let mut family = self.family("audit_waivers", "Waivers of the run.")?;
        let waivers = summary.waivers.unwrap_or_default();
        for (state, number) in [
            ("in-force", waivers.in_force),
            ("used", waivers.used),
            ("unused", waivers.unused),
            ("mismatched", waivers.mismatched),
            ("expired", waivers.expired),
            ("ending", waivers.ending),
        ] {
            family.is(&[("state", state)], number)?;
        }
        Ok(())
    }

    fn of_nights(
        &mut self,
        header: &Header,
        summary: &Summary,
        since: &SinceCounts,
    ) -> io::Result<()> {
        let mut family = self.family(
            "audit_ended",
            "Findings of the night before that are none of this one, by what became of them.",
        )?;
        for (end, number) in since.ends() {
            family.is(&[("state", end.as_ref())], number)?;
        }
        family.is(&[("state", "unknown")], since.unknown)?;
        let mut family = self.family(
            "audit_overdue",
            "Findings whose deadline has passed, those that were carried on among them.",
        )?;
        each_severity(header, |policy, severity| {
            let rows = of(summary, policy, severity);
            let overdue: u64 = rows.map(|row| row.overdue).sum();
            family.is(&labels(policy, severity), overdue)
        })?;
        let mut family = self.family(
            "audit_oldest_finding_age_seconds",
            "How long ago the oldest finding was first seen; 0, where there is none.",
        )?;
        each_severity(header, |policy, severity| {
            let oldest = of(summary, policy, severity)
                .filter_map(|row| row.oldest)
                .min();
            let age = oldest.map_or(0, |oldest| (header.instant() - oldest).num_seconds());
            family.is(&labels(policy, severity), age)
        })
    }
}

fn of<'s>(
    summary: &'s Summary,
    policy: &str,
    severity: Severity,
) -> impl Iterator<Item = &'s SinceOfRule> {
    let rows = summary.since_by_rule.iter();
    rows.filter(move |row| row.policy == policy && row.severity == severity)
}

fn labels(policy: &str, severity: Severity) -> [(&'static str, &str); 2] {
    [("policy", policy), ("severity", severity.name())]
}

fn each_severity(
    header: &Header,
    mut write: impl FnMut(&str, Severity) -> io::Result<()>,
) -> io::Result<()> {
    for policy in &header.policies {
        for severity in Severity::ALL.into_iter().rev() {
            write(&policy.id, severity)?;
        }
    }
    Ok(())
}

impl Family<'_> {
    fn is(&mut self, labels: &[(&str, &str)], value: impl Display) -> io::Result<()> {
        write!(self.out, "{}{{job=\"{}\"", self.name, Escaped(self.job))?;
        for (name, text) in labels {
            write!(self.out, ",{name}=\"{}\"", Escaped(text))?;
        }
        writeln!(self.out, "}} {value}")
    }
}

/// Shows the text of a label.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in escape_controls(self.0).chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_label_is_escaped() {
        let shown = Escaped("a\\b\"c\u{1b}").to_string();
        assert_eq!(shown, "a\\\\b\\\"c\\\\u{1b}");
    }
}
