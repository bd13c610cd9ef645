//! The file of cases beside a policy, as it is read: records are put together from
//! their parts, and names are looked up.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use strum::VariantArray;
use toml::Spanned;

use super::cases::{Cases, Change, OutcomeByRule};
use crate::bounded_file::{self, MAX_TEXT};
use crate::command::judge::OutcomeKind;
use crate::diagnostic::{Diagnostic, Level, suggest};
use crate::policy::Rule;
use crate::policy::error::Error as PolicyError;
use crate::record::field::normalize_key;
use crate::record::time;

/// Holds a file of cases, and its text for messages.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) cases: Cases,
    pub(super) as_of: DateTime<Utc>,
}

impl File {
    /// Reads the file of cases beside a policy.
    pub(super) fn beside(policy: &Path) -> Result<Self, PolicyError> {
        let path = policy.with_extension("cases.toml");
        let shown = path.display().to_string();
        let text =
            bounded_file::read_text(&path, MAX_TEXT).map_err(|source| PolicyError::Cases {
                path: shown.clone(),
                source,
            })?;
        let invalid = |diagnostic| PolicyError::Invalid {
            path: shown.clone(),
            text: text.clone(),
            diagnostics: vec![diagnostic],
        };
        let cases: Cases = toml::from_str(&text).map_err(|error| {
            invalid(Diagnostic {
                level: Level::Error,
                span: error.span().unwrap_or(0..0),
                message: error.message().to_owned(),
                help: None,
            })
        })?;
        let as_of = time::read(cases.as_of.get_ref()).ok_or_else(|| {
            invalid(Diagnostic {
                level: Level::Error,
                span: cases.as_of.span(),
                message: format!("`{}` is not a time", cases.as_of.get_ref()),
                help: Some("write it as 2026-01-31T00:00:00Z".to_owned()),
            })
        })?;
        Ok(Self {
            path: shown,
            as_of: as_of.time,
            text,
            cases,
        })
    }

    /// Returns the values that cases give to parameters, by name.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let text = |value: &toml::Value| match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let set = self.cases.set.iter();
        set.map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }

    /// Returns the record of a case; what is wrong with it is added to `diagnostics`.
    pub(super) fn record(
        &self,
        case: &Change<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Map<String, Value> {
        let mut record = Map::new();
        if let Some(name) = case.record {
            match self.cases.record.get(name.get_ref()) {
                Some(base) => record.extend(json(base)),
                None => {
                    let known = self.cases.record.keys().map(String::as_str);
                    diagnostics.push(unknown("record", name, known));
                }
            }
        }
        for key in case.set.keys() {
            take(&mut record, key);
        }
        // A field may be there in two spellings.
        record.extend(json(case.set));
        for key in case.unset {
            if take(&mut record, key.get_ref()).is_none() {
                diagnostics.push(Diagnostic {
                    level: Level::Error,
                    span: key.span(),
                    message: format!("the record has no field `{}`", key.get_ref()),
                    help: None,
                });
            }
        }
        for key in case.null {
            take(&mut record, key);
            record.insert(key.clone(), Value::Null);
        }
        record
    }

    /// Returns what a case expects of each rule, in the order of the rules. What it
    /// expects of all `others` holds for the rules that it is about.
    pub(super) fn expected(
        &self,
        (expect, others): (&OutcomeByRule, Option<&Spanned<String>>),
        rules: &[&Rule],
        is_about: impl Fn(&Rule) -> bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Option<OutcomeKind>> {
        let others = others.and_then(|name| outcome(name, diagnostics));
        let mut expected: Vec<_> = rules
            .iter()
            .map(|rule| others.filter(|_| is_about(rule)))
            .collect();
        for (id, name) in expect {
            let outcome = outcome(name, diagnostics);
            match rules.iter().position(|rule| rule.id == *id.get_ref()) {
                Some(index) => expected[index] = outcome,
                None => {
                    let known = rules.iter().map(|rule| rule.id.as_str());
                    diagnostics.push(unknown("rule", id, known));
                }
            }
        }
        expected
    }
}

fn outcome(name: &Spanned<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<OutcomeKind> {
    let outcome = name.get_ref().parse().ok();
    if outcome.is_none() {
        let known = OutcomeKind::VARIANTS.iter().map(|kind| kind.name());
        diagnostics.push(unknown("outcome", name, known));
    }
    outcome
}

fn unknown<'n>(
    what: &str,
    name: &Spanned<String>,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    Diagnostic {
        level: Level::Error,
        span: name.span(),
        message: format!("no {what} is called `{}`", name.get_ref()),
        help: Some(suggest(name.get_ref(), known)),
    }
}

/// Returns a table as a JSON object: times become text.
fn json(table: &toml::Table) -> Map<String, Value> {
    let entries = table.iter();
    entries
        .map(|(key, entry)| (key.clone(), value(entry)))
        .collect()
}

fn value(toml: &toml::Value) -> Value {
    match toml {
        toml::Value::String(text) => text.clone().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.iter().map(value).collect(),
        toml::Value::Table(table) => Value::Object(json(table)),
    }
}

/// Takes a field out of a record, however it is spelt there.
pub(super) fn take(record: &mut Map<String, Value>, key: &str) -> Option<Value> {
    let spelt = record
        .keys()
        .find(|other| normalize_key(other) == normalize_key(key))?
        .clone();
    record.remove(&spelt)
}
