//! Checks on lists of networks that cannot both hold, although there are too many lists
//! to try.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::policy::check::Check;
use crate::policy::rule::Test;
use crate::record::network::{self, Network};

/// Returns whether two tests of one list cannot both answer so.
pub(super) fn clash(one: (&Test, bool), other: (&Test, bool)) -> bool {
    let (Some(one), Some(other)) = (meant(one), meant(other)) else {
        return false;
    };
    holds_no_list(&one, &other) || holds_no_list(&other, &one)
}

/// Returns the check that holds where a test answers so, if there is one.
fn meant((test, holds): (&Test, bool)) -> Option<Check> {
    if holds {
        return Some(test.check.clone());
    }
    // No other check is the opposite of one on lists.
    let Check::AnyAddress(wanted) = test.check else {
        return None;
    };
    Some(Check::AnyAddress(!wanted))
}

fn holds_no_list(one: &Check, other: &Check) -> bool {
    match one {
        Check::Covers(nets) => cannot_cover(nets, other),
        Check::AnyAddress(true) => {
            let v4 = IpNet::V4(Ipv4Net::default());
            let v6 = IpNet::V6(Ipv6Net::default());
            cannot_cover(&[v4], other) && cannot_cover(&[v6], other)
        }
        Check::EqualsField(slot) => matches!(other, Check::DiffersFrom(same) if same == slot),
        Check::AnyAddress(false)
        | Check::Present(_)
        | Check::Equals(_)
        | Check::NotEquals(_)
        | Check::In(_)
        | Check::NotIn(_)
        | Check::DiffersFrom(_)
        | Check::Matches(_)
        | Check::NotMatches(_)
        | Check::MinLength(_)
        | Check::MaxLength(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::After(_)
        | Check::OlderThan(_)
        | Check::NewerThan(_)
        | Check::WithinNext(_)
        | Check::Passed { .. }
        | Check::BeforeField(_)
        | Check::AfterField(_)
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Public => false,
    }
}

/// Returns whether no list that a check lets through holds all of these networks.
fn cannot_cover(nets: &[IpNet], check: &Check) -> bool {
    let networks = || {
        nets.iter()
            .map(|net| Network::from(*net))
            .collect::<Vec<_>>()
    };
    match check {
        Check::AnyAddress(wanted) => !wanted && nets.iter().any(|net| net.prefix_len() == 0),
        Check::MaxAddresses { v4, v6 } => !network::are_at_most(networks().iter(), *v4, *v6),
        Check::Within(others) => {
            let others: Vec<_> = others.iter().map(|net| Network::from(*net)).collect();
            !nets.iter().all(|net| network::cover(others.iter(), net))
        }
        Check::Excludes(others) => networks()
            .iter()
            .any(|net| others.iter().any(|other| net.overlaps(other))),
        Check::Public => networks().iter().any(Network::overlaps_special),
        Check::Present(wanted) => !wanted,
        Check::Equals(_)
        | Check::NotEquals(_)
        | Check::In(_)
        | Check::NotIn(_)
        | Check::EqualsField(_)
        | Check::DiffersFrom(_)
        | Check::Matches(_)
        | Check::NotMatches(_)
        | Check::MinLength(_)
        | Check::MaxLength(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::After(_)
        | Check::OlderThan(_)
        | Check::NewerThan(_)
        | Check::WithinNext(_)
        | Check::Passed { .. }
        | Check::BeforeField(_)
        | Check::AfterField(_)
        | Check::MinPrefix { .. }
        | Check::Covers(_) => false,
    }
}
