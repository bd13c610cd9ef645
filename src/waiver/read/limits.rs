//! What a waiver may be for: what its policy allows, and no other waiver is for.

use std::ops::Range;

use toml::Spanned;

use super::file::{Keyed, Reader};
use crate::diagnostic::nearest;
use crate::policy::{Aggregate, Ask, MustSay, Policy, Rule};
use crate::toml_keys::Keys;
use crate::toml_reader::Word;
use crate::waiver::account::name;
use crate::waiver::keys::WaiverKey;
use crate::waiver::term::Term;
use crate::waiver::waiver::{Covers, Waiver};

impl Reader<'_, '_> {
    /// Notes a waiver for a policy that is not in this run: it may be one of another run, or
    /// not called so.
    pub(super) fn note_other_policy(&mut self, id: &str, policy: &str) {
        let known = self.draft.policies.all.iter();
        let replaces = known
            .clone()
            .find(|known| known.replaces.iter().any(|old| old == policy));
        let hint = match (
            replaces,
            nearest(policy, known.map(|known| known.id.as_str())),
        ) {
            (Some(new), _) => format!(" (`{}` is instead of it)", name(&new.id)),
            (None, Some(near)) => format!(" (did you mean `{}`?)", name(near)),
            (None, None) => String::new(),
        };
        self.draft.not_asked.push(format!(
            "{id} is not asked: the policy `{}` is not in this run{hint}",
            name(policy)
        ));
    }

    /// Holds the waiver against what its policy allows.
    pub(super) fn limits(
        &mut self,
        (policy, rule): (&Policy, &Rule),
        keys: &Keyed<'_, '_>,
        span: &Range<usize>,
        term: Option<Term>,
    ) {
        let at = |key: WaiverKey| keys.value(key).map_or(span.clone(), Spanned::span);
        if !rule.waivable {
            let message = format!("`{}` may not be waived", rule.id);
            let help = format!(
                "its policy says so: {} line {}",
                rule.location.path, rule.location.line
            );
            self.toml.complain(at(WaiverKey::Rule), message, Some(help));
        }
        if let Ask::Aggregate(Aggregate::Summed(_)) = &rule.ask {
            let message = format!("`{}` is about the whole export, and no customer", rule.id);
            let help = "a waiver is for a finding about a customer".to_owned();
            self.toml.complain(at(WaiverKey::Rule), message, Some(help));
        }
        let raised = rule.raise.as_ref().map(|raise| raise.to);
        let severity = raised.map_or(rule.severity, |raised| raised.max(rule.severity));
        let most = policy.waiver_limits.most_days(severity);
        if let Some(term) = term
            && let Err((message, help)) = term.within(
                most,
                &format!("a waiver of a {severity} finding of `{}`", policy.id),
            )
        {
            self.toml
                .complain(at(WaiverKey::Expires), message, Some(help));
        }
        for part in &policy.waiver_limits.must_say {
            let key = match part {
                MustSay::Ticket => WaiverKey::Ticket,
                MustSay::Reason => WaiverKey::Reason,
                MustSay::RequestedBy => WaiverKey::RequestedBy,
                MustSay::ApprovedBy => WaiverKey::ApprovedBy,
            };
            // What every waiver needs has been asked for.
            if keys.value(key).is_none() && !WaiverKey::REQUIRED.contains(&key) {
                let message = format!("a waiver of `{}` needs `{}`", policy.id, key.word());
                self.toml.complain(span.clone(), message, None);
            }
        }
    }

    /// Reports a waiver in force for that which another in force is for. One that has expired
    /// may stay beside the one that follows it.
    pub(super) fn refuse_second(&mut self, waiver: &Waiver) {
        let Some(rule) = waiver.rule_index else {
            return;
        };
        if !waiver.term.is_in_force(self.draft.as_of) {
            return;
        }
        for customer in &waiver.customers {
            let pair = (rule, customer.clone(), waiver.covers == Covers::Error);
            if let Some(other) = self.draft.pairs.get(&pair) {
                let message =
                    format!("`{other}` waives this already for the customer `{customer}`");
                let help = "leave out one of the two".to_owned();
                self.toml
                    .complain(waiver.place.1.clone(), message, Some(help));
            }
            self.draft.pairs.insert(pair, waiver.id.clone());
        }
    }
}
