//! Policies and exports made up for the program and the reference to agree on.

pub mod aggregate;
pub mod asked;
pub mod check;
pub mod csv;
pub mod json;
pub mod policy;
pub mod record;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;

use super::field::{FIELDS, Kind};

/// Fields that policies and records speak of more often than of others, so
/// that they speak of the same.
const COMMON: [(&str, Kind); 18] = [
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("ownerId", Kind::Text),
    ("securityContactId", Kind::Text),
    ("billingNetworkType", Kind::Text),
    ("force2fa", Kind::Flag),
    ("forceSso", Kind::Flag),
    ("hasPci", Kind::Flag),
    ("createdAt", Kind::Time),
    ("updatedAt", Kind::Time),
    ("deletedAt", Kind::Time),
    ("ipWhitelist", Kind::Networks),
    DECLARED[0],
    DECLARED[1],
    DECLARED[2],
    DECLARED[3],
    DECLARED[4],
    DECLARED[5],
];

/// Fields beyond the 28, declared by every policy.
const DECLARED: [(&str, Kind); 6] = [
    ("canStreamSyslog", Kind::Flag),
    ("tier", Kind::Text),
    ("seenAt", Kind::Time),
    ("officeRanges", Kind::Networks),
    ("serviceCount", Kind::Number),
    ("seatCount", Kind::Number),
];

/// Texts that policies and records share.
const TEXTS: [&str; 16] = [
    "c1",
    "c2",
    "C1",
    " c1",
    "u1",
    "public",
    "private",
    "true",
    "0",
    "Ünïcode GmbH",
    "=1+1",
    "a,b;c\td",
    "two\nlines\r\nand \"quotes\"",
    "back\\slash \u{1f600}",
    "bell\u{7}\u{202e}",
    "null",
];

/// Numbers that policies and records share.
const NUMBERS: [u32; 6] = [0, 1, 2, 3, 10, 4000];

/// The clock of the runs.
pub fn as_of() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub fn field() -> impl Strategy<Value = (&'static str, Kind)> {
    prop_oneof![9 => select(COMMON.to_vec()), 1 => select(FIELDS.to_vec())]
}

/// Instants around the clock, around the limits that policies set, and far
/// from both.
fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let days = select(vec![0, 0, -1, -90, -182, -365, 1, 90, -3000, -20_454]);
    let seconds = select(vec![0, 0, 1, -1, 43_200, -43_200]);
    (days, seconds)
        .prop_map(|(days, seconds)| as_of() + TimeDelta::days(days) + TimeDelta::seconds(seconds))
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
