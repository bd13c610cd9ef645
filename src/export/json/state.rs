//! Where in a JSON export a reading goes on.

use super::recover::Recovery;

/// Says where in a JSON export the next byte is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Before the first value.
    Start,
    /// Between two values.
    Between(Container, Next),
    /// In an object that wraps an array of records, after the array.
    Rest,
    /// In a value that cannot be read, on the way to the next.
    Broken(Recovery, Container),
}

/// Says what the values of an export are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// They follow one another.
    Sequence(Element),
    /// They are elements of an array, which is like the others of the export.
    Array(Element),
}

/// Says what follows one another in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Records.
    Record,
    /// Arrays of records.
    Array,
    /// Objects that wrap an array of records: pages.
    Wrapper,
}

/// Says what comes next among values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A value, or the end of an array without any.
    First,
    /// In an array, a comma or the array's end.
    Separator,
    /// A value.
    Value,
}

impl State {
    /// The state between records that follow one another, whatever they begin
    /// with.
    pub const LINES: State = State::Between(Container::Sequence(Element::Record), Next::Value);

    /// Returns what the next value is in; only `Between` has values.
    pub fn container(&self) -> Container {
        match self {
            State::Between(container, _) | State::Broken(_, container) => *container,
            State::Start | State::Rest => Container::Sequence(Element::Wrapper),
        }
    }
}

impl Container {
    /// Returns the state after a value.
    pub fn after(self) -> State {
        match self {
            Container::Sequence(_) => State::Between(self, Next::Value),
            Container::Array(_) => State::Between(self, Next::Separator),
        }
    }
}
