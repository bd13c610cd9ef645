//! The arguments of operators.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::file::FileReader;
use crate::policy::check::{Ago, Check, Literal};
use crate::policy::keys::PrefixKey;
use crate::policy::operator::{Argument, Operator};
use crate::policy::pattern::Pattern;
use crate::record::field::{Kind, Slot};
use crate::record::network;
use crate::record::time::{self, Span};
use crate::toml_reader::{type_name, whole_number};

impl FileReader<'_> {
    /// Reads the argument of an operator on a field, and makes the check of it.
    pub(super) fn argument(
        &mut self,
        operator: &Operator,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Check> {
        let name = operator.name;
        match operator.argument {
            Argument::Truth(check) => self.toml.flag(name, value).map(check),
            Argument::OnlyTrue(check) => match self.toml.flag(name, value)? {
                true => Some(check()),
                false => {
                    let message = format!("`{name}` can only be true");
                    let help = "leave it out to allow both".to_owned();
                    self.toml.complain(value.span(), message, Some(help));
                    None
                }
            },
            Argument::Value(check) => self.literal(kind, value).map(check),
            Argument::Values(check) => {
                let list = self.toml.list(value, &format!("`{name}`"), "write [… , …]");
                let literals = self.each(list, |reader, item| reader.literal(kind, item))?;
                Some(check(literals))
            }
            Argument::Field(check) => self.other_field(slot, kind, value).map(check),
            Argument::Pattern(check) => self.pattern(value).map(check),
            Argument::Count(check) => self.toml.count(name, value).map(check),
            Argument::Time(check) => self.time(value).map(check),
            Argument::Ago(check) => self.ago(value).map(check),
            Argument::Prefixes => self.prefixes(value),
            Argument::Networks(check) => {
                let list = self
                    .toml
                    .list(value, &format!("`{name}`"), r#"write ["192.0.2.0/24"]"#);
                self.each(list, Self::network).map(check)
            }
        }
    }

    /// Reads every item, so that every mistake is reported; none if there is one.
    fn each<T>(
        &mut self,
        items: Vec<&Spanned<DeValue<'_>>>,
        read: impl Fn(&mut Self, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let all: Vec<_> = items.into_iter().map(|item| read(self, item)).collect();
        let all: Option<Vec<T>> = all.into_iter().collect();
        all.filter(|all| !all.is_empty())
    }

    /// Reads a value that fields of a kind are compared with.
    pub(super) fn literal(&mut self, kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<Literal> {
        match (kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Literal::Flag(*flag)),
            (Kind::Text, DeValue::String(text)) if text.trim().is_empty() => {
                let help = "blank text is absence: write { present = false }".to_owned();
                self.toml
                    .complain(value.span(), "no text is ever blank", Some(help));
                None
            }
            (Kind::Text, DeValue::String(text)) => Some(Literal::Text(text.to_string())),
            (Kind::Time, _) => self.time(value).map(Literal::Time),
            (_, other) => {
                let message = format!(
                    "the field is {}: {} never equals it",
                    kind_phrase(kind),
                    type_name(other)
                );
                let help = match kind {
                    Kind::Flag => Some("write true or false".to_owned()),
                    Kind::Text => Some("write it in quotes".to_owned()),
                    Kind::Time | Kind::Networks => None,
                };
                self.toml.complain(value.span(), message, help);
                None
            }
        }
    }

    fn time(&mut self, value: &Spanned<DeValue<'_>>) -> Option<DateTime<Utc>> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(datetime) => datetime.to_string(),
            other => {
                let message = format!("a time is needed, not {}", type_name(other));
                let help = Some("write it as 2026-01-31T00:00:00Z".to_owned());
                self.toml.complain(value.span(), message, help);
                return None;
            }
        };
        let reading = time::read(&text);
        if reading.is_none() {
            let help = "write it as 2026-01-31T00:00:00Z".to_owned();
            self.toml
                .complain(value.span(), format!("`{text}` is not a time"), Some(help));
        }
        reading.map(|reading| reading.time)
    }

    /// Reads a span of time back from `--as-of`.
    pub(super) fn ago(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Ago> {
        let span = match value.get_ref() {
            DeValue::String(text) => Span::read(text),
            _ => None,
        };
        let Some(span) = span else {
            let message = "this is not a duration".to_owned();
            let help =
                "write hours, days or weeks, as \"12h\", \"90d\" or \"26w\"; at most 1000000";
            self.toml
                .complain(value.span(), message, Some(help.to_owned()));
            return None;
        };
        let time = span.before(self.as_of);
        Some(Ago { span, time })
    }

    fn other_field(
        &mut self,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Slot> {
        let name = self.toml.text(value, "the other field's name")?;
        let (other, other_kind) = self.slot(&name, value.span())?;
        let message = if other_kind != kind {
            format!(
                "`{name}` is {}, not {}",
                kind_phrase(other_kind),
                kind_phrase(kind)
            )
        } else if other == slot {
            "a field always agrees with itself".to_owned()
        } else {
            return Some(other);
        };
        let help = "name another field of the same kind".to_owned();
        self.toml.complain(value.span(), message, Some(help));
        None
    }

    fn pattern(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Pattern> {
        let DeValue::String(text) = value.get_ref() else {
            let message = format!("a pattern is text, not {}", type_name(value.get_ref()));
            self.toml.complain(value.span(), message, None);
            return None;
        };
        if let Some(known) = self.pool.patterns.get(text.as_ref()) {
            return Some(known.clone());
        }
        let pattern = Pattern::new(text)
            .inspect_err(|error| {
                let (message, help) = match error {
                    regex::Error::CompiledTooBig(_) => (
                        "the pattern is too big once compiled".to_owned(),
                        Some("repeat less: its compiled form may take 1 MiB".to_owned()),
                    ),
                    other => {
                        let why = other.to_string();
                        let why = why.lines().last().unwrap_or_default();
                        let why = why.trim_start_matches("error: ").to_owned();
                        (format!("this is not a regular expression: {why}"), None)
                    }
                };
                self.toml.complain(value.span(), message, help);
            })
            .ok()?;
        self.pool.patterns.insert(text.to_string(), pattern.clone());
        Some(pattern)
    }

    fn prefixes(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Check> {
        let (table, span) = self.toml.table(value, "`min-prefix`")?;
        let keys = self.toml.keys::<PrefixKey>(table, "`min-prefix`");
        if keys.all().is_empty() {
            let help = "write min-prefix = { v4 = 16, v6 = 48 }".to_owned();
            let message = "`min-prefix` needs v4, v6 or both";
            self.toml.complain(span, message, Some(help));
            return None;
        }
        let mut prefix = |key| match keys.value(key) {
            Some(value) => self.prefix(key, value).map(Some),
            None => Some(None),
        };
        let (v4, v6) = (prefix(PrefixKey::V4), prefix(PrefixKey::V6));
        Some(Check::MinPrefix { v4: v4?, v6: v6? })
    }

    fn prefix(&mut self, key: PrefixKey, value: &Spanned<DeValue<'_>>) -> Option<u8> {
        let number = whole_number(value.get_ref());
        let prefix = number.and_then(|number| u8::try_from(number).ok());
        let max = key.max();
        let message = match (number, prefix) {
            (_, Some(prefix)) if prefix <= max => return Some(prefix),
            (Some(number), _) => format!("a prefix is at most /{max}, not /{number}"),
            (None, _) => format!("a prefix is a whole number from 0 to {max}"),
        };
        self.toml.complain(value.span(), message, None);
        None
    }

    fn network(&mut self, value: &Spanned<DeValue<'_>>) -> Option<IpNet> {
        let text = self.toml.text(value, "a network")?;
        let strict = text
            .contains('/')
            .then(|| network::read_one(&text))
            .flatten();
        if strict.is_none() {
            let message = format!("`{text}` is not a CIDR");
            let help = "write it as 192.0.2.0/24 or 2001:db8::/32".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        strict.map(|network| network.cover)
    }
}

/// Says what a field of a kind holds, for a person.
pub(super) fn kind_phrase(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "a flag",
        Kind::Text => "text",
        Kind::Time => "a time",
        Kind::Networks => "a list of networks",
    }
}
