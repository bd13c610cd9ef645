//! Findings of the night before that are not there any more, or cannot be judged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::life::{Carried, End, Moves};
use super::row::{FindingRow, KEYS};
use crate::closed;
use crate::policy::Severity;
use crate::text::short;

/// Represents a finding of the night before that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How severe it was.
    pub severity: Severity,
    /// The customer's id; none, if it was about the whole export.
    pub customer_id: Option<String>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// The finding's name, the same every night.
    #[serde(deserialize_with = "closed::fingerprint")]
    pub fingerprint: String,
    /// What was in the fields by which reports were split, by field; left out where none
    /// were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slice: BTreeMap<String, String>,
    /// What became of it.
    pub state: End,
    /// The first night of its life.
    #[schemars(with = "String")]
    pub first_seen: DateTime<Utc>,
    /// Whether nobody had accepted it the night before; no report says so.
    #[serde(skip, default = "open")]
    #[schemars(skip)]
    pub was_open: bool,
}

fn open() -> bool {
    true
}

impl Closed {
    /// Returns what a document shows of it: of texts of more than so many characters the
    /// beginning.
    pub fn shown(&self, max: usize) -> Self {
        let cut = |text: &Option<String>| text.as_deref().map(|text| short(text, max).into_owned());
        Self {
            customer_id: cut(&self.customer_id),
            customer_name: cut(&self.customer_name),
            slice: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// Returns whom it was about, for a person.
    pub fn whom(&self) -> &str {
        self.customer_id.as_deref().unwrap_or("[the export]")
    }
}

/// Represents a finding of the night before that the run cannot judge, as it was last
/// seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct CarriedRow<'a> {
    /// What it says.
    #[serde(flatten)]
    pub row: FindingRow<'a>,
    /// The SHA-256 of what its rule asked, if that is known.
    #[serde(deserialize_with = "closed::maybe_sha256")]
    pub rule_sha256: Option<String>,
    /// What became of it.
    pub state: Carried,
}

impl Serialize for CarriedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            row,
            rule_sha256,
            state,
        } = self;
        let mut object = serializer.serialize_struct("CarriedRow", KEYS)?;
        row.keys(&mut object)?;
        object.serialize_field("record", &row.record)?;
        object.serialize_field("rule_sha256", rule_sha256)?;
        object.serialize_field("state", state)?;
        object.end()
    }
}

/// Represents a finding of the night before that is no finding of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended<'a> {
    /// It is not there any more.
    Closed(Closed),
    /// It cannot be judged.
    Carried(Box<CarriedRow<'a>>),
    /// It is a finding still, of another slice than then: what it was, for the slice that it
    /// has left. No report lists it.
    Moved(Box<FindingRow<'a>>, Moves),
}

impl Serialize for Ended<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Closed(closed) => closed.serialize(serializer),
            Self::Carried(carried) => carried.serialize(serializer),
            Self::Moved(row, _) => row.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Ended<'static> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
        let failed = |error: serde_json::Error| serde::de::Error::custom(error);
        let State { state } = serde_json::from_str(object.get()).map_err(failed)?;
        match state {
            Some(_) => {
                serde_json::from_str(object.get()).map(|carried| Self::Carried(Box::new(carried)))
            }
            None => serde_json::from_str(object.get()).map(Self::Closed),
        }
        .map_err(failed)
    }
}

/// Says whether an object is of a finding that is carried on.
#[derive(Deserialize)]
struct State {
    #[serde(deserialize_with = "carried")]
    state: Option<Carried>,
}

fn carried<'de, D: serde::Deserializer<'de>>(state: D) -> Result<Option<Carried>, D::Error> {
    let state = String::deserialize(state)?;
    Ok((state == Carried::Unknown.as_ref()).then_some(Carried::Unknown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_ended_is_read_as_it_was_written() {
        let closed = Closed {
            policy: "pol".to_owned(),
            rule: "mfa".to_owned(),
            severity: Severity::High,
            customer_id: Some("c".to_owned()),
            customer_name: None,
            fingerprint: "f1".repeat(16),
            slice: BTreeMap::from([("ownerId".to_owned(), "o".to_owned())]),
            state: End::Fixed,
            first_seen: DateTime::UNIX_EPOCH,
            was_open: true,
        };
        let carried = CarriedRow {
            row: fixture::row(),
            rule_sha256: Some("11".repeat(32)),
            state: Carried::Unknown,
        };
        for ended in [Ended::Closed(closed), Ended::Carried(Box::new(carried))] {
            let written = serde_json::to_string(&ended).expect("memory");
            let read: Ended<'static> = serde_json::from_str(&written).expect("as it was written");
            assert_eq!(read, ended);
        }
    }
}
