//! What all parts of the document are made of: names, properties and lines of text.

use serde_json::{Value, json};
use uuid::Uuid;

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

/// The name of a rule as an OSCAL token: letters, digits, `.`, `-` and `_`, a
/// letter or `_` first.
pub fn token(policy: &str, rule: &str) -> String {
    plain(&format!("{policy}_{rule}"))
}

pub fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain = |c| if is_plain(c) { c } else { '_' };
    let token: String = name.chars().map(plain).collect();
    if token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        token
    } else {
        format!("_{token}")
    }
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
        assert_eq!(token("27001", "a b/é"), "_27001_a_b__");
    }

    #[test]
    fn properties_are_one_line_and_never_blank() {
        assert_eq!(prop("a", " \n"), None);
        let made = prop("a", " b\nc\u{1b} ").expect("a property");
        assert_eq!(made["value"], "b\\nc\\u{1b}");
    }
}
