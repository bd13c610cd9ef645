//! Exports that end too early, at any byte.

use super::{FIRST_BATCH, read_alike, record, workspace};
use crate::support::{Run, Workspace, check};

const IDS: [&str; 3] = ["r0", "r1", "r2"];

/// An export, and where each of its records ends.
struct Whole {
    text: String,
    ends: Vec<usize>,
    /// Where it can end early and still be whole.
    borders: Vec<usize>,
}

/// Records between a head and a tail.
fn whole(head: &str, separator: &str, tail: &str, pad: usize) -> Whole {
    let mut text = head.to_owned();
    let mut ends = Vec::new();
    for id in IDS {
        if !ends.is_empty() {
            text.push_str(separator);
        }
        if ends.is_empty() && pad > 0 {
            let pad = "a".repeat(pad);
            text.push_str(&format!(r#"{{"pad":"{pad}",{}"#, &record(id)[1..]));
        } else {
            text.push_str(&record(id));
        }
        ends.push(text.len());
    }
    text.push_str(tail);
    let borders = vec![text.trim_end().len(), text.len()];
    Whole {
        text,
        ends,
        borders,
    }
}

/// The first bytes, and all from the first record on.
fn cuts(whole: &Whole) -> impl Iterator<Item = usize> {
    let first = whole.ends[0] - record(IDS[0]).len();
    (0..first.min(40)).chain(first..=whole.text.len())
}

fn cut_everywhere(whole: &Whole) {
    let workspace = workspace();
    for cut in cuts(whole) {
        let export = &whole.text.as_bytes()[..cut];
        let what = format!("cut at {cut} of {}", whole.text.len());
        // Shorter ones are read in one batch.
        let runs = if whole.text.len() < FIRST_BATCH {
            &[][..]
        } else {
            &[("13", "3")]
        };
        let run = read_alike(&workspace, &what, export, &[], runs);
        let read = whole.ends.iter().filter(|end| **end <= cut).count();
        check(run.found("sso") == IDS[..read], &what, &run);
        let code = if whole.borders.contains(&cut) { 1 } else { 3 };
        check(run.code == code, &what, &run);
    }
}

#[test]
fn an_array_that_is_cut_is_judged_as_far_as_it_goes() {
    cut_everywhere(&whole("[", ",", "]\n", 0));
    cut_everywhere(&whole("[", " ,\n  ", "\n]\n", FIRST_BATCH));
}

#[test]
fn a_wrapper_that_is_cut_is_judged_as_far_as_it_goes() {
    let tail = r#"],"next":null}"#;
    cut_everywhere(&whole(r#"{"meta":{"n":[1]},"data":["#, ",", tail, 0));
    cut_everywhere(&whole(r#"{"data":["#, ",\n", "]\n}\n", FIRST_BATCH));
}

fn lines(separator: &str, tail: &str, pad: usize) -> Whole {
    let mut lines = whole("", separator, tail, pad);
    // Between two records nothing is missing.
    let ends = lines.ends.clone();
    let border = |end: &usize| *end..=*end + separator.len();
    lines.borders.extend(ends.iter().flat_map(border));
    lines
}

#[test]
fn lines_that_are_cut_are_judged_as_far_as_they_go() {
    cut_everywhere(&lines("\n", "\n", 0));
    cut_everywhere(&lines("\r\n", "\r\n", FIRST_BATCH));
}

#[test]
fn objects_in_a_row_that_are_cut_are_judged_as_far_as_they_go() {
    cut_everywhere(&lines("", "", 0));
}

#[test]
fn rows_that_are_cut_are_judged_as_far_as_they_go() {
    let header = "id,name,force_sso\r\n";
    let rows = IDS.map(|id| format!("{id},\"a\nb\",false\r\n"));
    let text = format!("{header}{}", rows.concat());
    let workspace = workspace();
    for cut in 0..text.len() {
        let run = workspace.audit_bytes(&text.as_bytes()[..cut]);
        check_row_cut(cut, header, &rows[0], &run);
    }
}

/// The whole rows are judged; one that lacks a cell, or its last quote, is reported.
fn check_row_cut(cut: usize, header: &str, row: &str, run: &Run) {
    let body = cut.saturating_sub(header.len());
    let (whole, part) = (body / row.len(), body % row.len());
    let found = run.found("sso");
    let what = format!("cut at {cut}");
    check(
        found.starts_with(&IDS.map(String::from)[..whole]),
        &what,
        run,
    );
    let cells = row[..part].matches(',').count();
    if part > 0 && cells < 2 || body == 0 {
        check(run.code == 3, &what, run);
    }
}

/// All that a packed export says when it is cut at each byte.
pub fn cut_packed(workspace: &Workspace, packed: &[u8]) {
    for cut in 0..packed.len() {
        let what = format!("cut at {cut} of {}", packed.len());
        let run = workspace.audit_bytes(&packed[..cut]);
        check(run.code == 3, &what, &run);
    }
}
