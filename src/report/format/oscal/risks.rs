//! What rules that are not met put at risk: one risk a task, as what several rules ask is
//! done once.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::observed::Observed;
use super::part::{NAMESPACE, first_of, one_line, prop, props, uuid, uuid_in};
use super::rules::{judged, tool_uuid};
use crate::policy::Severity;
use crate::record::time;
use crate::report::format::buffered::Report;
use crate::report::model::header::{Policy, Rule};
use crate::report::model::task::{self, Task};

/// Makes the risks of a result.
pub struct Risks<'r> {
    report: &'r Report<'r>,
    observed: &'r Observed<'r>,
    risks: Vec<Risk<'r>>,
    /// The index of the risk of each rule, in the order of the header.
    of_rule: Vec<Option<usize>>,
}

/// Holds what may be wrong for one reason.
struct Risk<'r> {
    uuid: String,
    status: Status,
    severity: Severity,
    /// The rules that show it, with their indexes.
    rules: Vec<(usize, &'r Policy, &'r Rule)>,
    /// What to do, and which rules say so if not all do.
    ways: Vec<(String, &'r str)>,
}

/// Says what is done about a risk, in the words of OSCAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
enum Status {
    /// A rule is not met.
    Open,
    /// Whether the rules are met could not be decided.
    Investigating,
    /// All that does not meet the rule is waived.
    DeviationApproved,
}

impl<'r> Risks<'r> {
    pub fn new(report: &'r Report<'r>, observed: &'r Observed<'r>) -> Self {
        let rules = report.header.rules().zip(&report.footer.summary.by_rule);
        let rules = rules.zip(report.most_severe());
        let tasks = task::tasks(rules.map(|((rule, counted), severity)| (rule, counted, severity)));
        let fails = |index: usize| {
            let counted = report.footer.summary.by_rule.get(index);
            counted.is_some_and(|counted| counted.counts.fail > 0)
        };
        let open = tasks.iter().map(|task| Risk::open(report, task, fails));
        let waived = judged(report)
            .filter(|(_, _, counted)| counted.counts.findings() == 0 && counted.counts.waived > 0);
        let waived = waived.map(|(index, (policy, rule), counted)| {
            let severity = counted.most_severe.unwrap_or(rule.severity);
            Risk::waived(report, index, policy, rule, severity)
        });
        let risks: Vec<_> = open.chain(waived).collect();
        let mut of_rule: Vec<_> = report.header.rules().map(|_| None).collect();
        for (index, risk) in risks.iter().enumerate() {
            for (rule_index, ..) in &risk.rules {
                of_rule[*rule_index] = Some(index);
            }
        }
        Self {
            report,
            observed,
            risks,
            of_rule,
        }
    }

    /// Returns the UUID of the risk that a rule shows, if it shows one.
    pub fn of_rule(&self, rule_index: usize) -> Option<&str> {
        let index = self.of_rule.get(rule_index).copied().flatten()?;
        Some(&self.risks[index].uuid)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.risks.is_empty()
    }

    /// Returns the risks, the most severe first, the accepted ones last.
    pub fn risks(&self) -> impl Iterator<Item = Value> {
        self.risks.iter().map(|risk| self.risk(risk))
    }

    fn risk(&self, risk: &Risk<'_>) -> Value {
        let most_severe = risk
            .rules
            .iter()
            .find(|(_, _, rule)| rule.severity == risk.severity);
        let Some((_, _, rule)) = most_severe.or(risk.rules.first()) else {
            return Value::Null;
        };
        let title = first_of([&rule.title, &rule.id]);
        let actors = json!([{ "type": "tool", "actor-uuid": tool_uuid(&self.report.header.tool) }]);
        let rules = risk.rules.iter();
        let named = rules
            .clone()
            .filter_map(|(_, policy, rule)| prop("rule", &format!("{}/{}", policy.id, rule.id)));
        let mut made = json!({
            "uuid": risk.uuid,
            "title": title,
            "description": title,
            "statement": first_of([&rule.rationale, &title]),
            "props": props([("severity", risk.severity.name())])
                .into_iter()
                .chain(named)
                .collect::<Vec<_>>(),
            "status": <&str>::from(risk.status),
            "characterizations": [{
                "origin": { "actors": actors },
                "facets": [{
                    "name": "severity",
                    "system": NAMESPACE,
                    "value": risk.severity.name(),
                }],
            }],
        });
        let due: Option<DateTime<Utc>> = rules
            .clone()
            .filter_map(|(index, ..)| self.observed.due(*index))
            .min();
        if let Some(due) = due {
            made["deadline"] = time::show(due).into();
        }
        let remediations = risk.ways.iter().map(|(of, remediation)| {
            json!({
                "uuid": uuid("remediation", &format!("{}/{of}", risk.uuid)),
                "lifecycle": "recommendation",
                "title": one_line(&match of.as_str() {
                    "" => title.clone(),
                    of => format!("{title}: for {of}"),
                }),
                "description": one_line(remediation),
            })
        });
        let remediations: Vec<_> = remediations.collect();
        // Readers refuse lists that are blank.
        if !remediations.is_empty() {
            made["remediations"] = remediations.into();
        }
        let observations = self.observed.related(rules.map(|(index, ..)| *index));
        if !observations.is_empty() {
            made["related-observations"] = observations.into();
        }
        made
    }
}

impl<'r> Risk<'r> {
    fn open(report: &Report<'_>, task: &Task<'r>, fails: impl Fn(usize) -> bool) -> Self {
        let name = |policy: &Policy, rule: &Rule| format!("{}/{}", policy.id, rule.id);
        let named: Vec<_> = (task.rules.iter())
            .map(|one| name(one.policy, one.rule))
            .collect();
        let ways = task.ways.iter().map(|way| {
            let of = way.rules.iter().map(|one| name(one.policy, one.rule));
            let of = match task.ways.len() {
                1 => String::new(),
                _ => of.collect::<Vec<_>>().join(", "),
            };
            (of, way.remediation)
        });
        Self {
            uuid: uuid_in(report, "risk", &named.join(" ")),
            status: match task.rules.iter().any(|one| fails(one.index)) {
                true => Status::Open,
                false => Status::Investigating,
            },
            severity: task.severity,
            rules: (task.rules.iter())
                .map(|one| (one.index, one.policy, one.rule))
                .collect(),
            ways: ways.collect(),
        }
    }

    fn waived(
        report: &Report<'_>,
        index: usize,
        policy: &'r Policy,
        rule: &'r Rule,
        severity: Severity,
    ) -> Self {
        let remediation = rule.remediation.as_str();
        Self {
            uuid: uuid_in(report, "risk", &format!("{}/{}", policy.id, rule.id)),
            status: Status::DeviationApproved,
            severity,
            rules: vec![(index, policy, rule)],
            ways: match remediation.trim() {
                "" => Vec::new(),
                _ => vec![(String::new(), remediation)],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Counts;
    use crate::report::fixture;
    use crate::report::format::kept::Findings;

    /// The risks of an audit whose first rule, or both, came to this.
    fn risks(counts: Counts, check: Option<&str>) -> Vec<Value> {
        let (mut header, mut footer) = (fixture::header(), fixture::clean());
        for rule in &mut header.policies[0].rules {
            rule.check = check.map(str::to_owned);
        }
        let rules = if check.is_some() { 2 } else { 1 };
        for rule in &mut footer.summary.by_rule[..rules] {
            rule.counts = counts;
        }
        let report = Report {
            header: &header,
            footer: &footer,
            findings: Findings::of([fixture::row()]),
            left_out: 0,
            rejected: Vec::new(),
            closed: Vec::new(),
            carried: Findings::of([]),
        };
        let observed = Observed::new(&report).expect("memory");
        let risks = Risks::new(&report, &observed);
        assert_eq!(risks.of_rule(0).is_none(), risks.is_empty());
        risks.risks().collect()
    }

    #[test]
    fn a_risk_is_open_unless_all_is_undecided_or_waived() {
        let of = |pass, fail, error, waived| {
            let counts = Counts {
                pass,
                fail,
                error,
                waived,
                not_applicable: 0,
            };
            let risks = risks(counts, None);
            let status = risks.first().map(|risk| risk["status"].clone());
            status.unwrap_or_default()
        };
        assert_eq!(of(1, 0, 0, 0), Value::Null);
        assert_eq!(of(1, 1, 1, 1), "open");
        assert_eq!(of(1, 0, 1, 1), "investigating");
        assert_eq!(of(1, 0, 0, 1), "deviation-approved");
    }

    #[test]
    fn what_several_rules_ask_is_one_risk_with_what_to_do_for_each() {
        let counts = Counts {
            fail: 1,
            ..Counts::default()
        };
        let risks = risks(counts, Some("one-check"));
        assert_eq!(risks.len(), 1);
        let risk = &risks[0];
        let remediations = risk["remediations"].as_array().expect("a list");
        let titles = remediations.iter().map(|one| one["title"].as_str());
        assert_eq!(
            titles.collect::<Option<Vec<_>>>(),
            Some(vec![
                "The rule mfa: for pol/mfa",
                "The rule mfa: for pol/name"
            ])
        );
        assert_eq!(risk["statement"], "Why mfa.");
    }
}
