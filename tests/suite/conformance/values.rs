//! Every JSON case, alone and in every place among records.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::cases::{self, Case, Label};
use super::{AFTER, FIRST_BATCH, before, read, workspace};
use crate::support::Run;

/// Cases that alone are reported by nothing but that there is no record.
const NOTHING: [&str; 2] = ["two arrays", "a byte order mark"];

/// Objects that have room for records, and hold none.
const ROOM: [&str; 1] = ["blanks inside"];

/// Open arrays that with the element on the next line are one array.
const JOINED: [&str; 3] = [
    "an array that is not closed",
    "an array of an open array",
    "an array over lines that is not closed",
];

/// How cases stand among other records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Each on its line.
    Lines,
    /// In an array, each on its line.
    Array,
    /// In an array on one line.
    Compact,
}

impl Layout {
    fn write(self, values: &[&[u8]]) -> Vec<u8> {
        match self {
            Layout::Lines => values.join(&b"\n"[..]),
            Layout::Array => [b"[\n", &*values.join(&b",\n"[..]), b"\n]"].concat(),
            Layout::Compact => [b"[", &*values.join(&b","[..]), b"]"].concat(),
        }
    }
}

/// What a JSON value is, by its first byte.
fn first_byte(case: &Case) -> u8 {
    let blank = |byte: &&u8| !byte.is_ascii_whitespace();
    *case.bytes.iter().find(blank).unwrap_or(&b' ')
}

fn judged(run: &Run, id: &str) -> bool {
    run.found("sso").iter().any(|found| found == id)
}

/// Everything that was not as wanted, reported at once.
#[derive(Default)]
struct Wanted(Vec<String>);

impl Wanted {
    fn that(&mut self, case: &Case, layout: Layout, holds: bool, what: &str, run: &Run) {
        if !holds {
            let said = run
                .stderr
                .lines()
                .take(4)
                .collect::<Vec<_>>()
                .join("\n    ");
            let (name, code) = (case.name, run.code);
            self.0.push(format!(
                "{name} ({layout:?}): {what}; exit {code}\n    {said}"
            ));
        }
    }

    fn settle(self) {
        assert!(self.0.is_empty(), "{}\n{}", self.0.join("\n"), self.0.len());
    }
}

/// What an open quote or bracket takes in on its own line is anyone's guess.
fn may_join(case: &Case, layout: Layout) -> bool {
    match layout {
        Layout::Lines => false,
        Layout::Array => JOINED.contains(&case.name),
        Layout::Compact => case.label == Label::Open,
    }
}

/// What holds wherever a case is between two records.
fn neighbours(wanted: &mut Wanted, case: &Case, layout: Layout, run: &Run) {
    let mut that = |holds, what| wanted.that(case, layout, holds, what, run);
    that(judged(run, "before"), "the record before is judged");
    if !may_join(case, layout) {
        that(judged(run, "after"), "the record after is judged");
    }
    let (_, rejected) = run.counts();
    let code = if rejected > 0 { 3 } else { run.code };
    that(run.code == code, "what is rejected makes it 3");
    that(matches!(run.code, 1 | 3), "it is 1 or 3");
    let is_nothing = layout == Layout::Lines && NOTHING.contains(&case.name);
    if matches!(case.label, Label::Invalid | Label::Open) && !is_nothing {
        // A comma or a bracket between records is a flaw of the export.
        let unread = !run.problem().is_empty();
        that(rejected > 0 || unread, "something is reported");
        that(run.code == 3, "it is 3");
        that(tells_where(run), "the rejected are told");
    }
}

/// Whether stderr and the report both tell record, byte and cause.
fn tells_where(run: &Run) -> bool {
    let report = run.report();
    let mut rejected = report["rejected"].as_array().unwrap().iter();
    rejected.all(|item| {
        item["record"].as_u64() > Some(0)
            && item["offset"].is_u64()
            && item["cause"]
                .as_str()
                .is_some_and(|cause| !cause.is_empty())
    }) && (!run.problem().is_empty()
        || run.stderr.contains("rejected ")
            && run.stderr.contains(": record ")
            && run.stderr.contains(" at byte "))
}

#[test]
fn the_table_is_labelled_as_the_judge_of_json_would() {
    let cases = cases::all();
    assert!(cases.len() > 250);
    for case in cases {
        let text = std::str::from_utf8(&case.bytes);
        let valid = text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        match case.label {
            Label::Valid => assert!(valid, "{}", case.name),
            Label::Invalid | Label::Open => assert!(!valid, "{}", case.name),
            Label::Either => {}
        }
    }
}

#[test]
fn a_case_alone_is_never_clean() {
    let workspace = workspace();
    let mut wanted = Wanted::default();
    for case in cases::all() {
        let run = read(&workspace, case.name, &case.bytes, &[]);
        let mut that = |holds, what| wanted.that(&case, Layout::Lines, holds, what, &run);
        that(run.code == 3, "no case has what a rule needs");
        let (records, rejected) = run.counts();
        let unread = !run.problem().is_empty();
        let bare = !matches!(first_byte(&case), b'{' | b'[');
        match case.label {
            Label::Valid if ROOM.contains(&case.name) => that(records == 0, "it is empty"),
            Label::Valid if bare => that(rejected == 1, "it is no record"),
            Label::Valid => that(records == records_in(&case), "each element is a record"),
            Label::Invalid if NOTHING.contains(&case.name) => {}
            Label::Invalid | Label::Open => that(rejected > 0 || unread, "it is reported"),
            Label::Either => {}
        }
    }
    wanted.settle();
}

fn records_in(case: &Case) -> u64 {
    records_in_json(&case.bytes)
}

/// The elements of an array and of the arrays in it, or one for anything else.
fn records_in_json(json: &[u8]) -> u64 {
    match serde_json::from_slice::<Vec<Box<RawValue>>>(json) {
        Ok(elements) => elements
            .iter()
            .map(|element| records_in_json(element.get().as_bytes()))
            .sum(),
        Err(_) => 1,
    }
}

#[test]
fn a_case_alone_is_read_alike_after_many_blanks() {
    let workspace = workspace();
    for case in cases::all() {
        let export = [&b"\n".repeat(FIRST_BATCH), &*case.bytes].concat();
        let run = read(&workspace, case.name, &export, &[]);
        assert_eq!(run.code, 3, "{}", case.name);
    }
}

/// Each case as a value between two records.
fn values_between(layout: Layout) {
    let workspace = workspace();
    let mut wanted = Wanted::default();
    for case in cases::all() {
        let export = layout.write(&[&before(), &case.bytes, AFTER]);
        let run = read(&workspace, case.name, &export, &[]);
        neighbours(&mut wanted, &case, layout, &run);
        if case.label == Label::Valid {
            let values = records_in(&case);
            let accepted = run.found("sso").len() as u64;
            let alone = run.counts() == (2 + values, 2 + values - accepted);
            wanted.that(&case, layout, alone, "each value is read or rejected", &run);
        }
    }
    wanted.settle();
}

#[test]
fn a_case_on_its_line_takes_no_neighbour_along() {
    values_between(Layout::Lines);
}

#[test]
fn a_case_among_elements_takes_no_neighbour_along() {
    values_between(Layout::Array);
}

#[test]
fn a_case_among_elements_of_one_line_takes_no_neighbour_along() {
    values_between(Layout::Compact);
}

/// Each case as the value of a key of the record in the middle.
fn under_key(key: &str, layout: Layout, more: impl Fn(&mut Wanted, &Case, &Run)) {
    let workspace = workspace();
    let mut wanted = Wanted::default();
    for case in cases::all() {
        let head = format!(r#"{{"id":"middle",{key}:"#).into_bytes();
        let record = [&*head, &case.bytes, br#","force_sso":false}"#].concat();
        let export = layout.write(&[&before(), &record, AFTER]);
        let run = read(&workspace, case.name, &export, &[]);
        neighbours(&mut wanted, &case, layout, &run);
        if case.label == Label::Valid {
            let whole = run.counts() == (3, 0) && judged(&run, "middle");
            wanted.that(&case, layout, whole, "the record is judged", &run);
            more(&mut wanted, &case, &run);
        }
    }
    wanted.settle();
}

fn unknown_key(layout: Layout) {
    under_key("\"x\"", layout, |wanted, case, run| {
        wanted.that(case, layout, run.code == 1, "nobody asks for it", run);
    });
}

#[test]
fn under_an_unknown_key_a_case_spoils_its_record_alone_in_lines() {
    unknown_key(Layout::Lines);
}

#[test]
fn under_an_unknown_key_a_case_spoils_its_record_alone_in_an_array() {
    unknown_key(Layout::Array);
}

#[test]
fn under_an_unknown_key_a_case_spoils_its_record_alone_on_one_line() {
    unknown_key(Layout::Compact);
}

/// What the rule that asks for a name says of a name like this.
fn name_reason(case: &Case) -> Option<&'static str> {
    let text = serde_json::from_slice::<String>(&case.bytes);
    match (first_byte(case), text) {
        (b'n', _) => Some("null"),
        (_, Ok(text)) => text.trim().is_empty().then_some("empty"),
        (b'-' | b'0'..=b'9', _) => None,
        _ => Some("wrong-type"),
    }
}

fn name(layout: Layout) {
    under_key("\"name\"", layout, |wanted, case, run| {
        let reasons = run.reasons("name");
        let reason = reasons.iter().find(|(id, _)| id == "middle");
        let reason = reason.map(|(_, reason)| reason.as_str());
        let right = reason == name_reason(case);
        wanted.that(case, layout, right, "the name is read for what it is", run);
        let code = if reason == Some("wrong-type") { 3 } else { 1 };
        wanted.that(case, layout, run.code == code, "bad is not absent", run);
    });
}

#[test]
fn as_a_name_a_case_spoils_its_record_alone_in_lines() {
    name(Layout::Lines);
}

#[test]
fn as_a_name_a_case_spoils_its_record_alone_in_an_array() {
    name(Layout::Array);
}

#[test]
fn as_a_name_a_case_spoils_its_record_alone_on_one_line() {
    name(Layout::Compact);
}
