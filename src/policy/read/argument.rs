//! The arguments of operators.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::{Reader, article};
use crate::policy::check::{Ago, Argument, Check, Literal, OPERATORS, Operator};
use crate::policy::pattern::Pattern;
use crate::record::field::{Kind, Slot};
use crate::record::network;
use crate::record::time::{self, Span};

impl Reader<'_> {
    pub(super) fn argument(
        &mut self,
        operator: &Operator,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Check> {
        let name = operator.name;
        match operator.argument {
            Argument::Truth(check) => self.flag(name, value).map(check),
            Argument::OnlyTrue(check) => match self.flag(name, value)? {
                true => Some(check()),
                false => {
                    let message = format!("`{name}` can only be true");
                    let help = "leave it out to allow both".to_owned();
                    self.complain(value.span(), message, Some(help));
                    None
                }
            },
            Argument::Value(check) => self.literal(kind, value).map(check),
            Argument::Values(check) => {
                let list = self.list(value, &format!("`{name}`"), "write [… , …]");
                let literals = self.each(list, |reader, item| reader.literal(kind, item))?;
                Some(check(literals))
            }
            Argument::Field(check) => self.other_field(slot, kind, value).map(check),
            Argument::Pattern(check) => self.pattern(value).map(check),
            Argument::Count(check) => self.count(name, value).map(check),
            Argument::Time(check) => self.time(value).map(check),
            Argument::Ago(check) => self.ago(value).map(check),
            Argument::Prefixes => self.prefixes(value),
            Argument::Networks(check) => {
                let list = self.list(value, &format!("`{name}`"), r#"write ["192.0.2.0/24"]"#);
                self.each(list, Self::network).map(check)
            }
        }
    }

    /// Reads every item, so that every mistake is told; none if there is one.
    pub(super) fn each<T>(
        &mut self,
        items: Vec<&Spanned<DeValue<'_>>>,
        read: impl Fn(&mut Self, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let all: Vec<_> = items.into_iter().map(|item| read(self, item)).collect();
        let all: Option<Vec<T>> = all.into_iter().collect();
        all.filter(|all| !all.is_empty())
    }

    pub(super) fn flag(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        let message = format!(
            "`{name}` is true or false, not {}",
            article(value.get_ref())
        );
        self.complain(value.span(), message, None);
        None
    }

    pub(super) fn literal(&mut self, kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<Literal> {
        match (kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Literal::Flag(*flag)),
            (Kind::Text, DeValue::String(text)) if text.trim().is_empty() => {
                let help = "blank text is absence: write { present = false }".to_owned();
                self.complain(value.span(), "no text is ever blank", Some(help));
                None
            }
            (Kind::Text, DeValue::String(text)) => Some(Literal::Text(text.to_string())),
            (Kind::Time, _) => self.time(value).map(Literal::Time),
            (_, other) => {
                let message = format!(
                    "the field is {}: {} never equals it",
                    a(kind),
                    article(other)
                );
                let help = match kind {
                    Kind::Flag => Some("write true or false".to_owned()),
                    Kind::Text => Some("write it in quotes".to_owned()),
                    Kind::Time | Kind::Networks => None,
                };
                self.complain(value.span(), message, help);
                None
            }
        }
    }

    pub(super) fn time(&mut self, value: &Spanned<DeValue<'_>>) -> Option<DateTime<Utc>> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(datetime) => datetime.to_string(),
            other => {
                let message = format!("a time is needed, not {}", article(other));
                let help = Some("write it as 2026-01-31T00:00:00Z".to_owned());
                self.complain(value.span(), message, help);
                return None;
            }
        };
        let reading = time::read(&text);
        if reading.is_none() {
            let help = "write it as 2026-01-31T00:00:00Z".to_owned();
            self.complain(value.span(), format!("`{text}` is not a time"), Some(help));
        }
        reading.map(|reading| reading.time)
    }

    pub(super) fn ago(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Ago> {
        let span = match value.get_ref() {
            DeValue::String(text) => Span::read(text),
            _ => None,
        };
        let Some(span) = span else {
            let message = "this is not a span of time".to_owned();
            let help =
                "write hours, days or weeks, as \"12h\", \"90d\" or \"26w\"; at most 1000000";
            self.complain(value.span(), message, Some(help.to_owned()));
            return None;
        };
        let time = span.before(self.as_of);
        Some(Ago { span, time })
    }

    pub(super) fn count(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let count = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        if count.is_none() {
            let message = format!("`{name}` is a whole number, 0 or more");
            self.complain(value.span(), message, None);
        }
        count
    }

    pub(super) fn other_field(
        &mut self,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Slot> {
        let name = self.text(value, "the other field's name")?;
        let (other, other_kind) = self.slot(&name, value.span())?;
        let message = if other_kind != kind {
            format!("`{name}` is {}, not {}", a(other_kind), a(kind))
        } else if other == slot {
            "a field always agrees with itself".to_owned()
        } else {
            return Some(other);
        };
        let help = "name another field of the same kind".to_owned();
        self.complain(value.span(), message, Some(help));
        None
    }

    pub(super) fn pattern(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Pattern> {
        let DeValue::String(text) = value.get_ref() else {
            let message = format!("a pattern is text, not {}", article(value.get_ref()));
            self.complain(value.span(), message, None);
            return None;
        };
        if let Some(known) = self.patterns.get(text.as_ref()) {
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
                self.complain(value.span(), message, help);
            })
            .ok()?;
        self.patterns.insert(text.to_string(), pattern.clone());
        Some(pattern)
    }

    pub(super) fn prefixes(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Check> {
        let (table, span) = self.table(value, "`min-prefix`")?;
        let [v4, v6] = self.keys(table, ["v4", "v6"], "`min-prefix`");
        if v4.or(v6).is_none() {
            let help = "write min-prefix = { v4 = 16, v6 = 48 }".to_owned();
            self.complain(span, "`min-prefix` needs v4, v6 or both", Some(help));
            return None;
        }
        let v4 = v4.map(|(_, value)| self.prefix::<32>(value));
        let v6 = v6.map(|(_, value)| self.prefix::<128>(value));
        if v4 == Some(None) || v6 == Some(None) {
            return None;
        }
        Some(Check::MinPrefix {
            v4: v4.flatten(),
            v6: v6.flatten(),
        })
    }

    pub(super) fn prefix<const MAX: u8>(&mut self, value: &Spanned<DeValue<'_>>) -> Option<u8> {
        let number = match value.get_ref() {
            DeValue::Integer(bits) => u64::from_str_radix(bits.as_str(), bits.radix()).ok(),
            _ => None,
        };
        let prefix = number.and_then(|number| u8::try_from(number).ok());
        let message = match (number, prefix) {
            (_, Some(prefix)) if prefix <= MAX => return Some(prefix),
            (Some(number), _) => format!("a prefix is at most /{MAX}, not /{number}"),
            (None, _) => format!("a prefix is a whole number from 0 to {MAX}"),
        };
        self.complain(value.span(), message, None);
        None
    }

    pub(super) fn network(&mut self, value: &Spanned<DeValue<'_>>) -> Option<IpNet> {
        let text = self.text(value, "a network")?;
        let strict = text
            .contains('/')
            .then(|| network::read_one(&text))
            .flatten();
        if strict.is_none() {
            let message = format!("`{text}` is not a CIDR");
            let help = "write it as 192.0.2.0/24 or 2001:db8::/32".to_owned();
            self.complain(value.span(), message, Some(help));
        }
        strict.map(|network| network.cover)
    }
}

/// The names of the operators that suit a kind.
pub(super) fn suiting(kind: Kind) -> Vec<&'static str> {
    OPERATORS
        .iter()
        .filter(|operator| operator.kinds.contains(&kind))
        .map(|operator| operator.name)
        .collect()
}

/// What a kind holds, for a person.
pub(super) fn a(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "a flag",
        Kind::Text => "text",
        Kind::Time => "a time",
        Kind::Networks => "a list of networks",
    }
}
