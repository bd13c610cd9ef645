//! The head of a policy, its fields and its rules.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Entry, Reader, suggest};
use crate::policy::requirement::Requirement;
use crate::policy::{OnAbsent, Rule, Severity, Source};
use crate::record::field::{Kind, fold, is_documented};

impl Reader {
    /// `[fields]`: keys of records beyond the 28.
    pub(super) fn fields(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.table(value, "`[fields]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let sound = self.declare(key, value).is_some();
            self.declared.insert(fold(key.get_ref()), sound);
        }
    }

    pub(super) fn declare(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<()> {
        let name = key.get_ref();
        let kind = self.word((key, value), &Kind::ALL, Kind::name, "kind of field")?;
        if ["any", "all", "not"].contains(&name.as_ref()) || fold(name).is_empty() {
            let message = format!("no field can be called `{name}`");
            self.complain(key.span(), message, None);
            return None;
        }
        let known = self.policies.schema.declare(name, kind);
        known
            .map_err(|other| {
                let message = format!(
                    "`{name}` is known already, as {} `{}`",
                    other.kind, other.name
                );
                let help = match is_documented(name) {
                    true => "the 28 documented fields need no declaration".to_owned(),
                    false => "policies that run together declare a field alike".to_owned(),
                };
                self.complain(key.span(), message, Some(help));
            })
            .ok()
    }
}

/// What stands in `[policy]`.
pub(super) struct Head {
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) scope: Option<Requirement>,
    pub(super) on_absent: OnAbsent,
}

impl Reader {
    pub(super) fn head(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        source: &Source,
    ) -> Head {
        let names = ["id", "title", "version", "scope", "on-absent"];
        let [id, title, version, scope, on_absent] = self.keys(table, names, "`[policy]`");
        let id = match id {
            Some((key, value)) => {
                let id = self.text(value, "`id`");
                if let Some(id) = &id {
                    self.policy_id(id, key.span(), source);
                }
                id
            }
            None => {
                let help = Some("add id = \"…\"".to_owned());
                self.complain(span, "`[policy]` needs an `id`", help);
                None
            }
        };
        let title = self.optional_text(title);
        Head {
            title: if title.is_empty() {
                id.clone().unwrap_or_default()
            } else {
                title
            },
            id,
            version: self.optional_text(version),
            scope: scope.and_then(|(_, scope)| self.requirement(scope, "`scope`")),
            on_absent: self.on_absent(on_absent, OnAbsent::default()),
        }
    }

    /// A finding is named by policy and rule: no two policies have one id.
    pub(super) fn policy_id(&mut self, id: &str, span: Range<usize>, source: &Source) {
        let other = self.ids.iter().find(|(other, _)| other == id);
        if let Some((_, path)) = other.cloned() {
            let message = format!("`{path}` is called `{id}` too");
            let help = "a finding is named by policy and rule: give each its own id";
            self.complain(span, message, Some(help.to_owned()));
        }
        self.ids.push((id.to_owned(), source.path.clone()));
    }

    pub(super) fn on_absent(
        &mut self,
        entry: Option<Entry<'_, '_>>,
        otherwise: OnAbsent,
    ) -> OnAbsent {
        entry
            .and_then(|entry| {
                self.word(
                    entry,
                    &OnAbsent::ALL,
                    OnAbsent::name,
                    "outcome of `on-absent`",
                )
            })
            .unwrap_or(otherwise)
    }

    pub(super) fn rules(&mut self, entry: Option<Entry<'_, '_>>, on_absent: OnAbsent) -> Vec<Rule> {
        let Some((_, value)) = entry else {
            let help = "add a [[rule]] with id, severity and require".to_owned();
            self.complain(
                0..0,
                "a policy without rules would pass everything",
                Some(help),
            );
            return Vec::new();
        };
        let mut ids = Vec::new();
        let mut rules = Vec::new();
        for item in self.list(value, "`[[rule]]`", "write [[rule]], with two brackets") {
            if let Some((table, span)) = self.table(item, "`[[rule]]`") {
                rules.extend(self.rule(table, span, on_absent, &mut ids));
            }
        }
        rules
    }

    /// The rule's id, which no other rule of the policy has.
    pub(super) fn rule_id(
        &mut self,
        entry: Entry<'_, '_>,
        ids: &mut Vec<String>,
    ) -> Option<String> {
        let (_, value) = entry;
        let id = self.text(value, "`id`")?;
        if ids.contains(&id) {
            let message = format!("two rules are called `{id}`");
            let help = "a finding is named by policy and rule: give each its own id";
            self.complain(value.span(), message, Some(help.to_owned()));
        }
        ids.push(id.clone());
        Some(id)
    }

    pub(super) fn rule(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        on_absent: OnAbsent,
        ids: &mut Vec<String>,
    ) -> Option<Rule> {
        let names = [
            "id",
            "title",
            "severity",
            "when",
            "require",
            "on-absent",
            "rationale",
            "remediation",
            "references",
        ];
        let [
            id,
            title,
            severity,
            when,
            require,
            absent,
            rationale,
            remediation,
            references,
        ] = self.keys(table, names, "a rule");
        let needed = [(id, "id"), (severity, "severity"), (require, "require")];
        for (_, name) in needed.iter().filter(|(entry, _)| entry.is_none()) {
            self.lacks(span.clone(), name);
        }
        let id = id.and_then(|entry| self.rule_id(entry, ids));
        let title = self.optional_text(title);
        let severity =
            severity.and_then(|entry| self.word(entry, &Severity::ALL, Severity::name, "severity"));
        let when = when.map(|(_, when)| self.requirement(when, "`when`"));
        let require = require.and_then(|(_, require)| self.requirement(require, "`require`"));
        let on_absent = self.on_absent(absent, on_absent);
        let rationale = self.optional_prose(rationale);
        let remediation = self.optional_prose(remediation);
        let references = self.references(references);
        let id = id?;
        Some(Rule {
            title: if title.is_empty() { id.clone() } else { title },
            id,
            severity: severity?,
            when: when.flatten(),
            require: require?,
            on_absent,
            rationale,
            remediation,
            references,
        })
    }

    /// A rule has no key that it needs.
    pub(super) fn lacks(&mut self, span: Range<usize>, name: &str) {
        let help = match name {
            "severity" => suggest("", Severity::ALL.map(Severity::name)),
            "require" => "say what must hold, as require.force2fa = true".to_owned(),
            _ => "add id = \"…\"".to_owned(),
        };
        self.complain(span, format!("the rule needs `{name}`"), Some(help));
    }

    pub(super) fn references(&mut self, entry: Option<Entry<'_, '_>>) -> Vec<String> {
        let Some((_, value)) = entry else {
            return Vec::new();
        };
        self.list(value, "`references`", r#"write ["…", "…"]"#)
            .into_iter()
            .filter_map(|item| self.text(item, "a reference"))
            .collect()
    }
}
