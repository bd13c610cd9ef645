//! Policies: rules that records are judged by.

pub mod aggregate;
pub mod check;
pub mod error;
pub mod lint;
pub mod pattern;
mod read;
pub mod reference;
pub mod requirement;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use aggregate::Aggregate;
pub use check::{Cause, Check, Truth};
pub use error::Error;
pub use reference::Reference;
pub use requirement::{Requirement, TestId};

use pattern::LooserPatterns;
use source::Source;

use crate::record::{Record, Schema, Slot, Value};

/// How grave it is that a rule is not met.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the reviewer to know.
    Info,
    /// Hygiene, drift.
    Low,
    /// A weakened control, nobody accountable, a risk of lock-out.
    Medium,
    /// A numbered requirement plainly missed.
    High,
    /// An outsider can take the account over with one stolen password.
    Critical,
}

impl Severity {
    /// Every severity, the least grave first.
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The word for it in policies and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a rule makes of a record in which the fields that it needs are absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAbsent {
    /// The rule is not met.
    #[default]
    Fail,
    /// The rule cannot be judged.
    Error,
    /// The rule is met.
    Pass,
    /// The rule does not apply.
    NotApplicable,
}

impl OnAbsent {
    /// Every outcome that absence may lead to.
    pub const ALL: [OnAbsent; 4] = [
        OnAbsent::Fail,
        OnAbsent::Error,
        OnAbsent::Pass,
        OnAbsent::NotApplicable,
    ];

    /// The word for it in policies.
    pub fn name(self) -> &'static str {
        match self {
            OnAbsent::Fail => "fail",
            OnAbsent::Error => "error",
            OnAbsent::Pass => "pass",
            OnAbsent::NotApplicable => "not-applicable",
        }
    }
}

/// What must hold, for whom, how grave it is.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name within the policy.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// How grave it is that the rule is not met.
    pub severity: Severity,
    /// To whom the rule applies; to all, if there is none.
    pub when: Option<Requirement>,
    /// What must hold.
    pub ask: Ask,
    /// Why it matters.
    pub rationale: String,
    /// How to mend it.
    pub remediation: String,
    /// The controls that it is evidence for.
    pub references: Vec<String>,
    /// The name of what it asks, if other policies may ask it too.
    pub check: Option<String>,
    /// Why what is absent passes, if it does.
    pub because: String,
    /// Its file among those of the policy, and where in it.
    place: (usize, std::ops::Range<usize>),
}

/// What a rule asks.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Of each record alone.
    Record {
        /// What must hold.
        require: Requirement,
        /// What absent fields lead to.
        on_absent: OnAbsent,
    },
    /// Of all records together.
    Aggregate(Aggregate),
}

impl Rule {
    /// Whether it asks something of each record alone.
    pub fn is_of_records(&self) -> bool {
        matches!(self.ask, Ask::Record { .. })
    }
}

/// A policy that another extends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// Where it was read.
    pub path: String,
    /// The file, if it was read from one.
    pub file: Option<PathBuf>,
    /// The size of its file.
    pub bytes: u64,
    /// The SHA-256 of its file, in hexadecimal digits.
    pub sha256: String,
}

/// A rule of an extended policy that is other than it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The rule's id.
    pub rule: String,
    /// What is other, in words.
    pub change: String,
    /// Why.
    pub because: String,
}

/// A parameter, with the value that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value, as TOML writes it.
    pub value: String,
    /// It was given on the command line.
    pub set: bool,
}

/// A file of rules.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// Its version, as its authors count.
    pub version: String,
    /// Where it was read.
    pub path: String,
    /// The file, if it was read from one.
    pub file: Option<PathBuf>,
    /// The size of its file.
    pub bytes: u64,
    /// The SHA-256 of its file, in hexadecimal digits.
    pub sha256: String,
    /// Which records it judges; all, if there is none.
    pub scope: Option<Requirement>,
    /// Its rules: those of the policies that it extends, then its own, in the
    /// order of the files.
    pub rules: Vec<Rule>,
    /// The policies that it extends.
    pub extends: Vec<Extended>,
    /// Its parameters, by name.
    pub params: Vec<Param>,
    /// Rules of extended policies that it changes.
    pub overrides: Vec<Override>,
}

impl Policy {
    /// The files that it was read from.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let extended = self.extends.iter().map(|extended| &extended.file);
        let files = std::iter::once(&self.file).chain(extended);
        files.filter_map(Option::as_deref)
    }
}

/// One operator on one field.
#[derive(Debug, Clone)]
pub struct Test {
    /// The field.
    pub slot: Slot,
    /// The operator, with its argument.
    pub check: Check,
    /// What is expected, in words.
    pub expected: String,
    /// Its pattern is looked for with others.
    joined: bool,
}

impl Test {
    fn new(slot: Slot, check: Check, schema: &Schema) -> Self {
        Self {
            slot,
            expected: check.expected(schema),
            check,
            joined: false,
        }
    }

    /// Whether it holds for a record.
    #[inline(always)]
    fn holds(&self, record: &Record<'_>) -> Truth {
        self.check.holds(self.slot, record)
    }
}

/// The policies of a run, and what they ask of a record.
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

/// The names of the bundled policies that have rules.
pub fn bundled() -> impl Iterator<Item = &'static str> {
    let names = source::BUNDLED.iter().map(|(name, _)| *name);
    names.filter(|name| *name != "checks")
}

/// The text of the file of a bundled policy, as `pci.toml`.
pub fn bundled_text(file: &str) -> Option<&'static str> {
    let name = file.strip_suffix(".toml")?;
    let mut all = source::BUNDLED.iter();
    all.find(|(bundled, _)| *bundled == name)
        .map(|(_, text)| *text)
}

/// The `not-matches` tests of a field, when there are several: text in which
/// none of the patterns can be found, as is the rule, is gone over once.
#[derive(Debug, Clone)]
struct Forbidden {
    slot: Slot,
    looser: LooserPatterns,
    tests: Vec<TestId>,
}

impl Forbidden {
    fn of(slot: Slot, tests: &[Test]) -> Option<Self> {
        let (ids, patterns): (Vec<_>, Vec<_>) = tests
            .iter()
            .enumerate()
            .filter_map(|(place, test)| match &test.check {
                Check::NotMatches(pattern) if test.slot == slot => Some((TestId(place), pattern)),
                _ => None,
            })
            .unzip();
        // Patterns that are too big together are looked for one by one.
        let looser = LooserPatterns::new(patterns.into_iter())?;
        (ids.len() > 1).then_some(Self {
            slot,
            looser,
            tests: ids,
        })
    }

    /// Whether all of the tests are known to hold.
    fn all_hold(&self, record: &Record<'_>) -> bool {
        let cell = record.cell(self.slot);
        cell.value == Value::Text && !self.looser.may_match(cell.seen)
    }
}

impl Policies {
    /// Reads and checks every policy named: a file or, without a path or
    /// `.toml`, a bundled one. Spans count back from `as_of`; `set` gives
    /// parameters other values, by name.
    ///
    /// # Errors
    ///
    /// What is wrong with any of them: all that is wrong with all of them.
    pub fn load(
        names: &[PathBuf],
        as_of: DateTime<Utc>,
        set: &[(String, String)],
    ) -> Result<Self, Vec<Error>> {
        Self::read(names, read::Reader::new(as_of, set, false)).0
    }

    /// As `load`, with what most likely is not meant beside what is wrong: for
    /// each file the warnings.
    pub fn check(
        names: &[PathBuf],
        as_of: DateTime<Utc>,
        set: &[(String, String)],
    ) -> (Result<Self, Vec<Error>>, Vec<Error>) {
        Self::read(names, read::Reader::new(as_of, set, true))
    }

    fn read(
        names: &[PathBuf],
        mut reader: read::Reader<'_>,
    ) -> (Result<Self, Vec<Error>>, Vec<Error>) {
        let mut errors = Vec::new();
        for name in names {
            match Source::find(name) {
                Ok(source) => errors.extend(reader.policy(source)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            errors.extend(reader.unused());
        }
        let warnings = reader.take_warnings();
        if !errors.is_empty() {
            return (Err(errors), warnings);
        }
        let mut policies = reader.into_policies();
        policies.join_patterns();
        (Ok(policies), warnings)
    }

    fn join_patterns(&mut self) {
        let mut slots: Vec<_> = self.tests.iter().map(|test| test.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let sets = slots
            .into_iter()
            .filter_map(|slot| Forbidden::of(slot, &self.tests));
        self.forbidden = sets.collect();
        for id in self.forbidden.iter().flat_map(|set| &set.tests) {
            self.tests[id.index()].joined = true;
        }
    }

    /// A requirement in words.
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

    /// Whether a policy judges a record: all but one that is out of its scope.
    pub fn judges(&self, policy: &Policy, record: &Record<'_>) -> bool {
        let holds = |id| self.test(id).holds(record);
        let scope = policy.scope.as_ref();
        scope.is_none_or(|scope| scope.holds(&holds) != Truth::False)
    }

    /// Every rule with its policy, in the order of reports.
    pub fn rules(&self) -> impl Iterator<Item = (&Policy, &Rule)> {
        self.all
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
    }

    /// The test of this id.
    pub fn test(&self, id: TestId) -> &Test {
        &self.tests[id.index()]
    }

    /// The fields that some rule cannot do without: not those that it only asks
    /// to be absent, or of which its guard asks whether they are there.
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
            let is_asked = |(test, _): &(&Test, bool)| {
                test.slot == slot && matches!(test.check, Check::Present(_))
            };
            when.iter().any(is_asked)
        };
        let only_absent = |(test, holds): &(&Test, bool)| matches!(test.check, Check::Present(wanted) if wanted != *holds);
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

/// What each test says of one record: asked once, however many rules share it.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    policies: &'a Policies,
    record: &'a Record<'a>,
    truths: &'a [Truth],
}

impl<'a> Answers<'a> {
    /// Asks all tests about a record. `truths` is their room: what it holds is
    /// forgotten.
    pub fn ask(policies: &'a Policies, record: &'a Record<'a>, truths: &'a mut Vec<Truth>) -> Self {
        truths.resize(policies.tests.len(), Truth::True);
        for (truth, test) in truths.iter_mut().zip(&policies.tests) {
            if !test.joined {
                *truth = test.holds(record);
            }
        }
        for set in &policies.forbidden {
            let all_hold = set.all_hold(record);
            for id in &set.tests {
                truths[id.index()] = match all_hold {
                    true => Truth::True,
                    false => policies.test(*id).holds(record),
                };
            }
        }
        Self {
            policies,
            record,
            truths,
        }
    }

    /// What is asked.
    pub fn policies(&self) -> &'a Policies {
        self.policies
    }

    /// What is asked about.
    pub fn record(&self) -> &'a Record<'a> {
        self.record
    }

    /// Whether a requirement holds.
    #[inline(always)]
    pub fn holds(&self, requirement: &Requirement) -> Truth {
        match requirement {
            // Nearly all are but one field's tests, and hold.
            Requirement::Field { tests, .. } if let [test] = tests[..] => self.test(test),
            Requirement::Field { tests, .. }
                if tests.iter().all(|test| self.test(*test) == Truth::True) =>
            {
                Truth::True
            }
            _ => requirement.holds(&|id| self.test(id)),
        }
    }

    /// Whether a test holds.
    #[inline(always)]
    pub fn test(&self, id: TestId) -> Truth {
        self.truths[id.index()]
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
        let mut bundled: Vec<_> = source::BUNDLED
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
