//! The outline of a report: all that it says but its findings, which are counted.

use std::io::Read;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::tally::{Kind, Tally, unlike_exports};
use crate::closed;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, SCHEMA_VERSION};

/// Holds what a report says beside its findings.
pub struct Outline {
    /// What it is about.
    pub header: Header,
    /// What the audit came to.
    pub footer: Footer,
    /// How many findings come before its last line; none, if it is one object.
    pub lines: Option<u64>,
}

/// Says why there is no outline.
pub enum Fault {
    /// It cannot be read, or is no JSON.
    Json(serde_json::Error),
    /// It is no report.
    NoReport,
    /// Its shape is of a version that is not known yet.
    Newer(u64),
    /// A report does not say this.
    Broken(String),
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// A part of a report, which is looked into once it is known who wrote it.
type Part = Option<Box<RawValue>>;

/// Represents an object of a report, with its keys in any order: all of a JSON report,
/// a line of NDJSON, or what the last line has in `report`.
#[derive(Deserialize)]
struct Object {
    // Of a report.
    tool: Part,
    schema_version: Option<u64>,
    fingerprint_scheme: Part,
    as_of: Part,
    policies: Part,
    findings: Option<Tally>,
    rejected: Option<serde::de::IgnoredAny>,
    exports: Part,
    coverage: Part,
    // Of the last line.
    summary: Part,
    report: Option<Box<Object>>,
    // Of a finding.
    policy: Option<String>,
    rule: Option<String>,
    severity: Option<String>,
    status: Option<String>,
}

/// Holds the only clock of the run.
#[derive(Deserialize)]
struct Instant(#[serde(deserialize_with = "closed::instant")] String);

/// Says what an object of a report is.
enum Role {
    /// All of it.
    Whole(Tally),
    /// Its last line.
    Last(Object),
    /// One of its findings.
    Finding(Kind),
    /// None of these.
    Unknown,
}

impl Object {
    /// Returns what it is, and the object without that.
    fn role(mut self) -> (Role, Self) {
        if let Some(findings) = self.findings.take() {
            return (Role::Whole(findings), self);
        }
        if let Some(report) = self.report.take() {
            return (Role::Last(*report), self);
        }
        let role = match (
            self.policy.take(),
            self.rule.take(),
            self.severity.take(),
            self.status.take(),
        ) {
            (Some(policy), Some(rule), Some(severity), Some(status)) => Role::Finding(Kind {
                policy,
                rule,
                severity,
                status,
            }),
            _ => Role::Unknown,
        };
        (role, self)
    }

    fn into_outline(
        self,
        summary: Part,
        tally: &Tally,
        lines: Option<u64>,
    ) -> Result<Outline, Fault> {
        let schema_version = self
            .schema_version
            .ok_or_else(|| missing("schema_version"))?;
        let Some(schema_version) = known(schema_version) else {
            return Err(Fault::Newer(schema_version));
        };
        let header = Header {
            tool: part("tool", self.tool)?,
            schema_version,
            fingerprint_scheme: part("fingerprint_scheme", self.fingerprint_scheme)?,
            as_of: part::<Instant>("as_of", self.as_of)?.0,
            policies: part("policies", self.policies)?,
        };
        let mut footer = Footer {
            exports: part("exports", self.exports)?,
            coverage: part("coverage", self.coverage)?,
            summary: part("summary", summary)?,
        };
        footer.summary.sort();
        if self.rejected.is_none() {
            return Err(missing("rejected"));
        }
        let rules = header.rules();
        let rules = rules.map(|(policy, rule)| (policy.id.as_str(), rule.id.as_str()));
        let counted = footer.summary.by_rule.iter();
        if !rules.eq(counted.map(|rule| (rule.policy.as_str(), rule.rule.as_str()))) {
            let why = "its summary counts other rules than its policies have";
            return Err(Fault::Broken(why.to_owned()));
        }
        let contradiction = tally.contradiction(&footer.summary);
        match contradiction.or_else(|| unlike_exports(&footer)) {
            Some(why) => Err(Fault::Broken(why)),
            None => Ok(Outline {
                header,
                footer,
                lines,
            }),
        }
    }
}

/// Returns the version of a shape that this program can read.
fn known(schema_version: u64) -> Option<u32> {
    let version = u32::try_from(schema_version).ok();
    version.filter(|version| *version <= SCHEMA_VERSION)
}

fn missing(key: &str) -> Fault {
    Fault::Broken(format!("there is no `{key}`"))
}

/// Looks into a part.
fn part<T: DeserializeOwned>(key: &str, part: Part) -> Result<T, Fault> {
    let part = part.ok_or_else(|| missing(key))?;
    serde_json::from_str(part.get()).map_err(|error| {
        // Its line and column would be those in the part.
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Fault::Broken(format!("`{key}`: {why}"))
    })
}

impl Outline {
    /// Reads a report to its end.
    ///
    /// # Errors
    ///
    /// It is none, or has other findings than it counts.
    pub fn read(report: impl Read) -> Result<Self, Fault> {
        let mut objects = serde_json::Deserializer::from_reader(report).into_iter::<Object>();
        let (mut tally, mut lines) = (Tally::default(), 0);
        while let Some(object) = objects.next().transpose()? {
            let outline = match (lines, object.role()) {
                (_, (Role::Finding(kind), _)) => {
                    tally.count(kind);
                    lines += 1;
                    continue;
                }
                (_, (Role::Last(report), last)) => {
                    report.into_outline(last.summary, &tally, Some(lines))
                }
                (0, (Role::Whole(findings), mut whole)) => {
                    let summary = whole.summary.take();
                    whole.into_outline(summary, &findings, None)
                }
                (0, (Role::Unknown, _)) => Err(Fault::NoReport),
                (_, (Role::Whole(_) | Role::Unknown, _)) => {
                    let why = format!("line {} is neither a finding nor the last line", lines + 1);
                    Err(Fault::Broken(why))
                }
            };
            return match objects.next().transpose()? {
                Some(_) if outline.is_ok() => {
                    let why = "something follows its end";
                    Err(Fault::Broken(why.to_owned()))
                }
                Some(_) | None => outline,
            };
        }
        match lines {
            0 => Err(Fault::NoReport),
            _ => {
                let why = "its last line, which has the summary, is missing";
                Err(Fault::Broken(why.to_owned()))
            }
        }
    }
}
