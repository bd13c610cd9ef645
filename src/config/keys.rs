//! The keys of the tables of a configuration: their names, what they mean, and the shape
//! of their values. A table, and the only one: the reader and the JSON Schema both ask it.
//!
//! The name of a key is that of its variant, in kebab case; what it means is the
//! variant's doc line.

use strum::{EnumMessage, IntoStaticStr, VariantArray};

/// Says what a value of a configuration looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text that is not blank.
    Text,
    /// A list of texts that are not blank.
    Texts,
    /// A path.
    Path,
    /// A list of paths.
    Paths,
    /// The address of a page.
    Link,
    /// A table from parameters of policies to their values.
    Settings,
    /// A table from fields to a key, or to several.
    Mapping,
    /// What decides the exit code: one word, or several.
    FailOn,
    /// The name of a severity.
    Severity,
    /// What an outcome is that could not be decided.
    Undecided,
    /// What something is that somebody should look at.
    Alarm,
    /// `true` or `false`.
    Flag,
    /// A span of time, as `90d`.
    Span,
    /// A table from severities to spans of time.
    Deadlines,
    /// A number of threads.
    Threads,
    /// Tables, one for each report.
    Reports,
    /// The name of a format of reports.
    Format,
    /// A list of names of columns.
    Columns,
    /// What a report is split by.
    SplitBy,
    /// A list of states of findings.
    Listed,
    /// A number of characters, or the name of a ticket system.
    MaxChars,
}

/// The most threads that can be asked for.
pub const MAX_THREADS: u16 = 1024;

/// Lists the keys of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum Key {
    /// The policies that records are judged by: TOML files, or names of bundled ones.
    Policies,
    /// The exports to audit: paths, in which `*`, `?` and `[…]` stand for parts of names.
    Exports,
    /// The files of accepted findings.
    Waivers,
    /// Values of parameters of policies, by name.
    Set,
    /// The only rules that are asked: rule-id, policy/rule-id or tag:NAME.
    Only,
    /// The rules that are left out, and reported as not tested.
    Skip,
    /// Other keys of records that are read as fields, by the name of the field.
    Map,
    /// The severity from which on findings decide the exit code, or never; overdue beside it.
    FailOn,
    /// The severity from which on new and worse findings decide the exit code.
    FailOnNew,
    /// What an outcome is that could not be decided.
    Undecided,
    /// Whether it is fine that there is no record, or that a policy judges none.
    AllowEmpty,
    /// The file of the ids of the customers that must be in the exports, one a line.
    Expect,
    /// The earlier report that the run is compared with.
    Since,
    /// The folder in which nights are kept, the newest of which the run is compared with.
    History,
    /// How long nights are kept.
    Keep,
    /// How long findings may stay, by severity.
    Deadline,
    /// What it is to have less than 80 % of the records of the night before.
    Shrink,
    /// The oldest that an export may be.
    MaxExportAge,
    /// What it is that an export is too old, or that of the night before.
    Stale,
    /// The longest time between two nights.
    Gap,
    /// The name of the export in reports, instead of its path.
    ExportName,
    /// What metrics call the run, instead of by its policies.
    Job,
    /// The address of the whole report, for reports that cannot hold every finding.
    Link,
    /// The file that lists what was read and written, with digests.
    Manifest,
    /// The file with a row for each record and a column for each rule.
    Matrix,
    /// The number of worker threads.
    Threads,
    /// The reports to write, a table each.
    Report,
}

impl Key {
    /// Returns the shape of the key's value.
    pub fn shape(self) -> Shape {
        match self {
            Self::Policies | Self::Only | Self::Skip => Shape::Texts,
            Self::Exports | Self::Waivers => Shape::Paths,
            Self::Set => Shape::Settings,
            Self::Map => Shape::Mapping,
            Self::FailOn => Shape::FailOn,
            Self::FailOnNew => Shape::Severity,
            Self::Undecided => Shape::Undecided,
            Self::AllowEmpty => Shape::Flag,
            Self::Expect | Self::Since | Self::History | Self::Manifest | Self::Matrix => {
                Shape::Path
            }
            Self::Keep | Self::MaxExportAge | Self::Gap => Shape::Span,
            Self::Deadline => Shape::Deadlines,
            Self::Shrink | Self::Stale => Shape::Alarm,
            Self::ExportName | Self::Job => Shape::Text,
            Self::Link => Shape::Link,
            Self::Threads => Shape::Threads,
            Self::Report => Shape::Reports,
        }
    }

    /// Returns what the key means, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

/// Lists the keys of `[[report]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum ReportKey {
    /// The file, whose extension names the format unless `format` does.
    File,
    /// The format.
    Format,
    /// The columns of a report whose columns can be chosen, in this order.
    Columns,
    /// What a report is written for each of, in whose name `{}` stands for it.
    SplitBy,
    /// The states of the findings that the report lists.
    List,
    /// The longest that a markdown report may be.
    MaxChars,
}

impl ReportKey {
    /// Lists the keys that the table must have.
    pub const REQUIRED: &'static [Self] = &[Self::File];

    /// Returns the shape of the key's value.
    pub fn shape(self) -> Shape {
        match self {
            Self::File => Shape::Path,
            Self::Format => Shape::Format,
            Self::Columns => Shape::Columns,
            Self::SplitBy => Shape::SplitBy,
            Self::List => Shape::Listed,
            Self::MaxChars => Shape::MaxChars,
        }
    }

    /// Returns what the key means, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        assert!(Key::VARIANTS.iter().all(|key| !key.meaning().is_empty()));
        let keys = ReportKey::VARIANTS.iter();
        assert!(keys.copied().all(|key| !key.meaning().is_empty()));
    }
}
