//! What is asked of a run, as plain types: the command line comes to these, and
//! whatever else may say the same.

mod audit;
mod command;
mod fail_on;
mod report;

pub use audit::{
    Alarm, AuditOptions, ColourChoice, Disclosure, Earlier, InputOptions, NightOptions,
    PolicyOptions, Verbosity,
};
pub use command::{
    CheckFormat, CheckWaiversOptions, ConvertOptions, DiffOptions, Document, Expiry,
    ExplainOptions, HistoryFile, HistoryFormat, HistoryOptions, ShowFormat, VerifyOptions,
    WaiveOptions,
};
pub use fail_on::{FailOn, FailsOn};
pub use report::{FILE_OF_LINK, ReportOptions, SliceNames};
