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
    /// A comma-separated list of networks.
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

/// Describes a documented field: one of Fastly's `CustomerResponse`.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The name by which policies and reports call it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Personal data: its values read `[redacted]` in reports.
    pub sensitive: bool,
    /// Its value is null if it is the epoch: exporters write absent instants so.
    pub epoch_is_null: bool,
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
        epoch_is_null: false,
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

const fn null_at_epoch(spec: Spec) -> Spec {
    Spec {
        epoch_is_null: true,
        ..spec
    }
}

/// Lists the documented fields: everything that knows a field by name asks this
/// list.
pub const FIELDS: &[Spec] = &[
    common(text("id", "the account's id, case-sensitive")),
    common(text("name", "the company, as printed on invoices")),
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
    common(time("createdAt", "when the account was made")),
    common(time(
        "updatedAt",
        "when the record last changed, which is not when it was last reviewed",
    )),
    common(null_at_epoch(time(
        "deletedAt",
        "when the account was cancelled",
    ))),
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
    /// Its value is null if it is the epoch.
    pub epoch_is_null: bool,
    /// It is one of [`FIELDS`], and not a policy's own.
    pub documented: bool,
}

impl From<&Spec> for Field {
    fn from(spec: &Spec) -> Self {
        Self {
            name: spec.name.to_owned(),
            kind: spec.kind,
            sensitive: spec.sensitive,
            epoch_is_null: spec.epoch_is_null,
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

/// Says which fields an object has: a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields(u64);

impl Fields {
    /// The fields that objects have too which are no customers.
    const COMMON: u64 = {
        let (mut common, mut index) = (0, 0);
        while index < FIELDS.len() {
            common |= (FIELDS[index].common as u64) << index;
            index += 1;
        }
        common
    };

    /// The id alone.
    pub const ID: Self = Self(1);

    /// Returns the field with this index among those of a schema.
    fn of(index: usize) -> Self {
        // Where a policy declares more fields than there are bits, some share one.
        let own = u64::BITS as usize - FIELDS.len();
        let bit = match index.checked_sub(FIELDS.len()) {
            None => index,
            Some(declared) => FIELDS.len() + declared % own,
        };
        Self(1 << bit)
    }

    /// Adds those of another.
    #[inline(always)]
    pub fn add(&mut self, more: Self) {
        self.0 |= more.0;
    }

    /// Returns whether there is none.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether an object with these fields is a customer: it has two of them or
    /// more, and one of them is not among those that any object may have.
    #[inline(always)]
    pub fn are_a_customers(self) -> bool {
        self.0 & !Self::COMMON != 0 && self.0 & (self.0 - 1) != 0
    }
}

/// What a key of a record means to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A field that some policy asks for.
    Wanted(Slot, Fields),
    /// A field that nobody asks for.
    Known(Fields),
    /// No field at all.
    Unknown,
}

/// The fields that a run knows, and those of them that it reads.
#[derive(Debug, Clone)]
pub struct Schema {
    known: HashMap<String, (Field, Option<Slot>, Fields)>,
    wanted: Vec<Field>,
}

impl Default for Schema {
    fn default() -> Self {
        let known = FIELDS
            .iter()
            .enumerate()
            .map(|(index, spec)| {
                let known = (Field::from(spec), None, Fields::of(index));
                (normalize_key(spec.name), known)
            })
            .collect();
        let mut schema = Self {
            known,
            wanted: Vec::new(),
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
            epoch_is_null: false,
            documented: false,
        };
        match self.known.get(&normalize_key(name)) {
            Some((other, ..)) if other.kind != kind || is_documented(name) => Err(other.clone()),
            // Redacted for one policy is redacted for all.
            Some((other, ..)) if other.sensitive != sensitive => Err(other.clone()),
            Some(_) => Ok(()),
            None => {
                let known = (field, None, Fields::of(self.known.len()));
                self.known.insert(normalize_key(name), known);
                Ok(())
            }
        }
    }

    /// The slot of the field of this name, in any spelling; from now on it is
    /// read from every record.
    pub fn want(&mut self, name: &str) -> Option<Slot> {
        let (field, slot, _) = self.known.get_mut(&normalize_key(name))?;
        if slot.is_none() {
            *slot = Some(Slot(u16::try_from(self.wanted.len()).ok()?));
            self.wanted.push(field.clone());
        }
        *slot
    }

    /// What a record's key means here.
    pub fn key(&self, key: &str) -> Key {
        match self.known.get(&normalize_key(key)) {
            Some((_, Some(slot), fields)) => Key::Wanted(*slot, *fields),
            Some((_, None, fields)) => Key::Known(*fields),
            None => Key::Unknown,
        }
    }

    /// The field of this name, in any spelling.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.known
            .get(&normalize_key(name))
            .map(|(field, ..)| field)
    }

    /// The field whose values stand in a slot.
    pub fn field(&self, slot: Slot) -> &Field {
        &self.wanted[slot.index()]
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
            .map(|(field, ..)| field.name.as_str())
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

/// A key without what spellings differ in: case, `_`, `-` and blanks.
pub fn normalize_key(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '_' | '-') && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect()
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
        assert!(matches!(schema.key("FORCE_SSO"), Key::Known(_)));
        let slot = schema.want("force-sso").expect("known");
        assert!(matches!(schema.key("FORCE_SSO"), Key::Wanted(wanted, _) if wanted == slot));
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
