//! Which bytes of which exports a part reads.

use std::fmt;
use std::fs::File;
use std::io;
use std::num::ParseIntError;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::content::have_the_size_of_another;
use crate::export::{Cutter, Format, Stretch};
use crate::record::Schema;

/// Names a part of a run, or several that follow one another: `3/64` or `3-5/64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// The first part, from 1.
    pub first: u64,
    /// The last part.
    pub last: u64,
    /// How many parts there are.
    pub of: u64,
}

/// Says why a text names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoShare {
    /// It is not written so.
    #[error("write a part as 3/64, or several that follow one another as 3-5/64")]
    Form,
    /// There cannot be so many parts.
    #[error("a run has 1 part at least, and 1,000,000 at most")]
    Number,
    /// There is no such part.
    #[error("parts of {of} are those from 1 to {of}, the first before the last")]
    Range {
        /// How many parts there are.
        of: u64,
    },
}

impl From<ParseIntError> for NoShare {
    fn from(_: ParseIntError) -> Self {
        Self::Form
    }
}

/// The most parts that a run has.
const MAX_PARTS: u64 = 1_000_000;

impl FromStr for Share {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let (parts, of) = text.split_once('/').ok_or(NoShare::Form)?;
        let (first, last) = parts.split_once('-').unwrap_or((parts, parts));
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(text.parse()?),
            false => Err(NoShare::Form),
        };
        let (first, last, of) = (number(first)?, number(last)?, number(of)?);
        if !(1..=MAX_PARTS).contains(&of) {
            return Err(NoShare::Number);
        }
        match (1..=last).contains(&first) && last <= of {
            true => Ok(Self { first, last, of }),
            false => Err(NoShare::Range { of }),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, of } = self;
        match first == last {
            true => write!(f, "{first}/{of}"),
            false => write!(f, "{first}-{last}/{of}"),
        }
    }
}

/// Says which bytes each part is to read, before it is known where exports can be cut: all
/// exports in their order are one line of bytes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many bytes each export has.
    sizes: Vec<u64>,
    total: u64,
    /// Exports are not cut.
    whole_files: bool,
}

/// Holds what a part is to read of an export.
#[derive(Debug, Clone)]
pub struct PlannedStretch {
    /// The index of the export among those of the run.
    pub export: usize,
    /// What is to be read of it.
    pub stretch: Stretch,
    /// The state of the export before the first byte, as a digest; none before its own first
    /// byte.
    pub before: Option<String>,
}

impl Plan {
    /// Returns the plan of exports that have so many bytes.
    pub fn new(sizes: Vec<u64>, whole_files: bool) -> Self {
        let total = sizes.iter().sum();
        Self {
            sizes,
            total,
            whole_files,
        }
    }

    /// Returns where in the line of bytes a part ends.
    fn end_of(&self, part: u64, of: u64) -> u64 {
        let end = u128::from(self.total) * u128::from(part) / u128::from(of);
        u64::try_from(end).unwrap_or(self.total)
    }

    /// Returns the exports of which a part may have something, with the bytes that it is to
    /// begin and to end near.
    pub fn targets(&self, share: Share) -> Vec<(usize, u64, u64)> {
        let begin = self.end_of(share.first - 1, share.of);
        let end = self.end_of(share.last, share.of);
        let is_last = share.last == share.of;
        let (mut before, mut targets) = (0, Vec::new());
        for (index, size) in self.sizes.iter().enumerate() {
            let (first, after) = (before, before + size);
            before = after;
            let has_first = begin <= first && (first < end || is_last);
            let has_more = begin < after && end > first && !self.whole_files;
            if has_first || has_more {
                let near = |place: u64| place.clamp(first, after) - first;
                targets.push((index, near(begin), near(end)));
            }
        }
        targets
    }

    /// Returns the exports that may have the content of another, as they have its size, with
    /// the bytes of which a part is to show the content.
    pub fn as_long_as_another(&self, share: Share) -> Vec<(usize, u64, u64)> {
        let is_as_long = have_the_size_of_another(&self.sizes);
        let targets = self.targets(share).into_iter();
        let alike = targets.filter(|(index, ..)| is_as_long(*index));
        alike
            .map(|(index, begin, end)| match self.whole_files {
                true => (index, 0, self.sizes[index]),
                false => (index, begin, end),
            })
            .collect()
    }

    /// Returns what a part is to read.
    ///
    /// # Errors
    ///
    /// An export cannot be read, which is named.
    pub fn stretches(
        &self,
        share: Share,
        paths: &[impl AsRef<Path>],
        schema: &Schema,
        format: Format,
    ) -> Result<Vec<PlannedStretch>, (usize, io::Error)> {
        let mut stretches = Vec::new();
        for (export, begin, end) in self.targets(share) {
            let size = self.sizes[export];
            let whole = PlannedStretch {
                export,
                stretch: Stretch::whole(),
                before: None,
            };
            if self.whole_files || (begin, end) == (0, size) {
                stretches.push(whole);
                continue;
            }
            let found = self
                .cut(export, (begin, end), paths[export].as_ref(), schema, format)
                .map_err(|error| (export, error))?;
            match found {
                Cut::Not if begin == 0 => stretches.push(whole),
                Cut::Not => {}
                Cut::At(stretch) => stretches.extend(stretch.map(|stretch| *stretch)),
            }
        }
        Ok(stretches)
    }

    fn cut(
        &self,
        export: usize,
        (begin, end): (u64, u64),
        path: &Path,
        schema: &Schema,
        format: Format,
    ) -> io::Result<Cut> {
        let size = self.sizes[export];
        // What is no file, as a pipe, is read by one part.
        if !std::fs::metadata(path)?.is_file() {
            return Ok(Cut::Not);
        }
        let file = File::open(path)?;
        let Some(cutter) = Cutter::learn(schema, format, &file, size)? else {
            return Ok(Cut::Not);
        };
        let cut = |near: u64| match near {
            0 => Ok(0),
            near if near == size => Ok(size),
            near => cutter.first_cut(&file, near),
        };
        let (begin, end) = (cut(begin)?, cut(end)?);
        let stretch = PlannedStretch {
            export,
            stretch: cutter.stretch(begin, end),
            before: cutter.state().filter(|_| begin > 0),
        };
        Ok(Cut::At((begin < end).then(|| Box::new(stretch))))
    }
}

/// Says whether an export is cut.
enum Cut {
    /// The part with its first byte reads all of it.
    Not,
    /// The part reads this of it, if anything.
    At(Option<Box<PlannedStretch>>),
}
