//! JSON: one object that streams, or a line a finding.

use std::io::{self, Seek, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use tempfile::SpooledTempFile;

use super::{Found, Head, Line, Rejected, Tail, Words};
use crate::text::is_unsafe;

/// A JSON report, as a type: what is written piece by piece.
#[derive(JsonSchema)]
#[schemars(title = "A report", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is asked for")]
struct Whole<'a> {
    #[schemars(flatten)]
    head: Head,
    findings: Vec<Line<'a>>,
    rejected: Vec<Rejected<'a>>,
    #[schemars(flatten)]
    tail: Tail,
}

/// The JSON Schema of a JSON report.
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<Whole<'_>>();
    schema.to_value()
}

/// JSON in which nothing steers a terminal: what could is escaped.
#[derive(Clone, Copy, Default)]
struct Quiet;

impl Formatter for Quiet {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        if !fragment.is_ascii() || fragment.contains('\u{7f}') {
            for (at, c) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
                writer.write_all(&fragment.as_bytes()[plain..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                plain = at + c.len_utf8();
            }
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(writer, escape)
    }
}

/// As [`Quiet`], with each object of a list on its own line: then reports can
/// be read and compared by lines.
#[derive(Default)]
struct Lined {
    in_list: bool,
}

impl Formatter for Lined {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.in_list = true;
        CompactFormatter.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_list = false;
        CompactFormatter.begin_object_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.in_list {
            writer.write_all(b"\n")?;
        }
        CompactFormatter.begin_object(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        Quiet.write_string_fragment(writer, fragment)
    }
}

/// Writes a value as JSON that any terminal may show.
pub(super) fn write_json<W: Write + ?Sized>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Quiet);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// One value, as a file.
pub(super) fn write_file<W: Write + ?Sized>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Lined::default());
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Words findings as objects.
pub enum Renderer {
    /// Each with a comma before it.
    Listed,
    /// Each on its line.
    Lines,
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        if let Renderer::Listed = self {
            words.bytes.extend_from_slice(b",\n");
        }
        write_json(&found.line, &mut words.bytes)?;
        // The number is the last that stands in the object.
        if let Some(number) = found.number {
            words.mark(words.bytes.len() - "0}".len(), number);
        }
        if let Renderer::Lines = self {
            words.bytes.push(b'\n');
        }
        Ok(())
    }
}

/// How many bytes of rejected records wait in memory; more wait in a file.
const SPOOL: usize = 1 << 20;

/// Records that could not be read: they are told after the findings.
struct Waiting {
    /// What stands between two.
    between: &'static [u8],
    file: SpooledTempFile,
}

impl Waiting {
    fn new(between: &'static [u8]) -> Self {
        Self {
            between,
            file: SpooledTempFile::new(SPOOL),
        }
    }

    fn push(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.file.stream_position()? > 0 {
            self.file.write_all(self.between)?;
        }
        write_json(rejected, &mut self.file)
    }

    fn tell(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.file.rewind()?;
        io::copy(&mut self.file, out).map(|_| ())
    }
}

/// Writes one object.
pub struct Reporter {
    listed: bool,
    rejected: Waiting,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            listed: false,
            rejected: Waiting::new(b",\n"),
        }
    }
}

impl super::Reporter for Reporter {
    fn start(&mut self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&open(head)?)?;
        out.write_all(b",\"findings\":[")
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if worded.is_empty() {
            return Ok(());
        }
        // The first has no other before its comma.
        let skip = usize::from(!self.listed);
        self.listed = true;
        out.write_all(&worded[skip..])
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        self.rejected.push(rejected)
    }

    fn finish(self: Box<Self>, _: &Head, tail: &Tail, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"],\n\"rejected\":[")?;
        self.rejected.tell(out)?;
        out.write_all(b"],\n\"exports\":")?;
        write_json(&tail.exports, out)?;
        out.write_all(b",\n\"coverage\":")?;
        write_json(&tail.coverage, out)?;
        out.write_all(b",\n\"summary\":")?;
        write_json(&tail.summary, out)?;
        out.write_all(b"}\n")
    }
}

/// An object that goes on.
pub(super) fn open(object: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut open = Vec::new();
    write_json(object, &mut open)?;
    open.pop();
    Ok(open)
}

/// Writes lines, and the summary as the last, with all else that a report is
/// made from.
pub struct LineReporter {
    rejected: Waiting,
}

impl Default for LineReporter {
    fn default() -> Self {
        Self {
            rejected: Waiting::new(b","),
        }
    }
}

impl super::Reporter for LineReporter {
    fn start(&mut self, _: &Head, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(worded)
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        self.rejected.push(rejected)
    }

    fn finish(self: Box<Self>, head: &Head, tail: &Tail, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"summary\":")?;
        write_json(&tail.summary, out)?;
        out.write_all(b",\"report\":")?;
        out.write_all(&open(head)?)?;
        out.write_all(b",\"rejected\":[")?;
        self.rejected.tell(out)?;
        out.write_all(b"],\"exports\":")?;
        write_json(&tail.exports, out)?;
        out.write_all(b",\"coverage\":")?;
        write_json(&tail.coverage, out)?;
        out.write_all(b"}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_whole_and_steers_no_terminal() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}é\"\\\u{e0041}";
        let mut out = Vec::new();
        write_json(&text, &mut out).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(out, r#""a\u001b\u007f\u009b\u202eé\"\\\udb40\udc41""#);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }

    #[test]
    fn each_object_of_a_list_stands_on_its_line() {
        let value = serde_json::json!({"a": [{"b": {"c": [1, "\u{9b}"]}}, {}], "d": {}});
        let mut out = Vec::new();
        write_file(&value, &mut out).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(
            out,
            "{\"a\":[\n{\"b\":{\"c\":[1,\"\\u009b\"]}},\n{}],\"d\":{}}\n"
        );
    }
}
