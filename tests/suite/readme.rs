//! The README tells the truth: its commands are run, its output is real.

use audit::policy::aggregate::Question;
use audit::policy::operator::OPERATORS;
use audit::report::Format;
use strum::VariantArray;

use crate::support::{Run, blocks, command};

const README: &str = include_str!("../../README.md");

#[test]
fn every_command_prints_what_the_readme_shows() {
    trycmd::TestCases::new().case("README.md");
}

/// The commands of the README's shell blocks.
fn shell_commands() -> Vec<&'static str> {
    let blocks = blocks(README).into_iter();
    let of_shell = blocks.filter(|block| block.language == "sh");
    of_shell.map(|block| block.text.trim()).collect()
}

#[test]
fn the_first_command_audits_the_sample_export() {
    let args = shell_commands()[0]
        .strip_prefix("cargo run --release -- ")
        .expect("the main job");
    let run = Run::of(command().args(args.split(' ')));
    // The sample shows every outcome, errors among them.
    assert_eq!(run.code, 3);
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let ci = include_str!("../../.ci/run");
    assert_eq!(shell_commands()[1..], ["cargo test"]);
    assert!(ci.contains("\ncargo test"));
}

#[test]
fn the_readme_names_every_operator_question_and_format() {
    let operators = OPERATORS.iter().map(|operator| operator.name);
    let questions = Question::VARIANTS.iter().map(|question| question.into());
    let formats = Format::ALL.iter().map(|format| format.name());
    // A name is alone in its code span, or at the beginning of an example.
    let is_named = |name: &str| {
        let spans = [format!("`{name}`"), format!("`{name} ")];
        spans.iter().any(|span| README.contains(span))
    };
    let missing: Vec<&str> = operators
        .chain(questions)
        .chain(formats)
        .filter(|name| !is_named(name))
        .collect();
    assert!(missing.is_empty(), "the README does not name {missing:?}");
}
