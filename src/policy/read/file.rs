//! One file of a policy: in which order its tables are read.

use chrono::{DateTime, Utc};
use toml::de::DeTable;

use super::draft::Draft;
use super::head::Head;
use super::pool::Pool;
use crate::policy::keys::{HeadKey, RootKey, RuleKey};
use crate::policy::source::Source;
use crate::toml_reader::{Entry, TomlReader, Word};

/// Reads one file of a policy into the draft.
pub(super) struct FileReader<'r> {
    /// Reads the values, and keeps what is wrong with them.
    pub(super) toml: &'r mut TomlReader,
    /// What all policies of the run share.
    pub(super) pool: &'r mut Pool,
    /// What the files of this policy have said.
    pub(super) draft: &'r mut Draft,
    pub(super) source: &'r Source,
    /// The index of the file among those of the policy.
    pub(super) index: usize,
    /// The file is the policy itself, and not one that it extends.
    pub(super) is_root: bool,
    /// The instant that spans of time count back from.
    pub(super) as_of: DateTime<Utc>,
}

/// Says in which table a key belongs that is none of a policy itself.
fn belongs(name: &str) -> Option<String> {
    let table = if HeadKey::words().any(|word| word == name) {
        "[policy]"
    } else if RuleKey::words().any(|word| word == name) {
        "[[rule]]"
    } else {
        return None;
    };
    Some(format!("`{name}` is a key of {table}"))
}

impl FileReader<'_> {
    /// Reads the file; returns its `[policy]`, if it has one.
    pub(super) fn read(&mut self, root: &DeTable<'_>) -> Option<Head> {
        let keys = self.toml.keys_or::<RootKey>(root, "a policy", belongs);
        if let Some(fields) = keys.value(RootKey::Fields) {
            self.fields(fields);
        }
        let head = self.head(keys.value(RootKey::Policy));
        let defaults = head.as_ref().map(|head| head.defaults).unwrap_or_default();
        // What is extended keeps its scope: its rules do not apply beyond it.
        let scope = head.as_ref().and_then(|head| head.scope.as_ref());
        let guard = scope.filter(|_| !self.is_root);
        if let Some(checks) = keys.value(RootKey::Check) {
            self.checks(checks, defaults);
        }
        let (rules, aggregates) = (keys.value(RootKey::Rule), keys.value(RootKey::Aggregate));
        let has_rules = aggregates.is_some() || !self.draft.rules.is_empty();
        match rules {
            Some(rules) => self.rules(rules, defaults, guard),
            None if self.is_root && !has_rules => {
                let help = "add a [[rule]] with id, severity and require".to_owned();
                let message = "a policy without rules would pass everything";
                self.toml.complain(0..0, message, Some(help));
            }
            None => {}
        }
        if let Some(aggregates) = aggregates {
            self.aggregates(aggregates, defaults, guard);
        }
        if let Some(controls) = keys.value(RootKey::Control) {
            self.controls(controls);
        }
        if let Some(waivers) = keys.value(RootKey::Waivers) {
            self.waivers(waivers);
        }
        if let Some(overrides) = keys.get(RootKey::Override) {
            self.overrides_of(overrides);
        }
        head
    }

    fn overrides_of(&mut self, (key, overrides): Entry<'_, '_>) {
        let before = self.draft.rules.len();
        self.overrides(overrides);
        if self.is_root && before > 0 && self.draft.rules.is_empty() {
            let message = "all rules are off: the policy would pass everything";
            self.toml.complain(key.span(), message, None);
        }
    }
}
