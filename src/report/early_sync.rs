//! A file whose bytes are brought to the disk while more are written: at the end there is
//! little left to wait for.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// After how many bytes those so far are brought to the disk.
const STEP: u64 = 8 << 20;

/// Represents a file that is synced on a thread of its own, once it is large.
pub(super) struct EarlySync {
    file: File,
    /// How many bytes have been written since the thread was last woken.
    bytes: u64,
    helper: Option<Helper>,
}

struct Helper {
    wake: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl EarlySync {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            bytes: 0,
            helper: None,
        }
    }

    /// Returns the file.
    pub(super) fn get_ref(&self) -> &File {
        &self.file
    }

    /// Ends what was begun, and returns the file, of which the last bytes are not synced.
    ///
    /// # Errors
    ///
    /// Bytes could not be brought to the disk: the system says so once, and not again to
    /// those who sync the file later.
    pub(super) fn finish(self) -> io::Result<File> {
        if let Some(Helper { wake, thread }) = self.helper {
            drop(wake);
            let synced = thread.join();
            synced
                .unwrap_or_else(|_| Err(io::Error::other("the thread that syncs ended early")))?;
        }
        Ok(self.file)
    }

    fn sync_soon(&mut self) {
        if self.helper.is_none() {
            self.helper = Helper::start(&self.file);
        }
        if let Some(helper) = &self.helper {
            // One that is at work, or has failed, need not be woken.
            let _ = helper.wake.try_send(());
        }
    }
}

impl Helper {
    /// Starts the thread; without one all is synced at the end.
    fn start(file: &File) -> Option<Self> {
        let file = file.try_clone().ok()?;
        let (wake, woken) = sync_channel::<()>(1);
        let sync = move || woken.iter().try_for_each(|()| file.sync_data());
        let thread = thread::Builder::new().name("sync".to_owned()).spawn(sync);
        Some(Self {
            wake,
            thread: thread.ok()?,
        })
    }
}

impl Write for EarlySync {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        if self.bytes >= STEP {
            self.bytes = 0;
            self.sync_soon();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn what_is_synced_early_is_whole() {
        let file = tempfile::tempfile().expect("a file");
        let mut synced = EarlySync::new(file);
        let block: Vec<u8> = (0..1 << 20).map(|n| (n % 251) as u8).collect();
        for _ in 0..20 {
            synced.write_all(&block).expect("room");
        }
        assert!(synced.helper.is_some());
        let mut file = synced.finish().expect("synced");
        file.rewind().expect("a file");
        let mut written = Vec::new();
        file.read_to_end(&mut written).expect("read");
        assert!(written == block.repeat(20));
    }

    #[test]
    fn an_error_of_syncing_early_is_not_lost() {
        // What is written to a pipe cannot be synced.
        let (_reader, writer) = io::pipe().expect("a pipe");
        let mut synced = EarlySync::new(File::from(std::os::fd::OwnedFd::from(writer)));
        synced.sync_soon();
        assert!(synced.finish().is_err());
    }
}
