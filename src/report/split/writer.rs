//! The reports of slices, written one after another.

use std::sync::Arc;

use crate::report::destination::Destination;
use crate::report::format::factory::new_report;
use crate::report::model::ended::Ended;
use crate::report::model::footer::{Footer, Slice, SliceCounts};
use crate::report::model::header::Header;
use crate::report::model::life::Listed;
use crate::report::model::row::FindingRow;
use crate::report::output::{Asides, Error, Output, Written, settle};
use crate::report::paths::Paths;
use crate::report::placing::Settled;
use crate::report::render::{self, Found, Rendered};
use crate::report::settings::{Layout, Screen, Settings, SplitBy};
use crate::report::slice_names::take;
use crate::report::ticket::{Ticket, TicketCounts};

/// Holds the reports of all slices, which are whole.
#[derive(Default)]
pub struct Slices {
    pub settled: Vec<Settled>,
    pub written: Vec<Written>,
}

/// Writes the reports of the slices, one after another.
pub(super) struct Writer<'w> {
    pub(super) by: &'w SplitBy,
    pub(super) destination: &'w Destination,
    pub(super) settings: &'w Settings,
    pub(super) header: &'w Header,
    pub(super) footer: &'w Footer,
    pub(super) paths: &'w mut Paths,
    pub(super) asides: &'w mut Asides,
    pub(super) slices: Slices,
}

/// Represents the report of a slice that is being written.
pub(super) struct OpenSlice {
    pub(super) value: Option<String>,
    destination: Destination,
    renderer: Arc<dyn render::Renderer>,
    reporter: Box<dyn render::Reporter>,
    output: Output<'static>,
    counts: SliceCounts,
    pub(super) ticket: TicketCounts,
    /// The findings that the report is bounded to, and how many of them there are.
    listed: Vec<Listed>,
    number: u64,
}

impl Writer<'_> {
    pub(super) fn open(&mut self, value: Option<String>) -> Result<OpenSlice, Error> {
        let Destination {
            format, packing, ..
        } = *self.destination;
        let shown = Slice {
            by: self.by.to_string(),
            value,
            customer_name: None,
        };
        let path = take(self.destination, &shown, self.paths)?;
        let mut output = Output::open_aside(&path, self.asides)?.packed(packing)?;
        output.watch();
        let (renderer, mut reporter) = new_report(format, self.header, self.settings, Screen::NONE)
            .map_err(|source| output.failed(source))?;
        let started = reporter.start(self.header, &mut output);
        started.map_err(|source| output.failed(source))?;
        Ok(OpenSlice {
            value: shown.value,
            destination: Destination {
                format,
                packing,
                path,
                layout: Layout::default(),
            },
            renderer,
            reporter,
            output,
            counts: SliceCounts::new(&self.footer.summary),
            ticket: TicketCounts::default(),
            listed: self.settings.listed.clone(),
            number: 0,
        })
    }

    pub(super) fn settle(&mut self, slice: OpenSlice) -> Result<(), Error> {
        let OpenSlice {
            value,
            destination,
            renderer: _,
            reporter,
            output,
            counts,
            ticket,
            listed,
            number,
        } = slice;
        let slice = Slice {
            by: self.by.to_string(),
            value,
            customer_name: ticket.customer_name.clone(),
        };
        let mut footer = self.footer.sliced(slice.clone(), counts);
        footer.summary.since = footer.summary.since.map(|_| ticket.counts);
        footer.summary.listed = (!listed.is_empty()).then_some(number);
        let ticket = Ticket::new(
            (self.header, self.settings.job.as_deref()),
            &footer,
            &slice,
            &ticket,
        );
        let (settled, written) = settle(reporter, output, Some(destination), self.header, &footer)?;
        self.slices.settled.push(settled);
        self.slices.written.extend(written.map(|written| Written {
            ticket: Some(ticket),
            ..written
        }));
        Ok(())
    }
}

impl OpenSlice {
    pub(super) fn add_ended(&mut self, ended: &Ended<'_>) -> Result<(), Error> {
        self.ticket.ended(ended);
        let added = self.reporter.ended(ended, &mut self.output);
        added.map_err(|source| self.output.failed(source))
    }

    pub(super) fn add(&mut self, row: FindingRow<'static>, rule_index: usize) -> Result<(), Error> {
        self.counts.count(rule_index, row.severity, row.status);
        self.ticket.finding(&row);
        if !Listed::lists(&self.listed, row.life.as_ref()) {
            return Ok(());
        }
        self.number += 1;
        let mut rendered = Rendered::default();
        let added = match self.renderer.has_room_for(row.severity) {
            true => {
                let found = Found {
                    row,
                    rule_index,
                    finding: None,
                };
                self.renderer.finding(&found, &mut rendered)
            }
            false => {
                rendered.left_out += 1;
                Ok(())
            }
        };
        let added = added.and_then(|()| {
            self.reporter
                .findings(&rendered.numbered(0), &mut self.output)
        });
        added.map_err(|source| self.output.failed(source))
    }
}
