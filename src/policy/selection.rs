//! Which rules of the policies are asked in a run: some of them can be left out.

use std::fmt;
use std::str::FromStr;

use super::aggregate::{Aggregate, Summation};
use super::error::Error;
use super::policies::Policy;
use super::rule::{Ask, Rule};
use crate::diagnostic::suggest;

/// Names rules: `rule-id`, `policy/rule-id` or `tag:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The rules of this id, in whatever policy.
    Rule(String),
    /// The rule of this policy with this id.
    PolicyRule(String, String),
    /// The rules with this tag.
    Tag(String),
}

impl FromStr for Selector {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text.strip_prefix("tag:"), text.split_once('/')) {
            (Some(tag), _) => Self::Tag(tag.to_owned()),
            (None, Some((policy, rule))) => Self::PolicyRule(policy.to_owned(), rule.to_owned()),
            (None, None) => Self::Rule(text.to_owned()),
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(id) => f.write_str(id),
            Self::PolicyRule(policy, id) => write!(f, "{policy}/{id}"),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
        }
    }
}

impl Selector {
    fn selects(&self, policy: &Policy, rule: &Rule) -> bool {
        match self {
            Self::Rule(id) => rule.id == *id,
            Self::PolicyRule(of, id) => policy.id == *of && rule.id == *id,
            Self::Tag(tag) => rule.tags.contains(tag),
        }
    }

    /// Returns the selectors of this sort that select something in these policies.
    fn known(&self, policies: &[Policy]) -> Vec<String> {
        let rules = policies
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        let mut known: Vec<_> = match self {
            Self::Rule(_) => rules.map(|(_, rule)| rule.id.clone()).collect(),
            Self::PolicyRule(..) => rules
                .map(|(policy, rule)| format!("{}/{}", policy.id, rule.id))
                .collect(),
            Self::Tag(_) => rules
                .flat_map(|(_, rule)| rule.tags.iter().map(|tag| format!("tag:{tag}")))
                .collect(),
        };
        known.sort_unstable();
        known.dedup();
        known
    }
}

/// Says which rules are asked: all, or only some, but not others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The only rules that are asked; all, if none is named.
    pub only: Vec<Selector>,
    /// The rules that are not asked.
    pub skip: Vec<Selector>,
}

impl Selection {
    /// Leaves out the rules that are not asked: the policies keep them apart, for
    /// reports say so. Returns an error for each selector that selects nothing, and one
    /// if nothing is left.
    pub(super) fn apply(&self, policies: &mut [Policy]) -> Vec<Error> {
        let selectors = self.only.iter().chain(&self.skip);
        let mut errors: Vec<_> = selectors
            .filter_map(|selector| nothing_selected(selector, policies))
            .collect();
        let is_asked = |policy: &Policy, rule: &Rule| {
            let names = |all: &[Selector]| all.iter().any(|one| one.selects(policy, rule));
            (self.only.is_empty() || names(&self.only)) && !names(&self.skip)
        };
        for policy in policies.iter_mut() {
            let rules = std::mem::take(&mut policy.rules);
            let (asked, out): (Vec<_>, Vec<_>) =
                rules.into_iter().partition(|rule| is_asked(policy, rule));
            // The pass rate of a rule that is not asked is not known.
            let is_known = |rule: &Rule| match &rule.ask {
                Ask::Aggregate(Aggregate::Summed(Summation::PassRate { rule, .. })) => {
                    asked.iter().any(|asked| asked.id == *rule)
                }
                Ask::Aggregate(_) | Ask::Record { .. } => true,
            };
            let kept: Vec<_> = asked.iter().map(is_known).collect();
            let mut kept = kept.into_iter();
            let (asked, unknown): (Vec<_>, Vec<_>) =
                (asked.into_iter()).partition(|_| kept.next().unwrap_or(true));
            policy.rules = asked;
            policy.left_out = out.into_iter().chain(unknown).collect();
        }
        let nothing_is_left = policies.iter().all(|policy| policy.rules.is_empty());
        if errors.is_empty() && !policies.is_empty() && nothing_is_left {
            errors.push(Error::NothingLeft);
        }
        errors
    }
}

fn nothing_selected(selector: &Selector, policies: &[Policy]) -> Option<Error> {
    let selects = |policy: &Policy| {
        policy
            .rules
            .iter()
            .any(|rule| selector.selects(policy, rule))
    };
    if policies.iter().any(selects) {
        return None;
    }
    let known = selector.known(policies);
    let hint = match (selector, known.is_empty()) {
        (Selector::Tag(_), true) => "no rule has a tag".to_owned(),
        (Selector::Rule(_) | Selector::PolicyRule(..) | Selector::Tag(_), _) => {
            suggest(&selector.to_string(), known.iter().map(String::as_str))
        }
    };
    Some(Error::NoneSelected {
        selector: selector.to_string(),
        hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policies;

    const POLICY: &str = "
        [policy]
        id = 'p'

        [[rule]]
        id = 'a'
        severity = 'high'
        tags = ['ig1', 'sign-in']
        require.force2fa = true

        [[rule]]
        id = 'b'
        severity = 'high'
        tags = ['ig2']
        require.forceSso = true

        [[aggregate]]
        id = 'rate'
        severity = 'low'
        pass-rate = { rule = 'a', at-least = '95%' }
    ";

    fn select(only: &[&str], skip: &[&str]) -> Result<(String, String), String> {
        let builder = Policies::builder().text("p.toml", POLICY);
        let parse = |text: &&str| match text.parse::<Selector>() {
            Ok(selector) => selector,
            Err(never) => match never {},
        };
        let selection = Selection {
            only: only.iter().map(parse).collect(),
            skip: skip.iter().map(parse).collect(),
        };
        let policies = builder.select(selection).load();
        let policies = policies.map_err(|error| error.to_string())?;
        let ids = |rules: &[Rule]| {
            let ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
            ids.join(" ")
        };
        let policy = &policies.all[0];
        Ok((ids(&policy.rules), ids(&policy.left_out)))
    }

    fn sound(only: &[&str], skip: &[&str]) -> (String, String) {
        select(only, skip).expect("it selects something")
    }

    fn both(asked: &str, left_out: &str) -> (String, String) {
        (asked.to_owned(), left_out.to_owned())
    }

    #[test]
    fn what_is_not_selected_is_kept_apart() {
        assert_eq!(sound(&[], &[]), both("a b rate", ""));
        assert_eq!(sound(&["b"], &[]), both("b", "a rate"));
        assert_eq!(sound(&["tag:ig1", "p/rate"], &[]), both("a rate", "b"));
        assert_eq!(sound(&[], &["p/b"]), both("a rate", "b"));
        assert_eq!(sound(&["a", "b"], &["tag:ig2"]), both("a", "b rate"));
    }

    #[test]
    fn the_pass_rate_of_a_rule_that_is_left_out_is_left_out_too() {
        assert_eq!(sound(&[], &["a"]), both("b", "a rate"));
    }

    #[test]
    fn a_selector_that_selects_nothing_is_an_error_with_the_nearest() {
        let error = select(&["tag:ig3"], &[]).expect_err("no such tag");
        assert!(error.contains("`tag:ig3`"), "{error}");
        assert!(error.contains("did you mean `tag:ig"), "{error}");
        assert!(select(&[], &["q/a"]).is_err());
    }

    #[test]
    fn a_run_without_a_rule_is_an_error() {
        let error = select(&["a"], &["tag:sign-in"]).expect_err("no rule is left");
        assert!(error.contains("no rule is left"), "{error}");
    }
}
