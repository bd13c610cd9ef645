//! `audit policy list` and `audit fields`: the policies that there are, and what policies can
//! ask.

use std::io::Write;
use std::path::PathBuf;

use chrono::DateTime;

use crate::command::error::Error;
use crate::command::judge::load;
use crate::policy::aggregate::Question;
use crate::policy::{bundled, operator};
use crate::record::{FIELDS, Kind, NULL_WORDS, time};
use crate::text::{count, escape_controls};
use crate::toml_reader::Word;

/// Lists the bundled policies, a line each.
pub(in crate::command) fn list(out: &mut dyn Write) -> Result<(), Error> {
    let names: Vec<&str> = bundled().collect();
    let width = names
        .iter()
        .map(|name| name.len())
        .max()
        .unwrap_or_default();
    for name in names {
        let policies = load(&PathBuf::from(name), DateTime::UNIX_EPOCH, &[])?;
        for policy in &policies.all {
            let rules = count(policy.rules.len() as u64, "rule", "rules");
            let title = escape_controls(&policy.title);
            writeln!(out, "{name:width$}  {title} ({}, {rules})", policy.version)?;
        }
    }
    Ok(())
}

/// Lists the fields, and the operators that suit each kind.
pub(in crate::command) fn fields(out: &mut dyn Write) -> Result<(), Error> {
    for field in FIELDS {
        let sensitive = if field.sensitive { " (personal)" } else { "" };
        let (name, kind, meaning) = (field.name, field.kind.name(), field.meaning);
        writeln!(out, "{name:22} {kind:9} {meaning}{sensitive}")?;
    }
    writeln!(
        out,
        "\nKeys are compared without case, `_`, `-` and blanks: force_2fa is force2fa. A `_` that \
         leads a key is\npart of it: _id is not id. `--map id=customer_id` reads another key as a \
         field.\n"
    )?;
    writeln!(
        out,
        "What is read, and counted as coerced where it is not the first form:"
    )?;
    for kind in Kind::ALL {
        writeln!(out, "{:9} {}", kind.name(), kind.forms())?;
    }
    let zeros: Vec<_> = time::zeros().collect();
    writeln!(
        out,
        "null      null; also {}, in any case, but not in a name;\n          in a time {}; in \
         deletedAt 0\n",
        NULL_WORDS.join(", "),
        zeros.join(", ")
    )?;
    writeln!(out, "What policies ask:")?;
    for kind in Kind::ALL {
        let suiting = operator::suiting(kind);
        let names: Vec<_> = suiting.map(|operator| operator.name).collect();
        writeln!(out, "{:9} {}", kind.name(), names.join(", "))?;
    }
    let questions: Vec<_> = Question::words().collect();
    let questions = questions.join(", ");
    writeln!(
        out,
        "\n[[aggregate]] asks one of {questions} of all records"
    )?;
    Ok(())
}
