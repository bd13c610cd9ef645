//! The policies of a run, and what they ask of a record.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::answers::Forbidden;
use super::builder::PoliciesBuilder;
use super::error::Error;
use super::requirement::{Requirement, TestId};
use super::rule::{Ask, Rule, Test};
use super::source::PolicyFile;
use super::truth::Truth;
use crate::record::{Record, Schema, Slot};

/// Records how a policy changes a rule of a policy that it extends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The rule's id.
    pub rule: String,
    /// What is changed, in words.
    pub change: String,
    /// The reason that the policy gives.
    pub because: String,
}

/// Holds a parameter, with the value that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value, as TOML writes it.
    pub value: String,
    /// It was given on the command line.
    pub set: bool,
}

/// Holds the rules of a file, and of the files that it extends.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// Its version, as its authors count.
    pub version: String,
    /// The file that it was read from.
    pub source: PolicyFile,
    /// The records that it judges; all, if there is none.
    pub scope: Option<Requirement>,
    /// Its rules: those of the policies that it extends, then its own, in the
    /// order of the files.
    pub rules: Vec<Rule>,
    /// The policies that it extends.
    pub extends: Vec<PolicyFile>,
    /// Its parameters, by name.
    pub params: Vec<Param>,
    /// Rules of extended policies that it changes.
    pub overrides: Vec<Override>,
}

impl Policy {
    /// Returns the paths of the files that it was read from.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = std::iter::once(&self.source).chain(&self.extends);
        files.filter_map(|source| source.file.as_deref())
    }
}

/// Holds the policies of a run, and what they ask of a record.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// In the order of the command line.
    pub all: Vec<Policy>,
    /// The fields that they read.
    pub schema: Schema,
    /// Their tests, each once.
    pub tests: Vec<Test>,
    /// Patterns that are looked for together.
    forbidden: Vec<Forbidden>,
}

impl Policies {
    /// Creates a builder, to which policies are named or given as text.
    pub fn builder() -> PoliciesBuilder {
        PoliciesBuilder::default()
    }

    /// Reads and checks every policy named: a file or, without a path or
    /// `.toml`, a bundled one. Spans count back from `as_of`; `set` gives
    /// parameters other values, by name.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with all of them.
    pub fn load(
        names: &[PathBuf],
        as_of: DateTime<Utc>,
        set: &[(String, String)],
    ) -> Result<Self, Vec<Error>> {
        let builder = Self::builder().as_of(as_of);
        let builder = names.iter().fold(builder, PoliciesBuilder::named);
        let set = set.iter();
        let builder = set.fold(builder, |builder, (name, value)| builder.set(name, value));
        builder.load().map_err(|error| error.errors)
    }

    pub(super) fn new(all: Vec<Policy>, schema: Schema, tests: Vec<Test>) -> Self {
        let mut policies = Self {
            all,
            schema,
            tests,
            forbidden: Vec::new(),
        };
        policies.join_patterns();
        policies
    }

    /// Returns the patterns that are looked for together.
    #[inline(always)]
    pub(super) fn forbidden(&self) -> &[Forbidden] {
        &self.forbidden
    }

    fn join_patterns(&mut self) {
        let mut slots: Vec<_> = self.tests.iter().map(|test| test.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let sets = slots
            .into_iter()
            .filter_map(|slot| Forbidden::new(slot, &self.tests));
        self.forbidden = sets.collect();
        for id in self.forbidden.iter().flat_map(|set| &set.tests) {
            self.tests[id.index()].joined = true;
        }
    }

    /// Describes a requirement in words.
    pub fn words(&self, requirement: &Requirement) -> String {
        let join = |parts: &[Requirement], word: &str| {
            let parts: Vec<_> = parts.iter().map(|part| self.words(part)).collect();
            format!("({})", parts.join(word))
        };
        match requirement {
            Requirement::Field { slot, tests } => {
                let words = tests.iter().map(|id| self.test(*id).expected.as_str());
                let words = words.collect::<Vec<_>>().join(" and ");
                format!("{}: {words}", self.schema.field(*slot).name)
            }
            Requirement::All(parts) => join(parts, " and "),
            Requirement::Any(parts) => join(parts, " or "),
            Requirement::Not(part) => format!("not ({})", self.words(part)),
        }
    }

    /// Returns whether a policy judges a record: all but one that is out of its
    /// scope.
    pub fn judges(&self, policy: &Policy, record: &Record<'_>) -> bool {
        let holds = |id| self.test(id).holds(record);
        let scope = policy.scope.as_ref();
        scope.is_none_or(|scope| scope.holds(&holds) != Truth::False)
    }

    /// Returns every rule with its policy, in the order of reports.
    pub fn rules(&self) -> impl Iterator<Item = (&Policy, &Rule)> {
        self.all
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
    }

    /// Returns the test of this id.
    pub fn test(&self, id: TestId) -> &Test {
        &self.tests[id.index()]
    }

    /// Returns the fields that some rule cannot do without: not those that it only
    /// asks to be absent, or of which its guard asks whether they are there.
    pub fn needed(&self) -> Vec<Slot> {
        let mut needed: Vec<_> = self
            .rules()
            .flat_map(|(_, rule)| self.needs(rule))
            .collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    fn needs(&self, rule: &Rule) -> Vec<Slot> {
        let tests = |part: &Requirement| -> Vec<_> {
            let tests = part.tests(true).into_iter();
            tests.map(|(id, holds)| (self.test(id), holds)).collect()
        };
        let slots = |test: &Test| std::iter::once(test.slot).chain(test.check.other());
        let when = rule.when.iter().flat_map(tests).collect::<Vec<_>>();
        let guarded = |slot: Slot| {
            let is_asked =
                |(test, _): &(&Test, bool)| test.slot == slot && test.check.presence().is_some();
            when.iter().any(is_asked)
        };
        let only_absent = |(test, holds): &(&Test, bool)| {
            let presence = test.check.presence();
            presence.is_some_and(|wanted| wanted != *holds)
        };
        let guard = when.iter().flat_map(|(test, _)| slots(test));
        let required: Vec<_> = match &rule.ask {
            Ask::Record { require, .. } => {
                let required = tests(require).into_iter();
                let required = required.filter(|test| !only_absent(test));
                required.flat_map(|(test, _)| slots(test)).collect()
            }
            Ask::Aggregate(aggregate) => aggregate.slot().into_iter().collect(),
        };
        guard
            .filter(|slot| !guarded(*slot))
            .chain(required)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_policy_is_bundled_and_sound() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut shipped: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
            .map(|path| path.file_stem().expect("a name").display().to_string())
            .filter(|name| !name.ends_with(".cases"))
            .collect();
        let mut bundled: Vec<_> = super::super::source::BUNDLED
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        shipped.sort();
        bundled.sort();
        assert_eq!(shipped, bundled);
        bundled.retain(|name| name != "checks");
        let names: Vec<_> = bundled.iter().map(PathBuf::from).collect();
        let policies = Policies::load(&names, DateTime::UNIX_EPOCH, &[]);
        let policies = policies.expect("sound policies");
        for (policy, rule) in policies.rules() {
            let whole = [&rule.title, &rule.rationale, &rule.remediation];
            assert!(
                whole.iter().all(|text| !text.is_empty()) && !rule.references.is_empty(),
                "{}/{} lacks a title, a reason, a remedy or a reference",
                policy.id,
                rule.id
            );
        }
    }
}
