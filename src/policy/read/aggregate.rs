//! `[[aggregate]]`: rules over the whole export.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::argument::a;
use super::rules::{Label, Parts, joined};
use super::{Entry, Reader, article};
use crate::policy::aggregate::{AGGREGATES, Aggregate, Copies, Percent};
use crate::policy::requirement::Requirement;
use crate::policy::{Ask, Rule};
use crate::record::field::{FIELDS, Kind, Slot};

/// How far the clocks of two systems may differ.
const CLOCKS_DIFFER: chrono::TimeDelta = chrono::TimeDelta::hours(24);

impl Reader<'_> {
    pub(super) fn aggregates(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        guard: Option<&Requirement>,
        parts: &mut Parts,
    ) {
        let help = "write [[aggregate]], with two brackets";
        for item in self.list(value, "`[[aggregate]]`", help) {
            if let Some((table, span)) = self.table(item, "`[[aggregate]]`") {
                let rule = self.aggregate(table, span, guard, parts);
                parts.rules.extend(rule);
            }
        }
    }

    fn aggregate(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        guard: Option<&Requirement>,
        parts: &mut Parts,
    ) -> Option<Rule> {
        let names = [
            "id",
            "title",
            "severity",
            "rationale",
            "remediation",
            "references",
            "when",
            AGGREGATES[0],
            AGGREGATES[1],
            AGGREGATES[2],
            AGGREGATES[3],
            AGGREGATES[4],
        ];
        let [
            id,
            title,
            severity,
            rationale,
            remediation,
            references,
            when,
            asks @ ..,
        ] = self.keys(table, names, "a rule over the whole export");
        for (entry, name) in [(id, "id"), (severity, "severity")] {
            if entry.is_none() {
                self.lacks(span.clone(), name);
            }
        }
        let label = [id, title, severity, rationale, remediation, references];
        let label = self.label(label, span.clone(), parts);
        let asks: Vec<Entry<'_, '_>> = asks.into_iter().flatten().collect();
        let help = format!("write one of {}", AGGREGATES.join(", "));
        let aggregate = match asks.as_slice() {
            [ask] => self.asked_of_all(*ask),
            [] => {
                self.complain(span, "the rule asks nothing", Some(help));
                None
            }
            [_, (key, _), ..] => {
                self.complain(key.span(), "the rule asks two things", Some(help));
                None
            }
        };
        if let (Some(Aggregate::PassRate { .. }), Some((key, _))) = (&aggregate, when) {
            let message = "the rule that is counted says itself where it applies";
            self.complain(key.span(), message, Some("leave out `when`".to_owned()));
        }
        let when = when.map(|(_, when)| self.requirement(when, "`when`"));
        let guards = guard.cloned().into_iter().chain(when.flatten()).collect();
        let Label {
            id,
            title,
            severity,
            rationale,
            remediation,
            references,
            place,
        } = label;
        let id = id?;
        Some(Rule {
            title: if title.is_empty() { id.clone() } else { title },
            id,
            severity: severity?,
            when: joined(guards),
            ask: Ask::Aggregate(aggregate?),
            rationale,
            remediation,
            references,
            check: None,
            because: String::new(),
            place,
        })
    }

    fn asked_of_all(&mut self, (key, value): Entry<'_, '_>) -> Option<Aggregate> {
        match key.get_ref().as_ref() {
            "unique" => self.unique(value),
            "shared" => self.shared(value),
            "pass-rate" => self.pass_rate(value),
            "records" => self.records(value),
            _ => self.newest(value),
        }
    }

    /// `unique = "id"` or `unique = { field = "id", copies = "differ" }`.
    fn unique(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (field, copies) = match value.get_ref() {
            DeValue::Table(table) => {
                let [field, copies] = self.keys(table, ["field", "copies"], "`unique`");
                let copies = match copies {
                    Some(entry) => self.word(entry, &Copies::ALL, Copies::name, "sort of copies"),
                    None => Some(Copies::Any),
                };
                let needs = "`unique` needs `field`";
                (self.needed(field, value.span(), needs)?, copies)
            }
            _ => (value, Some(Copies::Any)),
        };
        let slot = self.field_of(field, Kind::Text);
        // Records are the same if all that is documented is the same.
        for field in &FIELDS {
            self.policies.schema.want(field.name);
        }
        Some(Aggregate::Unique {
            slot: slot?,
            copies: copies?,
        })
    }

    /// `shared = { field = "securityContactId", more-than = 10 }`.
    fn shared(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.table(value, "`shared`")?;
        let names = ["field", "more-than", "ignore-case"];
        let [field, most, ignore_case] = self.keys(table, names, "`shared`");
        let field = self.needed(field, span.clone(), "`shared` needs `field`");
        let most = self.needed(most, span, "`shared` needs `more-than`");
        let slot = field.and_then(|field| self.field_of(field, Kind::Text));
        let most = most.and_then(|most| {
            let count = self.count("more-than", most)?;
            if count == 0 {
                let help = "more than 1 means: on several".to_owned();
                let message = "every value is on more than 0 customers";
                self.complain(most.span(), message, Some(help));
                return None;
            }
            Some(count)
        });
        let ignore_case = match ignore_case {
            Some((_, value)) => self.flag("ignore-case", value),
            None => Some(false),
        };
        Some(Aggregate::Shared {
            slot: slot?,
            most: most?,
            ignore_case: ignore_case?,
        })
    }

    /// `pass-rate = { rule = "mfa", at-least = "95%" }`.
    fn pass_rate(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.table(value, "`pass-rate`")?;
        let [rule, least] = self.keys(table, ["rule", "at-least"], "`pass-rate`");
        let rule = self.needed(rule, span.clone(), "`pass-rate` needs `rule`");
        let least = self.needed(least, span, "`pass-rate` needs `at-least`");
        let rule = rule.and_then(|rule| {
            let id = self.text(rule, "`rule`")?;
            self.counted.push((id.clone(), (self.file, rule.span())));
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
                self.complain(least.span(), message, Some(help));
            }
            read
        });
        Some(Aggregate::PassRate {
            rule: rule?,
            least: least?,
        })
    }

    /// `records = { at-least = 1000 }`.
    fn records(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.table(value, "`records`")?;
        let [least] = self.keys(table, ["at-least"], "`records`");
        let least = self.needed(least, span, "`records` needs `at-least`")?;
        let least = self.count("at-least", least)?;
        Some(Aggregate::Records { least })
    }

    /// `newest = { field = "updatedAt", within = "36h" }`.
    fn newest(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Aggregate> {
        let (table, span) = self.table(value, "`newest`")?;
        let [field, within] = self.keys(table, ["field", "within"], "`newest`");
        let field = self.needed(field, span.clone(), "`newest` needs `field`");
        let within = self.needed(within, span, "`newest` needs `within`");
        let slot = field.and_then(|field| self.field_of(field, Kind::Time));
        let within = within.and_then(|within| self.ago(within));
        Some(Aggregate::Newest {
            slot: slot?,
            within: within?,
            until: self.as_of + CLOCKS_DIFFER,
        })
    }

    fn needed<'t, 'i>(
        &mut self,
        entry: Option<Entry<'t, 'i>>,
        span: Range<usize>,
        message: &str,
    ) -> Option<&'t Spanned<DeValue<'i>>> {
        if entry.is_none() {
            self.complain(span, message, None);
        }
        entry.map(|(_, value)| value)
    }

    /// The field that is named, which is of a kind.
    fn field_of(&mut self, value: &Spanned<DeValue<'_>>, wanted: Kind) -> Option<Slot> {
        let DeValue::String(name) = value.get_ref() else {
            let message = format!(
                "the name of a field is text, not {}",
                article(value.get_ref())
            );
            self.complain(value.span(), message, None);
            return None;
        };
        let (slot, kind) = self.slot(name, value.span())?;
        if kind != wanted {
            let message = format!("`{name}` is {}, and not {}", a(kind), a(wanted));
            self.complain(value.span(), message, None);
            return None;
        }
        Some(slot)
    }

    /// Rules whose share is counted are there.
    pub(super) fn find_counted(&mut self, parts: &Parts) {
        for (id, (file, span)) in std::mem::take(&mut self.counted) {
            let of_records = parts.rules.iter().filter(|rule| rule.is_of_records());
            let known: Vec<_> = of_records.map(|rule| rule.id.as_str()).collect();
            if !known.contains(&id.as_str()) {
                let message = match parts.ids.contains(&id) {
                    true => format!("`{id}` cannot be counted: it is off, or no rule of records"),
                    false => format!("no rule is called `{id}`"),
                };
                let help = crate::policy::error::suggest(&id, known);
                self.complain_of(file, span, message, Some(help));
            }
        }
    }
}
