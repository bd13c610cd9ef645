//! `audit policy show`: a policy as it is once all that it extends, overrides and sets is
//! joined.

use std::io::Write;
use std::path::PathBuf;

use chrono::Utc;

use super::{page, text};
use crate::command::error::Error;
use crate::command::judge::load;
use crate::options::ShowFormat;
use crate::report::Header;

/// Shows a policy.
pub(in crate::command) fn policy(
    name: &PathBuf,
    set: &[(String, String)],
    format: ShowFormat,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let as_of = Utc::now();
    let policies = load(name, as_of, set)?;
    let header = || Header::new(&policies, as_of);
    match format {
        ShowFormat::Text => text::write(&policies, out),
        ShowFormat::Markdown => Ok(page::markdown(&header(), &policies, out)?),
        #[cfg(feature = "html")]
        ShowFormat::Html => Ok(page::html(&header(), &policies, out)?),
    }
}
