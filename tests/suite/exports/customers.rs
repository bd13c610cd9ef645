//! Invented customers, of whom some meet a policy and some do not.

use serde_json::{Value, json};

use crate::sound::accounts::{Record, sound};

/// `seen` finds every customer, and counts for nothing; the other rules each find some.
pub const POLICY: &str = r#"
[policy]
id = "shapes"
scope.deletedAt = { present = false }
on-absent = "fail"

[[rule]]
id = "seen"
severity = "info"
require.id = { equals = "nobody" }

[[rule]]
id = "second-factor"
severity = "critical"
when.hasPci = true
require.any = [{ force2fa = true }, { forceSso = true }]

[[rule]]
id = "networks"
severity = "medium"
require.ipWhitelist = { min-prefix = { v4 = 16, v6 = 48 } }

[[rule]]
id = "contact"
severity = "high"
require.securityContactId = { present = true, differs-from = "ownerId" }

[[rule]]
id = "billing"
severity = "low"
when.createdAt = { older-than = "90d" }
require.billingContactId = { present = true }
"#;

/// Names that hold what separates records, cells or lines.
const NAMES: [&str; 7] = [
    "Ferry & Sons",
    "Braces },{ of \"Ghent\"",
    "Two\nLines",
    "Comma, Semicolon; Pipe|Tab\t.",
    "back\\slash \\N",
    "Łódź 東京 Ünïcode",
    "[\"array\"]",
];

/// So many customers in the order of their ids: of eight, one meets every rule, one was
/// deleted, and each of the others misses a rule or two.
pub fn customers(count: usize) -> Vec<Record> {
    let accounts = sound();
    let live: Vec<_> = accounts
        .iter()
        .filter(|account| account["deleted_at"].is_null())
        .collect();
    let customer = |number: usize| {
        let mut record = live[number % live.len()].clone();
        let mut set = |key: &str, value: Value| _ = record.insert(key.to_owned(), value);
        set("id", format!("cu{number:04}").into());
        set("name", NAMES[number % NAMES.len()].into());
        match number % 8 {
            1 => {
                set("has_pci", true.into());
                set("force_2fa", false.into());
                set("force_sso", false.into());
            }
            2 => set("ip_whitelist", "0.0.0.0/0".into()),
            3 => set("security_contact_id", Value::Null),
            4 => set("billing_contact_id", Value::Null),
            5 => {
                set("security_contact_id", "owner5".into());
                set("owner_id", "owner5".into());
            }
            6 => {
                set("deleted_at", "2024-06-01T00:00:00Z".into());
                set("ip_whitelist", "0.0.0.0/0".into());
                set("force_2fa", false.into());
            }
            7 => set("ip_whitelist", "192.0.2.7, 10.0.0.0/8,2001:db8::/32".into()),
            _ => {}
        }
        record
    };
    (0..count).map(customer).collect()
}

/// The accounts that meet every rule, of which one signs in without a second factor.
pub fn one_bad(at: usize) -> (Vec<Record>, String) {
    let mut records = sound();
    records.retain(|record| record["deleted_at"].is_null());
    let bad = at % records.len();
    for (key, value) in [
        ("has_pci", true),
        ("force_2fa", false),
        ("force_sso", false),
    ] {
        records[bad].insert(key.to_owned(), json!(value));
    }
    let id = records[bad]["id"].as_str().unwrap().to_owned();
    (records, id)
}
