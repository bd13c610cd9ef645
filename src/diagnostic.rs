//! What is wrong in a text that a person wrote: each diagnostic points at its
//! place, and is rendered with the line and a caret.
//!
//! Knows nothing of policies: any file that people write can be reported so.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level as Title, Renderer, Snippet};

use crate::text::{escape_controls, is_unsafe};

/// Says how serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The text cannot be used.
    Error,
    /// The text can be used, and most likely does not say what was meant.
    Warning {
        /// The stable name of this kind of warning.
        code: &'static str,
    },
}

/// Describes one thing that is wrong in a text, or most likely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub level: Level,
    /// Its place, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Creates an error at a place.
    pub fn error(span: Range<usize>, message: impl Into<String>, help: Option<String>) -> Self {
        Self {
            level: Level::Error,
            span,
            message: message.into(),
            help,
        }
    }

    /// Creates a warning at a place; `code` names its kind.
    pub fn warning(
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Self {
        Self {
            level: Level::Warning { code },
            span,
            message: message.into(),
            help,
        }
    }
}

/// Renders the diagnostics of a text for people: each with file, line, column,
/// the line itself and a caret.
pub fn render(path: &str, text: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = renderer(colour);
    let rendered: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            let line = Line::new(text, &diagnostic.span);
            let snippet = Snippet::source(&line.text)
                .line_start(line.number)
                .path(escape_controls(path))
                .annotation(AnnotationKind::Primary.span(line.span.clone()));
            let message = escape_controls(&diagnostic.message);
            let title = match diagnostic.level {
                Level::Error => Title::ERROR.primary_title(message),
                Level::Warning { code } => Title::WARNING.primary_title(message).id(code),
            };
            let help = diagnostic.help.as_deref().map(escape_controls);
            let group = title
                .element(snippet)
                .elements(help.map(|help| Title::HELP.message(help)));
            renderer.render(&[group])
        })
        .collect();
    rendered.join("\n\n")
}

/// Renders an error that has no place in a text.
pub fn render_message(message: &str, colour: bool) -> String {
    let message = escape_controls(message);
    renderer(colour).render(&[Title::ERROR
        .primary_title(message.as_ref())
        .elements(Vec::<annotate_snippets::Message<'_>>::new())])
}

fn renderer(colour: bool) -> Renderer {
    match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    }
}

/// Holds the line of a text that a diagnostic is about, as it is shown.
struct Line {
    /// Counts from 1.
    number: usize,
    text: String,
    /// The place, in bytes of the line.
    span: Range<usize>,
}

impl Line {
    fn new(text: &str, span: &Range<usize>) -> Self {
        let span = clamp(text, span);
        let start = text[..span.start].rfind('\n').map_or(0, |feed| feed + 1);
        let end = text[span.start..].find('\n');
        let end = end.map_or(text.len(), |at| span.start + at);
        let before = visible(&text[start..span.start]);
        let after = text[span.end..end].trim_end_matches('\r');
        let meant = visible(&text[span.clone()]);
        Self {
            number: text[..start].matches('\n').count() + 1,
            span: before.len()..before.len() + meant.len(),
            text: before + &meant + &visible(after),
        }
    }
}

/// Returns text with a sign in the place of each character that could steer a terminal:
/// one for one, so that columns are those of the file.
fn visible(text: &str) -> String {
    let sign = |c: char| match c {
        '\t' => c,
        c if is_unsafe(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(sign).collect()
}

/// Limits a span to the text and to one line, at least one character wide where
/// there is one: the caret points, it does not paint the page.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = text.ceil_char_boundary(span.end.clamp(start, line_end));
    start..end
}

/// Holds a line and a column of a text, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Position {
    /// Finds the line and the column of a byte.
    pub fn new(text: &str, byte: usize) -> Self {
        let before = &text[..text.floor_char_boundary(byte)];
        let start = before.rfind('\n').map_or(0, |feed| feed + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// Finds the known name that is nearest to one that is not known, if any is
/// near. Case and punctuation do not count.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = letters(name);
    let limit = (letters.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&letters, &self::letters(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Suggests the nearest of the names, or lists all of them.
pub fn suggest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(
            nearest("force2factor", ["force2fa", "forceSso"]),
            Some("force2fa")
        );
        assert_eq!(
            nearest("sevrity", ["severity", "require"]),
            Some("severity")
        );
        assert_eq!(nearest("banana", ["severity", "require"]), None);
    }

    #[test]
    fn a_span_is_kept_within_its_line_and_between_characters() {
        assert_eq!(clamp("é = 1\nb", &(1..9)), 0..6);
        assert_eq!(clamp("a", &(7..9)), 1..1);
    }

    #[test]
    fn a_line_is_shown_without_what_steers_a_terminal_and_with_its_place() {
        let text = "a\r\n\"\u{9b}é\t\u{202e}b\" = 1 \r\n";
        let at = text.find('b').expect("a letter");
        let line = Line::new(text, &(at..at + 1));
        assert_eq!(line.number, 2);
        assert_eq!(line.text, "\"\u{fffd}é\t\u{fffd}b\" = 1 ");
        assert_eq!(&line.text[line.span], "b");
        let end = Line::new("a\n", &(2..9));
        assert_eq!((end.number, end.text.as_str(), end.span), (2, "", 0..0));
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let position = Position::new("a\néb", 4);
        assert_eq!(position, Position { line: 2, column: 2 });
    }
}
