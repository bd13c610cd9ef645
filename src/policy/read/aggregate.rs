//! `[[aggregate]]`: rules over the whole export.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::argument::kind_phrase;
use super::draft::Counted;
use super::file::FileReader;
use super::head::Defaults;
use super::places::Spans;
use super::rules::{MetaEntries, RuleMeta};
use crate::policy::aggregate::{Aggregate, Comparison, Copies, Percent, Question, Summation};
use crate::policy::keys::{AggregateKey, NewestKey, PassRateKey, RecordsKey, SharedKey, UniqueKey};
use crate::policy::requirement::Requirement;
use crate::policy::rule::{Ask, Rule};
use crate::record::{FIELDS, Kind, Slot};
use crate::toml_reader::{Entries, Word, type_name};

/// How far the clocks of two systems may differ.
const CLOCKS_DIFFER: chrono::TimeDelta = chrono::TimeDelta::hours(24);

impl FileReader<'_> {
    /// Reads all of `[[aggregate]]`. `guard` says where they apply at all.
    pub(super) fn aggregates(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        defaults: Defaults,
        guard: Option<&Requirement>,
    ) {
        let help = "write [[aggregate]], with two brackets";
        for item in self.toml.list(value, "`[[aggregate]]`", help) {
            if let Some((table, span)) = self.toml.table(item, "`[[aggregate]]`") {
                let rule = self.aggregate(table, span, defaults, guard);
                self.draft.rules.extend(rule);
            }
        }
    }

    fn aggregate(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        defaults: Defaults,
        guard: Option<&Requirement>,
    ) -> Option<Rule> {
        let of = "a rule over the whole export";
        let (keys, questions) = self.toml.keys_of_two::<AggregateKey, Question>(table, of);
        let entries = MetaEntries {
            id: keys.get(AggregateKey::Id),
            title: keys.get(AggregateKey::Title),
            severity: keys.get(AggregateKey::Severity),
            rationale: keys.get(AggregateKey::Rationale),
            remediation: keys.get(AggregateKey::Remediation),
            references: keys.get(AggregateKey::References),
            tags: keys.get(AggregateKey::Tags),
            expected: keys.get(AggregateKey::Expected),
            waivable: keys.get(AggregateKey::Waivable),
            when_absent: keys.get(AggregateKey::WhenAbsent),
            lacks_id: keys.lacks(AggregateKey::Id),
        };
        let meta = self.rule_meta(entries, span.clone());
        if keys.lacks(AggregateKey::Severity) {
            self.needs_severity(span.clone());
        }
        let aggregate = self.the_question(&questions, span);
        let when = keys.get(AggregateKey::When);
        if let (Some(Aggregate::Summed(Summation::PassRate { .. })), Some((key, _))) =
            (&aggregate, when)
        {
            let help = Some("leave out `when`".to_owned());
            let message = "the rule that is counted says itself where it applies";
            self.toml.complain(key.span(), message, help);
        }
        self.take_read();
        let when = when.and_then(|(_, when)| self.requirement(when, "`when`"));
        let RuleMeta {
            id,
            title,
            severity,
            rationale,
            remediation,
            references,
            tags,
            expected,
            waivable,
            when_absent,
            location,
            severity_span,
            reference_spans,
        } = meta;
        let id = id?;
        let asks = questions.all().first().map(|(_, (_, value))| value.span());
        let spans = Spans {
            id: &id,
            severity: severity_span,
            references: reference_spans,
            on_absent: None,
            require: asks.unwrap_or_else(|| location.span.clone()),
        };
        self.remember_rule(spans, (Vec::new(), None));
        Some(Rule {
            title: if title.is_empty() { id.clone() } else { title },
            id,
            severity: severity?,
            raise: None,
            scope: guard.cloned(),
            when,
            when_absent: when_absent.or(defaults.when_absent).unwrap_or_default(),
            ask: Ask::Aggregate(aggregate?),
            rationale,
            remediation,
            references,
            tags,
            expected,
            waivable,
            check: None,
            because: String::new(),
            location,
            when_alternatives: Vec::new(),
            require_alternatives: Vec::new(),
        })
    }

    /// Reads the one question that a rule, which is at `span`, asks.
    fn the_question(
        &mut self,
        questions: &Entries<'_, '_, Question>,
        span: Range<usize>,
    ) -> Option<Aggregate> {
        let names = || Question::words().collect::<Vec<_>>().join(", ");
        match questions.all() {
            [(question, (_, value))] => match question {
                Question::Unique => self.unique(value),
                Question::Shared => self.shared(value),
                Question::PassRate => self.pass_rate(value),
                Question::Records => self.records(value),
                Question::Newest => self.newest(value),
            },
            [] if !questions.lacks_all() => None,
            [] => {
                let help = format!("write one of {}", names());
                self.toml
                    .complain(span, "the rule asks nothing", Some(help));
                None
            }
            [_, (_, (key, _)), ..] => {
                let help = format!("write one of {}", names());
                let message = "the rule asks two things";
                self.toml.complain(key.span(), message, Some(help));
                None
            }
        }
    }

    /// Reads `unique = "id"` or `unique = { field = "id", copies = "differ" }`.
    fn unique(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (field, copies, ignore_case) = match value.get_ref() {
            DeValue::Table(table) => {
                let keys = self.toml.keys::<UniqueKey>(table, "`unique`");
                let copies = match keys.get(UniqueKey::Copies) {
                    Some(entry) => self.toml.word(entry, "sort of copies"),
                    None => Some(Copies::Any),
                };
                let ignore_case = self.ignore_case(keys.value(UniqueKey::IgnoreCase));
                let span = value.span();
                let field = self.toml.needed(&keys, UniqueKey::Field, &span, "`unique`");
                (field?, copies, ignore_case)
            }
            _ => (value, Some(Copies::Any), Some(false)),
        };
        let slot = self.field_of(field, Kind::Text);
        // Records are the same if all that is documented is the same.
        for field in FIELDS {
            self.pool.schema.want(field.name);
        }
        Some(Aggregate::Compared(Comparison::Unique {
            slot: slot?,
            copies: copies?,
            ignore_case: ignore_case?,
        }))
    }

    /// Reads `shared = { field = "securityContactId", more-than = 10 }`.
    fn shared(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.toml.table(value, "`shared`")?;
        let keys = self.toml.keys::<SharedKey>(table, "`shared`");
        let field = self.toml.needed(&keys, SharedKey::Field, &span, "`shared`");
        let most = self
            .toml
            .needed(&keys, SharedKey::MoreThan, &span, "`shared`");
        let slot = field.and_then(|field| self.field_of(field, Kind::Text));
        let most = most.and_then(|most| {
            let count = self.toml.count("more-than", most)?;
            if count == 0 {
                let help = "more than 1 means: on several".to_owned();
                let message = "every value is on more than 0 customers";
                self.toml.complain(most.span(), message, Some(help));
                return None;
            }
            Some(count)
        });
        let ignore_case = self.ignore_case(keys.value(SharedKey::IgnoreCase));
        Some(Aggregate::Compared(Comparison::Shared {
            slot: slot?,
            most: most?,
            ignore_case: ignore_case?,
        }))
    }

    fn ignore_case(&mut self, value: Option<&Spanned<DeValue<'_>>>) -> Option<bool> {
        match value {
            Some(value) => self.toml.flag("ignore-case", value),
            None => Some(false),
        }
    }

    /// Reads `pass-rate = { rule = "mfa", at-least = "95%" }`.
    fn pass_rate(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.toml.table(value, "`pass-rate`")?;
        let of = "`pass-rate`";
        let keys = self.toml.keys::<PassRateKey>(table, of);
        let rule = self.toml.needed(&keys, PassRateKey::Rule, &span, of);
        let least = self.toml.needed(&keys, PassRateKey::AtLeast, &span, of);
        let rule = rule.and_then(|rule| {
            let id = self.toml.text(rule, "`rule`")?;
            self.draft.counted.push(Counted {
                rule: id.clone(),
                file: self.index,
                span: rule.span(),
            });
            Some(id)
        });
        let least = least.and_then(|least| {
            let read = match least.get_ref() {
                DeValue::String(text) => Percent::read(text),
                _ => None,
            };
            if read.is_none() {
                let help = "write \"95%\" or \"99.95%\", at most \"100%\"".to_owned();
                let message = "this is not a share";
                self.toml.complain(least.span(), message, Some(help));
            }
            read
        });
        Some(Aggregate::Summed(Summation::PassRate {
            rule: rule?,
            least: least?,
        }))
    }

    /// Reads `records = { at-least = 1000 }`.
    fn records(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.toml.table(value, "`records`")?;
        let keys = self.toml.keys::<RecordsKey>(table, "`records`");
        let least = self
            .toml
            .needed(&keys, RecordsKey::AtLeast, &span, "`records`")?;
        let least = self.toml.count("at-least", least)?;
        Some(Aggregate::Summed(Summation::Records { least }))
    }

    /// Reads `newest = { field = "updatedAt", within = "36h" }`.
    fn newest(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.toml.table(value, "`newest`")?;
        let keys = self.toml.keys::<NewestKey>(table, "`newest`");
        let field = self.toml.needed(&keys, NewestKey::Field, &span, "`newest`");
        let within = self
            .toml
            .needed(&keys, NewestKey::Within, &span, "`newest`");
        let slot = field.and_then(|field| self.field_of(field, Kind::Time));
        let within = within.and_then(|within| self.ago(within));
        Some(Aggregate::Summed(Summation::Newest {
            slot: slot?,
            within: within?,
            until: self.as_of + CLOCKS_DIFFER,
        }))
    }

    /// Reads the name of a field, which is of a kind.
    fn field_of(&mut self, value: &Spanned<DeValue<'_>>, wanted: Kind) -> Option<Slot> {
        let DeValue::String(name) = value.get_ref() else {
            let is = type_name(value.get_ref());
            let message = format!("the name of a field is text, not {is}");
            self.toml.complain(value.span(), message, None);
            return None;
        };
        let (slot, kind) = self.slot(name, value.span())?;
        if kind != wanted {
            let (is, wanted) = (kind_phrase(kind), kind_phrase(wanted));
            let message = format!("`{name}` is {is}, and not {wanted}");
            self.toml.complain(value.span(), message, None);
            return None;
        }
        Some(slot)
    }
}
