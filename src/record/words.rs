//! The words that exporters write for yes and no, and for nothing.

/// The words that are null, alone and in any case, in every field but the name.
pub const NULL_WORDS: [&str; 12] = [
    "\\N",
    "NULL",
    "None",
    "nil",
    "NaN",
    "undefined",
    "(null)",
    "<null>",
    "[NULL]",
    "N/A",
    "#N/A",
    "NaT",
];

const YES: [&str; 6] = ["true", "t", "yes", "y", "1", "1.0"];

const NO: [&str; 6] = ["false", "f", "no", "n", "0", "0.0"];

/// Whether a text may be blank or a word for nothing, as its first byte says: nearly
/// none is, and of nearly none the rest need be looked at.
#[inline(always)]
pub(super) fn may_be_nothing(text: &str) -> bool {
    const MAY_BE: [bool; 256] = {
        let mut may_be = [false; 256];
        let mut byte = 0u8;
        loop {
            may_be[byte as usize] = !byte.is_ascii_alphanumeric();
            if byte == u8::MAX {
                break;
            }
            byte += 1;
        }
        let mut word = 0;
        while word < NULL_WORDS.len() {
            let first = NULL_WORDS[word].as_bytes()[0];
            may_be[first.to_ascii_lowercase() as usize] = true;
            may_be[first.to_ascii_uppercase() as usize] = true;
            word += 1;
        }
        may_be
    };
    match text.as_bytes().first() {
        Some(first) => MAY_BE[usize::from(*first)],
        None => true,
    }
}

/// Whether a text without blanks around it is a word for nothing.
pub(super) fn is_null(text: &str) -> bool {
    const LONGEST: usize = "undefined".len();
    text.len() <= LONGEST
        && NULL_WORDS
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// Reads a word for yes or no.
#[inline(always)]
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => any_flag(text),
    }
}

fn any_flag(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (is_one_of(&YES), is_one_of(&NO)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_nothing_is_known_in_any_case() {
        for word in NULL_WORDS {
            for word in [word.to_lowercase(), word.to_uppercase()] {
                assert!(may_be_nothing(&word) && is_null(&word), "{word}");
            }
        }
    }

    #[test]
    fn other_words_are_not_nothing() {
        for word in [
            "no",
            "n",
            "na",
            "none.",
            "null null",
            "-",
            "NULLABLE",
            "0",
            "\\",
        ] {
            assert!(!is_null(word), "{word}");
        }
    }
}
