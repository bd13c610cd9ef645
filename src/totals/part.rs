//! What some records of one export add up to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::sum::{ExportTotals, Sum};
use crate::aggregate::{Compared, Gathered};
use crate::export::{Pages, Unread};
use crate::finding::Summary;
use crate::policy::Policies;
use crate::record::Slot;

/// Holds all that some records of one export add up to. It is plain data: it can be
/// made on one thread, or machine, and added on another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The index of the export among those of the run.
    pub export: usize,
    /// Counts of records, outcomes, fields and keys, and the ranking.
    pub summary: Summary,
    /// What the rules over all records gathered.
    pub gathered: Gathered,
    /// The shape of the export, as far as it is known.
    pub shape: Cow<'static, str>,
    /// Why the export was not read whole, as far as this part says so.
    pub problems: Vec<Unread>,
    /// What wrappers say of the pages that the export is made of.
    pub pages: Pages,
}

/// Adds why an export was not read whole, unless that has been said.
pub fn add_problem(problems: &mut Vec<Unread>, why: Unread) {
    if !problems.contains(&why) {
        problems.push(why);
    }
}

impl Part {
    /// Returns a part without a record, of the export with this index.
    pub fn new(policies: &Policies, export: usize) -> Self {
        Self {
            export,
            summary: Summary::new(policies),
            ..Self::default()
        }
    }

    /// Returns what it adds up to, and the values that rules compare.
    pub(super) fn split(self) -> (Sum, Compared) {
        let Self {
            export,
            summary,
            gathered:
                Gathered {
                    accumulators,
                    compared,
                },
            shape,
            problems,
            pages,
        } = self;
        let totals = ExportTotals {
            records: summary.records,
            rejected: summary.rejected,
            shape,
            with_id: summary.coverage[Slot::ID.index()].value,
            problems,
            pages,
            has_fields: summary.has_fields(),
        };
        let sum = Sum {
            summary,
            exports: [(export, totals)].into(),
            accumulators,
        };
        (sum, compared)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test")]
mod tests {
    use std::convert::Infallible;

    use bumpalo::Bump;

    use super::*;
    use crate::evaluate::{Context, Judge};
    use crate::export::Remark;
    use crate::finding::Privacy;
    use crate::record::{Raw, Record};

    const POLICY: &str = "
        [policy]
        id = 'p'

        [[rule]]
        id = 'second-factor'
        severity = 'high'
        require.force2fa = true

        [[aggregate]]
        id = 'one-id'
        severity = 'low'
        unique = 'id'

        [[aggregate]]
        id = 'fresh'
        severity = 'low'
        newest = { field = 'updatedAt', within = '36h' }
    ";

    #[test]
    fn a_part_that_was_written_is_read_as_it_was() {
        let policies = Policies::builder().text("p.toml", POLICY).load();
        let mut policies = policies.expect("a sound policy");
        let slot = policies.schema.want("force2fa").expect("a field");
        let time = policies.schema.want("updatedAt").expect("a field");
        let texts = Bump::new();
        let mut record = Record::new(&policies.schema, &texts);
        record.set(&policies.schema, slot, Raw::Bool(false));
        record.set(&policies.schema, time, Raw::Text("2026-01-31T00:00:00Z"));
        let id = crate::record::Slot::ID;
        record.set(&policies.schema, id, Raw::Text("a"));
        let mut part = Part::new(&policies, 3);
        part.problems.push(Unread::Encoding("UTF-16LE".into()));
        part.pages.take(Remark::More("`next`".to_owned()));
        part.shape = "json".into();
        let index = part.summary.unknown_keys.index_of("plan");
        part.summary
            .unknown_keys
            .count(index.expect("room") as usize, 1);
        let context = Context {
            export: "e",
            number: 1,
            privacy: Privacy::Shown,
        };
        let (summary, gathered) = (&mut part.summary, &mut part.gathered);
        let mut judge = Judge::new(&policies);
        judge
            .judge(&record, context, summary, gathered, |_| {
                Ok::<_, Infallible>(())
            })
            .expect("nothing fails");
        judge.finish(&mut part.summary);
        assert_eq!(part.summary.counts().fail, 1);
        let written = serde_json::to_string(&part).expect("plain data");
        let read: Part = serde_json::from_str(&written).expect("plain data");
        assert_eq!(read, part);
    }
}
