//! `[override."rule-id"]`: changes to rules of extended policies.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::draft::Overridden;
use super::file::FileReader;
use crate::diagnostic::nearest;
use crate::policy::keys::OverrideKey;
use crate::policy::policies::Override;
use crate::policy::rule::{Ask, OnAbsent, Rule, Severity};

/// Holds what an override changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    severity: Option<Severity>,
    on_absent: Option<OnAbsent>,
    off: bool,
    because: String,
}

impl FileReader<'_> {
    /// Reads `[override]`.
    pub(super) fn overrides(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.toml.table(value, "`[override]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let Some((table, span)) = self.toml.table(value, "an override") else {
                continue;
            };
            let change = self.change(table, span);
            if let Some(index) = self.overridden(key) {
                self.apply(change, index, key);
            }
        }
    }

    fn change(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Change {
        let keys = self.toml.keys::<OverrideKey>(table, "an override");
        let severity = keys.get(OverrideKey::Severity);
        let on_absent = keys.get(OverrideKey::OnAbsent);
        let off = keys.value(OverrideKey::Off);
        let changes = severity.is_some() || on_absent.is_some() || off.is_some();
        let severity = severity.and_then(|entry| self.toml.word(entry, "severity"));
        let on_absent = self.on_absent(on_absent);
        let off = off.and_then(|value| self.toml.flag("off", value));
        let because = match keys.value(OverrideKey::Because) {
            Some(value) => self.toml.text(value, "`because`"),
            None => {
                let help = "say why, for those who read the report".to_owned();
                let message = "an override needs `because`";
                self.toml.complain(span.clone(), message, Some(help));
                None
            }
        };
        if !changes || off == Some(false) {
            let help = "write severity, on-absent or off = true".to_owned();
            let message = "the override changes nothing";
            self.toml.complain(span, message, Some(help));
        }
        Change {
            severity,
            on_absent,
            off: off == Some(true),
            because: because.unwrap_or_default(),
        }
    }

    /// Finds the index of the rule that is overridden, unless it is off already.
    fn overridden(&mut self, key: &Spanned<DeString<'_>>) -> Option<usize> {
        let id = key.get_ref().as_ref();
        let index = self.draft.rules.iter().position(|rule| rule.id == id);
        let ids = &self.draft.rule_ids;
        if index.is_none() && !ids.iter().any(|known| known == id) {
            let message = format!("no rule is called `{id}`");
            let help = match nearest(id, ids.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name a rule of a policy that is extended".to_owned(),
            };
            self.toml.complain(key.span(), message, Some(help));
        }
        index
    }

    fn apply(&mut self, change: Change, index: usize, key: &Spanned<DeString<'_>>) {
        let because = change.because.clone();
        let rule = &mut self.draft.rules[index];
        let mut changes = Vec::new();
        if let Some(severity) = change.severity {
            changes.push(format!("severity {severity}, was {}", rule.severity));
            rule.severity = severity;
            // It is never less severe where it was to be more so.
            if rule
                .raise
                .as_ref()
                .is_some_and(|raise| raise.to <= severity)
            {
                rule.raise = None;
                changes.push("raised nowhere".to_owned());
            }
        }
        if let Some(now) = change.on_absent {
            match set_on_absent(rule, now) {
                Some(before) => {
                    changes.push(format!("on-absent {}, was {}", now.name(), before.name()));
                }
                None => {
                    let message = "no rule over the whole export has an `on-absent`";
                    self.toml.complain(key.span(), message, None);
                }
            }
        }
        if change.off {
            changes.push("off".to_owned());
            self.draft.rules.remove(index);
        }
        self.draft.overridden.push(Overridden {
            rule: key.get_ref().to_string(),
            file: self.index,
            span: key.span(),
            change: Change {
                because: String::new(),
                ..change
            },
        });
        self.draft.overrides.push(Override {
            rule: key.get_ref().to_string(),
            change: changes.join("; "),
            because,
        });
    }
}

/// Changes what absence leads to; returns what it led to before, if the rule
/// asks something of records.
fn set_on_absent(rule: &mut Rule, now: OnAbsent) -> Option<OnAbsent> {
    match &mut rule.ask {
        Ask::Record { on_absent, .. } => Some(std::mem::replace(on_absent, now)),
        Ask::Aggregate(_) => None,
    }
}
