//! Renders findings and records for a partial.

use std::io;
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::item::{Kind, write_finding, write_record};
use crate::policy::Policies;
use crate::report::{self, Found, RecordMarks, Rendered, Renderers, SliceSource};
use crate::variants::place;
use crate::varint;

/// Renders findings as items: a kind, the number of the record in its chunk, a length, and
/// as many bytes.
pub struct Renderer {
    dictionary: Dictionary,
    /// Whether records are kept.
    keeps_records: bool,
    splits: Vec<(String, SliceSource)>,
}

/// Returns what renders findings and, if they are to be kept, records for a partial; findings
/// say in which slices of these they are.
pub fn renderers(
    policies: &Policies,
    keeps_records: bool,
    splits: Vec<(String, SliceSource)>,
) -> Renderers {
    let renderer: Arc<dyn report::Renderer> = Arc::new(Renderer {
        dictionary: Dictionary::new(policies),
        keeps_records,
        splits,
    });
    [renderer].into_iter().collect()
}

/// Writes an item.
fn write_item(
    kind: Kind,
    number: u64,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    out.push(place(&kind));
    varint::push(number, out);
    let at = out.len();
    out.extend([0; 4]);
    write(out)?;
    let length = u32::try_from(out.len() - at - 4).map_err(|_| io::ErrorKind::InvalidData)?;
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

impl report::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let number = found.row.record.unwrap_or_default();
        write_item(Kind::Finding, number, &mut rendered.bytes, |out| {
            write_finding(&found.row, found.rule_index, &self.dictionary, out)
        })
    }

    fn wants_records(&self) -> bool {
        self.keeps_records
    }

    fn record(&self, record: &RecordMarks<'_>, rendered: &mut Rendered) -> io::Result<()> {
        write_item(Kind::Record, record.number, &mut rendered.bytes, |out| {
            write_record(record, out);
            Ok(())
        })
    }

    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn splits_by(&self) -> Vec<(String, SliceSource)> {
        self.splits.clone()
    }
}
