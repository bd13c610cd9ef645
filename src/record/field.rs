//! The fields of a customer record: what they are called, what they hold, and
//! which of them a run reads.

use std::collections::HashMap;

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

const fn with_role(role: Role, spec: Spec) -> Spec {
    Spec { role, ..spec }
}

/// Lists the documented fields: everything that knows a field by name asks this
/// list.
pub const FIELDS: &[Spec] = &[
    text("id", "the account's id, case-sensitive"),
    with_role(
        Role::Name,
        text("name", "the company, as printed on invoices"),
    ),
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
    with_role(
        Role::Created,
        time("createdAt", "when the account was made"),
    ),
    time(
        "updatedAt",
        "when the record last changed, which is not when it was last reviewed",
    ),
    with_role(
        Role::Deleted,
        time("deletedAt", "when the account was cancelled"),
    ),
];

/// A field that a run reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its canonical name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its values read `[redacted]` in reports.
    pub sensitive: bool,
    /// What it is beside its kind.
    pub role: Role,
    /// It is one of [`FIELDS`], and not a policy's own.
    pub documented: bool,
}

impl From<&Spec> for Field {
    fn from(spec: &Spec) -> Self {
        Self {
            name: spec.name.to_owned(),
            kind: spec.kind,
            sensitive: spec.sensitive,
            role: spec.role,
            documented: true,
        }
    }
}

/// Where the value of a field stands in every record of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u16);

impl Slot {
    /// The customer's id, which every run reads.
    pub const ID: Slot = Slot(0);
    /// The customer's name, which every run reads.
    pub const NAME: Slot = Slot(1);

    /// Its place in a list with one entry a slot.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What a key of a record means to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A field that some policy asks for.
    Wanted(Slot),
    /// A field that nobody asks for.
    Known,
    /// No field at all.
    Unknown,
}

/// Says why a key cannot be read as a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapError {
    /// No field has the name.
    NoField,
    /// The key is blank.
    NoKey,
    /// The key is read as this field.
    Taken(String),
}

/// The fields that a run knows, and those of them that it reads.
#[derive(Debug, Clone)]
pub struct Schema {
    known: HashMap<String, (Field, Option<Slot>)>,
    wanted: Vec<Field>,
    created: Option<Slot>,
    deleted: Option<Slot>,
    /// The normalized names of the fields as which other normalized keys are read.
    mapped: HashMap<String, String>,
}

impl Default for Schema {
    fn default() -> Self {
        let known = FIELDS
            .iter()
            .map(|spec| (normalize_key(spec.name), (Field::from(spec), None)))
            .collect();
        let mut schema = Self {
            known,
            wanted: Vec::new(),
            created: None,
            deleted: None,
            mapped: HashMap::new(),
        };
        // `Slot::ID` and `Slot::NAME` count on this order.
        for spec in FIELDS.iter().take(2) {
            schema.want(spec.name);
        }
        schema
    }
}

impl Schema {
    /// Adds a field of a policy's own, whose values are personal data or not.
    ///
    /// # Errors
    ///
    /// Returns the field that has this name in some spelling, if it is documented or
    /// declared otherwise.
    pub fn declare(&mut self, name: &str, kind: Kind, personal: bool) -> Result<(), Field> {
        let sensitive = personal || is_credential_name(name);
        let field = Field {
            name: name.to_owned(),
            kind,
            sensitive,
            role: Role::Plain,
            documented: false,
        };
        match self.known.get(&normalize_key(name)) {
            Some((other, _)) if other.kind != kind || is_documented(name) => Err(other.clone()),
            // Redacted for one policy is redacted for all.
            Some((other, _)) if other.sensitive != sensitive => Err(other.clone()),
            Some(_) => Ok(()),
            None => {
                self.known.insert(normalize_key(name), (field, None));
                Ok(())
            }
        }
    }

    /// The slot of the field of this name, in any spelling; from now on it is
    /// read from every record.
    pub fn want(&mut self, name: &str) -> Option<Slot> {
        let (field, slot) = self.known.get_mut(&normalize_key(name))?;
        if let Some(slot) = slot {
            return Some(*slot);
        }
        let new = Slot(u16::try_from(self.wanted.len()).ok()?);
        *slot = Some(new);
        self.wanted.push(field.clone());
        match field.role {
            Role::Plain | Role::Name => {}
            Role::Created => self.created = Some(new),
            Role::Deleted => {
                self.deleted = Some(new);
                // Whether an account was deleted depends on when it was made.
                let created = FIELDS.iter().find(|spec| spec.role == Role::Created);
                created.and_then(|spec| self.want(spec.name));
            }
        }
        Some(new)
    }

    /// Reads another key as a field, beside the field's own.
    ///
    /// # Errors
    ///
    /// No field has this name, or the key is read as another field.
    pub fn map(&mut self, name: &str, key: &str) -> Result<(), MapError> {
        let (name, folded) = (normalize_key(name), normalize_key(key));
        let Some((field, _)) = self.known.get(&name) else {
            return Err(MapError::NoField);
        };
        if folded.is_empty() {
            return Err(MapError::NoKey);
        }
        let taken = match self.mapped.get(&folded) {
            Some(other) => self.known.get(other),
            None => self.known.get(&folded),
        };
        match taken {
            Some((other, _)) if other.name != field.name => {
                Err(MapError::Taken(other.name.clone()))
            }
            Some(_) => Ok(()),
            None => {
                self.mapped.insert(folded, name);
                Ok(())
            }
        }
    }

    /// What a record's key means here.
    pub fn key(&self, key: &str) -> Key {
        let folded = normalize_key(key);
        let name = self.mapped.get(&folded).unwrap_or(&folded);
        match self.known.get(name) {
            Some((_, Some(slot))) => Key::Wanted(*slot),
            Some((_, None)) => Key::Known,
            None => Key::Unknown,
        }
    }

    /// The field of this name, in any spelling.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.known.get(&normalize_key(name)).map(|(field, _)| field)
    }

    /// The field whose values stand in a slot.
    pub fn field(&self, slot: Slot) -> &Field {
        &self.wanted[slot.index()]
    }

    /// The slot of the time when an account was made, if it is read.
    pub fn created(&self) -> Option<Slot> {
        self.created
    }

    /// The slot of the time when an account was deleted, if it is read.
    pub fn deleted(&self) -> Option<Slot> {
        self.deleted
    }

    /// The fields that are read, by slot.
    pub fn wanted(&self) -> &[Field] {
        &self.wanted
    }

    /// The names of all known fields, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self
            .known
            .values()
            .map(|(field, _)| field.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}

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
    let kept = |c: &char| !matches!(c, '_' | '-') && !c.is_whitespace();
    let lead = key.trim_start().starts_with('_') && key.chars().any(|c| kept(&c));
    let rest = key.chars().filter(kept).map(|c| c.to_ascii_lowercase());
    lead.then_some('_').into_iter().chain(rest).collect()
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
        assert_eq!(Schema::default().key("_id"), Key::Unknown);
    }

    #[test]
    fn a_mapped_key_is_read_as_its_field_and_the_own_key_still_is() {
        let mut schema = Schema::default();
        assert_eq!(schema.map("ID", "Customer ID"), Ok(()));
        assert_eq!(schema.map("id", "customer_id"), Ok(()));
        assert_eq!(schema.map("id", "Id"), Ok(()));
        for key in ["customer-id", "id"] {
            assert_eq!(schema.key(key), Key::Wanted(Slot::ID), "{key}");
        }
        let taken = |name: &str| Err(MapError::Taken(name.to_owned()));
        assert_eq!(schema.map("ownerId", "customerid"), taken("id"));
        assert_eq!(schema.map("ownerId", "name"), taken("name"));
        assert_eq!(schema.map("owner", "boss"), Err(MapError::NoField));
        assert_eq!(schema.map("ownerId", " - "), Err(MapError::NoKey));
        assert_eq!(schema.key("boss"), Key::Unknown);
    }

    #[test]
    fn when_an_account_was_made_is_read_with_when_it_was_deleted() {
        let mut schema = Schema::default();
        assert_eq!(schema.created(), None);
        assert_eq!(schema.want("deleted_at"), schema.deleted());
        assert_eq!(schema.want("created_at"), schema.created());
        assert!(schema.created() > schema.deleted());
    }

    #[test]
    fn the_documented_fields_stay_apart_when_folded() {
        let mut folded: Vec<_> = FIELDS.iter().map(|spec| normalize_key(spec.name)).collect();
        folded.sort_unstable();
        folded.dedup();
        assert_eq!(folded.len(), FIELDS.len());
    }

    #[test]
    fn id_and_name_have_the_first_slots() {
        let schema = Schema::default();
        assert_eq!(schema.field(Slot::ID).name, "id");
        assert_eq!(schema.field(Slot::NAME).name, "name");
    }

    #[test]
    fn a_field_is_read_only_once_it_is_wanted() {
        let mut schema = Schema::default();
        assert_eq!(schema.key("FORCE_SSO"), Key::Known);
        let slot = schema.want("force-sso").expect("known");
        assert_eq!(schema.key("FORCE_SSO"), Key::Wanted(slot));
        assert_eq!(schema.field(slot).name, "forceSso");
    }

    #[test]
    fn a_documented_field_cannot_be_declared_anew() {
        assert!(
            Schema::default()
                .declare("force_2fa", Kind::Flag, false)
                .is_err()
        );
    }
}
