//! Requirements and checks.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::Reader;
use super::argument::{a, suiting};
use crate::policy::check::{Check, OPERATORS};
use crate::policy::error::{nearest, suggest};
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::{Policies, Test};
use crate::record::field::{Kind, Slot, is_documented, normalize_key};

impl Reader<'_> {
    /// A table from field to check, with `all`, `any` and `not`.
    pub(super) fn requirement(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        what: &str,
    ) -> Option<Requirement> {
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

    pub(super) fn requirements(
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
    pub(super) fn slot(&mut self, name: &str, span: Range<usize>) -> Option<(Slot, Kind)> {
        let declared = self.declared.get(&normalize_key(name)).copied();
        if declared == Some(false) {
            // What is wrong with it has been told.
            return None;
        }
        let known = declared.is_some() || is_documented(name);
        let slot = known.then(|| self.policies.schema.want(name)).flatten();
        let Some(slot) = slot else {
            let message = format!("no field is called `{name}`");
            let names = self.policies.schema.names();
            let help = match nearest(name, names)
                .filter(|near| normalize_key(near) != normalize_key(name))
            {
                Some(near) => format!("did you mean `{near}`?"),
                None => "keys beyond the 28 are declared under [fields]".to_owned(),
            };
            self.complain(span, message, Some(help));
            return None;
        };
        Some((slot, self.policies.schema.field(slot).kind))
    }

    pub(super) fn field(
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

    pub(super) fn operator(
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
    pub(super) fn test(&mut self, slot: Slot, operator: &str, check: Check) -> TestId {
        let Policies { tests, schema, .. } = &mut self.policies;
        *self
            .known_tests
            .entry(format!("{slot:?} {operator} {check:?}"))
            .or_insert_with(|| {
                tests.push(Test::new(slot, check, schema));
                TestId(tests.len() - 1)
            })
    }
}
