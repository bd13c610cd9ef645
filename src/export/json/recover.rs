//! Finds where to go on after a record that cannot be read.
//!
//! What follows a broken record must not be lost with it. The scan stops at
//! the first byte at which the next record can begin, and works byte by byte,
//! so that a record of any size is passed over in constant memory.

use serde::Serialize;

use super::between::ELEMENT_SEPARATOR;

/// Says what a scan relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Trust {
    /// Brackets and quotes, which were right as far as the record was read.
    Structure,
    /// Lines too: brackets or quotes may be missing.
    Lines,
}

/// A scan from the first byte of a record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// Commas are between the records.
    is_separated: bool,
    /// The bracket or brace that ends what the records are in, if they are in something.
    end: Option<u8>,
    /// Blanks before the record on its own line; 0 if it shares its line.
    indent: usize,
    trust: Trust,
    /// The outermost levels that are open, a bit each: set for an object.
    objects: u128,
    depth: u32,
    /// The last byte that is not blank, outside of text.
    before: u8,
    text: Option<InText>,
    line: Option<Line>,
    started: bool,
}

/// Holds what is known inside of quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
struct InText {
    escaped: bool,
    /// How much of `},{` the text ends with: such text is no text, but what
    /// stands between two records after a quote was lost.
    seam: u8,
}

/// Holds what is known at the blanks that a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
struct Line {
    indent: usize,
    comma: bool,
}

/// Says where the next record can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The record ends before this byte; a separator may follow.
    End(usize),
    /// A record begins at this byte.
    Record(usize),
}

impl Recovery {
    /// Makes a scan that has seen nothing yet of a record with this indentation.
    pub fn new(is_separated: bool, end: Option<u8>, indent: usize, trust: Trust) -> Self {
        Self {
            is_separated,
            end,
            indent,
            trust,
            objects: 0,
            depth: 0,
            before: b'[',
            text: None,
            line: None,
            started: false,
        }
    }

    /// Makes a scan of a record in an array whose brace, and first key, come before.
    pub fn within_object() -> Self {
        Self {
            objects: 1,
            depth: 1,
            started: true,
            ..Self::new(true, Some(b']'), 0, Trust::Lines)
        }
    }

    /// Goes on with these bytes. Returns where the next record can begin or, as
    /// an error, how many of the bytes are done with if that is not among them.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Found, usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if let Some(found) = self.byte(at, *byte) {
                return Ok(found);
            }
        }
        // If a quote comes next, the record begins at this last byte.
        if let Some(text) = &mut self.text
            && text.seam == 3
        {
            text.seam = 2;
            return Err(bytes.len() - 1);
        }
        Err(bytes.len())
    }

    fn byte(&mut self, at: usize, byte: u8) -> Option<Found> {
        if byte == b'\n' {
            // Text never goes over the end of a line.
            self.text = None;
            self.line = Some(Line::default());
            // What is no value ends with its line.
            let over = self.started && self.depth == 0 && !self.is_separated;
            return over.then_some(Found::End(at));
        }
        if let Some(text) = &mut self.text {
            return match text.byte(byte) {
                true => {
                    let seam = text.seam == 3 && self.trust == Trust::Lines;
                    self.text = None;
                    seam.then(|| Found::Record(at - 1))
                }
                false => None,
            };
        }
        if let Some(found) = self.line_start(at, byte) {
            return Some(found);
        }
        self.structure(at, byte)
    }

    /// A line that begins with an object, no deeper than this record, begins
    /// the next record.
    fn line_start(&mut self, at: usize, byte: u8) -> Option<Found> {
        let line = self.line.as_mut()?;
        match byte {
            b' ' | b'\t' | b'\r' => line.indent += usize::from(!line.comma),
            ELEMENT_SEPARATOR if !line.comma => line.comma = true,
            // In JSON an object follows one of these, and may begin a line.
            b'{' if self.trust == Trust::Structure && matches!(self.before, b',' | b':' | b'[') => {
                self.line = None;
            }
            b'{' if line.indent <= self.indent => return Some(Found::Record(at)),
            _ => self.line = None,
        }
        None
    }

    fn structure(&mut self, at: usize, byte: u8) -> Option<Found> {
        let outside = self.depth == 0;
        // After a comma an object has a key: its brace was lost.
        if byte == b'{'
            && self.before == ELEMENT_SEPARATOR
            && self.trust == Trust::Lines
            && self.is_separated
            && (1..=u128::BITS).contains(&self.depth)
            && self.objects & 1 == 1
        {
            return Some(Found::Record(at));
        }
        if !matches!(byte, b' ' | b'\t' | b'\r') {
            self.before = byte;
        }
        match byte {
            b' ' | b'\t' | b'\r' => return None,
            b'"' => self.text = Some(InText::default()),
            b'{' if outside && self.started => return Some(Found::Record(at)),
            b'{' | b'[' => {
                if self.depth < u128::BITS {
                    self.objects = self.objects << 1 | u128::from(byte == b'{');
                }
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' if outside && self.end == Some(byte) => return Some(Found::End(at)),
            b'}' => return self.close(at, true),
            b']' => return self.close(at, false),
            ELEMENT_SEPARATOR if outside && self.is_separated && self.started => {
                return Some(Found::End(at));
            }
            _ => {}
        }
        self.started = true;
        None
    }

    /// Closes the innermost level of its sort, and what is open inside of it.
    fn close(&mut self, at: usize, object: bool) -> Option<Found> {
        self.started = true;
        if self.depth > u128::BITS {
            // Which sort this level is, is not known.
            self.depth -= 1;
            return None;
        }
        let innermost = (0..self.depth).find(|level| (self.objects >> level & 1 == 1) == object);
        match innermost {
            Some(level) => {
                self.objects = self.objects.checked_shr(level + 1).unwrap_or(0);
                self.depth -= level + 1;
                (self.depth == 0).then_some(Found::End(at + 1))
            }
            // The bracket or brace of what the records are in.
            None if self.end == Some(if object { b'}' } else { b']' }) => Some(Found::End(at)),
            None => None,
        }
    }
}

impl InText {
    /// Whether this byte closes the text.
    fn byte(&mut self, byte: u8) -> bool {
        if self.escaped {
            *self = Self::default();
            return false;
        }
        match (byte, self.seam) {
            (b'"', _) => return true,
            (b'\\', _) => (self.escaped, self.seam) = (true, 0),
            (b'}', _) => self.seam = 1,
            (ELEMENT_SEPARATOR, 1) => self.seam = 2,
            (b'{', 2) => self.seam = 3,
            (b' ' | b'\t' | b'\r', 1 | 2) => {}
            _ => self.seam = 0,
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_array(text: &str) -> Result<Found, usize> {
        Recovery::new(true, Some(b']'), 0, Trust::Lines).scan(text.as_bytes())
    }

    fn one_a_line(text: &str) -> Result<Found, usize> {
        Recovery::new(false, None, 0, Trust::Lines).scan(text.as_bytes())
    }

    #[test]
    fn a_whole_object_ends_at_its_brace() {
        assert_eq!(in_array(r#"{"a":tru},{"id":1}]"#), Ok(Found::End(9)));
        assert_eq!(one_a_line(r#"{"a":[1,{}}{"id":1}"#), Ok(Found::End(11)));
    }

    #[test]
    fn a_line_that_begins_with_an_object_is_the_next_record() {
        assert_eq!(
            one_a_line("{\"a\":{\"b\"\n{\"id\":1}"),
            Ok(Found::Record(10))
        );
        assert_eq!(one_a_line("{\"a\":\"b\n{\"id\":1}"), Ok(Found::Record(8)));
        assert_eq!(in_array("{\"a\":[\n , {\"id\":1}]"), Err(19));
        assert_eq!(in_array("{\"a\":[\n, {\"id\":1}]"), Ok(Found::Record(9)));
    }

    #[test]
    fn deeper_objects_of_a_pretty_record_are_not_records() {
        let pretty = "{\n    \"a\": [\n      {\n      }\n    ]\n  },\n  {";
        assert_eq!(
            Recovery::new(true, Some(b']'), 2, Trust::Lines).scan(pretty.as_bytes()),
            Ok(Found::End(38))
        );
    }

    #[test]
    fn a_lost_quote_does_not_take_the_next_record_along() {
        let text = r#"{"id":"a,"name":"x"},{"id":"b"}]"#;
        assert_eq!(in_array(text), Ok(Found::Record(21)));
    }

    #[test]
    fn what_is_no_value_ends_with_its_line_or_at_a_comma() {
        assert_eq!(one_a_line("oops\n{\"id\":1}"), Ok(Found::End(4)));
        assert_eq!(one_a_line("oops{\"id\":1}"), Ok(Found::Record(4)));
        assert_eq!(in_array("oops,{\"id\":1}]"), Ok(Found::End(4)));
        assert_eq!(in_array("oops]"), Ok(Found::End(4)));
    }

    #[test]
    fn a_record_that_is_only_too_large_ends_where_its_brackets_say() {
        let text = "{\"x\":[\n{\"id\":\"},{\"},\n{\"id\":2}]},{";
        let end = Found::End(text.len() - 2);
        assert_eq!(
            Recovery::new(true, Some(b']'), 0, Trust::Structure).scan(text.as_bytes()),
            Ok(end)
        );
        let broken = "{\"x\":[\n{\"id\":1\n{\"id\":2}]}";
        let next = Found::Record(15);
        assert_eq!(
            Recovery::new(false, None, 0, Trust::Structure).scan(broken.as_bytes()),
            Ok(next)
        );
    }

    #[test]
    fn any_depth_is_climbed_out_of() {
        let text = format!("{{\"x\":{}{}}},{{", "[".repeat(500), "]".repeat(500));
        assert_eq!(in_array(&text), Ok(Found::End(text.len() - 2)));
    }

    #[test]
    fn any_cut_finds_the_same_record() {
        for text in [
            r#"{"id":"a,"name":"x"} , {"id":"b"}]"#,
            "{\"a\":[{\"b\":\"\\\"},{\\\"\"}\n  ,{\"id\":1}]",
            "{\"a\":\"b\n ,\n{\"id\":1}",
        ] {
            let whole = Recovery::new(true, Some(b']'), 0, Trust::Lines).scan(text.as_bytes());
            for cut in 1..text.len() {
                let mut recovery = Recovery::new(true, Some(b']'), 0, Trust::Lines);
                let parts = match recovery.scan(&text.as_bytes()[..cut]) {
                    Ok(found) => Ok(found),
                    Err(done) => recovery
                        .scan(&text.as_bytes()[done..])
                        .map(|found| match found {
                            Found::End(at) => Found::End(at + done),
                            Found::Record(at) => Found::Record(at + done),
                        }),
                };
                assert_eq!(parts.ok(), whole.ok(), "{text} at {cut}");
            }
        }
    }

    #[test]
    fn what_ends_an_array_does_not_end_a_map() {
        let in_map =
            |text: &str| Recovery::new(true, Some(b'}'), 0, Trust::Lines).scan(text.as_bytes());
        assert_eq!(in_map("],\"b\":{}}"), Ok(Found::End(1)));
        assert_eq!(in_map("]}"), Ok(Found::End(1)));
        assert_eq!(in_map("{\"a\":[}}"), Ok(Found::End(7)));
        assert_eq!(in_array("x]"), Ok(Found::End(1)));
    }
}
