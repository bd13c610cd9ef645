//! `[check.NAME]`: what several rules ask, of this policy or of others.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::file::FileReader;
use super::head::Defaults;
use crate::diagnostic::nearest;
use crate::policy::keys::CheckKey;
use crate::policy::lint::{Occurrence, Warning};
use crate::policy::requirement::Requirement;
use crate::policy::rule::{Location, OnAbsent, Raise, Severity, WhenAbsent};

/// Holds what the rules that ask a check have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedCheck {
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    /// It says no severity, right or wrong.
    pub(super) lacks_severity: bool,
    pub(super) raise: Option<Raise>,
    pub(super) when: Option<Requirement>,
    pub(super) require: Option<Requirement>,
    pub(super) on_absent: Option<OnAbsent>,
    pub(super) when_absent: Option<WhenAbsent>,
    pub(super) expected: Option<String>,
    pub(super) rationale: String,
    pub(super) remediation: String,
    /// Where it asks its tests.
    pub(super) tests: Vec<Occurrence>,
    /// Where it says what absence leads to.
    pub(super) on_absent_place: Option<Location>,
}

/// Returns the names of the checks that the rules of a file ask, as far as they
/// are names.
pub(super) fn asked(root: &DeTable<'_>) -> Vec<String> {
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

impl FileReader<'_> {
    /// Reads `[check]`.
    pub(super) fn checks(&mut self, value: &Spanned<DeValue<'_>>, defaults: Defaults) {
        let Some((table, _)) = self.toml.table(value, "`[check]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().to_string();
            if self.draft.checks.contains_key(&name) {
                let message = format!("two checks are called `{name}`");
                self.toml.complain(key.span(), message, None);
            }
            let check = match self.draft.asked.contains(&name) {
                true => self.shared_check(key, value, defaults),
                false => {
                    if self.is_root {
                        let message = format!("no rule asks the check `{name}`");
                        let help = "leave it out, unless policies that extend this one ask it";
                        self.notice(Warning::UnusedCheck, key.span(), message, help);
                    }
                    self.aside(|reader| reader.shared_check(key, value, defaults))
                }
            };
            self.draft.checks.insert(name, check.unwrap_or_default());
        }
    }

    /// Reads what no rule asks, for its mistakes alone: into a copy of the pool,
    /// for records are not asked it.
    fn aside<T>(&mut self, read: impl FnOnce(&mut FileReader<'_>) -> T) -> T {
        read(&mut FileReader {
            toml: self.toml,
            pool: &mut self.pool.clone(),
            draft: self.draft,
            source: self.source,
            index: self.index,
            is_root: self.is_root,
            as_of: self.as_of,
        })
    }

    fn shared_check(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        defaults: Defaults,
    ) -> Option<SharedCheck> {
        let (table, _) = self.toml.table(value, "a check")?;
        let keys = self.toml.keys::<CheckKey>(table, "a check");
        let (when, require) = (keys.value(CheckKey::When), keys.value(CheckKey::Require));
        if require.is_none() {
            let help = "say what must hold, as require.force2fa = true".to_owned();
            let message = "the check needs `require`";
            self.toml.complain(key.span(), message, Some(help));
        }
        let on_absent = self.on_absent(keys.get(CheckKey::OnAbsent));
        let when_absent = self.when_absent(keys.get(CheckKey::WhenAbsent));
        let remediation = keys.get(CheckKey::Remediation);
        let severity = keys.get(CheckKey::Severity);
        let severity = severity.and_then(|entry| self.toml.word(entry, "severity"));
        let raise = keys.value(CheckKey::Raise);
        let raise = raise.and_then(|value| self.raise(value, severity));
        self.take_read();
        let when = when.and_then(|when| self.requirement(when, "`when`"));
        let require = require.and_then(|require| self.requirement(require, "`require`"));
        let on_absent_place = keys.value(CheckKey::OnAbsent);
        let on_absent_place = on_absent_place.map(|value| self.source.location(value.span()));
        Some(SharedCheck {
            title: self.toml.optional_text(keys.get(CheckKey::Title)),
            severity,
            lacks_severity: keys.lacks(CheckKey::Severity),
            raise,
            when,
            require,
            tests: self.take_read(),
            on_absent_place,
            on_absent: on_absent.or(defaults.on_absent),
            when_absent: when_absent.or(defaults.when_absent),
            expected: self.expected(keys.get(CheckKey::Expected)),
            rationale: self.toml.optional_prose(keys.get(CheckKey::Rationale)),
            remediation: self.toml.optional_prose(remediation),
        })
    }

    /// Finds the check that a rule asks, with its name.
    pub(super) fn asked_check(
        &mut self,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<(String, SharedCheck)> {
        let name = self.toml.text(value, "`check`")?;
        if let Some(check) = self.draft.checks.get(&name) {
            return Some((name, check.clone()));
        }
        let message = format!("no check is called `{name}`");
        let help = match nearest(&name, self.draft.checks.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a check is declared under [check.NAME], here or in a policy that is extended"
                .to_owned(),
        };
        self.toml.complain(value.span(), message, Some(help));
        None
    }
}
