//! JSON: one object that streams, and its schema.

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::report::json_writer::{self, KeptList, List, open, write_json};
use crate::report::model::ended::{CarriedRow, Closed, Ended};
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::render::{self, Found, Rendered};

/// Represents a JSON report as a type: what is written piece by piece.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "A report", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is asked for")]
struct Whole<'a> {
    #[schemars(flatten)]
    header: Header,
    findings: Vec<FindingRow<'a>>,
    /// Findings of the night before that are not there any more, in a run that is compared
    /// with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Vec<Closed>>,
    /// Findings of the night before that the run cannot judge, in a run that is compared
    /// with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<Vec<CarriedRow<'a>>>,
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

/// What is between the findings and those that are closed.
const CLOSED: &[u8] = b"],\n\"closed\":[";

/// Writes one object.
pub struct Reporter {
    findings: List,
    closed: List,
    /// They come after those that are closed.
    carried: KeptList,
    rejected: KeptList,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            findings: List::default(),
            closed: List::default(),
            carried: KeptList::new(b",\n"),
            rejected: KeptList::new(b",\n"),
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

    fn ended(&mut self, ended: &Ended<'_>, out: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Closed(closed) => {
                if self.closed.is_empty() {
                    out.write_all(CLOSED)?;
                }
                let mut object = b",\n".to_vec();
                write_json(closed, &mut object)?;
                self.closed.write(&object, out)
            }
            Ended::Carried(carried) => self.carried.push(carried),
            Ended::Moved(..) => Ok(()),
        }
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        self.rejected.push(rejected)
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if header.previous.is_some() {
            if self.closed.is_empty() {
                out.write_all(CLOSED)?;
            }
            out.write_all(b"],\n\"carried\":[")?;
            self.carried.write(out)?;
        }
        out.write_all(b"],\n\"rejected\":[")?;
        self.rejected.write(out)?;
        out.write_all(b"],\n\"exports\":")?;
        write_json(&footer.exports, out)?;
        out.write_all(b",\n\"coverage\":")?;
        write_json(&footer.coverage, out)?;
        out.write_all(b",\n\"summary\":")?;
        write_json(&footer.summary, out)?;
        out.write_all(b",\n\"controls\":")?;
        write_json(&footer.controls, out)?;
        out.write_all(b"}\n")
    }
}
