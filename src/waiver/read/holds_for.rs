//! What a waiver holds for: values, evidence, or anything.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::file::{Keyed, Reader};
use crate::diagnostic::suggest;
use crate::record::OwnedValue;
use crate::waiver::keys::WaiverKey;
use crate::waiver::value;
use crate::waiver::waiver::{Covers, HoldsFor};

impl Reader<'_, '_> {
    /// Reads what the waiver holds for.
    pub(super) fn holds_for(
        &mut self,
        keys: &Keyed<'_, '_>,
        span: &Range<usize>,
        covers: Option<Covers>,
        policy: Option<&str>,
    ) -> Option<HoldsFor> {
        let given = WaiverKey::HOLDS_FOR
            .into_iter()
            .filter_map(|key| keys.get(key));
        let given: Vec<_> = given.collect();
        match given.as_slice() {
            [_] => {}
            [] => {
                let message = "the waiver does not say what it holds for";
                let help = "say what was seen, as value.ipWhitelist = \"198.51.100.0/22\", or \
                            evidence = \"…\" with the digest of a report, or any-value = true";
                self.toml
                    .complain(span.clone(), message, Some(help.to_owned()));
            }
            [(first, _), rest @ ..] => {
                for (key, _) in rest {
                    let message = format!("`{}` says already what it holds for", first.get_ref());
                    let help = Some("leave out all but one".to_owned());
                    self.toml.complain(key.span(), message, help);
                }
            }
        }
        if let Some(value) = keys.value(WaiverKey::Value) {
            return self.values(value, policy).map(HoldsFor::Values);
        }
        if let Some(value) = keys.value(WaiverKey::Evidence) {
            return self.evidence(value).map(HoldsFor::Evidence);
        }
        let value = keys.value(WaiverKey::AnyValue)?;
        let (message, help) = match (self.toml.flag("any-value", value)?, covers) {
            (true, Some(Covers::Fail) | None) => return Some(HoldsFor::AnyValue),
            (true, Some(Covers::Error)) => (
                "what cannot be decided is waived for what was seen, never for any value",
                "write value.FIELD = { unreadable = \"…\" }, { absent = \"…\" }, or evidence",
            ),
            (false, _) => (
                "`any-value` is true, or is left out",
                "say what the waiver holds for",
            ),
        };
        self.toml
            .complain(value.span(), message, Some(help.to_owned()));
        None
    }

    /// Reads `value.FIELD = …`. Of a policy that is not in this run it is not known what its
    /// fields hold.
    fn values(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        policy: Option<&str>,
    ) -> Option<Vec<(String, OwnedValue)>> {
        let (table, span) = self.toml.table(value, "`value`")?;
        if table.is_empty() {
            let message = "`value` names no field";
            let help = "write value.FIELD = …, for every field of the evidence".to_owned();
            self.toml.complain(span, message, Some(help));
            return None;
        }
        let policies = self.draft.policies;
        let mut values: Vec<(String, OwnedValue)> = Vec::new();
        if !policies
            .all
            .iter()
            .any(|known| Some(known.id.as_str()) == policy)
        {
            return Some(values);
        }
        let schema = &policies.schema;
        for (key, value) in table.iter() {
            let Some(field) = schema.find(key.get_ref()) else {
                let help = suggest(key.get_ref(), schema.names());
                let message = format!("no field is called `{}`", key.get_ref());
                self.toml.complain(key.span(), message, Some(help));
                continue;
            };
            let Some(value) = value::read(&mut self.toml, field, value) else {
                continue;
            };
            match values.iter().any(|(known, _)| *known == field.name) {
                true => {
                    let message = format!("`{}` is here already", field.name);
                    self.toml.complain(key.span(), message, None);
                }
                false => values.push((field.name.clone(), value)),
            }
        }
        Some(values)
    }

    fn evidence(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let digest = self.toml.text(value, "`evidence`")?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digest.len() == 32 && digest.bytes().all(is_digit) {
            return Some(digest);
        }
        let message = "this is no digest of evidence";
        let help = "it has 32 hexadecimal digits: copy `evidence_digest` of the finding from a \
                    json report";
        self.toml
            .complain(value.span(), message, Some(help.to_owned()));
        None
    }
}
