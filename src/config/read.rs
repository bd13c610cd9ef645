//! Reads a configuration: all that is wrong with it is reported at once.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::Error;
use super::keys::{Key, MAX_THREADS};
use super::paths::Paths;
use super::placed::Placed;
use super::values::Values;
use crate::bounded_file::{self, MAX_TEXT};
use crate::digest::{self, FileDigest};
use crate::options::{Alarm, FailsOn};
use crate::policy::{Selector, Severity};
use crate::record::time::Span;
use crate::report::Destination;
use crate::toml_reader::{self, Entries, TomlReader};
use crate::totals::Undecided;

/// Holds what a configuration says, each value with its place.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file; none, if there is no configuration.
    pub file: Option<FileDigest>,
    /// What records are judged by.
    pub policies: Option<Placed<Vec<PathBuf>>>,
    /// What is audited.
    pub exports: Option<Placed<Vec<PathBuf>>>,
    /// The files of accepted findings.
    pub waivers: Option<Placed<Vec<PathBuf>>>,
    /// Values of parameters of policies, by name.
    pub set: Option<Placed<Vec<(String, String)>>>,
    /// The only rules that are asked.
    pub only: Option<Placed<Vec<Selector>>>,
    /// The rules that are not asked.
    pub skip: Option<Placed<Vec<Selector>>>,
    /// Fields, and other keys that are read as them.
    pub map: Option<Placed<Vec<(String, String)>>>,
    /// What decides the exit code.
    pub fail_on: Option<Placed<Vec<FailsOn>>>,
    /// From which severity on new findings do.
    pub fail_on_new: Option<Placed<Severity>>,
    /// What an outcome is that could not be decided.
    pub undecided: Option<Placed<Undecided>>,
    /// Whether it is fine that nothing is judged.
    pub allow_empty: Option<Placed<bool>>,
    /// The file of the ids that are expected.
    pub expect: Option<Placed<PathBuf>>,
    /// The earlier report.
    pub since: Option<Placed<PathBuf>>,
    /// The folder of the nights.
    pub history: Option<Placed<PathBuf>>,
    /// How long nights are kept.
    pub keep: Option<Placed<Span>>,
    /// How long findings may stay.
    pub deadline: Option<Placed<Vec<(Severity, Span)>>>,
    /// What it is to have far fewer records.
    pub shrink: Option<Placed<Alarm>>,
    /// The oldest that an export may be.
    pub max_export_age: Option<Placed<Span>>,
    /// What it is that an export is old.
    pub stale: Option<Placed<Alarm>>,
    /// The longest time between two nights.
    pub gap: Option<Placed<Span>>,
    /// The name of the export in reports.
    pub export_name: Option<Placed<String>>,
    /// What metrics call the run.
    pub job: Option<Placed<String>>,
    /// The address of the whole report.
    pub link: Option<Placed<String>>,
    /// The file that lists what was read and written.
    pub manifest: Option<Placed<PathBuf>>,
    /// The file with a row for each record.
    pub matrix: Option<Placed<PathBuf>>,
    /// The number of worker threads.
    pub threads: Option<Placed<u16>>,
    /// The reports.
    pub reports: Vec<Placed<Destination>>,
}

impl Config {
    /// Reads the configuration of a run at this instant.
    ///
    /// # Errors
    ///
    /// The file cannot be read, others than its owner may write it, or it is not valid.
    pub fn read(path: &Path, as_of: DateTime<Utc>) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let unreadable = |source| Error::Read {
            path: shown.clone(),
            source,
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_file() && mode & 0o022 != 0 {
            return Err(Error::OthersWrite { path: shown, mode });
        }
        let bytes = bounded_file::read(path, MAX_TEXT).map_err(unreadable)?;
        let file = digest::of_bytes(shown.as_str(), &bytes);
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let why = format!("byte {} is not UTF-8", error.valid_up_to());
            unreadable(io::Error::new(io::ErrorKind::InvalidData, why))
        })?;
        // Editors on Windows put a byte order mark first, which is no TOML.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (root, wrong) = toml_reader::parse(text);
        let paths = Paths::new(path, as_of);
        let mut values = Values::new(TomlReader::new(wrong), text, paths);
        let keys: Entries<'_, '_, Key> = values.toml.keys(root.get_ref(), "a configuration");
        let config = values.config(&keys);
        match values.toml.is_sound() {
            true => Ok(Self {
                file: Some(file),
                ..config
            }),
            false => Err(Error::Invalid {
                path: shown,
                text: text.to_owned(),
                diagnostics: values.toml.into_diagnostics(),
            }),
        }
    }
}

impl Values<'_> {
    /// Reads all that is there; what is wrong is not.
    fn config(&mut self, keys: &Entries<'_, '_, Key>) -> Config {
        self.refuse_two_nights(keys);
        let mut at = |key| keys.get(key);
        let at = &mut at;
        Config {
            file: None,
            policies: self.placed(at(Key::Policies), Self::policies),
            exports: self.placed(at(Key::Exports), Self::files),
            waivers: self.placed(at(Key::Waivers), Self::files),
            set: self.placed(at(Key::Set), Self::settings),
            only: self.placed(at(Key::Only), Self::texts),
            skip: self.placed(at(Key::Skip), Self::texts),
            map: self.placed(at(Key::Map), Self::mapping),
            fail_on: self.placed(at(Key::FailOn), Self::fail_on),
            fail_on_new: self.placed(at(Key::FailOnNew), Self::severity),
            undecided: self.placed(at(Key::Undecided), |values, entry| {
                values.toml.word(entry, "value of `undecided`")
            }),
            allow_empty: self.placed(at(Key::AllowEmpty), Self::flag),
            expect: self.placed(at(Key::Expect), Self::path),
            since: self.placed(at(Key::Since), Self::path),
            history: self.placed(at(Key::History), Self::path),
            keep: self.placed(at(Key::Keep), Self::span),
            deadline: self.placed(at(Key::Deadline), Self::deadlines),
            shrink: self.placed(at(Key::Shrink), Self::alarm),
            max_export_age: self.placed(at(Key::MaxExportAge), Self::span),
            stale: self.placed(at(Key::Stale), Self::alarm),
            gap: self.placed(at(Key::Gap), Self::span),
            export_name: self.placed(at(Key::ExportName), Self::text),
            job: self.placed(at(Key::Job), Self::text),
            link: self.placed(at(Key::Link), Self::link),
            manifest: self.placed(at(Key::Manifest), Self::path),
            matrix: self.placed(at(Key::Matrix), Self::path),
            threads: self.placed(at(Key::Threads), |values, entry| {
                values.number(entry, MAX_THREADS)
            }),
            reports: at(Key::Report)
                .and_then(|entry| self.reports(entry))
                .unwrap_or_default(),
        }
    }

    /// Reports a run that would be compared with two.
    fn refuse_two_nights(&mut self, keys: &Entries<'_, '_, Key>) {
        if let (Some(_), Some((name, _))) = (keys.get(Key::Since), keys.get(Key::History)) {
            let message = "the run is compared with `since` already";
            let help = "leave out one of the two".to_owned();
            self.toml.complain(name.span(), message, Some(help));
        }
    }
}
