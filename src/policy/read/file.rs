//! One file of a policy: its `[policy]` table, and the order of the rest.

use std::ops::Range;

use chrono::{DateTime, Utc};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::pool::Pool;
use crate::policy::keys::{HeadKey, RootKey};
use crate::policy::requirement::Requirement;
use crate::policy::rule::OnAbsent;
use crate::policy::source::Source;
use crate::toml_reader::{Entry, TomlReader};

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

/// Holds what `[policy]` says.
#[derive(Debug)]
pub(super) struct Head {
    /// The id, and the place of its key.
    pub(super) id: Option<(String, Range<usize>)>,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) scope: Option<Requirement>,
    pub(super) on_absent: Option<OnAbsent>,
}

impl FileReader<'_> {
    /// Reads the file; returns its `[policy]`, if it has one.
    pub(super) fn read(&mut self, root: &DeTable<'_>) -> Option<Head> {
        let keys = self.toml.keys::<RootKey>(root, "a policy");
        if let Some(fields) = keys.value(RootKey::Fields) {
            self.fields(fields);
        }
        let head = self.head(keys.value(RootKey::Policy));
        let on_absent = head.as_ref().and_then(|head| head.on_absent);
        // What is extended keeps its scope: its rules do not apply beyond it.
        let scope = head.as_ref().and_then(|head| head.scope.as_ref());
        let guard = scope.filter(|_| !self.is_root);
        if let Some(checks) = keys.value(RootKey::Check) {
            self.checks(checks, on_absent);
        }
        let (rules, aggregates) = (keys.value(RootKey::Rule), keys.value(RootKey::Aggregate));
        let has_rules = aggregates.is_some() || !self.draft.rules.is_empty();
        match rules {
            Some(rules) => self.rules(rules, on_absent.unwrap_or_default(), guard),
            None if self.is_root && !has_rules => {
                let help = "add a [[rule]] with id, severity and require".to_owned();
                let message = "a policy without rules would pass everything";
                self.toml.complain(0..0, message, Some(help));
            }
            None => {}
        }
        if let Some(aggregates) = aggregates {
            self.aggregates(aggregates, guard);
        }
        if let Some(overrides) = keys.get(RootKey::Override) {
            self.overrides_of(overrides);
        }
        head
    }

    fn overrides_of(&mut self, (key, overrides): Entry<'_, '_>) {
        let before = self.draft.rules.len();
        self.overrides(overrides);
        if before > 0 && self.draft.rules.is_empty() {
            let message = "all rules are off: the policy would pass everything";
            self.toml.complain(key.span(), message, None);
        }
    }

    fn head(&mut self, value: Option<&Spanned<DeValue<'_>>>) -> Option<Head> {
        let Some(value) = value else {
            let help = "begin with [policy] and id = \"…\"".to_owned();
            let message = "a policy needs a `[policy]` table";
            self.toml.complain(0..0, message, Some(help));
            return None;
        };
        let (table, span) = self.toml.table(value, "`[policy]`")?;
        let keys = self.toml.keys::<HeadKey>(table, "`[policy]`");
        let id = match keys.get(HeadKey::Id) {
            Some((key, value)) => self.toml.text(value, "`id`").map(|id| (id, key.span())),
            None => {
                let help = Some("add id = \"…\"".to_owned());
                self.toml.complain(span, "`[policy]` needs an `id`", help);
                None
            }
        };
        if let Some(extends) = keys.value(HeadKey::Extends) {
            let help = r#"write ["baseline.toml"]"#;
            for name in self.toml.list(extends, "`extends`", help) {
                // The files are gathered: what is no name is reported here.
                let _: Option<String> = self.toml.text(name, "a policy to extend");
            }
        }
        let title = self.toml.optional_text(keys.get(HeadKey::Title));
        let scope = keys.value(HeadKey::Scope);
        Some(Head {
            title: match (&id, title.is_empty()) {
                (Some((id, _)), true) => id.clone(),
                (Some(_), false) | (None, _) => title,
            },
            id,
            version: self.toml.optional_text(keys.get(HeadKey::Version)),
            scope: scope.and_then(|scope| self.requirement(scope, "`scope`")),
            on_absent: self.on_absent(keys.get(HeadKey::OnAbsent)),
        })
    }

    pub(super) fn on_absent(&mut self, entry: Option<Entry<'_, '_>>) -> Option<OnAbsent> {
        self.toml.word(entry?, "outcome of `on-absent`")
    }
}
