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
    pub fn new(policy: &Policy) -> Self {
        let note = |bound: Bound| Note {
            folded: (bound.is_long()).then(|| bound.topic.count(bound.sentences.len())),
            sentences: bound.sentences,
        };
        Self {
            rules: policy.rules_in_words(),
            bounds: policy.bounds().into_iter().map(note).collect(),
        }
    }
}
