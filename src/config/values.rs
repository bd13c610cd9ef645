//! Values of a configuration that are more than a word or a number.

use std::path::PathBuf;
use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;

use super::paths::{Mistake, Paths};
use super::placed::Placed;
use crate::diagnostic::{Position, suggest};
use crate::options::{Alarm, FILE_OF_LINK, FailsOn};
use crate::policy::{self, Severity};
use crate::record::time::Span;
use crate::toml_reader::{Entry, TomlReader, type_name};

/// Reads values, and keeps what is wrong with them.
pub(super) struct Values<'r> {
    pub toml: TomlReader,
    pub text: &'r str,
    pub paths: Paths,
}

impl<'r> Values<'r> {
    pub fn new(toml: TomlReader, text: &'r str, paths: Paths) -> Self {
        Self { toml, text, paths }
    }

    /// Reads the value of a key, if it is there, and notes its line.
    pub fn placed<T>(
        &mut self,
        entry: Option<Entry<'_, '_>>,
        read: impl FnOnce(&mut Self, Entry<'_, '_>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let entry = entry?;
        let value = read(self, entry)?;
        let line = Position::new(self.text, entry.0.span().start).line;
        Some(Placed { value, line })
    }

    fn mistaken<T>(&mut self, value: &Spanned<DeValue<'_>>, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|Mistake { message, help }| self.toml.complain(value.span(), message, help))
            .ok()
    }

    /// Reads a list, each item of it by `read`.
    pub fn list<T>(
        &mut self,
        (key, value): Entry<'_, '_>,
        mut read: impl FnMut(&mut Self, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.toml.list(
            value,
            &format!("`{}`", key.get_ref()),
            r#"write ["…", "…"]"#,
        );
        let read: Vec<_> = items.iter().map(|item| read(self, item)).collect();
        let all: Option<Vec<_>> = read.into_iter().collect();
        all.filter(|all| !all.is_empty())
    }

    pub fn text(&mut self, (key, value): Entry<'_, '_>) -> Option<String> {
        self.toml.text(value, &format!("`{}`", key.get_ref()))
    }

    pub fn texts<T: FromStr>(&mut self, entry: Entry<'_, '_>) -> Option<Vec<T>> {
        let what = format!("an item of `{}`", entry.0.get_ref());
        self.list(entry, |values, item| {
            values.toml.text(item, &what)?.parse().ok()
        })
    }

    pub fn flag(&mut self, (key, value): Entry<'_, '_>) -> Option<bool> {
        self.toml.flag(key.get_ref(), value)
    }

    pub fn path(&mut self, entry: Entry<'_, '_>) -> Option<PathBuf> {
        let text = self.text(entry)?;
        self.path_in(entry, &text)
    }

    /// Reads a path, which is all of a value or a part of it.
    pub fn path_in(&mut self, (_, value): Entry<'_, '_>, text: &str) -> Option<PathBuf> {
        let path = self.paths.one(text);
        self.mistaken(value, path)
    }

    /// Reads the paths of exports; `-` is stdin.
    pub fn files(&mut self, entry: Entry<'_, '_>) -> Option<Vec<PathBuf>> {
        let what = format!("an item of `{}`", entry.0.get_ref());
        let files = self.list(entry, |values, item| {
            let text = values.toml.text(item, &what)?;
            if text == "-" {
                return Some(vec![PathBuf::from(text)]);
            }
            let files = values.paths.many(&text);
            values.mistaken(item, files)
        });
        files.map(|files| files.concat())
    }

    /// Reads the names of policies, which are bundled ones or files.
    pub fn policies(&mut self, entry: Entry<'_, '_>) -> Option<Vec<PathBuf>> {
        self.list(entry, |values, item| {
            let text = values.toml.text(item, "a policy")?;
            if policy::is_bundled_name(&text) {
                return Some(PathBuf::from(text));
            }
            let path = values.paths.one(&text);
            values.mistaken(item, path)
        })
    }

    /// Reads `[set]`: a value is what `--set` would be given, and a list in a file is
    /// relative to the configuration.
    pub fn settings(&mut self, (_, value): Entry<'_, '_>) -> Option<Vec<(String, String)>> {
        let (table, _) = self.toml.table(value, "`set`")?;
        let settings = table.iter().map(|(name, value)| {
            let text = match value.get_ref() {
                DeValue::String(text) => match text.strip_prefix('@') {
                    Some(path) if !path.starts_with('@') => {
                        let path = self.paths.one(path);
                        let path = self.mistaken(value, path)?;
                        format!("@{}", path.display())
                    }
                    Some(_) | None => text.to_string(),
                },
                DeValue::Table(_) => {
                    let message = format!("the value of `{}` is a table", name.get_ref());
                    let help = "write NAME = VALUE, as stale-days = 180".to_owned();
                    self.toml.complain(value.span(), message, Some(help));
                    return None;
                }
                DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => self.text.get(value.span())?.to_owned(),
            };
            Some((name.get_ref().to_string(), text))
        });
        let settings: Vec<_> = settings.collect();
        settings.into_iter().collect()
    }

    /// Reads `map`: after the name of a field a key, or a list of them.
    pub fn mapping(&mut self, (_, value): Entry<'_, '_>) -> Option<Vec<(String, String)>> {
        let (table, _) = self.toml.table(value, "`map`")?;
        let mut mapping = Some(Vec::new());
        for entry in table.iter() {
            let keys = match entry.1.get_ref() {
                DeValue::Array(_) => self.texts(entry),
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Table(_) => self.text(entry).map(|key| vec![key]),
            };
            let field = entry.0.get_ref().to_string();
            match (&mut mapping, keys) {
                (Some(mapping), Some(keys)) => {
                    mapping.extend(keys.into_iter().map(|key| (field.clone(), key)));
                }
                _ => mapping = None,
            }
        }
        mapping
    }

    pub fn fail_on(&mut self, entry: Entry<'_, '_>) -> Option<Vec<FailsOn>> {
        let one = |values: &mut Self, item: &Spanned<DeValue<'_>>| {
            let text = values.toml.text(item, "`fail-on`")?;
            let read = text.parse().map_err(|help| Mistake {
                message: format!("nothing that can fail a run is called `{text}`"),
                help: Some(help),
            });
            values.mistaken(item, read)
        };
        match entry.1.get_ref() {
            DeValue::Array(_) => self.list(entry, one),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => one(self, entry.1).map(|one| vec![one]),
        }
    }

    pub fn alarm(&mut self, entry: Entry<'_, '_>) -> Option<Alarm> {
        self.toml.word(entry, "answer to an alarm")
    }

    pub fn severity(&mut self, entry: Entry<'_, '_>) -> Option<Severity> {
        self.toml.word(entry, "severity")
    }

    pub fn span(&mut self, (key, value): Entry<'_, '_>) -> Option<Span> {
        let read = match value.get_ref() {
            DeValue::String(text) => Span::read(text).ok_or_else(|| format!("`{text}`")),
            other => Err(type_name(other).to_owned()),
        };
        let read = read.map_err(|is| Mistake {
            message: format!("`{}` is a span of time, not {is}", key.get_ref()),
            help: Some("write it as \"12h\", \"7d\" or \"4w\"".to_owned()),
        });
        self.mistaken(value, read)
    }

    pub fn deadlines(&mut self, (_, value): Entry<'_, '_>) -> Option<Vec<(Severity, Span)>> {
        let (table, _) = self.toml.table(value, "`deadline`")?;
        let deadlines = table.iter().map(|(key, value)| {
            let name = key.get_ref().as_ref();
            let severity = Severity::ALL.into_iter().find(|one| one.name() == name);
            if severity.is_none() {
                let message = format!("no severity is called `{name}`");
                let help = suggest(name, Severity::ALL.map(Severity::name));
                self.toml.complain(key.span(), message, Some(help));
            }
            let span = self.span((key, value));
            severity.zip(span)
        });
        let deadlines: Vec<_> = deadlines.collect();
        deadlines.into_iter().collect()
    }

    pub fn number(&mut self, (key, value): Entry<'_, '_>, most: u16) -> Option<u16> {
        let number = self.toml.count(key.get_ref(), value)?;
        let number = u16::try_from(number).ok();
        let number = number.filter(|number| (1..=most).contains(number));
        let read = number.ok_or_else(|| Mistake {
            message: format!("`{}` is a number from 1 to {most}", key.get_ref()),
            help: None,
        });
        self.mistaken(value, read)
    }

    /// Reads the address of the whole report.
    pub fn link(&mut self, entry: Entry<'_, '_>) -> Option<String> {
        let text = self.text(entry)?;
        let is_address = ["https://", "http://"].iter().any(|scheme| {
            let rest = text.strip_prefix(scheme);
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
        });
        let [date, night] = super::night::PLACEHOLDERS;
        let filled = match is_address {
            true => self.paths.filled(&text, &[date, night, FILE_OF_LINK]),
            false => Err(Mistake {
                message: format!("`{text}` is no address"),
                help: Some("write it as \"https://host/{night}/{file}\"".to_owned()),
            }),
        };
        self.mistaken(entry.1, filled)
    }
}
