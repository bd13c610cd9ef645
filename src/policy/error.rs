//! Why policies cannot be used, and what in them is most likely not meant.

use std::fmt;
use std::io;

use crate::diagnostic::{self, Diagnostic, nearest};

/// Says why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("policy `{path}` could not be read")]
    Read {
        /// The path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// There is no such file, and a bundled policy has its name.
    #[error(
        "policy `{path}` could not be read: there is no such file (`-p {name}` is the bundled policy of that name)"
    )]
    NoFile {
        /// The path of the file.
        path: String,
        /// The name of the bundled policy.
        name: &'static str,
    },
    /// The cases beside a policy cannot be read.
    #[error("the cases of a policy are in a file beside it, and `{path}` could not be read")]
    Cases {
        /// The path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// The file is not text.
    #[error("policy `{path}` is not UTF-8 text: see byte {offset}")]
    Utf8 {
        /// The path of the file.
        path: String,
        /// The first byte that is not.
        offset: usize,
    },
    /// No policy of this name is part of the program.
    #[error("no bundled policy is called `{name}`: {hint}")]
    NoBundled {
        /// The name that was asked for.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// An extended policy lies elsewhere than the policy that was named.
    #[error("`{path}` is outside of the folder of the first policy")]
    Outside {
        /// The path of the file.
        path: String,
    },
    /// A policy that is no file names a list beside it.
    #[error("`{policy}` is no file, so no list lies beside it: write the values in [params]")]
    NoFolder {
        /// The name of the policy.
        policy: String,
    },
    /// A list cannot be read.
    #[error("the list `{path}` could not be read")]
    List {
        /// The path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// A list is not text.
    #[error("the list `{path}` is not UTF-8 text: see byte {offset}")]
    ListUtf8 {
        /// The path of the file.
        path: String,
        /// The first byte that is not.
        offset: usize,
    },
    /// A list has no value.
    #[error("the list `{path}` has no value: write one a line")]
    EmptyList {
        /// The path of the file.
        path: String,
    },
    /// A value of a list has a control character in it.
    #[error("the list `{path}` has a control character in `{value}`")]
    ListValue {
        /// The path of the file.
        path: String,
        /// The value.
        value: String,
    },
    /// A selector of `--only` or `--skip` selects no rule.
    #[error("`{selector}` selects no rule: {hint}")]
    NoneSelected {
        /// The selector.
        selector: String,
        /// What there is instead.
        hint: String,
    },
    /// `--only` and `--skip` leave nothing to ask.
    #[error(
        "no rule is left to ask (the pass rate of a rule that is left out is not known either)"
    )]
    NothingLeft,
    /// No policy has this parameter.
    #[error("no policy has a parameter `{name}`: {hint}")]
    NoParam {
        /// The name that was asked for.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// A parameter cannot have the value that the command line gives it.
    #[error("`--set {name}={value}`: {why}")]
    Set {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// The reason.
        why: String,
    },
    /// A key cannot be read as a field.
    #[error("`--map {field}={key}`: {why}")]
    Map {
        /// The field.
        field: String,
        /// The key.
        key: String,
        /// The reason.
        why: String,
    },
    /// The text is not a policy.
    #[error("policy `{path}` is not valid")]
    Invalid {
        /// The path of the file.
        path: String,
        /// The text of the file.
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

    /// Returns an error of reading a policy as one of reading a list.
    pub(super) fn of_list(self) -> Self {
        match self {
            Error::Read { path, source } => Error::List { path, source },
            Error::Utf8 { path, offset } => Error::ListUtf8 { path, offset },
            other => other,
        }
    }

    /// Returns the error in a line, with its cause.
    pub fn line(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// Renders the error for people: for a text that is no policy each
    /// diagnostic with file, line, column, the line itself and a caret.
    pub fn render(&self, colour: bool) -> String {
        match self {
            Error::Invalid {
                path,
                text,
                diagnostics,
            } => diagnostic::render(path, text, diagnostics, colour),
            Error::Read { .. }
            | Error::Cases { .. }
            | Error::Utf8 { .. }
            | Error::NoBundled { .. }
            | Error::NoFile { .. }
            | Error::Outside { .. }
            | Error::NoFolder { .. }
            | Error::List { .. }
            | Error::ListUtf8 { .. }
            | Error::EmptyList { .. }
            | Error::ListValue { .. }
            | Error::NoneSelected { .. }
            | Error::NothingLeft
            | Error::NoParam { .. }
            | Error::Set { .. }
            | Error::Map { .. } => diagnostic::render_message(&self.line(), colour),
        }
    }
}

/// Says why the policies of a run cannot be used: all that is wrong with all of
/// them.
#[derive(Debug)]
pub struct LoadError {
    /// The errors, in the order of the policies; at least one.
    pub errors: Vec<Error>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{}", error.render(false))?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// Holds what in a file of a sound policy is most likely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWarnings {
    /// The path of the file.
    pub path: String,
    /// The text of the file.
    pub text: String,
    /// The warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl FileWarnings {
    /// Renders the warnings for people, each with its place.
    pub fn render(&self, colour: bool) -> String {
        diagnostic::render(&self.path, &self.text, &self.diagnostics, colour)
    }
}
