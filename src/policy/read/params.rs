//! Parameters: values that stand once in a policy, and may be given another
//! value where it is extended or run.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::argument::power_of_two;
use super::includes::Family;
use crate::policy::aggregate::Percent;
use crate::policy::error::Error;
use crate::policy::keys::{ParamKey, RootKey, takes_span};
use crate::policy::policies::Param;
use crate::policy::source::{List, PolicyFile, Source};
use crate::record::time::Span;
use crate::text::count;
use crate::toml_reader::{TomlReader, Word, type_name};

/// Holds the parameters of a policy, by name.
#[derive(Debug, Default)]
pub(super) struct Params<'i>(BTreeMap<String, Parameter<'i>>);

/// Holds a parameter: what the files say of it, and where it is used.
#[derive(Debug, Default)]
pub(super) struct Parameter<'i> {
    /// What the files say, with the index of each; the last of them is in force.
    said: Vec<(usize, Said<'i>)>,
    /// The value of the command line, if it gives one.
    set: Option<Said<'i>>,
    limits: Vec<Limit>,
    uses: Vec<Use>,
}

/// Holds a value of a parameter.
#[derive(Debug, Clone)]
struct Said<'i> {
    value: DeValue<'i>,
    /// The value as TOML writes it.
    shown: String,
    /// The file that the list was read from, if it was read from one.
    file: Option<PolicyFile>,
    /// The place in the file that says so.
    span: Range<usize>,
}

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

/// Holds the loosest value that a policy allows for a parameter.
#[derive(Debug, Clone, PartialEq)]
struct Limit {
    loosest: f64,
    shown: String,
    /// How looser values compare with it.
    looser: Ordering,
    /// The index of the file that says so, and the place in it.
    place: (usize, Range<usize>),
}

impl Limit {
    fn allows(&self, value: &DeValue<'_>) -> bool {
        size(value).is_some_and(|size| size.partial_cmp(&self.loosest) != Some(self.looser))
    }
}

/// Names a key whose value is a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// The operator, or the key of a question about the whole export.
    pub(super) key: String,
    /// How looser values compare with stricter ones there, if some are looser.
    pub(super) looser: Option<Ordering>,
    /// The key is part of what must hold, and not of where a rule applies.
    pub(super) in_require: bool,
}

impl<'i> Params<'i> {
    /// Returns all of them, with the values that are in force.
    pub(super) fn in_force(&self) -> Vec<Param> {
        let param = |(name, param): (&String, &Parameter<'_>)| {
            let said = param.in_force()?;
            Some(Param {
                name: name.clone(),
                value: said.words(),
                set: param.set.is_some(),
                file: said.file.clone(),
            })
        };
        self.0.iter().filter_map(param).collect()
    }

    /// Returns the parameters that nothing uses, of those that the file with this index
    /// declares and none before it, with their places.
    pub(super) fn unused(&self, file: usize) -> impl Iterator<Item = (&str, Range<usize>)> {
        let unused = self.0.iter().filter(|(_, param)| param.uses.is_empty());
        unused.filter_map(move |(name, param)| {
            let (first, said) = param.said.first()?;
            (*first == file).then(|| (name.as_str(), said.span.clone()))
        })
    }

    /// Returns their names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the parameter of this name.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Parameter<'i>> {
        self.0.get_mut(name)
    }

    /// Reads `[params]` of the file with this index; what it extends is read before. A
    /// list may lie in a file in `folder`.
    pub(super) fn read(
        &mut self,
        toml: &mut TomlReader,
        (index, source): (usize, &Source),
        folder: Option<&Path>,
        root: &DeTable<'i>,
    ) {
        let Some(value) = root.get(RootKey::Params.word()) else {
            return;
        };
        let Some((table, _)) = toml.table(value, "`[params]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if !is_name(name) {
                let message = format!("no parameter can be called `{name}`");
                let help = "a name is of a to z, digits and hyphens".to_owned();
                toml.complain(key.span(), message, Some(help));
                continue;
            }
            let read = default(toml, value, |file| source.list(file, folder));
            if let Some((said, loosest)) = read {
                let limit = loosest.and_then(|loosest| limit(toml, index, &said.value, loosest));
                let parameter = self.0.entry(name.to_owned()).or_default();
                parameter.said.push((index, said));
                parameter.limits.extend(limit);
            }
        }
    }

    /// Gives parameters the values of the command line.
    pub(super) fn set(&mut self, set: &'i [(String, String)], errors: &mut Vec<Error>) {
        for (name, text) in set {
            let Some(param) = self.0.get_mut(name) else {
                continue;
            };
            if let Err(why) = param.set(text) {
                errors.push(Error::Set {
                    name: name.clone(),
                    value: text.clone(),
                    why,
                });
            }
        }
    }

    /// Reports values that are looser than a policy allows, and those that files give
    /// otherwise without a file that says which. `readers` are those of the files, and
    /// `paths` what they are called.
    pub(super) fn check_values(&self, readers: &mut [TomlReader], paths: &[&str], family: &Family) {
        for (name, param) in &self.0 {
            let last = param.said.last().filter(|_| param.set.is_none());
            if let Some((file, said)) = last
                && let Some(limit) = param.exceeded(&said.value)
            {
                let message = format!("the loosest value that is allowed is {}", limit.shown);
                readers[*file].complain(said.span.clone(), message, None);
            }
            if let Some((one, two)) = family.conflict(&param.said) {
                let ((other, first), (file, second)) = (&param.said[one], &param.said[two]);
                let message = format!("`{}` says {name} = {}", paths[*other], first.shown);
                let help = "give it a value in the policy that extends both".to_owned();
                readers[*file].complain(second.span.clone(), message, Some(help));
            }
        }
    }

    /// Reports a `loosest` on the stricter side of the default, for some key that the
    /// parameter is the value of: then the command line could open the gate.
    pub(super) fn check_limits(&self, readers: &mut [TomlReader]) {
        for (name, param) in &self.0 {
            for limit in &param.limits {
                // What must hold decides, where a parameter also says where rules apply.
                let in_require = param.uses.iter().any(|one| one.in_require);
                let mut counted = param.uses.iter().filter(|one| one.in_require == in_require);
                let wrong = counted.find(|one| one.looser != Some(limit.looser));
                let Some(Use { key, looser, .. }) = wrong else {
                    continue;
                };
                let (message, help) = match looser {
                    None => (
                        format!("no value of `{key}` is looser than another"),
                        format!("leave out `loosest` of `{name}`"),
                    ),
                    Some(looser) => {
                        let (bound, side) = match looser {
                            Ordering::Less => ("lower", "below"),
                            Ordering::Greater | Ordering::Equal => ("higher", "above"),
                        };
                        (
                            format!("as `{key}` uses `{name}`, a {bound} value is looser"),
                            format!("write a `loosest` {side} the default"),
                        )
                    }
                };
                let (file, span) = limit.place.clone();
                readers[file].complain(span, message, Some(help));
            }
        }
    }
}

impl<'i> Parameter<'i> {
    fn in_force(&self) -> Option<&Said<'i>> {
        let said = self.said.last().map(|(_, said)| said);
        self.set.as_ref().or(said)
    }

    /// Returns the limit that a value is beyond, if there is one.
    fn exceeded(&self, value: &DeValue<'_>) -> Option<&Limit> {
        self.limits.iter().find(|limit| !limit.allows(value))
    }

    /// Takes a value of the command line, or says why it cannot.
    fn set(&mut self, text: &'i str) -> Result<(), String> {
        let before = self.in_force().map(|said| &said.value);
        let said = match text.strip_prefix('@') {
            Some(text) if text.starts_with('@') => Said::new(DeValue::String(text.into())),
            Some(path) => {
                let list = List::read(Path::new(path)).map_err(|error| error.line())?;
                Said::list(list, 0..0)
            }
            None => Said::new(match DeValue::parse(text) {
                Ok(value) if !matches!(before, Some(DeValue::String(_))) => value.into_inner(),
                Ok(_) | Err(_) => DeValue::String(text.into()),
            }),
        };
        let kind = std::mem::discriminant::<DeValue<'_>>;
        if let Some(before) = before
            && kind(&said.value) != kind(before)
        {
            let (is, wanted) = (type_name(&said.value), type_name(before));
            return Err(format!("it is {is}, and the policy has {wanted} there"));
        }
        if let Some(limit) = self.exceeded(&said.value) {
            let loosest = &limit.shown;
            return Err(format!(
                "the loosest value that the policy allows is {loosest}"
            ));
        }
        self.set = Some(said);
        Ok(())
    }

    /// Returns the value as the argument of a key, `operand`: where a span of time is
    /// needed, a bare number is one of days.
    pub(super) fn argument(&mut self, operand: &str, used: Use) -> Option<DeValue<'i>> {
        if !self.uses.contains(&used) {
            self.uses.push(used);
        }
        let said = self.in_force()?;
        Some(match &said.value {
            DeValue::Integer(_) if takes_span(operand) => {
                DeValue::String(format!("{}d", said.shown).into())
            }
            value => value.clone(),
        })
    }
}

impl<'i> Said<'i> {
    /// Returns the value for a person: a list in a file may be long.
    fn words(&self) -> String {
        match (&self.file, &self.value) {
            (Some(file), DeValue::Array(items)) => {
                let values = count(items.len() as u64, "value", "values");
                format!("{values} of {}", file.path)
            }
            (Some(_) | None, _) => self.shown.clone(),
        }
    }

    fn new(value: DeValue<'i>) -> Self {
        Self {
            shown: show(&value),
            value,
            file: None,
            span: 0..0,
        }
    }

    fn list(list: List, span: Range<usize>) -> Self {
        let List { file, values } = list;
        let mut items = DeArray::new();
        for value in values {
            items.push(Spanned::new(span.clone(), DeValue::String(value.into())));
        }
        Self {
            file: Some(file),
            span,
            ..Self::new(DeValue::Array(items))
        }
    }
}

/// Reads a parameter: its value, and the loosest that is allowed.
fn default<'t, 'i>(
    toml: &mut TomlReader,
    value: &'t Spanned<DeValue<'i>>,
    list: impl Fn(&str) -> Result<List, Error>,
) -> Option<(Said<'i>, Option<&'t Spanned<DeValue<'i>>>)> {
    let said = |default: &Spanned<DeValue<'i>>| Said {
        span: default.span(),
        ..Said::new(default.get_ref().clone())
    };
    let DeValue::Table(table) = value.get_ref() else {
        return Some((said(value), None));
    };
    let keys = toml.keys::<ParamKey>(table, "a parameter");
    let (default, file) = (keys.value(ParamKey::Default), keys.value(ParamKey::File));
    let loosest = keys.value(ParamKey::Loosest);
    match (default, file) {
        (Some(default), None) => {
            if let DeValue::Table(_) = default.get_ref() {
                toml.complain(default.span(), "no argument is a table", None);
                return None;
            }
            Some((said(default), loosest))
        }
        (None, Some(file)) => {
            if let Some(loosest) = loosest {
                let message = "a list has no `loosest`";
                toml.complain(loosest.span(), message, None);
            }
            let name = toml.text(file, "`file`")?;
            let list = list(&name).map_err(|error| {
                let help = "name a file beside the policy, with a value a line".to_owned();
                toml.complain(file.span(), error.line(), Some(help));
            });
            Some((Said::list(list.ok()?, file.span()), None))
        }
        (Some(_), Some(file)) => {
            let message = "`default` says already what the value is";
            toml.complain(
                file.span(),
                message,
                Some("leave out one of the two".to_owned()),
            );
            None
        }
        (None, None) => {
            let help = "write { default = …, loosest = … } or { file = \"…\" }".to_owned();
            toml.complain(value.span(), "a parameter needs a `default`", Some(help));
            None
        }
    }
}

fn limit(
    toml: &mut TomlReader,
    file: usize,
    default: &DeValue<'_>,
    loosest: &Spanned<DeValue<'_>>,
) -> Option<Limit> {
    let sizes = size(default).zip(size(loosest.get_ref()));
    let order = sizes.and_then(|(default, loosest)| loosest.partial_cmp(&default));
    match (sizes, order) {
        (Some((_, loosest_size)), Some(looser @ (Ordering::Less | Ordering::Greater))) => {
            Some(Limit {
                loosest: loosest_size,
                shown: show(loosest.get_ref()),
                looser,
                place: (file, loosest.span()),
            })
        }
        _ => {
            let message =
                "`loosest` is a number, a span or a share, and not the default".to_owned();
            let help = "from the default to it values get looser".to_owned();
            toml.complain(loosest.span(), message, Some(help));
            None
        }
    }
}

/// Returns whether a name is of a to z, digits and hyphens, a letter first.
pub(super) fn is_name(name: &str) -> bool {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(part)
}

/// Returns a number, the hours of a span, the millionths of a share, or a power of two.
fn size(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(_) | DeValue::Float(_) => show(value).parse().ok(),
        DeValue::String(text) => match (Percent::read(text), power_of_two(text)) {
            (Some(share), _) => Some(share.millionths().into()),
            (None, Some(size)) => Some(size as f64),
            (None, None) => match Span::read(text) {
                Some(span) => Some(span.hours()),
                None => text.parse().ok(),
            },
        },
        _ => None,
    }
}

/// Returns the value as TOML writes it.
fn show(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| show(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(_) => String::new(),
    }
}
