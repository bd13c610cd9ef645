//! The pages of `audit help` tell the truth: what they show is done in order, in a folder
//! that has the sample export alone, and prints what they show. With `AUDIT_BLESS=1` what is
//! printed takes the place of what is not so.

use std::fs;
use std::path::Path;
use std::process::Command;

use audit::cli::{Topic, help_of};
use regex::Regex;
use strum::VariantArray;

use crate::support::{Block, Workspace, audit, blocks, command};

/// A command of a page, and what it prints.
struct Step<'p> {
    command: String,
    /// What is shown, from the line after the command.
    shown: &'p str,
}

/// The commands of a block: a line each that begins with `$`, and goes on after `\`.
fn steps(block: Block<'_>) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let starts: Vec<_> = std::iter::once(0)
        .chain(block.text.match_indices("\n$ ").map(|(at, _)| at + 1))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([block.text.len()]);
    for (start, end) in starts.iter().copied().zip(ends) {
        let step = block.text[start..end].strip_prefix("$ ");
        let step = step.expect("a block of commands begins with one");
        let mut length = 0;
        for line in step.split_inclusive('\n') {
            length += line.len();
            if !line.ends_with("\\\n") {
                break;
            }
        }
        steps.push(Step {
            command: step[..length].trim_end().to_owned(),
            shown: &step[length..],
        });
    }
    steps
}

/// Runs a command as a reader does; what it prints, after its exit code, if that is not 0.
fn printed(command_line: &str, folder: &Path) -> String {
    let program = command();
    let program = Path::new(program.get_program()).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command_line}")])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("NO_COLOR", "1")
        .env_remove("AUDIT_CONFIG")
        .output()
        .expect("a shell");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // A line of CSV ends with CR LF, which a page does not show.
    let text = text.replace("\r\n", "\n");
    match output.status.code() {
        Some(0) => text,
        code => format!("? {}\n{text}", code.expect("no signal ended it")),
    }
}

/// Whether a text is what is shown, in which a line of `...` stands for any lines, and
/// `[..]` for anything in a line.
fn is_shown(shown: &str, text: &str) -> bool {
    let lines = shown.split_inclusive('\n').map(|line| match line {
        "...\n" => "(?:.*\n)*".to_owned(),
        line => regex::escape(line).replace(r"\[\.\.\]", ".*"),
    });
    let pattern = format!("^{}$", lines.collect::<String>());
    Regex::new(&pattern).expect("a pattern").is_match(text)
}

/// A page with what its commands print, where that is not what it shows.
fn with_what_is_printed(page: &str) -> String {
    let folder = Workspace::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/customers.json");
    fs::copy(sample, folder.path("export.json")).expect("copied");
    let mut real = page.to_owned();
    for block in blocks(page) {
        match block.language {
            "toml" => {
                let name = block
                    .text
                    .lines()
                    .next()
                    .and_then(|line| line.strip_prefix("# "));
                let name = name.expect("the first line of a file names it");
                folder.write(name, block.text);
            }
            "console" => {
                let mut text = String::new();
                for step in steps(block) {
                    let printed = printed(&step.command, &folder.path("."));
                    let shown = match is_shown(step.shown, &printed) {
                        true => step.shown,
                        false => &printed,
                    };
                    text += &format!("$ {}\n{shown}", step.command);
                }
                real = real.replacen(block.text, &text, 1);
            }
            other => panic!("nobody knows how to try a block of {other}"),
        }
    }
    real
}

#[test]
fn every_command_prints_what_the_page_of_a_topic_shows() {
    for topic in Topic::VARIANTS {
        let file = format!("src/cli/topic/{}.md", topic.name());
        let real = with_what_is_printed(topic.page());
        if real == topic.page() {
            continue;
        }
        if std::env::var_os("AUDIT_BLESS").is_some_and(|bless| bless == "1") {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            fs::write(root.join(file), real).expect("written");
            continue;
        }
        panic!("{file} shows other than is printed: run the tests with AUDIT_BLESS=1\n{real}");
    }
}

#[test]
fn the_page_of_a_topic_is_shown_as_it_is() {
    for topic in Topic::VARIANTS {
        assert_eq!(audit(["help", topic.name()]).text(), topic.page());
    }
}

#[test]
fn the_help_of_a_command_is_what_it_says_itself() {
    for words in [&[][..], &["diff"], &["waivers", "check"], &["help"]] {
        let help = audit(["help"].iter().chain(words));
        let own = audit(words.iter().chain(&["--help"]));
        assert_eq!((help.code, help.text()), (0, own.text()), "{words:?}");
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(help_of(&words).as_deref(), Ok(own.text()));
    }
}

#[test]
fn help_and_the_manual_page_name_every_topic() {
    for text in [audit(["--help"]), audit(["man"])] {
        for topic in Topic::VARIANTS {
            assert!(text.text().contains(topic.summary()));
        }
    }
}
