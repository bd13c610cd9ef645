//! Files and folders with a hidden name, in which reports wait for their places.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::signals::{self, Held};

/// Lets only the owner read a report: it names the weak spots of customers.
const MODE: u32 = 0o600;

/// Lets only the owner look into a folder of reports.
const FOLDER_MODE: u32 = 0o700;

/// Begins all hidden names. They do not hold the names of reports, which may be as long as
/// names can be.
const PREFIX: &str = ".audit-";

/// Represents a file or a folder with a hidden name. It is removed, with all that is in
/// it, when it is dropped, or before a signal ends the process.
pub struct Hidden(PathBuf);

impl Hidden {
    /// Makes something in a folder, under a name that nothing else has.
    fn make<T>(
        held: &Held,
        folder: &Path,
        make: impl FnMut(&Path) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .make_in(folder, make)?;
        let (made, path) = made.keep().map_err(|error| error.error)?;
        held.note(&path);
        Ok((Self(path), made))
    }

    /// Makes a folder in another.
    pub fn folder_in(folder: &Path) -> io::Result<Self> {
        let make = |path: &Path| DirBuilder::new().mode(FOLDER_MODE).create(path);
        signals::held(|held| Self::make(held, folder, make)).map(|(hidden, ())| hidden)
    }

    /// Makes a file in a folder.
    pub fn file_in(folder: &Path) -> io::Result<(Self, File)> {
        signals::held(|held| Self::make(held, folder, create))
    }

    /// Gives a file that has no name one in a folder.
    pub fn link_in(held: &Held, folder: &Path, file: &File) -> io::Result<Self> {
        Self::make(held, folder, |path| system::link(file, path)).map(|(hidden, ())| hidden)
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        signals::remove(&self.0);
    }
}

/// Makes a file for its owner alone, where nothing is.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(MODE).open(path)
}

/// Opens a file that has no name, so that nothing is left of a run that is killed; none,
/// where the system or the file system has no such files.
pub fn unnamed(folder: &Path) -> io::Result<Option<File>> {
    system::unnamed(folder)
}

/// Puts a file in the place of another, whose name becomes that of the file.
pub fn exchange(from: &Path, to: &Path) -> io::Result<()> {
    system::exchange(from, to)
}

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, linkat, open, renameat_with};
    use rustix::io::Errno;

    use super::{File, MODE, Path, io};

    /// Where the files that the process has open have names.
    const OPEN_FILES: &str = "/proc/self/fd";

    pub fn unnamed(folder: &Path) -> io::Result<Option<File>> {
        if !Path::new(OPEN_FILES).exists() {
            return Ok(None);
        }
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        match open(folder, flags, Mode::from_raw_mode(MODE)) {
            Ok(file) => Ok(Some(file.into())),
            // What systems say that know the flag, and those that do not.
            Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::ISDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub fn link(file: &File, path: &Path) -> io::Result<()> {
        let open = Path::new(OPEN_FILES).join(file.as_raw_fd().to_string());
        Ok(linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    pub fn exchange(from: &Path, to: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{File, Path, io};

    pub fn unnamed(_: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub fn link(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn exchange(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
