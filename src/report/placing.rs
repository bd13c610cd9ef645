//! How files take their places: all of them, or none.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::hidden::{Hidden, exchange};
use super::output::{Error, Output, folder_of};
use super::paths::Paths;
use crate::signals::{self, Held};

/// Represents a report that is written whole: what is left is that it takes its place.
#[must_use = "it takes its place with all others"]
pub struct Settled {
    /// The path of the report, in quotes, or `on stdout`.
    pub name: String,
    /// What takes which place; nothing, for a stream.
    pub waiting: Option<(Waiting, PathBuf)>,
}

/// Says where a report waits for its place.
pub enum Waiting {
    /// It has no name.
    Unnamed(File),
    /// It has a hidden name.
    Hidden(Hidden, File),
    /// It is in a hidden folder, with others.
    Aside(PathBuf),
}

/// Writes a file that appears whole, or not at all, and is none of `sources`.
///
/// # Errors
///
/// It cannot be written or must not: what was there before still is.
pub fn write_file(
    path: &Path,
    sources: &[&Path],
    write: impl FnOnce(&mut (dyn io::Write + Send)) -> io::Result<()>,
) -> Result<(), Error> {
    Paths::new(sources).take(path, format!("`{}`", path.display()))?;
    let mut output = Output::open(path)?;
    let written = write(&mut output);
    written.map_err(|source| output.failed(source))?;
    place(vec![output.settle()?])
}

/// Makes sure that all files are on their disks, then lets them take their places, in
/// their order. Signals wait for the latter.
///
/// # Errors
///
/// One is not on its disk, or cannot take its place: what was there before still is.
pub fn place(all: Vec<Settled>) -> Result<(), Error> {
    sync(&all)?;
    signals::held(|held| {
        let moves = all.into_iter().filter_map(|one| Move::of(one, held));
        let mut moves = moves.collect::<Result<Vec<_>, _>>()?;
        let moved = take_places(&mut moves);
        if moved.is_err() {
            moves.iter_mut().rev().for_each(Move::undo);
        }
        // What was there before has the hidden names now, and goes with them.
        moved
    })
}

fn take_places(moves: &mut [Move]) -> Result<(), Error> {
    for one in &mut *moves {
        one.take_place()
            .map_err(|source| failed(&one.name, source))?;
    }
    let mut synced = HashSet::new();
    for one in moves {
        let folder = folder_of(&one.to);
        if synced.insert(folder) {
            sync_folder(folder).map_err(|source| failed(&one.name, source))?;
        }
    }
    Ok(())
}

fn failed(name: &str, source: io::Error) -> Error {
    Error::Write {
        path: name.to_owned(),
        source,
    }
}

/// Makes sure that names of files are on their disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems know no such thing.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// How many files are brought to their disks at a time: a disk that has many to write at
/// once waits for itself once for all of them.
const SYNCED_AT_ONCE: usize = 32;

/// Makes sure that the files are on their disks.
fn sync(all: &[Settled]) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let first_failed = Mutex::new(None::<(usize, io::Error)>);
    let sync_some = || {
        while let Some((index, one)) = next_of(all, &next) {
            let Err(error) = one.sync() else {
                continue;
            };
            // Nobody panics with it in hand.
            if let Ok(mut first) = first_failed.lock()
                && first.as_ref().is_none_or(|(other, _)| index < *other)
            {
                *first = Some((index, error));
            }
            return;
        }
    };
    thread::scope(|scope| {
        for _ in 1..SYNCED_AT_ONCE.min(all.len()) {
            // Fewer threads take longer, and do the same.
            let _ = thread::Builder::new().spawn_scoped(scope, sync_some);
        }
        sync_some();
    });
    match first_failed.into_inner() {
        Ok(Some((index, source))) => Err(failed(&all[index].name, source)),
        Ok(None) | Err(_) => Ok(()),
    }
}

fn next_of<'a>(all: &'a [Settled], next: &AtomicUsize) -> Option<(usize, &'a Settled)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    all.get(index).map(|one| (index, one))
}

impl Settled {
    fn sync(&self) -> io::Result<()> {
        match &self.waiting {
            None => Ok(()),
            Some((Waiting::Unnamed(file) | Waiting::Hidden(_, file), _)) => file.sync_all(),
            Some((Waiting::Aside(path), _)) => File::open(path)?.sync_all(),
        }
    }
}

/// Represents a file with a hidden name that takes its place.
struct Move {
    name: String,
    from: PathBuf,
    to: PathBuf,
    /// Its name is removed with it.
    _hidden: Option<Hidden>,
    state: State,
}

/// Says how to undo a move.
enum State {
    /// It has not been made.
    Waiting,
    /// What was there before has the hidden name.
    Exchanged,
    /// Nothing was there before.
    Placed,
    /// The file system cannot exchange names: what was there before is gone.
    Replaced,
}

impl Move {
    /// Returns the move of a report that is a file, which has a hidden name from now on.
    fn of(settled: Settled, held: &Held) -> Option<Result<Self, Error>> {
        let Settled { name, waiting } = settled;
        let (waiting, to) = waiting?;
        let hidden = match waiting {
            Waiting::Aside(from) => Ok((from, None)),
            Waiting::Hidden(hidden, _) => Ok((hidden.path().to_owned(), Some(hidden))),
            Waiting::Unnamed(file) => name_hidden(held, folder_of(&to), &file)
                .map(|hidden| (hidden.path().to_owned(), Some(hidden))),
        };
        Some(match hidden {
            Ok((from, hidden)) => Ok(Self {
                name,
                from,
                to,
                _hidden: hidden,
                state: State::Waiting,
            }),
            Err(source) => Err(failed(&name, source)),
        })
    }

    fn take_place(&mut self) -> io::Result<()> {
        self.state = match exchange(&self.from, &self.to) {
            Ok(()) => State::Exchanged,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::rename(&self.from, &self.to)?;
                State::Placed
            }
            Err(error) if cannot_exchange(&error) => {
                fs::rename(&self.from, &self.to)?;
                State::Replaced
            }
            Err(error) => return Err(error),
        };
        // A rename would have refused it.
        match self.state {
            State::Exchanged if is_folder(&self.from) => Err(io::ErrorKind::IsADirectory.into()),
            State::Exchanged | State::Placed | State::Replaced | State::Waiting => Ok(()),
        }
    }

    /// Puts back what was there before. If that fails there is nothing more to try, and
    /// the run ends with the error that led here.
    fn undo(&mut self) {
        match self.state {
            State::Waiting | State::Replaced => {}
            State::Exchanged => _ = exchange(&self.from, &self.to),
            State::Placed => _ = fs::remove_file(&self.to),
        }
    }
}

/// Gives a file that has no name a hidden one.
fn name_hidden(held: &Held, folder: &Path, file: &File) -> io::Result<Hidden> {
    let hidden = Hidden::link_in(held, folder, file)?;
    // Some file systems, as btrfs, do not sync what has no name.
    file.sync_data()?;
    Ok(hidden)
}

/// Returns whether the error says that names cannot be exchanged at all.
fn cannot_exchange(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
    )
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}
