//! Reads files of waivers: every mistake is reported, with its place and what would be
//! right.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bounded_file::{self, MAX_TEXT};
use crate::diagnostic::suggest;
use crate::digest;
use crate::policy::{Policies, Policy, Rule};
use crate::toml_keys::Keys;
use crate::toml_reader::{self, Entries, TomlReader, Word, type_name};
use crate::waiver::account::name;
use crate::waiver::error::{Error, LoadError};
use crate::waiver::keys::{RootKey, WaiverKey};
use crate::waiver::term::{Term, same_person};
use crate::waiver::waiver::{Covers, Waiver};
use crate::waiver::waivers::{WaiverFile, Waivers};

impl Waivers {
    /// Reads and checks files of waivers for findings by these policies; `as_of` is the
    /// only clock of the run.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with all of them. A waiver that has expired is no mistake,
    /// nor is one for a policy that is not in this run.
    pub fn load(
        paths: &[PathBuf],
        policies: &Policies,
        as_of: DateTime<Utc>,
    ) -> Result<Self, LoadError> {
        let mut draft = Draft {
            policies,
            as_of,
            files: Vec::new(),
            waivers: Vec::new(),
            ids: HashMap::new(),
            pairs: HashMap::new(),
            not_asked: Vec::new(),
        };
        let errors = paths.iter().filter_map(|path| draft.file(path).err());
        let errors: Vec<_> = errors.collect();
        match errors.is_empty() {
            true => Ok(Self::new(
                draft.files,
                draft.waivers,
                draft.not_asked,
                as_of,
            )),
            false => Err(LoadError { errors }),
        }
    }
}

/// Holds what the files have said so far.
pub(super) struct Draft<'p> {
    pub(super) policies: &'p Policies,
    pub(super) as_of: DateTime<Utc>,
    files: Vec<WaiverFile>,
    waivers: Vec<Waiver>,
    /// The ids so far, with the path of the file of each.
    ids: HashMap<String, String>,
    /// What waivers in force are for so far, with the id of each.
    pub(super) pairs: HashMap<Pair, String>,
    pub(super) not_asked: Vec<String>,
}

/// What a waiver is for: the index of the rule, the customer, and whether it is for an
/// outcome that cannot be decided.
pub(super) type Pair = (usize, String, bool);

impl Draft<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Error> {
        let shown = path.display().to_string();
        let read = bounded_file::read_text(path, MAX_TEXT);
        let whole = read.map_err(|source| Error::Read {
            path: shown.clone(),
            source,
        })?;
        let text = whole.strip_prefix('\u{feff}').unwrap_or(&whole).to_owned();
        let digest = digest::of_bytes(shown.clone(), whole.as_bytes());
        self.files.push(WaiverFile {
            digest,
            text: text.clone(),
        });
        let (root, errors) = toml_reader::parse(&text);
        // What follows a broken line may read as something else.
        let is_broken = !errors.is_empty();
        let mut reader = Reader {
            toml: TomlReader::new(errors),
            draft: self,
            path: &shown,
        };
        if !is_broken {
            reader.root(root.get_ref());
        }
        match reader.toml.is_sound() {
            true => Ok(()),
            false => Err(Error::Invalid {
                path: shown.clone(),
                diagnostics: reader.toml.into_diagnostics(),
                text,
            }),
        }
    }
}

/// Reads one file into the draft.
pub(super) struct Reader<'r, 'p> {
    pub(super) toml: TomlReader,
    pub(super) draft: &'r mut Draft<'p>,
    path: &'r str,
}

pub(super) type Keyed<'t, 'i> = Entries<'t, 'i, WaiverKey>;

/// What a waiver is called in messages.
const OF: &str = "a waiver";

/// The rule that a waiver is for, if this run asks it.
type Asked<'p> = Option<(&'p Policy, &'p Rule, usize)>;

impl<'p> Reader<'_, 'p> {
    fn root(&mut self, root: &DeTable<'_>) {
        let keys = self
            .toml
            .keys_or::<RootKey>(root, "a file of waivers", |name| {
                let belongs = WaiverKey::words().any(|word| word == name);
                belongs.then(|| format!("`{name}` is a key of [[waiver]]"))
            });
        let Some(value) = keys.value(RootKey::Waiver) else {
            return;
        };
        // As an empty file, an empty list is no mistake.
        if matches!(value.get_ref(), DeValue::Array(items) if items.is_empty()) {
            return;
        }
        let help = "write [[waiver]], with two brackets";
        for item in self.toml.list(value, "`[[waiver]]`", help) {
            if let Some((table, span)) = self.toml.table(item, "`[[waiver]]`") {
                let waiver = self.waiver(table, span);
                self.draft.waivers.extend(waiver);
            }
        }
    }

    /// Reads a waiver, all of it whatever is wrong with a part.
    fn waiver(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<Waiver> {
        let keys = self.toml.keys::<WaiverKey>(table, OF);
        let lacking = WaiverKey::REQUIRED
            .iter()
            .filter(|key| keys.get(**key).is_none());
        let lacking: Vec<_> = lacking.map(|key| format!("`{}`", key.word())).collect();
        if !lacking.is_empty() {
            let message = format!("{OF} needs {}", lacking.join(", "));
            self.toml.complain(span.clone(), message, None);
        }
        let id_span = keys
            .value(WaiverKey::Id)
            .map_or(span.clone(), Spanned::span);
        let id = self.id(&keys);
        let place = (self.draft.files.len().saturating_sub(1), id_span);
        let shown = id.as_deref().map_or(String::new(), name);
        let policy = self.text(&keys, WaiverKey::Policy);
        let rule = self.text(&keys, WaiverKey::Rule);
        let asked = self.asked(&keys, &shown, policy.as_deref(), rule.as_deref());
        let customers = self.customers(&keys, &span);
        let covers = match keys.get(WaiverKey::Outcome) {
            Some(entry) => self.toml.word(entry, "outcome that is waived"),
            None => Some(Covers::default()),
        };
        let holds_for = self.holds_for(&keys, &span, covers, policy.as_deref());
        let reason = self.text(&keys, WaiverKey::Reason);
        let ticket = self.text(&keys, WaiverKey::Ticket);
        let requested_by = self.text(&keys, WaiverKey::RequestedBy);
        let approved_by = self.text(&keys, WaiverKey::ApprovedBy);
        if let (Some(one), Some(other), Some(value)) = (
            &requested_by,
            &approved_by,
            keys.value(WaiverKey::ApprovedBy),
        ) && same_person(one, other)
        {
            let message = format!("`{other}` asked for it as well");
            let help = "another person than who asked for it approves a waiver".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        let term = self.term(&keys);
        if let Some((policy, rule, _)) = asked {
            self.limits((policy, rule), &keys, &span, term);
        }
        let waiver = Waiver {
            id: id?,
            policy: policy?,
            rule: rule?,
            rule_index: asked.map(|(_, _, index)| index),
            customers,
            covers: covers?,
            holds_for: holds_for?,
            reason: reason?,
            ticket,
            requested_by: requested_by?,
            approved_by: approved_by?,
            term: term?,
            place,
        };
        self.refuse_second(&waiver);
        Some(waiver)
    }

    fn text(&mut self, keys: &Keyed<'_, '_>, key: WaiverKey) -> Option<String> {
        self.toml
            .text(keys.value(key)?, &format!("`{}`", key.word()))
    }

    /// Reads the id, which no other waiver has.
    fn id(&mut self, keys: &Keyed<'_, '_>) -> Option<String> {
        let value = keys.value(WaiverKey::Id)?;
        let id = self.toml.text(value, "`id`")?;
        if let Some(path) = self.draft.ids.get(&id) {
            let message = match path == self.path {
                true => format!("two waivers are called `{id}`"),
                false => format!("a waiver of `{path}` is called `{id}` too"),
            };
            let help = "reports name a waiver by its id: give each its own".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        self.draft.ids.insert(id.clone(), self.path.to_owned());
        Some(id)
    }

    /// Finds the rule that a waiver is for. One of a policy that is not in this run, or that
    /// was left out, is not asked; one that its policy does not have is a mistake.
    fn asked(
        &mut self,
        keys: &Keyed<'_, '_>,
        id: &str,
        policy: Option<&str>,
        rule: Option<&str>,
    ) -> Asked<'p> {
        let policies: &'p Policies = self.draft.policies;
        let (policy, rule) = (policy?, rule?);
        let Some(found) = policies.all.iter().find(|known| known.id == policy) else {
            self.note_other_policy(id, policy);
            return None;
        };
        let rules = policies.rules().enumerate();
        let mut rules = rules.filter(|(_, (owner, _))| std::ptr::eq(*owner, found));
        if let Some((index, (_, rule))) = rules.find(|(_, (_, known))| known.id == rule) {
            return Some((found, rule, index));
        }
        let is_left_out = found.left_out.iter().any(|known| known.id == rule);
        // A rule that is off is there, and nobody asks it.
        let is_off = found.overrides.iter().any(|change| change.rule == rule);
        if let (false, false, Some(value)) = (is_left_out, is_off, keys.value(WaiverKey::Rule)) {
            let known = found.rules.iter().chain(&found.left_out);
            let help = suggest(rule, known.map(|known| known.id.as_str()));
            let message = format!("the policy `{policy}` has no rule `{rule}`");
            self.toml.complain(value.span(), message, Some(help));
        }
        None
    }

    /// Reads whom the waiver is about: ids as the export has them, so with the blanks
    /// around them.
    fn customers(&mut self, keys: &Keyed<'_, '_>, span: &Range<usize>) -> Vec<String> {
        let values = match WaiverKey::ABOUT.map(|key| keys.value(key)) {
            [Some(one), None] => vec![one],
            [None, Some(several)] => self
                .toml
                .list(several, "`customers`", r#"write ["…", "…"]"#),
            [None, None] => {
                let message = "a waiver needs `customer` or `customers`";
                let help = Some("name whom it is about by id".to_owned());
                self.toml.complain(span.clone(), message, help);
                return Vec::new();
            }
            [Some(_), Some(several)] => {
                let message = "`customer` says already whom it is about";
                let help = Some("leave out one of the two".to_owned());
                self.toml.complain(several.span(), message, help);
                return Vec::new();
            }
        };
        let mut customers: Vec<String> = Vec::new();
        for value in values {
            let Some(customer) = self.customer(value) else {
                continue;
            };
            match customers.contains(&customer) {
                true => {
                    let message = format!("the customer `{customer}` is here already");
                    self.toml.complain(value.span(), message, None);
                }
                false => customers.push(customer),
            }
        }
        customers
    }

    fn customer(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let (message, help) = match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                ("the id of a customer is blank".to_owned(), None)
            }
            DeValue::String(text) if text.as_ref() == "*" => (
                "a waiver is about customers that it names, never about all".to_owned(),
                Some(
                    "a rule that is not for all is a change of the policy: its scope, or [override]",
                ),
            ),
            DeValue::String(text) => return Some(text.to_string()),
            other => (
                format!("the id of a customer is text, not {}", type_name(other)),
                Some("write it in quotes"),
            ),
        };
        self.toml
            .complain(value.span(), message, help.map(str::to_owned));
        None
    }

    /// Reads the days between which it holds.
    fn term(&mut self, keys: &Keyed<'_, '_>) -> Option<Term> {
        let approved = self.day(keys, WaiverKey::Approved);
        let expires = self.day(keys, WaiverKey::Expires);
        let today = self.draft.as_of.date_naive();
        if let (Some(day), Some(value)) = (approved, keys.value(WaiverKey::Approved))
            && day > today
        {
            let message = format!("it is approved after {today}, the day of this run");
            let help = Some("nobody has accepted the finding yet".to_owned());
            self.toml.complain(value.span(), message, help);
        }
        let (approved, expires) = (approved?, expires?);
        match Term::new(approved, expires) {
            Ok(term) => Some(term),
            Err((message, help)) => {
                let span = keys.value(WaiverKey::Expires).map(Spanned::span);
                self.toml
                    .complain(span.unwrap_or(0..0), message, Some(help));
                None
            }
        }
    }

    fn day(&mut self, keys: &Keyed<'_, '_>, key: WaiverKey) -> Option<NaiveDate> {
        let value = keys.value(key)?;
        let day = match value.get_ref() {
            DeValue::Datetime(time) if time.time.is_none() => time.date.and_then(|date| {
                NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
            }),
            DeValue::Datetime(_)
            | DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        if day.is_none() {
            let message = format!("`{}` is a day", key.word());
            let help = "write it as 2026-01-31, without quotes and time of day".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
        day
    }
}
