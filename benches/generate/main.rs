//! Invents customer exports: of any size and shape, the same bytes everywhere.

mod customer;
mod inflate;
mod networks;
mod random;
mod shape;
mod year;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use customer::{Customer, Mix, Reason};
use shape::{Shape, Spelling, Writer};

/// Invents an export of customers and writes it to stdout.
///
/// The same arguments give the same bytes on every machine. Customer number n is
/// the same in every shape, spelling and size. A percent or two of the customers
/// has each of the faults that six.toml looks for; some have odd spellings that
/// must read fine.
#[derive(Parser)]
#[command(name = "generate", args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    export: Export,
}

#[derive(Subcommand)]
enum Other {
    /// Decodes a gzip or zstd file as the audit does, and tells how many bytes came out
    Inflate {
        /// The file
        file: PathBuf,
    },
}

#[derive(Args)]
struct Export {
    /// How many
    #[arg(long, default_value_t = 10_000)]
    customers: u64,
    /// The shape of the export
    #[arg(long, value_enum, default_value_t = Shape::Ndjson)]
    shape: Shape,
    /// How keys are spelt
    #[arg(long, value_enum, default_value_t = Spelling::Snake)]
    spelling: Spelling,
    /// Another seed, other customers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the findings that six.toml (with --hostile: sixteen.toml)
    /// must give at --as-of 2026-01-01T00:00:00Z, as policy,rule,customer_id,status,reason
    #[arg(long, value_name = "FILE")]
    planted: Option<PathBuf>,
    /// Every customer fails each rule of sixteen.toml
    #[arg(long)]
    hostile: bool,
    /// No odd spellings: flags are booleans and times end in Z, as typed columns of a
    /// database want them
    #[arg(long)]
    plain: bool,
    /// Some flags, times and networks cannot be read: outcome error
    #[arg(long, conflicts_with_all = ["hostile", "plain"])]
    damaged: bool,
    /// Write a night of a year in which customers come, change and go, and some nights go
    /// wrong (the table in year.rs says which), as NDJSON
    #[arg(long, value_parser = clap::value_parser!(u32).range(..i64::from(year::NIGHTS)),
          conflicts_with_all = ["hostile", "planted"])]
    night: Option<u32>,
    /// Only the first or the second of the two files of a night
    #[arg(long, requires = "night", value_parser = clap::value_parser!(u64).range(1..=2))]
    file: Option<u64>,
    /// Where to write the policy that is in force on a night
    #[arg(long, requires = "night", value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// How much is written at a time.
const WINDOW: usize = 1 << 20;

fn main() -> ExitCode {
    let command = Command::parse();
    let done = match &command.other {
        Some(Other::Inflate { file }) => {
            inflate::inflate(file).and_then(|bytes| writeln!(io::stdout(), "{bytes}"))
        }
        None => generate(&command.export),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done if stderr is closed too.
            let _ = writeln!(io::stderr(), "generate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(export: &Export) -> io::Result<()> {
    let mix = Mix {
        seed: export.seed,
        hostile: export.hostile,
        plain: export.plain,
        damaged: export.damaged,
    };
    if let Some(night) = export.night {
        return write_night(export, mix, night);
    }
    let mut planted = Planted::create(export)?;
    let writer = Writer::new(export.shape, export.spelling);
    let mut customer = Customer::new();
    let mut stdout = io::stdout().lock();
    let mut window = Vec::with_capacity(WINDOW + WINDOW / 8);
    writer.start(&mut window);
    for index in 0..export.customers {
        customer.become_customer(mix, index);
        writer.record(&mut window, index, &customer);
        planted.note(&customer)?;
        if window.len() >= WINDOW {
            stdout.write_all(&window)?;
            window.clear();
        }
    }
    writer.end(&mut window);
    stdout.write_all(&window)?;
    stdout.flush()?;
    planted.finish()
}

fn write_night(export: &Export, mix: Mix, night: u32) -> io::Result<()> {
    if export.shape != Shape::Ndjson {
        return Err(io::Error::other("a night is written as NDJSON alone"));
    }
    let is_lost = year::happens(night, year::Event::FileLost);
    if is_lost && export.file == Some(2) {
        let why = format!("the second file of night {night} does not arrive");
        return Err(io::Error::other(why));
    }
    if let Some(path) = &export.policy {
        std::fs::write(path, year::policy(night))?;
    }
    let writer = Writer::new(export.shape, export.spelling);
    let mut files = [Vec::new(), Vec::new()];
    year::customers(mix, export.customers, night, |index, customer| {
        writer.record(&mut files[(index % 2) as usize], index, customer);
    });
    let mut stdout = io::stdout().lock();
    for (number, lines) in (1..).zip(files) {
        let is_asked = export.file.is_none_or(|file| file == number);
        if is_asked && !(is_lost && number == 2) {
            stdout.write_all(&year::deliver(night, lines))?;
        }
    }
    stdout.flush()
}

/// The findings that a policy must give, written beside the export.
struct Planted {
    out: Option<BufWriter<File>>,
    policy: &'static str,
    shape: Shape,
}

impl Planted {
    fn create(export: &Export) -> io::Result<Self> {
        let mut out = match &export.planted {
            Some(path) => Some(BufWriter::new(File::create(path)?)),
            None => None,
        };
        if let Some(out) = &mut out {
            writeln!(out, "policy,rule,customer_id,status,reason")?;
        }
        Ok(Self {
            out,
            policy: if export.hostile { "sixteen" } else { "six" },
            shape: export.shape,
        })
    }

    fn note(&mut self, customer: &Customer) -> io::Result<()> {
        let Some(out) = &mut self.out else {
            return Ok(());
        };
        for (rule, reason) in customer.findings() {
            let (status, reason) = verdict(*reason, self.shape);
            let (policy, id) = (self.policy, customer.id());
            writeln!(out, "{policy},{rule},{id},{status},{reason}")?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        match self.out {
            Some(mut out) => out.flush(),
            None => Ok(()),
        }
    }
}

/// Status and reason as a report words them. CSV knows only one kind of nothing.
fn verdict(reason: Reason, shape: Shape) -> (&'static str, &'static str) {
    match reason {
        Reason::Violated => ("fail", "violated"),
        Reason::Unparsable => ("error", "unparsable"),
        Reason::Missing | Reason::Null | Reason::Empty if shape == Shape::Csv => ("fail", "empty"),
        Reason::Missing => ("fail", "missing"),
        Reason::Null => ("fail", "null"),
        Reason::Empty => ("fail", "empty"),
    }
}
