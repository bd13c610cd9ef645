//! What a waiver says of a field, as TOML: read, and written for people to append.

use toml::Spanned;
use toml::de::DeValue;

use super::keys::ValueKey;
use crate::diagnostic::suggest;
use crate::record::{Absent, Field, Kind, Number, OwnedValue, Raw};
use crate::toml_reader::{TomlReader, Word, type_name};

/// Reads what a waiver says of a field.
pub(super) fn read(
    toml: &mut TomlReader,
    field: &Field,
    value: &Spanned<DeValue<'_>>,
) -> Option<OwnedValue> {
    let name = &field.name;
    let read = match value.get_ref() {
        DeValue::Table(_) => return read_other(toml, name, value),
        DeValue::Boolean(flag) => OwnedValue::read(field, Raw::Bool(*flag)),
        DeValue::Integer(integer) => {
            let digits = i128::from_str_radix(integer.as_str(), integer.radix());
            let digits = digits.map_or_else(|_| integer.as_str().to_owned(), |n| n.to_string());
            OwnedValue::read(field, Raw::Number(&digits))
        }
        DeValue::Float(float) => {
            OwnedValue::read(field, Raw::Number(float.as_str().trim_start_matches('+')))
        }
        DeValue::Datetime(time) => OwnedValue::read(field, Raw::Text(&time.to_string())),
        DeValue::String(text) => OwnedValue::read(field, Raw::Text(text)),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            match texts.collect::<Option<Vec<_>>>() {
                Some(texts) if field.kind == Kind::Networks => {
                    OwnedValue::read(field, Raw::Text(&texts.join(", ")))
                }
                Some(_) | None => OwnedValue::Bad("a list".to_owned()),
            }
        }
    };
    let (message, help) = match &read {
        OwnedValue::Flag(_)
        | OwnedValue::Text(_)
        | OwnedValue::Number(_)
        | OwnedValue::Time(_)
        | OwnedValue::Networks(_) => return Some(read),
        OwnedValue::Absent(why) => (
            format!("this text means nothing in an export: `{name}` would be absent"),
            format!("write {{ absent = \"{why}\" }}"),
        ),
        OwnedValue::Bad(_) => (
            format!(
                "`{name}` holds {}, and this is none",
                match field.kind {
                    Kind::Flag => "a flag",
                    Kind::Text => "a text",
                    Kind::Number => "a number",
                    Kind::Time => "a time",
                    Kind::Networks => "a list of networks",
                }
            ),
            format!(
                "write it as an export may: {}; for what cannot be read {{ unreadable = \"…\" }}",
                field.kind.forms()
            ),
        ),
    };
    toml.complain(value.span(), message, Some(help));
    None
}

/// Reads `{ absent = "missing" }` or `{ unreadable = "what is there" }`.
fn read_other(
    toml: &mut TomlReader,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Option<OwnedValue> {
    let (table, span) = toml.table(value, "a value")?;
    let keys = toml.keys::<ValueKey>(table, "a value");
    match (keys.get(ValueKey::Absent), keys.value(ValueKey::Unreadable)) {
        (Some(entry), None) => {
            let absent: Option<Absent> = toml.word(entry, "way to be absent");
            absent.map(OwnedValue::Absent)
        }
        (None, Some(text)) => match text.get_ref() {
            DeValue::String(text) => Some(OwnedValue::Bad(text.to_string())),
            other => {
                let message = format!("`unreadable` is text, not {}", type_name(other));
                toml.complain(text.span(), message, Some("write it in quotes".to_owned()));
                None
            }
        },
        (Some(_), Some(_)) => {
            let message = format!("`{name}` is either absent or there");
            toml.complain(span, message, Some("leave out one of the two".to_owned()));
            None
        }
        (None, None) => {
            // A key that is none of them has been reported.
            if table.is_empty() {
                let help = Some(suggest("", ValueKey::words()));
                toml.complain(span, format!("nothing is said of `{name}`"), help);
            }
            None
        }
    }
}

/// Writes a value so that it is read as the same; `seen` is how an export spells it.
pub fn write(value: &OwnedValue, seen: &str) -> String {
    match value {
        OwnedValue::Flag(flag) => flag.to_string(),
        // Digits in quotes are read without their exponent.
        OwnedValue::Number(number) if Number::read_text(number).is_none() => number.clone(),
        OwnedValue::Text(_)
        | OwnedValue::Number(_)
        | OwnedValue::Time(_)
        | OwnedValue::Networks(_) => quoted(seen),
        OwnedValue::Absent(why) => format!("{{ absent = \"{why}\" }}"),
        OwnedValue::Bad(seen) => format!("{{ unreadable = {} }}", quoted(seen)),
    }
}

/// Writes a text in quotes, on one line.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if crate::text::is_unsafe(c) || c.is_control() => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::FIELDS;
    use crate::toml_reader;

    fn reread(field: &Field, text: &str) -> (Option<OwnedValue>, Vec<String>) {
        let text = format!("v = {text}");
        let (root, errors) = toml_reader::parse(&text);
        assert_eq!(errors, [], "{text}");
        let mut toml = TomlReader::default();
        let (_, value) = root.get_ref().iter().next().expect("a value");
        let value = read(&mut toml, field, value);
        let diagnostics = toml.into_diagnostics().into_iter();
        (value, diagnostics.map(|one| one.message).collect())
    }

    fn field(name: &str) -> Field {
        let spec = FIELDS.iter().find(|spec| spec.name == name);
        Field::from(spec.expect("a field"))
    }

    proptest! {
        #[test]
        fn a_value_that_is_written_is_read_as_the_same(
            name in prop::sample::select(vec!["force2fa", "name", "createdAt", "ipWhitelist"]),
            seen in prop_oneof![
                any::<String>(), "[a-z0-9.,/ :-]{0,20}", Just("yes".to_owned()),
                Just("192.0.2.0/24; ::1".to_owned()), Just("2026-01-31 10:00".to_owned()),
            ],
        ) {
            let field = field(name);
            let value = OwnedValue::read(&field, Raw::Text(&seen));
            let written = write(&value, &seen);
            let (again, errors) = reread(&field, &written);
            prop_assert_eq!(again, Some(value), "{} {:?}", written, errors);
        }
    }

    #[test]
    fn what_is_no_value_of_the_field_is_refused() {
        for (name, text, message) in [
            (
                "force2fa",
                "\"maybe\"",
                "`force2fa` holds a flag, and this is none",
            ),
            ("force2fa", "7", "`force2fa` holds a flag, and this is none"),
            ("name", "true", "`name` holds a text, and this is none"),
            (
                "createdAt",
                "12",
                "`createdAt` holds a time, and this is none",
            ),
            (
                "ipWhitelist",
                "\"x\"",
                "`ipWhitelist` holds a list of networks, and this is none",
            ),
            ("name", "[\"a\"]", "`name` holds a text, and this is none"),
            (
                "name",
                "\" \"",
                "this text means nothing in an export: `name` would be absent",
            ),
            ("name", "{}", "nothing is said of `name`"),
            (
                "name",
                "{ absent = \"gone\" }",
                "no way to be absent is called `gone`",
            ),
            (
                "name",
                "{ unreadable = 1 }",
                "`unreadable` is text, not a number",
            ),
            ("name", "{ lost = 1 }", "a value has no key `lost`"),
            (
                "name",
                "{ unreadable = \"a\", absent = \"null\" }",
                "`name` is either absent or there",
            ),
        ] {
            let (value, errors) = reread(&field(name), text);
            assert_eq!(
                (value, errors.as_slice()),
                (None, [message.to_owned()].as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn times_and_lists_may_be_written_as_toml_has_them() {
        let time = reread(&field("createdAt"), "2026-01-31T00:00:00Z").0;
        assert_eq!(time, reread(&field("createdAt"), "\"2026-01-31\"").0);
        assert!(time.is_some());
        let list = reread(&field("ipWhitelist"), "[\"::1\", \"10.0.0.0/8\"]").0;
        assert_eq!(list, reread(&field("ipWhitelist"), "\"10.0.0.0/8,::1\"").0);
    }
}
