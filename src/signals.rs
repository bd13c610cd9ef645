//! Signals that end the process: they wait while reports take their places, and what has
//! a hidden name until then is removed first.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::raw::c_int;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

/// Is locked by what no signal may interrupt.
static HOLD: Mutex<()> = Mutex::new(());

/// Holds the paths that are removed before a signal ends the process.
static HIDDEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Holds the exit code of the signal that came, or 0.
static EXIT_CODE: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Proves that signals wait.
pub struct Held(());

/// Lets SIGINT, SIGTERM and SIGHUP end the process with 130, 143 and 129 from now on, and
/// a file that grows too large be an error of its writer.
pub fn watch() {
    // Its own action would end the process without a word.
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let (watching, watched) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("signals".to_owned());
    let started = thread.spawn(move || {
        let Ok(mut signals) = register() else {
            return;
        };
        drop(watching);
        if let Some(signal) = signals.forever().next() {
            end(exit_code(signal));
        }
    });
    // Without the thread the signals' own actions end the process.
    if started.is_ok() {
        let _ = watched.recv();
    }
}

fn register() -> io::Result<Signals> {
    let mut all = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        all.push(SIGHUP);
    }
    for signal in &all {
        // The code is there before the thread is woken, and before the call that the
        // signal came in returns.
        let code = usize::try_from(exit_code(*signal)).unwrap_or_default();
        flag::register_usize(*signal, EXIT_CODE.clone(), code)?;
    }
    Signals::new(all)
}

/// Returns the exit code of a process that a signal ends, as shells count.
fn exit_code(signal: c_int) -> c_int {
    128 + signal
}

/// Returns whether the process was started so that it ignores a signal, as by `nohup`.
fn is_ignored(signal: c_int) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Does what no signal may interrupt. One that comes meanwhile ends the process once it is
/// done; one that came before ends it first.
pub fn held<T>(work: impl FnOnce(&Held) -> T) -> T {
    let hold = lock(&HOLD);
    let done = work(&Held(()));
    drop(hold);
    match EXIT_CODE.load(Ordering::SeqCst) {
        0 => done,
        code => end(c_int::try_from(code).unwrap_or(c_int::MAX)),
    }
}

impl Held {
    /// Notes a file or a folder that is to be removed before a signal ends the process.
    pub fn note(&self, path: &Path) {
        lock(&HIDDEN).insert(path.to_owned());
    }
}

/// Removes a file, or a folder with all that is in it, that was noted.
pub fn remove(path: &Path) {
    delete(path);
    lock(&HIDDEN).remove(path);
}

fn delete(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        // It has got a name of its own.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        // There is nobody to tell: the process may be about to end.
        Err(_) => _ = fs::remove_dir_all(path),
    }
}

/// Ends the process; nothing that has a hidden name stays.
fn end(code: c_int) -> ! {
    let _hold = lock(&HOLD);
    lock(&HIDDEN).iter().for_each(|path| delete(path));
    low_level::exit(code)
}

/// What a thread left that panicked is still a list of names.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
