//! Patterns of `matches` and `not-matches`, compiled for millions of short texts.

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder, RegexSet};
use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_syntax::hir::{Hir, HirKind, LookSet};

/// What a compiled pattern may take, in bytes: a policy is text from a person.
const MAX_COMPILED: usize = 1 << 20;

/// What the table of a pattern may take, in bytes: it should stay at hand while
/// records go by.
const MAX_TABLE: usize = 64 << 10;

/// A regular expression.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    /// The same as a table, if it is small: then a byte of text is a step. It
    /// gives up on text in which only Unicode tells where a word ends. It is made when
    /// it is first looked for, as some patterns never are.
    table: Arc<OnceLock<Option<Table>>>,
}

type Table = dense::DFA<Vec<u32>>;

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

    fn table(&self) -> Option<&Table> {
        let table = self.table.get_or_init(|| {
            let config = dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .unicode_word_boundary(true)
                .dfa_size_limit(Some(MAX_TABLE))
                .determinize_size_limit(Some(4 * MAX_TABLE));
            let mut builder = dense::Builder::new();
            builder.configure(config).build(self.regex.as_str()).ok()
        });
        table.as_ref()
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        let input = Input::new(text).earliest(true);
        match self.table().map(|table| table.try_search_fwd(&input)) {
            Some(Ok(found)) => found.is_some(),
            Some(Err(_)) | None => self.regex.is_match(text),
        }
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

/// Several patterns, or others that are found wherever they are. To tell a word
/// from another in any script is slow, and seldom needed to find nothing.
#[derive(Debug, Clone)]
pub struct LooserPatterns(RegexSet);

impl LooserPatterns {
    /// Joins patterns, unless they are too big together.
    pub fn new<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Option<Self> {
        let looser = patterns.map(|pattern| without_word_bounds(pattern.regex.as_str()));
        RegexSet::new(looser).ok().map(Self)
    }

    /// Whether one of the patterns may be found in a text: never false if one
    /// is.
    pub fn may_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// A pattern that is found wherever this one is, and does not ask where words
/// begin and end.
fn without_word_bounds(pattern: &str) -> String {
    match regex_syntax::parse(pattern) {
        Ok(hir) => looser(hir).to_string(),
        Err(_) => pattern.to_owned(),
    }
}

fn looser(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(look) if LookSet::singleton(look).contains_word() => Hir::empty(),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(looser).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(looser).collect()),
        HirKind::Repetition(mut part) => {
            part.sub = Box::new(looser(*part.sub));
            Hir::repetition(part)
        }
        HirKind::Capture(mut part) => {
            part.sub = Box::new(looser(*part.sub));
            Hir::capture(part)
        }
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Empty => Hir::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATTERNS: [&str; 8] = [
        r"(?i)\bA(b|c)?\b",
        r"^\Ba|c\B$",
        r"(?:\b{start}a\s?){1,2}\b{end}",
        r"(\bé|[^a-b]\b){2}",
        r"(?-u:\b)c",
        r"\b",
        r"^[abc]{2,3}$",
        r"^$",
    ];

    proptest! {
        #[test]
        fn a_table_finds_what_the_pattern_does(text in "[a-c é株]{0,8}", place in 0..PATTERNS.len()) {
            let pattern = Pattern::new(PATTERNS[place]).expect("a pattern");
            prop_assert!(pattern.table().is_some());
            prop_assert_eq!(pattern.is_match(&text), pattern.regex.is_match(&text));
        }

        #[test]
        fn looser_patterns_are_found_wherever_the_patterns_are(text in "[a-c é株]{0,8}", place in 0..PATTERNS.len()) {
            let pattern = Pattern::new(PATTERNS[place]).expect("a pattern");
            let looser = LooserPatterns::new([&pattern].into_iter()).expect("small patterns");
            prop_assert!(!pattern.is_match(&text) || looser.may_match(&text));
        }
    }
}
