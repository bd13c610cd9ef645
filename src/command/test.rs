//! Cases beside a policy: records, and what each rule is to make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::slice;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{Ended, Error, OUTCOMES, load, outcomes};
use crate::diagnostic::{Diagnostic, Level, suggest};
use crate::policy::error::Error as PolicyError;
use crate::policy::{Ask, Policies, Rule};
use crate::record::Slot;
use crate::record::field::{FIELDS, normalize_key};
use crate::record::time;
use crate::text::{count, escape_controls};

/// A file of cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Cases beside a policy")]
pub(super) struct Cases {
    /// The instant that spans count back from.
    #[schemars(with = "String")]
    as_of: Spanned<String>,
    /// Values of parameters, where they are other than the policy's own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    set: BTreeMap<String, toml::Value>,
    /// Records that cases begin with, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Map<String, Value>>")]
    record: BTreeMap<String, toml::Table>,
    #[serde(default)]
    case: Vec<Case>,
    #[serde(default)]
    export: Vec<ExportCase>,
}

/// What is expected of rules, by id.
type OutcomeByRule = BTreeMap<Spanned<String>, Spanned<String>>;

/// A record, and what is expected of rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case {
    #[schemars(with = "String")]
    name: Spanned<String>,
    /// The name of the record that it begins with.
    #[schemars(with = "Option<String>")]
    record: Option<Spanned<String>>,
    /// Fields that are other than in that record.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    set: toml::Table,
    /// Fields that are not there.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    unset: Vec<Spanned<String>>,
    /// Fields that are null, which TOML cannot write.
    #[serde(default)]
    null: Vec<String>,
    /// The outcomes of rules, by id.
    #[serde(default)]
    #[schemars(schema_with = "outcome_by_rule")]
    expect: OutcomeByRule,
    /// The outcome of all others.
    #[serde(default)]
    #[schemars(schema_with = "one_outcome")]
    others: Option<Spanned<String>>,
}

/// An export of several records, and what is expected of rules over all of
/// them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportCase {
    #[schemars(with = "String")]
    name: Spanned<String>,
    records: Vec<CaseRecord>,
    /// The outcomes of rules, by id.
    #[serde(default)]
    #[schemars(schema_with = "outcome_by_rule")]
    expect: OutcomeByRule,
    /// The outcome of all other rules over the whole export.
    #[serde(default)]
    #[schemars(schema_with = "one_outcome")]
    others: Option<Spanned<String>>,
}

/// A record of an export.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CaseRecord {
    /// The name of the record that it begins with.
    #[schemars(with = "Option<String>")]
    record: Option<Spanned<String>>,
    /// Fields that are other than in that record.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    set: toml::Table,
    /// Fields that are not there.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    unset: Vec<Spanned<String>>,
    /// Fields that are null, which TOML cannot write.
    #[serde(default)]
    null: Vec<String>,
    /// How often it stands there.
    #[serde(default = "once")]
    times: u16,
}

fn once() -> u16 {
    1
}

/// What a record is other than another.
struct Change<'c> {
    record: Option<&'c Spanned<String>>,
    set: &'c toml::Table,
    unset: &'c [Spanned<String>],
    null: &'c [String],
}

impl Case {
    fn change(&self) -> Change<'_> {
        Change {
            record: self.record.as_ref(),
            set: &self.set,
            unset: &self.unset,
            null: &self.null,
        }
    }
}

impl CaseRecord {
    fn change(&self) -> Change<'_> {
        Change {
            record: self.record.as_ref(),
            set: &self.set,
            unset: &self.unset,
            null: &self.null,
        }
    }
}

/// One of the outcomes, as editors should know them.
fn one_outcome(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": OUTCOMES })
}

/// An outcome for each of some rules.
fn outcome_by_rule(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "enum": OUTCOMES } })
}

/// A file of cases, with what its places refer to.
struct File {
    path: String,
    text: String,
    cases: Cases,
    as_of: DateTime<Utc>,
}

impl File {
    /// Reads the cases that stand beside a policy.
    fn beside(policy: &Path) -> Result<Self, PolicyError> {
        let path = policy.with_extension("cases.toml");
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|source| PolicyError::Cases {
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

    fn settings(&self) -> Vec<(String, String)> {
        let text = |value: &toml::Value| match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let set = self.cases.set.iter();
        set.map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }

    /// The record of a case.
    fn record(&self, case: &Change<'_>, diagnostics: &mut Vec<Diagnostic>) -> Map<String, Value> {
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
        // A field may stand there in two spellings.
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

    /// What a case expects of each rule, in the order of the rules: `others` is
    /// of those that are of the case's sort.
    fn expected<'c>(
        &self,
        (expect, others): (&'c OutcomeByRule, Option<&'c Spanned<String>>),
        rules: &[&Rule],
        is_meant: impl Fn(&Rule) -> bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Option<&'c str>> {
        let mut word = |word: &'c Spanned<String>| {
            if !OUTCOMES.contains(&word.get_ref().as_str()) {
                diagnostics.push(unknown("outcome", word, OUTCOMES.into_iter()));
            }
            word.get_ref().as_str()
        };
        let others = others.map(&mut word);
        let mut expected: Vec<_> = rules
            .iter()
            .map(|rule| others.filter(|_| is_meant(rule)))
            .collect();
        let named: Vec<_> = expect.iter().map(|(id, said)| (id, word(said))).collect();
        for (id, said) in named {
            match rules.iter().position(|rule| rule.id == *id.get_ref()) {
                Some(place) => expected[place] = Some(said),
                None => {
                    let known = rules.iter().map(|rule| rule.id.as_str());
                    diagnostics.push(unknown("rule", id, known));
                }
            }
        }
        expected
    }
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

/// A table as a JSON object: times become text.
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
fn take(record: &mut Map<String, Value>, key: &str) -> Option<Value> {
    let spelt = record
        .keys()
        .find(|other| normalize_key(other) == normalize_key(key))?
        .clone();
    record.remove(&spelt)
}

/// Runs the cases of policies, and tells what is other than expected and which
/// rules no case makes pass or fail; gives whether there is nothing of that
/// sort.
pub(super) fn test(
    policies: &[PathBuf],
    mutate: bool,
    out: &mut dyn Write,
) -> Result<Ended, Error> {
    let mut sound = true;
    for policy in policies {
        let file = File::beside(policy)?;
        let policies = load(policy, file.as_of, &file.settings())?;
        sound &= Test::run(&file, &policies)?.tell(&file, out)?;
        if mutate {
            Mutation::run(&file, &policies)?.tell(out)?;
        }
    }
    Ok(match sound {
        true => Ended::Good,
        false => Ended::Bad,
    })
}

fn rules(policies: &Policies) -> Vec<&Rule> {
    policies.rules().map(|(_, rule)| rule).collect()
}

/// What the cases of a policy come to.
struct Test<'t> {
    rules: Vec<&'t Rule>,
    /// The case, the rule, what was expected and what was found.
    differences: Vec<(&'t str, &'t str, &'t str, &'static str)>,
    /// Which outcomes each rule had.
    met: Vec<[bool; OUTCOMES.len()]>,
}

impl<'t> Test<'t> {
    fn run(file: &'t File, policies: &'t Policies) -> Result<Self, Error> {
        let rules = rules(policies);
        let mut test = Self {
            differences: Vec::new(),
            met: vec![[false; OUTCOMES.len()]; rules.len()],
            rules,
        };
        let mut diagnostics = Vec::new();
        for case in &file.cases.case {
            let record = file.record(&case.change(), &mut diagnostics);
            let said = (&case.expect, case.others.as_ref());
            let expected = file.expected(said, &test.rules, Rule::is_of_records, &mut diagnostics);
            let name = &case.name;
            test.judge(policies, name, &[record], &expected, &mut diagnostics);
        }
        for case in &file.cases.export {
            let records = case.records.iter().flat_map(|record| {
                let times = usize::from(record.times);
                vec![file.record(&record.change(), &mut diagnostics); times]
            });
            let records: Vec<_> = records.collect();
            let said = (&case.expect, case.others.as_ref());
            let of_all = |rule: &Rule| !rule.is_of_records();
            let expected = file.expected(said, &test.rules, of_all, &mut diagnostics);
            let name = &case.name;
            test.judge(policies, name, &records, &expected, &mut diagnostics);
        }
        if diagnostics.is_empty() {
            return Ok(test);
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        Err(Error::from(PolicyError::Invalid {
            path: file.path.clone(),
            text: file.text.clone(),
            diagnostics,
        }))
    }

    fn judge(
        &mut self,
        policies: &Policies,
        name: &'t Spanned<String>,
        records: &[Map<String, Value>],
        expected: &[Option<&'t str>],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        match judge(policies, records) {
            Ok(found) => self.compare(name.get_ref(), expected, &found),
            Err(why) => diagnostics.push(Diagnostic {
                level: Level::Error,
                span: name.span(),
                message: format!("the record cannot be read: {why}"),
                help: None,
            }),
        }
    }

    fn compare(&mut self, case: &'t str, expected: &[Option<&'t str>], found: &[&'static str]) {
        for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
            let met = OUTCOMES.iter().position(|outcome| outcome == found);
            if let Some(met) = met {
                // A case covers what it looks at.
                self.met[place][met] |= expected.is_some();
            }
            if let Some(expected) = expected.filter(|expected| expected != found) {
                let rule = &self.rules[place].id;
                self.differences.push((case, rule, expected, found));
            }
        }
    }

    fn never(&self, outcome: usize) -> Vec<&'t str> {
        let all = self.rules.iter().zip(&self.met);
        let never = all.filter(|(_, met)| !met[outcome]);
        never.map(|(rule, _)| rule.id.as_str()).collect()
    }

    fn tell(&self, file: &File, out: &mut dyn Write) -> std::io::Result<bool> {
        let cases = file.cases.case.len() + file.cases.export.len();
        let cases = count(cases as u64, "case", "cases");
        let rules = count(self.rules.len() as u64, "rule", "rules");
        // Some rules only tell of what cannot be judged.
        let mut fail = self.never(1);
        fail.retain(|rule| self.never(2).contains(rule));
        let pass = self.never(0);
        let sound = self.differences.is_empty() && pass.is_empty() && fail.is_empty();
        let verdict = if sound { "ok" } else { "FAILED" };
        writeln!(
            out,
            "{}: {cases}, {rules}: {verdict}",
            escape_controls(&file.path)
        )?;
        for (case, rule, expected, found) in &self.differences {
            let case = escape_controls(case);
            writeln!(
                out,
                "  case \"{case}\": {rule}: expected {expected}, and it is {found}"
            )?;
        }
        for (what, rules) in [("pass", pass), ("fail", fail)] {
            if !rules.is_empty() {
                writeln!(out, "  no case makes these {what}: {}", rules.join(", "))?;
            }
        }
        Ok(sound)
    }
}

/// A change to a field of a record.
const CHANGES: [&str; 6] = ["absent", "null", "false", "true", "empty", "an object"];

fn change(record: &mut Map<String, Value>, key: &str, change: &str) {
    take(record, key);
    let value = match change {
        "null" => Value::Null,
        "false" => Value::Bool(false),
        "true" => Value::Bool(true),
        "empty" => Value::String(String::new()),
        "an object" => Value::Object(Map::new()),
        _ => return,
    };
    record.insert(key.to_owned(), value);
}

/// What rules notice of changes to a record that meets all that apply.
struct Mutation<'m> {
    /// The case whose record is changed.
    case: Option<&'m str>,
    /// Changes that no rule notices, of fields that some rule reads.
    unnoticed: Vec<(&'m str, Vec<&'static str>)>,
    /// Fields that no rule reads.
    unread: Vec<&'static str>,
    /// Rules that no change trips.
    untripped: Vec<&'m str>,
}

impl<'m> Mutation<'m> {
    fn run(file: &'m File, policies: &'m Policies) -> Result<Self, Error> {
        let mut diagnostics = Vec::new();
        let cases = file.cases.case.iter();
        let compliant = cases.into_iter().find_map(|case| {
            let record = file.record(&case.change(), &mut diagnostics);
            let found = judge(policies, slice::from_ref(&record)).ok()?;
            let found = of_records(policies, found);
            let good = |outcome: &&str| matches!(*outcome, "pass" | "not-applicable");
            found.iter().all(good).then_some((case, record, found))
        });
        let slots = policies.tests.iter().flat_map(|test| {
            let other = test.check.other();
            std::iter::once(test.slot).chain(other)
        });
        let slots: BTreeSet<_> = slots.collect();
        let name = |slot: Slot| policies.schema.field(slot).name.as_str();
        let read: Vec<&str> = slots.into_iter().map(name).collect();
        let compared = policies.rules().filter_map(|(_, rule)| match &rule.ask {
            Ask::Aggregate(aggregate) => aggregate.slot(),
            Ask::Record { .. } => None,
        });
        let compared: Vec<&str> = compared.map(name).collect();
        let all = FIELDS.iter().map(|field| field.name);
        let mut mutation = Self {
            case: None,
            unnoticed: Vec::new(),
            unread: all
                .filter(|name| !read.contains(name) && !compared.contains(name))
                .collect(),
            untripped: Vec::new(),
        };
        let Some((case, record, before)) = compliant else {
            return Ok(mutation);
        };
        mutation.case = Some(case.name.get_ref());
        let mut tripped = vec![false; before.len()];
        for field in read {
            let mut unnoticed = Vec::new();
            for kind in CHANGES {
                let mut changed = record.clone();
                change(&mut changed, field, kind);
                let after = judge(policies, slice::from_ref(&changed)).unwrap_or_default();
                let after = of_records(policies, after);
                for (tripped, outcome) in tripped.iter_mut().zip(&after) {
                    *tripped |= matches!(*outcome, "fail" | "error");
                }
                if changed != record && after == before {
                    unnoticed.push(kind);
                }
            }
            if !unnoticed.is_empty() {
                mutation.unnoticed.push((field, unnoticed));
            }
        }
        let untripped = of_records(policies, rules(policies)).into_iter();
        let untripped = untripped.zip(tripped).filter(|(_, tripped)| !tripped);
        mutation.untripped = untripped.map(|(rule, _)| rule.id.as_str()).collect();
        Ok(mutation)
    }

    fn tell(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Some(case) = self.case else {
            return writeln!(
                out,
                "  no case has a record that meets every rule: nothing to change"
            );
        };
        writeln!(
            out,
            "  changes to the record of \"{}\"",
            escape_controls(case)
        )?;
        for (field, changes) in &self.unnoticed {
            writeln!(out, "    no rule notices {field}: {}", changes.join(", "))?;
        }
        if !self.untripped.is_empty() {
            writeln!(out, "    nothing trips {}", self.untripped.join(", "))?;
        }
        if !self.unread.is_empty() {
            writeln!(out, "    no rule reads {}", self.unread.join(", "))?;
        }
        Ok(())
    }
}

fn judge(policies: &Policies, records: &[Map<String, Value>]) -> Result<Vec<&'static str>, String> {
    let mut ndjson = String::new();
    for record in records {
        ndjson.push_str(&Value::Object(record.clone()).to_string());
        ndjson.push('\n');
    }
    outcomes(policies, ndjson.as_bytes())
}

/// What is said of the rules that ask something of each record, of all.
fn of_records<T>(policies: &Policies, all: Vec<T>) -> Vec<T> {
    let all = rules(policies).into_iter().zip(all);
    all.filter(|(rule, _)| rule.is_of_records())
        .map(|(_, said)| said)
        .collect()
}
