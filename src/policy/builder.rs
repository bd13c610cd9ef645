//! Loads policies: from files, from what the program carries, and from texts.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::{Error, FileWarnings, LoadError};
use super::policies::Policies;
use super::read::Loader;
use super::selection::Selection;
use super::source::Source;
use crate::diagnostic::suggest;
use crate::record::MapError;

/// Gathers what is to be loaded: policies in the order in which they are added.
///
/// ```
/// use audit::policy::Policies;
///
/// let policies = Policies::builder()
///     .named("baseline")
///     .text("mfa.toml", r#"
///         [policy]
///         id = "mfa"
///
///         [[rule]]
///         id = "second-factor"
///         severity = "high"
///         require.force2fa = true
///     "#)
///     .as_of("2026-01-31T00:00:00Z".parse()?)
///     .load()?;
/// assert_eq!(policies.all.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct PoliciesBuilder {
    inputs: Vec<Input>,
    as_of: Option<DateTime<Utc>>,
    set: Vec<(String, String)>,
    map: Vec<(String, String)>,
    selection: Selection,
}

/// Says where a policy is to be found.
#[derive(Debug, Clone)]
enum Input {
    File(PathBuf),
    Named(PathBuf),
    Text { name: String, text: String },
}

impl Input {
    fn open(&self) -> Result<Source, Error> {
        match self {
            Input::File(path) => Source::read(path),
            Input::Named(name) => Source::find(name),
            Input::Text { name, text } => Ok(Source::text(name.clone(), text)),
        }
    }
}

impl PoliciesBuilder {
    /// Adds the policy of a file, and of the files that it extends.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.push(Input::File(path.as_ref().to_owned()));
        self
    }

    /// Adds a policy as the command line names it: a file or, without a path or
    /// `.toml`, a bundled one.
    pub fn named(mut self, name: impl AsRef<Path>) -> Self {
        self.inputs.push(Input::Named(name.as_ref().to_owned()));
        self
    }

    /// Adds a policy given as TOML; messages call it by the name. It can extend
    /// bundled policies, and no files.
    pub fn text(mut self, name: impl Into<String>, toml: impl Into<String>) -> Self {
        self.inputs.push(Input::Text {
            name: name.into(),
            text: toml.into(),
        });
        self
    }

    /// Sets the instant that spans of time count back from. Without it they
    /// count back from the moment of loading.
    pub fn as_of(mut self, instant: DateTime<Utc>) -> Self {
        self.as_of = Some(instant);
        self
    }

    /// Gives a parameter another value, as `--set` does.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Reads another key of records as a field, beside the field's own, as `--map` does.
    pub fn map(mut self, field: impl Into<String>, key: impl Into<String>) -> Self {
        self.map.push((field.into(), key.into()));
        self
    }

    /// Says which rules are asked, as `--only` and `--skip` do; without it all are.
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Loads the policies.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with all of them.
    pub fn load(self) -> Result<Policies, LoadError> {
        let (policies, _) = self.load_all(false);
        policies
    }

    /// Loads the policies, and looks for what most likely is not meant in those
    /// that can be used: the warnings of each file, whether or not there are
    /// errors in others.
    pub fn load_with_warnings(self) -> (Result<Policies, LoadError>, Vec<FileWarnings>) {
        self.load_all(true)
    }

    fn load_all(self, lint: bool) -> (Result<Policies, LoadError>, Vec<FileWarnings>) {
        let as_of = self.as_of.unwrap_or_else(Utc::now);
        let mut loader = Loader::new(as_of, &self.set, lint);
        let mut errors = Vec::new();
        for input in &self.inputs {
            match input.open() {
                Ok(source) => errors.extend(loader.policy(source)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            errors.extend(loader.unused_params());
        }
        let (mut policies, warnings) = loader.finish(|policies| {
            if errors.is_empty() {
                errors.extend(self.selection.apply(policies));
            }
        });
        // Without the policies that are not valid, their fields are not known.
        if errors.is_empty() {
            let map = self.map.iter();
            errors.extend(map.filter_map(|(field, key)| map_key(&mut policies, field, key)));
        }
        match errors.is_empty() {
            true => (Ok(policies), warnings),
            false => (Err(LoadError { errors }), warnings),
        }
    }
}

/// Reads a key as a field; returns why it cannot be.
fn map_key(policies: &mut Policies, field: &str, key: &str) -> Option<Error> {
    let error = policies.schema.map(field, key).err()?;
    let why = match error {
        MapError::NoField => {
            let hint = suggest(field, policies.schema.names());
            format!("no field is called `{field}`: {hint}")
        }
        MapError::NoKey => "name the key that is to be read, as in `--map id=customer_id`".into(),
        MapError::Taken(other) => format!("`{key}` is read as `{other}` already"),
    };
    Some(Error::Map {
        field: field.to_owned(),
        key: key.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Key;

    const RULE: &str = "[[rule]]\nid = 'sso'\nseverity = 'low'\nrequire.forceSso = true\n";

    #[test]
    fn a_text_is_a_policy_that_can_extend_bundled_ones() {
        let toml = format!("[policy]\nid = 'mine'\nextends = ['record-integrity']\n{RULE}");
        let policies = Policies::builder().text("mine.toml", toml.as_str()).load();
        let policies = policies.expect("sound");
        let policy = &policies.all[0];
        let source = &policy.source;
        assert_eq!((source.path.as_str(), &source.file), ("mine.toml", &None));
        assert_eq!(source.bytes, toml.len() as u64);
        assert_eq!(policy.extends[0].path, "bundled:record-integrity.toml");
        let location = &policy.rules.last().expect("its own rule").location;
        assert_eq!((location.path.as_str(), location.line), ("mine.toml", 5));
        assert_eq!(&toml[location.span.clone()], "'sso'");
    }

    #[test]
    fn all_that_is_wrong_with_all_of_them_is_one_error() {
        let builder = Policies::builder().text("a.toml", "x = 1").named("pic");
        let error = builder.load().expect_err("neither is a policy");
        assert_eq!(error.errors.len(), 2);
        let message = error.to_string();
        assert!(message.contains("a policy has no key `x`"), "{message}");
        assert!(message.contains("did you mean `pci`?"), "{message}");
    }

    #[test]
    fn a_key_is_mapped_to_a_field_that_there_is_and_to_no_two() {
        let toml = format!("[policy]\nid = 'mine'\n[fields]\nseats = 'number'\n{RULE}");
        let builder = || Policies::builder().text("mine.toml", toml.as_str());
        let builder = || builder().map("force_sso", "SSO").map("seats", "places");
        let policies = builder().load().expect("sound");
        let schema = &policies.schema;
        assert_eq!(schema.key("sso"), schema.key("forceSso"));
        assert!(matches!(schema.key("Places"), Key::Known(_)));
        for (field, key, why) in [
            ("forceSs0", "x", "did you mean `forceSso`?"),
            ("force2fa", "s_s_o", "`s_s_o` is read as `forceSso` already"),
            ("id", "seats", "`seats` is read as `seats` already"),
            ("id", " ", "name the key"),
        ] {
            let error = builder().map(field, key).load().expect_err(why);
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn warnings_are_told_apart_from_errors() {
        let toml = format!("[policy]\nid = 'mine'\n{RULE}");
        let builder = Policies::builder().text("mine.toml", toml).named("pic");
        let (policies, warnings) = builder.load_with_warnings();
        assert!(policies.is_err());
        let warnings: Vec<_> = warnings.iter().flat_map(|file| &file.diagnostics).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}
