//! One run at a time keeps a night in a history.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::error::Error;
use crate::text::escape_controls;

/// The name of the file that says who has the folder.
pub(super) const LOCK: &str = ".lock";

/// How much of that file is shown.
const MAX_BYTES: u64 = 200;

/// Holds a history for this run; another can have it once this is dropped, or the process
/// has ended.
#[derive(Debug)]
pub struct Lock {
    /// The lock is that of the open file.
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process that is being started has a copy of the open file for a moment, and would
        // keep the lock as long. Without this the lock goes with the last copy.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Lock {
    /// Takes the folder for this run.
    ///
    /// # Errors
    ///
    /// Another run has it, or it cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable {
            path: folder.display().to_string(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LOCK));
        let mut file = file.map_err(unreadable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(Error::Locked {
                    path: folder.display().to_string(),
                    holder: holder(&mut file),
                });
            }
            Err(error) => return Err(unreadable(error.into())),
        }
        note_holder(&mut file).map_err(unreadable)?;
        Ok(Self { file })
    }
}

fn note_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}", std::process::id())
}

/// Says who has the folder, as far as that is known.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(MAX_BYTES).read_to_string(&mut text);
    match (read, text.trim()) {
        (Ok(_), holder) if !holder.is_empty() => format!(", {}", escape_controls(holder)),
        _ => String::new(),
    }
}
