//! JSON: one object that streams, or a line a finding.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use tempfile::SpooledTempFile;

use super::{Audit, Export, Rejected, Verdict, Words};
use crate::finding::{Counts, Coverage, Evidence, Finding};
use crate::policy::{Extended, Override, Policies, Rule, Severity};
use crate::record::text::is_unsafe;
use crate::record::time;

#[derive(Serialize, JsonSchema)]
struct Head<'a> {
    tool: Tool,
    as_of: String,
    policies: Vec<PolicyHead<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct PolicyHead<'a> {
    id: &'a str,
    title: &'a str,
    version: &'a str,
    path: &'a str,
    sha256: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extends: Vec<ExtendsItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    #[schemars(with = "BTreeMap<String, String>")]
    params: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<OverrideItem<'a>>,
    rules: Vec<RuleHead<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct ExtendsItem<'a> {
    path: &'a str,
    sha256: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct OverrideItem<'a> {
    rule: &'a str,
    change: &'a str,
    because: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct RuleHead<'a> {
    id: &'a str,
    title: &'a str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    rationale: &'a str,
    remediation: &'a str,
    references: &'a [String],
}

impl<'a> Head<'a> {
    fn of(audit: &Audit<'a>) -> Self {
        let tool = Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        };
        let policies = audit.policies.all.iter().map(|policy| PolicyHead {
            id: &policy.id,
            title: &policy.title,
            version: &policy.version,
            path: &policy.path,
            sha256: &policy.sha256,
            extends: policy
                .extends
                .iter()
                .map(|Extended { path, sha256, .. }| ExtendsItem { path, sha256 })
                .collect(),
            params: policy
                .params
                .iter()
                .map(|param| (param.name.as_str(), param.value.as_str()))
                .collect(),
            overrides: policy.overrides.iter().map(OverrideItem::of).collect(),
            rules: policy.rules.iter().map(RuleHead::of).collect(),
        });
        Self {
            tool,
            as_of: time::show(audit.as_of),
            policies: policies.collect(),
        }
    }
}

impl<'a> OverrideItem<'a> {
    fn of(change: &'a Override) -> Self {
        Self {
            rule: &change.rule,
            change: &change.change,
            because: &change.because,
        }
    }
}

impl<'a> RuleHead<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            id: &rule.id,
            title: &rule.title,
            severity: rule.severity.name(),
            check: rule.check.as_deref(),
            rationale: &rule.rationale,
            remediation: &rule.remediation,
            references: &rule.references,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct FindingLine<'a> {
    policy: &'a str,
    rule: &'a str,
    severity: &'static str,
    status: &'static str,
    reason: &'static str,
    customer_id: Option<Cow<'a, str>>,
    customer_name: Option<Cow<'a, str>>,
    evidence: Vec<Evidence<'a>>,
    fingerprint: String,
    export: Option<&'a str>,
    /// 0, until the number is known.
    record: Option<u8>,
}

impl<'a> FindingLine<'a> {
    fn of(finding: &Finding<'a>) -> Self {
        Self {
            policy: &finding.policy.id,
            rule: &finding.rule.id,
            severity: finding.rule.severity.name(),
            status: finding.outcome.name(),
            reason: finding.reason.name(),
            customer_id: finding.customer_id(),
            customer_name: finding.customer_name(),
            evidence: finding.evidence(),
            fingerprint: finding.fingerprint(),
            export: finding.export,
            record: finding.number.map(|_| 0),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct RejectedItem<'a> {
    export: &'a str,
    record: u64,
    offset: u64,
    cause: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct ExportItem<'a> {
    path: &'a str,
    format: &'a str,
    records: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct CoverageItem {
    value: u64,
    missing: u64,
    null: u64,
    empty: u64,
    bad: u64,
    coerced: u64,
}

impl From<&Coverage> for CoverageItem {
    fn from(coverage: &Coverage) -> Self {
        Self {
            value: coverage.value,
            missing: coverage.missing,
            null: coverage.null,
            empty: coverage.empty,
            bad: coverage.bad,
            coerced: coverage.coerced,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct CountsItem {
    pass: u64,
    fail: u64,
    error: u64,
    not_applicable: u64,
    waived: u64,
}

impl From<Counts> for CountsItem {
    fn from(counts: Counts) -> Self {
        Self {
            pass: counts.pass,
            fail: counts.fail,
            error: counts.error,
            not_applicable: counts.not_applicable,
            // Nothing can be waived yet; readers may count on the key.
            waived: 0,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct RuleCounts<'a> {
    policy: &'a str,
    rule: &'a str,
    severity: &'static str,
    #[serde(flatten)]
    counts: CountsItem,
}

#[derive(Serialize, JsonSchema)]
struct SummaryItem<'a> {
    complete: bool,
    incomplete_because: Vec<String>,
    records: u64,
    in_scope: u64,
    rejected: u64,
    #[serde(flatten)]
    counts: CountsItem,
    by_rule: Vec<RuleCounts<'a>>,
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "BTreeMap<String, CountsItem>")]
    by_severity: Vec<(&'static str, CountsItem)>,
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "BTreeMap<String, u64>")]
    unknown_keys: Vec<(&'a str, u64)>,
    deleted_at_epoch: u64,
    protocol_lines: u64,
    alarms: Vec<String>,
}

/// A JSON report, as a type: what is written piece by piece.
#[derive(JsonSchema)]
#[schemars(title = "A report", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is asked for")]
struct Whole<'a> {
    #[schemars(flatten)]
    head: Head<'a>,
    findings: Vec<FindingLine<'a>>,
    rejected: Vec<RejectedItem<'a>>,
    exports: Vec<ExportItem<'a>>,
    coverage: BTreeMap<String, CoverageItem>,
    summary: SummaryItem<'a>,
}

/// The JSON Schema of a JSON report.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<Whole<'_>>();
    schema.to_value()
}

/// Pairs as an object, in their order.
fn as_map<S: Serializer, K: Serialize, V: Serialize>(
    pairs: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

impl<'a> SummaryItem<'a> {
    fn of(policies: &'a Policies, verdict: &'a Verdict<'_>) -> Self {
        let summary = verdict.summary;
        let by_rule = policies
            .rules()
            .zip(&summary.by_rule)
            .map(|((policy, rule), counts)| RuleCounts {
                policy: &policy.id,
                rule: &rule.id,
                severity: rule.severity.name(),
                counts: (*counts).into(),
            });
        let by_severity = Severity::ALL.iter().rev().map(|severity| {
            let counts = summary.counts_of(policies, *severity);
            (severity.name(), counts.into())
        });
        Self {
            complete: verdict.is_complete(),
            incomplete_because: verdict.gaps.iter().map(|gap| gap.show(policies)).collect(),
            records: summary.records,
            in_scope: summary.in_scope,
            rejected: summary.rejected,
            counts: summary.counts().into(),
            by_rule: by_rule.collect(),
            by_severity: by_severity.collect(),
            unknown_keys: summary.unknown_keys.commonest(),
            deleted_at_epoch: summary.epoch_deleted,
            protocol_lines: summary.protocol_lines,
            alarms: summary
                .alarms(policies)
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

/// JSON in which nothing steers a terminal: what could is escaped.
#[derive(Clone, Copy, Default)]
struct Quiet;

impl Formatter for Quiet {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        if !fragment.is_ascii() || fragment.contains('\u{7f}') {
            for (at, c) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
                writer.write_all(&fragment.as_bytes()[plain..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                plain = at + c.len_utf8();
            }
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(writer, escape)
    }
}

fn write_json<W: Write + ?Sized>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Quiet);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Words findings as objects.
pub enum Renderer {
    /// Each with a comma before it.
    Listed,
    /// Each on its line.
    Lines,
}

impl super::Renderer for Renderer {
    fn finding(&self, finding: &Finding<'_>, words: &mut Words) -> io::Result<()> {
        if let Renderer::Listed = self {
            words.bytes.extend_from_slice(b",\n");
        }
        write_json(&FindingLine::of(finding), &mut words.bytes)?;
        // The number is the last that stands in the object.
        if let Some(number) = finding.number {
            words.mark(words.bytes.len() - "0}".len(), number);
        }
        if let Renderer::Lines = self {
            words.bytes.push(b'\n');
        }
        Ok(())
    }
}

/// How many bytes of rejected records wait in memory; more wait in a file.
const SPOOL: usize = 1 << 20;

/// Writes one object.
pub struct Reporter {
    listed: bool,
    rejected: SpooledTempFile,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            listed: false,
            rejected: SpooledTempFile::new(SPOOL),
        }
    }
}

impl super::Reporter for Reporter {
    fn start(&mut self, audit: &Audit<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut head = Vec::new();
        write_json(&Head::of(audit), &mut head)?;
        // The object goes on.
        head.pop();
        out.write_all(&head)?;
        out.write_all(b",\"findings\":[")
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if worded.is_empty() {
            return Ok(());
        }
        // The first has no other before its comma.
        let skip = usize::from(!self.listed);
        self.listed = true;
        out.write_all(&worded[skip..])
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.stream_position()? > 0 {
            self.rejected.write_all(b",\n")?;
        }
        let item = RejectedItem {
            export: rejected.export,
            record: rejected.record,
            offset: rejected.offset,
            cause: rejected.cause,
        };
        write_json(&item, &mut self.rejected)
    }

    fn finish(
        mut self: Box<Self>,
        audit: &Audit<'_>,
        verdict: &Verdict<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        out.write_all(b"],\n\"rejected\":[")?;
        self.rejected.rewind()?;
        io::copy(&mut self.rejected, out)?;
        out.write_all(b"],\n\"exports\":")?;
        let exports: Vec<_> = verdict.exports.iter().map(export).collect();
        write_json(&exports, out)?;
        out.write_all(b",\n\"coverage\":")?;
        let fields = audit.policies.schema.wanted();
        let coverage: BTreeMap<_, CoverageItem> = fields
            .iter()
            .zip(&verdict.summary.coverage)
            .map(|(field, coverage)| (field.name.as_str(), coverage.into()))
            .collect();
        write_json(&coverage, out)?;
        out.write_all(b",\n\"summary\":")?;
        write_json(&SummaryItem::of(audit.policies, verdict), out)?;
        out.write_all(b"}\n")
    }
}

fn export(export: &Export) -> ExportItem<'_> {
    ExportItem {
        path: &export.path,
        format: export.format,
        records: export.records,
        rejected: export.rejected,
        problem: export.problem.as_deref(),
    }
}

/// Writes lines, and the summary as the last.
pub struct LineReporter;

impl super::Reporter for LineReporter {
    fn start(&mut self, _: &Audit<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(worded)
    }

    /// Lines are findings; the summary counts what was rejected.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        audit: &Audit<'_>,
        verdict: &Verdict<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        out.write_all(b"{\"summary\":")?;
        write_json(&SummaryItem::of(audit.policies, verdict), out)?;
        out.write_all(b"}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_whole_and_steers_no_terminal() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}é\"\\\u{e0041}";
        let mut out = Vec::new();
        write_json(&text, &mut out).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(out, r#""a\u001b\u007f\u009b\u202eé\"\\\udb40\udc41""#);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }
}
