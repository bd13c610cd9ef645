//! The cases beside a policy: records, and what each rule is to make of them.

mod cases;
mod example;
mod file;
mod mutate;
mod print;
mod run;

pub(super) use cases::Cases;
pub(super) use run::test;
