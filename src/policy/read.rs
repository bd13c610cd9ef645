//! From the text of a policy to its rules: every mistake is told, with its
//! place and what would be right.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::check::{Ago, Argument, Check, Literal, OPERATORS, Operator};
use super::error::{Diagnostic, Error, nearest};
use super::requirement::{Requirement, TestId};
use super::{OnAbsent, Policies, Policy, Rule, Severity, Source, Test};
use crate::record::field::{Kind, Slot, fold, is_documented};
use crate::record::network;
use crate::record::text;
use crate::record::time::{self, Span};

/// What a compiled pattern may take, in bytes: a policy is text from a person.
const PATTERN_LIMIT: usize = 1 << 20;

type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// Reads policies one after another; they share fields and tests.
pub(super) struct Reader {
    as_of: DateTime<Utc>,
    policies: Policies,
    /// Each test by its field, operator and argument.
    known_tests: HashMap<String, TestId>,
    diagnostics: Vec<Diagnostic>,
    /// The ids of all policies, also of those that are not valid, and where
    /// each was read.
    ids: Vec<(String, String)>,
    /// The fields that the policy being read declares, folded, and whether
    /// their declaration is sound.
    declared: HashMap<String, bool>,
}

impl Reader {
    pub(super) fn new(as_of: DateTime<Utc>) -> Self {
        Self {
            as_of,
            policies: Policies::default(),
            known_tests: HashMap::new(),
            diagnostics: Vec::new(),
            ids: Vec::new(),
            declared: HashMap::new(),
        }
    }

    pub(super) fn into_policies(self) -> Policies {
        self.policies
    }

    /// Reads one more policy.
    pub(super) fn policy(&mut self, source: &Source) -> Result<(), Error> {
        self.declared.clear();
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            self.complain(span, error.message().to_owned(), None);
        }
        // What follows a broken line may read as something else: those errors
        // would mislead.
        let policy = match self.diagnostics.is_empty() {
            true => self.root(root.get_ref(), source),
            false => None,
        };
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        if let (true, Some(policy)) = (diagnostics.is_empty(), policy) {
            self.policies.all.push(policy);
            return Ok(());
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        Err(Error::Invalid {
            path: source.path.clone(),
            text: source.text.clone(),
            diagnostics,
        })
    }

    fn complain(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.diagnostics.push(Diagnostic {
            span,
            message: message.into(),
            help,
        });
    }

    fn root(&mut self, root: &DeTable<'_>, source: &Source) -> Option<Policy> {
        let [head, fields, rules] = self.keys(root, ["policy", "fields", "rule"], "a policy");
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
        let head = head.map(|(head, span)| self.head(head, span, source));
        let on_absent = head.as_ref().map(|head| head.on_absent).unwrap_or_default();
        let rules = self.rules(rules, on_absent);
        let head = head?;
        Some(Policy {
            id: head.id?,
            title: head.title,
            version: head.version,
            path: source.path.clone(),
            file: source.file.clone(),
            sha256: text::hex(&Sha256::digest(&source.text)),
            scope: head.scope,
            rules,
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

    /// `[fields]`: keys of records beyond the 28.
    fn fields(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.table(value, "`[fields]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let sound = self.declare(key, value).is_some();
            self.declared.insert(fold(key.get_ref()), sound);
        }
    }

    fn declare(&mut self, key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Option<()> {
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
struct Head {
    id: Option<String>,
    title: String,
    version: String,
    scope: Option<Requirement>,
    on_absent: OnAbsent,
}

impl Reader {
    fn head(&mut self, table: &DeTable<'_>, span: Range<usize>, source: &Source) -> Head {
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
    fn policy_id(&mut self, id: &str, span: Range<usize>, source: &Source) {
        let other = self.ids.iter().find(|(other, _)| other == id);
        if let Some((_, path)) = other.cloned() {
            let message = format!("`{path}` is called `{id}` too");
            let help = "a finding is named by policy and rule: give each its own id";
            self.complain(span, message, Some(help.to_owned()));
        }
        self.ids.push((id.to_owned(), source.path.clone()));
    }

    fn on_absent(&mut self, entry: Option<Entry<'_, '_>>, otherwise: OnAbsent) -> OnAbsent {
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

    fn rules(&mut self, entry: Option<Entry<'_, '_>>, on_absent: OnAbsent) -> Vec<Rule> {
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
    fn rule_id(&mut self, entry: Entry<'_, '_>, ids: &mut Vec<String>) -> Option<String> {
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

    fn rule(
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
    fn lacks(&mut self, span: Range<usize>, name: &str) {
        let help = match name {
            "severity" => suggest("", Severity::ALL.map(Severity::name)),
            "require" => "say what must hold, as require.force2fa = true".to_owned(),
            _ => "add id = \"…\"".to_owned(),
        };
        self.complain(span, format!("the rule needs `{name}`"), Some(help));
    }

    fn references(&mut self, entry: Option<Entry<'_, '_>>) -> Vec<String> {
        let Some((_, value)) = entry else {
            return Vec::new();
        };
        self.list(value, "`references`", r#"write ["…", "…"]"#)
            .into_iter()
            .filter_map(|item| self.text(item, "a reference"))
            .collect()
    }

    /// A table from field to check, with `all`, `any` and `not`.
    fn requirement(&mut self, value: &Spanned<DeValue<'_>>, what: &str) -> Option<Requirement> {
        let (table, span) = self.table(value, what)?;
        if table.is_empty() {
            let help = "name a field and what it must be, as force2fa = true".to_owned();
            self.complain(
                span,
                format!("{what} is empty: it holds for everything"),
                Some(help),
            );
            return None;
        }
        let mut parts = Vec::new();
        for (key, value) in table.iter() {
            let part = match key.get_ref().as_ref() {
                "all" => self.requirements(value, "`all`").map(Requirement::All),
                "any" => self.requirements(value, "`any`").map(Requirement::Any),
                "not" => self
                    .requirement(value, "`not`")
                    .map(|part| Requirement::Not(Box::new(part))),
                _ => self.field(key, value, &parts),
            };
            parts.extend(part);
        }
        match parts.len() {
            1 => parts.pop(),
            _ => Some(Requirement::All(parts)),
        }
    }

    fn requirements(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        what: &str,
    ) -> Option<Vec<Requirement>> {
        let parts: Vec<_> = self
            .list(value, what, "write [{ … }, { … }]")
            .into_iter()
            .filter_map(|item| self.requirement(item, "a requirement"))
            .collect();
        (!parts.is_empty()).then_some(parts)
    }

    /// The slot and kind of a field that a policy names: one of the 28, or one
    /// that the policy declares itself.
    fn slot(&mut self, name: &str, span: Range<usize>) -> Option<(Slot, Kind)> {
        let declared = self.declared.get(&fold(name)).copied();
        if declared == Some(false) {
            // What is wrong with it has been told.
            return None;
        }
        let known = declared.is_some() || is_documented(name);
        let slot = known.then(|| self.policies.schema.want(name)).flatten();
        let Some(slot) = slot else {
            let message = format!("no field is called `{name}`");
            let names = self.policies.schema.names();
            let help = match nearest(name, names).filter(|near| fold(near) != fold(name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "keys beyond the 28 are declared under [fields]".to_owned(),
            };
            self.complain(span, message, Some(help));
            return None;
        };
        Some((slot, self.policies.schema.field(slot).kind))
    }

    fn field(
        &mut self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        before: &[Requirement],
    ) -> Option<Requirement> {
        let (slot, kind) = self.slot(key.get_ref(), key.span())?;
        let twice = |part: &Requirement| matches!(part, Requirement::Field { slot: other, .. } if *other == slot);
        if before.iter().any(twice) {
            let message = format!("`{}` stands here in another spelling too", key.get_ref());
            self.complain(key.span(), message, Some("join the two checks".to_owned()));
        }
        let tests = match value.get_ref() {
            DeValue::Table(table) if table.is_empty() => {
                let help = suggest("", suiting(kind));
                self.complain(value.span(), "a check needs an operator", Some(help));
                return None;
            }
            DeValue::Table(table) => table
                .iter()
                .filter_map(|(name, argument)| self.operator(slot, kind, name, argument))
                .collect::<Vec<_>>(),
            DeValue::Array(_) => {
                let message = "a bare value means equals, and a field is never a list";
                let help = "for one of several values write { in = […] }".to_owned();
                self.complain(value.span(), message, Some(help));
                return None;
            }
            _ if kind == Kind::Networks => {
                let message = format!(
                    "`{}` holds networks, which equal no bare value",
                    key.get_ref()
                );
                let help = suggest("", suiting(kind));
                self.complain(value.span(), message, Some(help));
                return None;
            }
            _ => {
                let literal = self.literal(kind, value)?;
                vec![self.test(slot, "equals", Check::Equals(literal))]
            }
        };
        (!tests.is_empty()).then_some(Requirement::Field { slot, tests })
    }

    fn operator(
        &mut self,
        slot: Slot,
        kind: Kind,
        name: &Spanned<DeString<'_>>,
        argument: &Spanned<DeValue<'_>>,
    ) -> Option<TestId> {
        let field = self.policies.schema.field(slot).name.clone();
        let Some(operator) = OPERATORS.iter().find(|op| op.name == name.get_ref()) else {
            let message = format!("no operator is called `{}`", name.get_ref());
            let suiting = suiting(kind);
            self.complain(name.span(), message, Some(suggest(name.get_ref(), suiting)));
            return None;
        };
        if !operator.kinds.contains(&kind) {
            let message = format!(
                "`{}` does not suit `{field}`, which is {}",
                operator.name,
                a(kind)
            );
            let help = suggest("", suiting(kind));
            self.complain(name.span(), message, Some(help));
            return None;
        }
        let check = self.argument(operator, slot, kind, argument)?;
        Some(self.test(slot, operator.name, check))
    }

    /// The id of a test; equal tests have one.
    fn test(&mut self, slot: Slot, operator: &str, check: Check) -> TestId {
        let tests = &mut self.policies.tests;
        *self
            .known_tests
            .entry(format!("{slot:?} {operator} {check:?}"))
            .or_insert_with(|| {
                tests.push(Test { slot, check });
                TestId(tests.len() - 1)
            })
    }

    fn argument(
        &mut self,
        operator: &Operator,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Check> {
        let name = operator.name;
        match operator.argument {
            Argument::Truth(check) => self.flag(name, value).map(check),
            Argument::OnlyTrue(check) => match self.flag(name, value)? {
                true => Some(check()),
                false => {
                    let message = format!("`{name}` can only be true");
                    let help = "leave it out to allow both".to_owned();
                    self.complain(value.span(), message, Some(help));
                    None
                }
            },
            Argument::Value(check) => self.literal(kind, value).map(check),
            Argument::Values(check) => {
                let list = self.list(value, &format!("`{name}`"), "write [… , …]");
                let literals = self.each(list, |reader, item| reader.literal(kind, item))?;
                Some(check(literals))
            }
            Argument::Field(check) => self.other_field(slot, kind, value).map(check),
            Argument::Pattern(check) => self.pattern(value).map(check),
            Argument::Count(check) => self.count(name, value).map(check),
            Argument::Time(check) => self.time(value).map(check),
            Argument::Ago(check) => self.ago(value).map(check),
            Argument::Prefixes => self.prefixes(value),
            Argument::Networks(check) => {
                let list = self.list(value, &format!("`{name}`"), r#"write ["192.0.2.0/24"]"#);
                self.each(list, Self::network).map(check)
            }
        }
    }

    /// Reads every item, so that every mistake is told; none if there is one.
    fn each<T>(
        &mut self,
        items: Vec<&Spanned<DeValue<'_>>>,
        read: impl Fn(&mut Self, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let all: Vec<_> = items.into_iter().map(|item| read(self, item)).collect();
        let all: Option<Vec<T>> = all.into_iter().collect();
        all.filter(|all| !all.is_empty())
    }

    fn flag(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        let message = format!(
            "`{name}` is true or false, not {}",
            article(value.get_ref())
        );
        self.complain(value.span(), message, None);
        None
    }

    fn literal(&mut self, kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<Literal> {
        match (kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Literal::Flag(*flag)),
            (Kind::Text, DeValue::String(text)) if text.trim().is_empty() => {
                let help = "blank text is absence: write { present = false }".to_owned();
                self.complain(value.span(), "no text is ever blank", Some(help));
                None
            }
            (Kind::Text, DeValue::String(text)) => Some(Literal::Text(text.to_string())),
            (Kind::Time, _) => self.time(value).map(Literal::Time),
            (_, other) => {
                let message = format!(
                    "the field is {}: {} never equals it",
                    a(kind),
                    article(other)
                );
                let help = match kind {
                    Kind::Flag => Some("write true or false".to_owned()),
                    Kind::Text => Some("write it in quotes".to_owned()),
                    Kind::Time | Kind::Networks => None,
                };
                self.complain(value.span(), message, help);
                None
            }
        }
    }

    fn time(&mut self, value: &Spanned<DeValue<'_>>) -> Option<DateTime<Utc>> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(datetime) => datetime.to_string(),
            other => {
                let message = format!("a time is needed, not {}", article(other));
                let help = Some("write it as 2026-01-31T00:00:00Z".to_owned());
                self.complain(value.span(), message, help);
                return None;
            }
        };
        let reading = time::read(&text);
        if reading.is_none() {
            let help = "write it as 2026-01-31T00:00:00Z".to_owned();
            self.complain(value.span(), format!("`{text}` is not a time"), Some(help));
        }
        reading.map(|reading| reading.time)
    }

    fn ago(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Ago> {
        let span = match value.get_ref() {
            DeValue::String(text) => Span::read(text),
            _ => None,
        };
        let Some(span) = span else {
            let message = "this is not a span of time".to_owned();
            let help =
                "write hours, days or weeks, as \"12h\", \"90d\" or \"26w\"; at most 1000000";
            self.complain(value.span(), message, Some(help.to_owned()));
            return None;
        };
        let time = span.before(self.as_of);
        Some(Ago { span, time })
    }

    fn count(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let count = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        if count.is_none() {
            let message = format!("`{name}` is a whole number, 0 or more");
            self.complain(value.span(), message, None);
        }
        count
    }

    fn other_field(
        &mut self,
        slot: Slot,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Slot> {
        let name = self.text(value, "the other field's name")?;
        let (other, other_kind) = self.slot(&name, value.span())?;
        let message = if other_kind != kind {
            format!("`{name}` is {}, not {}", a(other_kind), a(kind))
        } else if other == slot {
            "a field always agrees with itself".to_owned()
        } else {
            return Some(other);
        };
        let help = "name another field of the same kind".to_owned();
        self.complain(value.span(), message, Some(help));
        None
    }

    fn pattern(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Regex> {
        let DeValue::String(text) = value.get_ref() else {
            let message = format!("a pattern is text, not {}", article(value.get_ref()));
            self.complain(value.span(), message, None);
            return None;
        };
        let compiled = RegexBuilder::new(text).size_limit(PATTERN_LIMIT).build();
        compiled
            .inspect_err(|error| {
                let (message, help) = match error {
                    regex::Error::CompiledTooBig(_) => (
                        "the pattern is too big once compiled".to_owned(),
                        Some("repeat less: its compiled form may take 1 MiB".to_owned()),
                    ),
                    other => {
                        let why = other.to_string();
                        let why = why.lines().last().unwrap_or_default();
                        let why = why.trim_start_matches("error: ").to_owned();
                        (format!("this is not a regular expression: {why}"), None)
                    }
                };
                self.complain(value.span(), message, help);
            })
            .ok()
    }

    fn prefixes(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Check> {
        let (table, span) = self.table(value, "`min-prefix`")?;
        let [v4, v6] = self.keys(table, ["v4", "v6"], "`min-prefix`");
        if v4.or(v6).is_none() {
            let help = "write min-prefix = { v4 = 16, v6 = 48 }".to_owned();
            self.complain(span, "`min-prefix` needs v4, v6 or both", Some(help));
            return None;
        }
        let v4 = v4.map(|(_, value)| self.prefix::<32>(value));
        let v6 = v6.map(|(_, value)| self.prefix::<128>(value));
        if v4 == Some(None) || v6 == Some(None) {
            return None;
        }
        Some(Check::MinPrefix {
            v4: v4.flatten(),
            v6: v6.flatten(),
        })
    }

    fn prefix<const MAX: u8>(&mut self, value: &Spanned<DeValue<'_>>) -> Option<u8> {
        let number = match value.get_ref() {
            DeValue::Integer(bits) => u64::from_str_radix(bits.as_str(), bits.radix()).ok(),
            _ => None,
        };
        let prefix = number.and_then(|number| u8::try_from(number).ok());
        let message = match (number, prefix) {
            (_, Some(prefix)) if prefix <= MAX => return Some(prefix),
            (Some(number), _) => format!("a prefix is at most /{MAX}, not /{number}"),
            (None, _) => format!("a prefix is a whole number from 0 to {MAX}"),
        };
        self.complain(value.span(), message, None);
        None
    }

    fn network(&mut self, value: &Spanned<DeValue<'_>>) -> Option<IpNet> {
        let text = self.text(value, "a network")?;
        let strict = text
            .contains('/')
            .then(|| network::read_one(&text))
            .flatten();
        if strict.is_none() {
            let message = format!("`{text}` is not a CIDR");
            let help = "write it as 192.0.2.0/24 or 2001:db8::/32".to_owned();
            self.complain(value.span(), message, Some(help));
        }
        strict.map(|network| network.cover)
    }
}

/// The names of the operators that suit a kind.
fn suiting(kind: Kind) -> Vec<&'static str> {
    OPERATORS
        .iter()
        .filter(|operator| operator.kinds.contains(&kind))
        .map(|operator| operator.name)
        .collect()
}

/// The nearest of the names, or all of them.
fn suggest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    }
}

fn a(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "a flag",
        Kind::Text => "text",
        Kind::Time => "a time",
        Kind::Networks => "a list of networks",
    }
}

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
