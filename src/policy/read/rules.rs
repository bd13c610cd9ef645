//! `[[rule]]`: rules that each record must meet.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::FileReader;
use crate::diagnostic::suggest;
use crate::policy::keys::RuleKey;
use crate::policy::requirement::Requirement;
use crate::policy::rule::{Ask, Location, OnAbsent, Rule, Severity};
use crate::toml_reader::{Entry, Word};

/// Holds what a rule says of itself, whatever it asks.
pub(super) struct RuleMeta {
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    pub(super) rationale: String,
    pub(super) remediation: String,
    pub(super) references: Vec<String>,
    pub(super) location: Location,
}

/// Holds the entries of a rule in which it says this.
pub(super) struct MetaEntries<'t, 'i> {
    pub(super) id: Option<Entry<'t, 'i>>,
    pub(super) title: Option<Entry<'t, 'i>>,
    pub(super) severity: Option<Entry<'t, 'i>>,
    pub(super) rationale: Option<Entry<'t, 'i>>,
    pub(super) remediation: Option<Entry<'t, 'i>>,
    pub(super) references: Option<Entry<'t, 'i>>,
}

impl FileReader<'_> {
    /// Reads all of `[[rule]]`. `guard` says where they apply at all.
    pub(super) fn rules(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        on_absent: OnAbsent,
        guard: Option<&Requirement>,
    ) {
        let help = "write [[rule]], with two brackets";
        for item in self.toml.list(value, "`[[rule]]`", help) {
            if let Some((table, span)) = self.toml.table(item, "`[[rule]]`") {
                let rule = self.rule(table, span, on_absent, guard);
                self.draft.rules.extend(rule);
            }
        }
    }

    fn rule(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        otherwise: OnAbsent,
        guard: Option<&Requirement>,
    ) -> Option<Rule> {
        let keys = self.toml.keys::<RuleKey>(table, "a rule");
        let (check, require) = (keys.value(RuleKey::Check), keys.get(RuleKey::Require));
        let entries = MetaEntries {
            id: keys.get(RuleKey::Id),
            title: keys.get(RuleKey::Title),
            severity: keys.get(RuleKey::Severity),
            rationale: keys.get(RuleKey::Rationale),
            remediation: keys.get(RuleKey::Remediation),
            references: keys.get(RuleKey::References),
        };
        let meta = self.rule_meta(entries, span.clone());
        match (check, require) {
            (None, None) => {
                let help = "say what must hold, as require.force2fa = true".to_owned();
                let message = "the rule needs `require`";
                self.toml.complain(span, message, Some(help));
            }
            (Some(_), Some((key, _))) => {
                let help = "leave out one of the two".to_owned();
                let message = "`check` says already what must hold";
                self.toml.complain(key.span(), message, Some(help));
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        let when = keys.value(RuleKey::When);
        let when = when.and_then(|when| self.requirement(when, "`when`"));
        let (name, shared) = check.and_then(|check| self.asked_check(check)).unzip();
        let shared = shared.unwrap_or_default();
        let require = match require {
            Some((_, require)) => self.requirement(require, "`require`"),
            None => shared.require,
        };
        let on_absent = self.on_absent(keys.get(RuleKey::OnAbsent));
        let because = self.toml.optional_text(keys.get(RuleKey::Because));
        let guards = guard.cloned().into_iter().chain(shared.when).chain(when);
        let guards = guards.collect();
        let or = |own: String, shared: String| if own.is_empty() { shared } else { own };
        let id = meta.id?;
        Some(Rule {
            title: or(or(meta.title, shared.title), id.clone()),
            id,
            severity: meta.severity?,
            when: all_of(guards),
            ask: Ask::Record {
                require: require?,
                on_absent: on_absent.or(shared.on_absent).unwrap_or(otherwise),
            },
            rationale: or(meta.rationale, shared.rationale),
            remediation: or(meta.remediation, shared.remediation),
            references: meta.references,
            check: name,
            because,
            location: meta.location,
        })
    }

    /// Reads what a rule, which is at `span`, says of itself.
    pub(super) fn rule_meta(
        &mut self,
        entries: MetaEntries<'_, '_>,
        span: Range<usize>,
    ) -> RuleMeta {
        if entries.id.is_none() {
            let help = "add id = \"…\"".to_owned();
            let message = "the rule needs `id`";
            self.toml.complain(span.clone(), message, Some(help));
        }
        if entries.severity.is_none() {
            let help = suggest("", Severity::words());
            let message = "the rule needs `severity`";
            self.toml.complain(span.clone(), message, Some(help));
        }
        let place = entries.id.map_or(span, |(_, id)| id.span());
        let severity = entries.severity;
        RuleMeta {
            id: entries.id.and_then(|(_, id)| self.rule_id(id)),
            title: self.toml.optional_text(entries.title),
            severity: severity.and_then(|entry| self.toml.word(entry, "severity")),
            rationale: self.toml.optional_prose(entries.rationale),
            remediation: self.toml.optional_prose(entries.remediation),
            references: self.references(entries.references),
            location: self.source.location(place),
        }
    }

    /// Reads the rule's id, which no other rule of the policy has.
    fn rule_id(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let id = self.toml.text(value, "`id`")?;
        let ids = &mut self.draft.rule_ids;
        if ids.contains(&id) {
            let message = format!("two rules are called `{id}`");
            let help = "a finding is named by policy and rule: give each its own id";
            self.toml
                .complain(value.span(), message, Some(help.to_owned()));
        }
        ids.push(id.clone());
        Some(id)
    }

    fn references(&mut self, entry: Option<Entry<'_, '_>>) -> Vec<String> {
        let Some((_, value)) = entry else {
            return Vec::new();
        };
        self.toml
            .list(value, "`references`", r#"write ["…", "…"]"#)
            .into_iter()
            .filter_map(|item| self.toml.text(item, "a reference"))
            .collect()
    }
}

/// Joins requirements into one that asks all of them, if there are any.
pub(super) fn all_of(mut requirements: Vec<Requirement>) -> Option<Requirement> {
    match requirements.len() {
        0 | 1 => requirements.pop(),
        _ => Some(Requirement::All(requirements)),
    }
}
