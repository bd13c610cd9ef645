//! What each stage costs, in bytes and records a second: decoding, judging,
//! wording. The exports are those of `generate`.

use std::convert::Infallible;
use std::hint::black_box;
use std::path::PathBuf;

use audit::aggregate::Gathered;
use audit::evaluate::{Context, Judge};
use audit::export::{
    Format, MAX_RECORD_BYTES, Reader, Remark, Sink, State, Stop, Unread, Unreadable,
};
use audit::finding::{Finding, Privacy, Summary};
use audit::policy::Policies;
use audit::record::{Key, Raw, Record};
use audit::report::{self, Column, Header, RenderedChunk, Renderers, Screen, Settings};
use bumpalo::Bump;
use chrono::DateTime;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value};

use customer::{Customer, Mix};
use shape::{Shape, Spelling, Writer};

#[allow(dead_code, reason = "the generator uses all of it")]
#[path = "generate/customer.rs"]
mod customer;
#[path = "generate/networks.rs"]
mod networks;
#[path = "generate/random.rs"]
mod random;
#[path = "generate/shape.rs"]
mod shape;

const CUSTOMERS: u64 = 10_000;

fn export(shape: Shape, hostile: bool) -> Vec<u8> {
    let mix = Mix {
        seed: 1,
        hostile,
        plain: false,
        damaged: false,
    };
    let writer = Writer::new(shape, Spelling::Snake);
    let mut customer = Customer::new();
    let mut out = Vec::new();
    writer.start(&mut out);
    for index in 0..CUSTOMERS {
        customer.become_customer(mix, index);
        writer.record(&mut out, index, &customer);
    }
    writer.end(&mut out);
    out
}

fn policies(name: &str) -> Policies {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("benches")
        .join(name);
    let as_of = DateTime::from_timestamp(1_767_225_600, 0).expect("a time");
    Policies::load(&[path], as_of, &[]).expect("sound policies")
}

/// Takes records in, and looks at nothing.
struct Nothing;

impl Sink for Nothing {
    type Error = Infallible;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
        black_box(record);
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
        Ok(())
    }
}

fn decode(criterion: &mut Criterion) {
    let policies = policies("six.toml");
    let mut group = criterion.benchmark_group("decode");
    for (name, shape) in [
        ("ndjson", Shape::Ndjson),
        ("array", Shape::Array),
        ("pretty", Shape::Pretty),
        ("csv", Shape::Csv),
    ] {
        let bytes = export(shape, false);
        group.throughput(Throughput::ElementsAndBytes {
            elements: CUSTOMERS,
            bytes: bytes.len() as u64,
        });
        let mut reader = Reader::new(&policies.schema, MAX_RECORD_BYTES);
        group.bench_function(name, |bencher| {
            bencher.iter(|| reader.read(State::Start(Format::Auto), &bytes, true, &mut Nothing));
        });
    }
    group.finish();
}

/// The lines of an NDJSON export, parsed by somebody else.
fn lines(ndjson: &[u8]) -> Vec<Map<String, Value>> {
    ndjson
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("an object"))
        .collect()
}

fn records<'l>(
    policies: &Policies,
    lines: &'l [Map<String, Value>],
    texts: &'l Bump,
) -> Vec<Record<'l>> {
    let schema = &policies.schema;
    lines
        .iter()
        .map(|line| {
            let mut record = Record::new(schema, texts);
            for (key, value) in line {
                if let Key::Wanted(slot, _) = schema.key(key) {
                    record.set(schema, slot, raw(value, texts));
                }
            }
            record
        })
        .collect()
}

fn raw<'l>(value: &'l Value, texts: &'l Bump) -> Raw<'l> {
    match value {
        Value::Null => Raw::Null,
        Value::Bool(flag) => Raw::Bool(*flag),
        Value::Number(number) => Raw::Text(texts.alloc_str(&number.to_string())),
        Value::String(text) => Raw::Text(text),
        Value::Array(_) => Raw::Array(texts.alloc_str(&value.to_string())),
        Value::Object(_) => Raw::Object,
    }
}

const CONTEXT: Context<'static> = Context {
    export: "export.json",
    number: 1,
    privacy: Privacy::Redacted,
};

fn evaluate(criterion: &mut Criterion) {
    let texts = Bump::new();
    let lines = lines(&export(Shape::Ndjson, false));
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(CUSTOMERS));
    for name in ["six.toml", "hundred.toml"] {
        let policies = policies(name);
        let records = records(&policies, &lines, &texts);
        let mut judge = Judge::new(&policies);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut summary = Summary::new(&policies);
                let mut partial = Gathered::default();
                for record in &records {
                    let found = |finding: &Finding<'_>| {
                        black_box(finding.rule_index);
                        Ok::<_, Infallible>(())
                    };
                    let judged = judge.judge(record, CONTEXT, &mut summary, &mut partial, found);
                    judged.unwrap_or_else(|never| match never {});
                }
                judge.finish(&mut summary);
                summary
            });
        });
    }
    group.finish();
}

fn word(criterion: &mut Criterion) {
    let policies = policies("sixteen.toml");
    let texts = Bump::new();
    let lines = lines(&export(Shape::Ndjson, true));
    let records = records(&policies, &lines[..1000], &texts);
    let head = Header::new(&policies, DateTime::UNIX_EPOCH);
    let settings = Settings {
        columns: Column::ALL.to_vec(),
        max_chars: Default::default(),
        whole: Vec::new(),
        listed: Vec::new(),
        job: None,
    };
    let mut group = criterion.benchmark_group("report");
    for format in [
        report::Format::Csv,
        report::Format::Json,
        report::Format::Ndjson,
    ] {
        let halves = report::new_report(format, &head, &settings, Screen::NONE);
        let renderers: Renderers = [halves.expect("memory").0].into_iter().collect();
        let worded = || worded(&policies, &records, &renderers);
        let bytes = worded().iter_mut().map(|one| one.bytes.len() as u64).sum();
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(format.name()), |bencher| {
            bencher.iter(worded);
        });
    }
    group.finish();
}

/// Renders all findings on the records, for one report.
fn worded(policies: &Policies, records: &[Record<'_>], renderers: &Renderers) -> RenderedChunk {
    let mut judge = Judge::new(policies);
    let mut summary = Summary::new(policies);
    let mut partial = Gathered::default();
    let mut chunk = RenderedChunk::default();
    for record in records {
        let found = |finding: &Finding<'_>| {
            renderers.finding(finding, &mut chunk, None, |_| Ok::<_, std::io::Error>(()))
        };
        let judged = judge.judge(record, CONTEXT, &mut summary, &mut partial, found);
        judged.expect("memory");
    }
    chunk
}

criterion_group!(stages, decode, evaluate, word);
criterion_main!(stages);
