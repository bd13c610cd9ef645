//! The matrix as CSV (RFC 4180): a row a record, a column a rule, a letter an outcome. It is
//! the population of an audit, and its passes as evidence.
//!
//! Columns have as many letters of a kind as the summary counts. So what a rule comes to that
//! looks at all records together has a row of its own, without a customer, and of several
//! records of one customer that are compared with others one has the letter.

use std::io::{self, BufRead as _, Read as _, Write};

use memchr::memchr;

use super::csv::{end_row, write_cell};
use crate::finding::{LateMark, Mark};
use crate::policy::Severity;
use crate::report::markup::defuse_formula;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, RecordMarks, Rendered};
use crate::spool::Spool;

/// Lists the columns before those of the rules.
const COLUMNS: [&str; 3] = ["customer_id", "export", "record"];

/// Stands for a letter that is known once all records have been read: no text has this byte.
const WAITING: u8 = 0xff;

/// Stands for a cell that has no letter, among those that were waited for.
const BLANK: u8 = 0;

/// How many bytes of rows, and of letters, wait in memory; more wait in files.
const SPOOL_BYTES: usize = 1 << 20;

/// Returns the index of each column's rule among those of the run; of one that was left out
/// there is none.
fn columns(header: &Header) -> Vec<Option<usize>> {
    let mut next = 0..;
    let policies = header.policies.iter();
    let of_policies = policies.flat_map(|policy| {
        let asked: Vec<_> = policy.rules.iter().map(|_| next.next()).collect();
        let left_out = policy.not_tested.iter().map(|_| None);
        asked.into_iter().chain(left_out)
    });
    of_policies.collect()
}

/// Renders records as rows.
pub struct Renderer {
    columns: Vec<Option<usize>>,
}

impl Renderer {
    pub fn new(header: &Header) -> Self {
        Self {
            columns: columns(header),
        }
    }
}

impl render::Renderer for Renderer {
    fn finding(&self, _: &Found<'_>, _: &mut Rendered) -> io::Result<()> {
        Ok(())
    }

    fn has_room_for(&self, _: Severity) -> bool {
        false
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn record(&self, record: &RecordMarks<'_>, rendered: &mut Rendered) -> io::Result<()> {
        write_cell(record.customer_id.unwrap_or_default(), &mut rendered.bytes);
        write_cell(record.export, &mut rendered.bytes);
        rendered.record_number(record.number);
        rendered.bytes.push(b',');
        for column in &self.columns {
            // A record that could not be read has no marks.
            let mark = column.and_then(|index| record.marks.get(index));
            match mark {
                Some(Mark::Waiting) => rendered.bytes.push(WAITING),
                Some(mark) => rendered.bytes.extend(mark.letter()),
                None => {}
            }
            rendered.bytes.push(b',');
        }
        end_row(&mut rendered.bytes);
        Ok(())
    }
}

/// Writes the rows: as they come, or once all is known that they wait for.
pub struct Reporter {
    columns: Vec<Option<usize>>,
    /// The rows from the first on that waits for a letter.
    rows: Option<Spool>,
    /// The letters that are waited for, in the order of the rows.
    letters: Spool,
    /// What rules come to that look at all records together.
    of_all: Vec<(usize, Mark)>,
}

impl Reporter {
    pub fn new(header: &Header) -> Self {
        Self {
            columns: columns(header),
            rows: None,
            letters: Spool::new(SPOOL_BYTES),
            of_all: Vec::new(),
        }
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, header: &Header, out: &mut dyn Write) -> io::Result<()> {
        let rules = header.policies.iter().flat_map(|policy| {
            let rules = policy.rules.iter().chain(&policy.not_tested);
            rules.map(|rule| format!("{}/{}", policy.id, rule.id))
        });
        let columns = COLUMNS.into_iter().map(str::to_owned).chain(rules);
        let mut row = Vec::new();
        for column in columns {
            write_cell(&defuse_formula(&column), &mut row);
        }
        end_row(&mut row);
        out.write_all(&row)
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn Write) -> io::Result<()> {
        let bytes = &rendered.bytes;
        if self.rows.is_none() && memchr(WAITING, bytes).is_none() {
            return out.write_all(bytes);
        }
        let rows = self.rows.get_or_insert_with(|| Spool::new(SPOOL_BYTES));
        rows.push(bytes)
    }

    fn late_mark(&mut self, mark: &LateMark) -> io::Result<()> {
        match mark {
            LateMark::Waiting(mark) => self.letters.push(&[mark.letter().unwrap_or(BLANK)]),
            LateMark::OfAll(rule_index, mark) => {
                self.of_all.push((*rule_index, *mark));
                Ok(())
            }
        }
    }

    /// Records that could not be read have a row without letters.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Header, _: &Footer, out: &mut dyn Write) -> io::Result<()> {
        if let Some(rows) = self.rows {
            fill_in(rows, self.letters, out)?;
        }
        if !self.of_all.is_empty() {
            let mut row = b",,,".to_vec();
            for column in self.columns {
                let mut marks = self.of_all.iter();
                let mark = marks.find(|(rule_index, _)| Some(*rule_index) == column);
                row.extend(mark.and_then(|(_, mark)| mark.letter()));
                row.push(b',');
            }
            end_row(&mut row);
            out.write_all(&row)?;
        }
        Ok(())
    }
}

/// Writes rows with the letters that they wait for.
fn fill_in(rows: Spool, letters: Spool, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = rows.into_reader()?;
    let mut letters = letters.into_reader()?;
    loop {
        let bytes = rows.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        let length = match memchr(WAITING, bytes) {
            Some(at) => {
                out.write_all(&bytes[..at])?;
                let mut letter = [0];
                letters.read_exact(&mut letter)?;
                if letter != [BLANK] {
                    out.write_all(&letter)?;
                }
                at + 1
            }
            None => {
                out.write_all(bytes)?;
                bytes.len()
            }
        };
        rows.consume(length);
    }
    match letters.fill_buf()? {
        [] => Ok(()),
        _ => Err(io::Error::other("more outcomes than rows wait for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::render::{Renderer as _, Reporter as _};

    fn matrix(records: &[RecordMarks<'_>], settled: &[LateMark]) -> io::Result<String> {
        let header = fixture::header();
        let (renderer, mut reporter) = (Renderer::new(&header), Reporter::new(&header));
        let mut out = Vec::new();
        reporter.start(&header, &mut out)?;
        for record in records {
            let mut rendered = Rendered::default();
            renderer.record(record, &mut rendered)?;
            reporter.findings(&rendered.numbered(0), &mut out)?;
        }
        for one in settled {
            reporter.late_mark(one)?;
        }
        Box::new(reporter).finish(&header, &fixture::clean(), &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    fn record<'m>(customer_id: Option<&'m str>, number: u64, marks: &'m [Mark]) -> RecordMarks<'m> {
        RecordMarks {
            customer_id,
            export: "e",
            number,
            marks,
            kept: None,
        }
    }

    #[test]
    fn a_row_has_a_letter_a_rule_and_none_for_what_was_left_out_or_not_read() {
        let marks = [
            [Mark::Pass, Mark::Fail],
            [Mark::Error, Mark::NotApplicable],
            [Mark::Waived, Mark::OutOfScope],
        ];
        let records = [
            record(Some("a"), 1, &marks[0]),
            record(Some("=b,"), 2, &marks[1]),
            record(None, 3, &marks[2]),
            record(None, 4, &[]),
        ];
        assert_eq!(
            matrix(&records, &[]).expect("memory"),
            "customer_id,export,record,pol/mfa,pol/name,pol/left\r\n\
             a,e,1,P,F,\r\n\
             \"'=b,\",e,2,E,N,\r\n\
             ,e,3,W,O,\r\n\
             ,e,4,,,\r\n"
        );
    }

    #[test]
    fn what_is_known_last_is_filled_in_and_what_is_of_all_records_has_its_own_row() {
        let marks = [[Mark::Pass, Mark::Waiting], [Mark::Waiting, Mark::Waiting]];
        let records = [
            record(Some("a"), 1, &marks[0]),
            record(Some("b"), 2, &marks[1]),
        ];
        let settled = [
            LateMark::Waiting(Mark::Fail),
            LateMark::Waiting(Mark::Elsewhere),
            LateMark::Waiting(Mark::Pass),
            LateMark::OfAll(1, Mark::Error),
        ];
        assert_eq!(
            matrix(&records, &settled).expect("memory"),
            "customer_id,export,record,pol/mfa,pol/name,pol/left\r\n\
             a,e,1,P,F,\r\n\
             b,e,2,,P,\r\n\
             ,,,,E,\r\n"
        );
        assert!(matrix(&records, &settled[..2]).is_err());
        let more = [&settled[..], &[LateMark::Waiting(Mark::Pass)]].concat();
        assert!(matrix(&records, &more).is_err());
    }
}
