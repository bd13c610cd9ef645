//! The findings as observations on whom they are about.

use std::collections::{BTreeMap, HashMap};
use std::io;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::part::{one_line, prop, props, uuid};
use super::rules::tool_uuid;
use crate::record::time;
use crate::report::format::buffered::Report;
use crate::report::format::kept::Place;
use crate::report::markup::uri;
use crate::report::model::row::FindingRow;
use crate::report::phrase;

/// Names our findings as observations, and whom they are about. They are read again when
/// they are written.
pub struct Observed<'r> {
    report: &'r Report<'r>,
    /// The UUID of each observation.
    uuids: Vec<String>,
    /// The first finding about each customer and other, by what they are.
    subjects: BTreeMap<String, Place>,
    /// The indexes of the observations of each rule, in the order of the header.
    of_rule: Vec<Vec<usize>>,
    /// When the first finding of each rule is due, of those that have a deadline.
    due: Vec<Option<DateTime<Utc>>>,
}

impl<'r> Observed<'r> {
    pub fn new(report: &'r Report<'r>) -> io::Result<Self> {
        let mut observed = Self {
            report,
            uuids: Vec::new(),
            subjects: BTreeMap::new(),
            of_rule: report.header.rules().map(|_| Vec::new()).collect(),
            due: report.header.rules().map(|_| None).collect(),
        };
        let mut met: HashMap<String, u64> = HashMap::new();
        for place in report.findings.places() {
            let row = report.findings.read(place)?;
            // Records with the same id share a fingerprint.
            let key = row.key();
            let times = met.entry(key.to_string()).or_default();
            let name = match *times {
                0 => key.into_owned(),
                times => format!("{key}/{times}"),
            };
            *times += 1;
            if let Some(of_rule) = observed.of_rule.get_mut(place.rule_index) {
                of_rule.push(observed.uuids.len());
            }
            let due = row.life.as_ref().and_then(|life| life.due);
            if let (Some(first), Some(due)) = (observed.due.get_mut(place.rule_index), due) {
                *first = Some(first.map_or(due, |first| first.min(due)));
            }
            observed.uuids.push(uuid("observation", &name));
            let (key, _) = subject(&row);
            observed.subjects.entry(key).or_insert(*place);
        }
        Ok(observed)
    }

    /// Returns references to the observations of rules, by their indexes.
    pub fn related(&self, rules: impl Iterator<Item = usize>) -> Vec<Value> {
        let indexes = rules.filter_map(|rule| self.of_rule.get(rule)).flatten();
        indexes
            .map(|index| json!({ "observation-uuid": self.uuids[*index] }))
            .collect()
    }

    /// Returns when the first finding of a rule is due, if one has a deadline.
    pub fn due(&self, rule_index: usize) -> Option<DateTime<Utc>> {
        self.due.get(rule_index).copied().flatten()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.uuids.is_empty()
    }

    /// Returns the observations, one after another.
    pub fn observations(&self) -> impl Iterator<Item = io::Result<Value>> {
        let places = self.report.findings.places().iter();
        places.zip(&self.uuids).map(|(place, uuid)| {
            let row = self.report.findings.read(place)?;
            Ok(observation(&row, uuid, self.report))
        })
    }

    /// Returns whom they are about, one after another.
    pub fn items(&self) -> impl Iterator<Item = io::Result<Value>> {
        let subjects = self.subjects.iter();
        subjects.map(|(key, place)| Ok(item(key, &self.report.findings.read(place)?)))
    }
}

/// Returns whom a finding is about: what they are, and in words.
fn subject(row: &FindingRow<'_>) -> (String, String) {
    let export = row.export.as_deref().unwrap_or("all exports");
    match (&row.customer_id, row.record) {
        (Some(id), _) => (format!("customer/{id}"), format!("Customer {id}")),
        (None, Some(record)) => (
            format!("record/{export}/{record}"),
            format!("Record {record} of {export}, a customer without an id"),
        ),
        (None, None) => (format!("export/{export}"), format!("Export: {export}")),
    }
}

/// Returns whom the first finding about them says that they are.
fn item(key: &str, row: &FindingRow<'_>) -> Value {
    let (_, said) = subject(row);
    let mut item = json!({ "uuid": uuid("subject", key), "description": one_line(&said) });
    let known = [
        ("customer-id", &row.customer_id),
        ("customer-name", &row.customer_name),
    ];
    let known = known.into_iter();
    let known: Vec<_> = known
        .filter_map(|(name, value)| prop(name, value.as_deref()?))
        .collect();
    if !known.is_empty() {
        item["props"] = known.into();
    }
    item
}

fn observation(row: &FindingRow<'_>, name: &str, report: &Report<'_>) -> Value {
    let (subject, _) = subject(row);
    let mut all = props([
        ("policy", row.policy.as_ref()),
        ("rule", row.rule.as_ref()),
        ("severity", row.severity.name()),
        ("status", row.status.as_ref()),
        ("reason", row.reason.as_ref()),
        ("fingerprint", row.fingerprint.as_ref()),
    ]);
    let export = row.export.as_deref();
    all.extend(
        row.customer_id
            .as_deref()
            .and_then(|id| prop("customer-id", id)),
    );
    all.extend(export.and_then(|export| prop("export", export)));
    all.extend(
        row.record
            .and_then(|record| prop("record", &record.to_string())),
    );
    if let Some(waiver) = &row.waiver {
        let known = [("waiver", &waiver.id), ("waiver-expires", &waiver.expires)];
        let known = known.into_iter();
        all.extend(known.filter_map(|(name, value)| prop(name, value)));
    }
    if let Some(life) = &row.life {
        let because = life.because.as_ref().map(|because| because.as_ref());
        let due = life.due.map(time::show);
        all.extend(prop("since", life.since.as_ref()));
        all.extend(because.and_then(|because| prop("because", because)));
        all.extend(prop("first-seen", &time::show(life.first_seen)));
        all.extend(due.and_then(|due| prop("due", &due)));
        all.extend(prop("overdue", &life.overdue.to_string()));
    }
    let mut observation = json!({
        "uuid": name,
        "title": one_line(&format!("{}/{}", row.policy, row.rule)),
        "description": one_line(&phrase::finding(row)),
        "props": all,
        "methods": ["TEST"],
        "types": ["finding"],
        "origins": [{ "actors": [{
            "type": "tool",
            "actor-uuid": tool_uuid(&report.header.tool),
        }]}],
        "subjects": [{ "subject-uuid": uuid("subject", &subject), "type": "inventory-item" }],
        "collected": report.header.as_of,
    });
    if let Some(waiver) = &row.waiver {
        observation["remarks"] = one_line(&format!("Waived by {}", phrase::waiver(waiver))).into();
    }
    if let Some(export) = export {
        let place = match row.record {
            Some(record) => format!("Record {record} of the export"),
            None => "All records of the export".to_owned(),
        };
        observation["relevant-evidence"] = json!([{ "href": uri(export), "description": place }]);
    }
    observation
}
