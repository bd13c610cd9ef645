//! What is seen on a terminal: colours, the width of a line, notes, and how far a
//! run is.

use std::io::{self, IsTerminal as _, Stderr, Stdout, Write};

use anstream::AutoStream;
use indicatif::{ProgressBar, ProgressStyle};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;

use crate::options::{ColourChoice, Verbosity};
use crate::report::{Colour, Screen};
use crate::text::escape_controls;

/// Holds where a run writes, and what is known of who reads it.
pub struct Streams<'s> {
    /// Takes the report.
    pub stdout: &'s mut (dyn Write + Send),
    /// Takes errors, and notes for a person.
    pub stderr: &'s mut (dyn Write + Send),
    /// How stdout is shown, unless the user asks for colours or for none.
    pub stdout_screen: Screen,
    /// Whether colours on stderr are seen, unless the user asks for them or for none.
    pub stderr_colour: Colour,
    /// Whether a line may move on the stderr of this process.
    pub shows_progress: bool,
}

impl<'s> Streams<'s> {
    /// Returns streams that are no terminal: without colours, width and progress.
    pub fn plain(stdout: &'s mut (dyn Write + Send), stderr: &'s mut (dyn Write + Send)) -> Self {
        Self {
            stdout,
            stderr,
            stdout_screen: Screen::NONE,
            stderr_colour: Colour::Off,
            shows_progress: false,
        }
    }

    /// Returns the streams of this process, with what the terminal says of them.
    pub fn of_process(stdout: &'s mut Stdout, stderr: &'s mut Stderr) -> Self {
        let width = terminal_size::terminal_size_of(&*stdout).map(|(width, _)| width.0);
        Self {
            stdout_screen: Screen {
                colour: automatic_colour(stdout),
                width,
            },
            stderr_colour: automatic_colour(stderr),
            shows_progress: stderr.is_terminal(),
            stdout,
            stderr,
        }
    }

    /// Returns how stdout is shown, as the user chose.
    pub fn screen(&self, choice: ColourChoice) -> Screen {
        Screen {
            colour: chosen_colour(choice, self.stdout_screen.colour),
            ..self.stdout_screen
        }
    }
}

/// Represents a stdout that nobody can write to, as one that the caller has closed. The
/// standard library would take what is written to it for written.
#[derive(Debug)]
pub struct ClosedStdout;

impl ClosedStdout {
    /// Returns what takes the place of this stdout, if nobody can write to it.
    pub fn instead_of(stdout: &Stdout) -> Option<Self> {
        let flags = fcntl_getfl(stdout);
        let is_writable = flags.is_ok_and(|flags| flags & OFlags::ACCMODE != OFlags::RDONLY);
        (!is_writable).then_some(Self)
    }
}

impl Write for ClosedStdout {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(Errno::BADF.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns whether there are colours, where `automatic` says whether they are seen.
pub fn chosen_colour(choice: ColourChoice, automatic: Colour) -> Colour {
    match choice {
        ColourChoice::Always => Colour::On,
        ColourChoice::Never => Colour::Off,
        ColourChoice::Auto => automatic,
    }
}

fn automatic_colour(stream: &impl anstream::stream::RawStream) -> Colour {
    match AutoStream::choice(stream) {
        anstream::ColorChoice::Never => Colour::Off,
        anstream::ColorChoice::Auto
        | anstream::ColorChoice::Always
        | anstream::ColorChoice::AlwaysAnsi => Colour::On,
    }
}

/// Writes to a person who watches a run: notes, and a line that says how far it is.
pub struct Console<'c> {
    stderr: &'c mut (dyn Write + Send),
    verbosity: Verbosity,
    progress: ProgressBar,
}

impl<'c> Console<'c> {
    /// Returns a console on this stderr. `size` is how many bytes the run will read,
    /// if that is known.
    pub fn new(
        stderr: &'c mut (dyn Write + Send),
        shows_progress: bool,
        verbosity: Verbosity,
        size: Option<u64>,
    ) -> Self {
        let progress = match verbosity {
            Verbosity::Normal | Verbosity::Verbose if shows_progress => progress_bar(size),
            Verbosity::Quiet | Verbosity::Normal | Verbosity::Verbose => ProgressBar::hidden(),
        };
        Self {
            stderr,
            verbosity,
            progress,
        }
    }

    /// Writes a line, unless the user asked for none.
    pub fn note(&mut self, text: &str) {
        match self.verbosity {
            Verbosity::Quiet => {}
            Verbosity::Normal | Verbosity::Verbose => self.say(text),
        }
    }

    /// Writes a line that nobody should miss.
    pub fn say(&mut self, text: &str) {
        // A closed stderr is no reason to lose the reports.
        self.progress
            .suspend(|| _ = writeln!(self.stderr, "audit: {}", escape_controls(text)));
    }

    /// Shows that so many bytes have been read.
    pub fn set_progress(&self, bytes: u64, message: String) {
        self.progress.set_position(bytes);
        self.progress.set_message(message);
    }

    /// Removes the line that says how far the run is.
    pub fn finish_progress(&self) {
        self.progress.finish_and_clear();
    }
}

/// A line that says how much is read, how fast and, if the size of all exports is
/// known, how long it will take.
fn progress_bar(size: Option<u64>) -> ProgressBar {
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
            "{bar:30} {percent:>3} %  {msg}  {bytes_per_sec}  {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {bytes}  {msg}  {bytes_per_sec}  {elapsed}",
        ),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Writes to stdout all at once what a command says, so that an error leaves no half.
///
/// # Errors
///
/// Those of the command, or of stdout.
pub fn write_at_once<T, E: From<io::Error>>(
    stdout: &mut dyn Write,
    command: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<T, E> {
    let mut text = Vec::new();
    let result = command(&mut text)?;
    stdout.write_all(&text)?;
    stdout.flush()?;
    Ok(result)
}
