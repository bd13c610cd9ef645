//! The day and the instant of a night, in the paths of what it reads and writes.

use chrono::{DateTime, Utc};

/// Lists what stands in a path for the night.
pub const PLACEHOLDERS: [&str; 2] = ["{date}", "{night}"];

/// Returns a path with the day of a night in the place of `{date}`, as `2026-11-25`, and
/// its instant in the place of `{night}`, as `2026-11-25T020000Z`.
pub fn filled(path: &str, as_of: DateTime<Utc>) -> String {
    let [date, night] = PLACEHOLDERS;
    let path = path.replace(date, &as_of.format("%Y-%m-%d").to_string());
    path.replace(night, &as_of.format("%Y-%m-%dT%H%M%SZ").to_string())
}

/// Returns the first word in braces that is none of these, with its braces and where it
/// begins. Braces around nothing, or around more than a word, are characters like others.
pub(super) fn unknown<'t>(text: &'t str, known: &[&str]) -> Option<&'t str> {
    let words = text.match_indices('{').filter_map(|(at, _)| {
        let end = at + text[at..].find('}')?;
        let word = &text[at + 1..end];
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '-');
        is_word.then(|| &text[at..=end])
    });
    let mut unknown = words.filter(|word| !known.contains(word));
    unknown.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_day_and_the_instant_of_the_night() {
        let as_of = "2026-11-25T02:00:00Z".parse().expect("an instant");
        for (path, expected) in [
            ("a/{date}.csv", "a/2026-11-25.csv"),
            ("{night}/{}.md", "2026-11-25T020000Z/{}.md"),
            ("{date}/{date}", "2026-11-25/2026-11-25"),
            ("plain", "plain"),
        ] {
            assert_eq!(filled(path, as_of), expected);
        }
    }

    #[test]
    fn a_word_in_braces_is_a_placeholder_or_a_mistake() {
        let of = |text| unknown(text, &PLACEHOLDERS);
        assert_eq!(of("{date}/{}-{night}"), None);
        assert_eq!(of("{date}/{nite}"), Some("{nite}"));
        assert_eq!(of("{a b} { {"), None);
    }
}
