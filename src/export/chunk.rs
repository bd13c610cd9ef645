//! Cuts the bytes of exports into batches, where a record most likely begins.

use std::collections::VecDeque;

use memchr::{memrchr, memrchr_iter};

use super::json::{self, Container, LOOK, Like, Next};
use super::source::{Source, Stream};
use super::{Format, Place, Reader, Sink, Unread, Unreadable};
use crate::record::{Record, Schema};

/// Bytes of an export that are read in one go.
#[derive(Debug)]
pub struct Batch {
    /// Its place among all batches of the run.
    pub index: u64,
    /// Its export's place on the command line.
    pub export: usize,
    /// Where its first byte stands in the export, once unpacked.
    pub offset: u64,
    /// Where in the shape of the export it most likely begins; the first batch
    /// of an export certainly does.
    pub place: Option<Place>,
    /// The export ends with it.
    pub last: bool,
    /// Why the export could not be read further.
    pub unread: Option<Unread>,
    buffer: Buffer,
}

impl Batch {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }
}

/// Room for bytes, of which some are filled. It is cleared once, not with each
/// use.
#[derive(Debug, Default)]
struct Buffer {
    room: Vec<u8>,
    filled: usize,
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        &self.room[..self.filled]
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        self.reserve(end);
        self.room[self.filled..end].copy_from_slice(bytes);
        self.filled = end;
    }

    fn reserve(&mut self, length: usize) {
        if self.room.len() < length {
            self.room.resize(length, 0);
        }
    }
}

/// The most bytes that are searched for a cut: what has none in them is handed
/// on uncut, and read in its turn.
const MAX_WINDOW: usize = 1 << 20;

/// Cuts exports into batches, one after another.
#[derive(Debug)]
pub struct Cutter<'s> {
    schema: &'s Schema,
    format: Format,
    /// How many bytes a batch aims at.
    window: usize,
    sources: VecDeque<Source>,
    stream: Option<Stream>,
    guess: Guess,
    /// Bytes that are read, after the last cut.
    rest: Vec<u8>,
    spare: Vec<Buffer>,
    index: u64,
    export: usize,
    offset: u64,
}

impl<'s> Cutter<'s> {
    /// Cuts these exports into batches of about `window` bytes.
    pub fn new(sources: Vec<Source>, format: Format, window: usize, schema: &'s Schema) -> Self {
        Self {
            schema,
            format,
            window: window.max(1),
            sources: sources.into(),
            stream: None,
            guess: Guess::First,
            rest: Vec::new(),
            spare: Vec::new(),
            index: 0,
            export: 0,
            offset: 0,
        }
    }

    /// The next batch; nothing, at the end of the last export.
    pub fn next_batch(&mut self) -> Option<Batch> {
        let mut batch = self.empty_batch();
        if self.stream.is_none() {
            match self.sources.pop_front()?.start() {
                Ok(stream) => self.stream = Some(stream),
                Err(error) => batch.unread = Some(Unread::Io(error.to_string())),
            }
        }
        batch.buffer.push(&self.rest);
        self.rest.clear();
        let cut = self.fill(&mut batch);
        self.rest.extend_from_slice(&batch.bytes()[cut..]);
        batch.buffer.filled = cut;
        self.index += 1;
        self.offset += cut as u64;
        if batch.last {
            self.stream = None;
            self.export += 1;
            self.offset = 0;
            self.guess = Guess::First;
        }
        Some(batch)
    }

    /// Takes back the room of a batch that is done with.
    pub fn give_back(&mut self, batch: Batch) {
        // What was once needed for a huge record is not kept for all.
        if batch.buffer.room.len() <= 2 * self.window.max(LOOK) {
            self.spare.push(batch.buffer);
        }
    }

    fn empty_batch(&mut self) -> Batch {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.filled = 0;
        Batch {
            index: self.index,
            export: self.export,
            offset: self.offset,
            place: match &self.guess {
                Guess::First => Some(Place::Start(self.format)),
                Guess::Place { place, .. } => Some(place.clone()),
                Guess::None => None,
            },
            last: false,
            unread: None,
            buffer,
        }
    }

    /// Reads bytes until there is a cut among them; gives the cut.
    fn fill(&mut self, batch: &mut Batch) -> usize {
        let first = matches!(self.guess, Guess::First);
        let mut target = if first {
            self.window.max(LOOK)
        } else {
            self.window
        };
        loop {
            self.read(batch, target);
            if batch.last {
                return batch.bytes().len();
            }
            if matches!(self.guess, Guess::First) {
                self.guess = Guess::of(self.schema, self.format, batch);
            }
            if let Some(cut) = self.guess.cut(batch.bytes()) {
                return cut;
            }
            if target >= MAX_WINDOW || matches!(self.guess, Guess::None) {
                return batch.bytes().len();
            }
            target *= 2;
        }
    }

    fn read(&mut self, batch: &mut Batch, target: usize) {
        let Some(stream) = &mut self.stream else {
            batch.last = true;
            return;
        };
        let buffer = &mut batch.buffer;
        if buffer.filled >= target {
            return;
        }
        buffer.reserve(target);
        let (read, result) = stream.fill(&mut buffer.room[buffer.filled..target]);
        buffer.filled += read;
        batch.last = buffer.filled < target;
        if let Err(error) = result {
            batch.unread = Some(Unread::Io(error.to_string()));
            batch.last = true;
        }
        if batch.last && batch.unread.is_none() {
            batch.unread = self.stream.take().and_then(Stream::finish);
        }
    }
}

/// Records that follow one another.
const RECORDS: Container = Container::Sequence(Like::Record);

/// Where the next batch of an export is likely to begin.
#[derive(Debug)]
enum Guess {
    /// Nothing of the export has been seen.
    First,
    /// There, before an object that begins with these keys, if any.
    Place { place: Place, keys: Vec<Vec<u8>> },
    /// Anywhere.
    None,
}

impl Guess {
    /// Reads what there is of an export to see how it goes on.
    fn of(schema: &Schema, format: Format, batch: &Batch) -> Self {
        let mut reader = Reader::new(schema, super::MAX_RECORD_BYTES);
        let mut look = |bytes: &[u8]| reader.read(Place::Start(format), bytes, false, &mut Look).0;
        // The first records tell, unless they are large.
        let bytes = batch.bytes();
        let place = match look(&bytes[..bytes.len().min(LOOK)]) {
            told @ (Place::Csv(_)
            | Place::Json(json::Place::Between(Container::Array(_) | RECORDS, _))) => told,
            _ => look(bytes),
        };
        match place {
            Place::Json(json::Place::Between(container, _)) => {
                let between = json::Place::Between(container, Next::Value);
                Guess::Place {
                    place: Place::Json(between),
                    keys: json::first_keys(batch.bytes()),
                }
            }
            Place::Csv(_) => Guess::Place {
                place,
                keys: Vec::new(),
            },
            Place::Json(_) | Place::Start(_) | Place::Lost => Guess::None,
        }
    }

    /// The last byte at which the next batch may begin, if there is one.
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        let Guess::Place { place, keys } = self else {
            return None;
        };
        match place {
            Place::Csv(_) => memrchr(b'\n', bytes).map(|feed| feed + 1),
            Place::Json(json::Place::Between(Container::Array(_), _)) => cut_array(bytes, keys),
            Place::Json(json::Place::Between(Container::Sequence(_), _)) => cut_sequence(bytes),
            Place::Json(_) | Place::Start(_) | Place::Lost => None,
        }
    }
}

/// After a `}` that is followed by a line feed and a `{`: no value holds these.
/// Or else after a `}` that a `{` follows, which text may hold.
fn cut_sequence(bytes: &[u8]) -> Option<usize> {
    let mut second_best = None;
    for open in memrchr_iter(b'{', bytes) {
        let before = trim_end(&bytes[..open]);
        if before.last() != Some(&b'}') {
            continue;
        }
        if bytes[before.len()..open].contains(&b'\n') {
            return Some(before.len());
        }
        second_best = second_best.or(Some(before.len()));
    }
    second_best
}

/// How many places are looked at for one that begins as the first record did.
const MAX_TRIES: usize = 64;

/// After the comma between two objects, of which the second begins with the
/// keys of the first record: text and nested arrays hold such commas too.
fn cut_array(bytes: &[u8], keys: &[Vec<u8>]) -> Option<usize> {
    let mut best = None;
    for open in memrchr_iter(b'{', bytes).take(MAX_TRIES) {
        let comma = trim_end(&bytes[..open]);
        let before = comma.strip_suffix(b",").map(trim_end);
        if before.and_then(<[u8]>::last) != Some(&b'}') {
            continue;
        }
        let alike = json::begins_with(&bytes[open..], keys);
        if alike == keys.len() {
            return Some(comma.len());
        }
        if best.is_none_or(|(most, _)| alike > most) {
            best = Some((alike, comma.len()));
        }
    }
    best.map(|(_, cut)| cut)
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_end()
}

/// Sees how an export goes, and keeps nothing.
struct Look;

impl Sink for Look {
    fn record(&mut self, _: &Record<'_>) {}
    fn rejected(&mut self, _: usize, _: Unreadable) {}
    fn protocol_line(&mut self) {}
    fn unread(&mut self, _: Unread) {}
}
