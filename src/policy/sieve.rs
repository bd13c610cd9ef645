//! Which patterns can be found in a text at all, told by the characters in it and by the
//! pairs of neighbours.
//!
//! Most patterns that a policy looks for are found in next to no text. A text is gone over
//! once, and what is in it noted in two sets of bits; a pattern cannot be found if there is
//! nothing of what each of its matches has.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The numbers after those of ASCII, in which capitals and small letters are one: of any
/// other character, of the beginning and of the end of a text.
const OTHER: usize = 0x80;
const START: usize = 0x81;
const END: usize = 0x82;

/// How many pairs a need may be met by: of more, one is in nearly every text.
const MAX_PAIRS: usize = 96;

/// How many needs of a pattern are asked: those that fewest texts meet.
const MAX_NEEDS: usize = 3;

/// Holds 256 bits.
type Bits = [u64; 4];

fn set(bits: &mut Bits, bit: usize) {
    bits[bit / 64 % 4] |= 1 << (bit % 64);
}

/// Returns the bit of two neighbours: the pairs of letters and digits spread over all.
#[inline(always)]
fn pair(one: usize, two: usize) -> usize {
    (one.wrapping_mul(0x4d) ^ two.wrapping_mul(0x1f)) & 0xff
}

/// Says which characters are in a text, and which stand side by side; some pairs share a bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    characters: Bits,
    pairs: Bits,
}

impl Traits {
    /// Returns those of a text.
    pub(super) fn of(text: &str) -> Self {
        let (mut characters, mut pairs) = ([0; 4], [0; 4]);
        let mut before = START;
        for byte in text.bytes() {
            let next = usize::from(SYMBOLS[usize::from(byte)]);
            set(&mut pairs, pair(before, next));
            set(&mut characters, next);
            before = next;
        }
        set(&mut pairs, pair(before, END));
        Self { characters, pairs }
    }
}

/// For each byte of a text the character that it is taken for.
const SYMBOLS: [u8; 256] = {
    let mut symbols = [OTHER as u8; 256];
    let mut byte = 0;
    while byte < 0x80 {
        symbols[byte] = (byte as u8).to_ascii_lowercase();
        byte += 1;
    }
    symbols
};

/// Says of what a text needs one to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Need {
    /// It is about pairs of neighbours, and not about single characters.
    of_pairs: bool,
    bits: Bits,
}

impl Need {
    /// Returns the need of one of these characters; none, if the beginning or the end is one
    /// of them, which are in every text.
    fn character(symbols: &[usize]) -> Option<Self> {
        let mut bits = [0; 4];
        symbols.iter().for_each(|symbol| set(&mut bits, *symbol));
        let of_pairs = false;
        let is_need = !symbols.is_empty() && symbols.iter().all(|symbol| *symbol <= OTHER);
        is_need.then_some(Self { of_pairs, bits })
    }

    #[inline(always)]
    fn is_met(&self, text: &Traits) -> bool {
        let has = if self.of_pairs {
            &text.pairs
        } else {
            &text.characters
        };
        let both = self.bits.iter().zip(has);
        both.fold(0, |met, (need, has)| met | (need & has)) != 0
    }

    /// Returns about how many texts meet it, to be compared: more have a character than a
    /// pair.
    fn commonness(&self) -> u32 {
        let bits: u32 = self.bits.iter().map(|word| word.count_ones()).sum();
        if self.of_pairs { bits } else { 4 * bits }
    }

    /// Returns the need of what meets one of two.
    fn or(mut self, other: Self) -> Option<Self> {
        for (word, more) in self.bits.iter_mut().zip(other.bits) {
            *word |= more;
        }
        (self.of_pairs == other.of_pairs).then_some(self)
    }
}

/// Says what a text has to have for a pattern to be found in it: what meets each need.
#[derive(Debug, Clone)]
pub(super) struct Sieve(Vec<Need>);

impl Sieve {
    /// Returns what a text must have for this pattern; a pattern of which nothing is known
    /// may be in any text.
    pub(super) fn new(pattern: &str) -> Self {
        let needs = regex_syntax::parse(pattern).map(|hir| Shape::of(&hir).needs);
        let mut needs = needs.unwrap_or_default();
        needs.sort_by_key(Need::commonness);
        needs.dedup();
        needs.truncate(MAX_NEEDS);
        Self(needs)
    }

    /// Returns whether the pattern may be found in a text with these traits: never false if
    /// it is.
    #[inline(always)]
    pub(super) fn may_match(&self, text: &Traits) -> bool {
        self.0.iter().all(|need| need.is_met(text))
    }
}

/// A set of characters.
type Symbols = Vec<usize>;

/// Describes what all matches of a part of a pattern have in common.
struct Shape {
    /// The characters that a match may begin and end with; none, if it may be empty, or they
    /// are not known.
    ends: Option<(Symbols, Symbols)>,
    /// It is always empty, so that its neighbours stand side by side.
    is_empty: bool,
    needs: Vec<Need>,
}

impl Shape {
    const UNKNOWN: Self = Self {
        ends: None,
        is_empty: false,
        needs: Vec::new(),
    };

    const EMPTY: Self = Self {
        ends: None,
        is_empty: true,
        needs: Vec::new(),
    };

    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty => Self::EMPTY,
            HirKind::Look(Look::Start) => Self::one(vec![START]),
            HirKind::Look(Look::End) => Self::one(vec![END]),
            HirKind::Look(_) => Self::EMPTY,
            HirKind::Literal(literal) => {
                let symbols = literal.0.iter().map(|byte| SYMBOLS[usize::from(*byte)]);
                Self::concat(symbols.map(|symbol| Self::one(vec![usize::from(symbol)])))
            }
            HirKind::Class(class) => Self::one(symbols(class)),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => Self::concat(parts.iter().map(Self::of)),
            HirKind::Alternation(parts) => Self::any(parts.iter().map(Self::of)),
            HirKind::Repetition(repetition) => match repetition.min {
                0 => Self::UNKNOWN,
                1 => Self::of(&repetition.sub),
                // What comes between the first two and the last does not matter.
                _ => {
                    let [mut one, two] = [Self::of(&repetition.sub), Self::of(&repetition.sub)];
                    one.needs.extend(between(&one, &two));
                    one
                }
            },
        }
    }

    /// Describes one character of a set.
    fn one(symbols: Symbols) -> Self {
        let need = Need::character(&symbols);
        Self {
            ends: (!symbols.is_empty()).then(|| (symbols.clone(), symbols)),
            is_empty: false,
            needs: need.into_iter().collect(),
        }
    }

    fn concat(parts: impl Iterator<Item = Self>) -> Self {
        let mut parts = parts.filter(|part| !part.is_empty);
        let Some(mut whole) = parts.next() else {
            return Self::EMPTY;
        };
        for part in parts {
            whole.needs.extend(between(&whole, &part));
            whole.needs.extend(part.needs);
            whole.ends = match (whole.ends, part.ends) {
                (Some((first, _)), Some((_, last))) => Some((first, last)),
                // It is enough to know the one side that the next part stands beside.
                (None, Some((_, last))) => Some((Vec::new(), last)),
                (Some((first, _)), None) => Some((first, Vec::new())),
                (None, None) => None,
            };
        }
        whole
    }

    fn any(parts: impl Iterator<Item = Self>) -> Self {
        let mut whole: Option<Self> = None;
        for part in parts {
            whole = Some(match whole {
                None => part,
                Some(whole) => whole.or(part),
            });
        }
        whole.unwrap_or(Self::UNKNOWN)
    }

    fn or(self, other: Self) -> Self {
        // One need for both: of pairs if both have such, else of characters.
        let best = |needs: &[Need], of_pairs| {
            let needs = needs
                .iter()
                .copied()
                .filter(|need| need.of_pairs == of_pairs);
            needs.min_by_key(Need::commonness)
        };
        let need = [true, false].into_iter().filter_map(|of_pairs| {
            let both = best(&self.needs, of_pairs).zip(best(&other.needs, of_pairs));
            both.and_then(|(one, two)| one.or(two))
        });
        let needs = need.collect();
        let join = |one: Symbols, two: Symbols| match one.is_empty() || two.is_empty() {
            true => Vec::new(),
            false => [one, two].concat(),
        };
        let ends = self.ends.zip(other.ends);
        Self {
            ends: ends.map(|(one, two)| (join(one.0, two.0), join(one.1, two.1))),
            is_empty: false,
            needs,
        }
    }
}

/// Returns the need of one of the pairs that can stand where one part ends and the next
/// begins.
fn between(one: &Shape, two: &Shape) -> Option<Need> {
    let ((_, last), (first, _)) = (one.ends.as_ref()?, two.ends.as_ref()?);
    let count = last.len() * first.len();
    if count == 0 || count > MAX_PAIRS {
        return None;
    }
    // The beginning may be asked for twice, and in no text it stands beside itself.
    let meet = |one, two| last.contains(&one) && first.contains(&two);
    if meet(START, START) || meet(END, END) || meet(END, START) {
        return None;
    }
    let mut bits = [0; 4];
    for symbol in last {
        let pairs = first.iter().map(|next| pair(*symbol, *next));
        pairs.for_each(|pair| set(&mut bits, pair));
    }
    let of_pairs = true;
    Some(Need { of_pairs, bits })
}

/// Returns the characters of a class.
fn symbols(class: &Class) -> Symbols {
    let mut has = [false; OTHER + 1];
    let mut add = |first: u32, last: u32| {
        for symbol in first..=last.min(OTHER as u32) {
            has[usize::from(SYMBOLS[symbol as usize & 0xff])] = true;
        }
        has[OTHER] |= last >= OTHER as u32;
    };
    match class {
        Class::Unicode(class) => {
            let ranges = class.iter();
            ranges.for_each(|range| add(range.start().into(), range.end().into()));
        }
        Class::Bytes(class) => {
            let ranges = class.iter();
            ranges.for_each(|range| add(range.start().into(), range.end().into()));
        }
    }
    (0..=OTHER).filter(|symbol| has[*symbol]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn may_match(pattern: &str, text: &str) -> bool {
        Sieve::new(pattern).may_match(&Traits::of(text))
    }

    #[test]
    fn a_text_without_what_a_pattern_needs_is_told_at_once() {
        for (pattern, with, without) in [
            (r"(?i)\btest(ing)?\b", "A Test", "Example Outfitters"),
            (r"(?i)\bdo[- ]?not[- ]?use\b", "DO NOT USE", "Donut House"),
            (r"^\d+$", "12345", "Diner"),
            (r"^[=+@]", "=1+1", "a=1"),
            (
                r"(?i)(https?|ftp)://|www\.",
                "see WWW.example.com",
                "Wide World Web",
            ),
            (r"(?i)^(none|null|n/?a|tbd)$", "N/A", "Nonesuch Records"),
            (r" {2,}", "two  blanks", "one blank"),
            (r"^$", "", "a"),
            ("ſ", "ſ", "s"),
        ] {
            assert!(may_match(pattern, with), "{pattern} in {with}");
            assert!(!may_match(pattern, without), "{pattern} in {without}");
        }
    }

    fn pattern() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "a",
            "B",
            "k",
            "é",
            "ſ",
            ".",
            "[a-c]",
            "[^a]",
            r"\d",
            r"\s",
            r"\w",
            "(?i:ks)",
            "^",
            "$",
            r"\b",
            r"\B",
            "(?m:^)",
            "(?m:$)",
            "",
            "ab1",
            "[^\\x00-\\x7f]",
            "[\\x7f-\\xff]",
        ]);
        leaf.prop_map(str::to_owned)
            .prop_recursive(4, 24, 4, |inner| {
                let many = prop::collection::vec(inner.clone(), 1..4);
                prop_oneof![
                    many.clone().prop_map(|parts| parts.concat()),
                    many.prop_map(|parts| format!("(?:{})", parts.join("|"))),
                    (
                        inner,
                        prop::sample::select(vec!["*", "+", "?", "{2}", "{2,}", "{1,3}", "+?"])
                    )
                        .prop_map(|(part, times)| format!("(?:{part}){times}")),
                ]
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_text_in_which_a_pattern_is_found_is_never_sifted_out(
            pattern in pattern(),
            text in r"[aAbBcC1 kKsSſé\n\u{7f}\u{80}\u{212a}]{0,9}",
        ) {
            let regex = Regex::new(&pattern).expect("a pattern");
            prop_assert!(!regex.is_match(&text) || may_match(&pattern, &text));
        }
    }
}
