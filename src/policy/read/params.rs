//! Parameters: values that stand once in a policy, and may be given another
//! value where it is extended or run.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Reader, article};
use crate::policy::Param;
use crate::policy::aggregate::{AGGREGATES, Percent};
use crate::policy::error::{Error, suggest};

/// The keys under which parameters can stand, beside those of rules over the
/// whole export.
const ARGUED: [&str; 3] = ["scope", "when", "require"];

/// The parameters of a policy, by name.
#[derive(Debug, Default)]
pub(super) struct Params<'i>(BTreeMap<String, Parameter<'i>>);

/// A parameter, with the value that is in force.
#[derive(Debug)]
struct Parameter<'i> {
    value: DeValue<'i>,
    /// As TOML writes it.
    shown: String,
    set: bool,
    /// The file that gives it its value, and where.
    place: (usize, Range<usize>),
    limits: Vec<Limit>,
}

/// The loosest value that a policy allows for a parameter.
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

impl Params<'_> {
    /// All of them, with the values that are in force.
    pub(super) fn in_force(&self) -> Vec<Param> {
        let param = |(name, param): (&String, &Parameter)| Param {
            name: name.clone(),
            value: param.shown.clone(),
            set: param.set,
        };
        self.0.iter().map(param).collect()
    }
}

impl<'s> Reader<'s> {
    /// `[params]` of a file; what extends it has been read before.
    pub(super) fn read_params<'i>(&mut self, root: &DeTable<'i>, params: &mut Params<'i>) {
        let Some(value) = root.get("params") else {
            return;
        };
        let Some((table, _)) = self.table(value, "`[params]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if !is_name(name) {
                let message = format!("no parameter can be called `{name}`");
                let help = "a name is of a to z, digits and hyphens".to_owned();
                self.complain(key.span(), message, Some(help));
                continue;
            }
            let (default, loosest) = match value.get_ref() {
                DeValue::Table(table) => {
                    let names = ["default", "loosest"];
                    let [default, loosest] = self.keys(table, names, "a parameter");
                    let Some((_, default)) = default else {
                        let help = "write { default = …, loosest = … }".to_owned();
                        self.complain(value.span(), "a parameter needs a `default`", Some(help));
                        continue;
                    };
                    (default, loosest.map(|(_, loosest)| loosest))
                }
                _ => (value, None),
            };
            if let DeValue::Table(_) = default.get_ref() {
                self.complain(default.span(), "no argument is a table", None);
                continue;
            }
            let limit = loosest.and_then(|loosest| self.limit(default, loosest));
            let place = (self.file, default.span());
            let known = params.0.entry(name.to_owned());
            let parameter = known.or_insert_with(|| Parameter {
                value: default.get_ref().clone(),
                shown: show(default.get_ref()),
                set: false,
                place,
                limits: Vec::new(),
            });
            parameter.limits.extend(limit);
        }
    }

    fn limit(
        &mut self,
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
                self.complain(loosest.span(), message, Some(help));
                None
            }
        }
    }

    /// Gives parameters the values of the command line, and looks whether all
    /// values are allowed.
    pub(super) fn set_params<'i>(&mut self, params: &mut Params<'i>, errors: &mut Vec<Error>)
    where
        's: 'i,
    {
        self.known_params.extend(params.0.keys().cloned());
        for (name, text) in self.set {
            let Some(param) = params.0.get_mut(name) else {
                continue;
            };
            let error = |why| Error::Set {
                name: name.clone(),
                value: text.clone(),
                why,
            };
            let value = match DeValue::parse(text) {
                Ok(value) if !matches!(param.value, DeValue::String(_)) => value.into_inner(),
                _ => DeValue::String(text.as_str().into()),
            };
            if std::mem::discriminant(&value) != std::mem::discriminant(&param.value) {
                let (is, wanted) = (article(&value), article(&param.value));
                errors.push(error(format!(
                    "it is {is}, and the policy has {wanted} there"
                )));
                continue;
            }
            match param.limits.iter().find(|limit| !limit.allows(&value)) {
                Some(limit) => errors.push(error(format!(
                    "the loosest value that the policy allows is {}",
                    limit.shown
                ))),
                None => {
                    param.shown = show(&value);
                    param.value = value;
                    param.set = true;
                }
            }
        }
        for param in params.0.values().filter(|param| !param.set) {
            if let Some(limit) = param
                .limits
                .iter()
                .find(|limit| !limit.allows(&param.value))
            {
                let (file, span) = param.place.clone();
                let message = format!("the loosest value that is allowed is {}", limit.shown);
                self.complain_of(file, span, message, None);
            }
        }
    }

    /// Parameters of the command line that no policy has.
    pub(in crate::policy) fn unused(&self) -> Vec<Error> {
        let mut names: Vec<_> = self.known_params.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let is_unused = |(name, _): &&(String, String)| !names.contains(&name.as_str());
        let unused = self.set.iter().filter(is_unused);
        let error = |(name, _): &(String, String)| Error::NoParam {
            name: name.clone(),
            hint: match names.is_empty() {
                true => "there are none".to_owned(),
                false => suggest(name, names.iter().copied()),
            },
        };
        unused.map(error).collect()
    }

    /// Puts the values of parameters where `$name` stands for them.
    pub(super) fn fill_in<'i>(&mut self, root: &mut DeTable<'i>, params: &Params<'i>) {
        for (key, value) in root.iter_mut() {
            if matches!(
                key.get_ref().as_ref(),
                "policy" | "check" | "rule" | "aggregate"
            ) {
                self.fill_in_requirements(value, params);
            }
        }
    }

    fn fill_in_requirements<'i>(&mut self, value: &mut Spanned<DeValue<'i>>, params: &Params<'i>) {
        match value.get_mut() {
            DeValue::Array(items) => {
                for item in items.iter_mut() {
                    self.fill_in_requirements(item, params);
                }
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    match key.get_ref().as_ref() {
                        name if ARGUED.contains(&name) || AGGREGATES.contains(&name) => {
                            self.fill_in_value(name, value, params)
                        }
                        _ => self.fill_in_requirements(value, params),
                    }
                }
            }
            _ => {}
        }
    }

    fn fill_in_value<'i>(
        &mut self,
        key: &str,
        value: &mut Spanned<DeValue<'i>>,
        params: &Params<'i>,
    ) {
        let span = value.span();
        match value.get_mut() {
            DeValue::Array(items) => {
                for item in items.iter_mut() {
                    self.fill_in_value(key, item, params);
                }
            }
            DeValue::Table(table) => {
                for (key, value) in table.iter_mut() {
                    self.fill_in_value(key.get_ref(), value, params);
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
                } else if let Some(param) = params.0.get(name) {
                    *value.get_mut() = match (key, &param.value) {
                        ("older-than" | "newer-than" | "within", DeValue::Integer(_)) => {
                            DeValue::String(format!("{}d", param.shown).into())
                        }
                        (_, value) => value.clone(),
                    };
                } else if is_name(name) {
                    let message = format!("no parameter is called `{name}`");
                    let known: Vec<_> = params.0.keys().collect();
                    let help = match known.is_empty() {
                        true => {
                            "parameters stand under [params]; `$$` stands for one `$`".to_owned()
                        }
                        false => suggest(name, known.into_iter().map(String::as_str)),
                    };
                    self.complain(span, message, Some(help));
                }
            }
            _ => {}
        }
    }
}

/// Of a to z, digits and hyphens, a letter first.
fn is_name(name: &str) -> bool {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(part)
}

/// A number, the hours of a span, or a share.
fn size(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(_) | DeValue::Float(_) => show(value).parse().ok(),
        DeValue::String(text) => match Percent::read(text) {
            Some(share) => Some(share.size()),
            None => crate::record::time::Span::read(text).map(|span| span.hours()),
        },
        _ => None,
    }
}

/// The value as TOML writes it.
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
