//! Findings and records as bytes: much smaller, and read and written much quicker, than as
//! a report.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use chrono::{DateTime, Utc};

use super::dictionary::Dictionary;
use crate::digest;
use crate::finding::{Evidence, Mark, Reason, Standing, Status};
use crate::policy::{Policies, Severity};
use crate::report::{FindingRow, KeptRecord, RecordMarks, WaivedBy};
use crate::variants::{place, variant};
use crate::varint;
use crate::waiver::Waivers;

/// Says what an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Kind {
    /// A finding of a record.
    Finding,
    /// A record, after its findings.
    Record,
}

/// Reads what was written, and never beyond its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn number(&mut self) -> io::Result<u64> {
        varint::read(&mut self.0)
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        let (first, rest) = self.0.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, length: u64) -> io::Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let taken = self.0.split_at_checked(length);
        let (taken, rest) = taken.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    pub(super) fn text(&mut self, length: u64) -> io::Result<&'a str> {
        std::str::from_utf8(self.take(length)?).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

/// What a finding has beside what every finding has: a bit each.
const HAS_ID: u8 = 1;
const HAS_NAME: u8 = 2;
const HAS_DIGEST: u8 = 4;
const HAS_WAIVER: u8 = 8;
const HAS_EXPORT: u8 = 16;

/// Writes a finding of a rule, but for its record's number and export.
///
/// # Errors
///
/// It has a fingerprint or a digest that no run makes.
pub(super) fn write_finding(
    row: &FindingRow<'_>,
    rule_index: usize,
    dictionary: &Dictionary,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let FindingRow {
        // The rule says them.
        policy: _,
        rule: _,
        severity,
        status,
        reason,
        customer_id,
        customer_name,
        evidence,
        evidence_digest,
        fingerprint,
        waiver,
        // A part of a run is not compared with a night.
        life: _,
        slice,
        export,
        record: _,
    } = row;
    varint::push(rule_index as u64, out);
    let has = [
        (HAS_ID, customer_id.is_some()),
        (HAS_NAME, customer_name.is_some()),
        (HAS_DIGEST, evidence_digest.is_some()),
        (HAS_WAIVER, waiver.is_some()),
        (HAS_EXPORT, export.is_some()),
    ];
    let has = has.into_iter().filter(|(_, has)| *has);
    out.push(has.map(|(bit, _)| bit).sum());
    out.extend([place(severity), place(status), place(reason)]);
    out.extend(half_digest(fingerprint)?);
    if let Some(digest) = evidence_digest {
        out.extend(half_digest(digest)?);
    }
    let waiver = waiver.as_ref().map(|waiver| &waiver.id);
    let texts = [customer_id.as_ref(), customer_name.as_ref(), waiver];
    for text in texts.into_iter().flatten() {
        dictionary.write(text, out);
    }
    varint::push(evidence.len() as u64, out);
    for Evidence {
        field,
        expected,
        observed,
    } in evidence
    {
        for text in [field, expected, observed] {
            dictionary.write(text, out);
        }
    }
    varint::push(slice.len() as u64, out);
    for (name, value) in slice {
        dictionary.write(name, out);
        dictionary.write(value, out);
    }
    Ok(())
}

/// Returns the bytes that 32 hexadecimal digits are.
fn half_digest(digits: &str) -> io::Result<[u8; 16]> {
    let number = u128::from_str_radix(digits, 16);
    let number = number.map_err(|_| io::ErrorKind::InvalidData)?;
    match digits.len() {
        32 => Ok(number.to_be_bytes()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// What a record has: a bit each.
const IS_READ: u8 = 1;
const IS_CREATED: u8 = 2;
const IS_NAMED: u8 = 4;

/// Writes what is kept of a record; nothing is kept of one that could not be read.
pub(super) fn write_record(record: &RecordMarks<'_>, out: &mut Vec<u8>) {
    let Some(KeptRecord {
        id,
        created,
        standings,
    }) = record.kept
    else {
        out.push(0);
        return;
    };
    let has = [(IS_CREATED, created.is_some()), (IS_NAMED, id.is_some())];
    let has = has.into_iter().filter(|(_, has)| *has);
    out.push(IS_READ | has.map(|(bit, _)| bit).sum::<u8>());
    if let Some(created) = created {
        out.extend(created.timestamp().to_le_bytes());
        out.extend(created.timestamp_subsec_nanos().to_le_bytes());
    }
    if let Some(id) = id {
        varint::push(id.len() as u64, out);
        out.extend_from_slice(id.as_bytes());
    }
    for (standing, mark) in standings.iter().zip(record.marks) {
        out.push(place(standing) << 4 | place(mark));
    }
}

/// Holds what is kept of a record that was read.
#[derive(Debug, Default)]
pub struct RecordItem<'a> {
    /// The customer's id, as the export has it.
    pub id: Option<&'a str>,
    /// When the account was made, if the record says so.
    pub created: Option<DateTime<Utc>>,
    /// How each rule regards the record, by its index.
    pub standings: Vec<Standing>,
    /// What each rule comes to, by its index.
    pub marks: Vec<Mark>,
}

/// Represents a finding or a record of a part of a run.
#[derive(Debug)]
pub enum Item<'a> {
    /// A finding of a rule, by the rule's index.
    Finding(usize, Box<FindingRow<'a>>),
    /// A record, after its findings; nothing is known of one that could not be read.
    Record(Option<RecordItem<'a>>),
}

/// Reads findings and records, as a part of a run wrote them.
#[derive(Debug)]
pub struct ItemReader<'r> {
    dictionary: &'r Dictionary,
    /// The ids of each rule's policy, and its own.
    rules: Vec<(&'r str, &'r str)>,
    waivers: HashMap<&'r str, WaivedBy<'r>>,
}

impl<'r> ItemReader<'r> {
    /// Returns a reader of what was written with these policies and waivers.
    pub fn new(policies: &'r Policies, waivers: &'r Waivers, dictionary: &'r Dictionary) -> Self {
        let rules = policies.rules();
        let waivers = waivers.all().iter();
        Self {
            dictionary,
            rules: rules
                .map(|(policy, rule)| (policy.id.as_str(), rule.id.as_str()))
                .collect(),
            waivers: waivers
                .map(|waiver| (waiver.id.as_str(), WaivedBy::new(waiver)))
                .collect(),
        }
    }

    /// Reads a finding or a record.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub(super) fn read<'a>(
        &'a self,
        kind: Kind,
        bytes: &'a [u8],
        export: &'a str,
        number: u64,
    ) -> io::Result<Item<'a>> {
        let bytes = &mut Bytes(bytes);
        match kind {
            Kind::Finding => {
                let (rule_index, row) = self.finding(bytes, export, number)?;
                Ok(Item::Finding(rule_index, Box::new(row)))
            }
            Kind::Record => Ok(Item::Record(self.record(bytes)?)),
        }
    }

    fn finding<'a>(
        &'a self,
        bytes: &mut Bytes<'a>,
        export: &'a str,
        number: u64,
    ) -> io::Result<(usize, FindingRow<'a>)> {
        let rule_index = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
        let rule = self.rules.get(rule_index);
        let (policy, rule) = *rule.ok_or(io::ErrorKind::InvalidData)?;
        let has = bytes.byte()?;
        let severity: Severity = variant(bytes.byte()?)?;
        let status: Status = variant(bytes.byte()?)?;
        let reason: Reason = variant(bytes.byte()?)?;
        let fingerprint = digest::hex(&bytes.array::<16>()?);
        let evidence_digest = match has & HAS_DIGEST {
            0 => None,
            _ => Some(digest::hex(&bytes.array::<16>()?)),
        };
        let dictionary = self.dictionary;
        let mut text = |bit: u8| match has & bit {
            0 => Ok(None),
            _ => dictionary.read(bytes).map(Some),
        };
        let (customer_id, customer_name) = (text(HAS_ID)?, text(HAS_NAME)?);
        let waiver = match text(HAS_WAIVER)? {
            Some(id) => {
                let waiver = self.waivers.get(id.as_ref());
                Some(waiver.ok_or(io::ErrorKind::InvalidData)?.clone())
            }
            None => None,
        };
        let mut evidence = Vec::new();
        for _ in 0..bytes.number()? {
            evidence.push(Evidence {
                field: dictionary.read(bytes)?,
                expected: dictionary.read(bytes)?,
                observed: dictionary.read(bytes)?,
            });
        }
        let mut slice = Vec::new();
        for _ in 0..bytes.number()? {
            slice.push((dictionary.read(bytes)?, dictionary.read(bytes)?));
        }
        let row = FindingRow {
            policy: policy.into(),
            rule: rule.into(),
            severity,
            status,
            reason,
            customer_id,
            customer_name,
            evidence,
            evidence_digest: evidence_digest.map(Cow::Owned),
            fingerprint: fingerprint.into(),
            waiver,
            life: None,
            slice,
            export: (has & HAS_EXPORT != 0).then_some(export.into()),
            record: Some(number),
        };
        Ok((rule_index, row))
    }

    fn record<'a>(&self, bytes: &mut Bytes<'a>) -> io::Result<Option<RecordItem<'a>>> {
        let has = bytes.byte()?;
        if has & IS_READ == 0 {
            return Ok(None);
        }
        let created = match has & IS_CREATED {
            0 => None,
            _ => {
                let seconds = i64::from_le_bytes(bytes.array()?);
                let nanos = u32::from_le_bytes(bytes.array()?);
                let created = DateTime::from_timestamp(seconds, nanos);
                Some(created.ok_or(io::ErrorKind::InvalidData)?)
            }
        };
        let id = match has & IS_NAMED {
            0 => None,
            _ => {
                let length = bytes.number()?;
                Some(bytes.text(length)?)
            }
        };
        let mut record = RecordItem {
            id,
            created,
            ..RecordItem::default()
        };
        for _ in &self.rules {
            let byte = bytes.byte()?;
            record.standings.push(variant(byte >> 4)?);
            record.marks.push(variant(byte & 0xf)?);
        }
        Ok(Some(record))
    }
}
