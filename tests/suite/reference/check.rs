//! Requirements of a policy, put to a record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use regex::Regex;
use toml::{Table, Value as Toml};

use super::field::{Kind, folded};
use super::logic::{Cause, Truth, all, any, certain, most_severe, not, some};
use super::network;
use super::reading::{Reading, Record, Value, read, whole};
use super::time;

/// The fields that a policy knows, by their folded names.
pub type Kinds = HashMap<String, Kind>;

/// A record and the time at which it is looked at.
pub struct Subject<'a> {
    pub record: &'a Record,
    pub kinds: &'a Kinds,
    pub as_of: DateTime<Utc>,
}

impl Subject<'_> {
    pub fn read(&self, field: &str) -> Reading {
        read(self.record, field, self.kinds[&folded(field)])
    }

    /// Whether every part of a requirement holds.
    pub fn meets(&self, requirement: &Table) -> Truth {
        all(requirement.iter().map(|(key, part)| match key.as_str() {
            "all" => all(self.each(part)),
            "any" => any(self.each(part)),
            "not" => not(self.meets(part.as_table().unwrap())),
            "some" => {
                let least = part["at-least"].as_integer().unwrap();
                some(usize::try_from(least).unwrap(), self.each(&part["of"]))
            }
            field => self.passes(field, part),
        }))
    }

    fn each<'a>(&'a self, list: &'a Toml) -> impl Iterator<Item = Truth> + 'a {
        let list = list.as_array().unwrap().iter();
        list.map(|part| self.meets(part.as_table().unwrap()))
    }

    /// Whether every operator of a check holds; a bare value means equals.
    fn passes(&self, field: &str, check: &Toml) -> Truth {
        match check {
            Toml::Table(operators) => all(operators
                .iter()
                .map(|(operator, argument)| self.holds(field, operator, argument))),
            bare => self.holds(field, "equals", bare),
        }
    }

    fn holds(&self, field: &str, operator: &str, argument: &Toml) -> Truth {
        let reading = self.read(field);
        match operator {
            "present" => settled(&reading, argument, |_| true),
            "passed" => settled(&reading, argument, |value| self.has_passed(value)),
            "equals-field" | "differs-from" | "before-field" | "after-field" => {
                let other = self.read(other_field(argument));
                both(&reading, &other).map_or_else(Truth::Undecided, |(mine, theirs)| {
                    certain(compares(mine, operator, theirs, argument.get("by")))
                })
            }
            _ => match reading {
                Ok(value) => self.decides(&value, operator, argument),
                Err(cause) => Truth::Undecided(cause),
            },
        }
    }

    /// An operator on a value that is there.
    fn decides(&self, value: &Value, operator: &str, argument: &Toml) -> Truth {
        let among = || argument.as_array().unwrap().iter();
        match (operator, value) {
            ("equals", value) => certain(equals(value, argument)),
            ("not-equals", value) => certain(!equals(value, argument)),
            ("in", value) => certain(among().any(|one| equals(value, one))),
            ("not-in", value) => certain(!among().any(|one| equals(value, one))),
            (_, Value::Text(text)) => certain(suits(text, operator, argument)),
            ("at-least", Value::Number(number)) => certain(*number >= figure(argument)),
            ("at-most", Value::Number(number)) => certain(*number <= figure(argument)),
            (_, Value::Time(time)) => certain(self.is_when(*time, operator, argument)),
            (_, Value::Networks(list)) => network::holds(list, operator, argument),
            (_, Value::Flag(_) | Value::Number(_)) => {
                panic!("`{operator}` does not suit this field")
            }
        }
    }

    fn has_passed(&self, value: &Value) -> bool {
        match value {
            Value::Time(time) => *time <= self.as_of,
            other => panic!("{other:?} is no time"),
        }
    }

    fn is_when(&self, time: DateTime<Utc>, operator: &str, argument: &Toml) -> bool {
        let span = || time::duration(argument.as_str().unwrap());
        let back = || self.as_of - span();
        match operator {
            "before" => time < instant(argument),
            "after" => time > instant(argument),
            "older-than" => time < back(),
            "newer-than" => time > back(),
            "within-next" => (self.as_of..=self.as_of + span()).contains(&time),
            other => panic!("no operator on times is called `{other}`"),
        }
    }
}

/// Whether there is a value of which something holds; where there is none it
/// holds of none, and of a bad one neither can be said.
fn settled(reading: &Reading, wanted: &Toml, holds: impl Fn(&Value) -> bool) -> Truth {
    let wanted = wanted.as_bool().unwrap();
    match reading {
        Ok(value) => certain(holds(value) == wanted),
        Err(Cause::Absent(_)) => certain(!wanted),
        Err(bad @ Cause::Bad(_)) => Truth::Undecided(*bad),
    }
}

/// The field that an operator looks at beside its own: a name, or a table that
/// holds one.
pub fn other_field(argument: &Toml) -> &str {
    argument.get("field").unwrap_or(argument).as_str().unwrap()
}

fn both<'a>(mine: &'a Reading, theirs: &'a Reading) -> Result<(&'a Value, &'a Value), Cause> {
    match (whole(mine), whole(theirs)) {
        (Ok(mine), Ok(theirs)) => Ok((mine, theirs)),
        (mine, theirs) => {
            let causes: Vec<Cause> = [mine.err(), theirs.err()].into_iter().flatten().collect();
            Err(most_severe(&causes).unwrap())
        }
    }
}

fn compares(mine: &Value, operator: &str, theirs: &Value, by: Option<&Toml>) -> bool {
    let lies = |first: &DateTime<Utc>, last: &DateTime<Utc>| match by {
        None => first < last,
        Some(by) => *last - *first >= time::duration(by.as_str().unwrap()),
    };
    match (operator, mine, theirs) {
        ("equals-field", mine, theirs) => same(mine, theirs),
        ("differs-from", mine, theirs) => !same(mine, theirs),
        ("before-field", Value::Time(mine), Value::Time(theirs)) => lies(mine, theirs),
        ("after-field", Value::Time(mine), Value::Time(theirs)) => lies(theirs, mine),
        _ => panic!("`{operator}` does not suit these fields"),
    }
}

/// Lists of networks are the same where they hold the same addresses.
fn same(mine: &Value, theirs: &Value) -> bool {
    match (mine, theirs) {
        (Value::Networks(mine), Value::Networks(theirs)) => mine.union() == theirs.union(),
        (mine, theirs) => mine == theirs,
    }
}

fn equals(value: &Value, argument: &Toml) -> bool {
    match value {
        Value::Flag(flag) => *flag == argument.as_bool().unwrap(),
        Value::Text(text) => text == argument.as_str().unwrap(),
        Value::Time(time) => *time == instant(argument),
        Value::Number(number) => *number == figure(argument),
        Value::Networks(_) => panic!("lists of networks have no `equals`"),
    }
}

fn figure(argument: &Toml) -> f64 {
    let whole = argument.as_integer().map(|whole| whole as f64);
    whole.or(argument.as_float()).unwrap()
}

fn instant(argument: &Toml) -> DateTime<Utc> {
    let text = match argument {
        Toml::Datetime(time) => time.to_string(),
        other => other.as_str().unwrap().to_owned(),
    };
    time::of_policy(&text).unwrap()
}

fn suits(text: &str, operator: &str, argument: &Toml) -> bool {
    let pattern = || Regex::new(argument.as_str().unwrap()).unwrap();
    let limit = || argument.as_integer().unwrap();
    let length = i64::try_from(text.chars().count()).unwrap();
    match operator {
        "matches" => pattern().is_match(text),
        "not-matches" => !pattern().is_match(text),
        "min-length" => length >= limit(),
        "max-length" => length <= limit(),
        other => panic!("no operator on texts is called `{other}`"),
    }
}
