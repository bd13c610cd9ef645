//! One made-up report, for the tests of all formats.

use chrono::{DateTime, TimeDelta, Utc};

use super::model::control;
use super::model::ended::{CarriedRow, Closed, Ended};
use super::model::footer::{Export, Footer, PolicyReach, RuleCounts};
use super::model::header::{
    Criterion, Header, OptionalField, Policy, Raise, Rule, UntestedControl,
};
use super::model::life::{
    Because, Carried, Doubt, End, Life, Moves, Previous, Since, SinceCounts, SinceOfRule,
};
use super::model::row::{FindingRow, Rejected, WaivedBy};
use super::render::Found;
use crate::finding::{Counts, Evidence, Privacy, Reason, Status};
use crate::policy::{Policies, Severity};
use crate::totals::{Completeness, ExportNames, Gap, GapCode, RunningTotals};

/// Holds text that would steer, hide or end what is around it.
pub const HOSTILE: &str = "=cmd|'/C x'!A1 <script>&\"'`|]]>[a](b)\u{202e}\u{1b}[31m\n\u{ffff}";

/// Returns a rule of this id.
pub fn rule(id: &str, severity: Severity) -> Rule {
    Rule {
        id: id.to_owned(),
        title: format!("The rule {id}"),
        severity,
        raise: None,
        criterion: Criterion {
            scope: None,
            when: None,
            when_absent: None,
            require: format!("{id} is true"),
            on_absent: Some("fail".to_owned()),
        },
        sha256: "11".repeat(32),
        tags: Vec::new(),
        check: None,
        aggregate: None,
        rationale: format!("Why {id}."),
        remediation: format!("Do {id}."),
        references: vec!["PCI DSS 4.0.1: 8.4.2 (partial)".to_owned()],
    }
}

/// Returns the header of a report by one policy of two rules.
pub fn header() -> Header {
    let mut header = Header::new(&Policies::default(), DateTime::UNIX_EPOCH);
    header.policies = vec![Policy {
        id: "pol".to_owned(),
        title: "A policy".to_owned(),
        version: "1".to_owned(),
        path: "pol.toml".to_owned(),
        sha256: "00".repeat(32),
        limits: vec!["Does not show what nobody records".to_owned()],
        optional: vec![OptionalField {
            field: "billingRef".to_owned(),
            why: "few have one".to_owned(),
        }],
        replaces: Vec::new(),
        extends: Vec::new(),
        lists: Default::default(),
        params: Default::default(),
        set: Vec::new(),
        overrides: Vec::new(),
        rules: vec![
            rule("mfa", Severity::High),
            Rule {
                raise: Some(Raise {
                    to: Severity::Critical,
                    when: "hasPci is true".to_owned(),
                }),
                ..rule("name", Severity::Low)
            },
        ],
        not_tested: vec![rule("left", Severity::Low)],
        untested_controls: vec![UntestedControl {
            framework: "PCI DSS 4.0.1".to_owned(),
            requirement: "8.2.2".to_owned(),
            evidenced_by: "the access team".to_owned(),
        }],
    }];
    header
}

/// Returns a finding about a record.
pub fn row() -> FindingRow<'static> {
    FindingRow {
        policy: "pol".into(),
        rule: "mfa".into(),
        severity: Severity::High,
        status: Status::Fail,
        reason: Reason::Violated,
        customer_id: Some("customer-1".into()),
        customer_name: Some("Example Outfitters".into()),
        evidence: vec![Evidence {
            field: "force2fa".into(),
            expected: "true".into(),
            observed: "false".into(),
        }],
        evidence_digest: Some("e1".repeat(16).into()),
        fingerprint: "f1".repeat(16).into(),
        waiver: None,
        life: None,
        slice: Vec::new(),
        export: Some("one.json".into()),
        record: Some(1),
    }
}

/// Returns findings that fail, are undecided and are waived, with and without an id,
/// and with long and hostile text.
pub fn rows() -> [FindingRow<'static>; 5] {
    let long = "x".repeat(5000);
    let low = || FindingRow {
        rule: "name".into(),
        severity: Severity::Low,
        ..row()
    };
    let evidence = |observed: &str| {
        vec![Evidence {
            field: "name".into(),
            expected: "present".into(),
            observed: observed.to_owned().into(),
        }]
    };
    [
        row(),
        FindingRow {
            status: Status::Error,
            reason: Reason::Unparsable,
            customer_id: None,
            customer_name: None,
            fingerprint: "f2".repeat(16).into(),
            record: Some(2),
            ..row()
        },
        FindingRow {
            customer_id: Some(HOSTILE.into()),
            customer_name: Some(HOSTILE.into()),
            evidence: evidence(HOSTILE),
            fingerprint: "f3".repeat(16).into(),
            record: Some(3),
            ..low()
        },
        FindingRow {
            status: Status::Waived,
            customer_id: Some("customer-4".into()),
            evidence: evidence(&long),
            fingerprint: "f4".repeat(16).into(),
            waiver: Some(WaivedBy {
                id: "W-1".into(),
                reason: "One office".into(),
                ticket: Some("SEC-1".into()),
                approved_by: "ciso".into(),
                expires: "2027-02-01".into(),
            }),
            record: Some(4),
            ..low()
        },
        FindingRow {
            customer_id: None,
            customer_name: None,
            fingerprint: "f5".repeat(16).into(),
            export: None,
            record: None,
            ..low()
        },
    ]
}

/// Returns a finding as a renderer gets it.
pub fn found(row: FindingRow<'static>) -> Found<'static> {
    let mut rules = header()
        .policies
        .into_iter()
        .flat_map(|policy| policy.rules);
    let rule_index = rules.position(|rule| rule.id == row.rule);
    Found {
        row,
        rule_index: rule_index.unwrap_or_default(),
        finding: None,
    }
}

/// Returns a record that could not be read.
pub fn rejected() -> Rejected<'static> {
    Rejected {
        export: "one.json".into(),
        record: 5,
        offset: 1234,
        cause: "no JSON".into(),
    }
}

fn judged(policy: &Policy) -> PolicyReach {
    PolicyReach {
        policy: policy.id.clone(),
        in_scope: 4,
        judged: true,
    }
}

#[expect(clippy::expect_used, reason = "a test")]
fn footer(gaps: &[Gap], by_rule: [Counts; 2]) -> Footer {
    let policies = Policies::default();
    let totals = RunningTotals::new(&policies, 0);
    let mut totals = totals
        .finish(
            ExportNames::of_paths(&[]),
            Privacy::Redacted,
            Completeness::default(),
            |_| Ok::<_, crate::aggregate::Error>(()),
        )
        .expect("no temporary file");
    totals.verdict.gaps = gaps.to_vec();
    let mut footer = Footer::new(&policies, &totals, &[], Privacy::Redacted);
    footer.exports = vec![Export {
        path: "one.json".to_owned(),
        format: "json".into(),
        records: 6,
        rejected: 2,
        problem: None,
        sha256: None,
    }];
    let summary = &mut footer.summary;
    (summary.records, summary.in_scope, summary.rejected) = (6, 4, 2);
    let header = header();
    summary.by_policy = header.policies.iter().map(judged).collect();
    for ((policy, rule), counts) in header.rules().zip(by_rule) {
        summary.counts += counts;
        *summary.by_severity.entry(rule.severity).or_default() += counts;
        summary.by_rule.push(RuleCounts {
            policy: policy.id.clone(),
            rule: rule.id.clone(),
            severity: rule.severity,
            counts,
            most_severe: (counts.listed() > 0).then_some(rule.severity),
        });
    }
    footer.controls = control::of_fixture(&header, &footer.summary);
    footer
}

/// Returns what an audit came to that is not complete and has the findings of
/// [`rows`]. The customer who comes first in the ranking is not the first of the
/// findings.
pub fn incomplete() -> Footer {
    let counts = |fail, error, waived| Counts {
        pass: 7,
        fail,
        error,
        waived,
        not_applicable: 1,
    };
    let gap = |code, count, text: &str| Gap {
        code,
        count,
        text: text.to_owned(),
    };
    let gaps = [
        gap(GapCode::Rejected, 2, "2 records could not be read"),
        gap(GapCode::Undecided, 1, "1 outcome could not be decided"),
    ];
    let mut footer = footer(&gaps, [counts(1, 1, 0), counts(2, 0, 1)]);
    let customer = |id: &str, high| super::model::footer::Customer {
        customer_id: Some(id.to_owned()),
        customer_name: None,
        findings: [(Severity::High, high), (Severity::Low, 1)].into(),
    };
    footer.summary.top_customers = vec![customer("customer-9", 3), customer("customer-1", 1)];
    footer
}

/// Returns what an audit came to whose policy judged nothing.
pub fn unjudged() -> Footer {
    let none = Counts {
        not_applicable: 4,
        ..Counts::default()
    };
    let gap = Gap {
        code: GapCode::NothingJudged,
        count: 1,
        text: "1 policy has no rule that applies to a record: `pol`".to_owned(),
    };
    let mut footer = footer(&[gap], [none, none]);
    footer.summary.rejected = 0;
    for policy in &mut footer.summary.by_policy {
        policy.judged = false;
    }
    footer
}

/// Returns what a complete audit came to that has no finding.
pub fn clean() -> Footer {
    let pass = Counts {
        pass: 4,
        ..Counts::default()
    };
    let mut footer = footer(&[], [pass, pass]);
    (footer.summary.records, footer.summary.rejected) = (4, 0);
    footer
}

/// The night of the run that is compared.
fn tonight() -> DateTime<Utc> {
    "2026-11-26T02:00:00Z".parse().unwrap_or_default()
}

fn days_before(days: i64) -> DateTime<Utc> {
    tonight() - TimeDelta::days(days)
}

/// Returns the findings of [`rows`] as a run says them that is compared with a night before:
/// two are new, one is changed and overdue, one is waived and open, one open and overdue.
pub fn compared_rows() -> [FindingRow<'static>; 5] {
    let life = |since, because, days, due: Option<i64>| Life {
        since,
        because,
        first_seen: days_before(days),
        due: due.map(days_before),
        overdue: due.is_some_and(|due| due >= 0),
        reopened: false,
        due_from: None,
        was_open: false,
        moves: Moves::default(),
    };
    let lives = [
        life(Since::New, Some(Because::CustomerChanged), 0, Some(-7)),
        life(Since::Changed, None, 9, Some(2)),
        life(Since::New, Some(Because::RuleChanged), 0, Some(-30)),
        life(Since::Open, None, 3, None),
        life(Since::Open, None, 41, Some(11)),
    ];
    let mut lives = lives.into_iter();
    rows().map(|row| FindingRow {
        life: lives.next(),
        ..row
    })
}

/// Returns a run that is compared with a night before: its header, and what it came to.
pub fn compared() -> (Header, Footer) {
    let mut header = header();
    header.as_of = "2026-11-26T02:00:00Z".to_owned();
    header.previous = Some(Some(Previous {
        as_of: "2026-11-25T02:00:00Z".to_owned(),
        sha256: "22".repeat(32),
        changed_policies: Vec::new(),
    }));
    let mut footer = incomplete();
    let summary = &mut footer.summary;
    summary.since = Some(SinceCounts {
        new: 2,
        changed: 1,
        open: 2,
        overdue: 2,
        fixed: 3,
        left: 1,
        gone: 2,
        unknown: 1,
        ..SinceCounts::default()
    });
    let row = |rule: &str, severity, [new, changed, open, overdue]: [u64; 4], because, days| {
        SinceOfRule {
            policy: "pol".to_owned(),
            rule: rule.to_owned(),
            severity,
            new,
            changed,
            open,
            overdue,
            because: [(because, new)].into(),
            unknown: Default::default(),
            oldest: Some(days_before(days)),
        }
    };
    let high = row(
        "mfa",
        Severity::High,
        [1, 1, 0, 1],
        Because::CustomerChanged,
        9,
    );
    summary.since_by_rule = vec![
        SinceOfRule {
            unknown: [(Doubt::CustomerNotRead, 1)].into(),
            ..high
        },
        row(
            "name",
            Severity::Low,
            [1, 0, 2, 1],
            Because::RuleChanged,
            41,
        ),
    ];
    (header, footer)
}

/// Returns the findings of the night before that are none of [`compared_rows`].
pub fn ended() -> Vec<Ended<'static>> {
    let ends = [
        End::Fixed,
        End::Fixed,
        End::Fixed,
        End::Left,
        End::Gone,
        End::Gone,
    ];
    let closed = ends.into_iter().enumerate().map(|(number, state)| {
        Ended::Closed(Closed {
            policy: "pol".to_owned(),
            rule: "mfa".to_owned(),
            severity: Severity::High,
            customer_id: Some(match number {
                0 => HOSTILE.to_owned(),
                number => format!("closed-{number}"),
            }),
            customer_name: Some("Was Here".to_owned()),
            fingerprint: format!("{:032x}", 0xc0 + number),
            state,
            first_seen: days_before(5),
            slice: Default::default(),
            was_open: true,
        })
    });
    let carried = Ended::Carried(Box::new(CarriedRow {
        row: FindingRow {
            customer_id: Some("carried-1".into()),
            fingerprint: "f7".repeat(16).into(),
            life: Some(Life {
                since: Since::Open,
                because: None,
                first_seen: days_before(4),
                due: None,
                overdue: false,
                reopened: false,
                due_from: None,
                was_open: true,
                moves: Moves::default(),
            }),
            ..row()
        },
        rule_sha256: Some("11".repeat(32)),
        state: Carried::Unknown,
    }));
    closed.chain([carried]).collect()
}
