//! The fields that a run knows, and those of them that it reads.

use std::collections::HashMap;

use super::field::{FIELDS, Kind, Role, Spec, is_credential_name, is_documented, normalize_key};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
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

    /// Returns whether one of them is a field that only customers have.
    pub fn may_be_a_customers(self) -> bool {
        self.0 & !Self::COMMON != 0
    }

    /// Returns whether one of them is among others.
    pub fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
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
    known: HashMap<String, (Field, Option<Slot>, Fields)>,
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
            .enumerate()
            .map(|(index, spec)| {
                let known = (Field::from(spec), None, Fields::of(index));
                (normalize_key(spec.name), known)
            })
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
        let Some((field, ..)) = self.known.get(&name) else {
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
            Some((other, ..)) if other.name != field.name => {
                Err(MapError::Taken(other.name.clone()))
            }
            Some(_) => Ok(()),
            None => {
                self.mapped.insert(folded, name);
                Ok(())
            }
        }
    }

    /// The field that a record's key is, if it is one.
    pub fn fields_of(&self, key: &str) -> Fields {
        self.known_by(key)
            .map_or(Fields::default(), |(.., fields)| *fields)
    }

    /// The fields that are asked for and that no other object has.
    pub fn asked(&self) -> Fields {
        let mut asked = Fields::default();
        let wanted = self.known.values().filter(|(_, slot, _)| slot.is_some());
        wanted.for_each(|(.., fields)| asked.add(*fields));
        Fields(asked.0 & !Fields::COMMON)
    }

    /// The field as which a record's key is read, if it is.
    pub fn field_of(&self, key: &str) -> Option<&Field> {
        self.known_by(key).map(|(field, ..)| field)
    }

    fn known_by(&self, key: &str) -> Option<&(Field, Option<Slot>, Fields)> {
        self.known_by_normalized(&normalize_key(key))
    }

    fn known_by_normalized(&self, key: &str) -> Option<&(Field, Option<Slot>, Fields)> {
        self.known
            .get(self.mapped.get(key).map_or(key, String::as_str))
    }

    /// What a record's key means here.
    pub fn key(&self, key: &str) -> Key {
        self.normalized_key(&normalize_key(key))
    }

    /// What a record's key means here that is normalized already.
    pub fn normalized_key(&self, key: &str) -> Key {
        match self.known_by_normalized(key) {
            Some((_, Some(slot), fields)) => Key::Wanted(*slot, *fields),
            Some((_, None, fields)) => Key::Known(*fields),
            None => Key::Unknown,
        }
    }

    /// All keys that are read or known, normalized.
    pub fn normalized_keys(&self) -> impl Iterator<Item = &str> {
        self.known
            .keys()
            .chain(self.mapped.keys())
            .map(String::as_str)
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
            .map(|(field, ..)| field.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_key_is_read_as_its_field_and_the_own_key_still_is() {
        let mut schema = Schema::default();
        assert_eq!(schema.map("ID", "Customer ID"), Ok(()));
        assert_eq!(schema.map("id", "customer_id"), Ok(()));
        assert_eq!(schema.map("id", "Id"), Ok(()));
        for key in ["customer-id", "id"] {
            let is_id = matches!(schema.key(key), Key::Wanted(Slot::ID, _));
            assert!(is_id, "{key}");
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
