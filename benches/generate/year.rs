//! A year of nights: customers come, change, go and come back, and some nights go wrong.
//!
//! Customer number n lives the same life in every run of a seed; what it says on a night is
//! what the generator invents for it, or for its next version, under the same id.

use super::customer::{Customer, Mix};
use super::random::Random;

/// How many nights there are.
pub const NIGHTS: u32 = 365;

/// What is out of the ordinary on a night, and from then on if it is a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The export ends in the middle of a record, after two thirds.
    Cut,
    /// One record of a hundred cannot be read.
    Garbled,
    /// No record arrives.
    Empty,
    /// The second of the two files does not arrive.
    FileLost,
    /// The file of the night before arrives again.
    Stale,
    /// The policy of this number is in force from now on.
    Policy(usize),
}

/// The events, by their nights.
pub const EVENTS: &[(u32, Event)] = &[
    (6, Event::Cut),
    (7, Event::Garbled),
    (15, Event::Policy(1)),
    (22, Event::FileLost),
    (30, Event::Empty),
    (33, Event::Stale),
    (41, Event::Policy(2)),
    (42, Event::Garbled),
    (55, Event::Cut),
    (56, Event::FileLost),
    (90, Event::Stale),
    (120, Event::Garbled),
    (181, Event::Empty),
    (182, Event::Empty),
    (240, Event::FileLost),
    (300, Event::Cut),
];

/// The policies, each from its night on.
pub const POLICIES: [&str; 3] = [
    r#"[policy]
id = "year"

[[rule]]
id = "mfa"
severity = "critical"
require.force2fa = true

[[rule]]
id = "sso"
severity = "low"
when.hasPci = true
require.forceSso = true

[[aggregate]]
id = "rate"
severity = "medium"
pass-rate = { rule = "mfa", at-least = "80%" }
"#,
    // A rule comes, and another is for everybody.
    r#"[policy]
id = "year"

[[rule]]
id = "mfa"
severity = "critical"
require.force2fa = true

[[rule]]
id = "sso"
severity = "low"
require.forceSso = true

[[rule]]
id = "plan"
severity = "info"
require.pricingPlan = "enterprise"

[[aggregate]]
id = "rate"
severity = "medium"
pass-rate = { rule = "mfa", at-least = "80%" }
"#,
    // A rule is gone, a severity is lower, and the scope is narrower.
    r#"[policy]
id = "year"
scope.hasAccountPanel = true

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[rule]]
id = "sso"
severity = "low"
require.forceSso = true

[[aggregate]]
id = "rate"
severity = "medium"
pass-rate = { rule = "mfa", at-least = "80%" }
"#,
];

/// Whether something happens on a night.
pub fn happens(night: u32, event: Event) -> bool {
    EVENTS.contains(&(night, event))
}

/// The policy that is in force on a night.
pub fn policy(night: u32) -> &'static str {
    let changes = EVENTS.iter().filter(|(from, _)| *from <= night);
    let mut newest = changes.filter_map(|(_, event)| match event {
        Event::Policy(number) => Some(*number),
        Event::Cut | Event::Garbled | Event::Empty | Event::FileLost | Event::Stale => None,
    });
    POLICIES[newest.next_back().unwrap_or(0)]
}

/// When a customer is there, and on which nights it changes.
struct Life {
    from: u32,
    /// The nights on which it is away.
    away: Option<(u32, u32)>,
    changes: [u32; 3],
}

impl Life {
    fn of(seed: u64, index: u64, customers: u64) -> Self {
        let mut random = Random::of(!seed, index);
        let from = match index < customers {
            true => 0,
            false => random.below(NIGHTS),
        };
        let away = random.chance(200).then(|| {
            let leaves = from + 1 + random.below(NIGHTS);
            let stays_away = match random.chance(300) {
                true => 1 + random.below(30),
                false => NIGHTS,
            };
            (leaves, leaves + stays_away)
        });
        // Most nights are past the year: there are few changes in it.
        let changes = [(); 3].map(|()| random.below(3 * NIGHTS));
        Self {
            from,
            away,
            changes,
        }
    }

    fn is_there(&self, night: u32) -> bool {
        let is_away = self
            .away
            .is_some_and(|(from, to)| (from..to).contains(&night));
        self.from <= night && !is_away
    }

    fn version(&self, night: u32) -> u64 {
        self.changes
            .iter()
            .filter(|change| **change < night)
            .count() as u64
    }
}

/// The customers of a night, of so many on the first one, one after another.
pub fn customers(mix: Mix, customers: u64, night: u32, mut each: impl FnMut(u64, &Customer)) {
    let night = match happens(night, Event::Stale) {
        true => night - 1,
        false => night,
    };
    let mut customer = Customer::new();
    for index in 0..customers + customers / 4 {
        let life = Life::of(mix.seed, index, customers);
        if !life.is_there(night) {
            continue;
        }
        customer.become_customer(mix, index);
        let version = life.version(night);
        if version > 0 {
            let id = customer.id().to_owned();
            let mix = Mix {
                seed: mix.seed.wrapping_add(version << 32),
                ..mix
            };
            customer.become_customer(mix, index);
            customer.is_called(&id);
        }
        each(index, &customer);
    }
}

/// What becomes of the lines of a file before they arrive.
pub fn deliver(night: u32, lines: Vec<u8>) -> Vec<u8> {
    let is = |event| happens(night, event);
    if is(Event::Empty) {
        return Vec::new();
    }
    let mut lines = lines;
    if is(Event::Cut) {
        lines.truncate(lines.len() * 2 / 3);
    }
    if is(Event::Garbled) {
        let mut number = 0;
        let mut is_first = true;
        for byte in &mut lines {
            if is_first {
                number += 1;
                if number % 100 == 50 {
                    // The brace that opens the record
                    *byte = b'?';
                }
            }
            is_first = *byte == b'\n';
        }
    }
    lines
}
