//! The policies of a run, and what they ask of a record.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::aggregate::Aggregate;
use super::builder::PoliciesBuilder;
use super::compared::{AllCompared, ComparedValues};
use super::controls::{self, ControlEvidence};
use super::error::Error;
use super::plan::Plan;
use super::reference::UntestedControl;
use super::requirement::{Requirement, TestId};
use super::rule::{Ask, Rule, Test};
use super::source::PolicyFile;
use super::truth::Truth;
use super::waiver_limits::WaiverLimits;
use super::words::Asked;
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
    /// The file that its list was read from, if it was read from one.
    pub file: Option<PolicyFile>,
}

/// Names a field that no record need have, and why that is fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalField {
    /// The field.
    pub slot: Slot,
    /// The reason that the policy gives.
    pub why: String,
    /// The files whose rules can do without it: the one that says so, and those that it
    /// extends.
    pub(super) files: Vec<String>,
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
    /// What its rules do not show, a sentence each.
    pub limits: Vec<String>,
    /// The fields that no record need have.
    pub optional: Vec<OptionalField>,
    /// The ids of the policies that this one is instead of.
    pub replaces: Vec<String>,
    /// The controls that its rules do not test.
    pub controls: Vec<UntestedControl>,
    /// The rules that are left out of this run, and not tested.
    pub left_out: Vec<Rule>,
    /// Its parameters, by name.
    pub params: Vec<Param>,
    /// Rules of extended policies that it changes.
    pub overrides: Vec<Override>,
    /// How far its findings may be waived.
    pub waiver_limits: WaiverLimits,
}

impl Policy {
    /// Returns the paths of the files that it was read from, lists of parameters among
    /// them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let lists = self.params.iter().filter_map(|param| param.file.as_ref());
        let files = std::iter::once(&self.source)
            .chain(&self.extends)
            .chain(lists);
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
    /// The controls that their rules are evidence for, and those that none of them tests.
    pub controls: Vec<ControlEvidence>,
    /// The controls of which the records are counted one by one that a rule judged, by rule.
    shared_controls: Vec<Vec<u32>>,
    /// What the outcome of each rule depends on.
    plan: Plan,
    /// What rules over all records compare.
    compared: AllCompared,
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
        let controls = controls::of_policies(&all);
        let mut policies = Self {
            all,
            schema,
            tests,
            controls,
            shared_controls: Vec::new(),
            plan: Plan::default(),
            compared: AllCompared::default(),
        };
        policies.plan = Plan::new(&policies.all, &policies.tests);
        policies.compared = AllCompared::of(&policies.all);
        policies.find_shared_controls();
        policies.describe_alternatives();
        policies
    }

    /// Puts in words what findings say: a run has few rules and many findings.
    fn describe_alternatives(&mut self) {
        let asked = Asked {
            tests: &self.tests,
            schema: &self.schema,
        };
        for rule in self.all.iter_mut().flat_map(|policy| &mut policy.rules) {
            let words = |requirement: &Requirement| asked.alternatives(requirement, true);
            rule.when_alternatives = rule.when.as_ref().map(words).unwrap_or_default();
            rule.require_alternatives = match &rule.ask {
                Ask::Record { require, .. } => words(require),
                Ask::Aggregate(_) => Vec::new(),
            };
        }
    }

    /// Finds the controls of which several rules judge records, or one that judges
    /// customers: how many records they judge, no rule alone counts.
    fn find_shared_controls(&mut self) {
        let rules: Vec<_> = self.rules().map(|(_, rule)| &rule.ask).collect();
        let mut shared = vec![Vec::new(); rules.len()];
        for (control, number) in self.controls.iter().zip(0..) {
            let judges = |index: &usize| match rules[*index] {
                Ask::Record { .. } | Ask::Aggregate(Aggregate::Compared(_)) => true,
                Ask::Aggregate(Aggregate::Summed(_)) => false,
            };
            let indexes = control.rules.iter().filter_map(|rule| rule.index);
            let indexes: Vec<_> = indexes.filter(judges).collect();
            let is_counted = match indexes.as_slice() {
                [] => false,
                [one] => !matches!(rules[*one], Ask::Record { .. }),
                _ => true,
            };
            for index in indexes.into_iter().filter(|_| is_counted) {
                shared[index].push(number);
            }
        }
        self.shared_controls = shared;
    }

    /// Returns the indexes of the controls of which the records are counted one by one that
    /// this rule judges, by its index.
    #[inline(always)]
    pub(crate) fn shared_controls(&self, rule_index: usize) -> &[u32] {
        self.shared_controls
            .get(rule_index)
            .map_or(&[], Vec::as_slice)
    }

    /// Returns the values that rules over all records compare, each once.
    pub fn compared(&self) -> &[ComparedValues] {
        &self.compared.values
    }

    /// Returns the index of the values that a rule compares, the `number`th over all records,
    /// and its own among the rules that compare these.
    pub(crate) fn compared_by(&self, number: usize) -> Option<(usize, usize)> {
        self.compared.places.get(number).copied().flatten()
    }

    /// Returns what the outcome of each rule depends on.
    #[inline(always)]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Describes a requirement in a sentence.
    pub fn words(&self, requirement: &Requirement) -> String {
        self.asked().sentence(requirement, true)
    }

    /// Returns what the requirements ask, for those who put it in words.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            tests: &self.tests,
            schema: &self.schema,
        }
    }

    /// Returns whether a record is in the scope of a policy. One of which that cannot be
    /// decided is judged.
    pub fn scope(&self, policy: &Policy, record: &Record<'_>) -> Truth {
        let holds = |id| self.test(id).holds(record);
        match &policy.scope {
            Some(scope) => scope.holds(&holds),
            None => Truth::True,
        }
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

    /// Returns the fields that the rules cannot do without: those of which a `require`
    /// asks more than to be absent, or a `when` or a scope more than presence; not those
    /// that their policy calls optional.
    pub fn needed(&self) -> Vec<Slot> {
        let mut needed: Vec<_> = self
            .all
            .iter()
            .flat_map(|policy| self.needs(policy))
            .collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// Returns the fields that a rule asks anything of: in its `require` and its `when`, or
    /// as what it looks at in all records.
    pub fn fields_of(&self, rule: &Rule) -> Vec<Slot> {
        let all = |_: &Test, _| true;
        let guards = rule.scope.iter().chain(&rule.when);
        let guards = guards.flat_map(|guard| self.asked_of(guard, all));
        let asked = match &rule.ask {
            Ask::Record { require, .. } => self.asked_of(require, all),
            Ask::Aggregate(aggregate) => aggregate.slot().into_iter().collect(),
        };
        guards.chain(asked).collect()
    }

    fn needs(&self, policy: &Policy) -> Vec<Slot> {
        // Nobody asks for the scope of a policy whose rules are all left out.
        if policy.rules.is_empty() {
            return Vec::new();
        }
        let more_than_presence = |test: &Test, _| test.check.presence().is_none();
        let more_than_absence =
            |test: &Test, holds| test.check.presence().is_none_or(|wanted| wanted == holds);
        let is_optional = |slot: &Slot, file: &str| {
            let mut optional = policy.optional.iter();
            optional.any(|field| field.slot == *slot && field.files.iter().any(|one| one == file))
        };
        let scope = policy.scope.iter();
        let mut needs: Vec<_> = scope
            .flat_map(|scope| self.asked_of(scope, more_than_presence))
            .filter(|slot| !is_optional(slot, &policy.source.path))
            .collect();
        for rule in &policy.rules {
            let guards = rule.scope.iter().chain(&rule.when);
            let guards = guards.flat_map(|guard| self.asked_of(guard, more_than_presence));
            let asked = match &rule.ask {
                Ask::Record { require, .. } => self.asked_of(require, more_than_absence),
                Ask::Aggregate(aggregate) => aggregate.slot().into_iter().collect(),
            };
            let file = &rule.location.path;
            needs.extend(guards.chain(asked).filter(|slot| !is_optional(slot, file)));
        }
        needs
    }

    /// Returns the fields of the tests of which this is true, given whether they are to
    /// hold.
    fn asked_of(
        &self,
        requirement: &Requirement,
        is_meant: impl Fn(&Test, bool) -> bool,
    ) -> Vec<Slot> {
        let tests = requirement.tests(true).into_iter();
        let tests = tests.map(|(id, holds)| (self.test(id), holds));
        let meant = tests.filter(|(test, holds)| is_meant(test, *holds));
        let slots = |(test, _): (&Test, bool)| std::iter::once(test.slot).chain(test.check.other());
        meant.flat_map(slots).collect()
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
