//! The findings as observations on whom they are about.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::part::{one_line, prop, props, uuid};
use crate::report::format::buffered::Report;
use crate::report::markup::uri;
use crate::report::model::row::FindingRow;
use crate::report::phrase;

/// Our findings as observations, and whom they are about.
pub struct Observed<'r> {
    pub all: Vec<Value>,
    /// Customers and others by what they are.
    pub subjects: BTreeMap<String, Value>,
    /// The UUIDs of the observations by policy and rule.
    pub of_rule: HashMap<(&'r str, &'r str), Vec<String>>,
}

impl<'r> Observed<'r> {
    pub fn new(report: &'r Report<'_>) -> Self {
        let mut observed = Self {
            all: Vec::new(),
            subjects: BTreeMap::new(),
            of_rule: HashMap::new(),
        };
        let mut met: HashMap<String, u64> = HashMap::new();
        for row in &report.findings {
            // Records with the same id share a fingerprint.
            let key = row.key();
            let times = met.entry(key.to_string()).or_default();
            let name = match *times {
                0 => key.into_owned(),
                times => format!("{key}/{times}"),
            };
            *times += 1;
            let uuid = uuid("observation", &name);
            let subject = observed.subject(row);
            observed.all.push(observation(row, &uuid, &subject, report));
            let rule = (row.policy.as_ref(), row.rule.as_ref());
            observed.of_rule.entry(rule).or_default().push(uuid);
        }
        observed
    }

    /// The UUID of whom a finding is about.
    fn subject(&mut self, row: &FindingRow<'_>) -> String {
        let export = row.export.as_deref().unwrap_or("all exports");
        let (key, said) = match (&row.customer_id, row.record) {
            (Some(id), _) => (format!("customer/{id}"), format!("Customer {id}")),
            (None, Some(record)) => (
                format!("record/{export}/{record}"),
                format!("Record {record} of {export}, a customer without an id"),
            ),
            (None, None) => (format!("export/{export}"), format!("Export: {export}")),
        };
        let uuid = uuid("subject", &key);
        self.subjects.entry(key).or_insert_with(|| {
            let mut item = json!({ "uuid": uuid, "description": one_line(&said) });
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
        });
        uuid
    }
}

fn observation(row: &FindingRow<'_>, uuid: &str, subject: &str, report: &Report<'_>) -> Value {
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
    let mut observation = json!({
        "uuid": uuid,
        "title": one_line(&format!("{}/{}", row.policy, row.rule)),
        "description": one_line(&phrase::finding(row)),
        "props": all,
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": [{ "subject-uuid": subject, "type": "inventory-item" }],
        "collected": report.header.as_of,
    });
    if let Some(export) = export {
        let place = match row.record {
            Some(record) => format!("Record {record} of the export"),
            None => "All records of the export".to_owned(),
        };
        observation["relevant-evidence"] = json!([{ "href": uri(export), "description": place }]);
    }
    observation
}
