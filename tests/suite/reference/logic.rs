//! Kleene's logic: true, false and undecided, and why it is undecided.

/// Why there is no value in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    Missing,
    Null,
    Empty,
}

/// Why what is in a field cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    WrongType,
    Unparsable,
    Conflict,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Absent(Absence),
    Bad(Fault),
}

/// The answer to a question about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Undecided(Cause),
}

impl Cause {
    /// The word that reports use for it.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Absent(Absence::Missing) => "missing",
            Cause::Absent(Absence::Null) => "null",
            Cause::Absent(Absence::Empty) => "empty",
            Cause::Bad(Fault::WrongType) => "wrong-type",
            Cause::Bad(Fault::Unparsable) => "unparsable",
            Cause::Bad(Fault::Conflict) => "conflict",
        }
    }
}

/// A certain answer.
pub fn certain(answer: bool) -> Truth {
    if answer { Truth::True } else { Truth::False }
}

/// True where so many parts are true, false where so many can no longer be.
pub fn some(least: usize, parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    let count = |truth| parts.iter().filter(|part| **part == truth).count();
    if count(Truth::True) >= least {
        return Truth::True;
    }
    if parts.len() - count(Truth::False) < least {
        return Truth::False;
    }
    Truth::Undecided(cause(&parts).unwrap())
}

/// True where every part is true, false where any part is false.
pub fn all(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    if parts.contains(&Truth::False) {
        return Truth::False;
    }
    cause(&parts).map_or(Truth::True, Truth::Undecided)
}

/// True where any part is true, false where every part is false.
pub fn any(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    if parts.contains(&Truth::True) {
        return Truth::True;
    }
    cause(&parts).map_or(Truth::False, Truth::Undecided)
}

/// The opposite; what is undecided stays so, for the same cause.
pub fn not(part: Truth) -> Truth {
    match part {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Undecided(cause) => Truth::Undecided(cause),
    }
}

/// The cause that is given for several: the first bad one, else the first.
pub fn most_severe(causes: &[Cause]) -> Option<Cause> {
    let bad = causes.iter().find(|cause| matches!(cause, Cause::Bad(_)));
    bad.or(causes.first()).copied()
}

fn cause(parts: &[Truth]) -> Option<Cause> {
    let causes: Vec<Cause> = parts
        .iter()
        .filter_map(|part| match part {
            Truth::Undecided(cause) => Some(*cause),
            Truth::True | Truth::False => None,
        })
        .collect();
    most_severe(&causes)
}
