//! From the text of a policy to its rules: every mistake is told, with its
//! place and what would be right.

mod aggregate;
mod argument;
mod params;
mod requirement;
mod rules;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{Diagnostic, Error, suggest};
use super::pattern::Pattern;
use super::requirement::TestId;
use super::source::Source;
use super::{Extended, Policies, Policy, lint};
use params::Params;
use rules::{Parts, SharedCheck};

/// A key of a table, and its value.
type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// Reads policies one after another; they share fields and tests.
pub(super) struct Reader<'s> {
    as_of: DateTime<Utc>,
    policies: Policies,
    /// Each test by its field, operator and argument.
    known_tests: HashMap<String, TestId>,
    /// What is wrong with each file of the policy being read.
    diagnostics: Vec<Vec<Diagnostic>>,
    /// The place among them of the file being read.
    file: usize,
    /// The ids of all policies, also of those that are not valid, and where
    /// each was read.
    ids: Vec<(String, String)>,
    /// The fields that the policy being read declares, folded, and whether
    /// their declaration is sound.
    declared: HashMap<String, bool>,
    /// Parameters that the command line sets.
    set: &'s [(String, String)],
    /// Which of them some policy has, and all names that there are.
    known_params: Vec<String>,
    checks: HashMap<String, SharedCheck>,
    /// The checks that some rule of the policy asks.
    asked: HashSet<String>,
    /// The rules whose share some rule over the whole export counts, and where
    /// it says so.
    counted: Vec<(String, (usize, Range<usize>))>,
    /// Files that were told to be wrong.
    told: HashSet<PathBuf>,
    /// What most likely is not meant, in policies that can be read; none, if
    /// nobody asks.
    warnings: Option<Vec<Error>>,
    /// Patterns by their text: several fields are asked the same.
    patterns: HashMap<String, Pattern>,
}

/// A policy's files, and what is wrong with each: what it extends stands before
/// it.
struct Family {
    files: Vec<Source>,
    /// Those that are being gathered, by their identity.
    open: Vec<PathBuf>,
    /// Where all of them must be.
    folder: Option<PathBuf>,
    diagnostics: Vec<Vec<Diagnostic>>,
}

impl Family {
    fn of(root: Source) -> Self {
        let folder = root.file.as_deref().map(|file| match file.parent() {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => PathBuf::from("."),
        });
        let mut family = Self {
            files: Vec::new(),
            open: Vec::new(),
            folder,
            diagnostics: Vec::new(),
        };
        family.gather(root);
        family
    }

    fn gather(&mut self, source: Source) {
        let identity = source.identity();
        if self.files.iter().any(|file| file.identity() == identity) {
            return;
        }
        self.open.push(identity);
        let mut diagnostics = Vec::new();
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            diagnostics.push(Diagnostic {
                warning: None,
                span: error.span().unwrap_or(0..0),
                message: error.message().to_owned(),
                help: None,
            });
        }
        for (name, span) in extends(root.get_ref()) {
            let why = match source.extended(name, self.folder.as_deref()) {
                Ok(next) if self.open.contains(&next.identity()) => {
                    "the policies extend each other in a circle".to_owned()
                }
                Ok(next) => {
                    self.gather(next);
                    continue;
                }
                Err(error) => error.line(),
            };
            diagnostics.push(Diagnostic {
                warning: None,
                span,
                message: why,
                help: Some("name a file beside this one, or a bundled policy".to_owned()),
            });
        }
        self.open.pop();
        self.files.push(source);
        self.diagnostics.push(diagnostics);
    }
}

/// All that is to be said of a file, in the order of its text.
fn invalid(file: &Source, mut diagnostics: Vec<Diagnostic>) -> Error {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Error::Invalid {
        path: file.path.clone(),
        text: file.text.clone(),
        diagnostics,
    }
}

/// The names in `extends`, as far as they are names.
fn extends<'t>(root: &'t DeTable<'_>) -> Vec<(&'t str, Range<usize>)> {
    let Some(DeValue::Table(head)) = root.get("policy").map(Spanned::get_ref) else {
        return Vec::new();
    };
    let Some(DeValue::Array(names)) = head.get("extends").map(Spanned::get_ref) else {
        return Vec::new();
    };
    let text = |name: &'t Spanned<DeValue<'_>>| match name.get_ref() {
        DeValue::String(text) => Some((text.as_ref(), name.span())),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

/// The names of the checks that the rules of a file ask, as far as they are
/// names.
fn asked(root: &DeTable<'_>) -> Vec<String> {
    let Some(DeValue::Array(rules)) = root.get("rule").map(Spanned::get_ref) else {
        return Vec::new();
    };
    let name = |rule: &Spanned<DeValue<'_>>| match rule.get_ref() {
        DeValue::Table(rule) => match rule.get("check").map(Spanned::get_ref) {
            Some(DeValue::String(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    };
    rules.iter().filter_map(name).collect()
}

impl<'s> Reader<'s> {
    pub(super) fn new(as_of: DateTime<Utc>, set: &'s [(String, String)], lint: bool) -> Self {
        Self {
            as_of,
            policies: Policies::default(),
            known_tests: HashMap::new(),
            diagnostics: Vec::new(),
            file: 0,
            ids: Vec::new(),
            declared: HashMap::new(),
            set,
            known_params: Vec::new(),
            checks: HashMap::new(),
            asked: HashSet::new(),
            counted: Vec::new(),
            told: HashSet::new(),
            warnings: lint.then(Vec::new),
            patterns: HashMap::new(),
        }
    }

    pub(super) fn into_policies(self) -> Policies {
        self.policies
    }

    /// Reads one more policy, with those that it extends; gives what is wrong.
    pub(super) fn policy(&mut self, source: Source) -> Vec<Error> {
        self.declared.clear();
        self.checks.clear();
        let Family {
            files, diagnostics, ..
        } = Family::of(source);
        self.diagnostics = diagnostics;
        let mut errors = Vec::new();
        // What follows a broken line may read as something else: those errors
        // would mislead.
        if self.diagnostics.iter().all(Vec::is_empty) {
            let policy = self.family(&files, &mut errors);
            let sound = errors.is_empty() && self.diagnostics.iter().all(Vec::is_empty);
            if let (true, Some(policy)) = (sound, policy) {
                self.lint(&files, &policy);
                self.policies.all.push(policy);
                return errors;
            }
        }
        for (file, diagnostics) in files.iter().zip(std::mem::take(&mut self.diagnostics)) {
            // A file that several policies extend is told once.
            if !diagnostics.is_empty() && self.told.insert(file.identity()) {
                errors.push(invalid(file, diagnostics));
            }
        }
        errors
    }

    /// Looks for what most likely is not meant, if somebody asks.
    fn lint(&mut self, files: &[Source], policy: &Policy) {
        let Some(warnings) = &mut self.warnings else {
            return;
        };
        let mut diagnostics = vec![Vec::new(); files.len()];
        for (place, warning, message) in lint::warnings(&self.policies, policy) {
            let (file, span) = policy.rules[place].place.clone();
            diagnostics[file].push(Diagnostic {
                warning: Some(warning),
                span,
                message,
                help: None,
            });
        }
        let all = files.iter().zip(diagnostics);
        let told = all.filter(|(_, diagnostics)| !diagnostics.is_empty());
        warnings.extend(told.map(|(file, diagnostics)| invalid(file, diagnostics)));
    }

    /// What most likely is not meant, a file each.
    pub(super) fn take_warnings(&mut self) -> Vec<Error> {
        self.warnings.take().unwrap_or_default()
    }

    fn family<'i>(&mut self, files: &'i [Source], errors: &mut Vec<Error>) -> Option<Policy>
    where
        's: 'i,
    {
        let parse = |file: &'i Source| DeTable::parse_recoverable(&file.text).0;
        let mut trees: Vec<_> = files.iter().map(parse).collect();
        // What extends is asked before what is extended.
        let mut params = Params::default();
        for (file, tree) in trees.iter().enumerate().rev() {
            self.file = file;
            self.read_params(tree.get_ref(), &mut params);
        }
        self.set_params(&mut params, errors);
        self.asked = trees
            .iter()
            .flat_map(|tree| asked(tree.get_ref()))
            .collect();
        let mut parts = Parts::default();
        let mut policy = None;
        for (file, tree) in trees.iter_mut().enumerate() {
            self.file = file;
            self.fill_in(tree.get_mut(), &params);
            let is_root = file + 1 == files.len();
            policy = self.root(tree.get_ref(), &files[file], is_root, &mut parts);
        }
        let (source, extended) = files.split_last()?;
        policy.map(|read| Policy {
            path: source.path.clone(),
            file: source.file.clone(),
            bytes: source.bytes,
            sha256: source.sha256.clone(),
            extends: extended
                .iter()
                .map(|file| Extended {
                    path: file.path.clone(),
                    file: file.file.clone(),
                    bytes: file.bytes,
                    sha256: file.sha256.clone(),
                })
                .collect(),
            params: params.in_force(),
            ..read
        })
    }

    fn complain(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.complain_of(self.file, span, message, help);
    }

    fn complain_of(
        &mut self,
        file: usize,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.diagnostics[file].push(Diagnostic {
            warning: None,
            span,
            message: message.into(),
            help,
        });
    }

    /// Reads one file: what it adds to the parts and, if it is the policy
    /// itself and not one that is extended, the policy.
    fn root(
        &mut self,
        root: &DeTable<'_>,
        source: &Source,
        is_root: bool,
        parts: &mut Parts,
    ) -> Option<Policy> {
        let names = [
            "policy",
            "params",
            "fields",
            "check",
            "rule",
            "aggregate",
            "override",
        ];
        let [head, _, fields, checks, rules, aggregates, overrides] =
            self.keys(root, names, "a policy");
        if let Some((_, fields)) = fields {
            self.fields(fields);
        }
        let head = match head {
            Some((_, head)) => self.table(head, "`[policy]`"),
            None => {
                let help = "begin with [policy] and id = \"…\"".to_owned();
                self.complain(0..0, "a policy needs a `[policy]` table", Some(help));
                None
            }
        };
        let mut head = head.map(|(head, span)| self.head(head, span, is_root.then_some(source)));
        let on_absent = head.as_ref().and_then(|head| head.on_absent);
        // What is extended keeps its scope: its rules do not apply beyond it.
        let scope = head.as_mut().and_then(|head| head.scope.take());
        let guard = scope.as_ref().filter(|_| !is_root);
        if let Some((_, checks)) = checks {
            self.checks(checks, on_absent);
        }
        if rules.is_some() || aggregates.is_none() && is_root && parts.rules.is_empty() {
            self.rules(rules, on_absent.unwrap_or_default(), guard, parts);
        }
        if let Some((_, aggregates)) = aggregates {
            self.aggregates(aggregates, guard, parts);
        }
        if let Some((key, overrides)) = overrides {
            let before = parts.rules.len();
            self.overrides(overrides, parts);
            if before > 0 && parts.rules.is_empty() {
                let message = "all rules are off: the policy would pass everything";
                self.complain(key.span(), message, None);
            }
        }
        let head = head?;
        if !is_root {
            return None;
        }
        self.find_counted(parts);
        let parts = std::mem::take(parts);
        Some(Policy {
            id: head.id?,
            title: head.title,
            version: head.version,
            path: String::new(),
            file: None,
            bytes: 0,
            sha256: String::new(),
            scope,
            rules: parts.rules,
            extends: Vec::new(),
            params: Vec::new(),
            overrides: parts.overrides,
        })
    }

    /// The entries of a table by name; any other key is an error.
    fn keys<'t, 'i, const N: usize>(
        &mut self,
        table: &'t DeTable<'i>,
        names: [&'static str; N],
        of: &str,
    ) -> [Option<Entry<'t, 'i>>; N] {
        let mut found = [None; N];
        for (key, value) in table.iter() {
            match names.iter().position(|name| name == key.get_ref()) {
                Some(at) => found[at] = Some((key, value)),
                None => {
                    let message = format!("{of} has no key `{}`", key.get_ref());
                    self.complain(key.span(), message, Some(suggest(key.get_ref(), names)));
                }
            }
        }
        found
    }

    fn table<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
    ) -> Option<(&'t DeTable<'i>, Range<usize>)> {
        match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span())),
            other => {
                let message = format!("{what} is a table, not {}", article(other));
                self.complain(value.span(), message, None);
                None
            }
        }
    }

    fn list<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        what: &str,
        help: &str,
    ) -> Vec<&'t Spanned<DeValue<'i>>> {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                let message = format!("{what} is empty");
                self.complain(value.span(), message, Some("name at least one".to_owned()));
                Vec::new()
            }
            DeValue::Array(items) => items.iter().collect(),
            other => {
                let message = format!("{what} is a list, not {}", article(other));
                self.complain(value.span(), message, Some(help.to_owned()));
                Vec::new()
            }
        }
    }

    /// A line of text that is not blank: a control character in it would break
    /// the line of a report.
    fn text(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let text = self.prose(value, what)?;
        if text.contains('\n') {
            let message = format!("{what} has a line feed in it");
            self.complain(value.span(), message, None);
            return None;
        }
        Some(text)
    }

    /// Text that is not blank, of one line or several.
    fn prose(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<String> {
        let message = match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => format!("{what} is blank"),
            DeValue::String(text) if text.chars().any(|c| c.is_control() && c != '\n') => {
                format!("{what} has a control character in it")
            }
            DeValue::String(text) => return Some(text.trim().to_owned()),
            other => format!("{what} is text, not {}", article(other)),
        };
        self.complain(value.span(), message, None);
        None
    }

    fn optional_text(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.text(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    fn optional_prose(&mut self, entry: Option<Entry<'_, '_>>) -> String {
        entry
            .and_then(|(key, value)| self.prose(value, &format!("`{}`", key.get_ref())))
            .unwrap_or_default()
    }

    /// One word of a fixed list.
    fn word<T: Copy>(
        &mut self,
        entry: Entry<'_, '_>,
        words: &[T],
        name: fn(T) -> &'static str,
        what: &str,
    ) -> Option<T> {
        let (key, value) = entry;
        let text = self.text(value, &format!("`{}`", key.get_ref()))?;
        let found = words.iter().copied().find(|word| name(*word) == text);
        if found.is_none() {
            let message = format!("no {what} is called `{text}`");
            let names = words.iter().map(|word| name(*word));
            self.complain(value.span(), message, Some(suggest(&text, names)));
        }
        found
    }
}

/// What a value is, for a person.
fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
