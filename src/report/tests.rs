//! What every format must say of the same report.

use super::column::Column;
use super::fixture;
use super::format::factory::new_report;
use super::model::ended::Ended;
use super::model::footer::Footer;
use super::model::header::Header;
use super::model::life::{End, Life, Since};
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
    report_of(&fixture::header(), format, columns, rows, &[], footer)
}

/// Returns the text of a report of the run that is compared with a night before.
fn compared(format: Format) -> String {
    let (header, footer) = fixture::compared();
    let rows = fixture::compared_rows().into_iter();
    report_of(
        &header,
        format,
        Column::ALL,
        rows,
        &fixture::ended(),
        &footer,
    )
}

/// Returns the text of a report of a run with this header, findings, and earlier findings
/// that ended.
fn report_of(
    header: &Header,
    format: Format,
    columns: &[Column],
    rows: impl Iterator<Item = FindingRow<'static>>,
    ended: &[Ended<'_>],
    footer: &Footer,
) -> String {
    let settings = Settings {
        columns: columns.to_vec(),
        max_chars: MaxChars::default(),
        whole: Vec::new(),
        listed: Vec::new(),
        job: None,
    };
    let (renderer, mut reporter) =
        new_report(format, header, &settings, Screen::NONE).expect("memory");
    let mut out = Vec::new();
    reporter.start(header, &mut out).expect("memory");
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
    for ended in ended {
        reporter.ended(ended, &mut out).expect("memory");
    }
    if footer.summary.rejected > 0 {
        reporter.rejected(&fixture::rejected()).expect("memory");
    }
    reporter.finish(header, footer, &mut out).expect("memory");
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
        // Its rows are of records, which the made-up report has none of.
        Format::Matrix => &[],
        Format::Controls => &["PCI DSS 4.0.1,8.4.2,not-met,", ",14,3,1,1,2,high,"],
        Format::Metrics => &[
            "audit_complete{job=\"pol\"} 0",
            "audit_records{job=\"pol\",state=\"rejected\"} 2",
            "audit_findings{job=\"pol\",policy=\"pol\",severity=\"high\",status=\"error\"} ",
        ],
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
            Format::Csv | Format::Matrix => "",
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
            Format::Metrics => "audit_policy_judged{job=\"pol\",policy=\"pol\"} 0",
            Format::Controls => "PCI DSS 4.0.1,8.4.2,not-tested,",
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
        | Format::Defectdojo
        | Format::Metrics
        | Format::Controls
        | Format::Matrix => false,
    }
}

/// How a finding is known in a report of the format; not at all, if it is not there.
fn known_as(format: Format, row: &FindingRow<'_>) -> Option<String> {
    let by_id = match format {
        Format::Text | Format::Markdown => true,
        // What is waived does not make a test case fail.
        Format::Junit if row.is_waived() => return None,
        Format::Junit => true,
        // They name no customer.
        Format::Metrics | Format::Controls | Format::Matrix => return None,
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
            Format::Oscal => "\"value\":\"consistent\"",
            #[cfg(feature = "xlsx")]
            Format::Xlsx => "PASS",
            Format::Metrics => "audit_complete{job=\"pol\"} 1",
            Format::Controls => "PCI DSS 4.0.1,8.4.2,consistent,",
            // They hold findings alone, and there are none.
            Format::Csv | Format::Ocsf | Format::Defectdojo | Format::Matrix => continue,
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
            // They count all.
            Format::Metrics | Format::Controls | Format::Matrix => continue,
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
                "- **critical** The rule name: `pol/name`",
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
            Format::Metrics => vec!["severity=\"critical\",status=\"fail\"} 1"],
            // They list no finding.
            Format::Controls | Format::Matrix => continue,
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
            Format::Sarif | Format::Oscal => sentences.to_vec(),
            // Controls have a table of their own.
            Format::Text => [&sentences[..3], &["8.2.2  not tested  "]].concat(),
            #[cfg(feature = "html")]
            Format::Html => [
                &sentences[..3],
                &["<th scope=\"row\"><bdi>8.2.2</bdi></th>\n<td><span class=\"cs not-tested\">not tested</span>"],
                &["to be evidenced by <bdi>the access team</bdi>"],
            ]
            .concat(),
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
            Format::Controls => vec![
                "pol/left (partial, left out)",
                "PCI DSS 4.0.1,8.2.2,not-tested,,0,0,0,0,0,0,,the access team",
            ],
            // They hold findings alone, or counts.
            Format::Csv | Format::Ocsf | Format::Defectdojo | Format::Metrics | Format::Matrix => {
                continue;
            }
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
        | Format::Defectdojo
        | Format::Metrics
        | Format::Controls
        | Format::Matrix => false,
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

/// What a report says of what is new since the night before, as far as the format has a
/// place for it.
fn what_is_new(format: Format) -> &'static [&'static str] {
    const HEADING: &str = "Since 2026-11-25T02:00:00Z (1 day before; same policies)";
    const HEADLINE: &str = "; 2 new, 1 changed, 2 still open or waived, 2 overdue, 1 unknown";
    const WHY: &str = "1 high, 1 low: 1 by a changed rule (pol/name), 1 of customers that changed";
    const AGES: &str = "oldest 41 days; 2 overdue (1 high, 1 low)";
    const DOUBT: &str = "1 whose customer was not read";
    match format {
        Format::Text => &[HEADING, HEADLINE, WHY, AGES, DOUBT, "left 1, gone 2"],
        Format::Markdown => &[
            "Since 2026-11-25T02:00:00Z (1 day before; same policies)",
            HEADLINE,
            "- **2 new**: 1 high, 1 low: 1 by a changed rule (pol/name)",
            AGES,
            DOUBT,
            "## Closed findings",
        ],
        #[cfg(feature = "html")]
        Format::Html => &[
            HEADING,
            HEADLINE, // A slash is escaped.
            "1 high, 1 low: 1 by a changed rule (",
            AGES,
            DOUBT,
            "Closed findings (6)",
        ],
        Format::Json | Format::Ndjson => &[
            "\"since\":{\"new\":2,\"changed\":1,\"open\":2,\"overdue\":2,\"fixed\":3,",
            "\"because\":{\"customer-changed\":1},\"unknown\":{\"customer-not-read\":1},\"oldest\":\"2026-11-17T02:00:00Z\"",
        ],
        Format::Sarif => &[
            "\"fixed\":3",
            "\"baselineState\":\"absent\"",
            "\"state\":\"unknown\"",
        ],
        // What its importer does not find is closed.
        Format::Defectdojo => &["carried-1", "\"unknown\"]"],
        Format::Junit => &[HEADING, WHY, AGES, DOUBT],
        Format::Oscal => &[HEADING, WHY, AGES, DOUBT],
        #[cfg(feature = "xlsx")]
        Format::Xlsx => &[HEADING, WHY, AGES, DOUBT],
        Format::Metrics => &[
            "audit_ended{job=\"pol\",state=\"fixed\"} 3",
            "audit_ended{job=\"pol\",state=\"unknown\"} 1",
            "audit_overdue{job=\"pol\",policy=\"pol\",severity=\"high\"} 1",
        ],
        // They hold findings alone, or controls.
        Format::Csv | Format::Ocsf | Format::Controls | Format::Matrix => &[],
    }
}

/// How a report of the format says how a finding relates to the nights before.
fn said_of(format: Format, row: &FindingRow<'_>, life: &Life) -> Option<String> {
    let since: &str = life.since.into();
    let because = life.because.map_or("", |because| because.into());
    let first_seen = crate::record::time::show(life.first_seen);
    let day = &first_seen[..10];
    let due = life.due.map(crate::record::time::show).unwrap_or_default();
    Some(match format {
        Format::Text => {
            let state = super::since::state(life);
            format!("  {state:16}  {}/{}", row.policy, row.rule)
        }
        // What is waived is due on no day.
        Format::Markdown if row.is_waived() => {
            format!(
                "| {} | `{}` |",
                super::since::history(life),
                row.fingerprint
            )
        }
        Format::Markdown => format!("| {} | {due} |", super::since::history(life)),
        #[cfg(feature = "html")]
        Format::Html => format!("<span class=\"state {since}\">{since}</span>"),
        Format::Csv => format!(",{since},{because},{first_seen},{due}\r\n"),
        Format::Json | Format::Ndjson => {
            format!("\"first_seen\":\"{first_seen}\"")
        }
        Format::Sarif => {
            let state = match life.since {
                Since::New => "new",
                Since::Changed => "updated",
                Since::Open => "unchanged",
            };
            format!("\"baselineState\":\"{state}\"")
        }
        // What is waived does not make a test case fail.
        Format::Junit if row.is_waived() => return None,
        Format::Junit => format!("{} ({}): ", row.status, super::since::history(life)),
        Format::Oscal => {
            format!("\"name\":\"first-seen\",\"ns\":\"urn:audit:oscal\",\"value\":\"{first_seen}\"")
        }
        Format::Ocsf => {
            let (activity, millis) = match life.since {
                Since::New => (1, life.first_seen.timestamp_millis()),
                Since::Changed | Since::Open => (2, life.first_seen.timestamp_millis()),
            };
            assert!(compared(format).contains(&format!("\"activity_id\":{activity},")));
            format!("\"first_seen_time\":{millis}")
        }
        Format::Defectdojo => format!("\"date\":\"{day}\""),
        Format::Controls | Format::Matrix => return None,
        Format::Metrics => format!(
            "severity=\"{}\",status=\"{}\",since=\"{since}\"}} 1\n",
            row.severity, row.status
        ),
        #[cfg(feature = "xlsx")]
        Format::Xlsx => format!("<t>{since}</t>"),
    })
}

#[test]
fn every_format_says_the_same_of_what_is_new() {
    for format in Format::ALL.iter().copied() {
        let (name, report) = (format.name(), compared(format));
        for said in what_is_new(format) {
            assert!(report.contains(said), "{name}: {said} in {report}");
        }
        for row in fixture::compared_rows() {
            let life = row.life.expect("a life");
            if let Some(said) = said_of(format, &row, &life) {
                assert!(report.contains(&said), "{name}: {said} in {report}");
            }
        }
        for hostile in ["\u{202e}", "\u{1b}", "\u{ffff}"] {
            assert!(!report.contains(hostile), "{name}: {report}");
        }
        assert!(!has_formula(format, &report), "{name}: {report}");
    }
}

#[test]
fn what_is_to_be_looked_at_comes_first() {
    for format in [
        Format::Text,
        Format::Markdown,
        #[cfg(feature = "html")]
        Format::Html,
        Format::Sarif,
    ] {
        let report = compared(format);
        let findings = match format {
            Format::Text => {
                report
                    .split_once("\nFindings, what is new")
                    .expect("findings")
                    .1
            }
            Format::Markdown => report.split_once("## New and").expect("findings").1,
            #[cfg(feature = "html")]
            Format::Html => {
                report
                    .split_once("<table class=\"findings\">")
                    .expect("findings")
                    .1
            }
            _ => report.as_str(),
        };
        // The new, the changed, the overdue and the waived, which is known.
        let known = match format {
            Format::Text | Format::Markdown => {
                ["customer-1", "[no id]", "[the export]", "customer-4"].map(str::to_owned)
            }
            _ => ["f1", "f2", "f5", "f4"].map(|one| one.repeat(16)),
        };
        let places: Vec<_> = known
            .iter()
            .map(|one| findings.find(one.as_str()))
            .collect();
        assert!(
            places.iter().all(Option::is_some),
            "{}: {findings}",
            format.name()
        );
        assert!(
            places.is_sorted(),
            "{}: {places:?} in {findings}",
            format.name()
        );
    }
}

#[test]
fn what_is_closed_is_an_event_or_a_result_where_readers_ask_for_it() {
    let is_in = |format: Format, closed: &super::Closed| {
        let report = compared(format);
        report.contains(&closed.fingerprint)
    };
    for format in Format::ALL.iter().copied() {
        let lists = match format {
            Format::Json | Format::Ndjson | Format::Sarif | Format::Ocsf => true,
            #[cfg(feature = "html")]
            Format::Html => true,
            // It names them.
            Format::Markdown => false,
            Format::Text
            | Format::Csv
            | Format::Junit
            | Format::Oscal
            | Format::Defectdojo
            | Format::Metrics
            | Format::Controls
            | Format::Matrix => false,
            #[cfg(feature = "xlsx")]
            Format::Xlsx => false,
        };
        for ended in fixture::ended() {
            if let Ended::Closed(closed) = ended {
                assert_eq!(is_in(format, &closed), lists, "{}", format.name());
            }
        }
    }
    let markdown = compared(Format::Markdown);
    assert!(
        markdown.contains(
            "- gone: `pol/mfa` of `closed-5` `Was Here`, high, first seen 2026-11-21T02:00:00Z"
        ),
        "{markdown}"
    );
    let events = compared(Format::Ocsf);
    let closes = events
        .lines()
        .filter(|line| line.contains("\"activity_id\":3,"));
    let closes: Vec<serde_json::Value> = closes
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let met = closes
        .iter()
        .map(|event| event["compliance"]["status"].as_str().expect("a status"));
    assert_eq!(
        met.collect::<Vec<_>>(),
        ["Pass", "Pass", "Pass", "Unknown", "Unknown", "Unknown"]
    );
    assert!(
        closes
            .iter()
            .all(|event| event["status"] == "Resolved" && event["type_uid"] == 200_303)
    );
    assert_eq!(
        closes.last().map(|event| &event["unmapped"]["state"]),
        Some(&End::Gone.as_ref().into())
    );
}

#[test]
fn a_run_that_is_compared_with_nothing_has_no_states_in_any_format() {
    for format in Format::ALL
        .iter()
        .copied()
        .filter(|format| !format.has_columns())
    {
        let report = report(format, fixture::rows().into_iter(), &fixture::incomplete());
        for said in [
            "\"since",
            "first_seen",
            "first-seen",
            "baselineState",
            "by-state\"",
            "still open",
        ] {
            // The script of the page names its own parts.
            let report = report.split("\"use strict\"").next().unwrap_or_default();
            assert!(
                !report.contains(said),
                "{}: {said} in {report}",
                format.name()
            );
        }
    }
}

#[test]
fn what_could_not_be_judged_is_listed_where_it_would_seem_to_be_gone() {
    for format in [
        Format::Text,
        Format::Markdown,
        #[cfg(feature = "html")]
        Format::Html,
        Format::Json,
        Format::Ndjson,
        Format::Sarif,
        Format::Defectdojo,
    ] {
        let report = compared(format);
        assert!(report.contains("carried-1"), "{}: {report}", format.name());
    }
}
