//! `[policy]`: what a policy says of itself; and `[[control]]`.

use std::ops::Range;

use semver::{Version, VersionReq};
use toml::Spanned;
use toml::de::DeValue;

use super::file::FileReader;
use crate::policy::keys::{ControlKey, HeadKey};
use crate::policy::lint::{Warning, lacks};
use crate::policy::reference::UntestedControl;
use crate::policy::requirement::Requirement;
use crate::policy::rule::{OnAbsent, WhenAbsent};
use crate::toml_reader::Entry;

/// Holds what `[policy]` says.
#[derive(Debug)]
pub(super) struct Head {
    /// The id, and the place of its key.
    pub(super) id: Option<(String, Range<usize>)>,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) scope: Option<Requirement>,
    pub(super) defaults: Defaults,
}

/// Holds what absence leads to in the rules of a file that do not say so themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Defaults {
    pub(super) on_absent: Option<OnAbsent>,
    pub(super) when_absent: Option<WhenAbsent>,
}

impl FileReader<'_> {
    /// Reads `[policy]`.
    pub(super) fn head(&mut self, value: Option<&Spanned<DeValue<'_>>>) -> Option<Head> {
        let Some(value) = value else {
            let help = "begin with [policy] and id = \"…\"".to_owned();
            let message = "a policy needs a `[policy]` table";
            self.toml.complain(0..0, message, Some(help));
            return None;
        };
        let (table, span) = self.toml.table(value, "`[policy]`")?;
        let keys = self.toml.keys::<HeadKey>(table, "`[policy]`");
        let id = match keys.get(HeadKey::Id) {
            Some((key, value)) => self.toml.text(value, "`id`").map(|id| {
                self.notice_blank(&id, value.span());
                (id, key.span())
            }),
            None => {
                let help = Some("add id = \"…\"".to_owned());
                self.toml.complain(span, "`[policy]` needs an `id`", help);
                None
            }
        };
        if let Some(extends) = keys.value(HeadKey::Extends) {
            let help = r#"write ["baseline.toml"]"#;
            for name in self.toml.list(extends, "`extends`", help) {
                // The files are gathered: what is no name is reported here.
                let _: Option<String> = self.toml.text(name, "a policy to extend");
            }
        }
        if let Some(requires) = keys.value(HeadKey::Requires) {
            self.requires(requires);
        }
        let limits = self.lines(keys.value(HeadKey::Limits), "`limits`", "a limit");
        self.draft.limits.extend(limits);
        let replaces = self.lines(keys.value(HeadKey::Replaces), "`replaces`", "a policy's id");
        self.replaced(&replaces, id.as_ref(), keys.value(HeadKey::Replaces));
        self.draft.replaces.extend(replaces);
        if let Some(optional) = keys.value(HeadKey::Optional) {
            self.optional(optional);
        }
        let title = self.toml.optional_text(keys.get(HeadKey::Title));
        let scope = keys.value(HeadKey::Scope);
        self.take_read();
        let scope = scope.and_then(|scope| self.requirement(scope, "`scope`"));
        let asked = self.take_read();
        if self.is_root {
            self.draft.places.scope = asked;
        }
        let on_absent = self.on_absent(keys.get(HeadKey::OnAbsent));
        if let (Some(OnAbsent::NotApplicable), Some(value)) =
            (on_absent, keys.value(HeadKey::OnAbsent))
        {
            let message = "where a field is absent, no rule of the policy finds anything";
            let help = "say so in the rules that need it, or ask in one for what must be present";
            self.notice(Warning::AbsentSkips, value.span(), message, help);
        }
        Some(Head {
            title: match (&id, title.is_empty()) {
                (Some((id, _)), true) => id.clone(),
                (Some(_), false) | (None, _) => title,
            },
            id,
            version: self.toml.optional_text(keys.get(HeadKey::Version)),
            scope,
            defaults: Defaults {
                on_absent,
                when_absent: self.when_absent(keys.get(HeadKey::WhenAbsent)),
            },
        })
    }

    /// Reads which versions of the program can read the policy: a rule that an older one
    /// reads otherwise must not be judged by it.
    fn requires(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(text) = self.toml.text(value, "`requires`") else {
            return;
        };
        let this = env!("CARGO_PKG_VERSION");
        let (message, help) = match (VersionReq::parse(&text), Version::parse(this)) {
            (Ok(wanted), Ok(version)) if wanted.matches(&version) => return,
            (Ok(_), _) => (
                format!("the policy is for versions {text} of the program, and this is {this}"),
                "run it with such a version".to_owned(),
            ),
            (Err(error), _) => (
                format!("`{text}` is no version requirement: {error}"),
                "write it as \">=0.3\"".to_owned(),
            ),
        };
        self.toml.complain(value.span(), message, Some(help));
    }

    /// Reports a policy that is instead of itself.
    fn replaced(
        &mut self,
        replaces: &[String],
        id: Option<&(String, Range<usize>)>,
        value: Option<&Spanned<DeValue<'_>>>,
    ) {
        if let (Some((id, _)), Some(value)) = (id, value)
            && replaces.contains(id)
        {
            let message = format!("the policy is called `{id}` itself");
            let help = "name the ids of policies that are retired".to_owned();
            self.toml.complain(value.span(), message, Some(help));
        }
    }

    /// Reads `optional.FIELD = "why"`.
    fn optional(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.toml.table(value, "`optional`") else {
            return;
        };
        for (key, value) in table.iter() {
            let slot = self.slot(key.get_ref(), key.span());
            let why = self.toml.text(value, "the reason");
            let (Some((slot, _)), Some(why)) = (slot, why) else {
                continue;
            };
            let place = self.source.location(key.span());
            self.draft.places.optional.push((slot, place));
            self.draft.optional.push((self.index, slot, why));
        }
    }

    /// Reads a list of lines of text.
    fn lines(
        &mut self,
        value: Option<&Spanned<DeValue<'_>>>,
        what: &str,
        each: &str,
    ) -> Vec<String> {
        let Some(value) = value else {
            return Vec::new();
        };
        let items = self.toml.list(value, what, r#"write ["…", "…"]"#);
        let lines = items.into_iter().map(|item| self.toml.text(item, each));
        lines.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// Reads all of `[[control]]`.
    pub(super) fn controls(&mut self, value: &Spanned<DeValue<'_>>) {
        let help = "write [[control]], with two brackets";
        for item in self.toml.list(value, "`[[control]]`", help) {
            let of = "a control";
            let Some((table, span)) = self.toml.table(item, "`[[control]]`") else {
                continue;
            };
            let keys = self.toml.keys::<ControlKey>(table, of);
            let mut text = |key: ControlKey, what: &str| {
                let value = self.toml.needed(&keys, key, &span, of)?;
                self.toml.text(value, what)
            };
            let framework = text(ControlKey::Framework, "`framework`");
            let requirement = text(ControlKey::Requirement, "`requirement`");
            let evidenced_by = text(ControlKey::EvidencedBy, "`evidenced-by`");
            let (Some(framework), Some(requirement), Some(evidenced_by)) =
                (framework, requirement, evidenced_by)
            else {
                continue;
            };
            let control = UntestedControl {
                framework,
                requirement,
                evidenced_by,
            };
            let is_same = |known: &UntestedControl| {
                known.framework == control.framework && known.requirement == control.requirement
            };
            let mut known = self.draft.controls.iter().map(|(_, _, control)| control);
            if known.any(is_same) {
                let message = "the control is here already";
                self.toml.complain(item.span(), message, None);
                continue;
            }
            if let Some(value) = keys.value(ControlKey::Requirement)
                && lacks(&control.framework, &control.requirement)
            {
                let (framework, requirement) = (&control.framework, &control.requirement);
                let message = format!("{framework} has no control {requirement}");
                let help = "compare with the catalogue of the framework";
                self.notice(Warning::UnknownControl, value.span(), message, help);
            }
            self.draft.controls.push((self.index, item.span(), control));
        }
    }

    pub(super) fn on_absent(&mut self, entry: Option<Entry<'_, '_>>) -> Option<OnAbsent> {
        self.toml.word(entry?, "outcome of `on-absent`")
    }

    pub(super) fn when_absent(&mut self, entry: Option<Entry<'_, '_>>) -> Option<WhenAbsent> {
        self.toml.word(entry?, "value of `when-absent`")
    }
}
