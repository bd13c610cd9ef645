//! A policy that is being read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::includes::Family;
use super::overrides::Change;
use super::params::Params;
use super::shared_check::SharedCheck;
use crate::diagnostic::suggest;
use crate::policy::lint::{Notice, Places, Warning};
use crate::policy::policies::{OptionalField, Override};
use crate::policy::reference::{Reference, UntestedControl};
use crate::policy::rule::{Location, Rule};
use crate::policy::source::Source;
use crate::policy::waiver_limits::WaiverLimits;
use crate::record::Slot;
use crate::record::field::normalize_key;
use crate::toml_reader::TomlReader;

/// Holds what the files of a policy have said so far. What is extended is read
/// first.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Whether the declaration of a field is sound, by the field's normalized
    /// name.
    pub(super) declared: HashMap<String, bool>,
    /// The names of the fields that the policy itself declares, and where.
    pub(super) declared_here: Vec<(String, Location)>,
    /// The normalized names of the fields that something asks for.
    pub(super) named: HashSet<String>,
    /// The names of the checks that some rule asks.
    pub(super) asked: HashSet<String>,
    pub(super) checks: HashMap<String, SharedCheck>,
    pub(super) rules: Vec<Rule>,
    /// The ids of all rules, also of those that are off or not sound.
    pub(super) rule_ids: Vec<String>,
    pub(super) overrides: Vec<Override>,
    /// Where and how rules are overridden, in the order of the files.
    pub(super) overridden: Vec<Overridden>,
    pub(super) limits: Vec<String>,
    /// The fields that no record need have, by the index of the file that says so, and
    /// why.
    pub(super) optional: Vec<(usize, Slot, String)>,
    pub(super) replaces: Vec<String>,
    pub(super) waiver_limits: WaiverLimits,
    /// The controls that no rule tests, with the index of the file and the place in it.
    pub(super) controls: Vec<(usize, Range<usize>, UntestedControl)>,
    /// The rules whose pass rate is asked for.
    pub(super) counted: Vec<Counted>,
    /// Where the files say what.
    pub(super) places: Places,
}

/// Names a rule whose pass rate another asks for.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) rule: String,
    /// The index of the file that asks, and the place in it.
    pub(super) file: usize,
    pub(super) span: Range<usize>,
}

/// Holds what a file changes about a rule of a policy that it extends.
#[derive(Debug)]
pub(super) struct Overridden {
    pub(super) rule: String,
    /// The index of the file that changes it, and the place in it.
    pub(super) file: usize,
    pub(super) span: Range<usize>,
    pub(super) change: Change,
}

impl Draft {
    /// Returns the fields that no record need have; `paths` are what the files are called.
    pub(super) fn optional_fields(&self, paths: &[&str], family: &Family) -> Vec<OptionalField> {
        let field = |(file, slot, why): &(usize, Slot, String)| OptionalField {
            slot: *slot,
            why: why.clone(),
            files: (0..paths.len())
                .filter(|other| other == file || family.extends(*file, *other))
                .map(|other| paths[other].to_owned())
                .collect(),
        };
        self.optional.iter().map(field).collect()
    }

    /// Notices what the policy itself, the last of the files, declares and does not use.
    pub(super) fn notice_unused(&mut self, params: &Params<'_>, (index, source): (usize, &Source)) {
        let notices = &mut self.places.notices;
        for (name, span) in params.unused(index) {
            let message = format!("nothing uses the parameter `{name}`");
            let place = source.location(span);
            let notice = Notice::new(Warning::UnusedParam, &place, message);
            notices.push(notice.help(format!(
                "write \"${name}\" where it is meant, or leave it out"
            )));
        }
        for (name, place) in &self.declared_here {
            if !self.named.contains(&normalize_key(name)) {
                let message = format!("nothing asks for the field `{name}`");
                notices.push(Notice::new(Warning::UnusedField, place, message));
            }
        }
    }

    /// Reports controls that a rule tests after all. `readers` are those of the files.
    pub(super) fn check_controls(&self, readers: &mut [TomlReader]) {
        for (file, span, control) in &self.controls {
            let is_same = |reference: &Reference| {
                reference.framework == control.framework
                    && reference.requirement == control.requirement
            };
            let mut rules = self.rules.iter();
            if let Some(rule) = rules.find(|rule| rule.references.iter().any(is_same)) {
                let message = format!("`{}` is evidence for this control", rule.id);
                let help = "[[control]] is for those that no rule of the policy tests".to_owned();
                readers[*file].complain(span.clone(), message, Some(help));
            }
        }
    }

    /// Reports rules that two files override otherwise, where no file that extends both
    /// says which is meant. `readers` are those of the files, and `paths` what they are
    /// called.
    pub(super) fn check_overrides(
        &self,
        readers: &mut [TomlReader],
        paths: &[&str],
        family: &Family,
    ) {
        let rules: BTreeSet<_> = self
            .overridden
            .iter()
            .map(|one| one.rule.as_str())
            .collect();
        for rule in rules {
            let all = self.overridden.iter().filter(|one| one.rule == rule);
            let all: Vec<_> = all.map(|one| (one.file, one)).collect();
            let said: Vec<_> = all.iter().map(|(file, one)| (*file, &one.change)).collect();
            if let Some((one, two)) = family.conflict(&said) {
                let ((other, _), (file, overridden)) = (all[one], all[two]);
                let message = format!("`{}` overrides `{rule}` otherwise", paths[other]);
                let help = "override it in the policy that extends both".to_owned();
                readers[file].complain(overridden.span.clone(), message, Some(help));
            }
        }
    }

    /// Reports rules that are to be counted and cannot be. `readers` are those
    /// of the files.
    pub(super) fn find_counted(&self, readers: &mut [TomlReader]) {
        let of_records = self.rules.iter().filter(|rule| rule.is_of_records());
        let known: Vec<_> = of_records.map(|rule| rule.id.as_str()).collect();
        for Counted { rule, file, span } in &self.counted {
            if !known.contains(&rule.as_str()) {
                let message = match self.rule_ids.contains(rule) {
                    true => format!("`{rule}` cannot be counted: it is off, or no rule of records"),
                    false => format!("no rule is called `{rule}`"),
                };
                let help = suggest(rule, known.iter().copied());
                readers[*file].complain(span.clone(), message, Some(help));
            }
        }
    }
}
