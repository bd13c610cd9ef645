//! Parameters: values that stand once in a policy, and may be given another
//! value where it is extended or run.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::suggest;
use crate::policy::aggregate::Percent;
use crate::policy::error::Error;
use crate::policy::keys::{ParamKey, RootKey, takes_params, takes_span};
use crate::policy::policies::Param;
use crate::record::time::Span;
use crate::toml_reader::{TomlReader, Word, type_name};

/// Holds the parameters of a policy, by name.
#[derive(Debug, Default)]
pub(super) struct Params<'i>(BTreeMap<String, Parameter<'i>>);

/// Holds a parameter, with the value that is in force.
#[derive(Debug)]
struct Parameter<'i> {
    value: DeValue<'i>,
    /// The value as TOML writes it.
    shown: String,
    /// It was given on the command line.
    set: bool,
    /// The index of the file that gives it its value, and the place in it.
    place: (usize, Range<usize>),
    limits: Vec<Limit>,
}

/// Holds the loosest value that a policy allows for a parameter.
#[derive(Debug, Clone, PartialEq)]
struct Limit {
    loosest: f64,
    shown: String,
    /// How looser values compare with it.
    looser: Ordering,
}

impl Limit {
    fn allows(&self, value: &DeValue<'_>) -> bool {
        size(value).is_some_and(|size| size.partial_cmp(&self.loosest) != Some(self.looser))
    }
}

impl<'i> Params<'i> {
    /// Returns all of them, with the values that are in force.
    pub(super) fn in_force(&self) -> Vec<Param> {
        let param = |(name, param): (&String, &Parameter<'_>)| Param {
            name: name.clone(),
            value: param.shown.clone(),
            set: param.set,
        };
        self.0.iter().map(param).collect()
    }

    /// Returns their names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Reads `[params]` of a file; what extends it is read before.
    pub(super) fn read(&mut self, toml: &mut TomlReader, file: usize, root: &DeTable<'i>) {
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
            if let Some((default, loosest)) = default(toml, value) {
                let limit = loosest.and_then(|loosest| limit(toml, default, loosest));
                let known = self.0.entry(name.to_owned());
                let parameter = known.or_insert_with(|| Parameter {
                    value: default.get_ref().clone(),
                    shown: show(default.get_ref()),
                    set: false,
                    place: (file, default.span()),
                    limits: Vec::new(),
                });
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

    /// Reports values that are looser than a policy allows. `readers` are those
    /// of the files.
    pub(super) fn check_limits(&self, readers: &mut [TomlReader]) {
        for param in self.0.values().filter(|param| !param.set) {
            if let Some(limit) = param.exceeded(&param.value) {
                let (file, span) = param.place.clone();
                let message = format!("the loosest value that is allowed is {}", limit.shown);
                readers[file].complain(span, message, None);
            }
        }
    }

    /// Puts the values of parameters where `$name` stands for them.
    pub(super) fn fill_in(&self, toml: &mut TomlReader, root: &mut DeTable<'i>) {
        for (key, value) in root.iter_mut() {
            match RootKey::from_str(key.get_ref()) {
                Ok(RootKey::Policy | RootKey::Check | RootKey::Rule | RootKey::Aggregate) => {
                    self.fill_in_requirements(toml, value);
                }
                Ok(RootKey::Params | RootKey::Fields | RootKey::Override) | Err(_) => {}
            }
        }
    }

    fn fill_in_requirements(&self, toml: &mut TomlReader, value: &mut Spanned<DeValue<'i>>) {
        match value.get_mut() {
            DeValue::Array(items) => {
                for item in items.iter_mut() {
                    self.fill_in_requirements(toml, item);
                }
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    match key.get_ref().as_ref() {
                        name if takes_params(name) => self.fill_in_value(toml, name, value),
                        _ => self.fill_in_requirements(toml, value),
                    }
                }
            }
            _ => {}
        }
    }

    fn fill_in_value(&self, toml: &mut TomlReader, key: &str, value: &mut Spanned<DeValue<'i>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::Array(items) => {
                for item in items.iter_mut() {
                    self.fill_in_value(toml, key, item);
                }
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    self.fill_in_value(toml, key.get_ref(), value);
                }
            }
            DeValue::String(text) => {
                let Some(name) = text.strip_prefix('$') else {
                    return;
                };
                if let Some(text) = name.strip_prefix('$') {
                    // Two stand for one.
                    let text = format!("${text}");
                    *value.get_mut() = DeValue::String(text.into());
                } else if let Some(param) = self.0.get(name) {
                    *value.get_mut() = param.argument(key);
                } else if is_name(name) {
                    let message = format!("no parameter is called `{name}`");
                    let help = match self.0.is_empty() {
                        true => "a parameter is declared under [params]; `$$` stands for one `$`"
                            .to_owned(),
                        false => suggest(name, self.names()),
                    };
                    toml.complain(span, message, Some(help));
                }
            }
            _ => {}
        }
    }
}

impl Parameter<'_> {
    /// Returns the limit that a value is beyond, if there is one.
    fn exceeded(&self, value: &DeValue<'_>) -> Option<&Limit> {
        self.limits.iter().find(|limit| !limit.allows(value))
    }
}

impl<'i> Parameter<'i> {
    /// Takes a value of the command line, or says why it cannot.
    fn set(&mut self, text: &'i str) -> Result<(), String> {
        let value = match DeValue::parse(text) {
            Ok(value) if !matches!(self.value, DeValue::String(_)) => value.into_inner(),
            _ => DeValue::String(text.into()),
        };
        if std::mem::discriminant(&value) != std::mem::discriminant(&self.value) {
            let (is, wanted) = (type_name(&value), type_name(&self.value));
            return Err(format!("it is {is}, and the policy has {wanted} there"));
        }
        if let Some(limit) = self.exceeded(&value) {
            let loosest = &limit.shown;
            return Err(format!(
                "the loosest value that the policy allows is {loosest}"
            ));
        }
        self.shown = show(&value);
        self.value = value;
        self.set = true;
        Ok(())
    }

    /// Returns the value as the argument of a key: where a span of time is
    /// needed, a bare number is one of days.
    fn argument(&self, key: &str) -> DeValue<'i> {
        match &self.value {
            DeValue::Integer(_) if takes_span(key) => {
                DeValue::String(format!("{}d", self.shown).into())
            }
            value => value.clone(),
        }
    }
}

/// Reads a parameter: its value, and the loosest that is allowed.
fn default<'t, 'i>(
    toml: &mut TomlReader,
    value: &'t Spanned<DeValue<'i>>,
) -> Option<(&'t Spanned<DeValue<'i>>, Option<&'t Spanned<DeValue<'i>>>)> {
    let (default, loosest) = match value.get_ref() {
        DeValue::Table(table) => {
            let keys = toml.keys::<ParamKey>(table, "a parameter");
            let Some(default) = keys.value(ParamKey::Default) else {
                let help = "write { default = …, loosest = … }".to_owned();
                toml.complain(value.span(), "a parameter needs a `default`", Some(help));
                return None;
            };
            (default, keys.value(ParamKey::Loosest))
        }
        _ => (value, None),
    };
    if let DeValue::Table(_) = default.get_ref() {
        toml.complain(default.span(), "no argument is a table", None);
        return None;
    }
    Some((default, loosest))
}

fn limit(
    toml: &mut TomlReader,
    default: &Spanned<DeValue<'_>>,
    loosest: &Spanned<DeValue<'_>>,
) -> Option<Limit> {
    let sizes = size(default.get_ref()).zip(size(loosest.get_ref()));
    let order = sizes.and_then(|(default, loosest)| loosest.partial_cmp(&default));
    match (sizes, order) {
        (Some((_, loosest_size)), Some(looser @ (Ordering::Less | Ordering::Greater))) => {
            Some(Limit {
                loosest: loosest_size,
                shown: show(loosest.get_ref()),
                looser,
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
fn is_name(name: &str) -> bool {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(part)
}

/// Returns a number, the hours of a span, or the millionths of a share.
fn size(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(_) | DeValue::Float(_) => show(value).parse().ok(),
        DeValue::String(text) => match Percent::read(text) {
            Some(share) => Some(share.millionths().into()),
            None => Span::read(text).map(|span| span.hours()),
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
