//! Requirements: tables from field to check, with `all`, `any`, `some` and `not`.

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::argument::kind_phrase;
use super::file::FileReader;
use crate::diagnostic::suggest;
use crate::policy::check::Check;
use crate::policy::keys::SomeKey;
use crate::policy::operator;
use crate::policy::requirement::{Requirement, TestId};
use crate::record::{Kind, Slot};

impl FileReader<'_> {
    /// Reads a table from field to check, with `all`, `any`, `some` and `not`.
    pub(super) fn requirement(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        what: &str,
    ) -> Option<Requirement> {
        if let DeValue::Array(_) = value.get_ref() {
            let message = format!("{what} is a table, not a list");
            let help = "name fields, as { force2fa = true }; for one of several write { any = \
                        [{ … }, { … }] }";
            self.toml
                .complain(value.span(), message, Some(help.to_owned()));
            return None;
        }
        let (table, span) = self.toml.table(value, what)?;
        if table.is_empty() {
            let help = "name a field and what it must be, as force2fa = true".to_owned();
            self.toml.complain(
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
                "some" => self.some(value),
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
            .toml
            .list(value, what, "write [{ … }, { … }]")
            .into_iter()
            .filter_map(|item| self.requirement(item, "a requirement"))
            .collect();
        (!parts.is_empty()).then_some(parts)
    }

    /// Reads `some = { at-least = 2, of = [ … ] }`.
    fn some(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Requirement> {
        let (table, span) = self.toml.table(value, "`some`")?;
        let keys = self.toml.keys::<SomeKey>(table, "`some`");
        let least = self.toml.needed(&keys, SomeKey::AtLeast, &span, "`some`");
        let of = self.toml.needed(&keys, SomeKey::Of, &span, "`some`");
        let counted = of.and_then(|of| self.requirements(of, "`of`"));
        let least = least.and_then(|least| {
            let count = self.toml.count("at-least", least)?;
            let message = match of.map(|of| of.get_ref()) {
                _ if count == 0 => "at least 0 of them always hold".to_owned(),
                Some(DeValue::Array(all)) if count > all.len() as u64 => {
                    format!("{count} of {} can never hold", all.len())
                }
                Some(_) | None => return usize::try_from(count).ok(),
            };
            let help = "write a number from 1 to the length of `of`".to_owned();
            self.toml.complain(least.span(), message, Some(help));
            None
        });
        Some(Requirement::Some {
            least: least?,
            of: counted?,
        })
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
            let message = format!("`{}` is here in another spelling too", key.get_ref());
            self.toml
                .complain(key.span(), message, Some("join the two checks".to_owned()));
        }
        let tests = match value.get_ref() {
            DeValue::Table(table) if table.is_empty() => {
                let help = suggest("", suiting(kind));
                self.toml
                    .complain(value.span(), "a check needs an operator", Some(help));
                return None;
            }
            DeValue::Table(table) => table
                .iter()
                .filter_map(|(name, argument)| self.operator(slot, kind, name, argument))
                .collect::<Vec<_>>(),
            DeValue::Array(_) => {
                let message = "a bare value means equals, and a field is never a list";
                let help = "for one of several values write { in = […] }".to_owned();
                self.toml.complain(value.span(), message, Some(help));
                return None;
            }
            _ if kind == Kind::Networks => {
                let message = format!(
                    "`{}` holds networks, which equal no bare value",
                    key.get_ref()
                );
                let help = suggest("", suiting(kind));
                self.toml.complain(value.span(), message, Some(help));
                return None;
            }
            _ => {
                let literal = self.literal(kind, value)?;
                self.notice_operator(&literal, value);
                let test = self.pool.test(slot, "equals", Check::Equals(literal));
                self.remember(test, value);
                vec![test]
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
        let field = self.pool.schema.field(slot).name.clone();
        let Some(operator) = operator::find(name.get_ref()) else {
            let message = format!("no operator is called `{}`", name.get_ref());
            let help = suggest(name.get_ref(), suiting(kind));
            self.toml.complain(name.span(), message, Some(help));
            return None;
        };
        if !operator.kinds.contains(&kind) {
            let message = format!(
                "`{}` cannot be used with `{field}`, which is {}",
                operator.name,
                kind_phrase(kind)
            );
            let help = suggest("", suiting(kind));
            self.toml.complain(name.span(), message, Some(help));
            return None;
        }
        let check = self.argument(operator, slot, kind, argument)?;
        let test = self.pool.test(slot, operator.name, check);
        self.remember(test, argument);
        Some(test)
    }
}

/// Returns the names of the operators that suit a kind.
fn suiting(kind: Kind) -> impl Iterator<Item = &'static str> {
    operator::suiting(kind).map(|operator| operator.name)
}
