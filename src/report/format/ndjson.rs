//! NDJSON: one line per finding, and the summary as the last line, with all else
//! that a report is made from.

use std::io::{self, Write};

use crate::report::json_writer::{KeptList, open, write_json, write_row};
use crate::report::model::ended::Ended;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, Rendered};

/// Renders findings as objects, each on its line.
pub struct Renderer;

impl render::Renderer for Renderer {
    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        write_row(&found.row, rendered)?;
        rendered.bytes.push(b'\n');
        Ok(())
    }
}

/// Writes lines.
pub struct Reporter {
    rejected: KeptList,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            rejected: KeptList::new(b","),
        }
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&rendered.bytes)
    }

    fn ended(&mut self, ended: &Ended<'_>, out: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Closed(_) | Ended::Carried(_) => {}
            Ended::Moved(..) => return Ok(()),
        }
        let mut line = Vec::new();
        write_json(ended, &mut line)?;
        line.push(b'\n');
        out.write_all(&line)
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
        out.write_all(b"{\"summary\":")?;
        write_json(&footer.summary, out)?;
        out.write_all(b",\"report\":")?;
        out.write_all(&open(header)?)?;
        out.write_all(b",\"rejected\":[")?;
        self.rejected.write(out)?;
        out.write_all(b"],\"exports\":")?;
        write_json(&footer.exports, out)?;
        out.write_all(b",\"coverage\":")?;
        write_json(&footer.coverage, out)?;
        out.write_all(b",\"controls\":")?;
        write_json(&footer.controls, out)?;
        out.write_all(b"}}\n")
    }
}
