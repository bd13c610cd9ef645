//! The head of a policy, its fields and its rules.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Entry, Reader};
use crate::policy::error::{nearest, suggest};
use crate::policy::requirement::Requirement;
use crate::policy::source::Source;
use crate::policy::{Ask, OnAbsent, Override, Rule, Severity};
use crate::record::field::{Kind, is_documented, normalize_key};

impl Reader<'_> {
    /// `[fields]`: keys of records beyond the 28.
    pub(super) fn fields(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.table(value, "`[fields]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let sound = self.declare(key, value).is_some();
            self.declared.insert(normalize_key(key.get_ref()), sound);
        }
    }

    pub(super) fn declare(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<()> {
        let name = key.get_ref();
        let kind = self.word((key, value), &Kind::ALL, Kind::name, "kind of field")?;
        if ["any", "all", "not"].contains(&name.as_ref()) || normalize_key(name).is_empty() {
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
    pub(super) on_absent: Option<OnAbsent>,
}

/// What the files of a policy add up to.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) rules: Vec<Rule>,
    pub(super) overrides: Vec<Override>,
    /// The ids of all rules, also of those that are not valid.
    pub(super) ids: Vec<String>,
}

/// What a rule says of itself, whatever it asks.
pub(super) struct Label {
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    pub(super) rationale: String,
    pub(super) remediation: String,
    pub(super) references: Vec<String>,
    pub(super) place: (usize, Range<usize>),
}

/// What several rules ask, written once.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedCheck {
    when: Option<Requirement>,
    /// None, if what is wrong with it has been told.
    require: Option<Requirement>,
    on_absent: Option<OnAbsent>,
    title: String,
    rationale: String,
    remediation: String,
}

impl Reader<'_> {
    /// The head of a file; `source` is that of the policy itself, not of one
    /// that is extended.
    pub(super) fn head(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        source: Option<&Source>,
    ) -> Head {
        let names = ["id", "title", "version", "extends", "scope", "on-absent"];
        let [id, title, version, extends, scope, on_absent] = self.keys(table, names, "`[policy]`");
        let id = match id {
            Some((key, value)) => {
                let id = self.text(value, "`id`");
                if let (Some(id), Some(source)) = (&id, source) {
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
        if let Some((_, extends)) = extends {
            let help = r#"write ["baseline.toml"]"#;
            for name in self.list(extends, "`extends`", help) {
                self.text(name, "a policy to extend");
            }
        }
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
            on_absent: self.on_absent(on_absent),
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

    pub(super) fn on_absent(&mut self, entry: Option<Entry<'_, '_>>) -> Option<OnAbsent> {
        self.word(
            entry?,
            &OnAbsent::ALL,
            OnAbsent::name,
            "outcome of `on-absent`",
        )
    }

    pub(super) fn rules(
        &mut self,
        entry: Option<Entry<'_, '_>>,
        on_absent: OnAbsent,
        guard: Option<&Requirement>,
        parts: &mut Parts,
    ) {
        let Some((_, value)) = entry else {
            let help = "add a [[rule]] with id, severity and require".to_owned();
            self.complain(
                0..0,
                "a policy without rules would pass everything",
                Some(help),
            );
            return;
        };
        for item in self.list(value, "`[[rule]]`", "write [[rule]], with two brackets") {
            if let Some((table, span)) = self.table(item, "`[[rule]]`") {
                let rule = self.rule(table, span, on_absent, guard, parts);
                parts.rules.extend(rule);
            }
        }
    }

    /// `[check.KEY]`: what several rules ask.
    pub(super) fn checks(&mut self, value: &Spanned<DeValue<'_>>, on_absent: Option<OnAbsent>) {
        let Some((table, _)) = self.table(value, "`[check]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().to_string();
            if self.checks.contains_key(&name) {
                let message = format!("two checks are called `{name}`");
                self.complain(key.span(), message, None);
            }
            let schema = self.policies.schema.clone();
            let tests = self.policies.tests.len();
            let check = self.shared_check(key, value, on_absent);
            if !self.asked.contains(&name) {
                // Records are not asked what no rule asks.
                self.policies.schema = schema;
                self.policies.tests.truncate(tests);
                self.known_tests.retain(|_, id| id.index() < tests);
            }
            self.checks.insert(name, check.unwrap_or_default());
        }
    }

    fn shared_check(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        otherwise: Option<OnAbsent>,
    ) -> Option<SharedCheck> {
        let (table, _) = self.table(value, "a check")?;
        let names = [
            "title",
            "when",
            "require",
            "on-absent",
            "rationale",
            "remediation",
        ];
        let [title, when, require, on_absent, rationale, remediation] =
            self.keys(table, names, "a check");
        if require.is_none() {
            let help = "say what must hold, as require.force2fa = true".to_owned();
            self.complain(key.span(), "the check needs `require`", Some(help));
        }
        Some(SharedCheck {
            when: when.and_then(|(_, when)| self.requirement(when, "`when`")),
            require: require.and_then(|(_, require)| self.requirement(require, "`require`")),
            on_absent: self.on_absent(on_absent).or(otherwise),
            title: self.optional_text(title),
            rationale: self.optional_prose(rationale),
            remediation: self.optional_prose(remediation),
        })
    }

    /// The check that a rule shares with others.
    fn asked(&mut self, entry: Entry<'_, '_>) -> Option<(String, SharedCheck)> {
        let (_, value) = entry;
        let name = self.text(value, "`check`")?;
        if let Some(check) = self.checks.get(&name) {
            return Some((name, check.clone()));
        }
        let message = format!("no check is called `{name}`");
        let known: Vec<_> = self.checks.keys().cloned().collect();
        let help = match nearest(&name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "checks stand under [check.NAME], here or in a policy that is extended".to_owned()
            }
        };
        self.complain(value.span(), message, Some(help));
        None
    }

    /// `[override."rule-id"]`: a rule of an extended policy is changed.
    pub(super) fn overrides(&mut self, value: &Spanned<DeValue<'_>>, parts: &mut Parts) {
        let Some((table, _)) = self.table(value, "`[override]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let id = key.get_ref().as_ref();
            let names = ["severity", "on-absent", "off", "because"];
            let Some((change, span)) = self.table(value, "an override") else {
                continue;
            };
            let [severity, on_absent, off, because] = self.keys(change, names, "an override");
            let changes = severity.or(on_absent).or(off).is_some();
            let severity = severity
                .and_then(|entry| self.word(entry, &Severity::ALL, Severity::name, "severity"));
            let on_absent = self.on_absent(on_absent);
            let off = off.and_then(|(_, value)| self.flag("off", value));
            let because = match because {
                Some((_, value)) => self.text(value, "`because`"),
                None => {
                    let help = "say why, for those who read the report".to_owned();
                    self.complain(span.clone(), "an override needs `because`", Some(help));
                    None
                }
            };
            if !changes || off == Some(false) {
                let help = "write severity, on-absent or off = true".to_owned();
                self.complain(span, "the override changes nothing", Some(help));
            }
            let Some(place) = parts.rules.iter().position(|rule| rule.id == id) else {
                if !parts.ids.iter().any(|known| known == id) {
                    let known = parts.ids.iter().map(String::as_str);
                    let message = format!("no rule is called `{id}`");
                    let help = match nearest(id, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "name a rule of a policy that is extended".to_owned(),
                    };
                    self.complain(key.span(), message, Some(help));
                }
                continue;
            };
            let rule = &mut parts.rules[place];
            let mut changes = Vec::new();
            if let Some(severity) = severity {
                changes.push(format!("severity {}, was {}", severity, rule.severity));
                rule.severity = severity;
            }
            if let Some(on_absent) = on_absent {
                match &mut rule.ask {
                    Ask::Record {
                        on_absent: before, ..
                    } => {
                        let now = on_absent.name();
                        changes.push(format!("on-absent {now}, was {}", before.name()));
                        *before = on_absent;
                    }
                    Ask::Aggregate(_) => {
                        let message = "no rule over the whole export has an `on-absent`";
                        self.complain(key.span(), message, None);
                    }
                }
            }
            if off == Some(true) {
                changes.push("off".to_owned());
                parts.rules.remove(place);
            }
            parts.overrides.push(Override {
                rule: id.to_owned(),
                change: changes.join("; "),
                because: because.unwrap_or_default(),
            });
        }
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
        otherwise: OnAbsent,
        guard: Option<&Requirement>,
        parts: &mut Parts,
    ) -> Option<Rule> {
        let names = [
            "id",
            "title",
            "severity",
            "check",
            "when",
            "require",
            "on-absent",
            "rationale",
            "remediation",
            "references",
            "because",
        ];
        let [
            id,
            title,
            severity,
            check,
            when,
            require,
            absent,
            rationale,
            remediation,
            references,
            because,
        ] = self.keys(table, names, "a rule");
        let asks = check.or(require);
        let needed = [(id, "id"), (severity, "severity"), (asks, "require")];
        for (_, name) in needed.iter().filter(|(entry, _)| entry.is_none()) {
            self.lacks(span.clone(), name);
        }
        if let (Some(_), Some((key, _))) = (check, require) {
            let help = "leave out one of the two".to_owned();
            let message = "`check` says already what must hold";
            self.complain(key.span(), message, Some(help));
        }
        let label = [id, title, severity, rationale, remediation, references];
        let label = self.label(label, span, parts);
        let when = when.map(|(_, when)| self.requirement(when, "`when`"));
        let (name, shared) = check.and_then(|entry| self.asked(entry)).unzip();
        let shared = shared.unwrap_or_default();
        let require = match require {
            Some((_, require)) => self.requirement(require, "`require`"),
            None => shared.require,
        };
        let on_absent = self.on_absent(absent).or(shared.on_absent);
        let or = |own: String, shared: String| if own.is_empty() { shared } else { own };
        let because = self.optional_text(because);
        let guards = guard.cloned().into_iter().chain(shared.when);
        let guards: Vec<_> = guards.chain(when.flatten()).collect();
        let id = label.id?;
        Some(Rule {
            title: or(or(label.title, shared.title), id.clone()),
            id,
            severity: label.severity?,
            when: joined(guards),
            ask: Ask::Record {
                require: require?,
                on_absent: on_absent.unwrap_or(otherwise),
            },
            rationale: or(label.rationale, shared.rationale),
            remediation: or(label.remediation, shared.remediation),
            references: label.references,
            check: name,
            because,
            place: label.place,
        })
    }

    /// What a rule says of itself: its id, title, severity, rationale,
    /// remediation and references; it stands in `span`.
    pub(super) fn label(
        &mut self,
        entries: [Option<Entry<'_, '_>>; 6],
        span: Range<usize>,
        parts: &mut Parts,
    ) -> Label {
        let [id, title, severity, rationale, remediation, references] = entries;
        Label {
            place: (self.file, id.map_or(span, |(_, id)| id.span())),
            id: id.and_then(|entry| self.rule_id(entry, &mut parts.ids)),
            title: self.optional_text(title),
            severity: severity
                .and_then(|entry| self.word(entry, &Severity::ALL, Severity::name, "severity")),
            rationale: self.optional_prose(rationale),
            remediation: self.optional_prose(remediation),
            references: self.references(references),
        }
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

/// All of them, if there are any.
pub(super) fn joined(mut requirements: Vec<Requirement>) -> Option<Requirement> {
    match requirements.len() {
        0 | 1 => requirements.pop(),
        _ => Some(Requirement::All(requirements)),
    }
}
