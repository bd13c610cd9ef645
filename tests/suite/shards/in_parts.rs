//! Runs an audit as a whole and in parts, and holds one against the other.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Run, Workspace, check};

/// The instant of all runs here.
pub const AS_OF: &str = "2026-10-01T00:00:00Z";

/// A run that is to be made in parts.
#[derive(Clone, Debug)]
pub struct InParts {
    /// The names of its exports.
    pub exports: Vec<String>,
    /// What a run, its parts and their merge are given.
    pub judging: Vec<String>,
    /// What parts alone are given.
    pub sharding: Vec<String>,
    /// What a run and a merge are given.
    pub reporting: Vec<String>,
    pub parts: u64,
}

/// The reports that a run writes, by name, in a folder that is always called alike: some
/// name others.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The reports in all formats, as options.
pub fn all_formats() -> Vec<String> {
    let names = [
        "r.csv",
        "r.json",
        "r.ndjson.zst",
        "r.html",
        "r.md",
        "r.sarif",
        "r.xlsx",
        "r.prom",
        "r.txt",
        "junit:r.junit.xml",
        "ocsf:r.ocsf.json",
        "oscal:r.oscal.json",
        "defectdojo:r.dojo.json",
        "controls:r.controls.csv",
    ];
    names
        .iter()
        .flat_map(|name| {
            let path = match name.split_once(':') {
                Some((format, path)) => format!("{format}:out/{path}"),
                None => format!("out/{name}"),
            };
            ["-o".to_owned(), path]
        })
        .collect()
}

impl InParts {
    /// A run of these exports by `policy.toml`, in so many parts, with all reports.
    pub fn new(exports: &[&str], parts: u64) -> Self {
        Self {
            exports: exports.iter().map(|name| (*name).to_owned()).collect(),
            judging: ["-p", "policy.toml", "--as-of", AS_OF]
                .map(str::to_owned)
                .to_vec(),
            sharding: Vec::new(),
            reporting: all_formats(),
            parts,
        }
    }

    pub fn judged(mut self, options: &[&str]) -> Self {
        self.judging
            .extend(options.iter().map(|one| (*one).to_owned()));
        self
    }

    pub fn sharded(mut self, options: &[&str]) -> Self {
        self.sharding
            .extend(options.iter().map(|one| (*one).to_owned()));
        self
    }

    pub fn reported(mut self, options: &[&str]) -> Self {
        self.reporting
            .extend(options.iter().map(|one| (*one).to_owned()));
        self
    }

    /// What the whole run leaves behind.
    pub fn whole(&self, workspace: &Workspace) -> (Run, Files) {
        let args = [&self.judging, &self.reporting, &self.exports];
        reports(workspace, |w| {
            run(w, &args.map(|one| one.as_slice()).concat())
        })
    }

    /// Makes a part, and returns the name of its file.
    pub fn shard(&self, workspace: &Workspace, part: &str) -> (String, Run) {
        let into = format!("{}.part", part.replace('/', "-of-"));
        let made = self.shard_into(workspace, part, &into);
        (into, made)
    }

    pub fn shard_into(&self, workspace: &Workspace, part: &str, into: &str) -> Run {
        let command = ["shard", "-q", "--part", part, "--into", into].map(str::to_owned);
        let args = [
            command.as_slice(),
            &self.judging,
            &self.sharding,
            &self.exports,
        ];
        run(workspace, &args.concat())
    }

    /// Makes all parts; returns the names of their files.
    pub fn shards(&self, workspace: &Workspace) -> Vec<String> {
        let parts = (1..=self.parts).map(|part| {
            let (into, made) = self.shard(workspace, &format!("{part}/{}", self.parts));
            check(made.code == 0, "a part", &made);
            into
        });
        parts.collect()
    }

    /// What a merge of these partials leaves behind.
    pub fn merged(&self, workspace: &Workspace, partials: &[String]) -> (Run, Files) {
        let command = ["merge".to_owned()];
        let args = [command.as_slice(), &self.judging, &self.reporting, partials];
        reports(workspace, |w| run(w, &args.concat()))
    }

    /// What a merge of these partials leaves behind, once parts that were cut at a wrong place
    /// have been made again as it says; and how many of those there were.
    pub fn repaired(
        &self,
        workspace: &Workspace,
        mut partials: Vec<String>,
    ) -> (Run, Files, usize) {
        let mut repaired = 0;
        loop {
            let (merged, files) = self.merged(workspace, &partials);
            if merged.code != 2 || !merged.stderr.contains("make again, as one") {
                return (merged, files, repaired);
            }
            assert_eq!(files, Files::new(), "no report is touched");
            let (again, instead) = merged.stderr.split_once("and merge that").unwrap();
            let named = |text: &str, mark: &str| -> Vec<String> {
                let named = text.split(mark).skip(1);
                named
                    .map(|one| one.split(['`', ',', ' ', '\n']).next().unwrap().to_owned())
                    .collect()
            };
            let instead: Vec<_> = instead.split('`').skip(1).step_by(2).collect();
            partials.retain(|partial| !instead.contains(&partial.as_str()));
            for part in named(again, "--part ") {
                repaired += 1;
                let (into, made) = self.shard(workspace, &part);
                check(made.code == 0, "a repair", &made);
                partials.push(into);
            }
        }
    }

    /// Holds a merge of all parts against the whole run; returns the code.
    pub fn is_the_same(&self, workspace: &Workspace, what: &str) -> i32 {
        let partials = self.shards(workspace);
        self.is_the_same_of(workspace, partials, what)
    }

    pub fn is_the_same_of(&self, workspace: &Workspace, partials: Vec<String>, what: &str) -> i32 {
        let (whole, wanted) = self.whole(workspace);
        let (merged, files, _) = self.repaired(workspace, partials);
        let what = format!("{what}: {whole}\n\nmerged: ");
        check(merged.code == whole.code, &what, &merged);
        check(merged.stdout == whole.stdout, &what, &merged);
        check(merged.stderr == whole.stderr, &what, &merged);
        for (name, bytes) in &wanted {
            check(
                files.get(name) == Some(bytes),
                &format!("{what}{name}"),
                &merged,
            );
        }
        assert_eq!(files.len(), wanted.len(), "{what}");
        whole.code
    }
}

/// Runs the program in a folder.
fn run(workspace: &Workspace, args: &[String]) -> Run {
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    workspace.run(&args)
}

/// Takes the reports that a run leaves in `out`.
fn reports(workspace: &Workspace, run: impl FnOnce(&Workspace) -> Run) -> (Run, Files) {
    workspace.create_dir("out");
    let run = run(workspace);
    let mut files = Files::new();
    for name in names_in(workspace, "out") {
        files.insert(
            name.clone(),
            fs::read(workspace.path("out").join(name)).unwrap(),
        );
    }
    fs::remove_dir_all(workspace.path("out")).unwrap();
    (run, files)
}

pub fn names_in(workspace: &Workspace, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(workspace.path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
