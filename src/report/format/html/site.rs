//! What every page has: the style, what it may do, and how data is shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Error, Value};
use sha2::{Digest, Sha256};

use crate::text::{escape_controls, grouped};

/// The style of every page: its palette, light and dark, and what it is laid out by.
pub const STYLE: &str = concat!(
    include_str!("style/base.css"),
    include_str!("style/cards.css"),
    include_str!("style/tables.css"),
    include_str!("style/controls.css"),
    include_str!("style/rules.css"),
    include_str!("style/findings.css"),
    include_str!("style/narrow.css"),
    include_str!("style/print.css"),
);

/// Returns what renders pages: numbers are grouped, and data cannot steer what is around it.
/// The names of templates end in `.html`: that turns on the escaping of all that is put in.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.add_filter("grouped", grouped);
    environment.set_formatter(visible);
    environment
}

/// Writes text of data, with every character made visible that could steer or hide
/// what is around it, and none left that HTML forbids.
fn visible(
    out: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            minijinja::escape_formatter(out, state, &Value::from(escape_controls(text).as_ref()))
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

/// Returns what a page may do: show its own style, run its own script if it has one, nothing
/// else.
pub fn content_policy(style: &str, script: Option<&str>) -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script = script.map(|script| format!("script-src 'sha256-{}'; ", digest(script)));
    format!(
        "default-src 'none'; {}style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        script.unwrap_or_default(),
        digest(style),
    )
}
