//! A history is a chain of nights: what is done to it shows, and whatever happens to a run,
//! the nights before it stay whole.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

const EXPORT: &str = r#"{"id":"a","name":"A","force2fa":false}
{"id":"b","name":"B","force2fa":true}
"#;

/// A folder with a policy, an export and an empty history.
fn workspace() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    folder.write("e.ndjson", EXPORT);
    folder.create_dir("h");
    folder
}

/// A folder with a history of so many nights.
fn kept(nights: u32) -> Workspace {
    let folder = workspace();
    for day in 1..=nights {
        let run = night(&folder, day, &[]);
        check(run.code == 1, "a night is kept", &run);
    }
    folder
}

/// The name of the night of a day.
fn name(day: u32) -> String {
    format!("2026-11-{day:02}T020000Z")
}

fn as_of(day: u32) -> String {
    format!("2026-11-{day:02}T02:00:00Z")
}

/// Keeps the night of a day.
fn night(folder: &Workspace, day: u32, more: &[&str]) -> Run {
    let (as_of, history) = (as_of(day), folder.arg("h"));
    let mut args = vec!["--as-of", &as_of, "--history", &history];
    args.extend(more);
    folder.audit(&["e.ndjson"], &args)
}

fn verify(folder: &Workspace, more: &[&str]) -> Run {
    let history = folder.arg("h");
    crate::support::audit([["verify", &history].as_slice(), more].concat())
}

/// What `verify` says of the nights and their files.
fn said(run: &Run) -> Vec<&str> {
    let lines = run.text().lines();
    lines.filter(|line| line.starts_with("2026-")).collect()
}

fn file(folder: &Workspace, name: &str) -> std::path::PathBuf {
    folder.path("h").join(name)
}

fn ok(days: &[u32]) -> Vec<String> {
    days.iter()
        .map(|day| format!("{}: OK", name(*day)))
        .collect()
}

#[test]
fn a_history_as_it_was_kept_is_whole_wherever_it_is() {
    let folder = kept(3);
    let run = verify(&folder, &[]);
    check(run.code == 0, "all is as it was", &run);
    assert_eq!(said(&run), ok(&[1, 2, 3]));
    assert!(
        run.text()
            .contains("3 nights: all as they were kept, and none is missing\n"),
        "{run}"
    );
    fs::rename(folder.path("h"), folder.path("moved")).expect("it is moved");
    let run = crate::support::audit(["verify", &folder.arg("moved")]);
    check(run.code == 0, "all is as it was", &run);
}

#[test]
fn a_lost_night_shows() {
    let folder = kept(4);
    fs::remove_file(file(&folder, &format!("{}.manifest.json", name(2)))).expect("it is there");
    let run = verify(&folder, &[]);
    check(run.code == 1, "one is lost", &run);
    let lost = format!(
        "{}: FAILED: it is lost: the night {} names it",
        name(2),
        name(3)
    );
    let unfinished = |file: &str| {
        format!(
            "{}.{file}: not checked: it has no manifest: its run was killed, or the manifest was removed",
            name(2)
        )
    };
    let expected = [
        &ok(&[1])[..],
        &[lost],
        &ok(&[3, 4]),
        &[unfinished("index"), unfinished("ndjson.zst")],
    ];
    assert_eq!(said(&run), expected.concat());
    assert!(run.text().contains("4 nights: 1 not as kept\n"), "{run}");
}

#[test]
fn a_night_that_no_manifest_names_is_said_to_be_passed_over() {
    let folder = kept(1);
    fs::remove_file(file(&folder, &format!("{}.manifest.json", name(1)))).expect("it is there");
    let run = night(&folder, 2, &[]);
    let file = format!(
        "the file {}.ndjson.zst of the history is passed over",
        name(1)
    );
    check(run.stderr.contains(&file), "it may be lost", &run);
    let run = verify(&folder, &[]);
    let says = "1 night: all as they were kept; whether one is missing is not known, as there are \
                files without a manifest\n";
    check(run.text().contains(says), "it may be lost", &run);
}

#[test]
fn reports_of_two_nights_that_are_swapped_show() {
    let folder = kept(1);
    folder.write("e.ndjson", EXPORT.replace("true", "false"));
    check(
        night(&folder, 2, &[]).code == 1,
        "a night",
        &verify(&folder, &[]),
    );
    let [one, two] = [1, 2].map(|day| file(&folder, &format!("{}.ndjson.zst", name(day))));
    let aside = folder.path("aside");
    for (from, to) in [(&one, &aside), (&two, &one), (&aside, &two)] {
        fs::rename(from, to).expect("it is moved");
    }
    let run = verify(&folder, &[]);
    check(run.code == 1, "two are swapped", &run);
    let swapped = |day, of| {
        let (day, of) = (name(day), name(of));
        format!("{day}: FAILED: {day}.ndjson.zst: it is the report of the night {of}")
    };
    assert_eq!(said(&run), [swapped(1, 2), swapped(2, 1)]);
}

#[test]
fn an_edited_night_shows() {
    let folder = kept(3);
    let report = file(&folder, &format!("{}.index", name(1)));
    let mut bytes = fs::read(&report).expect("it is there");
    bytes[0] ^= 1;
    fs::write(&report, bytes).expect("it is written");
    let manifest = file(&folder, &format!("{}.manifest.json", name(2)));
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, text.replace("\"records\": 2", "\"records\": 3")).expect("written");
    let run = verify(&folder, &[]);
    check(run.code == 1, "two are edited", &run);
    let edited = format!("{0}: FAILED: {0}.index: its content has changed", name(1));
    let another = format!(
        "{}: FAILED: its manifest is not the one that the night {} names",
        name(2),
        name(3)
    );
    assert_eq!(said(&run), [&[edited, another][..], &ok(&[3])].concat());
    fs::write(&manifest, "{}").expect("it is written");
    let run = verify(&folder, &[]);
    check(run.code == 1, "it is no manifest", &run);
    let said = said(&run)[1];
    let broken = format!("{}: FAILED: its manifest cannot be read: ", name(2));
    assert!(said.starts_with(&broken), "{said}");
}

#[test]
fn an_added_night_shows() {
    let folder = kept(2);
    check(
        night(&folder, 4, &[]).code == 1,
        "a night",
        &verify(&folder, &[]),
    );
    // Whoever adds one has to make it elsewhere.
    let other = kept(2);
    check(
        night(&other, 3, &[]).code == 1,
        "a night",
        &verify(&other, &[]),
    );
    for ending in ["manifest.json", "index", "ndjson.zst"] {
        let added = format!("{}.{ending}", name(3));
        fs::copy(file(&other, &added), file(&folder, &added)).expect("it is copied");
    }
    let run = verify(&folder, &[]);
    check(run.code == 1, "one is added", &run);
    let added = format!(
        "{}: FAILED: it was added: the night after it, {}, does not name it",
        name(3),
        name(4)
    );
    // The manifest of the other names the night of its own history.
    assert!(said(&run).contains(&added.as_str()), "{run}");
    assert!(said(&run).contains(&ok(&[4])[0].as_str()), "{run}");
}

#[test]
fn nights_that_were_removed_as_too_old_are_not_missed() {
    let folder = kept(3);
    check(
        night(&folder, 9, &["--keep", "3d"]).code == 1,
        "a night",
        &verify(&folder, &[]),
    );
    let run = verify(&folder, &[]);
    check(run.code == 0, "those are removed", &run);
    assert_eq!(said(&run), ok(&[9]));
    // A night that is made again removes nothing that no manifest says to be removed.
    check(night(&folder, 20, &[]).code == 1, "a night", &run);
    check(
        night(&folder, 20, &["--keep", "3d"]).code == 1,
        "a night",
        &run,
    );
    let run = verify(&folder, &[]);
    check(run.code == 0, "none is missing", &run);
    assert_eq!(said(&run), ok(&[9, 20]));
}

#[test]
fn the_newest_complete_night_stays_and_is_checked_though_it_is_too_old() {
    let folder = kept(2);
    folder.write("e.ndjson", EXPORT.replace("true", "\"perhaps\""));
    for day in [10, 11, 20] {
        let run = night(&folder, day, &["--keep", "3d"]);
        check(run.code == 3, "it is not complete", &run);
    }
    let run = verify(&folder, &[]);
    check(run.code == 0, "none is missing", &run);
    assert_eq!(said(&run), ok(&[2, 20]));
    let manifest = file(&folder, &format!("{}.manifest.json", name(2)));
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, text.replace("\"records\": 2", "\"records\": 3")).expect("written");
    let run = verify(&folder, &[]);
    check(run.code == 1, "it is another", &run);
    assert!(
        said(&run)[0].contains("is not the one that the night"),
        "{run}"
    );
}

#[test]
fn a_manifest_that_was_made_again_shows_by_its_digest() {
    let folder = kept(2);
    let run = verify(&folder, &[]);
    let last = run.text().lines().last().expect("a line").to_owned();
    let digest = last.rsplit(' ').next().expect("a word").to_owned();
    let says = format!(
        "the manifest of the newest night, {}, has the SHA-256 ",
        name(2)
    );
    assert!(last.starts_with(&says), "{last}");
    let run = verify(&folder, &["--digest", &digest]);
    check(run.code == 0, "it is the same", &run);
    let run = verify(&folder, &["--digest", &digest.to_uppercase()]);
    check(run.code == 0, "it is the same", &run);
    let other = "0".repeat(64);
    let run = verify(&folder, &["--digest", &other]);
    check(run.code == 1, "it is another", &run);
    let failed = format!("{}: FAILED: no manifest has the SHA-256 {other}\n", name(2));
    assert!(run.text().contains(&failed), "{run}");
    check(night(&folder, 3, &[]).code == 1, "a night", &run);
    let run = verify(&folder, &["--digest", &digest]);
    check(run.code == 1, "it is not the newest", &run);
    let failed = format!(
        "{}: FAILED: it was kept after {}, whose manifest has the SHA-256 {digest}\n",
        name(3),
        name(2)
    );
    assert!(run.text().contains(&failed), "{run}");
    // That of a run is its own.
    let manifest = file(&folder, &format!("{}.manifest.json", name(2)));
    let manifest = manifest.to_str().expect("text");
    let run = crate::support::audit(["verify", manifest, "--digest", &digest]);
    check(run.code == 0, "it is the same", &run);
    let run = crate::support::audit(["verify", manifest, "--digest", &other]);
    check(run.code == 1, "it is another", &run);
    let failed = format!("{manifest}: FAILED: it is another manifest: its SHA-256 is not {other}");
    assert!(run.text().contains(&failed), "{run}");
    assert!(
        run.text()
            .ends_with(&format!("the manifest has the SHA-256 {digest}\n")),
        "{run}"
    );
}

#[test]
fn what_is_no_digest_and_no_history_is_refused() {
    let folder = kept(1);
    let run = verify(&folder, &["--digest", "abc"]);
    check(run.code == 2, "it is no digest", &run);
    assert!(
        run.stderr.contains("a SHA-256 is 64 hexadecimal digits"),
        "{run}"
    );
    folder.create_dir("empty");
    let run = crate::support::audit(["verify", &folder.arg("empty")]);
    check(run.code == 2, "it is empty", &run);
    assert_eq!(
        run.stderr,
        format!("error: history `{}` has no night\n", folder.arg("empty"))
    );
    let run = crate::support::audit(["verify", &folder.arg("")]);
    check(run.code == 2, "it holds something else", &run);
    assert!(
        run.stderr.contains("is no history: it holds `e.ndjson`"),
        "{run}"
    );
}

#[test]
fn a_history_is_not_kept_where_something_else_is() {
    let folder = workspace();
    fs::write(file(&folder, "notes.txt"), "mine").expect("it is written");
    let run = night(&folder, 1, &[]);
    check(run.code == 2, "it holds something else", &run);
    assert_eq!(
        run.stderr,
        format!(
            "error: `{}` is no history: it holds `notes.txt`, and no manifest of a night; name a \
             folder that is empty or a history\n",
            folder.arg("h")
        )
    );
    let names: Vec<_> = fs::read_dir(folder.path("h")).expect("a folder").collect();
    assert_eq!(names.len(), 1, "nothing of ours is left there");
}

#[test]
fn one_run_at_a_time_keeps_a_night() {
    let folder = kept(1);
    folder.make_fifo("slow");
    let (as_of, history) = (as_of(2), folder.arg("h"));
    let args = ["--as-of", &as_of, "--history", &history];
    let mut slow = folder.command();
    slow.args(folder.args(&["slow"], &args));
    let mut slow = slow.stdout(Stdio::null()).spawn().expect("it starts");
    // It has the lock before it opens its export.
    let held = format!(
        "in use by another run, process {}: one night is kept at a time",
        slow.id()
    );
    let lock = file(&folder, ".lock");
    let own = format!("process {}\n", slow.id());
    while fs::read_to_string(&lock).is_ok_and(|holder| holder != own) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let run = night(&folder, 3, &[]);
    check(run.code == 2, "another run has it", &run);
    assert!(run.stderr.contains(&held), "{run}");
    slow.kill().expect("it runs");
    slow.wait().expect("it ends");
    let run = night(&folder, 4, &[]);
    check(run.code == 1, "it is free again", &run);
}

#[test]
fn a_night_that_is_made_again_is_the_same_or_refused() {
    let folder = kept(2);
    let names = [".manifest.json", ".ndjson.zst", ".index"].map(|end| name(2) + end);
    let all = || {
        names
            .clone()
            .map(|name| fs::read(file(&folder, &name)).expect("it is there"))
    };
    let before = all();
    let run = night(&folder, 2, &[]);
    check(run.code == 1, "it is the same", &run);
    assert!(all() == before);
    folder.write("e.ndjson", EXPORT.replace("true", "false"));
    let run = night(&folder, 2, &[]);
    check(run.code == 2, "it is another", &run);
    assert_eq!(
        run.stderr,
        format!(
            "error: history `{}` has another report of the night {}: a night that is made again \
             must be the same; remove its files, or give another --as-of\n",
            folder.arg("h"),
            name(2)
        )
    );
    assert!(all() == before);
    let run = night(&folder, 1, &[]);
    check(run.code == 2, "there is a later one", &run);
    assert!(
        run.stderr.contains("nights are kept in their order"),
        "{run}"
    );
}

#[test]
fn a_damaged_night_is_passed_over_and_the_one_before_it_is_compared_with() {
    for (ending, says) in [
        (".ndjson.zst", ".ndjson.zst: it has 7 bytes, and had "),
        (".manifest.json", "its manifest: "),
    ] {
        let folder = kept(2);
        fs::write(file(&folder, &(name(2) + ending)), "damaged").expect("it is written");
        let run = night(&folder, 3, &[]);
        check(run.code == 1, "it is made all the same", &run);
        let note = format!("the night {} is passed over: ", name(2));
        assert!(
            run.stderr.contains(&note) && run.stderr.contains(says),
            "{run}"
        );
        assert_eq!(run.report()["previous"]["as_of"], as_of(1));
    }
}

/// How often a run is killed.
const KILLS: u64 = 60;

#[test]
fn whenever_a_run_is_killed_the_nights_before_it_are_whole_and_the_next_one_works() {
    let folder = workspace();
    let started = std::time::Instant::now();
    let run = Run::of(
        folder
            .command()
            .args(folder.args(&["e.ndjson"], &["--as-of", "2026-11-01T02:00:00Z"])),
    );
    check(run.code == 1, "a run", &run);
    let usual = started.elapsed();
    let mut day = 0;
    for kill in 0..KILLS {
        let at = chrono::DateTime::UNIX_EPOCH + chrono::Days::new(kill + 1);
        let (at, history) = (at.to_rfc3339(), folder.arg("h"));
        let args = folder.args(&["e.ndjson"], &["--as-of", &at, "--history", &history]);
        let mut command = folder.command();
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut running = command.spawn().expect("it starts");
        // Half of them near the end of a run, where files take their places.
        let share = match kill % 2 {
            0 => f64::from(u32::try_from(kill).expect("few")) / f64::from(60_u32),
            _ => 0.7 + f64::from(u32::try_from(kill).expect("few")) / f64::from(100_u32),
        };
        std::thread::sleep(usual.mul_f64(share));
        let _ = running.kill();
        let _ = running.wait();
        let run = verify(&folder, &[]);
        let is_first = run.code == 2 && run.stderr.ends_with("has no night\n");
        check(run.code == 0 || is_first, "all nights are whole", &run);
        day = kill + 2;
    }
    let at = chrono::DateTime::UNIX_EPOCH + chrono::Days::new(day);
    let run = folder.audit(
        &["e.ndjson"],
        &["--as-of", &at.to_rfc3339(), "--history", &folder.arg("h")],
    );
    check(run.code == 1, "the next one works", &run);
    let run = verify(&folder, &[]);
    check(run.code == 0, "all nights are whole", &run);
}

#[test]
fn a_disk_that_is_full_is_an_error_and_leaves_the_nights_before() {
    let folder = kept(2);
    // An export with so many findings that its report is larger than a file may be.
    let many: String = (0..2000)
        .map(|id| {
            format!(
                "{{\"id\":\"c{id}\",\"name\":\"{}\",\"force2fa\":false}}\n",
                id * 7919
            )
        })
        .collect();
    folder.write("many.ndjson", many);
    let (as_of, history) = (as_of(3), folder.arg("h"));
    let args = ["--as-of", &as_of, "--history", &history];
    let args = folder.args(&["many.ndjson"], &args).join("' '");
    let program = folder.command().get_program().to_owned();
    let program = program.to_str().expect("text");
    let mut shell = std::process::Command::new("sh");
    let limited = format!("ulimit -f 16; exec '{program}' '{args}'");
    let run = Run::of(shell.args(["-c", &limited]).stdout(Stdio::piped()));
    check(run.code == 2, "it cannot be written", &run);
    let run = verify(&folder, &[]);
    check(run.code == 0, "the others are whole", &run);
    assert_eq!(said(&run), ok(&[1, 2]));
    let run = night(&folder, 4, &[]);
    check(run.code == 1, "the next one works", &run);
}
