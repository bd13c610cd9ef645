//! JSON: one object that streams, and its schema.

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::report::json_writer::{self, List, RejectedList, open, write_json};
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::render::{self, Found, Rendered};

/// Represents a JSON report as a type: what is written piece by piece.
#[derive(JsonSchema)]
#[schemars(title = "A report", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is asked for")]
struct Whole<'a> {
    #[schemars(flatten)]
    header: Header,
    findings: Vec<FindingRow<'a>>,
    rejected: Vec<Rejected<'a>>,
    #[schemars(flatten)]
    footer: Footer,
}

/// Returns the JSON Schema of a JSON report.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<Whole<'_>>();
    schema.to_value()
}

/// Renders findings as objects, each with a comma before it.
pub struct Renderer;

impl render::Renderer for Renderer {
    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.bytes.extend_from_slice(b",\n");
        json_writer::write_row(&found.row, rendered)
    }
}

/// Writes one object.
pub struct Reporter {
    findings: List,
    rejected: RejectedList,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            findings: List::default(),
            rejected: RejectedList::new(b",\n"),
        }
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, header: &Header, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&open(header)?)?;
        out.write_all(b",\"findings\":[")
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn Write) -> io::Result<()> {
        self.findings.write(&rendered.bytes, out)
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        self.rejected.push(rejected)
    }

    fn finish(self: Box<Self>, _: &Header, footer: &Footer, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"],\n\"rejected\":[")?;
        self.rejected.write(out)?;
        out.write_all(b"],\n\"exports\":")?;
        write_json(&footer.exports, out)?;
        out.write_all(b",\n\"coverage\":")?;
        write_json(&footer.coverage, out)?;
        out.write_all(b",\n\"summary\":")?;
        write_json(&footer.summary, out)?;
        out.write_all(b"}\n")
    }
}
