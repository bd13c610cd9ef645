//! From the text of a policy to its rules: every mistake is told, with its
//! place and what would be right.

mod argument;
mod requirement;
mod rules;

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{Diagnostic, Error, nearest};
use super::requirement::TestId;
use super::{Policies, Policy, Source};
use crate::record::text;

/// A key of a table, and its value.
type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// Reads policies one after another; they share fields and tests.
pub(super) struct Reader {
    as_of: DateTime<Utc>,
    policies: Policies,
    /// Each test by its field, operator and argument.
    known_tests: HashMap<String, TestId>,
    diagnostics: Vec<Diagnostic>,
    /// The ids of all policies, also of those that are not valid, and where
    /// each was read.
    ids: Vec<(String, String)>,
    /// The fields that the policy being read declares, folded, and whether
    /// their declaration is sound.
    declared: HashMap<String, bool>,
}

impl Reader {
    pub(super) fn new(as_of: DateTime<Utc>) -> Self {
        Self {
            as_of,
            policies: Policies::default(),
            known_tests: HashMap::new(),
            diagnostics: Vec::new(),
            ids: Vec::new(),
            declared: HashMap::new(),
        }
    }

    pub(super) fn into_policies(self) -> Policies {
        self.policies
    }

    /// Reads one more policy.
    pub(super) fn policy(&mut self, source: &Source) -> Result<(), Error> {
        self.declared.clear();
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            self.complain(span, error.message().to_owned(), None);
        }
        // What follows a broken line may read as something else: those errors
        // would mislead.
        let policy = match self.diagnostics.is_empty() {
            true => self.root(root.get_ref(), source),
            false => None,
        };
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        if let (true, Some(policy)) = (diagnostics.is_empty(), policy) {
            self.policies.all.push(policy);
            return Ok(());
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        Err(Error::Invalid {
            path: source.path.clone(),
            text: source.text.clone(),
            diagnostics,
        })
    }

    fn complain(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.diagnostics.push(Diagnostic {
            span,
            message: message.into(),
            help,
        });
    }

    fn root(&mut self, root: &DeTable<'_>, source: &Source) -> Option<Policy> {
        let [head, fields, rules] = self.keys(root, ["policy", "fields", "rule"], "a policy");
        if let Some((_, fields)) = fields {
            self.fields(fields);
        }
        let head = match head {
            Some((_, head)) => self.table(head, "`[policy]`"),
            None => {
                let help = "begin with [policy] and id = \"…\"".to_owned();
                self.complain(0..0, "a policy needs a `[policy]` table", Some(help));
                None
            }
        };
        let head = head.map(|(head, span)| self.head(head, span, source));
        let on_absent = head.as_ref().map(|head| head.on_absent).unwrap_or_default();
        let rules = self.rules(rules, on_absent);
        let head = head?;
        Some(Policy {
            id: head.id?,
            title: head.title,
            version: head.version,
            path: source.path.clone(),
            file: source.file.clone(),
            sha256: text::hex(&Sha256::digest(&source.text)),
            scope: head.scope,
            rules,
        })
    }

    /// The entries of a table by name; any other key is an error.
    fn keys<'t, 'i, const N: usize>(
        &mut self,
        table: &'t DeTable<'i>,
        names: [&'static str; N],
        of: &str,
    ) -> [Option<Entry<'t, 'i>>; N] {
        let mut found = [None; N];
        for (key, value) in table.iter() {
            match names.iter().position(|name| name == key.get_ref()) {
                Some(at) => found[at] = Some((key, value)),
                None => {
                    let message = format!("{of} has no key `{}`", key.get_ref());
                    self.complain(key.span(), message, Some(suggest(key.get_ref(), names)));
                }
            }
        }
        found
    }

    fn table<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
    ) -> Option<(&'t DeTable<'i>, Range<usize>)> {
        match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span())),
            other => {
                let message = format!("{what} is a table, not {}", article(other));
                self.complain(value.span(), message, None);
                None
            }
        }
    }

    fn list<'t, 'i>(
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
                let message = format!("{what} is a list, not {}", article(other));
                self.complain(value.span(), message, Some(help.to_owned()));
                Vec::new()
            }
        }
    }

    /// A line of text that is not blank: a control character in it would break
    /// the line of a report.
    fn text(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let text = self.prose(value, what)?;
        if text.contains('\n') {
            let message = format!("{what} has a line feed in it");
            self.complain(value.span(), message, None);
            return None;
        }
        Some(text)
    }

    /// Text that is not blank, of one line or several.
    fn prose(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let message = match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => format!("{what} is blank"),
            DeValue::String(text) if text.chars().any(|c| c.is_control() && c != '\n') => {
                format!("{what} has a control character in it")
            }
            DeValue::String(text) => return Some(text.trim().to_owned()),
            other => format!("{what} is text, not {}", article(other)),
        };
        self.complain(value.span(), message, None);
        None
    }

    fn optional_text(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.text(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    fn optional_prose(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.prose(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    /// One word of a fixed list.
    fn word<T: Copy>(
        &mut self,
        entry: Entry<'_, '_>,
        words: &[T],
        name: fn(T) -> &'static str,
        what: &str,
    ) -> Option<T> {
        let (key, value) = entry;
        let text = self.text(value, &format!("`{}`", key.get_ref()))?;
        let found = words.iter().copied().find(|word| name(*word) == text);
        if found.is_none() {
            let message = format!("no {what} is called `{text}`");
            let names = words.iter().map(|word| name(*word));
            self.complain(value.span(), message, Some(suggest(&text, names)));
        }
        found
    }
}

/// The nearest of the names, or all of them.
fn suggest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    }
}

/// What a value is, for a person.
fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
