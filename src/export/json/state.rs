//! Where in a JSON export a reading goes on.

use serde::Serialize;

use super::recover::Recovery;
use crate::export::pages::Remark;
use crate::record::Fields;

/// Says where in a JSON export the next byte is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Among which values, or in which broken one.
    pub at: Position,
    /// What is around the next byte, and what is known of the export.
    pub document: Document,
    /// How many bytes a value has at least that was not read to its end: with fewer
    /// nothing is tried again.
    pub wait: usize,
}

/// Says among which values the next byte is, or in which broken one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Position {
    /// Between two values.
    Between(Container, Next),
    /// In a value that cannot be read, on the way to the next.
    Broken(Recovery, Container),
}

/// Says what values are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Container {
    /// They follow one another, and are the outermost: records, arrays of records or
    /// documents that hold records.
    Lines,
    /// They are elements of an array of records.
    Records,
    /// They are members of an object whose values are records.
    Map,
    /// They are members of any other object of a document.
    Members,
    /// They are elements of any other array of a document.
    Elements,
}

/// Says what comes next among values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Next {
    /// A value, or the end of what they are in.
    First,
    /// What separates two values, or the end of what they are in.
    Separator,
    /// A value.
    Value,
}

/// Holds the arrays and objects around the next byte, and what is known of the export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Document {
    /// What is open, the outermost first.
    pub frames: Vec<Frame>,
    /// Where the records of the export are, once one was found.
    pub place: Option<Place>,
    /// Remarks of objects that may be on the way to the records, with the path of each,
    /// while it is not known where those are.
    pub pending: Vec<(Path, Remark)>,
    /// A document had room for records, and held none, before any was found.
    pub empty_page: bool,
    /// The records of this document were met, if it has any.
    pub is_met: bool,
    /// This document has an empty array, which may be one of records.
    pub has_room: bool,
    /// What was already reported of the export as a whole.
    pub reported: Reported,
    /// The keys of the map of records are numbers, which say nothing of the records.
    pub is_numbered: bool,
}

/// Represents an array or an object that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// It is an object, and not an array.
    pub is_object: bool,
    /// Its key in the object around it, if it is in one.
    pub key: Option<Box<str>>,
    /// The fields that it has so far: with those of a customer it is one.
    pub fields: Fields,
}

/// Represents the keys on the way from the root of a document to an array or an object.
pub type Path = Vec<Box<str>>;

/// Says where the records of an export are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The keys on the way to them; none if they are the outermost values, or elements
    /// of these.
    pub path: Path,
    /// They are values of an object, and not elements of an array.
    pub is_map: bool,
}

/// Says what was already reported of an export as a whole, and is reported once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// There are commas between its outermost values.
    pub commas: bool,
    /// A comma is missing between two elements of its array of records.
    pub no_comma: bool,
    /// A bracket is closed that was never opened.
    pub bracket: bool,
    /// Customers are in two places.
    pub two_places: bool,
}

/// The longest path to an array of records.
pub const MAX_PATH: usize = 4;

impl Default for Position {
    fn default() -> Self {
        Self::Between(Container::Lines, Next::First)
    }
}

impl Position {
    /// The position between outermost values, after one of them or before any.
    pub const LINES: Position = Position::Between(Container::Lines, Next::Value);

    /// Returns what the next value is in.
    pub fn container(&self) -> Container {
        match self {
            Position::Between(container, _) | Position::Broken(_, container) => *container,
        }
    }
}

impl Container {
    /// Returns the position after a value.
    pub fn after(self) -> Position {
        match self {
            Container::Lines => Position::LINES,
            Container::Records | Container::Map | Container::Members | Container::Elements => {
                Position::Between(self, Next::Separator)
            }
        }
    }
}

impl Document {
    /// Returns the path of the innermost array or object that is open.
    pub fn path(&self) -> Path {
        self.frames
            .iter()
            .filter_map(|frame| frame.key.clone())
            .collect()
    }

    /// Returns the path of a value under this key, if it has one, in the innermost array
    /// or object that is open.
    pub fn path_of(&self, key: Option<&str>) -> Path {
        let mut path = self.path();
        path.extend(key.map(Into::into));
        path
    }

    /// Returns how `jq` names what is in the innermost array, or the innermost object.
    pub fn jq(&self) -> String {
        let mut named = String::new();
        for frame in &self.frames {
            if let Some(key) = &frame.key {
                name_key(&mut named, key);
            }
            if !frame.is_object {
                name_elements(&mut named);
            }
        }
        match named.is_empty() {
            true => ".".to_owned(),
            false => named,
        }
    }

    /// Opens an array or an object.
    pub fn open(&mut self, is_object: bool, key: Option<&str>) {
        self.frames.push(Frame {
            is_object,
            key: key.map(Into::into),
            fields: Fields::default(),
        });
    }

    /// Returns whether the records of the export are the outermost values, or elements
    /// of these.
    pub fn is_plain(&self) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| place.path.is_empty() && !place.is_map)
    }

    /// Returns whether the elements of an array with this path are the records.
    pub fn is_place_of_array(&self, path: &Path) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| !place.is_map && place.path == *path)
    }

    /// Returns whether the values of an object with this path are the records.
    pub fn is_place_of_map(&self, path: &Path) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| place.is_map && place.path == *path)
    }

    /// Returns what values are in that come after the innermost array or object, once it
    /// is closed.
    pub fn around(&self) -> Container {
        match self.frames.last() {
            None => Container::Lines,
            Some(Frame {
                is_object: true, ..
            }) => Container::Members,
            Some(Frame {
                is_object: false, ..
            }) => match self.is_place_of_array(&self.path()) {
                true => Container::Records,
                false => Container::Elements,
            },
        }
    }

    /// Returns whether an object with this path is on the way to the records, as far as
    /// it is known where those are.
    pub fn is_on_the_way(&self, path: &Path) -> Option<bool> {
        match &self.place {
            _ if path.is_empty() => Some(true),
            Some(place) => Some(place.path.starts_with(path)),
            None => None,
        }
    }
}

impl Place {
    /// Returns how `jq` names the records.
    pub fn jq(&self) -> String {
        let mut named = String::new();
        self.path.iter().for_each(|key| name_key(&mut named, key));
        name_elements(&mut named);
        named
    }
}

/// Adds a key to how `jq` names a value.
fn name_key(named: &mut String, key: &str) {
    let is_plain = !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_plain {
        true => named.extend([".", key]),
        false => named.extend([".[", &serde_json::Value::from(key).to_string(), "]"]),
    }
}

/// Adds the elements of an array to how `jq` names it.
fn name_elements(named: &mut String) {
    named.push_str(if named.is_empty() { ".[]" } else { "[]" });
}
