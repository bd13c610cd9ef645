//! From the name of a format to what writes it.

use std::sync::Arc;

#[cfg(feature = "html")]
use super::html;
#[cfg(feature = "xlsx")]
use super::xlsx;
use super::{
    buffered, controls, csv, defectdojo, json, junit, markdown, matrix, metrics, ndjson, ocsf,
    oscal, sarif, text,
};
use crate::report::guarded::guarded;
use crate::report::model::header::Header;
use crate::report::render::{Renderer, Reporter};
use crate::report::settings::{Format, Screen, Settings};

/// Holds the two halves of a report.
pub type Halves = (Arc<dyn Renderer>, Box<dyn Reporter>);

/// Returns the two halves of a report of this format.
///
/// # Errors
///
/// What is the same for all findings of a rule cannot be rendered.
pub fn new_report(
    format: Format,
    header: &Header,
    settings: &Settings,
    screen: Screen,
) -> std::io::Result<Halves> {
    let is_compared = header.previous.is_some();
    let halves = match format {
        Format::Text => {
            let (renderer, reporter) = text::halves(screen, is_compared);
            pair(renderer, reporter)
        }
        Format::Csv => pair(
            csv::Renderer::new(header, &settings.columns),
            csv::Reporter::new(&settings.columns),
        ),
        Format::Json => pair(json::Renderer, json::Reporter::default()),
        Format::Ndjson => pair(ndjson::Renderer, ndjson::Reporter::default()),
        Format::Markdown => document(markdown::Markdown::new(settings), is_compared),
        #[cfg(feature = "html")]
        Format::Html => document(html::Html, is_compared),
        Format::Sarif => document(sarif::Sarif, is_compared),
        Format::Junit => document(junit::Junit, is_compared),
        Format::Oscal => document(oscal::Oscal, is_compared),
        Format::Ocsf => pair(ocsf::Renderer::new(header)?, ocsf::Reporter::new(header)),
        Format::Defectdojo => {
            let renderer = defectdojo::Renderer::new(header)?;
            pair(renderer.clone(), defectdojo::Reporter::new(renderer))
        }
        Format::Controls => pair(controls::Renderer, controls::Reporter),
        Format::Matrix => pair(matrix::Renderer::new(header), matrix::Reporter::new(header)),
        Format::Metrics => pair(metrics::Renderer, metrics::Reporter::new(settings)),
        #[cfg(feature = "xlsx")]
        Format::Xlsx => {
            let (renderer, reporter) = xlsx::halves(header);
            pair(renderer, reporter)
        }
    };
    Ok(guarded(halves))
}

fn pair(renderer: impl Renderer + 'static, reporter: impl Reporter + 'static) -> Halves {
    (Arc::new(renderer), Box::new(reporter))
}

/// Returns the halves of a report that is written once all is known.
fn document(document: impl buffered::Document + 'static, is_compared: bool) -> Halves {
    let (renderer, reporter) = buffered::halves(document, is_compared);
    pair(renderer, reporter)
}
