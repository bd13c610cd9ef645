//! The fields of a customer record: what they are called, what they hold, and
//! which of them a run reads.

use strum::{EnumCount, VariantArray};

/// What a field holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumCount,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// Any text.
    Text,
    /// A number.
    Number,
    /// An instant.
    Time,
    /// A list of networks.
    Networks,
}

impl Kind {
    /// Every kind, in the order in which it is listed to people.
    pub const ALL: [Kind; Kind::COUNT] = {
        let mut all = [Kind::Flag; Kind::COUNT];
        all.copy_from_slice(Kind::VARIANTS);
        all
    };

    /// Returns its name in a policy's `[fields]`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Says what a field is beside its kind, where its values are read otherwise for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// None of the others.
    Plain,
    /// The customer's name, which may be any word.
    Name,
    /// When the account was made: it was not deleted before.
    Created,
    /// When the account was deleted. An account that is not deleted may say so with a
    /// time far ahead or with 0; one that is was so neither before it was made nor
    /// before such accounts existed.
    Deleted,
}

/// Describes a documented field: one of Fastly's `CustomerResponse`.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The name by which policies and reports call it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Personal data: its values read `[redacted]` in reports.
    pub sensitive: bool,
    /// What it is beside its kind.
    pub role: Role,
    /// The values that it is documented to have, if these are listed.
    pub values: &'static [&'static str],
    /// Objects that are no customers have a key of this name too.
    pub common: bool,
    /// What it says about the account.
    pub meaning: &'static str,
}

const fn of(kind: Kind, name: &'static str, meaning: &'static str) -> Spec {
    Spec {
        name,
        kind,
        sensitive: false,
        role: Role::Plain,
        values: &[],
        common: false,
        meaning,
    }
}

const fn flag(name: &'static str, meaning: &'static str) -> Spec {
    of(Kind::Flag, name, meaning)
}

const fn text(name: &'static str, meaning: &'static str) -> Spec {
    of(Kind::Text, name, meaning)
}

const fn time(name: &'static str, meaning: &'static str) -> Spec {
    of(Kind::Time, name, meaning)
}

const fn networks(name: &'static str, meaning: &'static str) -> Spec {
    of(Kind::Networks, name, meaning)
}

const fn personal(spec: Spec) -> Spec {
    Spec {
        sensitive: true,
        ..spec
    }
}

const fn one_of(spec: Spec, values: &'static [&'static str]) -> Spec {
    Spec { values, ..spec }
}

const fn common(spec: Spec) -> Spec {
    Spec {
        common: true,
        ..spec
    }
}

const fn with_role(role: Role, spec: Spec) -> Spec {
    Spec { role, ..spec }
}

/// Lists the documented fields: everything that knows a field by name asks this
/// list.
pub const FIELDS: &[Spec] = &[
    common(text("id", "the account's id, case-sensitive")),
    common(with_role(
        Role::Name,
        text("name", "the company, as printed on invoices"),
    )),
    text("ownerId", "the user who owns the account"),
    text(
        "billingContactId",
        "the billing contact; without one the owner gets the bill",
    ),
    text("legalContactId", "the legal contact"),
    text("securityContactId", "the person to call in an incident"),
    text("technicalContactId", "the technical contact"),
    one_of(
        text(
            "billingNetworkType",
            "`public` or `private`: a kind of revenue, not of security",
        ),
        &["public", "private"],
    ),
    text("billingRef", "the purchase-order reference"),
    text("pricingPlan", "the plan's name"),
    text("pricingPlanId", "the plan's id"),
    personal(text(
        "phoneNumber",
        "the account's telephone, needed to lift a lock-out",
    )),
    personal(text("postalAddress", "the account's postal address")),
    networks("ipWhitelist", "the addresses that may sign in"),
    flag("force2fa", "two-factor sign-in is forced for every user"),
    flag("forceSso", "single sign-on is forced for every user"),
    flag(
        "hasPci",
        "services may carry the PCI flag: an entitlement, not proof of scope",
    ),
    flag("hasPciPasswords", "passwords must meet the PCI rules"),
    flag("canUploadVcl", "may upload code that runs at the edge"),
    flag("canResetPasswords", "may reset passwords"),
    flag("canConfigureWordpress", "may use the WordPress feature"),
    flag("hasAccountPanel", "sees the account panel"),
    flag("hasImprovedEvents", "has the newer event log"),
    flag(
        "hasImprovedSslConfig",
        "may view and edit the TLS configuration",
    ),
    flag("hasOpenstackLogging", "may log to OpenStack"),
    common(with_role(
        Role::Created,
        time("createdAt", "when the account was made"),
    )),
    common(time(
        "updatedAt",
        "when the record last changed, which is not when it was last reviewed",
    )),
    common(with_role(
        Role::Deleted,
        time("deletedAt", "when the account was cancelled"),
    )),
];

/// Returns whether the name is, in any spelling, that of a documented field.
pub fn is_documented(name: &str) -> bool {
    let folded = normalize_key(name);
    FIELDS.iter().any(|spec| normalize_key(spec.name) == folded)
}

/// Whether a field of this name holds a credential: its values are never shown.
pub fn is_credential_name(name: &str) -> bool {
    let folded = normalize_key(name);
    ["apikey", "token", "secret"]
        .iter()
        .any(|word| folded.contains(word))
        || folded.ends_with("password")
}

/// A key without what spellings differ in: case, `_`, `-` and blanks. A `_` that leads
/// it is part of the key: `_id` is the row's, where `id` is the customer's.
pub fn normalize_key(key: &str) -> String {
    let mut normalized = String::new();
    normalize_key_into(key, &mut normalized);
    normalized
}

/// Puts a normalized key in place of another.
pub fn normalize_key_into(key: &str, normalized: &mut String) {
    let kept = |c: &char| !matches!(c, '_' | '-') && !c.is_whitespace();
    let lead = key.trim_start().starts_with('_') && key.chars().any(|c| kept(&c));
    let rest = key.chars().filter(kept).map(|c| c.to_ascii_lowercase());
    normalized.clear();
    if lead {
        normalized.push('_');
    }
    normalized.extend(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_seen_in_the_field_is_the_same_key() {
        for key in [
            "force_2fa",
            "force2fa",
            "force2Fa",
            "force_2_fa",
            "force2_fa",
            "FORCE_2FA",
            "Force 2FA",
            "force-2fa",
            "force2fa ",
        ] {
            assert_eq!(normalize_key(key), "force2fa", "{key}");
        }
    }

    #[test]
    fn a_leading_underscore_is_part_of_the_key() {
        for (key, folded) in [
            ("_id", "_id"),
            (" _ID", "_id"),
            ("__id", "_id"),
            ("_created_at", "_createdat"),
            ("id_", "id"),
            ("-id", "id"),
            ("_", ""),
            ("_-_", ""),
        ] {
            assert_eq!(normalize_key(key), folded, "{key}");
        }
        assert_ne!(normalize_key("_id"), normalize_key("id"));
    }

    #[test]
    fn the_documented_fields_stay_apart_when_folded() {
        let mut folded: Vec<_> = FIELDS.iter().map(|spec| normalize_key(spec.name)).collect();
        folded.sort_unstable();
        folded.dedup();
        assert_eq!(folded.len(), FIELDS.len());
    }
}
