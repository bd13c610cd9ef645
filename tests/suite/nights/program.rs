//! The program, run night after night, and its reports held against the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::laws;
use super::model::{Facts, Key, Last, Mode, Since, State, Told, tell};
use super::world::{Instant, Night, words};
use crate::support::{self, Run, Workspace};

/// Whether the program has an option: nights, waivers and the configuration are asked for
/// only where they are.
pub fn has(option: &str) -> bool {
    static HELP: LazyLock<String> = LazyLock::new(|| support::audit(["--help"]).text().to_owned());
    HELP.contains(option)
}

/// Whether a night leaves something in the folder of its history.
pub fn keeps_a_history() -> bool {
    static KEEPS: LazyLock<bool> = LazyLock::new(|| {
        let folder = Workspace::with_policy(
            "[policy]\nid = \"p\"\n\n[[rule]]\nid = \"r\"\n\
             severity = \"low\"\nrequire.force2fa = true\n",
        );
        folder.create_dir("history");
        folder.write("e.ndjson", "{\"id\":\"a\",\"force2fa\":true}\n");
        folder.audit(&["e.ndjson"], &["--history", &folder.arg("history")]);
        fs::read_dir(folder.path("history")).unwrap().count() > 0
    });
    *KEEPS
}

/// How the earlier report is written, so that all that are read are tried.
const BASES: [&str; 4] = ["json", "ndjson", "ndjson.gz", "ndjson.zst"];

/// The longest file that a person wants to read.
const LONGEST: usize = 20_000;

/// Nights in one folder.
pub struct Chain {
    mode: Mode,
    folder: Workspace,
    last: Option<Last>,
    /// The report of last night, and the file that it is in.
    base: Option<(Value, String)>,
    histories: usize,
    nights: usize,
    /// What was done, for a person.
    diary: String,
}

/// What a night was: the report, and what the model says of it.
pub struct Done {
    pub report: Value,
    pub code: i32,
}

impl Chain {
    pub fn new(mode: Mode) -> Self {
        let folder = Workspace::new();
        folder.create_dir("history0");
        Self {
            mode,
            folder,
            last: None,
            base: None,
            histories: 0,
            nights: 0,
            diary: String::new(),
        }
    }

    /// Loses all that is remembered: with `--history` an empty folder takes its place.
    pub fn lose(&mut self) {
        self.last = None;
        self.base = None;
        self.histories += 1;
        self.folder.create_dir(&self.history());
        writeln!(self.diary, "# what is remembered was lost").unwrap();
    }

    fn history(&self) -> String {
        format!("history{}", self.histories)
    }

    /// The arguments of a night whose files are written, and the name of its report.
    fn prepare(&mut self, night: &Night) -> (Vec<String>, String) {
        let number = self.nights;
        let history = self.history();
        let diary = &mut self.diary;
        let mut write = |name: String, text: String| {
            if text.len() < LONGEST {
                writeln!(diary, "cat > {name} <<'EOF'\n{text}EOF").unwrap();
            }
            self.folder.write(&name, text);
            self.folder.arg(&name)
        };
        let mut args = vec!["-f".to_owned(), "json".to_owned()];
        for policy in &night.policies {
            let path = write(format!("{}-{number}.toml", policy.id), policy.text());
            args.extend(["-p".to_owned(), path]);
        }
        if let Some(text) = night.waivers_text() {
            let path = write(format!("waivers-{number}.toml"), text);
            args.extend(["--waivers".to_owned(), path]);
        }
        args.extend(night.args());
        let report = format!("report-{number}.{}", BASES[number % BASES.len()]);
        match (self.mode, &self.base) {
            (Mode::Since, Some((_, base))) => {
                args.extend(["--since".to_owned(), self.folder.arg(base)]);
            }
            (Mode::Since, None) => {}
            (Mode::History, _) => {
                args.extend(["--history".to_owned(), self.folder.arg(&history)]);
            }
        }
        args.extend(["-o".to_owned(), self.folder.arg(&report)]);
        for (index, export) in night.exports.iter().enumerate() {
            // Their names are the same every night.
            let ending = if export.cut { "json" } else { "ndjson" };
            args.push(write(format!("export{index}.{ending}"), export.text()));
        }
        let shown = args.join(" ").replace(&self.folder.arg(""), "");
        writeln!(self.diary, "audit {shown}\n").unwrap();
        (args, report)
    }

    /// Runs a night and holds it against the model and the laws.
    pub fn night(&mut self, night: &Night) -> Result<Done, String> {
        let mut night = night.clone();
        if self.mode == Mode::Since && self.base.is_none() {
            // Without an earlier night, nothing can be asked of the nights.
            night.options.fail_on_new = None;
            night.options.fail_on_overdue = false;
            night.options.deadlines.clear();
        }
        let (args, file) = self.prepare(&night);
        let run = support::audit(&args);
        let checked = self.check(&night, &run, &file);
        self.nights += 1;
        checked.map_err(|wrong| format!("{wrong}\n\n{}", self.diary))
    }

    /// The files of the history, save what a run leaves for the next to wait for. Without
    /// its manifests, what is left is what was found.
    fn files(&self, with_manifests: bool) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.folder.path(&self.history())).unwrap();
        let files = files.map(|file| file.unwrap());
        let files = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
        files
            .filter(|(name, path)| path.is_file() && !name.starts_with('.'))
            .filter(|(name, _)| with_manifests || !name.ends_with(".manifest.json"))
            .map(|(name, path)| (name, fs::read(path).unwrap()))
            .collect()
    }

    /// Runs the last night again. The same bytes change nothing in the folder.
    pub fn again(&mut self, night: &Night, with_manifests: bool) -> Result<(), String> {
        let before = self.files(with_manifests);
        self.nights -= 1;
        let (args, _) = self.prepare(night);
        self.nights += 1;
        let run = support::audit(&args);
        let (report, _) = self.base.as_ref().unwrap();
        let mut wrong = String::new();
        if run.code == 2 || run.report() != *report {
            write!(wrong, "the same night again says something else: {run}").unwrap();
        }
        if self.files(with_manifests) != before {
            wrong += "the same night again changes the folder";
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("{wrong}\n\n{}", self.diary)),
        }
    }

    fn check(&mut self, night: &Night, run: &Run, file: &str) -> Result<Done, String> {
        if run.code == 2 {
            return Err(format!("it was not audited: {run}"));
        }
        let report = run.report();
        // A first run that is not one of a history has no nights to speak of.
        let speaks = self.mode == Mode::History || self.base.is_some();
        let facts = facts(&report);
        let told = tell(night, self.mode, self.last.as_ref(), &facts);
        let mut wrong = Vec::new();
        compare(&told, &report, run.code, speaks, &mut wrong);
        if self.mode == Mode::History {
            compare_reopened(&told, &report, &mut wrong);
        }
        let base = self.base.as_ref();
        if let (true, Some((base, file))) = (speaks, base) {
            laws::hold(base, &report, &mut wrong);
            let previous = &report["previous"];
            if let Mode::Since = self.mode {
                let digest = Sha256::digest(fs::read(self.folder.path(file)).unwrap());
                let digest = base16ct::lower::encode_string(&digest);
                same("previous.sha256", &previous["sha256"], digest, &mut wrong);
            }
            let as_of = self.last.as_ref().map(|last| words(last.as_of));
            same("previous.as_of", &previous["as_of"], as_of, &mut wrong);
        }
        if speaks && base.is_none() && !report["previous"].is_null() {
            wrong.push("`previous` of a first night is not null".to_owned());
        }
        if !wrong.is_empty() {
            return Err(format!("{}{run}", wrong.join("\n")));
        }
        let closed = states(&report);
        self.last = Some(told.then(|key, _| closed[key]));
        self.base = Some((report.clone(), file.to_owned()));
        Ok(Done {
            report,
            code: run.code,
        })
    }
}

fn same(what: &str, is: &Value, wanted: impl Into<Value>, wrong: &mut Vec<String>) {
    let wanted = wanted.into();
    if *is != wanted {
        wrong.push(format!("{what} is {is}, not {wanted}"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn list<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The name of a finding; nothing where it has none.
pub fn key(finding: &Value) -> Option<Key> {
    let customer = finding["customer_id"].as_str().map(str::to_owned);
    let is_of_a_record = finding["record"].is_u64();
    let is_nameless = customer.is_none() && is_of_a_record;
    let key = (text(&finding["policy"]), text(&finding["rule"]), customer);
    (!is_nameless).then_some(key)
}

/// What the model takes from a report as it is.
pub fn facts(report: &Value) -> Facts {
    let summary = &report["summary"];
    let aggregates: BTreeSet<(String, String)> = list(report, "policies")
        .iter()
        .flat_map(|policy| {
            let rules = list(policy, "rules").iter();
            let rules = rules.filter(|rule| rule["aggregate"].is_string());
            rules.map(|rule| (text(&policy["id"]), text(&rule["id"])))
        })
        .collect();
    let mut evidence: BTreeMap<Key, Vec<(String, String)>> = BTreeMap::new();
    for finding in list(report, "findings") {
        let Some(key) = key(finding) else { continue };
        if aggregates.contains(&(key.0.clone(), key.1.clone())) {
            let said = (
                finding["evidence_digest"].to_string(),
                finding["evidence"].to_string(),
            );
            evidence.entry(key).or_default().push(said);
        }
    }
    Facts {
        is_complete: summary["complete"] == true,
        records: summary["records"].as_u64().unwrap(),
        in_scope: summary["in_scope"].as_u64().unwrap(),
        evidence,
    }
}

/// What became of each finding of last night that is no longer found.
fn states(report: &Value) -> BTreeMap<Key, State> {
    const ALL: [State; 6] = [
        State::Fixed,
        State::RuleChanged,
        State::Left,
        State::Gone,
        State::RuleRemoved,
        State::Unknown,
    ];
    let entries = list(report, "closed").iter().chain(list(report, "carried"));
    let states = entries.filter_map(|entry| {
        let customer = entry["customer_id"].as_str().map(str::to_owned);
        let key = (text(&entry["policy"]), text(&entry["rule"]), customer);
        let mut all = ALL.into_iter();
        let state = all.find(|state| entry["state"] == state.word())?;
        Some((key, state))
    });
    states.collect()
}

/// The codes that say that exports were not read whole.
const NOT_WHOLE: [&str; 14] = [
    "rejected",
    "truncated",
    "unreadable",
    "unsupported",
    "more-pages",
    "export-errors",
    "empty-export",
    "no-records",
    "two-places",
    "second-header",
    "double-header",
    "export-changed",
    "expected-missing",
    "no-id",
];

pub fn is_whole(report: &Value) -> bool {
    let because = list(&report["summary"], "incomplete_because");
    let mut codes = because.iter().map(|one| text(&one["code"]));
    !codes.any(|code| NOT_WHOLE.contains(&code.as_str()))
}

fn compare(told: &Told, report: &Value, code: i32, speaks: bool, wrong: &mut Vec<String>) {
    if speaks && !told.exit.contains(&code) || !speaks && code == 2 {
        wrong.push(format!("it ended with {code}, not with {:?}", told.exit));
    }
    if is_whole(report) != told.is_whole {
        wrong.push(format!(
            "that the exports were read whole is {}",
            is_whole(report)
        ));
    }
    let mut met: BTreeMap<Key, Vec<&Value>> = BTreeMap::new();
    let mut nameless = BTreeSet::new();
    for finding in list(report, "findings") {
        match key(finding) {
            Some(key) => met.entry(key).or_default().push(finding),
            None => {
                nameless.insert((
                    text(&finding["policy"]),
                    text(&finding["rule"]),
                    text(&finding["severity"]),
                    text(&finding["status"]),
                ));
            }
        }
    }
    let wanted = told
        .nameless
        .iter()
        .map(|(policy, rule, severity, verdict)| {
            let (severity, status) = (severity.word().to_owned(), verdict.word().to_owned());
            (policy.clone(), rule.clone(), severity, status)
        });
    let wanted: BTreeSet<_> = wanted.collect();
    if nameless != wanted {
        wrong.push(format!("without an id: {nameless:?}, not {wanted:?}"));
    }
    for key in met.keys().filter(|key| !told.found.contains_key(*key)) {
        wrong.push(format!("{key:?} is found and should not be"));
    }
    for (key, found) in &told.found {
        let Some(rows) = met.get(key) else {
            wrong.push(format!("{key:?} is not found"));
            continue;
        };
        let statuses: BTreeSet<String> = rows.iter().map(|row| text(&row["status"])).collect();
        let own = found.life.seen.iter().map(|(verdict, _)| verdict.word());
        let own: BTreeSet<String> = own.map(str::to_owned).collect();
        if statuses != own {
            wrong.push(format!("{key:?} is {statuses:?}, not {own:?}"));
        }
        for row in rows {
            same(
                &format!("{key:?} severity"),
                &row["severity"],
                found.life.severity.word(),
                wrong,
            );
            if !speaks {
                continue;
            }
            let said = (
                row["since"].as_str().unwrap_or("-"),
                row["because"].as_str(),
            );
            let mut allowed = found.since.iter().map(|since| since.words());
            if !allowed.any(|since| since == said) {
                wrong.push(format!("{key:?} is {said:?}, not one of {:?}", found.since));
            }
            lived(key, row, found.life.first_seen, wrong);
            // Of several records, one may be waived while another is not.
            if rows.len() == 1 {
                due(key, row, &found.due, told.as_of, wrong);
            }
        }
    }
    if speaks {
        compare_ended(told, report, wrong);
        compare_counts(told, report, wrong);
    }
}

/// Only a history knows an earlier life.
fn compare_reopened(told: &Told, report: &Value, wrong: &mut Vec<String>) {
    for finding in list(report, "findings") {
        let found = key(finding).and_then(|key| told.found.get(&key));
        if found.is_some_and(|found| found.life.reopened != (finding["reopened"] == true)) {
            wrong.push(format!(
                "{:?} reopened is {}",
                key(finding),
                finding["reopened"]
            ));
        }
    }
}

fn lived(key: &Key, row: &Value, first_seen: Instant, wrong: &mut Vec<String>) {
    let what = format!("{key:?} first_seen");
    same(&what, &row["first_seen"], words(first_seen), wrong);
}

fn due(
    key: &Key,
    row: &Value,
    allowed: &[Option<Instant>],
    as_of: Instant,
    wrong: &mut Vec<String>,
) {
    let allowed: Vec<Value> = allowed.iter().map(|due| due.map(words).into()).collect();
    let due = &row["due"];
    if !allowed.contains(due) {
        wrong.push(format!("{key:?} is due {due}, not one of {allowed:?}"));
    }
    let is_overdue = due.as_str().is_some_and(|due| due <= words(as_of).as_str());
    if !row["overdue"].is_null() || row["since"].is_string() {
        same(
            &format!("{key:?} overdue"),
            &row["overdue"],
            is_overdue,
            wrong,
        );
    }
}

fn compare_ended(told: &Told, report: &Value, wrong: &mut Vec<String>) {
    let said = states(report);
    for key in said.keys().filter(|key| !told.ended.contains_key(*key)) {
        wrong.push(format!("{key:?} has ended and should not have"));
    }
    for (key, ended) in &told.ended {
        match said.get(key) {
            Some(state) if ended.state.contains(state) => {}
            Some(state) => wrong.push(format!(
                "{key:?} is {}, not one of {:?}",
                state.word(),
                ended.state
            )),
            None => wrong.push(format!("{key:?} is lost, not one of {:?}", ended.state)),
        }
    }
    let entries = list(report, "closed").iter().chain(list(report, "carried"));
    for entry in entries {
        let Some(key) = key(entry) else {
            wrong.push(format!("who is this? {entry}"));
            continue;
        };
        let Some(ended) = told.ended.get(&key) else {
            continue;
        };
        lived(&key, entry, ended.life.first_seen, wrong);
        let severity = ended.life.severity.word();
        same(
            &format!("{key:?} severity"),
            &entry["severity"],
            severity,
            wrong,
        );
    }
    for entry in list(report, "carried") {
        let ended = key(entry).and_then(|key| told.ended.get(&key).map(|ended| (key, ended)));
        let Some((key, ended)) = ended else { continue };
        let own: Vec<&str> = ended.life.seen.iter().map(|one| one.0.word()).collect();
        if !own.contains(&entry["status"].as_str().unwrap_or("-")) {
            wrong.push(format!("{key:?} is carried as {}", entry["status"]));
        }
        if ended.life.seen.len() == 1 {
            due(&key, entry, &ended.due, told.as_of, wrong);
        }
    }
}

fn compare_counts(told: &Told, report: &Value, wrong: &mut Vec<String>) {
    let counts = &report["summary"]["since"];
    let said = |name: &str| counts[name].as_u64();
    let ended = states(report);
    for (name, state) in [
        ("fixed", State::Fixed),
        ("rule_changed", State::RuleChanged),
        ("left", State::Left),
        ("gone", State::Gone),
        ("rule_removed", State::RuleRemoved),
        ("unknown", State::Unknown),
    ] {
        let own = ended.values().filter(|one| **one == state).count() as u64;
        if said(name) != Some(own) {
            wrong.push(format!("{name} counts {}, not {own}", counts[name]));
        }
    }
    for name in ["new", "changed", "open"] {
        let is_it = |since: &Since| since.words().0 == name;
        let found = || told.found.values();
        let sure = found()
            .filter(|found| found.since.iter().all(is_it))
            .count();
        let maybe = found()
            .filter(|found| found.since.iter().any(is_it))
            .count();
        // No text says whether a finding without a name counts among the names.
        let nameless = list(report, "findings")
            .iter()
            .filter(|finding| key(finding).is_none());
        let nameless = nameless.filter(|finding| finding["since"] == name).count();
        let allowed = sure as u64..=(maybe + nameless) as u64;
        if !said(name).is_some_and(|count| allowed.contains(&count)) {
            wrong.push(format!("{name} counts {}, not {allowed:?}", counts[name]));
        }
    }
    let is_over = |due: &Option<Instant>| due.is_some_and(|due| due <= told.as_of);
    let carried = told
        .ended
        .iter()
        .filter(|(key, _)| ended.get(*key) == Some(&State::Unknown));
    let all = carried.map(|(_, one)| &one.due);
    let all: Vec<_> = all.chain(told.found.values().map(|one| &one.due)).collect();
    let sure = all.iter().filter(|due| due.iter().all(is_over)).count() as u64;
    let maybe = all.iter().filter(|due| due.iter().any(is_over)).count() as u64;
    if !said("overdue").is_some_and(|count| (sure..=maybe).contains(&count)) {
        wrong.push(format!(
            "overdue counts {}, not {sure} to {maybe}",
            counts["overdue"]
        ));
    }
}
