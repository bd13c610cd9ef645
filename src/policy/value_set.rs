//! Lists of values and of networks in which a record's own is looked up: they may be of
//! any length, as those that stand in files are.

use std::collections::HashSet;
use std::ops::Deref;

use ipnet::IpNet;

use super::check::Literal;
use crate::record::network::Network;
use crate::record::{Cell, Value};

/// From this length on a list is looked up and not gone through.
const MIN_LOOKUP: usize = 16;

/// Holds the values of `in` and `not-in`.
#[derive(Debug, Clone)]
pub struct ValueSet {
    list: Vec<Literal>,
    /// The texts of a long list.
    texts: Option<HashSet<String>>,
}

impl From<Vec<Literal>> for ValueSet {
    fn from(list: Vec<Literal>) -> Self {
        let text = |literal: &Literal| match literal {
            Literal::Text(text) => Some(text.clone()),
            Literal::Flag(_) | Literal::Number(_) | Literal::Time(_) => None,
        };
        let texts = (list.len() >= MIN_LOOKUP).then(|| list.iter().map(text).collect());
        Self {
            texts: texts.flatten(),
            list,
        }
    }
}

impl Deref for ValueSet {
    type Target = [Literal];

    fn deref(&self) -> &[Literal] {
        &self.list
    }
}

impl ValueSet {
    /// Returns whether the value of a cell is one of them.
    pub(super) fn holds(&self, cell: &Cell<'_>) -> bool {
        match &self.texts {
            Some(texts) => cell.value == Value::Text && texts.contains(cell.seen),
            None => self.list.iter().any(|wanted| wanted.is(cell)),
        }
    }
}

/// Holds the networks of `within` and `excludes`.
#[derive(Debug, Clone)]
pub struct NetworkSet {
    list: Vec<IpNet>,
    /// Those that lie in no other, sorted: of two networks one holds the other or they
    /// have nothing in common.
    widest: Vec<IpNet>,
}

impl From<Vec<IpNet>> for NetworkSet {
    fn from(list: Vec<IpNet>) -> Self {
        let mut widest = list.clone();
        widest.sort_unstable();
        widest.dedup_by(|next, kept| kept.contains(&*next));
        Self { list, widest }
    }
}

impl Deref for NetworkSet {
    type Target = [IpNet];

    fn deref(&self) -> &[IpNet] {
        &self.list
    }
}

impl NetworkSet {
    /// Returns the widest networks that begin at or before a network, and those that begin
    /// after it.
    fn around(&self, network: &Network) -> (&[IpNet], &[IpNet]) {
        let place = |net: &IpNet| (net.network(), net.prefix_len());
        let cover = place(&network.cover);
        self.widest
            .split_at(self.widest.partition_point(|net| place(net) <= cover))
    }

    /// Returns whether a network lies in one of them.
    pub(super) fn holds(&self, network: &Network) -> bool {
        // The last that begins at or before it is the only one that can hold it.
        let (before, _) = self.around(network);
        before.last().is_some_and(|net| network.lies_in(net))
    }

    /// Returns whether a network shares an address with one of them.
    pub(super) fn overlaps(&self, network: &Network) -> bool {
        let (before, after) = self.around(network);
        // One that begins later begins in the network, or beyond all of it.
        let mut near = before.last().into_iter().chain(after.first());
        near.any(|net| network.overlaps(net))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn net(address: u32, prefix: u8, v6: bool) -> IpNet {
        let address = address & 0xf000_000f;
        let net = match v6 {
            true => IpNet::new(Ipv6Addr::from(u128::from(address) << 96).into(), prefix),
            false => IpNet::new(IpAddr::V4(Ipv4Addr::from(address)), prefix),
        };
        net.expect("a prefix that fits").trunc()
    }

    proptest! {
        #[test]
        fn looking_up_a_network_finds_what_going_through_the_list_does(
            list in prop::collection::vec((any::<u32>(), 0u8..=32, any::<bool>()), 1..12),
            one in (any::<u32>(), 0u8..=32, any::<bool>()),
        ) {
            let list: Vec<_> = list.into_iter().map(|(a, p, v6)| net(a, p, v6)).collect();
            let set = NetworkSet::from(list.clone());
            let network = Network::from(net(one.0, one.1, one.2));
            let holds = list.iter().any(|net| network.lies_in(net));
            let overlaps = list.iter().any(|net| network.overlaps(net));
            prop_assert_eq!(set.holds(&network), holds);
            prop_assert_eq!(set.overlaps(&network), overlaps);
        }
    }
}
