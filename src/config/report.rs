//! `[[report]]`: a report, and what is asked of it alone.

use toml::Spanned;
use toml::de::DeValue;

use super::keys::ReportKey;
use super::placed::Placed;
use super::values::Values;
use crate::diagnostic::Position;
use crate::report::{
    Column, Destination, Format, Layout, Listed, MaxChars, NoDestination, SplitBy,
};
use crate::toml_reader::{Entries, Entry, whole_number};

impl Values<'_> {
    /// Reads all reports.
    pub(super) fn reports(&mut self, entry: Entry<'_, '_>) -> Option<Vec<Placed<Destination>>> {
        let help = "write [[report]], with two brackets";
        let items = self.toml.list(entry.1, "`[[report]]`", help);
        let reports: Vec<_> = items.into_iter().map(|item| self.report(item)).collect();
        reports.into_iter().collect()
    }

    fn report(&mut self, item: &Spanned<DeValue<'_>>) -> Option<Placed<Destination>> {
        let of = "a report";
        let (table, span) = self.toml.table(item, "`[[report]]`")?;
        let keys: Entries<'_, '_, ReportKey> = self.toml.keys(table, of);
        for key in ReportKey::REQUIRED {
            let _ = self.toml.needed(&keys, *key, &span, of);
        }
        let path = keys.get(ReportKey::File).map(|entry| self.path(entry));
        let format = keys.get(ReportKey::Format).map(|entry| {
            self.toml
                .one_of(entry, Format::ALL, Format::name, "format of reports")
        });
        let layout = self.layout(&keys)?;
        let (file, path) = keys.value(ReportKey::File).zip(path?)?;
        // What is wrong with the format is said already.
        let format = match format {
            Some(None) => return None,
            Some(Some(format)) => Some(format),
            None => None,
        };
        let destination = Destination::new(format, path).map_err(|why| {
            let help = match why {
                NoDestination::NoFile => "name a file".to_owned(),
                NoDestination::NoFormat(_) => "say it, as in format = \"csv\"".to_owned(),
            };
            self.toml.complain(file.span(), why.message(), Some(help));
        });
        let destination = Destination {
            layout,
            ..destination.ok()?
        };
        self.suits(&keys, &destination)?;
        let line = Position::new(self.text, file.span().start).line;
        Some(Placed {
            value: destination,
            line,
        })
    }

    fn layout(&mut self, keys: &Entries<'_, '_, ReportKey>) -> Option<Layout> {
        let columns = keys.get(ReportKey::Columns).map(|entry| {
            self.list(entry, |values, item| {
                let item = (entry.0, item);
                values
                    .toml
                    .one_of(item, Column::ALL, Column::name, "column")
            })
        });
        let split_by = keys
            .get(ReportKey::SplitBy)
            .map(|entry| self.split_by(entry));
        let listed = keys.get(ReportKey::List).map(|entry| self.listed(entry));
        let max_chars = keys
            .get(ReportKey::MaxChars)
            .map(|entry| self.max_chars(entry));
        Some(Layout {
            columns: all_or_none(columns)?.unwrap_or_default(),
            max_chars: all_or_none(max_chars)?,
            split_by: all_or_none(split_by)?,
            listed: all_or_none(listed)?.unwrap_or_default(),
        })
    }

    fn split_by(&mut self, entry: Entry<'_, '_>) -> Option<SplitBy> {
        let text = self.text(entry)?;
        let split_by = SplitBy::read(&text);
        if let Some(SplitBy::File(file)) = &split_by {
            return self
                .path_in(entry, &file.to_string_lossy())
                .map(SplitBy::File);
        }
        if split_by.is_none() {
            let message = format!("nothing is split by `{text}`");
            let help = format!("use {}", SplitBy::WORDS);
            self.toml.complain(entry.1.span(), message, Some(help));
        }
        split_by
    }

    fn listed(&mut self, entry: Entry<'_, '_>) -> Option<Vec<Listed>> {
        self.list(entry, |values, item| {
            values.toml.word((entry.0, item), "state of findings")
        })
    }

    fn max_chars(&mut self, (_, value): Entry<'_, '_>) -> Option<MaxChars> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            other => whole_number(other).map_or_else(String::new, |number| number.to_string()),
        };
        let max_chars = MaxChars::read(&text);
        if max_chars.is_none() {
            let names = MaxChars::PROFILES.map(|(name, _)| format!("\"{name}\""));
            let message = "`max-chars` is a number from 1000 to 1000000000, or the name of a \
                           ticket system";
            let help = format!("the names are {}", names.join(", "));
            self.toml.complain(value.span(), message, Some(help));
        }
        max_chars
    }

    /// Reports what is asked of a report that is of no use to it.
    fn suits(
        &mut self,
        keys: &Entries<'_, '_, ReportKey>,
        destination: &Destination,
    ) -> Option<()> {
        let format = destination.format;
        let mut suits = Some(());
        if let Some((key, _)) = keys.get(ReportKey::Columns)
            && !format.has_columns()
        {
            let message = format!("the columns of a {} report cannot be chosen", format.name());
            self.toml.complain(key.span(), message, None);
            suits = None;
        }
        if let Some((key, _)) = keys.get(ReportKey::SplitBy)
            && !destination.is_template()
        {
            let message = "the report is one file, and cannot be split";
            let help = "write `{}` in the name of the file for the slice, as in \"{}.md\"";
            self.toml
                .complain(key.span(), message, Some(help.to_owned()));
            suits = None;
        }
        suits
    }
}

/// Returns the value of a key, if it is there; nothing at all, if it is wrong.
fn all_or_none<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(value) => Some(value),
        None => Some(None),
    }
}
