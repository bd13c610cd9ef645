//! What a run adds up to that somebody should look at, although it breaks no
//! rule: most often a policy or an export is not what it was taken for.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{Counts, Summary};
use crate::diagnostic::nearest;
use crate::policy::{Check, Policies};
use crate::record::time::{self, Span};
use crate::record::{Kind, Slot};
use crate::text::{count, escape_controls, grouped};

/// With fewer records, all or none of them is no surprise.
const MIN_RECORDS: u64 = 10;

/// From this share of the records on, a field is mostly absent.
const MOSTLY: f64 = 0.9;

/// How many names an anomaly lists.
const MAX_NAMES: usize = 5;

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anomaly {
    /// Every record to which these rules apply is a finding.
    Everybody(Vec<String>),
    /// These rules apply to no record.
    Inapplicable(Vec<String>),
    /// No record is a finding of these rules.
    Nobody(Vec<String>),
    /// Some records have no id: how many.
    WithoutId(u64),
    /// This field stands in few records: how many percent lack it.
    MostlyAbsent(String, u64),
    /// Most of what stands in this field cannot be read.
    MostlyBad {
        /// The field.
        field: String,
        /// What it holds.
        kind: Kind,
        /// The records in which it cannot be read.
        bad: u64,
        /// The records that have something in it.
        held: u64,
        /// The first that cannot be read, as far as it may be shown.
        example: String,
    },
    /// There are far fewer of these than the night before.
    Shrunk {
        /// What, as `records`.
        what: &'static str,
        /// How many there are.
        now: u64,
        /// How many there were.
        then: u64,
    },
    /// An export is older than it may be.
    OldExport {
        /// The export.
        export: String,
        /// When it was written last; nothing, if that is not known.
        modified: Option<DateTime<Utc>>,
        /// How old it may be.
        most: Span,
    },
    /// An export is that of the night before.
    SameExport(String),
    /// The night before is longer ago than it may be.
    LongGap {
        /// The night before.
        before: DateTime<Utc>,
        /// How long ago it may be.
        most: Span,
    },
    /// Customers are in the exports who are not expected.
    Unexpected {
        /// How many.
        customers: u64,
        /// Where the first of them are.
        places: String,
    },
    /// A key that is no field is nearly that one.
    NearKey(String, String),
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Anomaly::Everybody(rules) => {
                write!(
                    f,
                    "these rules fail for every record to which they apply: {}",
                    names(rules)
                )
            }
            Anomaly::Inapplicable(rules) => {
                write!(f, "these rules apply to no record: {}", names(rules))
            }
            Anomaly::Nobody(rules) => write!(f, "these rules fail for no record: {}", names(rules)),
            Anomaly::WithoutId(records) => write!(
                f,
                "{} no id: their findings cannot be followed from night to night",
                count(*records, "record has", "records have")
            ),
            Anomaly::MostlyAbsent(field, percent) => {
                write!(f, "`{field}` is absent from {percent} % of the records")
            }
            Anomaly::MostlyBad {
                field,
                kind,
                bad,
                held,
                example,
            } => {
                let (bad, example) = (grouped(*bad), escape_controls(example));
                let held = count(*held, "record that has it", "records that have it");
                let forms = kind.forms();
                write!(
                    f,
                    "`{field}` cannot be read in {bad} of {held}, as in `{example}`; accepted, once a \
                     record: {forms}"
                )
            }
            Anomaly::Unexpected { customers, places } => {
                let who = count(*customers, "customer is", "customers are");
                let places = escape_controls(places);
                write!(
                    f,
                    "{who} in the exports and not among those expected: {places}"
                )
            }
            Anomaly::Shrunk { what, now, then } => {
                let (now, then) = (grouped(*now), grouped(*then));
                write!(
                    f,
                    "{now} {what}, and {then} the night before: is the export whole?"
                )
            }
            Anomaly::OldExport {
                export,
                modified: Some(modified),
                most,
            } => write!(
                f,
                "{} was written at {}, which is more than {most} ago: was it exported anew?",
                escape_controls(export),
                time::show(*modified)
            ),
            Anomaly::OldExport {
                export,
                modified: None,
                most,
            } => write!(
                f,
                "{} is no file, so whether it is older than {most} is not known",
                escape_controls(export)
            ),
            Anomaly::SameExport(export) => write!(
                f,
                "{} is the same as the night before: was it exported anew?",
                escape_controls(export)
            ),
            Anomaly::LongGap { before, most } => write!(
                f,
                "the night before was {}, which is more than {most} ago: nights are missing",
                time::show(*before)
            ),
            Anomaly::NearKey(key, field) => {
                write!(
                    f,
                    "the key `{}`, which is no field, is near `{field}`",
                    escape_controls(key)
                )
            }
        }
    }
}

/// The first names, and how many more there are.
fn names(all: &[String]) -> String {
    let first: Vec<_> = all
        .iter()
        .take(MAX_NAMES)
        .map(|name| escape_controls(name))
        .collect();
    let more = all.len() - first.len();
    match more {
        0 => first.join(", "),
        _ => format!("{} and {more} more", first.join(", ")),
    }
}

impl Summary {
    /// What somebody should look at.
    pub fn anomalies(&self, policies: &Policies) -> Vec<Anomaly> {
        let mut anomalies = self.mostly_bad(policies);
        let read = self.records - self.rejected;
        let with_id = self.coverage[Slot::ID.index()].value;
        // Where none has, the run is not complete.
        if (1..read).contains(&with_id) {
            anomalies.push(Anomaly::WithoutId(read - with_id));
        }
        if read < MIN_RECORDS {
            return anomalies;
        }
        let rules = |holds: &dyn Fn(&Counts) -> bool| -> Vec<String> {
            let all = policies.rules().zip(&self.by_rule);
            // Of all records together nothing is the usual finding.
            all.filter(|((_, rule), counts)| rule.is_of_records() && holds(counts))
                .map(|((policy, rule), _)| format!("{}/{}", policy.id, rule.id))
                .collect()
        };
        let many = |counts: &Counts| counts.judged() >= MIN_RECORDS;
        let sorts = [
            Anomaly::Everybody(rules(&|counts| many(counts) && counts.pass == 0)),
            Anomaly::Inapplicable(rules(&|counts| {
                self.in_scope >= MIN_RECORDS && counts.judged() == 0
            })),
            Anomaly::Nobody(rules(&|counts| {
                many(counts) && counts.pass == counts.judged()
            })),
        ];
        let told = |anomaly: &Anomaly| match anomaly {
            Anomaly::Everybody(rules) | Anomaly::Inapplicable(rules) | Anomaly::Nobody(rules) => {
                !rules.is_empty()
            }
            Anomaly::WithoutId(_)
            | Anomaly::MostlyAbsent(..)
            | Anomaly::MostlyBad { .. }
            | Anomaly::Shrunk { .. }
            | Anomaly::OldExport { .. }
            | Anomaly::SameExport(_)
            | Anomaly::LongGap { .. }
            | Anomaly::Unexpected { .. }
            | Anomaly::NearKey(..) => true,
        };
        anomalies.extend(sorts.into_iter().filter(told));
        let expected_absent = |slot: &Slot| {
            let mut tests = policies.tests.iter();
            tests.any(|test| test.slot == *slot && matches!(test.check, Check::Present(false)))
        };
        let mut needed = policies.needed();
        needed.retain(|slot| !expected_absent(slot));
        for slot in needed {
            let coverage = &self.coverage[slot.index()];
            let absent = coverage.missing + coverage.null + coverage.empty;
            if absent as f64 >= MOSTLY * read as f64 {
                let field = policies.schema.field(slot).name.clone();
                anomalies.push(Anomaly::MostlyAbsent(field, 100 * absent / read));
            }
        }
        for (key, _) in self.unknown_keys.commonest() {
            if let Some(field) = nearest(key, policies.schema.names()) {
                anomalies.push(Anomaly::NearKey(key.to_owned(), field.to_owned()));
            }
        }
        anomalies
    }

    /// Returns the fields of which most that stands in them cannot be read, however few
    /// records there are: then it is their spelling, and no one record.
    fn mostly_bad(&self, policies: &Policies) -> Vec<Anomaly> {
        let fields = policies.schema.wanted().iter().zip(&self.coverage);
        let fields = fields.zip(&self.bad_examples);
        let bad = fields.filter(|((_, coverage), _)| coverage.is_mostly_bad());
        bad.map(|((field, coverage), example)| Anomaly::MostlyBad {
            field: field.name.clone(),
            kind: field.kind,
            bad: coverage.bad,
            held: coverage.bad + coverage.value,
            example: example.clone().unwrap_or_default(),
        })
        .collect()
    }
}
