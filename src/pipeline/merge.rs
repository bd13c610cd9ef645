//! Partials through the stages that come after judging: their findings are rendered on all
//! cores, and written in their order.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use rayon::Scope;

use super::inputs::{Error, pool};
use super::ordered::{Ordered, lock};
use super::worker::{Beside, Piece};
use crate::finding::{Privacy, Standing, display_id};
use crate::nights::{self, Tonight};
use crate::partial::{self, Frame, Frames, Item, ItemReader, Items, Partial, RecordItem, Reopened};
use crate::population::SeenId;
use crate::report::{FindingRow, Found, RecordMarks, RenderedChunk, Renderers};

/// Says how many frames a thread has, on the average: one that it works on, and one that
/// waits for its turn to be written.
const FRAMES_PER_THREAD: usize = 2;

/// Holds the inputs of a merge: partials and renderers.
pub struct Merge<'a> {
    /// The partials, in the order of the run.
    pub partials: &'a [Partial],
    /// What reports call the exports, by their indexes.
    pub exports: &'a [String],
    /// What reads findings and records.
    pub reader: &'a ItemReader<'a>,
    /// How far values may be shown.
    pub privacy: Privacy<'a>,
    /// What renders findings for each report.
    pub renderers: &'a Renderers,
    /// Whether the ids of all records are gathered.
    pub gathers_ids: bool,
    /// What findings are held against, in a run that is compared with the night before.
    pub tonight: Option<&'a Tonight<'a>>,
}

/// What is done next, in its turn.
enum Step {
    /// Findings and records of a frame are rendered and written.
    Frame(Frame, Arc<Open>),
    /// A partial is added, after the last of its findings.
    Part(Box<Reopened>),
}

/// What is handed on in its turn.
enum Made {
    Rendered(Result<(RenderedChunk, Beside), Error>),
    Part(Box<Reopened>),
    Failed(Error),
}

/// Holds what is known of the partial of a frame.
struct Open {
    path: String,
    /// How many records of each export, by its index, come before it.
    before: HashMap<usize, u64>,
}

impl Open {
    fn unreadable(&self, source: io::Error) -> Error {
        let path = self.path.clone();
        partial::Error::Unreadable { path, source }.into()
    }
}

/// Gives one step after another.
struct Steps<'a> {
    partials: std::slice::Iter<'a, Partial>,
    open: Option<(Reopened, Frames, Arc<Open>)>,
    /// How many records of each export come before the partial that is open.
    records: HashMap<usize, u64>,
    index: u64,
}

impl Steps<'_> {
    fn next(&mut self) -> Option<(u64, Result<Step, Error>)> {
        let step = self.step().transpose()?;
        let index = self.index;
        self.index += 1;
        Some((index, step))
    }

    fn step(&mut self) -> Result<Option<Step>, Error> {
        if self.open.is_none() {
            let Some(partial) = self.partials.next() else {
                return Ok(None);
            };
            let Some(reopened) = partial.reopen()? else {
                return Ok(None);
            };
            let frames = reopened.items();
            let frames = frames.map_err(|source| reopened.unreadable(source))?;
            let segments = reopened.facts.segments.iter();
            let before = segments.map(|segment| {
                let index = segment.export.index;
                (index, self.records.get(&index).copied().unwrap_or_default())
            });
            let open = Open {
                path: partial.path.display().to_string(),
                before: before.collect(),
            };
            self.open = Some((reopened, frames, Arc::new(open)));
        }
        let Some((_, frames, open)) = &mut self.open else {
            return Ok(None);
        };
        let frame = frames.next_frame();
        if let Some(frame) = frame.map_err(|source| open.unreadable(source))? {
            return Ok(Some(Step::Frame(frame, open.clone())));
        }
        let Some((reopened, ..)) = self.open.take() else {
            return Ok(None);
        };
        for segment in &reopened.facts.segments {
            *self.records.entry(segment.export.index).or_default() += segment.records;
        }
        Ok(Some(Step::Part(Box::new(reopened))))
    }
}

impl Merge<'_> {
    /// Hands what the partials hold to `write`, in the order of the run, until it fails.
    ///
    /// # Errors
    ///
    /// The threads cannot be started, a partial cannot be read, a finding cannot be rendered,
    /// or `write` failed: nothing is written after an error.
    pub fn run<E: From<Error> + Send>(
        &self,
        threads: usize,
        write: impl FnMut(Piece<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let pool = pool(threads)?;
        let tasks = Tasks {
            merge: self,
            steps: Mutex::new(Steps {
                partials: self.partials.iter(),
                open: None,
                records: HashMap::new(),
                index: 0,
            }),
            ordered: Ordered::new(),
            last: Mutex::new((write, None)),
        };
        pool.in_place_scope(|scope| {
            for _ in 0..FRAMES_PER_THREAD * threads {
                scope.spawn(|scope| tasks.next_step(scope));
            }
        });
        let last = tasks.last.into_inner();
        let (_, error) = last.unwrap_or_else(std::sync::PoisonError::into_inner);
        error.map_or(Ok(()), Err)
    }

    /// Renders the findings and records of a frame.
    fn render(&self, frame: &Frame, open: &Open) -> Result<(RenderedChunk, Beside), Error> {
        let rendered = self.render_items(frame, &open.before);
        rendered.map_err(|source| open.unreadable(source))
    }

    fn render_items(
        &self,
        frame: &Frame,
        before: &HashMap<usize, u64>,
    ) -> io::Result<(RenderedChunk, Beside)> {
        let items = Items::of(frame)?;
        let mut renderer = FrameRenderer {
            merge: self,
            waiting: Vec::new(),
            rendered: RenderedChunk::default(),
            beside: Beside::default(),
        };
        let place = |export: usize| {
            let name = self.exports.get(export)?;
            Some((name.as_str(), *before.get(&export)?))
        };
        items.each(self.reader, place, |export, number, item| match item {
            Item::Finding(rule_index, row) if self.tonight.is_some() => {
                renderer.waiting.push((rule_index, *row));
                Ok(())
            }
            Item::Finding(rule_index, row) => renderer.finding(rule_index, *row),
            Item::Record(record) => renderer.record(export, number, record),
        })?;
        let FrameRenderer {
            mut rendered,
            beside,
            ..
        } = renderer;
        rendered.number(0, &mut Vec::new());
        Ok((rendered, beside))
    }
}

/// Renders the items of a frame.
struct FrameRenderer<'m, 'a> {
    merge: &'m Merge<'m>,
    /// Findings of a record of which it is not known yet whom it is about.
    waiting: Vec<(usize, FindingRow<'a>)>,
    rendered: RenderedChunk,
    beside: Beside,
}

impl FrameRenderer<'_, '_> {
    fn finding(&mut self, rule_index: usize, row: FindingRow<'_>) -> io::Result<()> {
        let found = Found {
            row,
            rule_index,
            finding: None,
        };
        let renderers = self.merge.renderers;
        renderers.found(&found, &mut self.rendered, |_| Ok(()))
    }

    /// Takes a record, after its findings.
    fn record(
        &mut self,
        export: usize,
        number: u64,
        record: Option<RecordItem<'_>>,
    ) -> io::Result<()> {
        if let Some(record) = &record {
            if let Some(tonight) = self.merge.tonight {
                self.compare(tonight, record)?;
            }
            if self.merge.gathers_ids {
                let id = record.id.map(|id| {
                    let mut id = SeenId::new(id, number);
                    id.place(export, 0);
                    id
                });
                self.beside.ids.extend(id);
            }
        }
        if !self.merge.renderers.want_records() {
            return Ok(());
        }
        let privacy = self.merge.privacy;
        let id = record.as_ref().and_then(|record| record.id);
        let id = id.map(|id| display_id(privacy, "id", id));
        let marks = RecordMarks {
            customer_id: id.as_deref(),
            export: self.merge.exports.get(export).map_or("", String::as_str),
            number,
            marks: record.as_ref().map_or(&[], |record| &record.marks),
            kept: None,
        };
        let renderers = self.merge.renderers;
        renderers.record(&marks, &mut self.rendered, |_| Ok(()))
    }

    /// Says in the findings of a record how they relate to the night before, and notes what
    /// became of earlier ones.
    fn compare(&mut self, tonight: &Tonight<'_>, record: &RecordItem<'_>) -> io::Result<()> {
        let customer = tonight.customer(record.id, record.created)?;
        for (rule_index, mut row) in std::mem::take(&mut self.waiting) {
            tonight.finding(&mut row, rule_index, &customer, &mut self.beside.night)?;
            self.finding(rule_index, row)?;
        }
        if !tonight.has_earlier(&customer) {
            tonight.record(&customer, &mut self.beside.night, &|_| Standing::Listed);
            return Ok(());
        }
        let mut seen = nights::Part::default();
        tonight.record(&customer, &mut seen, &|index| {
            let standing = record.standings.get(index);
            standing.copied().unwrap_or(Standing::OutOfScope)
        });
        self.beside.night.append(seen);
        Ok(())
    }
}

/// Holds what the tasks of a merge share.
struct Tasks<'m, W, E> {
    merge: &'m Merge<'m>,
    steps: Mutex<Steps<'m>>,
    ordered: Ordered<Made>,
    /// What writes, and why nothing is written any more.
    last: Mutex<(W, Option<E>)>,
}

impl<W, E> Tasks<'_, W, E>
where
    W: FnMut(Piece<'_>) -> Result<(), E> + Send,
    E: From<Error> + Send,
{
    fn next_step<'s>(&'s self, scope: &Scope<'s>) {
        let _promise = self.ordered.promise();
        if lock(&self.last).1.is_some() {
            return;
        }
        let Some((index, step)) = lock(&self.steps).next() else {
            return;
        };
        let made = match step {
            Ok(Step::Frame(frame, open)) => Made::Rendered(self.merge.render(&frame, &open)),
            Ok(Step::Part(part)) => Made::Part(part),
            Err(error) => Made::Failed(error),
        };
        self.ordered.bring(index, made, |made| {
            self.hand_on(made);
            scope.spawn(|scope| self.next_step(scope));
        });
    }

    fn hand_on(&self, made: Made) {
        let (write, error) = &mut *lock(&self.last);
        if error.is_some() {
            return;
        }
        let written = match made {
            Made::Rendered(Ok((mut rendered, beside))) => write(Piece::Findings {
                export: 0,
                before: 0,
                rendered: &mut rendered,
            })
            .and_then(|()| write(Piece::Beside(beside))),
            Made::Part(part) => write(Piece::Part(part)),
            Made::Rendered(Err(error)) | Made::Failed(error) => Err(error.into()),
        };
        *error = written.err();
    }
}

impl From<partial::Error> for Error {
    fn from(error: partial::Error) -> Self {
        Self::OpenPartial(Box::new(error))
    }
}
