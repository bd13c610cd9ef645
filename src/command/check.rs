//! What is wrong with policies, and what most likely is not meant.

use std::io::Write;
use std::path::PathBuf;

use chrono::Utc;
use serde_json::{Value, json};

use super::{Error, Exit};
use crate::options::CheckFormat;
use crate::policy::Policies;
use crate::policy::error::{Diagnostic, Error as PolicyError};
use crate::policy::lint::Warning;
use crate::report::sarif;
use crate::text::count;

/// The code of what is no warning.
const INVALID: &str = "invalid";

/// Tells of policies what is wrong with them.
pub(super) fn check(
    names: &[PathBuf],
    format: CheckFormat,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let (policies, warnings) = Policies::check(names, Utc::now(), &[]);
    let errors = policies.err().unwrap_or_default();
    match format {
        CheckFormat::Text => text(&errors, &warnings, out)?,
        CheckFormat::Json => json_list(&errors, &warnings, out)?,
        CheckFormat::Sarif => sarif_log(&errors, &warnings, out)?,
    }
    Ok(match (errors.is_empty(), warnings.is_empty()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Findings,
        (true, true) => Exit::Clean,
    })
}

fn text(
    errors: &[PolicyError],
    warnings: &[PolicyError],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for error in errors.iter().chain(warnings) {
        writeln!(out, "{}\n", error.render(false))?;
    }
    let number = |all: &[PolicyError]| all.iter().map(|error| said(error).len() as u64).sum();
    let (errors, warnings) = (number(errors), number(warnings));
    let errors = count(errors, "error", "errors");
    writeln!(out, "{errors}, {}", count(warnings, "warning", "warnings"))
}

/// All that an error says: a line each.
fn said(error: &PolicyError) -> Vec<Said> {
    match error {
        PolicyError::Invalid {
            path,
            text,
            diagnostics,
        } => diagnostics
            .iter()
            .map(|diagnostic| Said::of(path, text, diagnostic))
            .collect(),
        other => vec![Said {
            code: INVALID,
            message: other.line(),
            help: None,
            path: None,
            region: None,
        }],
    }
}

/// One thing that is said, and where.
struct Said {
    code: &'static str,
    message: String,
    help: Option<String>,
    path: Option<String>,
    /// Line and column of the first character, and of the one after the last,
    /// from 1.
    region: Option<[usize; 4]>,
}

impl Said {
    fn of(path: &str, text: &str, diagnostic: &Diagnostic) -> Self {
        let (start, end) = (diagnostic.span.start, diagnostic.span.end);
        let ([line, column], [last, after]) = (place(text, start), place(text, end.max(start)));
        Self {
            code: diagnostic.warning.map_or(INVALID, Warning::code),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            path: Some(path.to_owned()),
            region: Some([line, column, last, after]),
        }
    }

    fn level(&self) -> &'static str {
        if self.code == INVALID {
            "error"
        } else {
            "warning"
        }
    }
}

/// The line and the column, in characters, of a byte.
fn place(text: &str, byte: usize) -> [usize; 2] {
    let before = &text[..text.floor_char_boundary(byte)];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |feed| feed + 1);
    [line, before[start..].chars().count() + 1]
}

fn all(errors: &[PolicyError], warnings: &[PolicyError]) -> Vec<Said> {
    errors.iter().chain(warnings).flat_map(said).collect()
}

fn json_list(
    errors: &[PolicyError],
    warnings: &[PolicyError],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let item = |said: &Said| {
        let [line, column, end_line, end_column] = said.region.unwrap_or_default();
        json!({
            "level": said.level(), "code": said.code, "message": said.message, "help": said.help,
            "path": said.path, "line": line, "column": column,
            "end_line": end_line, "end_column": end_column,
        })
    };
    let items: Vec<_> = all(errors, warnings).iter().map(item).collect();
    writeln!(out, "{:#}", Value::Array(items))
}

fn sarif_log(
    errors: &[PolicyError],
    warnings: &[PolicyError],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let codes = Warning::ALL.map(Warning::code);
    let rules = codes.iter().chain(&[INVALID]);
    let rules: Vec<_> = rules.map(|code| json!({ "id": code })).collect();
    let result = |said: &Said| {
        let mut message = said.message.clone();
        if let Some(help) = &said.help {
            message.push_str(": ");
            message.push_str(help);
        }
        let location = said.path.as_ref().zip(said.region).map(|(path, region)| {
            let [line, column, end_line, end_column] = region;
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": sarif::uri(path) },
                "region": {
                    "startLine": line, "startColumn": column,
                    "endLine": end_line, "endColumn": end_column,
                },
            }})
        });
        json!({
            "ruleId": said.code, "level": said.level(), "message": { "text": message },
            "locations": location.into_iter().collect::<Vec<_>>(),
        })
    };
    let results: Vec<_> = all(errors, warnings).iter().map(result).collect();
    let log = sarif::log(&rules, json!({ "results": results }));
    writeln!(out, "{log:#}")
}
