//! The arguments of operators.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::file::FileReader;
use crate::policy::check::{Ago, Ahead, Check, Literal, OtherTime};
use crate::policy::keys::{OtherTimeKey, PrefixKey, SizeKey};
use crate::policy::lint::Warning;
use crate::policy::operator::{Argument, Operator};
use crate::policy::pattern::Pattern;
use crate::record::Number;
use crate::record::network;
use crate::record::time::{self, Span};
use crate::record::{Kind, Slot};
use crate::toml_keys::{Keys, Shape};
use crate::toml_reader::{Entries, type_name, whole_number};

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
            Argument::OtherTime(check) => self.other_time(slot, value).map(check),
            Argument::Count(check) => self.toml.count(name, value).map(check),
            Argument::Number(check) => self.number(name, value).map(check),
            Argument::Time(check) => self.time(value).map(check),
            Argument::Ago(check) => self.ago(value).map(check),
            Argument::Ahead(check) => self.ahead(value).map(check),
            Argument::Passed(check) => {
                let wanted = self.toml.flag(name, value)?;
                Some(check(wanted, self.as_of))
            }
            Argument::Prefixes(check) => {
                let keys = self.families::<PrefixKey>(name, value)?;
                let v4 = self.prefix(PrefixKey::V4, keys.value(PrefixKey::V4)?);
                let v6 = self.prefix(PrefixKey::V6, keys.value(PrefixKey::V6)?);
                Some(check(v4?, v6?))
            }
            Argument::Sizes(check) => {
                let keys = self.families::<SizeKey>(name, value)?;
                let v4 = self.toml.count("v4", keys.value(SizeKey::V4)?);
                let v6 = self.size(keys.value(SizeKey::V6)?);
                Some(check(v4?, v6?))
            }
            Argument::Addresses(check) => {
                let help = r#"write ["192.0.2.7", "192.0.2.0/24"]"#;
                let list = self.toml.list(value, &format!("`{name}`"), help);
                self.each(list, Self::address).map(check)
            }
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
            (Kind::Number, DeValue::Integer(_) | DeValue::Float(_)) => {
                self.number("the value", value).map(Literal::Number)
            }
            (_, other) => {
                let message = format!(
                    "the field is {}: {} never equals it",
                    kind_phrase(kind),
                    type_name(other)
                );
                let help = match kind {
                    Kind::Flag => Some("write true or false".to_owned()),
                    Kind::Text => Some("write it in quotes".to_owned()),
                    Kind::Number => Some("write it without quotes".to_owned()),
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

    /// Reads a number, as JSON writes it.
    fn number(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::Integer(integer) => {
                let number = i128::from_str_radix(integer.as_str(), integer.radix());
                number.ok().map(|number| number.to_string())
            }
            DeValue::Float(float) => Some(float.as_str().trim_start_matches('+').to_owned()),
            DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let number = text.filter(|text| Number::read_json(text).is_some());
        if number.is_none() {
            let message = format!("`{name}` is a number");
            let help = "write it without quotes, as 12 or 0.5".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        number
    }

    /// Reads a span of time ahead of `--as-of`.
    fn ahead(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Ahead> {
        let (span, from) = (self.span(value)?, self.as_of);
        let until = span.after(from);
        Some(Ahead { span, from, until })
    }

    /// Reads a span of time back from `--as-of`.
    pub(super) fn ago(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Ago> {
        let span = self.span(value)?;
        let time = span.before(self.as_of);
        Some(Ago { span, time })
    }

    fn span(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Span> {
        let span = match value.get_ref() {
            DeValue::String(text) => Span::read(text),
            _ => None,
        };
        if span.is_none() {
            let help = match whole_number(value.get_ref()) {
                Some(days) => format!("a number of days is written as \"{days}d\""),
                None => "write hours, days or weeks, as \"12h\", \"90d\" or \"26w\"; at most \
                         1000000"
                    .to_owned(),
            };
            self.toml
                .complain(value.span(), "this is not a duration", Some(help));
        }
        span
    }

    /// Reads the name of another field of times, or `{ field = …, by = … }`.
    fn other_time(&mut self, slot: Slot, value: &Spanned<DeValue<'_>>) -> Option<OtherTime> {
        let DeValue::Table(table) = value.get_ref() else {
            let slot = self.other_field(slot, Kind::Time, value)?;
            return Some(OtherTime { slot, by: None });
        };
        let of = "the other field";
        let keys = self.toml.keys::<OtherTimeKey>(table, of);
        let field = self
            .toml
            .needed(&keys, OtherTimeKey::Field, &value.span(), of);
        let other = field.and_then(|field| self.other_field(slot, Kind::Time, field));
        let by = match keys.value(OtherTimeKey::By) {
            Some(by) => self.span(by).map(Some),
            None => Some(None),
        };
        Some(OtherTime {
            slot: other?,
            by: by?,
        })
    }

    fn other_field(
        &mut self,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Slot> {
        let name = self.toml.text(value, "the other field's name")?;
        if kind == Kind::Time && time::read(&name).is_some() {
            let message = format!("`{name}` is a time, and the name of a field is needed");
            let help = "to compare with a time write `before` or `after`".to_owned();
            self.toml.complain(value.span(), message, Some(help));
            return None;
        }
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

    /// Reads the table of an argument that has a value for each family of addresses.
    fn families<'t, 'i, K: Keys>(
        &mut self,
        name: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<Entries<'t, 'i, K>> {
        let example = match K::VARIANTS.first().map(|key| key.shape()) {
            Some(Shape::Prefix { .. }) => "{ v4 = 16, v6 = 48 }",
            Some(_) | None => "{ v4 = 65536, v6 = 1 }",
        };
        let help = format!("write {name} = {example}");
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("`{name}` is a table, not {}", type_name(value.get_ref()));
            self.toml.complain(value.span(), message, Some(help));
            return None;
        };
        let keys = self.toml.keys::<K>(table, &format!("`{name}`"));
        let mut families = K::VARIANTS.iter();
        if let Some(left_out) = families.find(|key| keys.value(**key).is_none()) {
            let message = format!(
                "`{name}` leaves out {}: any of those addresses would pass",
                left_out.word()
            );
            self.toml.complain(value.span(), message, Some(help));
            return None;
        }
        Some(keys)
    }

    /// Reads a number of addresses: a whole number, or a power of two as `2^64`.
    fn size(&mut self, value: &Spanned<DeValue<'_>>) -> Option<u128> {
        let size = match value.get_ref() {
            // A parameter whose default is a power is text.
            DeValue::String(text) => power_of_two(text).or_else(|| text.parse().ok()),
            other => whole_number(other).map(u128::from),
        };
        if size.is_none() {
            let message = "`v6` is a whole number of addresses, or a power of two";
            let help = "write 1, or \"2^64\" for the addresses of a /64".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        size
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
        self.cidr(&text, value)
    }

    /// Reads an address or a CIDR.
    fn address(&mut self, value: &Spanned<DeValue<'_>>) -> Option<IpNet> {
        let text = self.toml.text(value, "an address")?;
        match text.parse::<std::net::IpAddr>() {
            Ok(_) => network::read_one(&text).map(|network| network.cover),
            Err(_) => self.cidr(&text, value),
        }
    }

    fn cidr(&mut self, text: &str, value: &Spanned<DeValue<'_>>) -> Option<IpNet> {
        let network = match text.contains('/') {
            true => network::read_one(text),
            false => None,
        };
        if network.is_none() {
            let message = format!("`{text}` is not a CIDR");
            let help = "write it as 192.0.2.0/24 or 2001:db8::/32".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        let net = network.map(|network| network.cover)?;
        if text.parse::<IpNet>().is_ok_and(|written| written != net) {
            let message = format!("`{text}` has bits set behind its prefix: it is read as {net}");
            let help = format!(
                "write \"{net}\", or the address with /{}",
                net.max_prefix_len()
            );
            // The items of a parameter are elsewhere.
            let span = value.span();
            let is_here = self.source.text.get(span.clone());
            let span = match is_here.is_some_and(|here| here.contains(text)) {
                true => span,
                false => 0..0,
            };
            self.notice(Warning::HostBits, span, message, help);
        }
        Some(net)
    }
}

/// Reads `2^64`. All addresses of IPv6 count one less, the most that the number can
/// hold.
pub(super) fn power_of_two(text: &str) -> Option<u128> {
    let exponent: u32 = text.strip_prefix("2^")?.parse().ok()?;
    match exponent {
        0..128 => Some(1 << exponent),
        128 => Some(u128::MAX),
        129.. => None,
    }
}

/// Says what a field of a kind holds, for a person.
pub(super) fn kind_phrase(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "a flag",
        Kind::Text => "text",
        Kind::Number => "a number",
        Kind::Time => "a time",
        Kind::Networks => "a list of networks",
    }
}
