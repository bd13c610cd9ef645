//! What every format must say of the same report.

use super::column::Column;
use super::fixture;
use super::format::factory::new_report;
use super::model::footer::Footer;
use super::model::row::FindingRow;
use super::phrase::WHERE_ALL_ARE;
use super::render::Rendered;
use super::settings::{Format, MaxChars, Screen, Settings};
use crate::policy::Severity;

/// Returns the text of a report with these findings.
fn report(
    format: Format,
    rows: impl Iterator<Item = FindingRow<'static>>,
    footer: &Footer,
) -> String {
    report_with(format, Column::ALL, rows, footer)
}

/// Returns the text of a report with these columns and findings.
fn report_with(
    format: Format,
    columns: &[Column],
    rows: impl Iterator<Item = FindingRow<'static>>,
    footer: &Footer,
) -> String {
    let header = fixture::header();
    let settings = Settings {
        columns: columns.to_vec(),
        max_chars: MaxChars::default(),
        whole: Vec::new(),
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
            .findings(&rendered.numbered(0), &mut out)
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

#[test]
fn no_format_passes_an_audit_that_judged_nothing() {
    for format in Format::ALL.iter().copied() {
        let name = format.name();
        let report = report(format, std::iter::empty(), &fixture::unjudged());
        let says = match format {
            // Rows are findings, and nothing else.
            Format::Csv => "",
            Format::Json | Format::Ndjson => {
                "\"complete\":false,\"incomplete_because\":[{\"code\":\"nothing-judged\",\"count\":1,"
            }
            Format::Text
            | Format::Markdown
            | Format::Sarif
            | Format::Junit
            | Format::Oscal
            | Format::Ocsf
            | Format::Defectdojo => "NOTHING JUDGED",
            #[cfg(feature = "html")]
            Format::Html => "<h1>NOTHING JUDGED</h1>",
            #[cfg(feature = "xlsx")]
            Format::Xlsx => "NOTHING JUDGED",
        };
        assert!(report.contains(says), "{name}: {report}");
        assert!(!report.contains("PASS"), "{name}: {report}");
    }
    let junit = report(Format::Junit, std::iter::empty(), &fixture::unjudged());
    assert!(junit.contains("errors=\"1\""), "{junit}");
    let sarif = report(Format::Sarif, std::iter::empty(), &fixture::unjudged());
    assert!(sarif.contains("\"executionSuccessful\":false"), "{sarif}");
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
        // The first letter is a capital one where a sentence begins.
        let where_all_are = &WHERE_ALL_ARE[1..];
        let expected = match format {
            Format::Text => vec!["First 20 of 12,000 findings"],
            Format::Markdown => vec!["more findings: ", where_all_are],
            #[cfg(feature = "html")]
            Format::Html => vec![
                "2,000 of 12,000 findings are not on this page",
                where_all_are,
            ],
            Format::Sarif => vec!["7,000 findings are left out", where_all_are],
            Format::Junit => vec!["… and 11,980 others"],
            Format::Oscal => vec!["2,000 findings are left out", where_all_are],
            // A sheet has room for many more; its own tests fill it.
            #[cfg(feature = "xlsx")]
            Format::Xlsx => continue,
            Format::Csv | Format::Json | Format::Ndjson | Format::Ocsf | Format::Defectdojo => {
                continue;
            }
        };
        let rows = (0..ALL).map(|_| fixture::row());
        let report = report(format, rows, &footer);
        for said in expected {
            assert!(report.contains(said), "{}: {said}", format.name());
        }
    }
}

#[test]
fn a_finding_that_is_more_severe_than_its_rule_is_so_in_every_format() {
    let raised = FindingRow {
        rule: "name".into(),
        severity: Severity::Critical,
        ..fixture::row()
    };
    for format in Format::ALL.iter().copied() {
        let rows = [raised.clone()].into_iter();
        let report = report(format, rows, &fixture::incomplete());
        let expected = match format {
            Format::Text => vec!["critical  fail  pol/name"],
            Format::Csv => vec!["pol,name,critical,fail"],
            Format::Json | Format::Ndjson => {
                vec!["\"rule\":\"name\",\"severity\":\"critical\",\"status\""]
            }
            Format::Markdown => vec![
                "- **critical** `pol/name`",
                "| critical | fail | `pol/name`",
            ],
            #[cfg(feature = "html")]
            Format::Html => vec![
                "<tr><td><span class=\"sev critical\">critical</span></td>\n<td><span class=\"st fail\">",
                "<summary><span class=\"sev critical\">critical</span> <span class=\"name\"><bdi>The rule name",
                "<dd>low; critical where <bdi>hasPci is true</bdi>, or where that is not known</dd>",
            ],
            // Its own level; the rule has its own too.
            Format::Sarif => vec![
                "\"level\":\"error\",\"locations\"",
                "\"defaultConfiguration\":{\"level\":\"note\"}",
                "\"security-severity\":\"9.5\",\"severity\":\"critical\"",
            ],
            Format::Junit => vec!["<failure type=\"critical\" message=\"critical: 2 not met"],
            Format::Oscal => {
                vec!["\"name\":\"severity\",\"ns\":\"urn:audit:oscal\",\"value\":\"critical\""]
            }
            Format::Ocsf => vec!["\"severity_id\":5,\"severity\":\"Critical\""],
            Format::Defectdojo => vec!["\"severity\":\"Critical\""],
            #[cfg(feature = "xlsx")]
            Format::Xlsx => vec![
                "<t>critical</t>",
                "<t>critical where hasPci is true, or where that is not known</t>",
            ],
        };
        for said in expected {
            assert!(
                report.contains(said),
                "{}: {said} in {report}",
                format.name()
            );
        }
    }
}

#[test]
fn what_bounds_the_evidence_is_in_every_format_that_has_a_place_for_it() {
    let sentences = [
        "Does not show what nobody records.",
        "billingRef may be missing from every record: few have one.",
        "Not tested, left out of this run: left, The rule left.",
        "Not tested: PCI DSS 4.0.1 8.2.2, to be evidenced by the access team.",
    ];
    for format in Format::ALL.iter().copied() {
        let report = report(format, std::iter::empty(), &fixture::clean());
        let name = format.name();
        let expected = match format {
            Format::Text | Format::Sarif | Format::Oscal => sentences.to_vec(),
            #[cfg(feature = "html")]
            Format::Html => sentences.to_vec(),
            #[cfg(feature = "xlsx")]
            Format::Xlsx => [&sentences[..], &["<t>not tested</t>"]].concat(),
            // Dots and the like could be markup.
            Format::Markdown => vec![
                "## Limits of this evidence",
                "Does not show what nobody records",
                "few have one",
                "left out of this run: left",
                "to be evidenced by the access team",
            ],
            Format::Json | Format::Ndjson => vec![
                "\"limits\":[\"Does not show what nobody records\"]",
                "\"optional\":[{\"field\":\"billingRef\"",
                "\"not_tested\":[{\"id\":\"left\"",
                "\"untested_controls\":[{\"framework\":\"PCI DSS 4.0.1\"",
            ],
            Format::Junit => vec![
                "<property name=\"limit\" value=\"Does not show what nobody records.\"/>",
                "<property name=\"optional-field\"",
                "<property name=\"untested-control\"",
                "name=\"left: The rule left\" time=\"0\">\n   <skipped message=\"Not tested: left out of this run\"/>",
            ],
            // They hold findings alone.
            Format::Csv | Format::Ocsf | Format::Defectdojo => continue,
        };
        for said in expected {
            assert!(report.contains(said), "{name}: {said} in {report}");
        }
        // What was not asked has no outcome.
        if format == Format::Sarif {
            assert!(!report.contains("\"id\":\"pol/left\""), "{report}");
        }
    }
}

/// Returns whether a spreadsheet that opens a report of the format would find a
/// formula in it.
fn has_formula(format: Format, report: &str) -> bool {
    match format {
        Format::Csv => {
            let mut reader = csv::Reader::from_reader(report.as_bytes());
            let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
            let mut cells = rows.iter().flat_map(|row| row.iter());
            cells.any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
        }
        #[cfg(feature = "xlsx")]
        Format::Xlsx => report.contains("<f>"),
        #[cfg(feature = "html")]
        Format::Html => false,
        // They are not opened as tables of cells.
        Format::Text
        | Format::Json
        | Format::Ndjson
        | Format::Markdown
        | Format::Sarif
        | Format::Junit
        | Format::Oscal
        | Format::Ocsf
        | Format::Defectdojo => false,
    }
}

#[test]
fn nothing_from_data_is_a_formula_in_any_format() {
    for format in Format::ALL.iter().copied() {
        let report = report(format, fixture::rows().into_iter(), &fixture::incomplete());
        assert!(!has_formula(format, &report), "{}: {report}", format.name());
    }
}

#[test]
fn columns_are_chosen_in_the_formats_that_say_so() {
    for format in Format::ALL.iter().copied() {
        let with = |columns| {
            let rows = fixture::rows().into_iter();
            report_with(format, columns, rows, &fixture::incomplete())
        };
        let differs = with(Column::ALL) != with(&[Column::Rule]);
        assert_eq!(differs, format.has_columns(), "{}", format.name());
    }
}
