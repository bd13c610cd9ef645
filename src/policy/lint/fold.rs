//! Warnings that differ in the rule alone, as one.

use super::notice::Notice;

/// How many rules are named.
const NAMED: usize = 5;

/// Joins the warnings of a sort about several rules of a file, at the place of the
/// first, and leaves out what is said twice of a place.
pub(in crate::policy) fn folded(notices: Vec<Notice>) -> Vec<Notice> {
    let mut kept: Vec<(Notice, Vec<String>)> = Vec::new();
    for notice in notices {
        let same = |(other, _): &&mut (Notice, Vec<String>)| {
            let is_same_place = other.location == notice.location;
            let is_same_file = other.location.path == notice.location.path;
            other.warning == notice.warning
                && (is_same_place && other.message == notice.message
                    || is_same_file && notice.warning.is_folded())
        };
        match kept.iter_mut().find(same) {
            Some((_, rules)) if notice.warning.is_folded() => rules.extend(notice.rule),
            Some(_) => {}
            None => {
                let rules = notice.rule.iter().cloned().collect();
                kept.push((notice, rules));
            }
        }
    }
    let fold = |(notice, rules): (Notice, Vec<String>)| match rules.len() > 1 {
        true if notice.warning.is_folded() => Notice {
            message: format!(
                "{} rules have no remediation: {}",
                rules.len(),
                names(&rules)
            ),
            ..notice
        },
        true | false => notice,
    };
    kept.into_iter().map(fold).collect()
}

fn names(rules: &[String]) -> String {
    let named: Vec<_> = rules.iter().take(NAMED).map(String::as_str).collect();
    let more = match rules.len() > NAMED {
        true => " and others",
        false => "",
    };
    format!("{}{more}", named.join(", "))
}
