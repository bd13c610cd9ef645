//! What a night says of tickets: what is to be done with each, and what its page says.

use serde_json::Value;

use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"
[[rule]]
id = "mfa"
severity = "low"
title = "A second factor"
remediation = "Set force2fa."
require.force2fa = true
[rule.raise]
to = "critical"
when.hasPci = true
"#;

const OTHER: &str = r#"
[policy]
id = "o"
[[rule]]
id = "factor"
severity = "low"
title = "Another second factor"
require.force2fa = true
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("p.toml", POLICY);
    workspace.write("o.toml", OTHER);
    workspace.create_dir("h");
    workspace
}

/// Runs a night of December, with a history and a page for each slice.
#[track_caller]
fn night(workspace: &Workspace, day: u32, export: &str, more: &str) -> Run {
    workspace.write("e.json", export);
    let args = format!(
        "-q --as-of 2026-12-0{day} --undecided finding --history h --manifest m.json -o \
         out/{{}}.md {more} e.json"
    );
    let run = workspace.run(&args.split(' ').collect::<Vec<_>>());
    check(run.code < 2, "the night is made", &run);
    run
}

/// Returns what the manifest says of each ticket.
fn tickets(workspace: &Workspace) -> Vec<Value> {
    let manifest: Value = serde_json::from_str(&workspace.read("m.json")).expect("JSON");
    let reports = manifest["reports"].as_array().expect("a list").iter();
    let tickets = reports.filter(|report| !report["slice"].is_null());
    tickets.cloned().collect()
}

/// Returns what the manifest says is to be done with each ticket.
fn actions(workspace: &Workspace) -> Vec<String> {
    let tickets = tickets(workspace);
    let mut actions: Vec<_> = tickets
        .iter()
        .map(|ticket| {
            let (slice, action) = (&ticket["slice"], &ticket["action"]);
            let text = |value: &Value| value.as_str().unwrap_or("[none]").to_owned();
            let (by, value, action) = (text(&slice["by"]), text(&slice["value"]), text(action));
            format!("{by} {value}: {action}")
        })
        .collect();
    actions.sort();
    actions
}

fn titles(workspace: &Workspace) -> Vec<String> {
    let tickets = tickets(workspace);
    let titles = tickets.iter().map(|ticket| ticket["title"].as_str());
    titles
        .map(|title| title.expect("text").to_owned())
        .collect()
}

const BAD: &str = r#"[{"id":"a","name":"A","force2fa":false,"hasPci":false},
{"id":"b","force2fa":true,"hasPci":false}]"#;
const GOOD: &str = r#"[{"id":"a","name":"A","force2fa":true},{"id":"b","force2fa":true}]"#;

#[test]
fn a_customer_who_gets_another_owner_closes_one_ticket_and_opens_another() {
    let workspace = workspace();
    // The file has another name every night, and its column always the same.
    let night = |day: u32, owners: &str| {
        let file = format!("owners-{day}.csv");
        workspace.write(&file, owners);
        night(
            &workspace,
            day,
            BAD,
            &format!("-p p.toml --split-by file:{file}"),
        );
        actions(&workspace)
    };
    let first = night(1, "customer_id,owner\na,x\n");
    assert_eq!(first, ["owner x: create"]);
    let second = night(2, "customer_id,owner\na,x\n");
    assert_eq!(second, ["owner x: none"]);
    let third = night(3, "customer_id,owner\na,y\n");
    assert_eq!(third, ["owner x: close", "owner y: create"]);
    let fourth = night(4, "customer_id,owner\n");
    assert_eq!(fourth, ["owner unassigned: create", "owner y: close"]);
}

#[test]
fn a_finding_of_another_severity_closes_one_ticket_and_opens_another() {
    let workspace = workspace();
    let split = "-p p.toml --split-by severity";
    let pci = BAD.replacen(r#""hasPci":false"#, r#""hasPci":true"#, 1);
    night(&workspace, 1, &pci, split);
    assert_eq!(actions(&workspace), ["severity critical: create"]);
    night(&workspace, 2, BAD, split);
    let both = ["severity critical: close", "severity low: create"];
    assert_eq!(actions(&workspace), both);
    night(&workspace, 3, BAD, split);
    assert_eq!(actions(&workspace), ["severity low: none"]);
}

#[test]
fn a_ticket_is_closed_when_all_is_accepted_and_opened_when_that_ends() {
    let workspace = workspace();
    let split = "-p p.toml --split-by customer";
    night(&workspace, 1, BAD, &format!("{split} -o r.json"));
    assert_eq!(actions(&workspace), ["customer a: create"]);
    let report: Value = serde_json::from_str(&workspace.read("r.json")).expect("JSON");
    let name = report["findings"][0]["fingerprint"].as_str().expect("text");
    // It is cut out of a CSV report, with what ends its line.
    let name = format!("{name}\r");
    let mut waive = vec![
        "waive",
        "r.json",
        &name,
        "--reason",
        "r",
        "--approved-by",
        "y",
    ];
    waive.extend(["--requested-by", "x", "--expires", "2026-12-04"]);
    let run = workspace.run(&waive);
    check(run.code == 0, "a waiver is printed", &run);
    workspace.write("w.toml", &run.stdout);
    let split = format!("{split} --waivers w.toml");
    for (day, action) in [(2, "close"), (3, "none"), (4, "create")] {
        night(&workspace, day, BAD, &split);
        let wanted = format!("customer a: {action}");
        assert_eq!(actions(&workspace), [wanted.as_str()], "night {day}");
        let open = match day {
            4 => "1 open finding, most severe low",
            _ => "no open finding, 1 waived",
        };
        assert_eq!(titles(&workspace), [format!("A (a): {open}")]);
        let page = workspace.read("out/a.md");
        let is_shown = page.contains("W-") && page.contains("until 2026-12-04: r (approved by y)");
        assert_eq!(is_shown, day < 4, "{page}");
    }
}

#[test]
fn the_ticket_of_records_without_an_id_is_one_as_long_as_there_are_some() {
    let workspace = workspace();
    let split = "-p p.toml --split-by customer";
    let nameless = BAD.replace(r#""id":"a","#, "");
    for (day, export, action) in [
        (1, nameless.as_str(), "create"),
        (2, nameless.as_str(), "update"),
        (3, GOOD, "close"),
    ] {
        night(&workspace, day, export, split);
        let wanted = format!("customer [none]: {action}");
        assert_eq!(actions(&workspace), [wanted], "night {day}");
        // It is of several customers, or can be.
        assert!(titles(&workspace)[0].starts_with("customer [none]: "));
    }
}

#[test]
fn the_key_of_a_ticket_is_that_of_the_job_or_of_its_policies_in_any_order() {
    let keys = |policies: &str| {
        let workspace = workspace();
        night(
            &workspace,
            1,
            BAD,
            &format!("{policies} --split-by customer"),
        );
        let tickets = tickets(&workspace);
        let keys = tickets.iter().map(|ticket| ticket["key"].to_string());
        keys.collect::<Vec<_>>()
    };
    let both = keys("-p p.toml -p o.toml");
    assert!(both[0].starts_with("\"audit/o+p/customer/"), "{both:?}");
    assert_eq!(keys("-p o.toml -p p.toml"), both);
    let of_job = keys("-p p.toml --job nightly");
    assert!(
        of_job[0].starts_with("\"audit/nightly/customer/"),
        "{of_job:?}"
    );
    assert_eq!(keys("-p p.toml -p o.toml --job nightly"), of_job);
}

#[test]
fn slices_of_one_name_are_of_one_kind() {
    let workspace = workspace();
    workspace.write("e.json", BAD);
    workspace.write("owners.csv", "id,ownerId\na,x\n");
    workspace.write(
        "config.toml",
        r#"
policies = ["p.toml"]
exports = ["e.json"]
[[report]]
file = "a/{}.md"
split-by = "field:ownerId"
[[report]]
file = "b/{}.md"
split-by = "file:owners.csv"
"#,
    );
    let run = workspace.run(&["--config", "config.toml"]);
    check(run.code == 2, "their tickets would be the same", &run);
    assert!(run.stderr.contains("both called `ownerId`"), "{run}");
}

#[test]
fn the_page_of_a_slice_is_about_the_slice_first_and_of_the_run_last() {
    let workspace = workspace();
    let split = "-p p.toml -p o.toml --split-by customer --deadline low=1d -o all.csv";
    let both = BAD.replace(
        r#""b","force2fa":true"#,
        r#""b","name":"B","force2fa":false"#,
    );
    night(&workspace, 1, &both, split);
    let page = workspace.read("out/a.md");
    assert!(
        page.starts_with("# A (a): 2 open findings, most severe low\n"),
        "{page}"
    );
    assert!(
        page.contains("`p/mfa`, `o/factor`"),
        "one fact is one row: {page}"
    );
    let below = |first: &str, second: &str| page.find(first) < page.find(second);
    assert!(below("## Findings", "## What to do"), "{page}");
    assert!(below("## What to do", "## Audited"), "{page}");
    assert!(page.ends_with("see `all.csv`.\n"), "{page}");
    // The record of `a` cannot be read, and `b` is gone.
    workspace.write("e.json", r#"[{"id":"c","force2fa":true},{"id":7"#);
    let args = format!(
        "-q --as-of 2026-12-03 --history h --manifest m.json -o out/{{}}.md {split} e.json"
    );
    let run = workspace.run(&args.split(' ').collect::<Vec<_>>());
    check(run.code == 3, "the export is cut", &run);
    let titles = titles(&workspace);
    let wanted = [
        "A (a): 2 not judged, 2 overdue",
        "B (b): 2 not judged, 2 overdue",
    ];
    assert_eq!(titles, wanted);
    let page = workspace.read("out/a.md");
    assert!(page.contains("## Not judged in this run"), "{page}");
    assert!(
        page.contains("| low | fail | `p/mfa`, `o/factor` |"),
        "{page}"
    );
    assert!(page.contains("- **not complete**: "), "{page}");
    assert!(!page.contains("PASS"), "{page}");
}
