//! Networks: what an entry of an allow-list covers, and how that relates to
//! other networks.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Holds the addresses that an entry covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// The smallest network that holds them all, without host bits.
    pub cover: IpNet,
    /// For a wildcard with a `*` before a number: its four parts, each a number
    /// or `*`. Then the addresses are fewer than those of `cover`.
    pub(super) odd: Option<[Option<u8>; 4]>,
}

impl From<IpNet> for Network {
    fn from(net: IpNet) -> Self {
        let cover = net.trunc();
        Self { cover, odd: None }
    }
}

impl Network {
    /// Whether its addresses are fewer than those of its cover.
    pub fn is_odd(&self) -> bool {
        self.odd.is_some()
    }

    /// Whether all of its addresses lie in `other`, which has no host bits.
    pub fn lies_in(&self, other: &IpNet) -> bool {
        other.prefix_len() <= self.cover.prefix_len() && agree(other, &self.cover)
    }

    /// Whether it shares an address with `other`, which has no host bits.
    pub fn overlaps(&self, other: &IpNet) -> bool {
        agree(other, &self.cover)
    }

    /// Whether it holds an address from which nobody can ever connect: private,
    /// loopback, link-local, shared, documentation, multicast or reserved space.
    pub fn overlaps_special(&self) -> bool {
        match self.cover {
            IpNet::V4(net) => SPECIAL_V4.iter().any(|&(address, prefix)| {
                agree_v4(net.addr().to_bits(), address, prefix.min(net.prefix_len()))
            }),
            IpNet::V6(net) => SPECIAL_V6.iter().any(|&(address, prefix)| {
                agree_v6(net.addr().to_bits(), address, prefix.min(net.prefix_len()))
            }),
        }
    }
}

/// Returns the networks of which no address can connect.
pub fn special() -> impl Iterator<Item = IpNet> {
    let v4 = SPECIAL_V4
        .iter()
        .filter_map(|&(address, prefix)| Ipv4Net::new(address.into(), prefix).ok());
    let v6 = SPECIAL_V6
        .iter()
        .filter_map(|&(address, prefix)| Ipv6Net::new(address.into(), prefix).ok());
    v4.map(IpNet::V4).chain(v6.map(IpNet::V6))
}

/// Whether two networks agree in the bits that both have: then one lies in the
/// other.
#[inline]
fn agree(one: &IpNet, other: &IpNet) -> bool {
    match (one, other) {
        (IpNet::V4(one), IpNet::V4(other)) => {
            let prefix = one.prefix_len().min(other.prefix_len());
            agree_v4(one.addr().to_bits(), other.addr().to_bits(), prefix)
        }
        (IpNet::V6(one), IpNet::V6(other)) => {
            let prefix = one.prefix_len().min(other.prefix_len());
            agree_v6(one.addr().to_bits(), other.addr().to_bits(), prefix)
        }
        (IpNet::V4(_), IpNet::V6(_)) | (IpNet::V6(_), IpNet::V4(_)) => false,
    }
}

#[inline]
fn agree_v4(one: u32, other: u32, prefix: u8) -> bool {
    u64::from(one ^ other) >> (32 - prefix) == 0
}

#[inline]
fn agree_v6(one: u128, other: u128, prefix: u8) -> bool {
    (one ^ other).leading_zeros() >= u32::from(prefix)
}

/// IPv4 space that is not public, from IANA's special-purpose registry.
const SPECIAL_V4: [(u32, u8); 14] = [
    (v4(0, 0, 0), 8),
    (v4(10, 0, 0), 8),
    (v4(100, 64, 0), 10),
    (v4(127, 0, 0), 8),
    (v4(169, 254, 0), 16),
    (v4(172, 16, 0), 12),
    (v4(192, 0, 0), 24),
    (v4(192, 0, 2), 24),
    (v4(192, 88, 99), 24),
    (v4(192, 168, 0), 16),
    (v4(198, 18, 0), 15),
    (v4(198, 51, 100), 24),
    (v4(203, 0, 113), 24),
    (v4(224, 0, 0), 3),
];

/// IPv6 space that is not public: all but 2000::/3, and what that sets aside
/// for documentation, benchmarks and ORCHID.
const SPECIAL_V6: [(u128, u8); 7] = [
    (0, 3),
    (0x4000 << 112, 2),
    (0x8000 << 112, 1),
    (0x2001_0db8 << 96, 32),
    (0x3fff << 112, 20),
    (0x2001_0002 << 96, 48),
    (0x2001_0010 << 96, 28),
];

const fn v4(a: u32, b: u32, c: u32) -> u32 {
    a << 24 | b << 16 | c << 8
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::super::read::{cidr, read_one};

    #[test]
    fn a_network_with_an_address_that_nobody_connects_from_is_special() {
        for text in [
            "10.0.0.0/8",
            "100.64.1.0/24",
            "127.0.0.1",
            "169.254.0.0/16",
            "172.31.0.0/16",
            "192.168.1.1",
            "203.0.113.0/28",
            "255.255.255.255",
            "fe80::1",
            "fd00::/8",
            "2001:db8::/48",
            "::1",
            "ff02::1",
            "0.0.0.0/0",
            "172.16.0.0/11",
            "2000::/3",
        ] {
            assert!(
                read_one(text).is_some_and(|network| network.overlaps_special()),
                "{text}"
            );
        }
        for text in [
            "8.8.8.8",
            "172.32.0.1",
            "172.64.0.0/10",
            "2606:4700::/32",
            "2400::/6",
        ] {
            assert!(
                !read_one(text).is_some_and(|network| network.overlaps_special()),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_network_lies_in_another_as_ipnet_says(a: u32, b: u32, long in 0u8..=32, short in 0u8..=32, v6: bool) {
            let net = |address: u32, prefix: u8| match v6 {
                true => cidr(IpAddr::V6(Ipv6Addr::from(u128::from(address & 0xc000_0003) << 96)), prefix),
                false => cidr(IpAddr::V4(Ipv4Addr::from(address & 0xc000_0003)), prefix),
            };
            let (inner, outer) = (net(a, long).expect("a network"), net(b, short).expect("a network"));
            prop_assert_eq!(inner.lies_in(&outer.cover), outer.cover.contains(&inner.cover));
        }
    }
}
