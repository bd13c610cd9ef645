//! Colours and bars of the text report.

use anstyle::{AnsiColor, Style};

use crate::policy::Severity;
use crate::report::settings::Colour;

/// The width of the longest bar, in characters.
const BAR_WIDTH: u64 = 30;

/// Colours text, where colours can be seen.
pub struct Paint(pub Colour);

impl Paint {
    pub fn style(&self, text: &str, style: Style) -> String {
        match self.0 {
            Colour::On => format!("{style}{text}{style:#}"),
            Colour::Off => text.to_owned(),
        }
    }

    /// Returns a share as a bar, in eighths of a character on a terminal and in whole
    /// ones elsewhere. No share but none is so small that it has no bar.
    pub fn bar(&self, some: u64, most: u64) -> String {
        let share = |parts: u64| {
            let all = u128::from(some) * u128::from(BAR_WIDTH * parts);
            all.div_ceil(u128::from(most.max(1))) as usize
        };
        let bar = match self.0 {
            Colour::Off => "#".repeat(share(1)),
            Colour::On => {
                let eighths = share(8);
                let mut bar = "█".repeat(eighths / 8);
                let parts = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
                bar.extend(
                    (eighths % 8)
                        .checked_sub(1)
                        .and_then(|last| parts.get(last)),
                );
                bar
            }
        };
        format!("{bar:width$}", width = BAR_WIDTH as usize)
    }

    pub fn heading(&self, text: &str) -> String {
        self.style(text, Style::new().bold())
    }

    /// Returns a line that begins with a severity, in its colour.
    pub fn severity(&self, line: &str) -> String {
        let named = Severity::ALL
            .into_iter()
            .find(|severity| line.starts_with(severity.name()));
        let Some(severity) = named else {
            return line.to_owned();
        };
        let colour = match severity {
            Severity::Critical => AnsiColor::Magenta,
            Severity::High => AnsiColor::Red,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::Cyan,
            Severity::Info => AnsiColor::White,
        };
        let (word, rest) = line.split_at(severity.name().len());
        format!("{}{rest}", self.style(word, colour.on_default().bold()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_has_a_bar_and_none_is_too_long() {
        let (on, off) = (Paint(Colour::On), Paint(Colour::Off));
        assert_eq!(off.bar(1, 1_000_000).trim_end(), "#");
        assert_eq!(off.bar(5, 5), "#".repeat(30));
        assert_eq!(off.bar(0, 5), " ".repeat(30));
        assert_eq!(on.bar(1, 1_000_000).trim_end(), "▏");
        assert_eq!(on.bar(1, 16).trim_end(), "█▉");
        assert_eq!(on.bar(u64::MAX, u64::MAX), "█".repeat(30));
    }
}
