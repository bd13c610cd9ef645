//! What is wrong in a text that a person wrote: each diagnostic points at its
//! place, and is rendered with the line and a caret.
//!
//! Knows nothing of policies: any file that people write can be reported so.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level as Title, Renderer, Snippet};

use crate::text::escape_controls;

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
            let annotation = AnnotationKind::Primary.span(clamp(text, &diagnostic.span));
            let snippet = Snippet::source(text)
                .path(escape_controls(path))
                .annotation(annotation);
            let title = match diagnostic.level {
                Level::Error => Title::ERROR.primary_title(&diagnostic.message),
                Level::Warning { code } => {
                    Title::WARNING.primary_title(&diagnostic.message).id(code)
                }
            };
            let help = diagnostic.help.as_ref();
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
    fn lines_and_columns_count_from_one_and_in_characters() {
        let position = Position::new("a\néb", 4);
        assert_eq!(position, Position { line: 2, column: 2 });
    }
}
