//! `[fields]`: keys of records beyond the documented ones; and fields by name.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::file::FileReader;
use crate::diagnostic::nearest;
use crate::policy::keys::FieldKey;
use crate::record::field::{is_documented, normalize_key};
use crate::record::{Kind, Slot};
use crate::toml_reader::Entry;

impl FileReader<'_> {
    /// Reads `[fields]`.
    pub(super) fn fields(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.toml.table(value, "`[fields]`") else {
            return;
        };
        for (key, value) in table.iter() {
            let sound = self.declare(key, value).is_some();
            let name = normalize_key(key.get_ref());
            if self.is_root {
                let place = self.source.location(key.span());
                let own_name = key.get_ref().to_string();
                self.draft.declared_here.push((own_name, place));
            }
            self.draft.declared.insert(name, sound);
        }
    }

    fn declare(&mut self, key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Option<()> {
        let name = key.get_ref();
        let (kind, personal) = match value.get_ref() {
            DeValue::Table(table) => {
                let keys = self.toml.keys::<FieldKey>(table, "a field");
                let personal = match keys.value(FieldKey::Personal) {
                    Some(value) => self.toml.flag("personal", value),
                    None => Some(false),
                };
                let span = value.span();
                self.toml.needed(&keys, FieldKey::Kind, &span, "a field")?;
                (self.kind(keys.get(FieldKey::Kind)?)?, personal?)
            }
            _ => (self.kind((key, value))?, false),
        };
        if ["any", "all", "some", "not"].contains(&name.as_ref()) || normalize_key(name).is_empty()
        {
            let message = format!("no field can be called `{name}`");
            self.toml.complain(key.span(), message, None);
            return None;
        }
        let known = self.pool.schema.declare(name, kind, personal);
        known
            .map_err(|other| {
                let message = format!(
                    "`{name}` is known already, as {} `{}`",
                    other.kind, other.name
                );
                let help = match is_documented(name) {
                    true => "the documented fields need no declaration".to_owned(),
                    false => "policies that run together declare a field alike".to_owned(),
                };
                self.toml.complain(key.span(), message, Some(help));
            })
            .ok()
    }

    fn kind(&mut self, entry: Entry<'_, '_>) -> Option<Kind> {
        self.toml
            .one_of(entry, &Kind::ALL, Kind::name, "kind of field")
    }

    /// Finds the slot and the kind of a field that a policy names: a
    /// documented one, or one that the policy declares itself.
    pub(super) fn slot(&mut self, name: &str, span: Range<usize>) -> Option<(Slot, Kind)> {
        let folded = normalize_key(name);
        let declared = self.draft.declared.get(&folded).copied();
        self.draft.named.insert(folded);
        if declared == Some(false) {
            // What is wrong with it is reported already.
            return None;
        }
        let schema = &mut self.pool.schema;
        let known = declared.is_some() || is_documented(name);
        let slot = known.then(|| schema.want(name)).flatten();
        let Some(slot) = slot else {
            let message = format!("no field is called `{name}`");
            let near = nearest(name, schema.names());
            let help = match near.filter(|near| normalize_key(near) != normalize_key(name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "keys beyond the documented fields are declared under [fields]".to_owned(),
            };
            self.toml.complain(span, message, Some(help));
            return None;
        };
        Some((slot, schema.field(slot).kind))
    }
}
