//! What all parts of the document are made of: names, properties and lines of text.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::digest::{self, Hasher};
use crate::report::format::buffered::Report;
use crate::report::phrase;
use crate::text::escape_controls;

/// The namespace of our properties.
pub const NAMESPACE: &str = "urn:audit:oscal";

/// Returns the UUID of what is called so.
pub fn uuid(kind: &str, name: &str) -> String {
    let ours = Uuid::new_v5(&Uuid::NAMESPACE_URL, NAMESPACE.as_bytes());
    let named = Uuid::new_v5(&ours, format!("{kind}/{name}").as_bytes());
    named.to_string()
}

/// Returns the UUID of what is called so and is said of the findings of a report: of those of
/// a slice other things are said than of all.
pub fn uuid_in(report: &Report<'_>, kind: &str, name: &str) -> String {
    match &report.footer.summary.slice {
        Some(slice) => uuid(kind, &format!("{name}/{slice}")),
        None => uuid(kind, name),
    }
}

pub fn props<const N: usize>(all: [(&str, impl ToString); N]) -> Vec<Value> {
    let all = all.into_iter();
    all.filter_map(|(name, value)| prop(name, &value.to_string()))
        .collect()
}

/// A property of ours; none, if its value is blank, which OSCAL does not take.
pub fn prop(name: &str, value: &str) -> Option<Value> {
    let value = escape_controls(value.trim());
    (!value.is_empty()).then(|| json!({ "name": name, "ns": NAMESPACE, "value": value }))
}

/// Returns text on one line; a dash, where OSCAL wants some and there is none.
pub fn one_line(text: &str) -> String {
    match phrase::one_line(text).trim() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

/// Returns the first of these texts that is not blank.
pub fn first_of(texts: [&str; 2]) -> String {
    one_line(&phrase::first_of(texts))
}

/// Returns the name of a part of a whole, as of a rule of a policy or a control of a
/// framework, as an OSCAL token: letters, digits, `.`, `-` and `_`, a letter or `_` first.
/// Blanks in the name of the whole are `_`, and so is what is between the two. Where other
/// names could be the same, a digest follows.
pub fn token(whole: &str, part: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let is_known = whole.chars().all(|c| is_plain(c) || c == ' ')
        && !whole.starts_with(' ')
        && part.chars().all(is_plain);
    let name = format!("{whole}_{part}");
    let name = name.chars().map(|c| if is_plain(c) { c } else { '_' });
    let mut token: String = name.collect();
    if !token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        token.insert(0, '_');
    }
    if !is_known {
        let mut hash = Hasher::default();
        for name in [whole, part] {
            hash.update(&(name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
        }
        token = format!("{token}_{}", digest::hex(&hash.finish()[..4]));
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_every_night() {
        let name = uuid("finding", "pci/r1");
        assert_eq!(name, uuid("finding", "pci/r1"));
        assert_ne!(name, uuid("observation", "pci/r1"));
        assert_eq!(name.as_bytes()[14], b'5', "{name}");
    }

    #[test]
    fn a_token_is_one_whatever_the_ids() {
        assert_eq!(token("pci", "pci-8.4-mfa"), "pci_pci-8.4-mfa");
        assert_eq!(token("PCI DSS 4.0.1", "8.4.2"), "PCI_DSS_4.0.1_8.4.2");
        assert_eq!(token("27001", "a"), "_27001_a");
    }

    #[test]
    fn other_names_are_other_tokens() {
        let names = [
            ("A B", "C"),
            ("A", "B C"),
            ("A_B", "C"),
            ("A", "B_C"),
            ("A B", "C,D"),
            ("A B", "C D"),
            ("中文", "一"),
            ("中国", "二"),
            (" 1", "a"),
            ("1", "a"),
            ("", "A"),
        ];
        let mut tokens: Vec<_> = names.iter().map(|(a, b)| token(a, b)).collect();
        for token in &tokens {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            assert!(token.chars().all(is_part), "{token}");
        }
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), names.len());
    }

    #[test]
    fn properties_are_one_line_and_never_blank() {
        assert_eq!(prop("a", " \n"), None);
        let made = prop("a", " b\nc\u{1b} ").expect("a property");
        assert_eq!(made["value"], "b\\nc\\u{1b}");
    }
}
