//! What a rule asks, in a form that does not depend on its words: rules that ask the
//! same have the same digest, from night to night and from version to version.

use serde_json::{Value, json};

use super::aggregate::{Aggregate, Comparison, Summation};
use super::check::{Check, Literal, OtherTime};
use super::policies::{Policies, Policy};
use super::requirement::Requirement;
use super::rule::{Ask, Rule};
use super::words::Asked;
use crate::digest::{self, Hasher};
use crate::record::{Slot, time};

impl Policies {
    /// Returns the SHA-256 of what a rule of a policy asks, in hexadecimal digits: scope,
    /// `when`, `require` and what absence leads to, with shared checks and parameters
    /// filled in; not its words, and not how severe it is.
    pub fn rule_digest(&self, policy: &Policy, rule: &Rule) -> String {
        let mut hasher = Hasher::default();
        hasher.update(self.asks(policy, rule).to_string().as_bytes());
        digest::hex(&hasher.finish())
    }

    fn asks(&self, policy: &Policy, rule: &Rule) -> Value {
        let asked = self.asked();
        let requirement = |requirement: &Option<Requirement>| {
            requirement.as_ref().map(|part| asked.requirement(part))
        };
        let (scope, when) = (requirement(&policy.scope), requirement(&rule.when));
        let question = match &rule.ask {
            Ask::Record { require, on_absent } => {
                json!([asked.requirement(require), on_absent.name()])
            }
            Ask::Aggregate(aggregate) => self.question(policy, aggregate),
        };
        let own_scope = requirement(&rule.scope);
        json!([scope, own_scope, when, rule.when_absent.name(), question])
    }

    fn question(&self, policy: &Policy, aggregate: &Aggregate) -> Value {
        let asked = self.asked();
        match aggregate {
            Aggregate::Compared(Comparison::Unique {
                slot,
                copies,
                ignore_case,
            }) => {
                let copies: &str = (*copies).into();
                json!(["unique", asked.name(*slot), copies, ignore_case])
            }
            Aggregate::Compared(Comparison::Shared {
                slot,
                most,
                ignore_case,
            }) => json!(["shared", asked.name(*slot), most, ignore_case]),
            Aggregate::Summed(Summation::PassRate { rule: id, least }) => {
                let mut rules = policy.rules.iter().chain(&policy.left_out);
                let counted = rules.find(|rule| rule.id == *id && rule.is_of_records());
                let counted = counted.map(|rule| self.asks(policy, rule));
                json!(["pass-rate", counted, least.to_string()])
            }
            Aggregate::Summed(Summation::Records { least }) => json!(["records", least]),
            Aggregate::Summed(Summation::Newest { slot, within, .. }) => {
                json!(["newest", asked.name(*slot), within.span.to_string()])
            }
        }
    }
}

impl Asked<'_> {
    /// Returns a field by its name and, if it is a policy's own, its kind.
    fn name(self, slot: Slot) -> Value {
        let field = self.schema.field(slot);
        match field.documented {
            true => json!(field.name),
            false => json!([field.name, field.kind.name()]),
        }
    }

    fn requirement(self, requirement: &Requirement) -> Value {
        match requirement {
            Requirement::Field { slot, tests } => {
                let tests = tests.iter().map(|id| self.check(&self.test(*id).check));
                json!(["field", self.name(*slot), in_any_order(tests)])
            }
            Requirement::All(parts) => json!(["all", self.parts(parts)]),
            Requirement::Any(parts) => json!(["any", self.parts(parts)]),
            Requirement::Some { least, of } => json!(["some", least, self.parts(of)]),
            Requirement::Not(part) => json!(["not", self.requirement(part)]),
        }
    }

    fn parts(self, parts: &[Requirement]) -> Value {
        in_any_order(parts.iter().map(|part| self.requirement(part)))
    }

    fn check(self, check: &Check) -> Value {
        let networks =
            |nets: &[ipnet::IpNet]| in_any_order(nets.iter().map(|net| json!(net.to_string())));
        match check {
            Check::Present(wanted) => json!(["present", wanted]),
            Check::Equals(value) => json!(["equals", literal(value)]),
            Check::NotEquals(value) => json!(["not-equals", literal(value)]),
            Check::In(list) => json!(["in", in_any_order(list.iter().map(literal))]),
            Check::NotIn(list) => json!(["not-in", in_any_order(list.iter().map(literal))]),
            Check::EqualsField(slot) => json!(["equals-field", self.name(*slot)]),
            Check::DiffersFrom(slot) => json!(["differs-from", self.name(*slot)]),
            Check::Matches(pattern) => json!(["matches", pattern.to_string()]),
            Check::NotMatches(pattern) => json!(["not-matches", pattern.to_string()]),
            Check::MinLength(least) => json!(["min-length", least]),
            Check::MaxLength(most) => json!(["max-length", most]),
            Check::AtLeast(least) => json!(["at-least", least]),
            Check::AtMost(most) => json!(["at-most", most]),
            Check::Before(limit) => json!(["before", time::show(*limit)]),
            Check::After(limit) => json!(["after", time::show(*limit)]),
            Check::OlderThan(ago) => json!(["older-than", ago.span.to_string()]),
            Check::NewerThan(ago) => json!(["newer-than", ago.span.to_string()]),
            Check::WithinNext(ahead) => json!(["within-next", ahead.span.to_string()]),
            Check::Passed { wanted, .. } => json!(["passed", wanted]),
            Check::BeforeField(other) => self.other_time("before-field", other),
            Check::AfterField(other) => self.other_time("after-field", other),
            Check::AnyAddress(wanted) => json!(["any-address", wanted]),
            Check::MinPrefix { v4, v6 } => json!(["min-prefix", v4, v6]),
            Check::MaxAddresses { v4, v6 } => json!(["max-addresses", v4, v6.to_string()]),
            Check::Within(nets) => json!(["within", networks(nets)]),
            Check::Excludes(nets) => json!(["excludes", networks(nets)]),
            Check::Covers(nets) => json!(["covers", networks(nets)]),
            Check::Public => json!(["public"]),
        }
    }

    fn other_time(self, name: &str, other: &OtherTime) -> Value {
        let by = other.by.map(|by| by.to_string());
        json!([name, self.name(other.slot), by])
    }
}

fn literal(literal: &Literal) -> Value {
    match literal {
        Literal::Flag(flag) => json!(flag),
        Literal::Text(text) => json!(text),
        Literal::Number(number) => json!(["number", number]),
        Literal::Time(instant) => json!(["time", time::show(*instant)]),
    }
}

/// Joins what may come in any order and asks the same.
fn in_any_order(items: impl Iterator<Item = Value>) -> Value {
    let mut items: Vec<_> = items.collect();
    items.sort_by_cached_key(Value::to_string);
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(policy: &str, rule: &str) -> String {
        let text = format!("[policy]\nid = 'p'\n{policy}\n[[rule]]\nid = 'r'\n{rule}");
        let policies = Policies::builder().text("p.toml", text).load();
        let policies = policies.expect("a sound policy");
        let policy = &policies.all[0];
        policies.rule_digest(policy, &policy.rules[0])
    }

    const RULE: &str = "severity = 'low'\nrequire.createdAt.older-than = '30d'";

    #[test]
    fn words_and_severity_do_not_change_what_a_rule_asks() {
        let other = "severity = 'high'\ntitle = 'T'\nremediation = 'Do it'\nexpected = 'old'\n\
                     tags = ['a']\nrequire.createdAt.older-than = '$days'";
        let params = "[params]\ndays = 30";
        assert_eq!(digest("", RULE), digest(params, other));
    }

    #[test]
    fn the_order_of_what_is_asked_together_does_not_matter() {
        let one = "severity = 'low'\nrequire.any = [{ force2fa = true }, { forceSso = true }]";
        let two = "severity = 'low'\nrequire.any = [{ forceSso = true }, { force2fa = true }]";
        assert_eq!(digest("", one), digest("", two));
    }

    #[test]
    fn whatever_decides_an_outcome_changes_the_digest() {
        let others = [
            ("scope.forceSso = true", RULE.to_owned()),
            ("when-absent = 'skip'", RULE.to_owned()),
            ("", format!("{RULE}\nwhen.forceSso = true")),
            ("", format!("{RULE}\non-absent = 'pass'")),
            ("", RULE.replace("30d", "31d")),
            ("", RULE.replace("older", "newer")),
            ("", RULE.replace("createdAt", "updatedAt")),
        ];
        let mut digests: Vec<_> = others
            .iter()
            .map(|(policy, rule)| digest(policy, rule))
            .chain([digest("", RULE)])
            .collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), others.len() + 1);
    }
}
