//! Markdown for tickets: whole within the length that a ticket takes, and
//! nothing in it from data that a ticket system would act on.

use std::io::{self, Write};

use super::super::buffered::{Document, Report};
use super::bounded_text::BoundedText;
use super::{run, ticket};
use crate::report::markup::code;
use crate::report::phrase;
use crate::report::settings::{MaxChars, Settings, WholeReport};
use crate::text::{count, utf16_units};

/// The largest number of findings that are looked at: none of the lengths takes more.
const MAX_FINDINGS: usize = 5000;

/// Writes one page.
pub struct Markdown {
    max_chars: MaxChars,
    /// The files that hold all findings.
    whole: Vec<WholeReport>,
}

impl Document for Markdown {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn lists_carried(&self) -> bool {
        true
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.page(report)?.as_bytes())
    }
}

impl Markdown {
    pub fn new(settings: &Settings) -> Self {
        Self {
            max_chars: settings.max_chars,
            whole: settings.whole.clone(),
        }
    }

    fn page(&self, report: &Report<'_>) -> io::Result<String> {
        let mut page = BoundedText::new(self.max_chars.get());
        // Room is kept for the last line.
        let last = utf16_units(&self.left_out(u64::MAX)) + 2;
        let slice = report.footer.summary.slice.as_ref();
        let shown = match slice {
            Some(slice) => ticket::write(&mut page, report, slice, last)?,
            None => run::write(&mut page, report, last)?,
        };
        let left_out = report.left_out + (report.findings.len() - shown) as u64;
        page.keep(0);
        if left_out > 0 {
            page.lines(&[String::new(), self.left_out(left_out)]);
        } else if slice.is_some() && !self.whole.is_empty() {
            let all = format!("All findings of the run: see {}.", self.files());
            page.lines(&[String::new(), all]);
        }
        Ok(page.text)
    }

    /// Says how many findings are left out, and where they are.
    fn left_out(&self, number: u64) -> String {
        let more = count(number, "more finding", "more findings");
        match self.whole.as_slice() {
            [] => format!("{more}: {}.", phrase::WHERE_ALL_ARE),
            _ => format!("{more}: see {}.", self.files()),
        }
    }

    /// Names the files that hold all findings.
    fn files(&self) -> String {
        let files: Vec<_> = self.whole.iter().map(whole).collect();
        files.join(", ")
    }
}

/// Names a report that holds every finding, as a link if it has an address.
fn whole(file: &WholeReport) -> String {
    match &file.link {
        // A bracket would end the address.
        Some(link) => {
            let link = link.replace('(', "%28").replace(')', "%29");
            format!("[{}]({link})", code(&file.path))
        }
        None => code(&file.path),
    }
}
