//! `audit policy new`: a policy to start from, and its cases.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::command::error::Error;
use crate::text::escape_controls;

const POLICY: &str = include_str!("new.toml");
const CASES: &str = include_str!("new.cases.toml");

/// What the policy to start from is called, in it and in its cases.
const NAME: &str = "mine";

/// Writes a policy to start from: to a file, and its cases beside it, or to stdout.
///
/// # Errors
///
/// A file is there already, or cannot be written: then neither is.
pub(in crate::command) fn new(file: Option<&Path>, out: &mut dyn Write) -> Result<(), Error> {
    let Some(policy) = file else {
        out.write_all(POLICY.as_bytes())?;
        return Ok(());
    };
    let cases = policy.with_extension("cases.toml");
    let name = policy.file_stem().and_then(|stem| stem.to_str());
    let is_toml = policy
        .extension()
        .is_some_and(|extension| extension == "toml");
    let Some(name) = name.filter(|name| is_toml && is_id(name)) else {
        return Err(Error::NoPolicyFile {
            path: policy.display().to_string(),
        });
    };
    for path in [policy, &cases] {
        if path.symlink_metadata().is_ok() {
            let there = "it is there already, and is not replaced";
            return Err(not_new(
                path,
                io::Error::new(io::ErrorKind::AlreadyExists, there),
            ));
        }
    }
    let policy_text = POLICY.replace(&format!("\"{NAME}\""), &format!("\"{name}\""));
    let cases_text = CASES.replace(&format!("{NAME}.toml"), &format!("{name}.toml"));
    write(&cases, &cases_text)?;
    if let Err(error) = write(policy, &policy_text) {
        // One without the other would be of no use.
        let _ = std::fs::remove_file(&cases);
        return Err(error);
    }
    let shown = policy.display().to_string();
    let (shown, cases) = (escape_controls(&shown), cases.display().to_string());
    writeln!(
        out,
        "{shown} is a policy, and {} its cases: `audit policy test {shown}` runs them",
        escape_controls(&cases)
    )?;
    Ok(())
}

/// Returns whether a policy can have the name.
fn is_id(name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(part)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|source| not_new(path, source))?;
    let written = file.write_all(text.as_bytes());
    written.and_then(|()| file.sync_all()).map_err(|source| {
        // A part of it would be in the way of the next try.
        let _ = std::fs::remove_file(path);
        not_new(path, source)
    })
}

fn not_new(path: &Path, source: io::Error) -> Error {
    Error::NotNew {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::aggregate::Question;
    use crate::toml_reader::Word;

    #[test]
    fn the_policy_to_start_from_names_every_question() {
        let asks = |line: &&str| Question::words().any(|name| line.starts_with(name));
        let line = POLICY.lines().find(asks).expect("it asks a question");
        let words: Vec<_> = line.split([' ', ',']).collect();
        for question in Question::words() {
            assert!(words.contains(&question), "`{question}` is not in: {line}");
        }
    }
}
