//! The file that a report goes to, as a user names it.

use std::path::PathBuf;

use super::packing::Packing;
use super::settings::{Format, Layout};
use super::slice_names;

/// Says where the user wants a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// How it is written.
    pub format: Format,
    /// How it is packed, if it is.
    pub packing: Option<Packing>,
    /// The file.
    pub path: PathBuf,
    /// What else is asked of it.
    pub layout: Layout,
}

impl Destination {
    /// Returns the destination of a report: a file, whose extension names the format unless
    /// that is given, and says whether it is packed.
    ///
    /// # Errors
    ///
    /// It is no file, or nothing names a format.
    pub fn new(format: Option<Format>, path: PathBuf) -> Result<Self, NoDestination> {
        if path.as_os_str().is_empty() || path.as_os_str() == "-" {
            return Err(NoDestination::NoFile);
        }
        let packing = Packing::of_path(&path);
        let format = format.or_else(|| match packing {
            Some(_) => Format::of_path(&path.with_extension("")),
            None => Format::of_path(&path),
        });
        Ok(Self {
            format: format.ok_or(NoDestination::NoFormat(packing))?,
            packing,
            path,
            layout: Layout::default(),
        })
    }

    /// Returns the destination of what every rule makes of every record: a file, whose
    /// extension says whether it is packed.
    pub fn matrix(path: PathBuf) -> Self {
        Self {
            format: Format::Matrix,
            packing: Packing::of_path(&path),
            path,
            layout: Layout::default(),
        }
    }

    /// Returns whether the path stands for a file for each slice.
    pub fn is_template(&self) -> bool {
        slice_names::is_template(&self.path)
    }
}

/// Says why a text names no destination of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDestination {
    /// It is no file.
    NoFile,
    /// Nothing names a format; the extension may say how the file is packed.
    NoFormat(Option<Packing>),
}

impl NoDestination {
    /// Says what is wrong.
    pub fn message(self) -> String {
        match self {
            NoDestination::NoFile => "this is no file".to_owned(),
            NoDestination::NoFormat(None) => "its extension names no format".to_owned(),
            NoDestination::NoFormat(Some(packing)) => format!(
                "`.{packed}` says that the report is packed, and not its format: put the \
                 extension of one before it, as in report.json.{packed}",
                packed = packing.extension()
            ),
        }
    }
}
