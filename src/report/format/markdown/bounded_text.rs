//! Text for a place that takes so many characters and no more.

use std::io;

use crate::text::{grouped, utf16_units};

/// Holds text of bounded length, in UTF-16 units, that grows by whole lines.
pub(super) struct BoundedText {
    pub(super) text: String,
    used: usize,
    most: usize,
    kept: usize,
}

impl BoundedText {
    /// Returns text that has so many units at most.
    pub(super) fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            used: 0,
            most,
            kept: 0,
        }
    }

    /// Returns how many units lines take.
    pub(super) fn length(lines: &[String]) -> usize {
        lines.iter().map(|line| utf16_units(line) + 1).sum()
    }

    /// Keeps so many units for later.
    pub(super) fn keep(&mut self, kept: usize) {
        self.kept = kept;
    }

    /// Returns how many units there are for what comes now.
    pub(super) fn room(&self) -> usize {
        self.most.saturating_sub(self.used + self.kept)
    }

    /// Adds a line, if there is room for it.
    fn line(&mut self, line: &str) -> bool {
        let length = utf16_units(line) + 1;
        let fits = length <= self.room();
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
            self.used += length;
        }
        fits
    }

    /// Adds lines, as many as there is room for.
    pub(super) fn lines(&mut self, lines: &[String]) {
        for line in lines {
            if !self.line(line) {
                break;
            }
        }
    }

    /// Adds a heading and lines, within so much room. What does not fit is counted.
    pub(super) fn section(&mut self, heading: &str, items: &[String], what: &str, room: usize) {
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        if !items.is_empty() && self.line("") && self.line(&format!("## {heading}")) {
            let room = self.room();
            self.items(items, what, room);
        }
        self.kept -= rest;
    }

    /// Adds a blank line and lines, within so much room. What does not fit is counted.
    pub(super) fn items(&mut self, items: &[String], what: &str, room: usize) {
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        if !items.is_empty() && self.line("") {
            // The last line says how many there are more.
            let note = |more: usize| format!("- … and {} more {what}", grouped(more as u64));
            let longest = utf16_units(&note(items.len())) + 1;
            self.kept += longest;
            let mut shown = 0;
            for item in items {
                if !self.line(item) {
                    break;
                }
                shown += 1;
            }
            self.kept -= longest;
            if shown < items.len() {
                self.line(&note(items.len() - shown));
            }
        }
        self.kept -= rest;
    }

    /// Adds a table by whole rows, within so much room, of which none is made that is not tried;
    /// each comes with the number of findings that it is about. Gives how many of them there
    /// is room for.
    pub(super) fn table(
        &mut self,
        heading: &str,
        head: [String; 2],
        mut rows: impl Iterator<Item = io::Result<(String, usize)>>,
        room: usize,
    ) -> io::Result<usize> {
        let Some((mut row, mut number)) = rows.next().transpose()? else {
            return Ok(0);
        };
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        let first = ["", heading, "", &head[0], &head[1]];
        let length: usize = first.iter().map(|line| utf16_units(line) + 1).sum();
        let mut shown = 0;
        if length + utf16_units(&row) < self.room() {
            first.iter().for_each(|line| _ = self.line(line));
            while self.line(&row) {
                shown += number;
                match rows.next().transpose()? {
                    Some(next) => (row, number) = next,
                    None => break,
                }
            }
        }
        self.kept -= rest;
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_by_whole_lines() {
        let mut text = BoundedText::new(20);
        assert!(text.line("0123456789"));
        assert!(!text.line("0123456789"));
        assert!(text.line("01234567"));
        assert_eq!(text.text.chars().count(), 20);
        let mut text = BoundedText::new(20);
        assert!(text.line(&"\u{1f600}".repeat(5)));
        assert!(!text.line(&"\u{1f600}".repeat(5)));
        assert!(text.line(&"\u{1f600}".repeat(4)));
        assert_eq!(text.text.encode_utf16().count(), 20);
    }
}
