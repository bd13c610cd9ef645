//! What is wrong with a policy, and where.

use std::io;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::lint::Warning;
use crate::record::field::normalize_key;
use crate::text::escape_controls;

/// One thing that is wrong in a policy's text, or most likely not meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostic {
    /// What sort of warning it is; none, if it is a mistake.
    pub warning: Option<Warning>,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("policy `{path}` could not be read")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The cases beside a policy cannot be read.
    #[error("the cases of a policy stand beside it, and `{path}` could not be read")]
    Cases {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file is not text.
    #[error("policy `{path}` is not UTF-8 text: see byte {offset}")]
    Utf8 {
        /// Which file.
        path: String,
        /// The first byte that is not.
        offset: usize,
    },
    /// No policy of this name is part of the program.
    #[error("no bundled policy is called `{name}`: {hint}")]
    NoBundled {
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// An extended policy lies elsewhere than the policy that was named.
    #[error("`{path}` is outside of the folder of the first policy")]
    Outside {
        /// Which file.
        path: String,
    },
    /// No policy has this parameter.
    #[error("no policy has a parameter `{name}`: {hint}")]
    NoParam {
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// A parameter cannot have the value that the command line gives it.
    #[error("`--set {name}={value}`: {why}")]
    Set {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// Why not.
        why: String,
    },
    /// The text is not a policy.
    #[error("policy `{path}` is not valid")]
    Invalid {
        /// Which file.
        path: String,
        /// What it says.
        text: String,
        /// All that is wrong, in the order of the text.
        diagnostics: Vec<Diagnostic>,
    },
}

impl Error {
    pub(super) fn no_bundled<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let near = nearest(name, known.clone());
        let list: Vec<_> = known.collect();
        let file = format!("a file is named with its path or `.toml`, as `./{name}`");
        let hint = match near {
            Some(near) => format!("did you mean `{near}`? ({file})"),
            None => format!("there are {}; {file}", list.join(", ")),
        };
        Error::NoBundled {
            name: name.to_owned(),
            hint,
        }
    }

    /// The error in a line, with its cause.
    pub fn line(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// The error for people: for a text that is no policy each diagnostic with
    /// file, line, column, the line itself and a caret.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let Error::Invalid {
            path,
            text,
            diagnostics,
        } = self
        else {
            let message = self.line();
            let message = escape_controls(&message);
            return renderer.render(&[Level::ERROR
                .primary_title(message.as_ref())
                .elements(Vec::<annotate_snippets::Message<'_>>::new())]);
        };
        let shown: Vec<_> = diagnostics
            .iter()
            .map(|diagnostic| {
                let span = clamp(text, &diagnostic.span);
                let annotation = AnnotationKind::Primary.span(span);
                let snippet = Snippet::source(text.as_str())
                    .path(escape_controls(path))
                    .annotation(annotation);
                let title = match diagnostic.warning {
                    Some(warning) => Level::WARNING
                        .primary_title(&diagnostic.message)
                        .id(warning.code()),
                    None => Level::ERROR.primary_title(&diagnostic.message),
                };
                let help = diagnostic.help.as_ref();
                let group = title
                    .element(snippet)
                    .elements(help.map(|help| Level::HELP.message(help)));
                renderer.render(&[group])
            })
            .collect();
        shown.join("\n\n")
    }
}

/// A span within the text, at least one character wide where there is one, and
/// on one line: the caret points, it does not paint the page.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = text.ceil_char_boundary(span.end.clamp(start, line_end));
    start..end
}

/// The known name nearest to one that is not known, if any is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = normalize_key(name);
    let limit = (folded.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &normalize_key(candidate)),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest of the names, or all of them.
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
}
