//! Remembers where a file says what, and notices what is most likely not meant while it
//! is read.

use std::mem;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::file::FileReader;
use crate::policy::check::Literal;
use crate::policy::lint::{Notice, Occurrence, RulePlaces, Warning};
use crate::policy::operator;
use crate::policy::requirement::TestId;
use crate::policy::rule::Location;

/// Says where a rule says what, beside what it asks.
pub(super) struct Spans<'s> {
    pub(super) id: &'s str,
    pub(super) severity: Range<usize>,
    pub(super) references: Vec<Range<usize>>,
    pub(super) on_absent: Option<Range<usize>>,
    pub(super) require: Range<usize>,
}

impl FileReader<'_> {
    /// Remembers where a test is asked.
    pub(super) fn remember(&mut self, test: TestId, argument: &Spanned<DeValue<'_>>) {
        let whole = argument.span();
        let items = match argument.get_ref() {
            DeValue::Array(items) => {
                let spans = items.iter().map(Spanned::span);
                // The items of a parameter are elsewhere.
                let here =
                    |span: Range<usize>| match whole.start < span.start && span.end < whole.end {
                        true => self.source.location(span),
                        false => self.source.location(whole.clone()),
                    };
                spans.map(here).collect()
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => Vec::new(),
        };
        let occurrence = Occurrence {
            test,
            argument: self.source.location(whole),
            items,
        };
        self.draft.places.read.push(occurrence);
    }

    /// Returns where the tests are asked that were read since it was called last.
    pub(super) fn take_read(&mut self) -> Vec<Occurrence> {
        mem::take(&mut self.draft.places.read)
    }

    /// Remembers where a rule says what. `shared` is where its shared check asks.
    pub(super) fn remember_rule(
        &mut self,
        spans: Spans<'_>,
        shared: (Vec<Occurrence>, Option<Location>),
    ) {
        let (mut tests, on_absent) = shared;
        tests.extend(self.take_read());
        let place = |span: Range<usize>| self.source.location(span);
        let references = spans.references.into_iter().map(place).collect();
        let places = RulePlaces {
            severity: place(spans.severity),
            references,
            on_absent: spans.on_absent.map(place).or(on_absent),
            require: place(spans.require),
            tests,
        };
        self.draft.places.rules.insert(spans.id.to_owned(), places);
    }

    /// Notices what is most likely not meant.
    pub(super) fn notice(
        &mut self,
        warning: Warning,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let location = self.source.location(span);
        let notice = Notice::new(warning, &location, message).help(help);
        self.draft.places.notices.push(notice);
    }

    /// Notices text that is the name of an operator: a table is missing around it.
    pub(super) fn notice_operator(&mut self, literal: &Literal, value: &Spanned<DeValue<'_>>) {
        if let Literal::Text(text) = literal
            && operator::find(text).is_some()
        {
            let message = format!("the field is to be the text `{text}`, which is an operator");
            let help = format!("for the operator write {{ {text} = … }}");
            self.notice(Warning::OperatorAsText, value.span(), message, help);
        }
    }

    /// Notices an id with a blank in it.
    pub(super) fn notice_blank(&mut self, id: &str, span: Range<usize>) {
        if id.chars().any(char::is_whitespace) {
            let message = format!("the id `{id}` has a blank in it");
            let help = "`--only`, tickets and file names take ids: write hyphens";
            self.notice(Warning::BlankInId, span, message, help);
        }
    }
}
