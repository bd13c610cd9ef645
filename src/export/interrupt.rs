//! Reads files and pipes so that a run can end at any time, even while a pipe
//! that stays open has nothing to read.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Tells those who read exports that nobody wants to have more of them.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Ends all reading.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether all reading is to end.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a pipe is waited for before the flag is looked at again.
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Reads a file or a pipe until a flag is raised; then every read fails.
#[derive(Debug)]
pub struct InterruptibleReader {
    file: File,
    /// A read may wait for bytes that somebody has yet to write.
    may_wait: bool,
    stop: StopFlag,
}

impl InterruptibleReader {
    /// Reads a file, whose bytes are all there.
    pub fn file(file: File, stop: StopFlag) -> Self {
        Self {
            file,
            may_wait: false,
            stop,
        }
    }

    /// Reads a pipe or a device.
    pub fn pipe(file: File, stop: StopFlag) -> Self {
        Self {
            file,
            may_wait: true,
            stop,
        }
    }

    /// Waits until a read finds bytes, an end or an error.
    fn wait(&self) -> io::Result<()> {
        loop {
            if self.stop.is_raised() {
                return Err(io::Error::other("the run has ended"));
            }
            if !self.may_wait {
                return Ok(());
            }
            let mut pipe = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut pipe, Some(&WAIT)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Read for InterruptibleReader {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        self.file.read(room)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::thread;

    use super::*;

    #[test]
    fn a_read_of_a_silent_pipe_ends_when_it_is_told_to() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let stop = StopFlag::default();
        let mut reader = InterruptibleReader::pipe(OwnedFd::from(reader).into(), stop.clone());
        writer.write_all(b"a").expect("a pipe");
        let mut room = [0; 8];
        assert_eq!(reader.read(&mut room).expect("a byte"), 1);
        let reading = thread::spawn(move || reader.read(&mut room).is_err());
        stop.raise();
        assert!(reading.join().expect("no panic"));
        drop(writer);
    }
}
