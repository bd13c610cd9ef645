//! The findings and records of a frame, one after another.

use std::io;

use super::item::{Bytes, Item, ItemReader, Kind};
use super::section::Frame;
use crate::variants::variant;

/// Adds numbers that no run makes so large that their sum is none.
fn add(one: u64, other: u64) -> io::Result<u64> {
    let sum = one.checked_add(other);
    sum.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Holds findings and records of one export.
#[derive(Debug)]
pub struct Items {
    bytes: Vec<u8>,
}

impl Items {
    /// Returns those of a frame.
    ///
    /// # Errors
    ///
    /// It cannot be unpacked.
    pub fn of(frame: &Frame) -> io::Result<Self> {
        Ok(Self {
            bytes: frame.unpack()?,
        })
    }

    /// Hands out each, with the index of its export and the number of its record; `place`
    /// returns what an export is called, and how many of its records come before those that
    /// are counted here.
    ///
    /// # Errors
    ///
    /// One cannot be read, or `take` fails.
    pub fn each<'a, E: From<io::Error>>(
        &'a self,
        reader: &'a ItemReader<'_>,
        place: impl Fn(usize) -> Option<(&'a str, u64)>,
        mut take: impl FnMut(usize, u64, Item<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut bytes = Bytes(&self.bytes);
        let export = usize::try_from(bytes.number()?).unwrap_or(usize::MAX);
        let mut number = bytes.number()?;
        let place = place(export).ok_or(io::ErrorKind::InvalidData);
        let (name, before) = place.map_err(io::Error::from)?;
        number = add(number, before)?;
        while !bytes.0.is_empty() {
            let kind: Kind = variant(bytes.byte()?)?;
            number = add(number, bytes.number()?)?;
            let length = bytes.number()?;
            let item = reader.read(kind, bytes.take(length)?, name, number)?;
            take(export, number, item)?;
        }
        Ok(())
    }
}
