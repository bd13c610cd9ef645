//! How the value of one argument is read.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use strum::{EnumMessage, VariantArray};

use crate::options::{Expiry, HistoryFile, HistoryFormat};
use crate::policy::Severity;
use crate::record::time::{self, Span};
use crate::report::{self, Column, Destination, Listed, MaxChars, NoDestination, SplitBy};

/// Returns a parser of the names of an enum's variants; help shows their
/// documentation.
pub(super) fn choice<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + EnumMessage + Into<&'static str> + Copy + Send + Sync,
{
    let values = T::VARIANTS.iter().map(|variant| {
        let name: &'static str = (*variant).into();
        PossibleValue::new(name).help(variant.get_documentation().unwrap_or_default())
    });
    PossibleValuesParser::new(values).try_map(|name| {
        let named = |variant: &&T| Into::<&'static str>::into(**variant) == name;
        let variant = T::VARIANTS.iter().find(named);
        variant.copied().ok_or("no value has this name")
    })
}

/// Returns the names of variants, for a message.
fn names<T: Copy + Into<&'static str>>(variants: &[T]) -> String {
    let names: Vec<&str> = variants.iter().map(|variant| (*variant).into()).collect();
    names.join(", ")
}

pub(super) fn matrix(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match Destination::new(Some(report::Format::Matrix), path.clone()) {
        Ok(_) => Ok(path),
        Err(_) => Err("name a file; --format matrix is for stdout".to_owned()),
    }
}

/// Reads text that is not blank.
pub(super) fn not_blank(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is blank".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Reads where a report goes: a file, or a format and a file.
pub(super) fn destination(text: &str) -> Result<Destination, String> {
    let format = text.split_once(':');
    let format = format.and_then(|(name, path)| Some((report::Format::named(name)?, path)));
    let destination = match format {
        Some((format, path)) => Destination::new(Some(format), PathBuf::from(path)),
        None => Destination::new(None, PathBuf::from(text)),
    };
    let formats = || names(report::Format::ALL);
    destination.map_err(|why| match why {
        NoDestination::NoFile => "name a file; --format is for stdout".to_owned(),
        NoDestination::NoFormat(None) => {
            format!(
                "{}: write FORMAT:FILE with one of {}",
                why.message(),
                formats()
            )
        }
        NoDestination::NoFormat(Some(_)) => {
            format!(
                "{}, or write FORMAT:FILE with one of {}",
                why.message(),
                formats()
            )
        }
    })
}

pub(super) fn max_chars(text: &str) -> Result<MaxChars, String> {
    MaxChars::read(text).ok_or_else(|| {
        let names = MaxChars::PROFILES.map(|(name, _)| name);
        format!(
            "write a number from 1000 to 1000000000, or one of {}",
            names.join(", ")
        )
    })
}

pub(super) fn history_file(text: &str) -> Result<HistoryFile, String> {
    let path = PathBuf::from(text);
    if text.is_empty() || text == "-" {
        return Err("name a file; without --output it is written to stdout".to_owned());
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    let format = match extension {
        Some("txt") => Some(HistoryFormat::Text),
        Some(extension) => {
            let mut formats = HistoryFormat::VARIANTS.iter().copied();
            formats.find(|format| Into::<&'static str>::into(*format) == extension)
        }
        None => None,
    };
    Ok(HistoryFile { path, format })
}

/// Hexadecimal digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

pub(super) fn sha256(text: &str) -> Result<String, String> {
    let is_digest = text.len() == SHA256_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
    match is_digest {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("a SHA-256 is {SHA256_DIGITS} hexadecimal digits")),
    }
}

/// The most bytes that an option may ask to hold in memory at once: 1 GiB.
const MAX_BYTES: usize = 1 << 30;

pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    let number = number.filter(|number| (1..=MAX_BYTES).contains(number));
    number.ok_or_else(|| format!("write a number of bytes from 1 to {MAX_BYTES}"))
}

pub(super) fn split_by(text: &str) -> Result<SplitBy, String> {
    SplitBy::read(text).ok_or_else(|| format!("use {}", SplitBy::WORDS))
}

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    match name.trim() {
        "" => Err("write NAME=VALUE".to_owned()),
        name => Ok((name.to_owned(), value.trim().to_owned())),
    }
}

pub(super) fn mapping(text: &str) -> Result<(String, String), String> {
    let (field, key) = text.split_once('=').ok_or("write FIELD=KEY")?;
    Ok((field.trim().to_owned(), key.trim().to_owned()))
}

pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let reading = time::read(text).ok_or("write a time as 2026-01-31T00:00:00Z or 2026-01-31")?;
    Ok(reading.time)
}

pub(super) fn severity(name: &str) -> Result<Severity, String> {
    let all = Severity::ALL;
    let severity = all.into_iter().find(|severity| severity.name() == name);
    severity.ok_or_else(|| format!("use one of {}", all.map(Severity::name).join(", ")))
}

pub(super) fn span(text: &str) -> Result<Span, String> {
    Span::read(text).ok_or_else(|| "write a span as 12h, 7d or 4w".to_owned())
}

pub(super) fn deadline(text: &str) -> Result<(Severity, Span), String> {
    let (name, span) = text
        .split_once('=')
        .ok_or("write SEVERITY=SPAN, as critical=7d")?;
    Ok((severity(name.trim())?, self::span(span.trim())?))
}

pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    let day = text.parse();
    day.map_err(|_| "write a day as 2026-01-31".to_owned())
}

pub(super) fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    let time = NaiveTime::parse_from_str(text, "%H:%M");
    time.map_err(|_| "write a time of the day as 02:00".to_owned())
}

/// Reads when a waiver ends: a day, or a number of days.
pub(super) fn expiry(text: &str) -> Result<Expiry, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    match (days, text.parse()) {
        (Some(days), _) => Ok(Expiry::After(days)),
        (None, Ok(day)) => Ok(Expiry::On(day)),
        (None, Err(_)) => Err("write a day as 2026-01-31, or a number of days as 90d".to_owned()),
    }
}

/// Reads a line of text that is not blank.
pub(super) fn line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is blank".to_owned()),
        text if text.chars().any(char::is_control) => {
            Err("it has a control character in it".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

pub(super) fn listed(name: &str) -> Result<Listed, String> {
    let listed = name.parse().ok();
    listed.ok_or_else(|| format!("use some of {}", names(Listed::VARIANTS)))
}

pub(super) fn column(name: &str) -> Result<Column, String> {
    Column::named(name).ok_or_else(|| format!("use some of {}", names(Column::ALL)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Packing;

    #[test]
    fn a_destination_names_its_format() {
        let of = |text: &str| destination(text).map(|destination| destination.format);
        assert_eq!(of("findings.csv"), Ok(report::Format::Csv));
        assert_eq!(of("json:findings"), Ok(report::Format::Json));
        assert_eq!(of("dir:x/findings.json"), Ok(report::Format::Json));
        assert!(of("findings").is_err());
        assert!(of("csv:").is_err());
        assert!(of("csv:-").is_err());
        assert!(of("findings.zst").is_err());
        assert!(of("findings.pdf.gz").is_err());
    }

    #[test]
    fn a_packed_destination_has_the_format_of_the_extension_before() {
        let of = |text: &str| {
            let destination = destination(text).expect("it names a format");
            (destination.format, destination.packing)
        };
        let (csv, gzip) = (report::Format::Csv, Some(Packing::Gzip));
        assert_eq!(of("a.csv.gz"), (csv, gzip));
        assert_eq!(of("csv:a.gz"), (csv, gzip));
        assert_eq!(of("csv:a.json.gz"), (csv, gzip));
        assert_eq!(of("a.csv.zst"), (csv, Some(Packing::Zstd)));
        assert_eq!(of("a.gz.csv"), (csv, None));
    }
}
