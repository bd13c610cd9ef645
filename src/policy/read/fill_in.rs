//! `$name` in requirements and questions: the values of parameters take its place.

use std::cmp::Ordering;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::params::{Params, Use, is_name};
use crate::diagnostic::suggest;
use crate::policy::aggregate::Question;
use crate::policy::keys::{RootKey, holds_requirement, looser_in_question, narrows};
use crate::policy::operator;
use crate::toml_reader::{TomlReader, Word};

/// Replaces each `$name` in one file by the value of the parameter.
pub(super) struct FillIn<'f, 'i> {
    pub(super) params: &'f mut Params<'i>,
    pub(super) toml: &'f mut TomlReader,
}

/// Says where in a requirement a value is.
#[derive(Clone, Copy)]
struct Place<'k> {
    /// The operator, or the key of a question.
    key: &'k str,
    /// The innermost key.
    operand: &'k str,
    /// How looser values compare with stricter ones, if some are looser.
    looser: Option<Ordering>,
    in_require: bool,
}

/// Says what a requirement is part of.
#[derive(Clone, Copy)]
struct Part {
    /// It says what must hold, and not where a rule applies.
    in_require: bool,
    /// The looser a check is, the stricter is the rule.
    flipped: bool,
}

impl Part {
    fn under(name: &str) -> Self {
        // Where a rule applies to less, it is looser.
        let flipped = narrows(name);
        Self {
            in_require: !flipped,
            flipped,
        }
    }

    fn negated(self) -> Self {
        Self {
            flipped: !self.flipped,
            ..self
        }
    }

    fn place(self, key: &str, looser: Option<Ordering>) -> Place<'_> {
        let turned = |looser: Ordering| match self.flipped {
            true => looser.reverse(),
            false => looser,
        };
        Place {
            key,
            operand: key,
            looser: looser.map(turned),
            in_require: self.in_require,
        }
    }
}

impl<'i> FillIn<'_, 'i> {
    pub(super) fn file(mut self, root: &mut DeTable<'i>) {
        for (key, value) in root.iter_mut() {
            match RootKey::from_str(key.get_ref()) {
                Ok(RootKey::Policy | RootKey::Check | RootKey::Rule | RootKey::Aggregate) => {
                    self.tables(value);
                }
                Ok(
                    RootKey::Params
                    | RootKey::Fields
                    | RootKey::Control
                    | RootKey::Override
                    | RootKey::Waivers,
                )
                | Err(_) => {}
            }
        }
    }

    /// Looks for requirements and questions in tables of a file.
    fn tables(&mut self, value: &mut Spanned<DeValue<'i>>) {
        match value.get_mut() {
            DeValue::Array(items) => items.iter_mut().for_each(|item| self.tables(item)),
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    let name = key.get_ref().as_ref();
                    match Question::find(name) {
                        Some(question) => self.question(question, value),
                        None if holds_requirement(name) => {
                            self.requirement(value, Part::under(name))
                        }
                        None => self.tables(value),
                    }
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn question(&mut self, question: Question, value: &mut Spanned<DeValue<'i>>) {
        let part = Part {
            in_require: true,
            flipped: false,
        };
        match value.get_mut() {
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    let key = key.get_ref().as_ref();
                    let looser = looser_in_question(question, key);
                    self.value(value, part.place(key, looser));
                }
            }
            _ => self.value(value, part.place(question.word(), None)),
        }
    }

    fn requirement(&mut self, value: &mut Spanned<DeValue<'i>>, part: Part) {
        match value.get_mut() {
            DeValue::Array(items) => {
                items
                    .iter_mut()
                    .for_each(|item| self.requirement(item, part));
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    match key.get_ref().as_ref() {
                        "all" | "any" => self.requirement(value, part),
                        "not" => self.requirement(value, part.negated()),
                        "some" => self.some(value, part),
                        _ => self.check(value, part),
                    }
                }
            }
            // What is no requirement is for its reader to report.
            _ => {}
        }
    }

    fn some(&mut self, value: &mut Spanned<DeValue<'i>>, part: Part) {
        if let DeValue::Table(table) = value.get_mut() {
            for (key, value) in table.iter_mut() {
                match key.get_ref().as_ref() {
                    "of" => self.requirement(value, part),
                    key => self.value(value, part.place(key, Some(Ordering::Less))),
                }
            }
        }
    }

    fn check(&mut self, value: &mut Spanned<DeValue<'i>>, part: Part) {
        match value.get_mut() {
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    let key = key.get_ref().as_ref();
                    let looser = operator::find(key).and_then(|operator| operator.looser);
                    self.value(value, part.place(key, looser));
                }
            }
            _ => self.value(value, part.place("equals", None)),
        }
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'i>>, place: Place<'_>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::Array(items) => {
                items.iter_mut().for_each(|item| self.value(item, place));
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    let operand = key.get_ref().as_ref();
                    self.value(value, Place { operand, ..place });
                }
            }
            DeValue::String(text) => {
                let Some(name) = text.strip_prefix('$') else {
                    return;
                };
                if let Some(text) = name.strip_prefix('$') {
                    // Two stand for one.
                    let text = format!("${text}");
                    *value.get_mut() = DeValue::String(text.into());
                    return;
                }
                let used = Use {
                    key: place.key.to_owned(),
                    looser: place.looser,
                    in_require: place.in_require,
                };
                let known = self.params.get_mut(name);
                if let Some(argument) = known.and_then(|param| param.argument(place.operand, used))
                {
                    *value.get_mut() = argument;
                } else if is_name(name) {
                    let message = format!("no parameter is called `{name}`");
                    let names: Vec<_> = self.params.names().collect();
                    let help = match names.is_empty() {
                        true => "a parameter is declared under [params]; `$$` stands for one `$`"
                            .to_owned(),
                        false => suggest(name, names.iter().copied()),
                    };
                    self.toml.complain_unknown(span, message, Some(help));
                }
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
}
