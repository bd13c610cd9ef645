//! Whether a run can be compared with a night.

use super::base::Base;
use super::error::Error;
use crate::report::Header;

/// Says whether a night was before a run with this header.
///
/// # Errors
///
/// It was not.
pub(super) fn is_earlier(base: &Base, header: &Header) -> Result<(), Error> {
    match base.as_of() < header.instant() {
        true => Ok(()),
        false => Err(Error::NotEarlier {
            path: base.path.display().to_string(),
            earlier: base.header.as_of.clone(),
            as_of: header.as_of.clone(),
        }),
    }
}

/// Says whether a report is of no later instant than another, with this header.
///
/// # Errors
///
/// It is later.
pub(super) fn is_no_later(base: &Base, header: &Header) -> Result<(), Error> {
    match base.as_of() <= header.instant() {
        true => Ok(()),
        false => Err(Error::Later {
            path: base.path.display().to_string(),
            earlier: base.header.as_of.clone(),
            as_of: header.as_of.clone(),
        }),
    }
}

/// Says whether the findings of a run with this header can be compared with those of a
/// night.
///
/// # Errors
///
/// It cannot, for the reason that the error gives.
pub(super) fn comparable(base: &Base, header: &Header) -> Result<(), Error> {
    let path = || base.path.display().to_string();
    let earlier = &base.header;
    if earlier.fingerprint_scheme != header.fingerprint_scheme {
        return Err(Error::Scheme {
            path: path(),
            earlier: earlier.fingerprint_scheme,
            now: header.fingerprint_scheme,
        });
    }
    if earlier.pseudonym_key != header.pseudonym_key {
        let earlier = match (&earlier.pseudonym_key, &header.pseudonym_key) {
            (Some(_), Some(_)) => "has pseudonyms of another key",
            (Some(_), None) => "has pseudonyms",
            (None, _) => "has the customers' own ids",
        };
        let now = match &header.pseudonym_key {
            Some(_) => "has pseudonyms",
            None => "has the customers' own ids",
        };
        return Err(Error::Key {
            path: path(),
            earlier,
            now,
        });
    }
    let ids = |header: &Header| -> Vec<String> {
        let policies = header.policies.iter();
        policies.map(|policy| policy.id.clone()).collect()
    };
    let (then, now) = (ids(earlier), ids(header));
    let retired = |id: &String| header.policies.iter().any(|one| one.replaces.contains(id));
    if !then.iter().any(|id| now.contains(id) || retired(id)) {
        return Err(Error::Policies {
            path: path(),
            earlier: then.join(", "),
            now: now.join(", "),
        });
    }
    Ok(())
}
