//! What becomes of a panic: an error in words, with nothing else on stderr.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// Holds the place of the last panic in the source, once panics are quiet.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Says why something panicked.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Panic {
    /// What the panic said.
    what: String,
}

/// Lets no panic write to stderr: who catches it says what it means.
pub fn silence() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| {
            let file = place.file();
            format!("{file}:{}", place.line())
        });
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// Does the work; a panic in it is an error. What it had in hand then is in no state to be
/// used again.
///
/// # Errors
///
/// It panicked.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|said| Panic {
        what: words(said.as_ref()).to_owned(),
    })
}

/// Returns the place of the last panic in the source, if panics are quiet.
pub fn last_place() -> Option<String> {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    place.clone()
}

fn words(said: &(dyn Any + Send)) -> &str {
    match (said.downcast_ref::<String>(), said.downcast_ref::<&str>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "a panic without words",
    }
}
