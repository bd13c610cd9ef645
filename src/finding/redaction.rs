//! How far a value may be shown: redacted, truncated, or as it is.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::privacy::{self, Privacy};
use crate::policy::Answers;
use crate::record::{Field, Slot, Value};

/// Replaces a value that is redacted.
pub const REDACTED: &str = "[redacted]";

/// The most characters of a value that a finding shows: one account must not
/// fill a disk.
const MAX_CHARACTERS: usize = 4096;

/// Returns an id or a name of a customer as far as it may be shown.
pub fn display_id<'a>(privacy: Privacy<'_>, field: &str, value: &'a str) -> Cow<'a, str> {
    match privacy.pseudonym(field, value) {
        Some(pseudonym) => pseudonym.into(),
        None if privacy.hides_sensitive() && looks_like_credential(value) => REDACTED.into(),
        None => truncate(value),
    }
}

/// Returns what is in a field of a record as far as it may be shown.
pub fn observed<'a>(answers: Answers<'a>, slot: Slot, privacy: Privacy<'_>) -> Cow<'a, str> {
    let field = answers.policies().schema.field(slot);
    let cell = answers.record().cell(slot);
    match cell.value {
        Value::Absent(_) => cell.shown().into(),
        // A flag, a number or a time is no credential.
        Value::Flag(_) | Value::Number | Value::Time(_) if !field.sensitive => truncate(cell.seen),
        _ => redact(field, cell.seen, privacy),
    }
}

/// Returns a value of a field as far as it may be shown.
pub fn redact<'a>(field: &Field, value: &'a str, privacy: Privacy<'_>) -> Cow<'a, str> {
    if privacy.hides_sensitive() && is_sensitive(field, value) {
        return REDACTED.into();
    }
    match privacy.pseudonym(&field.name, value) {
        Some(pseudonym) if privacy::tells_who(field) => pseudonym.into(),
        _ => truncate(value),
    }
}

/// Returns a value without what is beyond any reader.
pub(super) fn truncate(text: &str) -> Cow<'_, str> {
    // Bytes are never fewer than characters.
    if text.len() <= MAX_CHARACTERS {
        return text.into();
    }
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => {
            let all = text.chars().count();
            format!("{}… [{all} characters]", &text[..at]).into()
        }
        None => text.into(),
    }
}

fn is_sensitive(field: &Field, value: &str) -> bool {
    field.sensitive || looks_like_credential(value)
}

/// Whether a value holds what looks like a key, a token or a password: by the
/// forms of well-known issuers, as a private key, a JSON web token or a URL with
/// a password.
fn looks_like_credential(value: &str) -> bool {
    static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CREDENTIAL).ok());
    // Were the pattern broken, nothing would be shown.
    FORMS.as_ref().is_none_or(|forms| forms.is_match(value))
}

// Classes are spelt out: those that know all of Unicode take a tenth of a second
// to compile.
const CREDENTIAL: &str = concat!(
    "(?:AKIA|ASIA)[0-9A-Z]{12}|gh[oprsu]_[0-9A-Za-z]{12}|github_pat_[0-9A-Za-z_]{12}",
    "|glpat-[0-9A-Za-z_-]{12}|xox[abeprs]-[0-9A-Za-z-]{10}|[rs]k_(?:live|test)_[0-9A-Za-z]{12}",
    "|AIza[0-9A-Za-z_-]{20}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[0-9A-Za-z_-]+[.][0-9A-Za-z_-]+[.]",
    "|://[^/?# :@]*:[^/?# @]+@",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_known() {
        for secret in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "-----BEGIN RSA PRIVATE KEY-----",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "https://user:pass@example.com/x",
            "PO-12345 | ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            " glpat-abcdefghijklmnop",
            "192.0.2.1, ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        ] {
            assert!(looks_like_credential(secret), "{secret}");
        }
        for plain in [
            "AKIA",
            "Example Outfitters",
            "https://example.com/a@b:c",
            "a@b.c",
        ] {
            assert!(!looks_like_credential(plain), "{plain}");
        }
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        let long = "é".repeat(5000);
        let shown = truncate(&long);
        assert_eq!(shown.chars().filter(|c| *c == 'é').count(), MAX_CHARACTERS);
        assert!(shown.ends_with("… [5000 characters]"));
    }
}
