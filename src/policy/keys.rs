//! The keys of every table of a policy: their names, what they mean, and the
//! shape of their values. A table, and the only one: the reader and the JSON
//! Schema both ask it.
//!
//! The name of a key is that of its variant, in kebab case; what it means is the
//! variant's doc line.

use std::cmp::Ordering;

use strum::{EnumMessage, IntoStaticStr, VariantArray};

use super::aggregate::Question;
use super::operator;
use super::rule::Severity;
use super::waiver_limits::MAX_DAYS;
use crate::toml_keys::{Keys, Shape};
use crate::toml_reader::Word;

/// Lists the tables of a policy.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage, strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum RootKey {
    /// What the policy is called, and which records it judges.
    Policy,
    /// Values by name, for which `$name` stands in requirements.
    Params,
    /// Keys of records beyond the documented ones, and what they hold.
    Fields,
    /// Checks by name, which rules of this policy and of others can ask.
    Check,
    /// Rules that each record must meet.
    Rule,
    /// Rules over all records of the export together.
    Aggregate,
    /// Controls that the rules do not test, and who must show that they are met.
    Control,
    /// Changes to rules of the policies that this one extends, by the id of the rule.
    Override,
    /// How far findings may be accepted for a while.
    Waivers,
}

impl RootKey {
    /// Returns what the table is for, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

/// Lists the keys of `[policy]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum HeadKey {
    /// The name of the policy, by which findings call it.
    Id,
    /// A line for people.
    Title,
    /// The version, as the authors count.
    Version,
    /// The policies whose rules and checks are part of this one: files beside it, or bundled ones.
    Extends,
    /// The records that the policy judges; others are counted, not judged.
    Scope,
    /// What absent fields lead to, where a rule does not say so itself.
    OnAbsent,
    /// What a `when` that absence leaves undecided comes to, where a rule does not say so itself.
    WhenAbsent,
    /// What the rules do not show, a sentence each; reports for people begin with it.
    Limits,
    /// Fields that no record need have, and for each why; reports list them.
    Optional,
    /// The versions of the program that can read the policy, as `>=0.3`.
    Requires,
    /// The ids of retired policies that this one is instead of.
    Replaces,
}

impl Keys for HeadKey {
    const REQUIRED: &'static [Self] = &[Self::Id];

    fn shape(self) -> Shape {
        match self {
            Self::Id | Self::Title | Self::Version => Shape::Text,
            Self::Extends | Self::Limits | Self::Replaces => Shape::Texts,
            Self::Scope => Shape::Requirement,
            Self::OnAbsent => Shape::OnAbsent,
            Self::WhenAbsent => Shape::WhenAbsent,
            Self::Optional => Shape::Reasons,
            Self::Requires => Shape::Version,
        }
    }
}

/// Lists the keys of a parameter that is written as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum ParamKey {
    /// The value, unless another is given.
    Default,
    /// The loosest value that may be given.
    Loosest,
    /// A file beside the policy, from which a list is read: a value a line.
    File,
}

impl Keys for ParamKey {
    /// One of `default` and `file` is needed.
    const REQUIRED: &'static [Self] = &[];

    fn shape(self) -> Shape {
        match self {
            Self::Default => Shape::Value,
            Self::Loosest => Shape::Limit,
            Self::File => Shape::Text,
        }
    }
}

/// Lists the keys of `[check.NAME]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum CheckKey {
    /// A line for people.
    Title,
    /// How severe it is that a rule is not met that asks the check and does not say.
    Severity,
    /// The severity of records on which a condition holds, or cannot be decided; for rules
    /// that take the severity of the check.
    Raise,
    /// The records to which the rule applies; all, if it does not say.
    When,
    /// What must hold.
    Require,
    /// What absent fields lead to.
    OnAbsent,
    /// What a `when` that absence leaves undecided comes to.
    WhenAbsent,
    /// What is expected, in the author's words, instead of those of the operators.
    Expected,
    /// Why it matters.
    Rationale,
    /// How to fix what does not meet it.
    Remediation,
}

impl Keys for CheckKey {
    const REQUIRED: &'static [Self] = &[Self::Require];

    fn shape(self) -> Shape {
        match self {
            Self::Title | Self::Rationale | Self::Remediation | Self::Expected => Shape::Text,
            Self::Severity => Shape::Severity,
            Self::Raise => Shape::Raise,
            Self::When | Self::Require => Shape::Requirement,
            Self::OnAbsent => Shape::OnAbsent,
            Self::WhenAbsent => Shape::WhenAbsent,
        }
    }
}

/// Lists the keys of `[[rule]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum RuleKey {
    /// The name of the rule within the policy, by which findings call it.
    Id,
    /// A line for people.
    Title,
    /// How severe it is that the rule is not met; as severe as its check says, if it does not
    /// say.
    Severity,
    /// The name of the check that the rule asks, instead of `require`.
    Check,
    /// The records to which the rule applies; all, if it does not say.
    When,
    /// What must hold.
    Require,
    /// What absent fields lead to.
    OnAbsent,
    /// What a `when` that absence leaves undecided comes to.
    WhenAbsent,
    /// The severity of records on which a condition holds, or cannot be decided.
    Raise,
    /// Why it matters.
    Rationale,
    /// How to fix what does not meet it.
    Remediation,
    /// The controls that the rule is evidence for.
    References,
    /// Names by which several rules are picked at once.
    Tags,
    /// What is expected, in the author's words, instead of those of the operators.
    Expected,
    /// Whether findings may be accepted for a while; they may, if it does not say.
    Waivable,
    /// Why what is absent passes, if it does.
    Because,
}

impl Keys for RuleKey {
    /// Beside these a rule needs one of `check` and `require`, and a severity, of its own or
    /// of its check.
    const REQUIRED: &'static [Self] = &[Self::Id];

    fn shape(self) -> Shape {
        match self {
            Self::Id | Self::Title | Self::Check | Self::Rationale => Shape::Text,
            Self::Remediation | Self::Because | Self::Expected => Shape::Text,
            Self::Severity => Shape::Severity,
            Self::When | Self::Require => Shape::Requirement,
            Self::OnAbsent => Shape::OnAbsent,
            Self::WhenAbsent => Shape::WhenAbsent,
            Self::Raise => Shape::Raise,
            Self::Waivable => Shape::Flag,
            Self::References | Self::Tags => Shape::Texts,
        }
    }
}

/// Lists the keys of `raise = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum RaiseKey {
    /// The severity of those records.
    To,
    /// The condition on a record.
    When,
}

impl Keys for RaiseKey {
    const REQUIRED: &'static [Self] = &[Self::To, Self::When];

    fn shape(self) -> Shape {
        match self {
            Self::To => Shape::Severity,
            Self::When => Shape::Requirement,
        }
    }
}

/// Lists the keys of `some = { … }`, in a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum SomeKey {
    /// How many of the requirements must hold.
    AtLeast,
    /// The requirements.
    Of,
}

impl Keys for SomeKey {
    const REQUIRED: &'static [Self] = &[Self::AtLeast, Self::Of];

    fn shape(self) -> Shape {
        match self {
            Self::AtLeast => Shape::Count { min: 1 },
            Self::Of => Shape::Requirement,
        }
    }
}

/// Lists the keys of a field that is declared as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum FieldKey {
    /// What the field holds.
    Kind,
    /// Whether its values are personal data, which reports redact.
    Personal,
}

impl Keys for FieldKey {
    const REQUIRED: &'static [Self] = &[Self::Kind];

    fn shape(self) -> Shape {
        match self {
            Self::Kind => Shape::Text,
            Self::Personal => Shape::Flag,
        }
    }
}

/// Lists the keys of `[[control]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum ControlKey {
    /// Whose control it is, with the version.
    Framework,
    /// The number or name of the control.
    Requirement,
    /// Who must show that it is met, or what would.
    EvidencedBy,
}

impl Keys for ControlKey {
    const REQUIRED: &'static [Self] = &[Self::Framework, Self::Requirement, Self::EvidencedBy];

    fn shape(self) -> Shape {
        match self {
            Self::Framework | Self::Requirement | Self::EvidencedBy => Shape::Text,
        }
    }
}

/// Lists the keys of `before-field = { … }` and `after-field = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum OtherTimeKey {
    /// The other field of times.
    Field,
    /// The least time between the two.
    By,
}

impl Keys for OtherTimeKey {
    const REQUIRED: &'static [Self] = &[Self::Field];

    fn shape(self) -> Shape {
        match self {
            Self::Field => Shape::Text,
            Self::By => Shape::Span,
        }
    }
}

/// Lists the keys of `[[aggregate]]`, beside the [`Question`] that it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum AggregateKey {
    /// The name of the rule within the policy, by which findings call it.
    Id,
    /// A line for people.
    Title,
    /// How severe it is that the rule is not met.
    Severity,
    /// Why it matters.
    Rationale,
    /// How to fix what does not meet it.
    Remediation,
    /// The controls that the rule is evidence for.
    References,
    /// The records that are looked at; all, if it does not say.
    When,
    /// What a `when` that absence leaves undecided comes to.
    WhenAbsent,
    /// Names by which several rules are picked at once.
    Tags,
    /// What is expected, in the author's words, instead of those of the operators.
    Expected,
    /// Whether findings may be accepted for a while; they may, if it does not say.
    Waivable,
}

impl Keys for AggregateKey {
    /// Beside these the rule needs one question.
    const REQUIRED: &'static [Self] = &[Self::Id, Self::Severity];

    fn shape(self) -> Shape {
        match self {
            Self::Id | Self::Title | Self::Rationale => Shape::Text,
            Self::Remediation | Self::Expected => Shape::Text,
            Self::Severity => Shape::Severity,
            Self::References | Self::Tags => Shape::Texts,
            Self::WhenAbsent => Shape::WhenAbsent,
            Self::Waivable => Shape::Flag,
            Self::When => Shape::Requirement,
        }
    }
}

/// Lists the keys of `unique = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum UniqueKey {
    /// A field of text.
    Field,
    /// Which records with the same value are meant.
    Copies,
    /// Values that differ in case alone, or in blanks around them, are one.
    IgnoreCase,
}

impl Keys for UniqueKey {
    const REQUIRED: &'static [Self] = &[Self::Field];

    fn shape(self) -> Shape {
        match self {
            Self::Field => Shape::Text,
            Self::Copies => Shape::Copies,
            Self::IgnoreCase => Shape::Flag,
        }
    }
}

/// Lists the keys of `shared = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum SharedKey {
    /// A field of text.
    Field,
    /// The most customers that may share a value.
    MoreThan,
    /// Values that differ in case alone, or in blanks around them, are one.
    IgnoreCase,
}

impl Keys for SharedKey {
    const REQUIRED: &'static [Self] = &[Self::Field, Self::MoreThan];

    fn shape(self) -> Shape {
        match self {
            Self::Field => Shape::Text,
            Self::MoreThan => Shape::Count { min: 1 },
            Self::IgnoreCase => Shape::Flag,
        }
    }
}

/// Lists the keys of `pass-rate = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum PassRateKey {
    /// The id of a rule of records of the same policy.
    Rule,
    /// The least share of the records that must pass where the rule applies.
    AtLeast,
}

impl Keys for PassRateKey {
    const REQUIRED: &'static [Self] = &[Self::Rule, Self::AtLeast];

    fn shape(self) -> Shape {
        match self {
            Self::Rule => Shape::Text,
            Self::AtLeast => Shape::Share,
        }
    }
}

/// Lists the keys of `records = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum RecordsKey {
    /// The least number of records.
    AtLeast,
}

impl Keys for RecordsKey {
    const REQUIRED: &'static [Self] = &[Self::AtLeast];

    fn shape(self) -> Shape {
        match self {
            Self::AtLeast => Shape::Count { min: 0 },
        }
    }
}

/// Lists the keys of `newest = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum NewestKey {
    /// A field of times.
    Field,
    /// How long ago the latest of them may be.
    Within,
}

impl Keys for NewestKey {
    const REQUIRED: &'static [Self] = &[Self::Field, Self::Within];

    fn shape(self) -> Shape {
        match self {
            Self::Field => Shape::Text,
            Self::Within => Shape::Span,
        }
    }
}

/// Lists the keys of `[override."rule-id"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum OverrideKey {
    /// The severity instead of the one that the rule has.
    Severity,
    /// What absent fields lead to, instead of what the rule says.
    OnAbsent,
    /// The rule is left out.
    Off,
    /// The reason, for those who read the report.
    Because,
}

impl Keys for OverrideKey {
    const REQUIRED: &'static [Self] = &[Self::Because];

    fn shape(self) -> Shape {
        match self {
            Self::Severity => Shape::Severity,
            Self::OnAbsent => Shape::OnAbsent,
            Self::Off => Shape::True,
            Self::Because => Shape::Text,
        }
    }
}

/// Lists the keys of `[waivers]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum WaiversKey {
    /// For how many days a waiver holds at most, by the severity of the finding.
    MostDays,
    /// What every waiver must say, beside what all need.
    MustSay,
}

impl Keys for WaiversKey {
    const REQUIRED: &'static [Self] = &[];

    fn shape(self) -> Shape {
        match self {
            Self::MostDays => Shape::MostDays,
            Self::MustSay => Shape::MustSay,
        }
    }
}

/// Lists the keys of `most-days = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum MostDaysKey {
    /// The most days for findings of severity info.
    Info,
    /// The most days for findings of severity low.
    Low,
    /// The most days for findings of severity medium.
    Medium,
    /// The most days for findings of severity high.
    High,
    /// The most days for findings of severity critical.
    Critical,
    /// The most days for findings of every severity that is not named.
    Other,
}

impl MostDaysKey {
    /// Returns the severity that the key is about, if it is about one.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Other => None,
        }
    }
}

impl Keys for MostDaysKey {
    const REQUIRED: &'static [Self] = &[];

    fn shape(self) -> Shape {
        Shape::Days { max: MAX_DAYS }
    }
}

/// Lists the keys of `min-prefix = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum PrefixKey {
    /// The shortest prefix of an IPv4 network.
    V4,
    /// The shortest prefix of an IPv6 network.
    V6,
}

impl PrefixKey {
    /// Returns how many bits an address has.
    pub fn max(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

impl Keys for PrefixKey {
    const REQUIRED: &'static [Self] = &[Self::V4, Self::V6];

    fn shape(self) -> Shape {
        Shape::Prefix { max: self.max() }
    }
}

/// Lists the keys of `max-addresses = { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum SizeKey {
    /// The most addresses of IPv4.
    V4,
    /// The most addresses of IPv6, as a number or as `2^64`.
    V6,
}

impl Keys for SizeKey {
    const REQUIRED: &'static [Self] = &[Self::V4, Self::V6];

    fn shape(self) -> Shape {
        match self {
            Self::V4 => Shape::Count { min: 0 },
            Self::V6 => Shape::Size,
        }
    }
}

/// Returns whether the value of a key of this name, in a table of a policy, is a
/// requirement.
pub(super) fn holds_requirement(name: &str) -> bool {
    has_shape::<HeadKey>(name, Shape::Requirement)
        || has_shape::<CheckKey>(name, Shape::Requirement)
        || has_shape::<RuleKey>(name, Shape::Requirement)
        || has_shape::<RaiseKey>(name, Shape::Requirement)
        || has_shape::<AggregateKey>(name, Shape::Requirement)
}

/// Returns whether the requirement under a key of this name says where a rule applies,
/// or is more severe: the more it asks, the less the rule does.
pub(super) fn narrows(name: &str) -> bool {
    name != RuleKey::Require.word()
}

/// Returns how looser values of a key of a question compare with stricter ones, if some
/// are looser.
pub(super) fn looser_in_question(question: Question, key: &str) -> Option<Ordering> {
    let looser = |is_meant: bool, looser| is_meant.then_some(looser);
    match question {
        Question::Unique => None,
        Question::Shared => looser(key == SharedKey::MoreThan.word(), Ordering::Greater),
        Question::PassRate => looser(key == PassRateKey::AtLeast.word(), Ordering::Less),
        Question::Records => looser(key == RecordsKey::AtLeast.word(), Ordering::Less),
        Question::Newest => looser(key == NewestKey::Within.word(), Ordering::Greater),
    }
}

/// Returns whether a key of this name, in a requirement or in a question about the
/// whole export, takes a span of time.
pub(super) fn takes_span(name: &str) -> bool {
    let in_question = |question: &Question| match question {
        Question::Unique => has_shape::<UniqueKey>(name, Shape::Span),
        Question::Shared => has_shape::<SharedKey>(name, Shape::Span),
        Question::PassRate => has_shape::<PassRateKey>(name, Shape::Span),
        Question::Records => has_shape::<RecordsKey>(name, Shape::Span),
        Question::Newest => has_shape::<NewestKey>(name, Shape::Span),
    };
    let operator = operator::find(name);
    operator.is_some_and(|operator| operator.argument.takes_span())
        || has_shape::<OtherTimeKey>(name, Shape::Span)
        || Question::VARIANTS.iter().any(in_question)
}

fn has_shape<K: Keys>(name: &str, shape: Shape) -> bool {
    let mut keys = K::VARIANTS.iter();
    keys.any(|key| key.word() == name && key.shape() == shape)
}
