//! What the page shows, and what stands beside what.

use super::Html;
use crate::report::fixture;
use crate::report::format::buffered::{Document as _, Report};
use crate::report::format::kept::Findings;
use crate::report::model::footer::{Footer, Slice};
use crate::report::model::header::Override;
use crate::report::model::row::FindingRow;

/// Returns the page of a report of these findings.
fn page(rows: impl IntoIterator<Item = FindingRow<'static>>, footer: &Footer) -> String {
    let mut header = fixture::header();
    header.policies[0].overrides = vec![Override {
        rule: "mfa".to_owned(),
        change: "severity is high, was low".to_owned(),
        because: "we sell shoes".to_owned(),
    }];
    let report = Report {
        header: &header,
        footer,
        findings: Findings::of(rows),
        left_out: 0,
        rejected: Vec::new(),
        closed: Vec::new(),
        carried: Findings::of([]),
    };
    let mut out = Vec::new();
    Html.write(&report, &mut out).expect("memory");
    String::from_utf8(out).expect("text")
}

/// Returns what is between the heading with this id and the next section.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let start = page.find(&format!("<h2 id=\"{id}\"")).expect("a section");
    let section = &page[start..];
    &section[..section.find("</section>").expect("an end")]
}

/// Returns what a person reads of markup.
fn words(markup: &str) -> String {
    let mut words = String::new();
    let mut is_tag = false;
    for c in markup.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => words.push(c),
            _ => {}
        }
    }
    words
}

#[test]
fn beside_a_framework_nothing_passes_and_nothing_is_compliant() {
    for footer in [fixture::clean(), fixture::incomplete()] {
        let page = page(fixture::rows(), &footer);
        let said = words(section(&page, "controls")).to_lowercase();
        assert!(said.contains("pci dss 4.0.1"), "{said}");
        for word in ["pass", "complian"] {
            assert!(!said.contains(word), "{word} in {said}");
        }
    }
}

#[test]
fn a_control_names_its_rules_how_far_each_goes_and_who_must_evidence_the_rest() {
    let page = page(fixture::rows(), &fixture::incomplete());
    let section = section(&page, "controls");
    let said = words(section);
    for words in [
        "8.4.2",
        "not met",
        "pol/mfa partial",
        "pol/left partial, left out",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(
        said.contains("to be evidenced by the access team"),
        "{said}"
    );
    // What was left out has no criterion to go to.
    assert!(section.contains("<a href=\"#rule-0\"><bdi>pol/mfa</bdi></a>"));
    assert!(section.contains("<div><bdi>pol/left</bdi>"), "{section}");
}

#[test]
fn the_page_of_a_slice_has_no_controls() {
    let mut footer = fixture::incomplete();
    footer.controls.clear();
    footer.summary.slice = Some(Slice {
        by: "customer".to_owned(),
        value: Some("c1".to_owned()),
        customer_name: None,
    });
    let page = page([], &footer);
    assert!(!page.contains("id=\"controls\""), "{page}");
    assert!(!page.contains("href=\"#controls\""), "{page}");
    // So the limits say what no rule tests.
    let limits = section(&page, "exceptions");
    assert!(
        limits.contains("Not tested: PCI DSS 4.0.1 8.2.2"),
        "{limits}"
    );
}

#[test]
fn what_is_signed_says_that_the_audit_is_not_complete_and_why() {
    let signed = |footer: &Footer| words(section(&page([], footer), "signed"));
    let incomplete = signed(&fixture::incomplete());
    assert!(
        incomplete.contains("It came to this: INCOMPLETE:"),
        "{incomplete}"
    );
    assert!(
        incomplete.contains("It is not complete: 2 records could not be read"),
        "{incomplete}"
    );
    let clean = signed(&fixture::clean());
    assert!(clean.contains("It came to this: PASS:"), "{clean}");
}

#[test]
fn the_page_of_a_customer_names_them_and_counts_no_fields_of_others() {
    let mut footer = fixture::incomplete();
    footer.controls.clear();
    footer.summary.slice = Some(Slice {
        by: "customer".to_owned(),
        value: Some("customer-1".to_owned()),
        customer_name: None,
    });
    for rule in footer.summary.by_rule.iter_mut().skip(1) {
        (rule.counts, rule.most_severe) = Default::default();
    }
    let page = page([fixture::row()], &footer);
    let whom = "Example Outfitters (customer customer-1)";
    assert!(
        page.contains(&format!("<title>INCOMPLETE: {whom} ")),
        "{page}"
    );
    assert!(page.contains(&format!("only findings of <bdi>{whom}</bdi>")));
    assert!(!page.contains("id=\"fields\"") && !page.contains("#fields"));
    // A rule that the customer meets is no row of outcomes.
    let rules = section(&page, "rules");
    let (table, _) = rules.split_once("</table>").expect("a table");
    assert!(
        table.contains("pol/mfa") && !table.contains("pol/name"),
        "{table}"
    );
}

#[test]
fn exceptions_are_waivers_with_what_they_accept_and_rules_that_were_changed() {
    let page = page(fixture::rows(), &fixture::incomplete());
    let said = words(section(&page, "exceptions"));
    let waived = fixture::rows().into_iter().filter_map(|row| row.waiver);
    for waiver in waived {
        assert!(said.contains(&*waiver.approved_by), "{said}");
        assert!(said.contains(&*waiver.expires), "{said}");
    }
    assert!(said.contains("1 finding"), "{said}");
    assert!(said.contains("severity is high, was low"), "{said}");
    assert!(said.contains("we sell shoes"), "{said}");
    assert!(!said.contains("No finding was waived"), "{said}");
}

#[test]
fn every_rule_has_its_criterion_and_its_digest_and_there_is_a_block_to_sign() {
    let page = page(fixture::rows(), &fixture::incomplete());
    let said = words(section(&page, "rules"));
    for rule in &fixture::header().policies[0].rules {
        assert!(said.contains(&rule.criterion.require), "{said}");
        assert!(said.contains(&rule.sha256), "{said}");
    }
    let said = words(section(&page, "signed"));
    for part in ["Prepared by", "Reviewed by", "Accepted by", "Signature"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}
