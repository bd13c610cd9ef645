//! What rules came to for records that were alike, against asking every rule of every record.

use std::convert::Infallible;

use audit::aggregate::Gathered;
use audit::evaluate::{Context, Judge};
use audit::export::{
    Format, MAX_RECORD_BYTES, Reader, Remark, Sink, State, Stop, Unread, Unreadable,
};
use audit::finding::{Finding, Mark, Privacy, Summary};
use audit::policy::Policies;
use audit::record::Record;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::reference::generate::as_of;
use crate::reference::generate::check::lone_check;
use crate::reference::generate::json::{Habits, Shape, habits, json};
use crate::reference::generate::policy::{Language, Policy, plain, policies};
use crate::reference::generate::record::record;

/// What a judge makes of records.
struct Judged<'p> {
    judge: Judge<'p>,
    summary: Summary,
    partial: Gathered,
    findings: Vec<String>,
    marks: Vec<Vec<Mark>>,
}

impl<'p> Judged<'p> {
    fn by(policies: &'p Policies, judge: Judge<'p>, chunks: &[Vec<u8>]) -> Self {
        let mut judged = Self {
            judge: judge.with_marks(),
            summary: Summary::new(policies),
            partial: Gathered::default(),
            findings: Vec::new(),
            marks: Vec::new(),
        };
        for chunk in chunks {
            let mut reader = Reader::new(&policies.schema, MAX_RECORD_BYTES);
            let read = reader.read(State::Start(Format::Ndjson), chunk, true, &mut judged);
            assert!(read.is_ok());
            judged.judge.finish(&mut judged.summary);
        }
        judged
    }
}

impl Sink for Judged<'_> {
    type Error = Infallible;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
        let (summary, partial) = (&mut self.summary, &mut self.partial);
        let context = Context {
            export: "e",
            number: summary.records + 1,
            privacy: Privacy::Redacted,
        };
        let findings = &mut self.findings;
        self.judge.judge(
            record,
            context,
            summary,
            partial,
            |finding: &Finding<'_>| {
                findings.push(format!(
                    "{:?} {:?} {finding}",
                    finding.number, finding.reason
                ));
                Ok::<_, Stop<Infallible>>(())
            },
        )?;
        self.marks.push(self.judge.marks().to_vec());
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
        self.summary.count_rejected();
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
        Ok(())
    }
}

/// Judges records in both ways; several times, so that what was learnt is looked up.
fn same(policies: &[Policy], records: &[Vec<(String, serde_json::Value)>], habits: &Habits) {
    let builder = policies.iter().enumerate();
    let builder = builder.fold(
        Policies::builder().as_of(as_of()),
        |builder, (number, policy)| builder.text(format!("{number}.toml"), policy.to_string()),
    );
    let policies = builder.load().unwrap();
    let half = records.len() / 2;
    let chunks = [&records[..half], &records[half..], records];
    let chunks = chunks.map(|records| json(records, Shape::Lines, habits));
    let learnt = Judged::by(&policies, Judge::who_remembers(&policies), &chunks);
    let asked = Judged::by(&policies, Judge::who_forgets(&policies), &chunks);
    assert_eq!(learnt.findings, asked.findings);
    assert_eq!(learnt.marks, asked.marks);
    assert_eq!(learnt.summary, asked.summary);
    assert_eq!(learnt.partial, asked.partial);
}

proptest! {
    #[test]
    fn what_was_learnt_of_records_is_what_each_rule_says(
        policies in policies(Language::Whole),
        records in vec(record(), 1..40),
        habits in habits(),
    ) {
        same(&policies, &records, &habits);
    }

    #[test]
    fn many_tests_of_a_field_say_together_what_each_says_alone(
        requires in vec(lone_check(), 20..90),
        records in vec(record(), 1..40),
        habits in habits(),
    ) {
        same(&[plain(requires, None)], &records, &habits);
    }
}
