//! The outline of a report: all that it says but its findings, which are counted.

use std::io::Read;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::ended_tally::EndedTally;
use super::tally::{Kind, Tally, unlike_exports};
use crate::closed;
use crate::report::model::control;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, SCHEMA_VERSION};

/// Holds what a report says beside its findings.
pub struct Outline {
    /// What it is about.
    pub header: Header,
    /// What the audit came to.
    pub footer: Footer,
    /// What comes before its last line; none, if it is one object.
    pub lines: Option<Lines>,
}

/// Counts the lines before the last, findings first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// Findings.
    pub findings: u64,
    /// Findings of the night before that are none of this one.
    pub ended: u64,
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
    pseudonym_key: Part,
    #[serde(default, deserialize_with = "closed::present")]
    previous: Part,
    listed: Part,
    policies: Part,
    waivers: Part,
    findings: Option<Tally>,
    closed: Option<EndedTally>,
    carried: Option<EndedTally>,
    rejected: Option<serde::de::IgnoredAny>,
    exports: Part,
    coverage: Part,
    controls: Part,
    // Of the last line.
    summary: Part,
    report: Option<Box<Object>>,
    // Of a finding.
    policy: Option<String>,
    rule: Option<String>,
    severity: Option<String>,
    status: Option<String>,
    // Of one that ended.
    state: Option<String>,
}

/// Holds the only clock of the run.
#[derive(Deserialize)]
struct Instant(#[serde(deserialize_with = "closed::instant")] String);

/// Says what an object of a report is.
enum Role {
    /// All of it, with its findings and those that ended.
    Whole(Tally, EndedTally),
    /// Its last line.
    Last(Box<Object>),
    /// One of its findings.
    Finding(Kind),
    /// A finding of the night before that is none of it, with what became of it.
    Ended(String),
    /// None of these.
    Unknown,
}

impl Object {
    /// Returns what it is, and the object without that.
    fn role(mut self) -> (Role, Self) {
        if let Some(findings) = self.findings.take() {
            let mut ended = self.closed.take().unwrap_or_default();
            ended.add(self.carried.take().unwrap_or_default());
            return (Role::Whole(findings, ended), self);
        }
        if let Some(report) = self.report.take() {
            return (Role::Last(report), self);
        }
        if let Some(state) = self.state.take() {
            return (Role::Ended(state), self);
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
        (tally, ended): (&Tally, &EndedTally),
        lines: Option<Lines>,
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
            pseudonym_key: self
                .pseudonym_key
                .map(|key| part("pseudonym_key", Some(key)))
                .transpose()?,
            previous: self
                .previous
                .map(|previous| part("previous", Some(previous)))
                .transpose()?,
            listed: match self.listed {
                Some(listed) => part("listed", Some(listed))?,
                None => Vec::new(),
            },
            policies: part("policies", self.policies)?,
            waivers: match self.waivers {
                Some(waivers) => part("waivers", Some(waivers))?,
                None => Vec::new(),
            },
        };
        let mut footer = Footer {
            exports: part("exports", self.exports)?,
            coverage: part("coverage", self.coverage)?,
            summary: part("summary", summary)?,
            controls: part("controls", self.controls)?,
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
        if header.listed.is_empty() != footer.summary.listed.is_none() {
            let why = "`listed` is given at its head and in its summary, or not at all";
            return Err(Fault::Broken(why.to_owned()));
        }
        let contradiction = tally.contradiction(&footer.summary);
        let contradiction = contradiction.or_else(|| ended.contradiction(&footer.summary));
        let contradiction = contradiction.or_else(|| unlike_exports(&footer));
        match contradiction
            .or_else(|| control::contradiction(&header, &footer.summary, &footer.controls))
        {
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
    /// Returns the outline of a report of which this is the last line, after so many others.
    ///
    /// # Errors
    ///
    /// It is no last line, or the report has other findings than it counts.
    pub fn of_last_line(
        line: &[u8],
        tally: &Tally,
        ended: &EndedTally,
        lines: Lines,
    ) -> Result<Self, Fault> {
        match serde_json::from_slice::<Object>(line)?.role() {
            (Role::Last(report), last) => {
                report.into_outline(last.summary, (tally, ended), Some(lines))
            }
            (Role::Whole(..) | Role::Finding(_) | Role::Ended(_) | Role::Unknown, _) => {
                Err(Fault::NoReport)
            }
        }
    }

    /// Reads a report to its end.
    ///
    /// # Errors
    ///
    /// It is none, or has other findings than it counts.
    pub fn read(report: impl Read) -> Result<Self, Fault> {
        let mut objects = serde_json::Deserializer::from_reader(report).into_iter::<Object>();
        let (mut tally, mut ended) = (Tally::default(), EndedTally::default());
        let mut lines = Lines::default();
        while let Some(object) = objects.next().transpose()? {
            let before = lines.findings + lines.ended;
            let outline = match (before, object.role()) {
                (_, (Role::Finding(kind), _)) if lines.ended == 0 => {
                    tally.count(kind, 1);
                    lines.findings += 1;
                    continue;
                }
                (_, (Role::Ended(state), _)) => {
                    ended.count(state);
                    lines.ended += 1;
                    continue;
                }
                (_, (Role::Last(report), last)) => {
                    report.into_outline(last.summary, (&tally, &ended), Some(lines))
                }
                (0, (Role::Whole(findings, ended), mut whole)) => {
                    let summary = whole.summary.take();
                    whole.into_outline(summary, (&findings, &ended), None)
                }
                (0, (Role::Unknown, _)) => Err(Fault::NoReport),
                (_, (Role::Whole(..) | Role::Unknown | Role::Finding(_), _)) => {
                    let why = format!("line {} is neither a finding nor the last line", before + 1);
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
        match lines.findings + lines.ended {
            0 => Err(Fault::NoReport),
            _ => {
                let why = "its last line, which has the summary, is missing";
                Err(Fault::Broken(why.to_owned()))
            }
        }
    }
}
