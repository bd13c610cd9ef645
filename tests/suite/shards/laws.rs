//! The law of a merge: random exports in all shapes, damaged too, in any number of parts, in
//! any order, some made twice, are the reports and the exit code of one run.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use serde_json::{Value, json};

use super::in_parts::InParts;
use crate::exports::customers::customers;
use crate::exports::shapes::shapes;
use crate::sound::accounts::Record;
use crate::support::Workspace;

/// Rounds that are tried, unless `PROPTEST_CASES` says another number.
const ROUNDS: u32 = 12;

pub const POLICY: &str = r#"
[policy]
id = "p"
scope.deletedAt = { present = false }

[[rule]]
id = "second-factor"
severity = "high"
when.hasPci = true
require.force2fa = true

[[rule]]
id = "name"
severity = "low"
require.name = { matches = "^[A-Z]" }

[[rule]]
id = "networks"
severity = "medium"
require.ipWhitelist = { min-prefix = { v4 = 16, v6 = 48 } }

[[rule]]
id = "contact"
severity = "high"
raise = { to = "critical", when.hasPci = true }
require.any = [
    { securityContactId = { present = true, differs-from = "ownerId" } },
    { billingContactId = { present = true } },
]

[[aggregate]]
id = "one-id"
severity = "high"
unique = { field = "id", copies = "differ" }

[[aggregate]]
id = "one-name"
severity = "low"
when.hasPci = true
unique = { field = "name", ignore-case = true, copies = "any" }

[[aggregate]]
id = "shared-contact"
severity = "medium"
shared = { field = "securityContactId", more-than = 3 }

[[aggregate]]
id = "fresh"
severity = "low"
newest = { field = "updatedAt", within = "36h" }

[[aggregate]]
id = "enough"
severity = "info"
records = { at-least = 90 }

[[aggregate]]
id = "most"
severity = "low"
pass-rate = { rule = "second-factor", at-least = "80%" }
"#;

pub const WAIVERS: &str = r#"
[[waiver]]
id = "w1"
policy = "p"
rule = "second-factor"
customer = "c3"
any-value = true
reason = "r"
requested-by = "a"
approved-by = "b"
approved = 2026-09-01
expires = 2026-11-01

[[waiver]]
id = "w2"
policy = "p"
rule = "contact"
customer = "c5"
value.billingContactId = { absent = "empty" }
reason = "r"
requested-by = "a"
approved-by = "b"
approved = 2026-09-01
expires = 2026-11-01

[[waiver]]
id = "w3"
policy = "p"
rule = "one-name"
customer = "c1"
any-value = true
reason = "r"
requested-by = "a"
approved-by = "b"
approved = 2026-09-01
expires = 2026-11-01
"#;

/// Values that a flag may have in an export.
fn flag() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!(true)),
        4 => Just(json!(false)),
        1 => Just(Value::Null),
        1 => Just(json!("")),
        1 => Just(json!("maybe")),
    ]
}

/// Texts that hold what separates records, rows and lines, some of them as a record.
fn text() -> impl Strategy<Value = Value> {
    let texts = [
        "Ann",
        "bob",
        "BOB",
        "",
        "},{\"id\":\"x\"",
        "}\n{",
        "a,b\n1,2",
        "\"q\"",
        "\\",
        "Łódź",
    ];
    select(texts.to_vec()).prop_map(Value::from)
}

fn networks() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("192.0.2.0/24")),
        Just(json!("0.0.0.0/0, 2001:db8::/32")),
        Just(json!("nonsense")),
        Just(json!([])),
    ]
}

/// A customer, of whom there may be several of an id, or none.
pub fn record() -> impl Strategy<Value = Record> {
    let id = prop_oneof![
        9 => (0..400u32).prop_map(|id| json!(format!("c{id}"))),
        1 => Just(Value::Null),
    ];
    let contact = prop_oneof![
        (0..30u32).prop_map(|id| json!(format!("k{id}"))),
        Just(Value::Null)
    ];
    let time = prop_oneof![
        5 => Just(json!("2026-09-30T12:00:00Z")),
        3 => Just(json!("2024-01-01T00:00:00Z")),
        1 => Just(json!("never")),
        1 => Just(Value::Null),
    ];
    let deleted = prop_oneof![6 => Just(Value::Null), 1 => Just(json!("2025-01-01T00:00:00Z"))];
    let unknown = prop_oneof![4 => Just(None), 1 => (0..50u32).prop_map(Some)];
    (
        (id, text(), flag(), flag(), contact),
        (time, deleted, networks(), unknown, 0..3usize),
    )
        .prop_map(
            |((id, name, mfa, pci, contact), (time, deleted, networks, unknown, pad))| {
                let record = json!({
                    "id": id, "name": name, "force_2fa": mfa, "has_pci": pci,
                    "security_contact_id": contact, "owner_id": "k1", "billing_contact_id": "",
                    "updated_at": time, "deleted_at": deleted, "ip_whitelist": networks,
                    "note": "x".repeat(pad * 100),
                });
                let Value::Object(mut record) = record else {
                    unreachable!("an object")
                };
                if let Some(key) = unknown {
                    record.insert(format!("unknown_{key}"), json!(1));
                }
                record
            },
        )
}

/// What happens to the bytes of an export.
#[derive(Clone, Debug)]
pub enum Damage {
    None,
    /// Bytes at some places are others.
    Bytes(Vec<(Index, u8)>),
    /// It ends early.
    Cut(Index),
    /// This stands at a place.
    Insert(Index, &'static str),
    /// Some bytes are missing.
    Lost(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let inserted = select(vec![
        "{",
        "}",
        "\"",
        "\n",
        "[",
        "]",
        ",",
        "{\"id\":}",
        "\u{7f}",
    ]);
    prop_oneof![
        6 => Just(Damage::None),
        1 => proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4).prop_map(Damage::Bytes),
        1 => any::<Index>().prop_map(Damage::Cut),
        2 => (any::<Index>(), inserted).prop_map(|(at, text)| Damage::Insert(at, text)),
        1 => (any::<Index>(), 1..40usize).prop_map(|(at, lost)| Damage::Lost(at, lost)),
    ]
}

impl Damage {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        match self {
            Self::None => {}
            Self::Bytes(all) => {
                for (at, byte) in all {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Insert(at, text) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, text.bytes());
            }
            Self::Lost(at, lost) => {
                let at = at.index(bytes.len());
                let end = (at + lost).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        bytes
    }
}

/// How an export is packed.
#[derive(Clone, Copy, Debug)]
enum Pack {
    Plain,
    Gzip,
    Zstd,
}

impl Pack {
    fn apply(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Plain => bytes,
            Self::Gzip => {
                let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
                packer.write_all(&bytes).unwrap();
                packer.finish().unwrap()
            }
            Self::Zstd => zstd::encode_all(bytes.as_slice(), 1).unwrap(),
        }
    }
}

/// A file, or several, of one shape.
#[derive(Clone, Debug)]
struct Export {
    shape: usize,
    records: Vec<Record>,
    /// How often all records are repeated: what is short is not cut.
    times: usize,
    damage: Damage,
    pack: Pack,
}

fn export() -> impl Strategy<Value = Export> {
    let records = prop_oneof![
        1 => Just(Vec::new()),
        3 => proptest::collection::vec(record(), 1..20),
        6 => proptest::collection::vec(record(), 100..250),
    ];
    let times = prop_oneof![2 => Just(1usize), 5 => 5..12usize];
    let shape = prop_oneof![
        // Those that can be cut.
        3 => 0..3usize,
        1 => 3..shapes().count() + 3,
    ];
    let pack = prop_oneof![
        8 => Just(Pack::Plain),
        1 => Just(Pack::Gzip),
        1 => Just(Pack::Zstd),
    ];
    (shape, records, times, damage(), pack).prop_map(|(shape, records, times, damage, pack)| {
        Export {
            shape,
            records,
            times,
            damage,
            pack,
        }
    })
}

/// Rows of a table with a quoted cell.
fn csv(records: &[Record]) -> String {
    let mut text = "id,name,force_2fa,has_pci,security_contact_id,updated_at,note\n".to_owned();
    for record in records {
        let cells = ["id", "name", "force_2fa", "has_pci", "security_contact_id"];
        let cells = cells.into_iter().chain(["updated_at", "note"]);
        let cells = cells.map(|key| match &record[key] {
            Value::Null => String::new(),
            Value::String(text) if text.contains(['"', ',', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

impl Export {
    fn files(&self) -> Vec<Vec<u8>> {
        let records = vec![self.records.clone(); self.times].concat();
        let texts = match self.shape {
            0 => vec![crate::sound::shapes::lines(records.into_iter())],
            1 => vec![json!(records).to_string()],
            2 => vec![csv(&records)],
            shape => {
                let (_, write) = shapes().nth(shape - 3).unwrap();
                // These write what a sound customer has.
                write(&customers(records.len().min(300)))
            }
        };
        let texts = texts.into_iter().take(6);
        texts
            .map(|text| self.pack.apply(self.damage.apply(text.into_bytes())))
            .collect()
    }
}

proptest! {
    #![proptest_config(Config { cases: ROUNDS, ..Config::default() })]
    #[test]
    fn a_merge_writes_what_one_run_writes(
        exports in proptest::collection::vec(export(), 1..4),
        parts in prop_oneof![3 => 1..8u64, 1 => 8..64u64],
        order in any::<Index>(),
        twice in any::<Index>(),
        options in proptest::collection::vec(select(vec![
            "--show-sensitive", "--only=p/name", "--skip=p/one-name",
        ]), 0..2),
        threads in 1..4u16,
    ) {
        let workspace = Workspace::with_policy(POLICY);
        workspace.write("waivers.toml", WAIVERS);
        let files: Vec<_> = exports.iter().flat_map(Export::files).collect();
        let names: Vec<_> = (0..files.len()).map(|number| format!("e{number}")).collect();
        for (name, bytes) in names.iter().zip(&files) {
            workspace.write(name, bytes);
        }
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut options = options;
        options.sort_unstable();
        options.dedup();
        let in_parts = InParts::new(&names, parts)
            .judged(&options)
            .judged(&["--waivers", "waivers.toml"])
            .sharded(&["-j", &threads.to_string(), "--records"])
            .reported(&["--matrix", "out/r.matrix.csv"]);
        let mut partials = in_parts.shards(&workspace);
        let made_again = partials[twice.index(partials.len())].clone();
        let copy = format!("again-{made_again}");
        std::fs::copy(workspace.path(&made_again), workspace.path(&copy)).unwrap();
        partials.push(copy);
        let turn = order.index(partials.len());
        partials.rotate_left(turn);
        partials.reverse();
        let shapes: Vec<_> = exports.iter().map(|one| (one.shape, &one.damage)).collect();
        in_parts.is_the_same_of(&workspace, partials, &format!("{shapes:?} in {parts} parts"));
    }
}
