//! The house rules of `src`: what a module may use, where a crate may be named,
//! what a `mod.rs` may hold, and how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// The modules of `src`, ground floor first: a module uses only those of the
/// floors below its own, and none beside it.
const FLOORS: &[&[&str]] = &[
    &[
        "bounded_file",
        "closed",
        "closed_stdout",
        "panics",
        "signals",
        "text",
        "unpack",
        "variants",
        "varint",
    ],
    &["digest", "key_table"],
    &["external_sort", "spool"],
    &["diagnostic", "population"],
    &["toml_reader"],
    &["toml_keys"],
    &["record"],
    &["export", "policy"],
    &["waiver"],
    &["finding"],
    &["aggregate"],
    &["totals"],
    &["evaluate"],
    &["auditor", "report"],
    &["partial"],
    &["nights"],
    &["options"],
    &["config", "pipeline"],
    &["manifest"],
    &["history"],
    &["terminal"],
    &["cli"],
    &["command"],
    &["run"],
];

/// A module, and those below it that it must not use all the same.
const APART: &[(&str, &[&str])] = &[
    // A report writes what was found; it neither reads nor decides.
    ("report", &["aggregate", "auditor", "evaluate", "export"]),
];

/// Every crate that the program is built on, and its homes: the files and
/// folders of `src` in which it may be named.
const CRATES: &[(&str, &[&str])] = &[
    // the words in which modules talk to each other
    ("chrono", ANYWHERE),
    ("schemars", ANYWHERE),
    ("serde", ANYWHERE),
    ("strum", ANYWHERE),
    ("thiserror", ANYWHERE),
    // one home each, or one for each use
    ("annotate-snippets", &["diagnostic"]),
    ("anstream", &["terminal"]),
    ("anstyle", &["report/format/paint", "report/format/text"]),
    ("base16ct", &["digest"]),
    ("base64", &["report/format/html"]),
    ("bumpalo", &["export", "policy/example/group", "record"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli", "command/completions"]),
    ("clap_mangen", &["command/man"]),
    ("comfy-table", &["report/format/text"]),
    (
        "csv",
        &[
            "export/header",
            "history/table",
            "report/format/controls",
            "report/format/csv",
            "report/slice_file",
        ],
    ),
    ("csv-core", &["report/format/csv"]),
    ("flate2", &["report/packing", "unpack"]),
    ("glob", &["config/paths"]),
    ("hmac", &["finding/privacy"]),
    (
        "indexmap",
        &[
            "manifest",
            "partial/key_counts",
            "record/unknown_keys",
            "report",
        ],
    ),
    ("indicatif", &["terminal"]),
    ("ipnet", &["policy", "record/network"]),
    (
        "memchr",
        &[
            "export",
            "record/network",
            "report/format/matrix",
            "report/read",
        ],
    ),
    (
        "minijinja",
        &[
            "command/schedule",
            "command/show/page",
            "history/page",
            "report/format/html",
        ],
    ),
    ("percent-encoding", &["report/markup"]),
    ("quick-xml", &["report/format/junit"]),
    ("rayon", &["pipeline", "report/read/skim"]),
    (
        "regex",
        &[
            "finding/redaction",
            "policy/pattern",
            "policy/read/argument",
        ],
    ),
    (
        "regex-automata",
        &["policy/example/automaton", "policy/pattern"],
    ),
    (
        "regex-syntax",
        &["policy/example/automaton", "policy/pattern", "policy/sieve"],
    ),
    ("rust_xlsxwriter", &["report/format/xlsx"]),
    (
        "rustix",
        &[
            "export/interrupt",
            "history/lock",
            "manifest",
            "report/hidden",
            "terminal",
        ],
    ),
    (
        "serde_json",
        &[
            "command",
            "export",
            "history",
            "manifest",
            "nights",
            "partial",
            "policy",
            "record/network/list",
            "report",
        ],
    ),
    ("semver", &["policy"]),
    (
        "sha2",
        &[
            "aggregate/entry",
            "digest",
            "finding/privacy",
            "report/format/html",
        ],
    ),
    ("signal-hook", &["signals"]),
    ("simdutf8", &["export"]),
    ("strsim", &["diagnostic"]),
    (
        "tempfile",
        &[
            "aggregate/group",
            "export/source",
            "external_sort",
            "nights/sorted_file",
            "report",
            "spool",
        ],
    ),
    ("terminal_size", &["terminal"]),
    (
        "toml",
        &[
            "command/test",
            "config",
            "policy/read",
            "toml_reader",
            "waiver",
        ],
    ),
    ("uuid", &["report/format/oscal", "report/format/sarif"]),
    ("wide", &["export/simd", "record/network", "text"]),
    ("zstd", &["partial", "report/packing", "unpack"]),
];

const ANYWHERE: &[&str] = &[""];

/// Lines of a file before its tests; a file whose first line says that it is a
/// table may have more.
const MAX_LINES: usize = 530;

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

/// Comments, texts and characters.
static NOT_CODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r##"(?s)//[^\n]*|/\*.*?\*/|b?r"[^"]*"|b?r#".*?"#|b?"(?:\\.|[^"\\])*""##,
        r"|b?'(?:\\(?:u\{\w+\}|x..|.)|[^\\'\n])'"
    ))
});

/// A file of `src`, without what the program is not made of.
struct Source {
    /// Its path below `src`, without the extension.
    path: String,
    /// Its lines as they are.
    text: String,
    /// Its code, without comments, texts and tests, each line where it was.
    code: String,
}

impl Source {
    fn new(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("UTF-8");
        let code = NOT_CODE.replace_all(&text, |found: &regex::Captures| feeds(&found[0]));
        let path = path.strip_prefix(root).expect("it is below the root");
        Self {
            path: path.with_extension("").to_string_lossy().into_owned(),
            code: without_tests(&code),
            text,
        }
    }

    /// The module that it belongs to.
    fn module(&self) -> &str {
        self.path.split('/').next().expect("a name")
    }

    /// How many `super` lead from it to the root.
    fn depth(&self) -> usize {
        self.path.trim_end_matches("/mod").split('/').count()
    }

    fn is_in(&self, home: &str) -> bool {
        let rest = self.path.strip_prefix(home);
        home.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn complain(&self, byte: usize, what: &str) -> String {
        let line = self.code[..byte].matches('\n').count() + 1;
        format!("src/{}.rs:{line}: {what}", self.path)
    }

    /// The modules that it names, with the byte where each is named.
    fn modules(&self) -> Vec<(usize, String)> {
        let named = pattern(r"\b(crate::|(?:super::)+)(\w+|\{)");
        let found = named.captures_iter(&self.code);
        let from_root = found.filter(|found| {
            let ups = found[1].matches("super").count();
            ups == 0 || ups >= self.depth()
        });
        from_root
            .map(|found| (found.get_match().start(), found[2].to_owned()))
            .collect()
    }

    /// The bytes where it names a crate, unless a module of ours has that name.
    fn names(&self, name: &str) -> Vec<usize> {
        if !self.code.contains(name) {
            return Vec::new();
        }
        let ours =
            format!(r"\bmod {name}\b|\b(?:super|self|crate)(?:::\w+)*::(?:\{{[^}}]*\b)?{name}\b");
        if pattern(&ours).is_match(&self.code) {
            return Vec::new();
        }
        let named = pattern(&format!(r"(?:^|[^\w:])({name})::"));
        let found = named.captures_iter(&self.code);
        found
            .map(|found| found.get(1).expect("a name").start())
            .collect()
    }
}

/// The line feeds of a text alone, so that lines keep their numbers.
fn feeds(text: &str) -> String {
    "\n".repeat(text.matches('\n').count())
}

/// Code without the items under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut rest = code;
    let mut kept = String::new();
    while let Some((before, item)) = rest.split_once("#[cfg(test)]") {
        let mut open = 0;
        let end = item.char_indices().find(|(_, c)| match c {
            '{' => {
                open += 1;
                false
            }
            '}' => {
                open -= 1;
                open == 0
            }
            c => *c == ';' && open == 0,
        });
        let (item, after) = item.split_at(end.map_or(item.len(), |(end, _)| end + 1));
        kept.extend([before, &feeds(item)]);
        rest = after;
    }
    kept + rest
}

/// The files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let files = paths.into_iter().flat_map(|path| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    });
    files.collect()
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files(&root).into_iter();
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let files: Vec<_> = files.map(|path| Source::new(&root, &path)).collect();
    // A file that is a module of tests is declared as one.
    let declared = pattern(r"#\[cfg\(test\)\]\s*(?:pub(?:\(\w+\))? )?mod (\w+);");
    let tests: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let names = declared.captures_iter(&file.text);
            names.map(move |name| format!("{folder}/{}", &name[1]))
        })
        .collect();
    let is_code = |file: &Source| !tests.iter().any(|test| file.is_in(test));
    files.into_iter().filter(is_code).collect()
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn floors(file: &Source) -> Vec<String> {
    let module = file.module();
    if ["lib", "main"].contains(&module) {
        return Vec::new();
    }
    let Some(own) = floor(module) else {
        return vec![file.complain(0, &format!("`{module}` is on no floor"))];
    };
    let apart = APART.iter().filter(|(from, _)| *from == module);
    let apart: Vec<_> = apart.flat_map(|(_, others)| *others).collect();
    let mut wrong = Vec::new();
    for (byte, other) in file.modules() {
        let what = match floor(&other) {
            _ if other == "{" => "a `use` names one module of the root".to_owned(),
            _ if other == module => continue,
            Some(floor) if floor < own && !apart.contains(&&other.as_str()) => continue,
            Some(_) => format!("`{module}` must not use `{other}`"),
            None => format!("`{other}` is on no floor"),
        };
        wrong.push(file.complain(byte, &what));
    }
    wrong
}

fn homes(file: &Source) -> Vec<String> {
    let away = CRATES
        .iter()
        .filter(|(_, homes)| !homes.iter().any(|home| file.is_in(home)));
    away.flat_map(|(name, homes)| {
        let what = format!("`{name}` is for {}", homes.join(", "));
        let places = file.names(&name.replace('-', "_"));
        places
            .into_iter()
            .map(move |byte| file.complain(byte, &what))
    })
    .collect()
}

/// A `mod.rs` declares modules and re-exports what is in them.
fn only_declares(file: &Source) -> Option<String> {
    let allowed = pattern(r"(?:#!?\[[^\]]*\]|(?:pub(?:\([^)]*\))? )?(?:mod \w+;|use [^;]*;)|\s)*");
    let end = allowed.find(&file.code).map_or(0, |found| found.end());
    let is_mod = file.path.ends_with("/mod") && end < file.code.len();
    is_mod.then(|| file.complain(end, "a `mod.rs` declares and re-exports, nothing else"))
}

fn too_long(file: &Source) -> Option<String> {
    let code = file
        .text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let lines = code.lines().count();
    let first = file.text.lines().next().unwrap_or_default();
    let is_table = pattern(r"(?i)\btables?\b").is_match(first);
    (lines > MAX_LINES && !is_table).then(|| {
        format!(
            "src/{}.rs: {lines} lines are more than {MAX_LINES}",
            file.path
        )
    })
}

/// The dependencies of the program, by their names in `Cargo.toml`.
fn dependencies() -> Vec<String> {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().expect("TOML");
    let dependencies = manifest["dependencies"].as_table().expect("a table");
    dependencies.keys().cloned().collect()
}

#[test]
fn every_module_uses_only_those_below_it_and_every_crate_has_its_homes() {
    let mut wrong = Vec::new();
    for file in sources() {
        wrong.extend(floors(&file));
        wrong.extend(homes(&file));
        wrong.extend(only_declares(&file));
        wrong.extend(too_long(&file));
    }
    assert!(
        wrong.is_empty(),
        "{} places:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_dependency_has_a_home() {
    let homeless = dependencies().into_iter();
    let homeless: Vec<_> = homeless
        .filter(|name| !CRATES.iter().any(|(known, _)| known == name))
        .collect();
    assert!(
        homeless.is_empty(),
        "give a home in `CRATES` to {homeless:?}"
    );
}
