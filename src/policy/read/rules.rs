//! `[[rule]]`: rules that each record must meet.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::FileReader;
use super::head::Defaults;
use super::places::Spans;
use crate::diagnostic::suggest;
use crate::policy::keys::{RaiseKey, RuleKey};
use crate::policy::reference::Reference;
use crate::policy::requirement::Requirement;
use crate::policy::rule::{Ask, Location, Raise, Rule, Severity, WhenAbsent};
use crate::toml_reader::{Entry, Word};

/// Holds what a rule says of itself, whatever it asks.
pub(super) struct RuleMeta {
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    pub(super) rationale: String,
    pub(super) remediation: String,
    pub(super) references: Vec<Reference>,
    pub(super) tags: Vec<String>,
    pub(super) expected: Option<String>,
    pub(super) waivable: bool,
    pub(super) when_absent: Option<WhenAbsent>,
    pub(super) location: Location,
    /// The place of the severity.
    pub(super) severity_span: Range<usize>,
    /// The places of the references.
    pub(super) reference_spans: Vec<Range<usize>>,
}

/// Holds the entries of a rule in which it says this.
pub(super) struct MetaEntries<'t, 'i> {
    pub(super) id: Option<Entry<'t, 'i>>,
    pub(super) title: Option<Entry<'t, 'i>>,
    pub(super) severity: Option<Entry<'t, 'i>>,
    pub(super) rationale: Option<Entry<'t, 'i>>,
    pub(super) remediation: Option<Entry<'t, 'i>>,
    pub(super) references: Option<Entry<'t, 'i>>,
    pub(super) tags: Option<Entry<'t, 'i>>,
    pub(super) expected: Option<Entry<'t, 'i>>,
    pub(super) waivable: Option<Entry<'t, 'i>>,
    pub(super) when_absent: Option<Entry<'t, 'i>>,
    /// It has no id, in any spelling.
    pub(super) lacks_id: bool,
}

impl FileReader<'_> {
    /// Reads all of `[[rule]]`. `guard` says where they apply at all.
    pub(super) fn rules(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        defaults: Defaults,
        guard: Option<&Requirement>,
    ) {
        let help = "write [[rule]], with two brackets";
        for item in self.toml.list(value, "`[[rule]]`", help) {
            if let Some((table, span)) = self.toml.table(item, "`[[rule]]`") {
                let rule = self.rule(table, span, defaults, guard);
                self.draft.rules.extend(rule);
            }
        }
    }

    fn rule(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        defaults: Defaults,
        guard: Option<&Requirement>,
    ) -> Option<Rule> {
        let keys = self.toml.keys::<RuleKey>(table, "a rule");
        self.take_read();
        let (check, require) = (keys.value(RuleKey::Check), keys.get(RuleKey::Require));
        let entries = MetaEntries {
            id: keys.get(RuleKey::Id),
            title: keys.get(RuleKey::Title),
            severity: keys.get(RuleKey::Severity),
            rationale: keys.get(RuleKey::Rationale),
            remediation: keys.get(RuleKey::Remediation),
            references: keys.get(RuleKey::References),
            tags: keys.get(RuleKey::Tags),
            expected: keys.get(RuleKey::Expected),
            waivable: keys.get(RuleKey::Waivable),
            when_absent: keys.get(RuleKey::WhenAbsent),
            lacks_id: keys.lacks(RuleKey::Id),
        };
        let meta = self.rule_meta(entries, span.clone());
        match (check, require) {
            (None, None) if keys.lacks(RuleKey::Check) && keys.lacks(RuleKey::Require) => {
                let help = "say what must hold, as require.force2fa = true".to_owned();
                let message = "the rule needs `require`";
                self.toml.complain(span.clone(), message, Some(help));
            }
            (Some(_), Some((key, _))) => {
                let help = "leave out one of the two".to_owned();
                let message = "`check` says already what must hold";
                self.toml.complain(key.span(), message, Some(help));
            }
            (None, None) | (Some(_), None) | (None, Some(_)) => {}
        }
        let when = keys.value(RuleKey::When);
        let when = when.and_then(|when| self.requirement(when, "`when`"));
        let (name, shared) = check.and_then(|check| self.asked_check(check)).unzip();
        if keys.lacks(RuleKey::Severity) {
            match &shared {
                Some(shared) if !shared.lacks_severity => {}
                // What is wrong with the name of the check has been said.
                None if check.is_some() => {}
                Some(_) | None => self.needs_severity(span),
            }
        }
        let shared = shared.unwrap_or_default();
        let takes_severity = keys.lacks(RuleKey::Severity);
        let require = match require {
            Some((_, require)) => self.requirement(require, "`require`"),
            None => shared.require,
        };
        let on_absent = self.on_absent(keys.get(RuleKey::OnAbsent));
        let because = self.toml.optional_text(keys.get(RuleKey::Because));
        let guards = shared.when.into_iter().chain(when);
        let guards = guards.collect();
        let raise = match keys.value(RuleKey::Raise) {
            Some(value) => (self.raise(value, meta.severity.or(shared.severity))).map(Some),
            None => Some(shared.raise.filter(|_| takes_severity)),
        };
        let or = |own: String, shared: String| if own.is_empty() { shared } else { own };
        let id = meta.id?;
        let asks = keys.value(RuleKey::Require).or(check).map(Spanned::span);
        let spans = Spans {
            id: &id,
            severity: meta.severity_span,
            references: meta.reference_spans,
            on_absent: keys.value(RuleKey::OnAbsent).map(Spanned::span),
            require: asks.unwrap_or_else(|| meta.location.span.clone()),
        };
        self.remember_rule(spans, (shared.tests, shared.on_absent_place));
        Some(Rule {
            title: or(or(meta.title, shared.title), id.clone()),
            id,
            severity: match takes_severity {
                true => shared.severity?,
                false => meta.severity?,
            },
            raise: raise?,
            scope: guard.cloned(),
            when: all_of(guards),
            when_absent: (meta.when_absent.or(shared.when_absent))
                .or(defaults.when_absent)
                .unwrap_or_default(),
            ask: Ask::Record {
                require: require?,
                on_absent: (on_absent.or(shared.on_absent))
                    .or(defaults.on_absent)
                    .unwrap_or_default(),
            },
            rationale: or(meta.rationale, shared.rationale),
            remediation: or(meta.remediation, shared.remediation),
            references: meta.references,
            tags: meta.tags,
            expected: meta.expected.or(shared.expected),
            waivable: meta.waivable,
            check: name,
            because,
            location: meta.location,
            when_alternatives: Vec::new(),
            require_alternatives: Vec::new(),
        })
    }

    /// Reads what a rule, which is at `span`, says of itself.
    pub(super) fn rule_meta(
        &mut self,
        entries: MetaEntries<'_, '_>,
        span: Range<usize>,
    ) -> RuleMeta {
        if entries.lacks_id {
            let help = "add id = \"…\"".to_owned();
            let message = "the rule needs `id`";
            self.toml.complain(span.clone(), message, Some(help));
        }
        let place = entries.id.map_or(span, |(_, id)| id.span());
        let severity = entries.severity;
        RuleMeta {
            id: entries.id.and_then(|(_, id)| self.rule_id(id)),
            title: self.toml.optional_text(entries.title),
            severity: severity.and_then(|entry| self.toml.word(entry, "severity")),
            severity_span: severity.map_or(place.clone(), |(_, value)| value.span()),
            reference_spans: reference_spans(entries.references),
            rationale: self.toml.optional_prose(entries.rationale),
            remediation: self.toml.optional_prose(entries.remediation),
            references: self.references(entries.references),
            tags: self.tags(entries.tags),
            expected: self.expected(entries.expected),
            waivable: self.waivable(entries.waivable),
            when_absent: self.when_absent(entries.when_absent),
            location: self.source.location(place),
        }
    }

    /// Says that a rule, which is at `span`, has no severity.
    pub(super) fn needs_severity(&mut self, span: Range<usize>) {
        let help = suggest("", Severity::words());
        let message = "the rule needs `severity`";
        self.toml.complain(span, message, Some(help));
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
        self.notice_blank(&id, value.span());
        Some(id)
    }

    /// Reads `raise = { to = "critical", when.hasPci = true }`.
    pub(super) fn raise(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        from: Option<Severity>,
    ) -> Option<Raise> {
        let (table, span) = self.toml.table(value, "`raise`")?;
        let keys = self.toml.keys::<RaiseKey>(table, "`raise`");
        let when = self.toml.needed(&keys, RaiseKey::When, &span, "`raise`");
        self.toml.needed(&keys, RaiseKey::To, &span, "`raise`");
        let when = when.and_then(|when| self.requirement(when, "`when`"));
        let (key, to) = keys.get(RaiseKey::To)?;
        let severity: Severity = self.toml.word((key, to), "severity")?;
        if from.is_some_and(|from| severity <= from) {
            let message = "the rule is as severe already".to_owned();
            let help = "name a severity above that of the rule".to_owned();
            self.toml.complain(to.span(), message, Some(help));
        }
        Some(Raise {
            to: severity,
            when: when?,
        })
    }

    fn references(&mut self, entry: Option<Entry<'_, '_>>) -> Vec<Reference> {
        let mut references = Vec::new();
        let Some((_, value)) = entry else {
            return references;
        };
        for item in self.toml.list(value, "`references`", r#"write ["…", "…"]"#) {
            let Some(text) = self.toml.text(item, "a reference") else {
                continue;
            };
            match Reference::read(&text) {
                Some(reference) if references.iter().any(|known| known.names_as(&reference)) => {
                    let message = "the reference is here already";
                    self.toml.complain(item.span(), message, None);
                }
                Some(reference) => references.push(reference),
                None => {
                    let named = text.rsplit_once(" (").map(|(_, strength)| strength);
                    let strength = named.and_then(|named| named.strip_suffix(')'));
                    let message = match (strength, text.split_once(": ")) {
                        (Some(strength), Some(_)) if !strength.is_empty() => {
                            format!("no strength is called `{strength}`")
                        }
                        (None, Some(_)) => format!("`{text}` does not say its strength"),
                        _ => format!("`{text}` is not a reference"),
                    };
                    let help = "write the framework with its version, the requirement and how far \
                                the rule is evidence for it, as \"PCI DSS 4.0.1: 8.4.2 (partial)\": \
                                direct, partial or supporting";
                    self.toml
                        .complain(item.span(), message, Some(help.to_owned()));
                }
            }
        }
        references
    }

    fn tags(&mut self, entry: Option<Entry<'_, '_>>) -> Vec<String> {
        let mut tags = Vec::new();
        let Some((_, value)) = entry else {
            return tags;
        };
        for item in self.toml.list(value, "`tags`", r#"write ["…", "…"]"#) {
            let Some(tag) = self.toml.text(item, "a tag") else {
                continue;
            };
            let is_name = |tag: &str| {
                let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                tag.chars().all(part)
            };
            let (message, help) = match is_name(&tag) {
                true if tags.contains(&tag) => (format!("the tag `{tag}` is here already"), None),
                true => {
                    tags.push(tag);
                    continue;
                }
                false => (
                    format!("no tag can be called `{tag}`"),
                    Some("a tag is of letters, digits, `-`, `_` and `.`".to_owned()),
                ),
            };
            self.toml.complain(item.span(), message, help);
        }
        tags
    }

    pub(super) fn expected(&mut self, entry: Option<Entry<'_, '_>>) -> Option<String> {
        let (_, value) = entry?;
        self.toml.text(value, "`expected`")
    }

    fn waivable(&mut self, entry: Option<Entry<'_, '_>>) -> bool {
        let flag = entry.and_then(|(_, value)| self.toml.flag("waivable", value));
        flag.unwrap_or(true)
    }
}

fn reference_spans(entry: Option<Entry<'_, '_>>) -> Vec<Range<usize>> {
    match entry.map(|(_, value)| value.get_ref()) {
        Some(DeValue::Array(items)) => items.iter().map(Spanned::span).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Joins requirements into one that asks all of them, if there are any.
pub(super) fn all_of(mut requirements: Vec<Requirement>) -> Option<Requirement> {
    match requirements.len() {
        0 | 1 => requirements.pop(),
        _ => Some(Requirement::All(requirements)),
    }
}
