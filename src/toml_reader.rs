//! Reads the tables of a TOML document that a person wrote, and notes every
//! mistake with its place and what would be right.
//!
//! Knows nothing of policies: a table is a list of keys, given as an enum whose
//! names come from a `strum` derive.

use std::ops::Range;

use strum::VariantArray;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::diagnostic::{Diagnostic, nearest, suggest};

/// A key of a table, and its value.
pub type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// Names a fixed list of words: the keys of a table, or the values of a key.
pub trait Word: VariantArray + Copy + PartialEq + Into<&'static str> {
    /// Returns the word as it is written.
    fn word(self) -> &'static str {
        self.into()
    }

    /// Returns all the words, in the order in which people are given them.
    fn words() -> impl Iterator<Item = &'static str> + Clone {
        Self::VARIANTS.iter().map(|word| word.word())
    }
}

impl<W: VariantArray + Copy + PartialEq + Into<&'static str>> Word for W {}

/// Holds the entries of a table by key.
#[derive(Debug, Clone)]
pub struct Entries<'t, 'i, K> {
    found: Vec<(K, Entry<'t, 'i>)>,
    /// Keys that most likely were meant by others, which are no keys.
    misspelt: Vec<K>,
}

impl<'t, 'i, K: Word> Entries<'t, 'i, K> {
    fn new(table: &'t DeTable<'i>, misspelt: &[&str]) -> Self {
        let entry = |key: &K| Some((*key, table.get_key_value(key.word())?));
        let keys = K::VARIANTS.iter().copied();
        Self {
            found: K::VARIANTS.iter().filter_map(entry).collect(),
            misspelt: keys.filter(|key| misspelt.contains(&key.word())).collect(),
        }
    }

    /// Returns whether the table has none of these keys, and none that most likely is one.
    pub fn lacks_all(&self) -> bool {
        self.found.is_empty() && self.misspelt.is_empty()
    }

    /// Returns whether the table has no such key, and none that most likely is it: that one
    /// was already refused, and nothing is missing once it is corrected.
    pub fn lacks(&self, key: K) -> bool {
        self.get(key).is_none() && !self.misspelt.contains(&key)
    }

    /// Returns the entry of a key, if the table has one.
    pub fn get(&self, key: K) -> Option<Entry<'t, 'i>> {
        let mut found = self.found.iter();
        found
            .find(|(known, _)| *known == key)
            .map(|(_, entry)| *entry)
    }

    /// Returns the value of a key, if the table has one.
    pub fn value(&self, key: K) -> Option<&'t Spanned<DeValue<'i>>> {
        self.get(key).map(|(_, value)| value)
    }

    /// Returns all entries, in the order of the list of keys.
    pub fn all(&self) -> &[(K, Entry<'t, 'i>)] {
        &self.found
    }
}

/// Parses a document as far as it can be parsed.
pub fn parse(text: &str) -> (Spanned<DeTable<'_>>, Vec<Diagnostic>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    if is_json(text) {
        let help = "TOML is needed here: is this the export?".to_owned();
        let start = text.len() - text.trim_start().len();
        let diagnostic = Diagnostic::error(start..start + 1, "this is JSON", Some(help));
        return (root, vec![diagnostic]);
    }
    let diagnostic = |error: toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        let help = is_bare_word(text, &span)
            .then(|| "text needs quotes; a flag is true or false".to_owned());
        Diagnostic::error(span, error.message(), help)
    };
    (root, errors.into_iter().map(diagnostic).collect())
}

/// Returns whether a text begins like an object of JSON, or a list of them.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let item = text.strip_prefix('[').map(str::trim_start);
    text.starts_with('{') || item.is_some_and(|item| item.starts_with('{'))
}

/// Returns whether a word without quotes is where a value should be.
fn is_bare_word(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let word = text.get(span.start..).unwrap_or_default();
    let is_value = line.trim_end().ends_with(['=', ',', '[']) && line.contains('=');
    is_value && word.starts_with(|c: char| c.is_alphabetic())
}

/// Reads the values of one document, and keeps what is wrong with them.
#[derive(Debug, Default)]
pub struct TomlReader {
    diagnostics: Vec<Diagnostic>,
    /// The places of values that are not known: nothing else is said of them.
    unknown: Vec<Range<usize>>,
}

impl TomlReader {
    /// Creates a reader of a document of which this is known to be wrong.
    pub fn new(diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            diagnostics,
            unknown: Vec::new(),
        }
    }

    /// Returns whether nothing was wrong so far.
    pub fn is_sound(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Returns all that was wrong, in the order of the document.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.span.start);
        self.diagnostics
    }

    /// Notes a mistake.
    pub fn complain(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if !self.unknown.contains(&span) {
            self.diagnostics
                .push(Diagnostic::error(span, message, help));
        }
    }

    /// Notes a mistake for which the value is not known: whatever else is wrong with it
    /// would mislead.
    pub fn complain_unknown(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.complain(span.clone(), message, help);
        self.unknown.push(span);
    }

    /// Reads a table by its keys; any other key is a mistake. `of` names the
    /// table in messages, as ``a rule`` or `` `[policy]` ``.
    pub fn keys<'t, 'i, K: Word>(
        &mut self,
        table: &'t DeTable<'i>,
        of: &str,
    ) -> Entries<'t, 'i, K> {
        self.keys_or(table, of, |_| None)
    }

    /// Reads a table by its keys as [`TomlReader::keys`] does; `belongs` says of some
    /// other keys where they belong.
    pub fn keys_or<'t, 'i, K: Word>(
        &mut self,
        table: &'t DeTable<'i>,
        of: &str,
        belongs: impl Fn(&str) -> Option<String>,
    ) -> Entries<'t, 'i, K> {
        let misspelt = self.refuse_other_keys(table, K::words(), of, belongs);
        Entries::new(table, &misspelt)
    }

    /// Reads a table whose keys are those of two lists.
    pub fn keys_of_two<'t, 'i, K: Word, L: Word>(
        &mut self,
        table: &'t DeTable<'i>,
        of: &str,
    ) -> (Entries<'t, 'i, K>, Entries<'t, 'i, L>) {
        let words = K::words().chain(L::words());
        let misspelt = self.refuse_other_keys(table, words, of, |_| None);
        (
            Entries::new(table, &misspelt),
            Entries::new(table, &misspelt),
        )
    }

    /// Notes the keys that are none of these names; returns the names that they most likely
    /// were meant to be.
    fn refuse_other_keys(
        &mut self,
        table: &DeTable<'_>,
        names: impl Iterator<Item = &'static str> + Clone,
        of: &str,
        belongs: impl Fn(&str) -> Option<String>,
    ) -> Vec<&'static str> {
        let mut meant = Vec::new();
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !names.clone().any(|known| known == name) {
                let help = belongs(name).unwrap_or_else(|| {
                    meant.extend(nearest(name, names.clone()));
                    suggest(name, names.clone())
                });
                self.complain(key.span(), format!("{of} has no key `{name}`"), Some(help));
            }
        }
        meant
    }

    /// Reads the value of a key that the table, which is at `span`, must have.
    pub fn needed<'t, 'i, K: Word>(
        &mut self,
        entries: &Entries<'t, 'i, K>,
        key: K,
        span: &Range<usize>,
        of: &str,
    ) -> Option<&'t Spanned<DeValue<'i>>> {
        if entries.lacks(key) {
            let message = format!("{of} needs `{}`", key.word());
            self.complain(span.clone(), message, None);
        }
        entries.value(key)
    }

    /// Reads a table, with its place.
    pub fn table<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
    ) -> Option<(&'t DeTable<'i>, Range<usize>)> {
        match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span())),
            other => {
                let message = format!("{what} is a table, not {}", type_name(other));
                self.complain(value.span(), message, None);
                None
            }
        }
    }

    /// Reads a list that is not empty.
    pub fn list<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
        help: &str,
    ) -> Vec<&'t Spanned<DeValue<'i>>> {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                let message = format!("{what} is empty");
                self.complain(value.span(), message, Some("name at least one".to_owned()));
                Vec::new()
            }
            DeValue::Array(items) => items.iter().collect(),
            other => {
                let message = format!("{what} is a list, not {}", type_name(other));
                self.complain(value.span(), message, Some(help.to_owned()));
                Vec::new()
            }
        }
    }

    /// Reads a line of text that is not blank: a control character in it would
    /// break the line of a report. Returns it without the blanks at its ends, so
    /// it is not for values to which records are compared.
    pub fn text(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let text = self.prose(value, what)?;
        if text.contains('\n') {
            let message = format!("{what} has a line feed in it");
            self.complain(value.span(), message, None);
            return None;
        }
        Some(text)
    }

    /// Reads text that is not blank, of one line or several. Returns it without
    /// the blanks at its ends.
    pub fn prose(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let message = match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => format!("{what} is blank"),
            DeValue::String(text) if text.chars().any(|c| c.is_control() && c != '\n') => {
                format!("{what} has a control character in it")
            }
            DeValue::String(text) => return Some(text.trim().to_owned()),
            other => format!("{what} is text, not {}", type_name(other)),
        };
        let help = match value.get_ref() {
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => Some("write it in quotes".to_owned()),
            DeValue::String(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        self.complain(value.span(), message, help);
        None
    }

    /// Reads a line of text; without an entry it is empty.
    pub fn optional_text(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.text(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    /// Reads text of one line or several; without an entry it is empty.
    pub fn optional_prose(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.prose(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    /// Reads one word of a fixed list. `what` names the list in messages, as
    /// `severity`.
    pub fn word<W: Word>(&mut self, entry: Entry<'_, '_>, what: &str) -> Option<W> {
        self.one_of(entry, W::VARIANTS, W::word, what)
    }

    /// Reads the name of one of these values.
    pub fn one_of<T: Copy>(
        &mut self,
        entry: Entry<'_, '_>,
        values: &[T],
        name: fn(T) -> &'static str,
        what: &str,
    ) -> Option<T> {
        let (key, value) = entry;
        let DeValue::String(_) = value.get_ref() else {
            let is = type_name(value.get_ref());
            let message = format!("`{}` is text, not {is}", key.get_ref());
            let names = values.iter().map(|known| name(*known));
            self.complain(value.span(), message, Some(suggest("", names)));
            return None;
        };
        let text = self.text(value, &format!("`{}`", key.get_ref()))?;
        let found = values.iter().copied().find(|known| name(*known) == text);
        if found.is_none() {
            let message = format!("no {what} is called `{text}`");
            let names = values.iter().map(|known| name(*known));
            self.complain(value.span(), message, Some(suggest(&text, names)));
        }
        found
    }

    /// Reads `true` or `false`.
    pub fn flag(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        let is = type_name(value.get_ref());
        self.complain(
            value.span(),
            format!("`{name}` is true or false, not {is}"),
            None,
        );
        None
    }

    /// Reads a whole number, 0 or more.
    pub fn count(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let count = whole_number(value.get_ref());
        if count.is_none() {
            let message = format!("`{name}` is a whole number, 0 or more");
            self.complain(value.span(), message, None);
        }
        count
    }
}

/// Returns a whole number, 0 or more, if the value is one.
pub fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        DeValue::String(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

/// Says what a value is, for a person.
pub fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, VariantArray, strum::IntoStaticStr)]
    #[strum(serialize_all = "kebab-case")]
    enum Key {
        UntilDay,
        Because,
    }

    #[test]
    fn every_mistake_of_a_table_is_noted_in_the_order_of_the_document() {
        let text = "until-day = 3\nbecuase = 'x'\n";
        let (root, errors) = parse(text);
        assert_eq!(errors, []);
        let mut reader = TomlReader::default();
        let keys = reader.keys::<Key>(root.get_ref(), "a waiver");
        let because = reader.needed(&keys, Key::Because, &(0..0), "a waiver");
        assert!(because.is_none());
        let day = keys.value(Key::UntilDay).expect("it has one");
        assert_eq!(reader.text(day, "`until-day`"), None);
        let diagnostics = reader.into_diagnostics();
        let messages: Vec<_> = diagnostics.iter().map(|it| it.message.as_str()).collect();
        let expected = [
            "`until-day` is text, not a number",
            "a waiver has no key `becuase`",
        ];
        assert_eq!(messages, expected);
        let help = diagnostics[1].help.as_deref();
        assert_eq!(help, Some("did you mean `because`?"));
    }
}
