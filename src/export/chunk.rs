//! Cuts the bytes of exports into chunks where a record most likely begins, and
//! reads them one after another.

use std::collections::VecDeque;

use super::boundary::Boundary;
use super::format::{Format, MAX_RECORD_BYTES, PREVIEW_BYTES};
use super::interrupt::StopFlag;
use super::reader::{Reader, State};
use super::sink::{Listener, Stop, Unread};
use super::source::{Source, Stream};
use crate::record::Schema;

/// Holds bytes of an export that are read in one go.
#[derive(Debug)]
pub struct Chunk {
    /// The index of the chunk in the run.
    pub index: u64,
    /// The index of its export among those of the run.
    pub export: usize,
    /// It is the first of its export, or of the stretch of it that is read.
    pub first: bool,
    /// How many bytes of the unpacked export come before it.
    pub offset: u64,
    /// The state of the export that most likely comes before it; for the first
    /// chunk of an export it certainly does.
    pub state: Option<State>,
    /// It is the last of its export, or of the stretch of it that is read.
    pub last: bool,
    /// The export goes on after the stretch of it that is read.
    pub goes_on: bool,
    /// Why the export could not be read further.
    pub unread: Option<Unread>,
    buffer: Buffer,
}

impl Chunk {
    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// Returns whether the export ends with it.
    pub fn ends_export(&self) -> bool {
        self.last && !self.goes_on
    }
}

/// Holds room for bytes, of which some are filled. It is cleared once, not with
/// each use.
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

/// How many bytes are searched for a cut at most: what has none in them is
/// handed on uncut, and read in its turn.
const MAX_WINDOW: usize = 1 << 20;

/// Cuts exports into chunks, one after another.
#[derive(Debug)]
pub struct Chunker<'s> {
    schema: &'s Schema,
    format: Format,
    /// How many bytes a chunk aims at, at most.
    window: usize,
    /// How many bytes the next chunk aims at.
    aim: usize,
    sources: VecDeque<Source>,
    stream: Option<Stream>,
    boundary: Boundary,
    /// Bytes that are read, after the last cut.
    rest: Vec<u8>,
    spare: Vec<Buffer>,
    stop: StopFlag,
    index: u64,
    export: usize,
    offset: u64,
    /// The export goes on after the stretch of it that is read.
    goes_on: bool,
}

impl<'s> Chunker<'s> {
    /// Makes a chunker of these exports; chunks have about `window` bytes.
    pub fn new(sources: Vec<Source>, format: Format, window: usize, schema: &'s Schema) -> Self {
        Self {
            schema,
            format,
            window: window.max(1),
            aim: window.max(1),
            sources: sources.into(),
            stream: None,
            boundary: Boundary::First,
            rest: Vec::new(),
            spare: Vec::new(),
            stop: StopFlag::default(),
            index: 0,
            export: 0,
            offset: 0,
            goes_on: false,
        }
    }

    /// Returns the flag that ends all reading: then there are no more chunks.
    pub fn stop_flag(&self) -> StopFlag {
        self.stop.clone()
    }

    /// Sets how many bytes the next chunks aim at: fewer than at first, where much is said
    /// about them.
    pub fn aim_at(&mut self, bytes: usize) {
        self.aim = bytes.clamp(1, self.window);
    }

    /// Returns the next chunk; nothing, after the end of the last export or once
    /// the flag is raised.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        if self.stop.is_raised() {
            return None;
        }
        let mut started = None;
        if self.stream.is_none() {
            let source = self.sources.pop_front()?;
            self.export = source.index;
            (self.offset, self.boundary) = source.beginning_of_stretch();
            self.goes_on = source.goes_on();
            started = Some(source.start(self.stop.clone()));
        }
        let mut chunk = self.empty_chunk();
        chunk.first = started.is_some();
        match started {
            Some(Ok(stream)) => self.stream = Some(stream),
            Some(Err(error)) => chunk.unread = Some(error.into()),
            None => {}
        }
        chunk.buffer.push(&self.rest);
        self.rest.clear();
        let cut = self.fill(&mut chunk);
        if self.stop.is_raised() {
            // The reading ended within the chunk: it is not whole.
            return None;
        }
        self.rest.extend_from_slice(&chunk.bytes()[cut..]);
        chunk.buffer.filled = cut;
        self.index += 1;
        self.offset += cut as u64;
        if chunk.last {
            self.stream = None;
        }
        Some(chunk)
    }

    /// Takes back the room of a chunk that is done with, to be filled again.
    pub fn recycle(&mut self, chunk: Chunk) {
        // What was once needed for a huge record is not kept for all.
        if chunk.buffer.room.len() <= 2 * self.window.max(PREVIEW_BYTES) {
            self.spare.push(chunk.buffer);
        }
    }

    fn empty_chunk(&mut self) -> Chunk {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.filled = 0;
        Chunk {
            index: self.index,
            export: self.export,
            offset: self.offset,
            first: false,
            state: match &self.boundary {
                Boundary::First => Some(State::Start(self.format)),
                Boundary::Known { state, .. } => Some(state.clone()),
                Boundary::None => None,
            },
            last: false,
            goes_on: self.goes_on,
            unread: None,
            buffer,
        }
    }

    /// Reads bytes until there is a cut among them, and returns the cut.
    fn fill(&mut self, chunk: &mut Chunk) -> usize {
        let first = matches!(self.boundary, Boundary::First);
        let mut target = if first {
            self.window.max(PREVIEW_BYTES)
        } else {
            self.aim
        };
        loop {
            self.read(chunk, target);
            if chunk.last {
                return chunk.bytes().len();
            }
            if matches!(self.boundary, Boundary::First) {
                self.boundary = Boundary::find(self.schema, self.format, chunk.bytes());
            }
            if let Some(cut) = self.boundary.last_cut(chunk.bytes()) {
                return cut;
            }
            if target >= MAX_WINDOW || matches!(self.boundary, Boundary::None) {
                return chunk.bytes().len();
            }
            target *= 2;
        }
    }

    fn read(&mut self, chunk: &mut Chunk, target: usize) {
        let Some(stream) = &mut self.stream else {
            chunk.last = true;
            return;
        };
        let buffer = &mut chunk.buffer;
        if buffer.filled >= target {
            return;
        }
        buffer.reserve(target);
        let (read, result) = stream.fill(&mut buffer.room[buffer.filled..target]);
        buffer.filled += read;
        chunk.last = buffer.filled < target;
        if let Err(error) = result {
            chunk.unread = Some(error.into());
            chunk.last = true;
        }
        if chunk.last {
            let late = self.stream.take().and_then(Stream::finish);
            chunk.unread = chunk.unread.take().or(late);
        }
    }
}

/// Reads all exports from beginning to end, one chunk after another, or until
/// the sink has enough.
///
/// # Errors
///
/// That of the sink, if it failed.
pub fn read_all<S: Listener>(
    chunker: Chunker<'_>,
    schema: &Schema,
    sink: &mut S,
) -> Result<(), S::Error> {
    match read_chunks(chunker, schema, sink) {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn read_chunks<S: Listener>(
    mut chunker: Chunker<'_>,
    schema: &Schema,
    sink: &mut S,
) -> Result<(), Stop<S::Error>> {
    let mut reader = Reader::new(schema, MAX_RECORD_BYTES);
    let (mut state, mut carry) = (None, Vec::new());
    while let Some(chunk) = chunker.next_chunk() {
        carry.extend_from_slice(chunk.bytes());
        let before = state.take().or_else(|| chunk.state.clone());
        let before = before.unwrap_or(State::Start(Format::Auto));
        let (after, done) = reader.read(before, &carry, chunk.ends_export(), sink)?;
        carry.drain(..done);
        state = Some(after);
        if let Some(why) = chunk.unread.clone() {
            sink.unread(why)?;
        }
        if chunk.last {
            (state, carry) = (None, Vec::new());
            sink.next_export()?;
        }
        chunker.recycle(chunk);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Remark, Sink, Unreadable};
    use crate::record::Record;

    /// Counts records, and stops after some of them.
    struct Count {
        records: usize,
        most: usize,
        stop: Stop<&'static str>,
    }

    impl Sink for Count {
        type Error = &'static str;

        fn record(&mut self, _: &Record<'_>) -> Result<(), Stop<&'static str>> {
            self.records += 1;
            match self.records == self.most {
                true => Err(self.stop.clone()),
                false => Ok(()),
            }
        }

        fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<&'static str>> {
            Ok(())
        }

        fn protocol_line(&mut self) -> Result<(), Stop<&'static str>> {
            Ok(())
        }

        fn remark(&mut self, _: Remark) -> Result<(), Stop<&'static str>> {
            Ok(())
        }

        fn unread(&mut self, _: Unread) -> Result<(), Stop<&'static str>> {
            Ok(())
        }
    }

    impl Listener for Count {
        fn next_export(&mut self) -> Result<(), Stop<&'static str>> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_ends_the_reading_of_all_exports() {
        let folder = tempfile::tempdir().expect("a folder");
        let (array, lines) = (folder.path().join("array"), folder.path().join("lines"));
        let records = |separator| [r#"{"id":"a"}"#; 5].join(separator);
        std::fs::write(&array, format!("[{}]", records(","))).expect("written");
        std::fs::write(&lines, records("\n")).expect("written");
        let schema = Schema::default();
        for (most, stop, result, counted) in [
            (3, Stop::Enough, Ok(()), 3),
            (7, Stop::Enough, Ok(()), 7),
            (7, Stop::Failed("full"), Err("full"), 7),
            (11, Stop::Failed("full"), Ok(()), 10),
        ] {
            let mut sink = Count {
                records: 0,
                most,
                stop,
            };
            let sources = Source::open_all(&[array.clone(), lines.clone()]).expect("files");
            let chunker = Chunker::new(sources, Format::Auto, 16, &schema);
            assert_eq!(read_all(chunker, &schema, &mut sink), result);
            assert_eq!(sink.records, counted);
        }
    }
}
