//! What every format must say of the same report.

use super::column::Column;
use super::fixture;
use super::format::factory::new_report;
use super::model::footer::Footer;
use super::model::row::FindingRow;
use super::render::Rendered;
use super::settings::{Format, MaxChars, Screen, Settings};

/// Returns the text of a report with these findings.
fn report(
    format: Format,
    rows: impl Iterator<Item = FindingRow<'static>>,
    footer: &Footer,
) -> String {
    let header = fixture::header();
    let settings = Settings {
        columns: Column::ALL.to_vec(),
        max_chars: MaxChars::default(),
        whole: Vec::new(),
        split_by: None,
    };
    let (renderer, mut reporter) =
        new_report(format, &header, &settings, Screen::NONE).expect("memory");
    let mut out = Vec::new();
    reporter.start(&header, &mut out).expect("memory");
    for row in rows {
        let mut rendered = Rendered::default();
        match renderer.has_room_for(row.severity) {
            true => {
                let found = fixture::found(row);
                renderer.finding(&found, &mut rendered).expect("memory");
            }
            false => rendered.left_out += 1,
        }
        reporter
            .findings(rendered.numbered(0), &mut out)
            .expect("memory");
    }
    if footer.summary.rejected > 0 {
        reporter.rejected(&fixture::rejected()).expect("memory");
    }
    reporter.finish(&header, footer, &mut out).expect("memory");
    text(format, out)
}

fn text(format: Format, report: Vec<u8>) -> String {
    #[cfg(feature = "xlsx")]
    if format == Format::Xlsx {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(report)).expect("an archive");
        let sheets = (1..=4).map(|number| {
            let name = format!("xl/worksheets/sheet{number}.xml");
            let member = archive.by_name(&name).expect("a sheet");
            std::io::read_to_string(member).expect("text")
        });
        return sheets.collect();
    }
    let _ = format;
    String::from_utf8(report).expect("UTF-8")
}

/// What a report says of an audit that is not complete: the verdict and the counts,
/// as far as the format has a place for them.
fn verdict_and_counts(format: Format) -> &'static [&'static str] {
    const SENTENCE: &str = " findings, 1 waived, in 6 records (4 in scope, 2 rejected)";
    match format {
        // Rows are findings, and nothing else.
        Format::Csv => &[],
        Format::Text => &["INCOMPLETE  4", SENTENCE],
        Format::Markdown => &["# Audit: INCOMPLETE", SENTENCE],
        #[cfg(feature = "html")]
        Format::Html => &["<h1>INCOMPLETE</h1>", SENTENCE],
        Format::Json | Format::Ndjson => &[
            "\"complete\":false",
            "\"pass\":14,\"fail\":3,\"error\":1,\"not_applicable\":2,\"waived\":1",
        ],
        Format::Sarif => &[
            "\"executionSuccessful\":false",
            "\"fail\":3",
            "\"error\":1",
            "\"waived\":1",
        ],
        Format::Junit => &[
            "The audit is not complete",
            "name=\"fail\" value=\"3\"",
            "name=\"error\" value=\"1\"",
            "name=\"waived\" value=\"1\"",
        ],
        Format::Oscal => &[
            "INCOMPLETE: ",
            "\"name\":\"fail\",\"ns\":\"urn:audit:oscal\",\"value\":\"3\"",
            "\"name\":\"error\",\"ns\":\"urn:audit:oscal\",\"value\":\"1\"",
        ],
        Format::Ocsf => &["The audit is not complete", "\"rejected\":2"],
        Format::Defectdojo => &["Audit incomplete: ", "2 records could not be read"],
        #[cfg(feature = "xlsx")]
        Format::Xlsx => &[
            "INCOMPLETE",
            "2 records could not be read",
            "<t>findings</t></is></c><c r=\"B5\"><v>4</v>",
        ],
    }
}

/// Whether a format ranks customers.
fn has_ranking(format: Format) -> bool {
    match format {
        Format::Text | Format::Json | Format::Ndjson => true,
        #[cfg(feature = "html")]
        Format::Html => true,
        #[cfg(feature = "xlsx")]
        Format::Xlsx => false,
        Format::Csv
        | Format::Markdown
        | Format::Sarif
        | Format::Junit
        | Format::Oscal
        | Format::Ocsf
        | Format::Defectdojo => false,
    }
}

/// How a finding is known in a report of the format; not at all, if it is not there.
fn known_as(format: Format, row: &FindingRow<'_>) -> Option<String> {
    let by_id = match format {
        Format::Text | Format::Markdown => true,
        // What is waived does not make a test case fail.
        Format::Junit if row.is_waived() => return None,
        Format::Junit => true,
        #[cfg(feature = "html")]
        Format::Html => false,
        #[cfg(feature = "xlsx")]
        Format::Xlsx => false,
        Format::Csv
        | Format::Json
        | Format::Ndjson
        | Format::Sarif
        | Format::Oscal
        | Format::Ocsf
        | Format::Defectdojo => false,
    };
    Some(match by_id {
        true => row
            .whom()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "-[] ".contains(*c))
            .collect(),
        false => row.fingerprint.to_string(),
    })
}

#[test]
fn every_format_says_the_same() {
    for format in Format::ALL.iter().copied() {
        let name = format.name();
        let report = report(format, fixture::rows().into_iter(), &fixture::incomplete());
        for said in verdict_and_counts(format) {
            assert!(report.contains(said), "{name}: {said} in {report}");
        }
        let ranked = report.find("customer-9");
        assert_eq!(ranked.is_some(), has_ranking(format), "{name}");
        if let Some(at) = ranked {
            assert!(report[at..].contains("customer-1"), "{name}: {report}");
        }
        for row in fixture::rows() {
            let known = known_as(format, &row);
            assert!(
                known.is_none_or(|known| report.contains(&known)),
                "{name}: {row:?} in {report}"
            );
        }
    }
}

#[test]
fn nothing_from_data_steers_a_reader_of_any_format() {
    for format in Format::ALL.iter().copied() {
        let report = report(format, fixture::rows().into_iter(), &fixture::incomplete());
        for hostile in ["\u{202e}", "\u{1b}", "\u{ffff}"] {
            assert!(!report.contains(hostile), "{}: {report}", format.name());
        }
    }
}

#[test]
fn a_clean_audit_is_a_pass_in_every_format() {
    for format in Format::ALL.iter().copied() {
        let report = report(format, std::iter::empty(), &fixture::clean());
        let name = format.name();
        assert!(
            !report.to_lowercase().contains("incomplete:"),
            "{name}: {report}"
        );
        let said = match format {
            Format::Text => "PASS  every rule is met in 4 records",
            Format::Markdown => "Every rule is met in 4 records",
            #[cfg(feature = "html")]
            Format::Html => "Every rule is met in 4 records",
            Format::Json | Format::Ndjson => "\"complete\":true",
            Format::Sarif => "\"executionSuccessful\":true",
            Format::Junit => "failures=\"0\" errors=\"0\"",
            Format::Oscal => "\"satisfied\"",
            #[cfg(feature = "xlsx")]
            Format::Xlsx => "PASS",
            // They hold findings alone, and there are none.
            Format::Csv | Format::Ocsf | Format::Defectdojo => continue,
        };
        assert!(report.contains(said), "{name}: {said} in {report}");
    }
}

#[test]
fn what_a_report_has_no_room_for_is_counted() {
    const ALL: u64 = 12_000;
    let mut footer = fixture::incomplete();
    let summary = &mut footer.summary;
    for counts in [&mut summary.counts, &mut summary.by_rule[0].counts] {
        (counts.fail, counts.error, counts.waived) = (ALL, 0, 0);
    }
    for format in Format::ALL
        .iter()
        .copied()
        .filter(|format| !format.is_whole())
    {
        let said = match format {
            Format::Text => "First 20 of 12,000 findings",
            Format::Markdown => "more findings: a csv or json report",
            #[cfg(feature = "html")]
            Format::Html => "2,000 of 12,000 findings are not on this page",
            Format::Sarif => "7,000 findings are left out",
            Format::Junit => "… and 11,980 others",
            Format::Oscal => "2,000 findings are left out",
            // A sheet has room for many more; its own tests fill it.
            #[cfg(feature = "xlsx")]
            Format::Xlsx => continue,
            Format::Csv | Format::Json | Format::Ndjson | Format::Ocsf | Format::Defectdojo => {
                continue;
            }
        };
        let rows = (0..ALL).map(|_| fixture::row());
        let report = report(format, rows, &footer);
        assert!(report.contains(said), "{}: {said}", format.name());
    }
}
