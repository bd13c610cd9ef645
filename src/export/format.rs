//! The shapes of exports, and the limits that hold for all of them.

/// The shape of an export, as the command line names it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::Display,
    strum::EnumMessage,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    serde::Serialize,
)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// Detected from the content
    #[default]
    Auto,
    /// One JSON value, or several
    Json,
    /// JSON objects, one a line
    Ndjson,
    /// A header and rows
    Csv,
}

impl Format {
    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How many bytes the largest record has that is read, unless the user says
/// otherwise.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// How deep a JSON record may nest; the record itself is the first level.
pub const MAX_DEPTH: u32 = 128;

/// How many bytes are looked at to recognise an export, or a value in it:
/// the same whatever the window, so that any cut reads alike.
pub const PREVIEW_BYTES: usize = 64 << 10;
