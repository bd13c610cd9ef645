//! Keeps a panic of what writes a report, as of a library, from ending the process: it is
//! an error of that report.

use std::io;
use std::sync::Arc;

use super::format::factory::Halves;
use super::model::ended::Ended;
use super::model::footer::Footer;
use super::model::header::Header;
use super::model::row::Rejected;
use super::render::{Found, RecordMarks, Rendered, Renderer, Reporter};
use crate::finding::LateMark;
use crate::panics::{Panic, caught};
use crate::policy::Severity;

struct Guarded<T: ?Sized>(T);

/// Returns the two halves of a report, none of which panics.
pub fn guarded((renderer, reporter): Halves) -> Halves {
    (Arc::new(Guarded(renderer)), Box::new(Guarded(reporter)))
}

fn as_error(panic: Panic) -> io::Error {
    io::Error::other(format!("what writes it has failed: {panic}"))
}

fn tried<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    caught(work).unwrap_or_else(|panic| Err(as_error(panic)))
}

impl Renderer for Guarded<Arc<dyn Renderer>> {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        tried(|| self.0.finding(found, rendered))
    }

    fn wants_records(&self) -> bool {
        self.0.wants_records()
    }

    fn record(&self, record: &RecordMarks<'_>, rendered: &mut Rendered) -> io::Result<()> {
        tried(|| self.0.record(record, rendered))
    }

    fn shows_evidence_digest(&self) -> bool {
        self.0.shows_evidence_digest()
    }

    fn has_room_for(&self, severity: Severity) -> bool {
        self.0.has_room_for(severity)
    }
}

impl Reporter for Guarded<Box<dyn Reporter>> {
    fn start(&mut self, header: &Header, out: &mut dyn io::Write) -> io::Result<()> {
        tried(|| self.0.start(header, out))
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn io::Write) -> io::Result<()> {
        tried(|| self.0.findings(rendered, out))
    }

    fn ended(&mut self, ended: &Ended<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        tried(|| self.0.ended(ended, out))
    }

    fn late_mark(&mut self, mark: &LateMark) -> io::Result<()> {
        tried(|| self.0.late_mark(mark))
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        tried(|| self.0.rejected(rejected))
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        tried(|| self.0.finish(header, footer, out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    struct Broken;

    fn fail() -> io::Result<()> {
        std::panic::resume_unwind(Box::new("no room".to_owned()))
    }

    impl Renderer for Broken {
        fn finding(&self, _: &Found<'_>, _: &mut Rendered) -> io::Result<()> {
            fail()
        }
    }

    impl Reporter for Broken {
        fn start(&mut self, _: &Header, _: &mut dyn io::Write) -> io::Result<()> {
            fail()
        }

        fn findings(&mut self, _: &Rendered, _: &mut dyn io::Write) -> io::Result<()> {
            fail()
        }

        fn ended(&mut self, _: &Ended<'_>, _: &mut dyn io::Write) -> io::Result<()> {
            fail()
        }

        fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
            fail()
        }

        fn finish(
            self: Box<Self>,
            _: &Header,
            _: &Footer,
            _: &mut dyn io::Write,
        ) -> io::Result<()> {
            fail()
        }
    }

    #[test]
    fn a_panic_anywhere_in_a_report_is_an_error_that_says_why() {
        let (renderer, mut reporter) = guarded((Arc::new(Broken), Box::new(Broken)));
        let (header, footer, mut out) = (fixture::header(), fixture::clean(), Vec::new());
        let found = fixture::found(fixture::row());
        let rejected = Rejected {
            export: "e".into(),
            record: 1,
            offset: 0,
            cause: "broken".into(),
        };
        for failed in [
            renderer.finding(&found, &mut Rendered::default()),
            reporter.start(&header, &mut out),
            reporter.findings(&Rendered::default(), &mut out),
            reporter.rejected(&rejected),
            reporter.finish(&header, &footer, &mut out),
        ] {
            let error = failed.expect_err("a panic");
            assert_eq!(error.to_string(), "what writes it has failed: no room");
        }
    }
}
