//! What a partial is a part of: parts of one run agree in all of it.

use serde::{Deserialize, Serialize};

use crate::digest::{self, Hasher};
use crate::report::Header;

/// Says what a partial is a part of. What differs between two of them is named by its field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of the program.
    pub version: String,
    /// The only clock of the run.
    pub as_of: String,
    /// Each policy, by its id, with a digest of all that a report says of it.
    pub policies: Vec<String>,
    /// The digests of the files of waivers.
    pub waivers: Vec<String>,
    /// The options that bear on a record, as the command line gives them.
    pub options: Vec<String>,
    /// The digest of the key of pseudonyms.
    pub pseudonym_key: Option<String>,
    /// The fields that are read.
    pub fields: Vec<String>,
}

impl Identity {
    /// Returns the identity of a run with this header, these options and fields.
    pub fn new(header: &Header, options: Vec<String>, fields: Vec<String>) -> Self {
        let policies = header.policies.iter().map(|policy| {
            let mut hasher = Hasher::default();
            // A header is plain data, and written to memory.
            hasher.update(&serde_json::to_vec(policy).unwrap_or_default());
            format!("{} {}", policy.id, &digest::hex(&hasher.finish()[..8]))
        });
        Self {
            version: header.tool.version.clone(),
            as_of: header.as_of.clone(),
            policies: policies.collect(),
            waivers: header
                .waivers
                .iter()
                .map(|one| one.sha256.clone())
                .collect(),
            options,
            pseudonym_key: header.pseudonym_key.clone(),
            fields,
        }
    }

    /// Returns what differs between this run and that of a partial, in words, if anything
    /// does.
    pub fn difference(&self, partial: &Self) -> Option<String> {
        let Self {
            version,
            as_of,
            policies,
            waivers,
            options,
            pseudonym_key,
            fields,
        } = self;
        let all = |texts: &[String]| match texts {
            [] => "none".to_owned(),
            texts => texts.join(" "),
        };
        let list = |name: &str, here: &[String], there: &[String]| {
            (here != there).then(|| (name.to_owned(), all(there), all(here)))
        };
        let one = |name: &str, here: &String, there: &String| {
            (here != there).then(|| (name.to_owned(), there.clone(), here.clone()))
        };
        let key = |key: &Option<String>| key.iter().cloned().collect::<Vec<_>>();
        let (name, there, here) = one("version", version, &partial.version)
            .or_else(|| one("--as-of", as_of, &partial.as_of))
            .or_else(|| list("policies or parameters", policies, &partial.policies))
            .or_else(|| list("files of waivers", waivers, &partial.waivers))
            .or_else(|| {
                let (here, there) = (key(pseudonym_key), key(&partial.pseudonym_key));
                list("key of --pseudonymise", &here, &there)
            })
            .or_else(|| list("options", options, &partial.options))
            .or_else(|| {
                // What differs is one or two among many.
                let only = |some: &[String], others: &[String]| -> Vec<String> {
                    let some = some.iter().filter(|one| !others.contains(one));
                    some.cloned().collect()
                };
                let here = only(fields, &partial.fields);
                let there = only(&partial.fields, fields);
                let name = "fields (--nights of a shard goes with --since or --history of the \
                            merge, and --split-by with --split-by)";
                (fields != &partial.fields).then(|| (name.to_owned(), all(&there), all(&here)))
            })?;
        Some(format!("{name}: {there}, and here {here}"))
    }
}
