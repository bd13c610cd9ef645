//! A value, and the line on which it is.

/// Holds a value of a configuration, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The line of its key, from 1.
    pub line: usize,
}
