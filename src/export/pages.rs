//! What a wrapper says of the export that it is a part of: that more pages follow, how
//! many records there are, and that something failed.
//!
//! What is found is added up in the order of the export, and judged at the end of the
//! run: a series of pages may be one export, or several.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Says what a key of a wrapper speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// That more follows, unless the value says that nothing does.
    More,
    /// That more follows, if the value is false.
    Done,
    /// How many records there are.
    Records,
    /// How many pages there are.
    Pages,
    /// Which page this is.
    Page,
    /// That something failed, unless the value says that nothing did.
    Failure,
    /// That something failed, if the value is false.
    Success,
}

/// Lists what a wrapper can say, by normalized keys.
const KEYS: [(&str, Says); 33] = [
    ("next", Says::More),
    ("nextpage", Says::More),
    ("nextcursor", Says::More),
    ("nextpagetoken", Says::More),
    ("nextrecordsurl", Says::More),
    ("nexttoken", Says::More),
    ("nextlink", Says::More),
    ("nexturl", Says::More),
    ("lastevaluatedkey", Says::More),
    ("@odata.nextlink", Says::More),
    ("hasmore", Says::More),
    ("hasnextpage", Says::More),
    ("istruncated", Says::More),
    ("done", Says::Done),
    ("jobcomplete", Says::Done),
    ("total", Says::Records),
    ("totalcount", Says::Records),
    ("totalsize", Says::Records),
    ("totalrows", Says::Records),
    ("recordcount", Says::Records),
    ("@odata.count", Says::Records),
    ("totalpages", Says::Pages),
    ("page", Says::Page),
    ("currentpage", Says::Page),
    ("pagenumber", Says::Page),
    ("error", Says::Failure),
    ("errors", Says::Failure),
    ("timedout", Says::Failure),
    ("ok", Says::Success),
    ("success", Says::Success),
    ("nextpageurl", Says::More),
    ("nextpagelink", Says::More),
    ("nextmarker", Says::More),
];

/// Lists the normalized keys whose objects speak of the records beside them.
pub const BESIDE: [&str; 8] = [
    "links",
    "_links",
    "meta",
    "paging",
    "pagination",
    "pageinfo",
    "hits",
    "metadata",
];

impl Says {
    /// Returns what a normalized key speaks of, if it does.
    pub fn of(key: &str) -> Option<Self> {
        let found = KEYS.iter().find(|(of, _)| *of == key);
        found.map(|(_, says)| *says)
    }

    /// Returns all normalized keys that speak of something.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        KEYS.iter().map(|(key, _)| *key)
    }
}

/// Represents what one key of a wrapper says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Remark {
    /// A document begins, which may be one of several pages.
    Page,
    /// More follows this page: the key that says so.
    More(String),
    /// There are so many records: the key that says so.
    Records(String, u64),
    /// There are so many pages: the key that says so.
    Pages(String, u64),
    /// This is the page with this number.
    Number(u64),
    /// Something failed: the key that says so.
    Failure(String),
}

impl Remark {
    /// Returns what the value of a key says, if anything: `value` is JSON.
    pub fn of(says: Says, key: &str, value: &str) -> Option<Self> {
        // The value of a key that speaks of pages is short; a long one is something.
        let parsed = match value.len() {
            // Half a surrogate pair is something too.
            0..=65_536 => serde_json::from_str(value).unwrap_or(Value::Bool(true)),
            _ => Value::Bool(true),
        };
        // A text may hold what is nobody's business.
        let shown = || match parsed {
            Value::Bool(_) | Value::Number(_) => format!("`{key}` is {value}"),
            _ => format!("`{key}`"),
        };
        let number = || count(&parsed);
        match says {
            Says::More => (!is_nothing(&parsed)).then(|| Self::More(shown())),
            Says::Done => (parsed == Value::Bool(false)).then(|| Self::More(shown())),
            Says::Records => number().map(|number| Self::Records(format!("`{key}`"), number)),
            Says::Pages => number().map(|number| Self::Pages(format!("`{key}`"), number)),
            Says::Page => number().map(Self::Number),
            Says::Failure => (!is_nothing(&parsed)).then(|| Self::Failure(shown())),
            Says::Success => (parsed == Value::Bool(false)).then(|| Self::Failure(shown())),
        }
    }
}

/// Returns the number that a value is, or has as its `value`.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64()?;
            (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
        }),
        Value::String(text) => text.replace([',', '_', ' '], "").parse().ok(),
        Value::Object(object) => count(object.get("value")?),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// Whether a value says that nothing follows, or failed.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
    }
}

/// Adds up what the wrappers of some records of one export say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// How many documents begin among them. With each, what was said before of more is
    /// settled.
    documents: u64,
    /// The last page says that more follows.
    more: Option<String>,
    /// The largest number of records that is named, and by which key.
    records: Option<(u64, String)>,
    /// The largest number of pages that is named, and by which key.
    pages: Option<(u64, String)>,
    /// The numbers of the pages that are here: first and last of each run without a gap.
    numbers: BTreeMap<u64, u64>,
    /// The first failure.
    failure: Option<String>,
}

/// Says why a series of pages is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Its last page says that more follows.
    More(String),
    /// It has fewer records than a page says there are.
    Records {
        /// The key that says so.
        key: String,
        /// How many there are.
        total: u64,
        /// How many were read.
        read: u64,
    },
    /// The numbers of its pages have a gap, or end before the last.
    Page {
        /// The first page that is missing.
        number: u64,
        /// How many pages there are, as far as that is known.
        total: Option<u64>,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::More(key) => write!(f, "more pages follow: {key} on its last page"),
            Missing::Records { key, total, read } => {
                write!(
                    f,
                    "{key} says that there are {total} records, and {read} were read"
                )
            }
            Missing::Page {
                number,
                total: Some(total),
            } => write!(f, "page {number} of {total} is missing"),
            Missing::Page {
                number,
                total: None,
            } => write!(f, "page {number} is missing"),
        }
    }
}

/// The most runs of page numbers that are kept apart.
const MAX_RUNS: usize = 1024;

impl Pages {
    /// Takes in the next remark.
    pub fn take(&mut self, remark: Remark) {
        match remark {
            Remark::Page => {
                self.documents += 1;
                self.more = None;
            }
            Remark::More(key) => self.more = Some(key),
            Remark::Records(key, number) => larger(&mut self.records, (number, key)),
            Remark::Pages(key, number) => larger(&mut self.pages, (number, key)),
            Remark::Number(number) => self.number(number, number),
            Remark::Failure(key) => _ = self.failure.get_or_insert(key),
        }
    }

    /// Adds what is said after it.
    pub fn add(&mut self, later: Self) {
        let Self {
            documents,
            more,
            records,
            pages,
            numbers,
            failure,
        } = later;
        if documents > 0 {
            self.more = None;
        }
        self.documents += documents;
        self.more = more.or(self.more.take());
        records
            .into_iter()
            .for_each(|named| larger(&mut self.records, named));
        pages
            .into_iter()
            .for_each(|named| larger(&mut self.pages, named));
        numbers
            .into_iter()
            .for_each(|(first, last)| self.number(first, last));
        self.failure = self.failure.take().or(failure);
    }

    /// Adds the numbers of pages from the first to the last.
    fn number(&mut self, mut first: u64, mut last: u64) {
        let runs: Vec<_> = self.numbers.iter().map(|(from, to)| (*from, *to)).collect();
        for (from, to) in runs {
            if from <= last.saturating_add(1) && first <= to.saturating_add(1) {
                self.numbers.remove(&from);
                (first, last) = (first.min(from), last.max(to));
            }
        }
        if self.numbers.len() < MAX_RUNS {
            self.numbers.insert(first, last);
        }
    }

    /// Returns the first failure that a wrapper reports: its key and value.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Returns whether wrappers say nothing at all.
    pub fn is_silent(&self) -> bool {
        let Self {
            documents: _,
            more,
            records,
            pages,
            numbers,
            failure,
        } = self;
        more.is_none()
            && records.is_none()
            && pages.is_none()
            && numbers.is_empty()
            && failure.is_none()
    }

    /// Returns why the series is not whole that these are the pages of, if so many
    /// records of it were read.
    pub fn missing(&self, read: u64) -> Option<Missing> {
        if let Some(key) = &self.more {
            return Some(Missing::More(key.clone()));
        }
        let total = self.pages.as_ref().map(|(total, _)| *total);
        let mut runs = self.numbers.iter();
        if let Some((first, last)) = runs.next() {
            let gap = |number| Some(Missing::Page { number, total });
            // Some count from 0.
            if *first > 1 {
                return gap(1);
            }
            if runs.next().is_some() || total.is_some_and(|total| last - first + 1 < total) {
                return gap(last + 1);
            }
        } else if total.is_some_and(|total| total > self.documents) {
            // Nothing says which of the pages are here.
            return Some(Missing::Page {
                number: self.documents + 1,
                total,
            });
        }
        match &self.records {
            Some((total, key)) if *total > read => Some(Missing::Records {
                key: key.clone(),
                total: *total,
                read,
            }),
            _ => None,
        }
    }
}

fn larger(here: &mut Option<(u64, String)>, named: (u64, String)) {
    match here {
        Some((number, _)) if *number >= named.0 => {}
        _ => *here = Some(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(key: &str, value: &str) -> Option<Remark> {
        let normalized = crate::record::field::normalize_key(key);
        Remark::of(Says::of(&normalized)?, key, value)
    }

    #[test]
    fn a_key_says_that_more_follows_unless_its_value_is_nothing() {
        for key in [
            "next",
            "next_page",
            "next_cursor",
            "nextPageToken",
            "nextRecordsUrl",
            "NextToken",
            "LastEvaluatedKey",
            "@odata.nextLink",
            "has_more",
            "hasNextPage",
            "IsTruncated",
        ] {
            for nothing in ["null", "false", "0", "\"\"", "[]", "{}"] {
                assert_eq!(said(key, nothing), None, "{key} {nothing}");
            }
            for something in ["true", "2", "\"x\"", "[1]", "{\"href\":\"x\"}"] {
                let more = said(key, something);
                assert!(matches!(more, Some(Remark::More(_))), "{key} {something}");
            }
        }
        for key in ["done", "jobComplete"] {
            assert_eq!(said(key, "true"), None);
            assert!(matches!(said(key, "false"), Some(Remark::More(_))));
        }
    }

    #[test]
    fn a_key_counts_records_by_its_number_or_that_of_its_value() {
        for key in [
            "total",
            "totalCount",
            "totalSize",
            "total_rows",
            "record_count",
        ] {
            let records = |value| said(key, value);
            let five = Some(Remark::Records(format!("`{key}`"), 5));
            assert_eq!(records("5"), five);
            assert_eq!(records(r#"{"value":5,"relation":"eq"}"#), five);
            assert_eq!(records("null"), None);
        }
    }

    #[test]
    fn a_key_says_that_something_failed_unless_its_value_is_nothing() {
        for (key, well, failed) in [
            ("error", "null", "\"timeout\""),
            ("errors", "[]", "[{\"message\":\"x\"}]"),
            ("timed_out", "false", "true"),
            ("ok", "true", "false"),
            ("success", "true", "false"),
        ] {
            assert_eq!(said(key, well), None, "{key}");
            assert!(
                matches!(said(key, failed), Some(Remark::Failure(_))),
                "{key}"
            );
        }
    }

    fn pages(remarks: &[Remark]) -> Pages {
        let mut pages = Pages::default();
        remarks.iter().for_each(|remark| pages.take(remark.clone()));
        pages
    }

    #[test]
    fn only_the_last_page_must_say_nothing_of_more() {
        let more = Remark::More("`next`".to_owned());
        let whole = pages(&[Remark::Page, more.clone(), Remark::Page]);
        assert_eq!(whole.missing(0), None);
        let first = pages(&[Remark::Page, Remark::Page, more]);
        assert!(matches!(first.missing(0), Some(Missing::More(_))));
    }

    #[test]
    fn page_numbers_run_to_their_total_without_a_gap() {
        let numbered = |numbers: &[u64], total: Option<u64>| {
            let mut remarks = vec![Remark::Page];
            remarks.extend(numbers.iter().copied().map(Remark::Number));
            remarks.extend(total.map(|total| Remark::Pages("`total_pages`".to_owned(), total)));
            match pages(&remarks).missing(0) {
                Some(Missing::Page { number, .. }) => Some(number),
                _ => None,
            }
        };
        assert_eq!(numbered(&[1, 2, 3], Some(3)), None);
        assert_eq!(numbered(&[3, 1, 2], Some(3)), None);
        assert_eq!(numbered(&[0, 1, 2], Some(3)), None);
        assert_eq!(numbered(&[1, 2], None), None);
        assert_eq!(numbered(&[1, 2], Some(3)), Some(3));
        assert_eq!(numbered(&[1, 3], Some(3)), Some(2));
        assert_eq!(numbered(&[2, 3], Some(3)), Some(1));
        assert_eq!(numbered(&[], Some(3)), Some(2));
        assert_eq!(numbered(&[], Some(1)), None);
    }

    fn remark() -> impl Strategy<Value = Remark> {
        prop_oneof![
            Just(Remark::Page),
            Just(Remark::More("`next`".to_owned())),
            (0u64..9).prop_map(|n| Remark::Records("`total`".to_owned(), n)),
            (0u64..5).prop_map(|n| Remark::Pages("`pages`".to_owned(), n)),
            (0u64..5).prop_map(Remark::Number),
            Just(Remark::Failure("`error`".to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(remarks in prop::collection::vec(remark(), 0..12), cut in 0usize..12) {
            let (first, second) = remarks.split_at(cut.min(remarks.len()));
            let mut sum = pages(first);
            sum.add(pages(second));
            prop_assert_eq!(sum, pages(&remarks));
        }
    }
}
