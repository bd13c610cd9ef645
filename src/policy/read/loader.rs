//! Loads the policies of a run, one after another.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use toml::de::DeTable;

use super::draft::Draft;
use super::file::FileReader;
use super::fill_in::FillIn;
use super::head::Head;
use super::includes::Includes;
use super::params::Params;
use super::pool::Pool;
use super::shared_check;
use crate::diagnostic::suggest;
use crate::policy::error::{Error, FileWarnings};
use crate::policy::lint::{self, Notice, Places};
use crate::policy::policies::{Policies, Policy};
use crate::policy::source::Source;
use crate::policy::words::Asked;
use crate::toml_reader::TomlReader;

/// Loads policies that share fields and tests.
pub(in crate::policy) struct Loader<'s> {
    as_of: DateTime<Utc>,
    /// Parameters that the command line sets.
    set: &'s [(String, String)],
    policies: Vec<Policy>,
    pool: Pool,
    known: Known,
    /// What most likely is not meant; none, if nobody asks.
    warnings: Option<Vec<FileWarnings>>,
}

/// Holds the names that policies have used so far.
#[derive(Debug, Default)]
struct Known {
    /// The id of each policy, also of those that are not valid, and the path
    /// of its file.
    ids: Vec<(String, String)>,
    params: Vec<String>,
    /// The files whose mistakes are reported.
    reported: HashSet<PathBuf>,
}

impl<'s> Loader<'s> {
    pub(in crate::policy) fn new(
        as_of: DateTime<Utc>,
        set: &'s [(String, String)],
        lint: bool,
    ) -> Self {
        Self {
            as_of,
            set,
            policies: Vec::new(),
            pool: Pool::default(),
            known: Known::default(),
            warnings: lint.then(Vec::new),
        }
    }

    /// Returns the policies that are sound, once `select` has left out rules that are not
    /// asked, and the warnings file by file.
    pub(in crate::policy) fn finish(
        mut self,
        select: impl FnOnce(&mut [Policy]),
    ) -> (Policies, Vec<FileWarnings>) {
        select(&mut self.policies);
        let Pool { schema, tests, .. } = self.pool;
        let policies = Policies::new(self.policies, schema, tests);
        (policies, self.warnings.unwrap_or_default())
    }

    /// Reads one more policy, with those that it extends; returns what is wrong.
    pub(in crate::policy) fn policy(&mut self, source: Source) -> Vec<Error> {
        let mut includes = Includes::new(source);
        let mut errors = Vec::new();
        // What follows a broken line may read as something else: those errors
        // would mislead.
        if includes.are_sound() {
            let policy = self.read(&mut includes, &mut errors);
            if let Some(policy) = policy.filter(|_| errors.is_empty() && includes.are_sound()) {
                let (policy, places) = policy;
                self.lint(&includes.files, &policy, &places);
                self.policies.push(policy);
                return errors;
            }
        }
        let Includes { files, readers, .. } = includes;
        for (file, reader) in files.iter().zip(readers) {
            // A file that several policies extend is reported once.
            if !reader.is_sound() && self.known.reported.insert(file.identity()) {
                errors.push(Error::Invalid {
                    path: file.file.path.clone(),
                    text: file.text.clone(),
                    diagnostics: reader.into_diagnostics(),
                });
            }
        }
        errors
    }

    fn read<'i>(
        &mut self,
        includes: &'i mut Includes,
        errors: &mut Vec<Error>,
    ) -> Option<(Policy, Places)>
    where
        's: 'i,
    {
        let (family, folder) = (includes.family(), includes.folder().map(Path::to_owned));
        let Includes { files, readers, .. } = includes;
        let files: &'i [Source] = files;
        let paths: Vec<_> = files.iter().map(|file| file.file.path.as_str()).collect();
        let parse = |file: &'i Source| DeTable::parse_recoverable(&file.text).0;
        let mut trees: Vec<_> = files.iter().map(parse).collect();
        let mut params = Params::default();
        for (index, tree) in trees.iter().enumerate() {
            let file = (index, &files[index]);
            params.read(&mut readers[index], file, folder.as_deref(), tree.get_ref());
        }
        self.known.params.extend(params.names().map(str::to_owned));
        params.set(self.set, errors);
        params.check_values(readers, &paths, &family);
        let mut draft = Draft::default();
        let asked = trees
            .iter()
            .flat_map(|tree| shared_check::asked(tree.get_ref()));
        draft.asked = asked.collect();
        let mut head = None;
        for (index, tree) in trees.iter_mut().enumerate() {
            let fill_in = FillIn {
                params: &mut params,
                toml: &mut readers[index],
            };
            fill_in.file(tree.get_mut());
            let mut reader = FileReader {
                toml: &mut readers[index],
                pool: &mut self.pool,
                draft: &mut draft,
                source: &files[index],
                index,
                is_root: index + 1 == files.len(),
                as_of: self.as_of,
            };
            head = reader.read(tree.get_ref());
        }
        let (source, extended) = files.split_last()?;
        draft.notice_unused(&params, (files.len() - 1, source));
        let Head {
            id,
            title,
            version,
            scope,
            defaults: _,
        } = head?;
        if let (Some((id, span)), Some(reader)) = (&id, readers.last_mut()) {
            self.policy_id(id, span.clone(), source, reader);
        }
        params.check_limits(readers);
        draft.check_overrides(readers, &paths, &family);
        draft.check_controls(readers);
        draft.find_counted(readers);
        let optional = draft.optional_fields(&paths, &family);
        let policy = Policy {
            id: id?.0,
            title,
            version,
            source: source.file.clone(),
            scope,
            rules: draft.rules,
            extends: extended.iter().map(|file| file.file.clone()).collect(),
            limits: draft.limits,
            optional,
            replaces: draft.replaces,
            controls: draft
                .controls
                .into_iter()
                .map(|(_, _, control)| control)
                .collect(),
            left_out: Vec::new(),
            params: params.in_force(),
            overrides: draft.overrides,
            waiver_limits: draft.waiver_limits,
        };
        Some((policy, draft.places))
    }

    /// A finding is named by policy and rule: no two policies have one id.
    fn policy_id(&mut self, id: &str, span: Range<usize>, source: &Source, toml: &mut TomlReader) {
        let ids = &mut self.known.ids;
        if let Some((_, path)) = ids.iter().find(|(other, _)| other == id) {
            let message = format!("`{path}` is called `{id}` too");
            let help = "a finding is named by policy and rule: give each its own id";
            toml.complain(span, message, Some(help.to_owned()));
        }
        ids.push((id.to_owned(), source.file.path.clone()));
    }

    /// Looks for what most likely is not meant, if somebody asks.
    fn lint(&mut self, files: &[Source], policy: &Policy, places: &Places) {
        let Some(warnings) = &mut self.warnings else {
            return;
        };
        let Pool { schema, tests, .. } = &self.pool;
        let found = lint::notices(Asked { tests, schema }, policy, places, self.as_of);
        let found = lint::folded(found);
        for file in files {
            let path = &file.file.path;
            let here = found.iter().filter(|found| found.location.path == *path);
            let mut diagnostics: Vec<_> = here.map(Notice::diagnostic).collect();
            diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
            if !diagnostics.is_empty() {
                warnings.push(FileWarnings {
                    path: path.clone(),
                    text: file.text.clone(),
                    diagnostics,
                });
            }
        }
    }

    /// Returns an error for each parameter of the command line that no policy
    /// has.
    pub(in crate::policy) fn unused_params(&self) -> Vec<Error> {
        let mut names: Vec<_> = self.known.params.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let is_unused = |(name, _): &&(String, String)| !names.contains(&name.as_str());
        let unused = self.set.iter().filter(is_unused);
        let error = |(name, _): &(String, String)| Error::NoParam {
            name: name.clone(),
            hint: match names.is_empty() {
                true => "there are none".to_owned(),
                false => suggest(name, names.iter().copied()),
            },
        };
        unused.map(error).collect()
    }
}
