//! The fields of a customer record, and how their keys are recognised.

use toml::Value as Toml;

/// What is written in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Flag,
    Text,
    Number,
    Time,
    Networks,
}

pub const FIELDS: [(&str, Kind); 28] = [
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("ownerId", Kind::Text),
    ("billingContactId", Kind::Text),
    ("legalContactId", Kind::Text),
    ("securityContactId", Kind::Text),
    ("technicalContactId", Kind::Text),
    ("billingNetworkType", Kind::Text),
    ("billingRef", Kind::Text),
    ("pricingPlan", Kind::Text),
    ("pricingPlanId", Kind::Text),
    ("phoneNumber", Kind::Text),
    ("postalAddress", Kind::Text),
    ("ipWhitelist", Kind::Networks),
    ("force2fa", Kind::Flag),
    ("forceSso", Kind::Flag),
    ("hasPci", Kind::Flag),
    ("hasPciPasswords", Kind::Flag),
    ("canUploadVcl", Kind::Flag),
    ("canResetPasswords", Kind::Flag),
    ("canConfigureWordpress", Kind::Flag),
    ("hasAccountPanel", Kind::Flag),
    ("hasImprovedEvents", Kind::Flag),
    ("hasImprovedSslConfig", Kind::Flag),
    ("hasOpenstackLogging", Kind::Flag),
    ("createdAt", Kind::Time),
    ("updatedAt", Kind::Time),
    ("deletedAt", Kind::Time),
];

/// A key as it is compared: without case, `_`, `-` and blanks, save a `_` that
/// leads it.
pub fn folded(key: &str) -> String {
    let folded: String = key
        .chars()
        .filter(|c| !matches!(c, '_' | '-') && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    match key.trim().strip_prefix('_') {
        Some(_) if !folded.is_empty() => format!("_{folded}"),
        _ => folded,
    }
}

/// The kind that `[fields]` declares: a word, or a table that holds one.
pub fn kind(declared: &Toml) -> Kind {
    match declared.get("kind").unwrap_or(declared).as_str().unwrap() {
        "flag" => Kind::Flag,
        "text" => Kind::Text,
        "number" => Kind::Number,
        "time" => Kind::Time,
        "networks" => Kind::Networks,
        other => panic!("no kind is called `{other}`"),
    }
}
