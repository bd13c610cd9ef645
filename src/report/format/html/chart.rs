//! Bars, and the counts that they show in words.

use serde::Serialize;

use crate::text::grouped;

/// Represents a part of a bar, in percent of its width.
#[derive(Serialize, Clone)]
pub struct Piece {
    /// Its class.
    sort: &'static str,
    x: String,
    width: String,
}

/// Limits the width of a part that is not nothing, in percent: whatever there is
/// can be seen.
const MIN_WIDTH: f64 = 1.0;

/// Returns the parts of a bar. The widest gives what the narrowest lack.
pub fn bar(parts: &[(&'static str, u64)], whole: u64) -> Vec<Piece> {
    let share = |count: u64| match (count, whole) {
        (0, _) | (_, 0) => 0.0,
        (count, whole) => (100.0 * count as f64 / whole as f64).max(MIN_WIDTH),
    };
    let mut widths: Vec<f64> = parts.iter().map(|(_, count)| share(*count)).collect();
    let over = widths.iter().sum::<f64>() - 100.0;
    if let Some(widest) = widths.iter_mut().max_by(|a, b| a.total_cmp(b))
        && over > 0.0
    {
        *widest -= over;
    }
    let mut x = 0.0;
    let mut pieces = Vec::new();
    for ((sort, count), width) in parts.iter().zip(widths) {
        if *count > 0 {
            pieces.push(Piece {
                sort,
                x: percent(x),
                width: percent(width),
            });
        }
        x += width;
    }
    pieces
}

/// Returns a number with two decimals at most: enough for any screen.
fn percent(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns counts in words, those that are nothing left out. A count and its word stay
/// on one line.
pub fn counts_in_words(parts: &[(&str, u64)]) -> String {
    let counts: Vec<_> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{}\u{a0}{name}", grouped(*count)))
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_can_be_seen_and_no_bar_is_too_long() {
        let pieces = bar(&[("fail", 1), ("error", 0), ("pass", 1_000_000)], 1_000_001);
        let parts: Vec<_> = pieces
            .iter()
            .map(|p| (p.sort, p.x.as_str(), p.width.as_str()))
            .collect();
        assert_eq!(parts, [("fail", "0", "1"), ("pass", "1", "99")]);
    }

    #[test]
    fn nothing_is_no_bar() {
        assert!(bar(&[("fail", 0)], 0).is_empty());
    }
}
