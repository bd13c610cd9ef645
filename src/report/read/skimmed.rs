//! A finding of a report that is written in lines, as far as the next night needs it. Of a
//! line only that is read, and what is read is not copied.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use memchr::memchr2;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::de::value::{BorrowedStrDeserializer, Error as NoSuchWord};

use crate::finding::{Evidence, Reason, Status};
use crate::policy::Severity;

/// Represents a finding, or one that was carried on.
#[derive(Debug)]
pub struct Skimmed<'l> {
    /// The policy's id.
    pub policy: Cow<'l, str>,
    /// The rule's id.
    pub rule: Cow<'l, str>,
    /// How severe it is.
    pub severity: Severity,
    /// Whether it fails, is undecided or waived.
    pub status: Status,
    /// Why it is listed.
    pub reason: Reason,
    /// The customer's id; none of a record without one, or of what is about the whole export.
    pub customer_id: Option<Cow<'l, str>>,
    evidence: Option<&'l str>,
    evidence_digest: Option<Cow<'l, str>>,
    /// Its name.
    pub fingerprint: &'l str,
    waiver: Option<&'l str>,
    /// The first night of its life, if the report says so.
    pub first_seen: Option<DateTime<Utc>>,
    /// The night from which its deadline counts, where that is another.
    pub due_from: Option<DateTime<Utc>>,
    /// Whether it had a life before this one.
    pub reopened: bool,
    /// Whether it is about a record.
    pub has_record: bool,
    /// The digest of what its rule asked, if it was carried on.
    pub rule_sha256: Option<Cow<'l, str>>,
    slice: Option<&'l str>,
}

/// What is in the fields by which reports are split, by field.
type Slices = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// Says what a line is.
pub(super) enum Line<'l> {
    Finding(Skimmed<'l>),
    Carried(Skimmed<'l>),
    /// What became of a finding of the night before that is none of this one.
    Closed(Cow<'l, str>),
    /// It is something else, or not written as lines of this program are.
    Other,
}

#[derive(Deserialize)]
struct WaiverId<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
}

impl Skimmed<'_> {
    /// Returns the digest of its evidence, or the evidence itself.
    ///
    /// # Errors
    ///
    /// It is no evidence.
    pub fn evidence(&self) -> Result<(Option<&str>, Vec<Evidence<'static>>), serde_json::Error> {
        match (&self.evidence_digest, self.evidence) {
            (Some(digest), _) => Ok((Some(digest), Vec::new())),
            (None, Some(evidence)) => {
                serde_json::from_str(evidence).map(|evidence| (None, evidence))
            }
            (None, None) => Ok((None, Vec::new())),
        }
    }

    /// Returns what is in the fields by which reports of its run were split, by field.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn slice(&self) -> Result<Slices, serde_json::Error> {
        let Some(slice) = self.slice else {
            return Ok(Vec::new());
        };
        let slice: BTreeMap<String, String> = serde_json::from_str(slice)?;
        let parts = slice.into_iter();
        Ok(parts
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }

    /// Returns the id of the waiver that accepts it.
    ///
    /// # Errors
    ///
    /// It is no waiver.
    pub fn waiver(&self) -> Result<Option<String>, serde_json::Error> {
        let waiver = self.waiver.map(serde_json::from_str).transpose()?;
        Ok(waiver.map(|waiver: WaiverId<'_>| waiver.id.into_owned()))
    }
}

/// Reads instants, of which one follows its like in most lines of a report.
#[derive(Debug, Default)]
pub(super) struct Instants(Option<(String, DateTime<Utc>)>);

impl Instants {
    fn read(&mut self, text: &str) -> Option<DateTime<Utc>> {
        match &self.0 {
            Some((last, instant)) if last == text => Some(*instant),
            _ => {
                let instant = text.parse().ok()?;
                self.0 = Some((text.to_owned(), instant));
                Some(instant)
            }
        }
    }
}

impl<'l> Line<'l> {
    /// Returns what a line is, without its end.
    pub(super) fn of(line: &'l str, instants: &mut Instants) -> Self {
        Self::read(line, instants).unwrap_or(Line::Other)
    }

    fn read(line: &'l str, instants: &mut Instants) -> Option<Self> {
        let (mut policy, mut rule, mut severity) = (None, None, None);
        let (mut status, mut reason, mut customer_id) = (None, None, None);
        let (mut evidence, mut evidence_digest, mut fingerprint) = (None, None, None);
        let (mut waiver, mut first_seen, mut due_from) = (None, None, None);
        let (mut reopened, mut record, mut rule_sha256) = (None, None, None);
        let (mut state, mut slice) = (None, None);
        let mut rest = Rest(line.trim_ascii_end()).object()?;
        while let Some((key, value)) = rest.member()? {
            let slot = match &*key {
                "policy" => &mut policy,
                "rule" => &mut rule,
                "severity" => &mut severity,
                "status" => &mut status,
                "reason" => &mut reason,
                "customer_id" => &mut customer_id,
                "evidence" => &mut evidence,
                "evidence_digest" => &mut evidence_digest,
                "fingerprint" => &mut fingerprint,
                "waiver" => &mut waiver,
                "first_seen" => &mut first_seen,
                "due_from" => &mut due_from,
                "reopened" => &mut reopened,
                "record" => &mut record,
                "rule_sha256" => &mut rule_sha256,
                "state" => &mut state,
                "slice" => &mut slice,
                _ => continue,
            };
            // What is said twice is not written by this program.
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let fingerprint = fingerprint?.plain()?;
        let is_digest =
            fingerprint.len() == 32 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest {
            return None;
        }
        let state = text(state)?;
        let is_carried = match &state {
            Some(state) if state == "unknown" => true,
            Some(_) => return state.map(Line::Closed),
            None => false,
        };
        let mut instant = |value| match text(value)? {
            Some(text) => instants.read(&text).map(Some),
            None => Some(None),
        };
        let skimmed = Skimmed {
            policy: policy?.text()?,
            rule: rule?.text()?,
            severity: severity?.word()?,
            status: status?.word()?,
            reason: reason?.word()?,
            customer_id: text(customer_id)?,
            evidence: json(evidence),
            evidence_digest: text(evidence_digest)?,
            fingerprint,
            waiver: json(waiver),
            first_seen: instant(first_seen)?,
            due_from: instant(due_from)?,
            reopened: match json(reopened) {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => return None,
            },
            has_record: match json(record) {
                None => false,
                Some(record) => record.parse::<u64>().map(|_| true).ok()?,
            },
            rule_sha256: text(rule_sha256)?,
            slice: json(slice),
        };
        Some(match is_carried {
            true => Line::Carried(skimmed),
            false => Line::Finding(skimmed),
        })
    }
}

/// Returns the text of a value, if there is one that is not null; nothing at all, if it is
/// something else.
fn text(value: Option<Value<'_>>) -> Option<Option<Cow<'_, str>>> {
    match value.filter(Value::is_there) {
        Some(value) => value.text().map(Some),
        None => Some(None),
    }
}

/// Returns the JSON of a value, if there is one that is not null.
fn json(value: Option<Value<'_>>) -> Option<&str> {
    value.filter(Value::is_there).map(|value| value.json)
}

/// Represents a value of an object: valid JSON.
#[derive(Debug, Clone, Copy)]
struct Value<'l> {
    json: &'l str,
    /// Whether it is text without escapes.
    is_plain: bool,
}

impl<'l> Value<'l> {
    fn is_there(&self) -> bool {
        self.json != "null"
    }

    /// Returns text that is written without escapes.
    fn plain(self) -> Option<&'l str> {
        let text = self.json.get(1..self.json.len().checked_sub(1)?)?;
        self.is_plain.then_some(text)
    }

    fn text(self) -> Option<Cow<'l, str>> {
        match self.plain() {
            Some(plain) => Some(Cow::Borrowed(plain)),
            None => serde_json::from_str(self.json).ok().map(Cow::Owned),
        }
    }

    fn word<T: Deserialize<'l>>(self) -> Option<T> {
        let word = BorrowedStrDeserializer::<NoSuchWord>::new(self.plain()?);
        T::deserialize(word).ok()
    }
}

/// Holds what is left of a line.
struct Rest<'l>(&'l str);

/// Holds what is left of an object.
struct Members<'l> {
    rest: Rest<'l>,
    /// Whether a member was read.
    has_members: bool,
}

impl<'l> Rest<'l> {
    /// Takes a character that comes next.
    fn take(&mut self, character: char) -> Option<()> {
        self.0 = self.0.trim_ascii_start().strip_prefix(character)?;
        Some(())
    }

    fn object(mut self) -> Option<Members<'l>> {
        self.take('{')?;
        Some(Members {
            rest: self,
            has_members: false,
        })
    }

    fn value(&mut self) -> Option<Value<'l>> {
        let rest = self.0.trim_ascii_start();
        let bytes = rest.as_bytes();
        let plain = match bytes.first()? {
            b'"' => {
                let end = 1 + memchr2(b'"', b'\\', &bytes[1..])?;
                (bytes[end] == b'"').then_some(end + 1)
            }
            _ => None,
        };
        let end = match plain {
            Some(end) => end,
            None => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
                values.next()?.ok()?;
                values.byte_offset()
            }
        };
        let (json, rest) = rest.split_at_checked(end)?;
        self.0 = rest;
        Some(Value {
            json,
            is_plain: plain.is_some(),
        })
    }
}

impl<'l> Members<'l> {
    /// Returns the next member, none at the end of the line; nothing at all, if the line is
    /// no object, or something follows it.
    fn member(&mut self) -> Option<Option<(Cow<'l, str>, Value<'l>)>> {
        let rest = &mut self.rest;
        if rest.take('}').is_some() {
            return rest.0.is_empty().then_some(None);
        }
        if std::mem::replace(&mut self.has_members, true) {
            rest.take(',')?;
        }
        let key = rest.value()?.text()?;
        rest.take(':')?;
        Some(Some((key, rest.value()?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn line(customer_id: &str, other: &serde_json::Value) -> String {
        let line = json!({
            "policy": "pol",
            "other": other,
            "rule": "mfa",
            "severity": "high",
            "status": "fail",
            "reason": "violated",
            "customer_id": customer_id,
            "customer_name": null,
            "evidence": [{"field": "force2fa", "expected": "true", "observed": "\"}"}],
            "evidence_digest": "c80dd238c01fc3de7da2ff6ac6cd432f",
            "fingerprint": "8133b72651cbdc8148af0f80d6cefc59",
            "first_seen": "2026-01-01T00:00:00Z",
            "record": 12,
        });
        line.to_string()
    }

    fn of(line: &str) -> Line<'_> {
        Line::of(line, &mut Instants::default())
    }

    fn others() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|flag| json!(flag)),
            any::<i64>().prop_map(|number| json!(number)),
            ".{0,12}".prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
                prop::collection::hash_map(".{0,4}", inner, 0..4).prop_map(|all| json!(all)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_finding_is_read_whatever_its_customer_is_called(id in ".{0,20}", other in others()) {
            let line = line(&id, &other);
            let Line::Finding(finding) = of(&line) else {
                return Err(TestCaseError::fail("it is a finding"));
            };
            prop_assert_eq!(finding.customer_id.as_deref(), Some(id.as_str()));
            prop_assert_eq!((&*finding.policy, &*finding.rule), ("pol", "mfa"));
            prop_assert_eq!(finding.severity, Severity::High);
            prop_assert!(finding.has_record && !finding.reopened);
            let instant = finding.first_seen.expect("it says so");
            prop_assert_eq!(instant.to_rfc3339(), "2026-01-01T00:00:00+00:00");
        }

        #[test]
        fn what_is_no_json_is_no_finding(
            other in others(),
            at in any::<prop::sample::Index>(),
            with in prop::option::of("[\\[\\]{}\",:0a\\\\ ]"),
        ) {
            let mut line = line("c1", &other);
            let at = at.index(line.len());
            if line.is_char_boundary(at) && line.is_char_boundary(at + 1) {
                line.replace_range(at..=at, with.as_deref().unwrap_or_default());
            }
            if serde_json::from_str::<serde_json::Value>(&line).is_err() {
                prop_assert!(matches!(of(&line), Line::Other), "{}", line);
            }
        }
    }

    #[test]
    fn a_line_that_lacks_something_or_says_it_twice_is_no_finding() {
        let whole = line("c1", &json!(1));
        assert!(matches!(of(&whole), Line::Finding(_)));
        let keys = [
            "policy",
            "rule",
            "severity",
            "status",
            "reason",
            "fingerprint",
        ];
        for key in keys {
            let without = whole.replace(&format!("\"{key}\""), "\"else\"");
            assert!(matches!(of(&without), Line::Other), "{key}");
            let twice = whole.replace("\"other\"", &format!("\"{key}\""));
            assert!(matches!(of(&twice), Line::Other), "{key}");
        }
        for (from, to) in [
            ("\"high\"", "\"highest\""),
            ("\"high\"", "7"),
            ("2026-01-01", "2026-13-01"),
            ("8133b7", "8133bg"),
            ("\"record\":12", "\"record\":-1"),
            ("}]", "}],\"reopened\":1"),
        ] {
            let otherwise = whole.replacen(from, to, 1);
            assert_ne!(otherwise, whole, "{from}");
            assert!(matches!(of(&otherwise), Line::Other), "{from}");
        }
    }

    #[test]
    fn a_state_says_that_a_finding_was_carried_on_or_ended() {
        let with = |state: &str| {
            let line = line("c1", &json!(1));
            line.replace("\"other\":1", &format!("\"state\":\"{state}\""))
        };
        assert!(matches!(of(&with("unknown")), Line::Carried(_)));
        assert!(matches!(of(&with("fixed")), Line::Closed(state) if state == "fixed"));
    }
}
