//! Whether a waiver covers a finding.

use super::evidence;
use super::finding::{Finding, JudgedRecord, Subject};
use super::outcome::Status;
use super::redaction::{display_id, observed, truncate};
use crate::record::OwnedValue;
use crate::waiver::{Covers, HoldsFor, Misfit, Uses, Waiver, Waivers};

impl<'a> Finding<'a> {
    /// Looks for the waiver in force that is for the finding; if it holds, the finding is
    /// waived by it from now on. What came of it is counted in `uses`.
    pub fn waive(&mut self, waivers: &'a Waivers, uses: &mut Uses) {
        let covers = match self.status {
            Status::Fail => Covers::Fail,
            Status::Error => Covers::Error,
            Status::Waived => return,
        };
        let found = self.id().and_then(|id| {
            let found = waivers.find(self.rule_index, id, covers)?;
            Some((id, found))
        });
        if let Some((id, (index, waiver))) = found {
            self.try_waiver(waiver, (index, id, covers), uses);
        }
    }

    #[cold]
    fn try_waiver(
        &mut self,
        waiver: &'a Waiver,
        (index, id, covers): (u32, &str, Covers),
        uses: &mut Uses,
    ) {
        match self.misfit(waiver, covers) {
            None => {
                self.status = Status::Waived;
                self.waiver = Some(waiver);
                uses.count_used(index, self.rule_index, covers == Covers::Error);
            }
            Some(why) => {
                let customer = display_id(self.privacy, "id", id).into_owned();
                uses.count_mismatched(index, customer, why);
            }
        }
    }

    /// Returns why a waiver does not hold for the finding, if it does not.
    fn misfit(&self, waiver: &Waiver, covers: Covers) -> Option<Misfit> {
        match (waiver.covers, covers) {
            (Covers::Fail, Covers::Fail) | (Covers::Error, Covers::Error) => {}
            (Covers::Fail, Covers::Error) => return Some(Misfit::Undecided),
            (Covers::Error, Covers::Fail) => return Some(Misfit::Decided),
        }
        match &waiver.holds_for {
            HoldsFor::AnyValue => None,
            HoldsFor::Evidence(digest) => match self.evidence_with_digest() {
                (_, None) => Some(Misfit::NoDigest),
                (_, Some(now)) if now == *digest => None,
                (evidence, Some(_)) => {
                    let seen = evidence.iter();
                    let seen = seen.map(|one| format!("{}: {}", one.field, one.observed));
                    Some(Misfit::Evidence {
                        observed: seen.collect::<Vec<_>>().join("; "),
                    })
                }
            },
            HoldsFor::Values(values) => self.other_value(values),
        }
    }

    /// Returns the first field of the evidence that has another value than these, or none of
    /// them.
    fn other_value(&self, values: &[(String, OwnedValue)]) -> Option<Misfit> {
        let of = |field: &str| {
            let mut values = values.iter();
            values
                .find(|(name, _)| name == field)
                .map(|(_, value)| value)
        };
        let misfit = |field: &str, now: &OwnedValue, observed: String| match of(field) {
            Some(value) if value == now => None,
            Some(_) => Some(Misfit::Value {
                field: field.to_owned(),
                observed,
            }),
            None => Some(Misfit::Unnamed {
                field: field.to_owned(),
                observed,
            }),
        };
        match self.subject {
            Subject::Record(JudgedRecord { answers, .. }) => {
                let gathered = evidence::of_record(answers, self.rule, self.privacy);
                let schema = &answers.policies().schema;
                let mut misfits = gathered.slots.iter().map(|slot| {
                    let now = answers.record().owned(*slot);
                    // The whole value: what is to blame may be a part of it.
                    let shown = observed(**answers, *slot, self.privacy).into_owned();
                    misfit(&schema.field(*slot).name, &now, shown)
                });
                match gathered.slots.is_empty() {
                    // What is about no field is never what was seen.
                    true => Some(Misfit::Evidence {
                        observed: "[no field]".to_owned(),
                    }),
                    false => misfits.find_map(|misfit| misfit),
                }
            }
            Subject::Aggregate(subject) => {
                // Rules over all records compare texts.
                let now = OwnedValue::Text(subject.raw.clone());
                let mut misfits = subject.evidence.iter().map(|one| {
                    let shown = truncate(&one.observed).into_owned();
                    misfit(&one.field, &now, shown)
                });
                misfits.find_map(|misfit| misfit)
            }
        }
    }
}
