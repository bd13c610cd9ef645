//! What a file of cases may say: records, and what is expected of rules.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};
use strum::VariantArray;
use toml::Spanned;

use crate::command::judge::OutcomeKind;

/// A file of cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Cases beside a policy")]
pub(in crate::command) struct Cases {
    /// The instant that spans count back from.
    #[schemars(with = "String")]
    pub(super) as_of: Spanned<String>,
    /// Values of parameters, where they are other than the policy's own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub(super) set: BTreeMap<String, toml::Value>,
    /// Records that cases begin with, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Map<String, Value>>")]
    pub(super) record: BTreeMap<String, toml::Table>,
    #[serde(default)]
    pub(super) case: Vec<Case>,
    #[serde(default)]
    pub(super) export: Vec<ExportCase>,
}

/// Holds the outcomes that are expected of rules, by id.
pub(super) type OutcomeByRule = BTreeMap<Spanned<String>, Spanned<String>>;

/// A record, and what is expected of rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The name of the record that it begins with.
    #[schemars(with = "Option<String>")]
    pub(super) record: Option<Spanned<String>>,
    /// Fields that are other than in that record.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    pub(super) set: toml::Table,
    /// Fields that are not there.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) unset: Vec<Spanned<String>>,
    /// Fields that are null, which TOML cannot write.
    #[serde(default)]
    pub(super) null: Vec<String>,
    /// The outcomes of rules, by id.
    #[serde(default)]
    #[schemars(schema_with = "outcome_by_rule")]
    pub(super) expect: OutcomeByRule,
    /// The outcome of all others.
    #[serde(default)]
    #[schemars(schema_with = "one_outcome")]
    pub(super) others: Option<Spanned<String>>,
}

/// An export of several records, and what is expected of rules over all of
/// them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportCase {
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    pub(super) records: Vec<CaseRecord>,
    /// The outcomes of rules, by id.
    #[serde(default)]
    #[schemars(schema_with = "outcome_by_rule")]
    pub(super) expect: OutcomeByRule,
    /// The outcome of all other rules over the whole export.
    #[serde(default)]
    #[schemars(schema_with = "one_outcome")]
    pub(super) others: Option<Spanned<String>>,
}

/// A record of an export.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseRecord {
    /// The name of the record that it begins with.
    #[schemars(with = "Option<String>")]
    pub(super) record: Option<Spanned<String>>,
    /// Fields that are other than in that record.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    pub(super) set: toml::Table,
    /// Fields that are not there.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) unset: Vec<Spanned<String>>,
    /// Fields that are null, which TOML cannot write.
    #[serde(default)]
    pub(super) null: Vec<String>,
    /// How often it is in the export.
    #[serde(default = "once")]
    pub(super) times: u16,
}

fn once() -> u16 {
    1
}

/// Says how a record differs from the one that it begins with.
pub(super) struct Change<'c> {
    pub(super) record: Option<&'c Spanned<String>>,
    pub(super) set: &'c toml::Table,
    pub(super) unset: &'c [Spanned<String>],
    pub(super) null: &'c [String],
}

impl Case {
    pub(super) fn change(&self) -> Change<'_> {
        Change {
            record: self.record.as_ref(),
            set: &self.set,
            unset: &self.unset,
            null: &self.null,
        }
    }
}

impl CaseRecord {
    pub(super) fn change(&self) -> Change<'_> {
        Change {
            record: self.record.as_ref(),
            set: &self.set,
            unset: &self.unset,
            null: &self.null,
        }
    }
}

fn outcome_names() -> Vec<&'static str> {
    let kinds = OutcomeKind::VARIANTS.iter();
    kinds.map(|kind| kind.name()).collect()
}

/// Returns the schema of an outcome.
fn one_outcome(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": outcome_names() })
}

/// Returns the schema of outcomes by rule.
fn outcome_by_rule(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "enum": outcome_names() } })
}
