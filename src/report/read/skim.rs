//! One reading of a report whose findings are lines: they are handed on, some lines at a
//! time, before it is known whether the report is whole.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use memchr::memchr;

use super::blocks::Blocks;
use super::ended_tally::EndedTally;
use super::file::ReportFile;
use super::outline::{Fault, Lines, Outline};
use super::reader::ReadError;
use super::skimmed::{Instants, Line, Skimmed};
use super::tally::{Kind, Tally};
use crate::digest::DigestHandle;
use crate::finding::Status;
use crate::policy::Severity;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;

/// Takes in findings of some lines of a report, on one of several threads.
pub trait Skims: Default + Send {
    /// Why it cannot.
    type Error: From<ReadError> + Send;

    /// Takes in the next finding, or the next that was carried on.
    ///
    /// # Errors
    ///
    /// It cannot be taken in.
    fn take(&mut self, one: &Skimmed<'_>) -> Result<(), Self::Error>;
}

/// Reads a report whose findings are lines, on so many threads; what was taken in is handed
/// to `add` in the order of the lines. Returns what the report is about, what it came to, and
/// the SHA-256 of its bytes; nothing, if it is not written in lines, or is not what this
/// program writes: [`super::read`] says why. What was handed on counts only once this returns
/// something.
///
/// # Errors
///
/// The report cannot be read, or what is in it cannot be taken in.
pub fn skim<S: Skims>(
    path: &Path,
    threads: usize,
    mut add: impl FnMut(S) -> Result<(), S::Error>,
) -> Result<Option<(Header, Footer, String)>, S::Error> {
    let unreadable = |source| ReadError::Unreadable {
        path: path.display().to_string(),
        source,
    };
    let mut whole = Whole::default();
    let mut add = |block: Result<Option<Block<S>>, S::Error>| match block? {
        Some(block) => match whole.add(block) {
            Some(taken) => add(taken).map(|()| true),
            None => Ok(false),
        },
        None => Ok(false),
    };
    let Some(mut file) = ReportFile::open(path).map_err(unreadable)? else {
        return Ok(None);
    };
    let digest = DigestHandle::default();
    let reader = file.reader(Some(digest.clone())).map_err(unreadable)?;
    let mut blocks = Blocks::new(reader);
    // This thread reads.
    let is_in_lines = match threads.saturating_sub(1) {
        0 => loop {
            match blocks.next().map_err(unreadable)? {
                Some(block) if add(Block::read(&block))? => {}
                Some(_) => break false,
                None => break true,
            }
        },
        others => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(others).build();
            let pool = pool.map_err(|error| unreadable(io::Error::other(error)))?;
            let mut waiting: VecDeque<Receiver<_>> = VecDeque::new();
            pool.in_place_scope(|scope| -> Result<bool, S::Error> {
                loop {
                    let block = blocks.next().map_err(unreadable)?;
                    let is_end = block.is_none();
                    if let Some(block) = block {
                        let (give, get) = sync_channel(1);
                        // Nobody waits for it after an error.
                        scope.spawn(move |_| drop(give.send(Block::read(&block))));
                        waiting.push_back(get);
                    }
                    while waiting.len() > if is_end { 0 } else { 2 * others } {
                        let first = waiting.pop_front().and_then(|first| first.recv().ok());
                        if !first.map_or(Ok(false), &mut add)? {
                            return Ok(false);
                        }
                    }
                    if is_end {
                        return Ok(true);
                    }
                }
            })?
        }
    };
    let outline = match is_in_lines && blocks.is_at_end() {
        true => whole.outline(),
        false => None,
    };
    Ok(outline.map(|(header, footer)| {
        let digest = digest.digest(path.display().to_string());
        (header, footer, digest.sha256)
    }))
}

/// Holds what was taken in of some lines.
struct Block<S> {
    taken: S,
    tally: Tally,
    ended: EndedTally,
    lines: Lines,
    /// A line that is no finding.
    last: Option<Vec<u8>>,
}

/// What findings are counted by.
type KindOf<'l> = (Cow<'l, str>, Cow<'l, str>, Severity, Status);

impl<S: Skims> Block<S> {
    /// Reads lines; nothing, if a report does not have them in this order.
    fn read(bytes: &[u8]) -> Result<Option<Self>, S::Error> {
        let (mut kinds, mut instants) = (HashMap::<KindOf<'_>, u64>::new(), Instants::default());
        let mut block = Self {
            taken: S::default(),
            tally: Tally::default(),
            ended: EndedTally::default(),
            lines: Lines::default(),
            last: None,
        };
        // In JSON of one line there is none; nothing else looks for them.
        let is_control = |byte: u8| u8::from((byte < b' ') & (byte != b'\n'));
        let has_control = bytes.iter().fold(0, |any, byte| any | is_control(*byte)) != 0;
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| !has_control) else {
            return Ok(None);
        };
        let mut rest = text;
        while let Some(end) = memchr(b'\n', rest.as_bytes()) {
            let (line, next) = rest.split_at(end + 1);
            rest = next;
            if block.last.is_some() {
                return Ok(None);
            }
            match Line::of(line, &mut instants) {
                Line::Finding(finding) if block.lines.ended == 0 => {
                    block.taken.take(&finding)?;
                    block.lines.findings += 1;
                    let Skimmed { policy, rule, .. } = finding;
                    let kind = (policy, rule, finding.severity, finding.status);
                    *kinds.entry(kind).or_default() += 1;
                }
                Line::Finding(_) => return Ok(None),
                Line::Carried(carried) => {
                    block.taken.take(&carried)?;
                    block.ended.count("unknown".to_owned());
                    block.lines.ended += 1;
                }
                Line::Closed(state) => {
                    block.ended.count(state.into_owned());
                    block.lines.ended += 1;
                }
                Line::Other => block.last = Some(line.as_bytes().to_vec()),
            }
        }
        for ((policy, rule, severity, status), findings) in kinds {
            let kind = Kind {
                policy: policy.into_owned(),
                rule: rule.into_owned(),
                severity: severity.name().to_owned(),
                status: status.name().to_owned(),
            };
            block.tally.count(kind, findings);
        }
        Ok(Some(block))
    }
}

/// Holds what the lines of a report add up to.
#[derive(Default)]
struct Whole {
    tally: Tally,
    ended: EndedTally,
    lines: Lines,
    last: Option<Vec<u8>>,
}

impl Whole {
    /// Adds the next lines, and returns what was taken in of them; nothing, if a report does
    /// not have them in this order.
    fn add<S>(&mut self, block: Block<S>) -> Option<S> {
        let Block {
            taken,
            tally,
            ended,
            lines,
            last,
        } = block;
        let is_in_order = self.last.is_none() && (self.lines.ended == 0 || lines.findings == 0);
        self.tally.add(tally);
        self.ended.add(ended);
        self.lines.findings += lines.findings;
        self.lines.ended += lines.ended;
        self.last = last;
        is_in_order.then_some(taken)
    }

    fn outline(self) -> Option<(Header, Footer)> {
        match Outline::of_last_line(&self.last?, &self.tally, &self.ended, self.lines) {
            Ok(outline) => Some((outline.header, outline.footer)),
            Err(Fault::Json(_) | Fault::NoReport | Fault::Newer(_) | Fault::Broken(_)) => None,
        }
    }
}
