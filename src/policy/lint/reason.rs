//! Why checks cannot go together, in words.

use super::clash::clash;
use crate::policy::example::Search;
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::words::Asked;

/// Returns the tests that must answer so for a requirement to hold, or not to.
pub(super) fn needed(requirement: &Requirement, holds: bool) -> Vec<(TestId, bool)> {
    match (requirement, holds) {
        (Requirement::Field { tests, .. }, true) => tests.iter().map(|id| (*id, true)).collect(),
        (Requirement::Field { tests, .. }, false) => match tests.as_slice() {
            [test] => vec![(*test, false)],
            _ => Vec::new(),
        },
        (Requirement::All(parts), true) | (Requirement::Any(parts), false) => {
            parts.iter().flat_map(|part| needed(part, holds)).collect()
        }
        (Requirement::Any(parts), true) | (Requirement::All(parts), false) => match &parts[..] {
            [part] => needed(part, holds),
            _ => Vec::new(),
        },
        (Requirement::Some { least, of }, true) if *least == of.len() => {
            of.iter().flat_map(|part| needed(part, true)).collect()
        }
        (Requirement::Some { least, of }, false) if *least == 1 => {
            of.iter().flat_map(|part| needed(part, false)).collect()
        }
        (Requirement::Some { .. }, _) => Vec::new(),
        (Requirement::Not(part), _) => needed(part, !holds),
    }
}

/// Says which of the tests cannot answer so, alone or together, if that is found.
pub(super) fn why(
    asked: Asked<'_>,
    search: &mut Search<'_>,
    needed: &[(TestId, bool)],
) -> Option<String> {
    let phrase = |(id, holds): (TestId, bool)| asked.test(id).phrase(holds);
    let field = |(id, _): (TestId, bool)| asked.field(asked.test(id).slot);
    for one in needed {
        let group = search.group(vec![one.0]);
        if group.complete && !group.allows(&[one.1]) {
            return Some(format!("no {} {}", field(*one), phrase(*one).predicate()));
        }
    }
    for (index, one) in needed.iter().enumerate() {
        for two in &needed[index + 1..] {
            if !is_together(asked, one.0, two.0) {
                continue;
            }
            let impossible = match one.0 == two.0 {
                true => one.1 != two.1,
                false => {
                    let group = search.group(vec![one.0, two.0]);
                    group.complete && !group.allows(&[one.1, two.1])
                        || clash((asked.test(one.0), one.1), (asked.test(two.0), two.1))
                }
            };
            if impossible {
                let (first, second) = (phrase(*one), phrase(*two));
                return Some(match field(*one) == field(*two) {
                    true => first.never_with(second, field(*one)),
                    false => format!(
                        "not both: {} {}, and {} {}",
                        field(*one),
                        first.predicate(),
                        field(*two),
                        second.predicate()
                    ),
                });
            }
        }
    }
    None
}

/// Returns whether two tests are about one field, or one compares the field of the other.
fn is_together(asked: Asked<'_>, one: TestId, two: TestId) -> bool {
    let slots = |id: TestId| {
        let test = asked.test(id);
        [Some(test.slot), test.check.other()]
    };
    let mut all = slots(one).into_iter().flatten();
    all.any(|slot| slots(two).contains(&Some(slot)))
}
