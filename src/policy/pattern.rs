//! Patterns of `matches` and `not-matches`, compiled for millions of short texts.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

/// What a compiled pattern may take, in bytes: a policy is text from a person.
const MAX_COMPILED: usize = 1 << 20;

/// What the table of a pattern may take, in bytes: it should stay at hand while
/// records go by.
const MAX_TABLE: usize = 64 << 10;

/// A regular expression.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    /// The same as a table for texts of ASCII, if it is small: then a byte of text is a
    /// step. It is made when it is first looked for, as some patterns never are.
    table: Arc<OnceLock<Option<Table>>>,
}

enum Table {
    /// Steps from state to state.
    States {
        states: Box<dense::DFA<Vec<u32>>>,
        /// The state before the first byte of a text.
        start: StateID,
    },
    /// The text is a number of characters of one class, as in `^[0-9a-z]{20}$`: each byte is
    /// looked up by itself.
    Run {
        class: Box<[bool; 256]>,
        length: RangeInclusive<usize>,
    },
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// It is no regular expression, or too big once compiled.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(text).size_limit(MAX_COMPILED).build()?;
        let table = Arc::default();
        Ok(Self { regex, table })
    }

    /// Returns it as it is written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Returns whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        let table = || self.table.get_or_init(|| Table::new(self.as_str()));
        match text.is_ascii() {
            true => match table() {
                Some(table) => table.is_match(text),
                None => self.regex.is_match(text),
            },
            false => self.regex.is_match(text),
        }
    }
}

impl Table {
    /// Makes the table of a pattern, unless it is too big.
    fn new(pattern: &str) -> Option<Self> {
        let pattern = in_ascii(regex_syntax::parse(pattern).ok()?);
        if let Some(run) = Self::run(&pattern) {
            return Some(run);
        }
        let pattern = thompson::Compiler::new().build_from_hir(&pattern).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(MAX_TABLE))
            .determinize_size_limit(Some(4 * MAX_TABLE));
        let mut builder = dense::Builder::new();
        let states = builder.configure(config).build_from_nfa(&pattern).ok()?;
        let start = states.start_state(&start::Config::new()).ok()?;
        let states = Box::new(states);
        Some(Self::States { states, start })
    }

    /// Makes the table of a pattern that is a run of one class.
    fn run(pattern: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = pattern.kind() else {
            return None;
        };
        let [first, part, last] = parts.as_slice() else {
            return None;
        };
        let (HirKind::Look(Look::Start), HirKind::Repetition(part), HirKind::Look(Look::End)) =
            (first.kind(), part.kind(), last.kind())
        else {
            return None;
        };
        let HirKind::Class(Class::Unicode(ranges)) = part.sub.kind() else {
            return None;
        };
        let mut class = Box::new([false; 256]);
        for byte in ranges.iter().flat_map(|range| range.start()..=range.end()) {
            *class.get_mut(byte as usize)? = true;
        }
        let most = part.max.map_or(usize::MAX, |most| most as usize);
        let length = part.min as usize..=most;
        Some(Self::Run { class, length })
    }

    fn is_match(&self, text: &str) -> bool {
        let (states, mut state) = match self {
            Self::States { states, start } => (states, *start),
            Self::Run { class, length } => {
                let is_in = |byte: u8| class[usize::from(byte)];
                return length.contains(&text.len()) && text.bytes().all(is_in);
            }
        };
        for byte in text.bytes() {
            state = states.next_state(state, byte);
            if states.is_special_state(state) {
                if states.is_match_state(state) {
                    return true;
                }
                if states.is_dead_state(state) {
                    return false;
                }
            }
        }
        states.is_match_state(states.next_eoi_state(state))
    }
}

/// Returns a pattern that is found in a text of ASCII just where this one is.
fn in_ascii(hir: Hir) -> Hir {
    let all = |parts: Vec<Hir>| parts.into_iter().map(in_ascii).collect();
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(mut class)) => {
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => other,
        }),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Repetition(mut part) => {
            part.sub = Box::new(in_ascii(*part.sub));
            Hir::repetition(part)
        }
        HirKind::Capture(part) => in_ascii(*part.sub),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Empty => Hir::empty(),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.regex.as_str())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{self}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATTERNS: [&str; 14] = [
        r"(?i)\bA(b|c)?\b",
        r"^\Ba|c\B$",
        r"(?:\b{start}a\s?){1,2}\b{end}",
        r"(\bé|[^a-b]\b){2}",
        r"(?-u:\b)c",
        r"\b",
        r"^[abc]{2,3}$",
        r"^$",
        r"^\w{2,}$",
        r"^[^b\n]*$",
        r"\w+\W\w",
        r"(?i)^[\w é]+(?m:$)",
        r"[^\x00-\x7f]|\b{start-half}c\b{end-half}",
        r"\p{Lu}",
    ];

    proptest! {
        #[test]
        fn a_table_finds_what_the_pattern_does(text in "[a-cA \n]{0,8}|[a-c é株]{0,8}", place in 0..PATTERNS.len()) {
            let pattern = Pattern::new(PATTERNS[place]).expect("a pattern");
            let table = Table::new(pattern.as_str()).expect("a small pattern");
            prop_assert_eq!(pattern.is_match(&text), pattern.regex.is_match(&text));
            prop_assert!(!text.is_ascii() || table.is_match(&text) == pattern.regex.is_match(&text));
        }
    }
}
