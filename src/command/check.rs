//! `audit policy check`: what is wrong with policies, and what most likely is
//! not meant.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};
use strum::VariantArray;

use super::error::Error;
use super::exit::Exit;
use crate::diagnostic::{Diagnostic, Level, Position};
use crate::options::CheckFormat;
use crate::policy::error::{Error as PolicyError, FileWarnings};
use crate::policy::lint::Warning;
use crate::policy::{Policies, PoliciesBuilder};
use crate::report;
use crate::text::count;

/// The code of an error.
const INVALID: &str = "invalid";

/// Checks policies, and reports what is wrong with them.
pub(super) fn check(
    names: &[PathBuf],
    format: CheckFormat,
    set: &[(String, String)],
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let builder = names
        .iter()
        .fold(Policies::builder(), PoliciesBuilder::named);
    let builder = set
        .iter()
        .fold(builder, |builder, (name, value)| builder.set(name, value));
    let (policies, warnings) = builder.load_with_warnings();
    let errors = policies.err().map(|error| error.errors);
    let errors = errors.unwrap_or_default();
    match format {
        CheckFormat::Text => text(&errors, &warnings, out)?,
        CheckFormat::Json => json_list(&messages(&errors, &warnings), out)?,
        CheckFormat::Sarif => sarif_log(&messages(&errors, &warnings), out)?,
    }
    Ok(match (errors.is_empty(), warnings.is_empty()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Findings,
        (true, true) => Exit::Clean,
    })
}

fn text(errors: &[PolicyError], warnings: &[FileWarnings], out: &mut dyn Write) -> io::Result<()> {
    let rendered = errors.iter().map(|error| error.render(false));
    let rendered = rendered.chain(warnings.iter().map(|file| file.render(false)));
    for text in rendered {
        writeln!(out, "{text}\n")?;
    }
    let messages = messages(errors, warnings);
    let is_error = |message: &&Message| message.level == Level::Error;
    let errors = messages.iter().filter(is_error).count() as u64;
    let warnings = count(messages.len() as u64 - errors, "warning", "warnings");
    writeln!(out, "{}, {warnings}", count(errors, "error", "errors"))
}

/// Holds one thing to report, and its place.
struct Message {
    level: Level,
    text: String,
    help: Option<String>,
    place: Option<Place>,
}

/// Holds the place of a diagnostic in a file.
struct Place {
    path: String,
    start: Position,
    /// After the last character.
    end: Position,
}

impl Message {
    fn new(path: &str, text: &str, diagnostic: &Diagnostic) -> Self {
        let (start, end) = (diagnostic.span.start, diagnostic.span.end);
        Self {
            level: diagnostic.level,
            text: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            place: Some(Place {
                path: path.to_owned(),
                start: Position::new(text, start),
                end: Position::new(text, end.max(start)),
            }),
        }
    }

    fn level(&self) -> &'static str {
        match self.level {
            Level::Error => "error",
            Level::Warning { .. } => "warning",
        }
    }

    fn code(&self) -> &'static str {
        match self.level {
            Level::Error => INVALID,
            Level::Warning { code } => code,
        }
    }
}

/// Lists all that is to be reported: errors, then warnings.
fn messages(errors: &[PolicyError], warnings: &[FileWarnings]) -> Vec<Message> {
    let errors = errors.iter().flat_map(of_error);
    let warnings = warnings
        .iter()
        .flat_map(|file| of_file(&file.path, &file.text, &file.diagnostics));
    errors.chain(warnings).collect()
}

fn of_error(error: &PolicyError) -> Vec<Message> {
    match error {
        PolicyError::Invalid {
            path,
            text,
            diagnostics,
        } => of_file(path, text, diagnostics),
        PolicyError::Read { .. }
        | PolicyError::Cases { .. }
        | PolicyError::Utf8 { .. }
        | PolicyError::NoBundled { .. }
        | PolicyError::NoFile { .. }
        | PolicyError::Outside { .. }
        | PolicyError::NoFolder { .. }
        | PolicyError::List { .. }
        | PolicyError::ListUtf8 { .. }
        | PolicyError::EmptyList { .. }
        | PolicyError::ListValue { .. }
        | PolicyError::NoneSelected { .. }
        | PolicyError::NothingLeft
        | PolicyError::NoParam { .. }
        | PolicyError::Set { .. }
        | PolicyError::Map { .. } => vec![Message {
            level: Level::Error,
            text: error.line(),
            help: None,
            place: None,
        }],
    }
}

fn of_file(path: &str, text: &str, diagnostics: &[Diagnostic]) -> Vec<Message> {
    let diagnostics = diagnostics.iter();
    diagnostics
        .map(|diagnostic| Message::new(path, text, diagnostic))
        .collect()
}

fn json_list(messages: &[Message], out: &mut dyn Write) -> io::Result<()> {
    let item = |message: &Message| {
        let place = message.place.as_ref();
        let [line, column, end_line, end_column] = place.map(region).unwrap_or_default();
        json!({
            "level": message.level(), "code": message.code(),
            "message": message.text, "help": message.help,
            "path": place.map(|place| &place.path), "line": line, "column": column,
            "end_line": end_line, "end_column": end_column,
        })
    };
    let items: Vec<_> = messages.iter().map(item).collect();
    writeln!(out, "{:#}", Value::Array(items))
}

/// Returns line and column of the first character, and of the one after the
/// last.
fn region(place: &Place) -> [usize; 4] {
    let Place { start, end, .. } = place;
    [start.line, start.column, end.line, end.column]
}

fn sarif_log(messages: &[Message], out: &mut dyn Write) -> io::Result<()> {
    let codes = Warning::VARIANTS.iter().map(|warning| warning.code());
    let rules = codes.chain([INVALID]);
    let rules: Vec<_> = rules.map(|code| json!({ "id": code })).collect();
    let results: Vec<_> = messages.iter().map(sarif_result).collect();
    let log = report::sarif_log(&rules, json!({ "results": results }));
    writeln!(out, "{log:#}")
}

fn sarif_result(message: &Message) -> Value {
    let mut text = message.text.clone();
    if let Some(help) = &message.help {
        text.push_str(": ");
        text.push_str(help);
    }
    let location = message.place.as_ref().map(|place| {
        let [line, column, end_line, end_column] = region(place);
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": report::uri(&place.path) },
            "region": {
                "startLine": line, "startColumn": column,
                "endLine": end_line, "endColumn": end_column,
            },
        }})
    });
    json!({
        "ruleId": message.code(), "level": message.level(), "message": { "text": text },
        "locations": location.into_iter().collect::<Vec<_>>(),
    })
}
