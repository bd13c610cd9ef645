//! Pages that belong together: those of one export, and exports of one folder whose names
//! differ in digits alone.

use std::collections::BTreeMap;

use super::sum::ExportTotals;
use crate::export::Pages;

/// Represents exports that are pages of one series.
pub(super) struct Series<'e> {
    /// In the natural order of their names.
    exports: Vec<(&'e str, &'e ExportTotals)>,
}

/// Returns the series of exports with these names whose wrappers say something of pages,
/// in the order of the run.
pub(super) fn series<'e>(exports: &'e [ExportTotals], names: &[&'e str]) -> Vec<Series<'e>> {
    let mut by_pattern: BTreeMap<String, (usize, Series<'e>)> = BTreeMap::new();
    for (index, (name, export)) in names.iter().zip(exports).enumerate() {
        let (_, series) = by_pattern.entry(pattern(name)).or_insert_with(|| {
            let exports = Vec::new();
            (index, Series { exports })
        });
        series.exports.push((name, export));
    }
    let mut all: Vec<_> = by_pattern.into_values().collect();
    all.retain(|(_, series)| {
        series
            .exports
            .iter()
            .any(|(_, export)| !export.pages.is_silent())
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter()
        .map(|(_, mut series)| {
            series.exports.sort_by_cached_key(|(name, _)| numbers(name));
            series
        })
        .collect()
}

impl Series<'_> {
    /// Returns what is missing of the series, if anything, in words.
    pub(super) fn missing(&self) -> Option<String> {
        let (mut pages, mut read) = (Pages::default(), 0);
        for (_, export) in &self.exports {
            pages.add(export.pages.clone());
            read += export.records - export.rejected;
        }
        let missing = pages.missing(read)?;
        let (first, _) = self.exports.first()?;
        let (last, _) = self.exports.last()?;
        Some(match self.exports.len() {
            1 => format!("{first}: {missing}"),
            _ => format!("{first} to {last}: {missing}"),
        })
    }
}

/// Returns a path with a mark for each number in its file's name.
fn pattern(path: &str) -> String {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut pattern = path[..name].to_owned();
    let mut in_number = false;
    for c in path[name..].chars() {
        let is_digit = c.is_ascii_digit();
        match (is_digit, in_number) {
            (true, true) => {}
            // A name has no such character.
            (true, false) => pattern.push('\0'),
            (false, _) => pattern.push(c),
        }
        in_number = is_digit;
    }
    pattern
}

/// Returns the numbers in the name of a path's file, to be compared one after another.
fn numbers(path: &str) -> Vec<(usize, String)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let numbers = name.split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter(|number| !number.is_empty());
    numbers
        .map(|number| {
            let number = number.trim_start_matches('0');
            (number.len(), number.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Remark;

    fn export(remarks: &[Remark]) -> ExportTotals {
        let mut export = ExportTotals::default();
        export.pages.take(Remark::Page);
        remarks
            .iter()
            .for_each(|remark| export.pages.take(remark.clone()));
        export
    }

    #[test]
    fn exports_whose_names_differ_in_digits_are_pages_in_their_natural_order() {
        let more = [Remark::More("`next`".to_owned())];
        let exports = [export(&[]), export(&more), export(&more)];
        let whole = series(&exports, &["a/p10.json", "a/p9.json", "a/p8.json"]);
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].missing(), None);
        let broken = series(&exports, &["a/p8.json", "a/p9.json", "a/p10.json"]);
        assert!(broken[0].missing().is_some());
        let apart = series(&exports, &["a/p3.json", "b/p1.json", "c.json"]);
        let missing: Vec<_> = apart
            .iter()
            .map(|series| series.missing().is_some())
            .collect();
        assert_eq!(missing, [true, true]);
    }
}
