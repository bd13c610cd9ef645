//! What the page says of a policy beside its rules.

use serde::Serialize;

use crate::report::model::bounds::Bound;
use crate::report::model::header::Policy;

/// Holds what must not be read into the evidence of a policy.
#[derive(Serialize)]
pub struct PolicyNotes {
    /// How many of its rules were asked.
    rules: String,
    bounds: Vec<Note>,
}

/// Holds sentences about one topic.
#[derive(Serialize)]
struct Note {
    sentences: Vec<String>,
    /// What there is, if there is so much of it that it is folded.
    folded: Option<String>,
}

impl PolicyNotes {
    /// Returns what there is to say of a policy, on a page that has a row for each control or
    /// has none.
    pub fn new(policy: &Policy, has_controls: bool) -> Self {
        let note = |bound: Bound| Note {
            folded: (bound.is_long()).then(|| bound.topic.count(bound.sentences.len())),
            sentences: bound.sentences,
        };
        let bounds = match has_controls {
            true => policy.bounds_beside_controls(),
            false => policy.bounds(),
        };
        Self {
            rules: policy.rules_in_words(),
            bounds: bounds.into_iter().map(note).collect(),
        }
    }
}
