//! Help that is made from lists, or longer than a line.

use strum::VariantArray;

use super::topic::Topic;
use crate::report;

/// Returns the help of `--output`, with the extensions of all formats.
pub(super) fn output_help() -> String {
    let formats = report::Format::ALL.iter();
    let extensions = formats.flat_map(|format| format.extensions()).copied();
    let extensions = extensions.collect::<Vec<_>>().join(", ");
    let packed = report::Packing::ALL.map(|packing| format!(".{}", packing.extension()));
    let packed = packed.join(" or ");
    format!(
        "Write a report to a file; its format is that of the extension ({extensions}, or the \
         name of a format), or given as FORMAT:FILE; {packed} after it packs the report"
    )
}

/// Returns the help of `--columns`, with the formats whose columns can be chosen.
pub(super) fn columns_help() -> String {
    let formats = report::Format::ALL.iter();
    let formats = formats.filter(|format| format.has_columns());
    let names: Vec<_> = formats.map(|format| format.name()).collect();
    format!("Columns of {} reports, in this order", names.join(" and "))
}

/// What a run needs can be in a configuration, and need not be.
pub(super) const USAGE: &str = "\
audit [OPTIONS] --policy <FILE|NAME> <EXPORT>...
       audit [OPTIONS] --config <FILE>
       audit <COMMAND>";

/// Returns what follows the options: examples, and the topics that have a page.
pub(super) fn after_help() -> String {
    let topics = Topic::VARIANTS.iter();
    let topics = topics.map(|topic| format!("  {}  {}", topic.name(), topic.summary()));
    let topics = topics.collect::<Vec<_>>().join("\n");
    format!("{EXAMPLES}\n\nTopics (audit help TOPIC):\n{topics}")
}

/// Shows how the program is called.
const EXAMPLES: &str = "\
Examples:
  audit --policy pci.toml export.json
  audit -p pci -p baseline -o findings.csv -o report.json exports/*.ndjson.gz
  cat export.ndjson | audit -p pci -f ndjson -
  audit --config night.toml";
