//! Whether files are as a manifest says.

use std::io::Write;
use std::path::Path;

use super::error::Error;
use super::exit::Exit;
use crate::digest::{self, FileDigest};
use crate::manifest::Manifest;
use crate::policy;
use crate::text::{count, escape_controls};

/// The beginning of the path of a policy that is part of the program.
const BUNDLED: &str = "bundled:";

/// Says what a file is now.
enum State {
    /// It is as the manifest says.
    Same,
    /// It is not, for this reason.
    Different(String),
    /// It is no file, and cannot be looked at again, for this reason.
    NotAFile(&'static str),
}

/// Compares all files with the manifest, and writes a line for each. Paths are read
/// from the current folder, as the run itself read them.
///
/// # Errors
///
/// It is no manifest, or stdout cannot be written.
pub(super) fn verify(path: &Path, out: &mut dyn Write) -> Result<Exit, Error> {
    let manifest = Manifest::read(path)?;
    let mut different = 0;
    for file in manifest.files() {
        let name = escape_controls(&file.path);
        match state(file) {
            State::Same => writeln!(out, "{name}: OK")?,
            State::NotAFile(why) => writeln!(out, "{name}: not checked: {why}")?,
            State::Different(why) => {
                different += 1;
                writeln!(out, "{name}: FAILED: {}", escape_controls(&why))?;
            }
        }
    }
    let files = count(different, "file differs", "files differ");
    match different {
        0 => writeln!(out, "every file is as the manifest says")?,
        _ => writeln!(out, "{files} from the manifest")?,
    }
    if !manifest.is_complete() {
        writeln!(out, "the audit was not complete:")?;
        for why in manifest.incomplete_because() {
            writeln!(out, "  - {}", escape_controls(&why.text))?;
        }
    }
    Ok(match different {
        0 => Exit::Clean,
        _ => Exit::Findings,
    })
}

fn state(file: &FileDigest) -> State {
    if file.path == "-" {
        return State::NotAFile("it was read from stdin");
    }
    let now = match file.path.strip_prefix(BUNDLED) {
        Some(name) => match policy::bundled_text(name) {
            Some(text) => Ok(digest::of_bytes(file.path.as_str(), text.as_bytes())),
            None => return State::Different("this program has no such policy".to_owned()),
        },
        None => digest::of_file(Path::new(&file.path)),
    };
    match now {
        Ok(now) if now.bytes != file.bytes => State::Different(format!(
            "it has {} bytes, and had {}",
            now.bytes, file.bytes
        )),
        Ok(now) if now.sha256 != file.sha256 => {
            State::Different("its content has changed".to_owned())
        }
        Ok(_) => State::Same,
        Err(error) => State::Different(error.to_string()),
    }
}
