//! What parts of one run, and their merge, have to agree in.

use crate::command::audit::Audit;
use crate::export::Format;
use crate::finding::Privacy;
use crate::options::{AuditOptions, Disclosure};
use crate::partial::Identity;
use crate::policy::Policies;
use crate::report::Header;
use crate::waiver::Waivers;

/// Returns what a merge with these options, which splits by these, is a whole of.
pub(in crate::command) fn identity<'s>(
    audit: &Audit<'_>,
    splits: impl Iterator<Item = &'s str>,
) -> Identity {
    identity_of(
        (audit.options, audit.policies),
        (audit.waivers, audit.privacy),
        splits,
    )
}

/// Returns what a part with these options is a part of.
pub(super) fn identity_of<'s>(
    (options, policies): (&AuditOptions, &Policies),
    (waivers, privacy): (&Waivers, Privacy<'_>),
    splits: impl Iterator<Item = &'s str>,
) -> Identity {
    let mut header = Header::new(policies, options.policies.as_of).with_waivers(waivers.files());
    header.pseudonym_key = privacy.key_digest();
    let mut given = vec![format!(
        "--max-record-bytes {}",
        options.input.max_record_bytes
    )];
    match options.input.format {
        Format::Auto => {}
        format => given.push(format!("--input-format {format}")),
    }
    match &options.disclosure {
        Disclosure::Redacted | Disclosure::Pseudonymised(_) => {}
        Disclosure::Shown => given.push("--show-sensitive".to_owned()),
    }
    let name = options.export_name.iter();
    given.extend(name.map(|name| format!("--export-name {name}")));
    let map = options.policies.map.iter();
    given.extend(map.map(|(field, key)| format!("--map {field}={key}")));
    given.extend(splits.map(|name| format!("--split-by {name}")));
    let fields = policies.schema.wanted().iter();
    Identity::new(
        &header,
        given,
        fields.map(|field| field.name.clone()).collect(),
    )
}
