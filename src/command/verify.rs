//! Whether files are as a manifest says, or the nights of a history as they were kept.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::error::Error;
use super::exit::Exit;
use crate::digest::{self, FileDigest};
use crate::history::{self, Chain, Folder, Stored};
use crate::manifest::Manifest;
use crate::options::VerifyOptions;
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

/// Compares all files with a manifest, or all nights of a history with theirs, and writes a
/// line for each.
///
/// # Errors
///
/// It is no manifest and no history, or stdout cannot be written.
pub(super) fn verify(options: &VerifyOptions, out: &mut dyn Write) -> Result<Exit, Error> {
    let digest = options.digest.as_deref();
    match options.path.is_dir() {
        true => verify_history(&options.path, digest, out),
        false => verify_run(&options.path, digest, out),
    }
}

/// Compares all files with the manifest of a run. Paths are read from the current folder,
/// as the run itself read them.
fn verify_run(path: &Path, digest: Option<&str>, out: &mut dyn Write) -> Result<Exit, Error> {
    let (manifest, own) = Manifest::read(path)?;
    let mut different = 0;
    for file in manifest.files() {
        let name = escape_controls(&file.path);
        match state(file) {
            State::Same => writeln!(out, "{name}: OK")?,
            State::NotAFile(why) => writeln!(out, "{name}: not checked: {why}")?,
            State::Different(why) => {
                different += 1;
                failed(out, &file.path, &why)?;
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
    let is_expected = digest.is_none_or(|digest| digest == own.sha256);
    if let (false, Some(digest)) = (is_expected, digest) {
        let why = format!("it is another manifest: its SHA-256 is not {digest}");
        failed(out, &own.path, &why)?;
    }
    writeln!(out, "the manifest has the SHA-256 {}", own.sha256)?;
    Ok(exit(different == 0 && is_expected))
}

/// Walks the chain of a history, and compares the files of every night with its manifest.
fn verify_history(path: &Path, digest: Option<&str>, out: &mut dyn Write) -> Result<Exit, Error> {
    let folder = Folder::read(path)?;
    let chain = Chain::new(&folder);
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fault in chain.faults() {
        let faults = wrong.entry(fault.night).or_default();
        faults.push(fault.what.to_string());
    }
    for night in folder.nights() {
        let faults = wrong.entry(night.name.to_string()).or_default();
        if !chain.is_removed(night) {
            faults.extend(chain.damage(night).iter().map(ToString::to_string));
        }
    }
    if wrong.is_empty() {
        return Err(history::Error::NoNight {
            path: path.display().to_string(),
        }
        .into());
    }
    let removed = |name: &str| {
        let mut nights = folder.nights().iter();
        nights.any(|night| night.name.to_string() == name && chain.is_removed(night))
    };
    for (name, faults) in &wrong {
        match faults.is_empty() {
            true if removed(name) => {
                writeln!(out, "{name}: not checked: a later night has removed it")?;
            }
            true => writeln!(out, "{}: OK", escape_controls(name))?,
            false => faults.iter().try_for_each(|why| failed(out, name, why))?,
        }
    }
    for (files, why) in [
        (
            folder.unfinished(),
            "it has no manifest: its run was killed, or the manifest was removed",
        ),
        (folder.others(), "it is no file of a night"),
    ] {
        for file in files {
            writeln!(out, "{}: not checked: {why}", escape_controls(file))?;
        }
    }
    let differ = wrong.values().filter(|faults| !faults.is_empty()).count();
    let nights = count(wrong.len() as u64, "night", "nights");
    match (differ, folder.unfinished()) {
        (0, []) => writeln!(out, "{nights}: all as they were kept, and none is missing")?,
        (0, _) => writeln!(
            out,
            "{nights}: all as they were kept; whether one is missing is not known, as there are \
             files without a manifest"
        )?,
        (differ, _) => writeln!(out, "{nights}: {differ} not as kept")?,
    }
    let is_expected = match folder.nights().last() {
        Some(newest) => check_newest(&folder, newest, digest, out)?,
        None => digest.is_none(),
    };
    Ok(exit(differ == 0 && is_expected))
}

/// Says which the newest night is, and returns whether its manifest has the digest that it
/// must have.
fn check_newest(
    folder: &Folder,
    newest: &Stored,
    digest: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let is_expected = digest.is_none_or(|digest| digest == newest.digest.sha256);
    if let (false, Some(digest)) = (is_expected, digest) {
        let mut nights = folder.nights().iter();
        let why = match nights.find(|night| night.digest.sha256 == digest) {
            Some(earlier) => format!(
                "it was kept after {}, whose manifest has the SHA-256 {digest}",
                earlier.name
            ),
            None => format!("no manifest has the SHA-256 {digest}"),
        };
        failed(out, &newest.name.to_string(), &why)?;
    }
    let (name, sha256) = (newest.name, &newest.digest.sha256);
    writeln!(
        out,
        "the manifest of the newest night, {name}, has the SHA-256 {sha256}"
    )?;
    Ok(is_expected)
}

fn failed(out: &mut dyn Write, name: &str, why: &str) -> io::Result<()> {
    let (name, why) = (escape_controls(name), escape_controls(why));
    writeln!(out, "{name}: FAILED: {why}")
}

fn exit(is_fine: bool) -> Exit {
    match is_fine {
        true => Exit::Clean,
        false => Exit::Findings,
    }
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
    match file.compare(now) {
        Ok(()) => State::Same,
        Err(difference) => State::Different(difference.to_string()),
    }
}
