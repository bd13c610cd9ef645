//! The events of findings that are not there any more.

use std::io::{self, Write};

use serde::Serialize;

use super::activity::{Activity, Named};
use super::asked::{Asked, Compliance};
use super::events::{Event, Fixed, Info, Resource, write_event};
use crate::report::json_writer::{open, write_json};
use crate::report::model::ended::Closed;
use crate::report::model::header::Header;
use crate::report::model::life::End;

const RESOLVED: Named = (4, "Resolved");
const UNKNOWN: Named = (0, "Unknown");
const PASS: Named = (1, "Pass");

/// What the schema has no name for, of a finding that is closed.
#[derive(Serialize)]
struct Unmapped<'e> {
    policy: &'e str,
    rule: &'e str,
    state: End,
}

/// Writes the event that closes a finding.
pub fn write(closed: &Closed, header: &Header, out: &mut dyn Write) -> io::Result<()> {
    let mut rules = header.rules();
    let rule = rules.find(|(policy, rule)| policy.id == closed.policy && rule.id == closed.rule);
    let title = rule.map_or(closed.rule.as_str(), |(_, rule)| rule.title.as_str());
    // A rule that is not there any more is evidence for nothing.
    let asked = rule.map(|(policy, rule)| Asked::new(policy, rule));
    let asked = asked.transpose()?;
    // That a customer is gone, say, does not show that the rule is met.
    let met = match closed.state {
        End::Fixed => PASS,
        End::RuleChanged | End::Left | End::Gone | End::RuleRemoved => UNKNOWN,
    };
    let resource = match (&closed.customer_id, &closed.customer_name) {
        (None, None) => Resource::export(closed.whom()),
        (uid, name) => Resource {
            uid: uid.as_deref(),
            name: name.as_deref(),
            r#type: "Customer account",
        },
    };
    let details = &[closed.state.into()];
    let check = asked
        .as_ref()
        .map(|asked| asked.check(closed.severity, met));
    let check = check.transpose()?;
    let compliance = match &asked {
        Some(asked) => asked.compliance(check.as_deref(), met, details),
        None => Compliance::of_no_rule(met, details),
    };
    let event = Event {
        comment: None,
        status_id: RESOLVED.0,
        status: RESOLVED.1,
        message: &format!("{title}: {}: {}", closed.whom(), closed.state),
        finding_info: Info {
            uid: &closed.fingerprint,
            title,
            desc: closed.state.into(),
            first_seen_time: Some(closed.first_seen.timestamp_millis()),
        },
        compliance,
        resources: &[resource],
    };
    let fixed = open(&Fixed::new(header, Activity::Close, closed.severity, None))?;
    let mut line = Vec::new();
    write_event(&fixed, &event, &mut line)?;
    let unmapped = Unmapped {
        policy: &closed.policy,
        rule: &closed.rule,
        state: closed.state,
    };
    write_json(&unmapped, &mut line)?;
    line.extend_from_slice(b"}\n");
    out.write_all(&line)
}
