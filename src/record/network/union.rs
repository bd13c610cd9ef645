//! Computes what the networks of a list cover together, and how many addresses
//! that is, by family.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::net::Network;

/// Holds what the networks of a list cover together.
#[derive(Debug, PartialEq, Eq)]
pub struct Union {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Union {
    /// Returns the union of the networks, an odd wildcard counted as what covers
    /// it.
    pub fn of<'a>(networks: impl Iterator<Item = &'a Network>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network.cover {
                IpNet::V4(net) => v4.push(bounds_v4(&net)),
                IpNet::V6(net) => v6.push(bounds_v6(&net)),
            }
        }
        merge(&mut v4, |end| end.checked_add(1));
        merge(&mut v6, |end| end.checked_add(1));
        Self { v4, v6 }
    }

    /// Whether it is all of IPv4 or all of IPv6.
    pub fn is_any(&self) -> bool {
        self.v4 == [(0, u32::MAX)] || self.v6 == [(0, u128::MAX)]
    }

    /// Returns how many addresses of IPv4 and of IPv6 it holds; all of IPv6 counts one
    /// less, the most that the number can hold.
    fn sizes(&self) -> (u64, u128) {
        let v4 = self.v4.iter();
        let v4 = v4.map(|&(first, last)| u64::from(last - first) + 1).sum();
        let v6 = self.v6.iter().fold(0u128, |size, (first, last)| {
            size.saturating_add((last - first).saturating_add(1))
        });
        (v4, v6)
    }

    /// Returns whether it holds every address of a network.
    fn holds(&self, net: &IpNet) -> bool {
        match net {
            IpNet::V4(net) => is_within(bounds_v4(net), &self.v4),
            IpNet::V6(net) => is_within(bounds_v6(net), &self.v6),
        }
    }
}

fn is_within<N: Copy + Ord>((first, last): (N, N), ranges: &[(N, N)]) -> bool {
    ranges
        .iter()
        .any(|(start, end)| *start <= first && last <= *end)
}

fn bounds_v4(net: &Ipv4Net) -> (u32, u32) {
    (net.network().to_bits(), net.broadcast().to_bits())
}

fn bounds_v6(net: &Ipv6Net) -> (u128, u128) {
    (
        Ipv6Addr::to_bits(net.network()),
        Ipv6Addr::to_bits(net.broadcast()),
    )
}

/// Sorts the ranges and joins those that touch.
fn merge<N: Copy + Ord>(ranges: &mut Vec<(N, N)>, after: impl Fn(N) -> Option<N>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = after(kept.1).is_none_or(|after| next.0 <= after);
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}

/// Holds how many addresses networks cover at most: what they share is counted twice.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    v4: u64,
    v6: u128,
}

impl Sizes {
    /// Adds the networks up.
    pub fn of<'a>(networks: impl Iterator<Item = &'a Network>) -> Self {
        let (mut v4, mut v6) = (0u64, 0u128);
        for network in networks {
            match network.cover {
                IpNet::V4(net) => v4 = v4.saturating_add(1 << (32 - net.prefix_len())),
                IpNet::V6(net) => v6 = v6.saturating_add(size_v6(&net)),
            }
        }
        Self { v4, v6 }
    }

    /// Returns whether they may be all of IPv4 or all of IPv6.
    pub fn may_be_any(self) -> bool {
        self.v4 > u64::from(u32::MAX) || self.v6 == u128::MAX
    }

    /// Returns whether they are for certain no more than so many of each family.
    pub fn are_at_most(self, v4: u64, v6: u128) -> bool {
        self.v4 <= v4 && self.v6 <= v6
    }
}

/// Whether the networks cover all of IPv4 or all of IPv6 together.
pub fn are_any<'a>(networks: impl Iterator<Item = &'a Network> + Clone) -> bool {
    // Most lists are too short to tell: nothing need be sorted.
    Sizes::of(networks.clone()).may_be_any() && Union::of(networks).is_any()
}

/// Returns how many addresses there are; for all of IPv6 one less, the most that
/// the number can hold.
fn size_v6(net: &Ipv6Net) -> u128 {
    1u128
        .checked_shl(128 - u32::from(net.prefix_len()))
        .unwrap_or(u128::MAX)
}

/// Whether the networks cover so many addresses of each family or fewer together. An
/// odd wildcard is 256 to the power of its stars, whatever else it overlaps.
pub fn are_at_most<'a>(
    networks: impl Iterator<Item = &'a Network> + Clone,
    most_v4: u64,
    most_v6: u128,
) -> bool {
    if Sizes::of(networks.clone()).are_at_most(most_v4, most_v6) {
        return true;
    }
    let (v4, v6) = sizes(networks);
    v4 <= most_v4 && v6 <= most_v6
}

fn sizes<'a>(networks: impl Iterator<Item = &'a Network> + Clone) -> (u64, u128) {
    let plain = networks.clone().filter(|network| network.odd.is_none());
    let (v4, v6) = Union::of(plain).sizes();
    let mut odd: Vec<_> = networks.filter_map(|network| network.odd).collect();
    // An entry that is listed twice counts once.
    odd.sort_unstable();
    odd.dedup();
    let size = |parts: &[Option<u8>; 4]| {
        let stars = parts.iter().filter(|part| part.is_none()).count();
        1u64 << (8 * stars)
    };
    let odd = odd.iter().map(size).fold(v4, u64::saturating_add);
    (odd, v6)
}

/// Whether the networks hold every address of `net` together; an odd wildcard holds
/// those that it names.
pub fn cover<'a>(networks: impl Iterator<Item = &'a Network> + Clone, net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) if networks.clone().any(|network| network.odd.is_some()) => {
            let wanted = octets(&Network::from(IpNet::V4(*net)));
            let boxes = networks.filter_map(octets);
            wanted.is_some_and(|wanted| {
                let inside: Vec<_> = boxes.filter_map(|one| common(&one, &wanted)).collect();
                volume(&inside.iter().collect::<Vec<_>>(), 0) == 1 << (32 - net.prefix_len())
            })
        }
        IpNet::V4(_) | IpNet::V6(_) => Union::of(networks).holds(net),
    }
}

/// Returns what two boxes have in common, if anything.
fn common(one: &Octets, other: &Octets) -> Option<Octets> {
    let both: Octets = std::array::from_fn(|i| {
        let ((first, last), (start, end)) = (one[i], other[i]);
        (first.max(start), last.min(end))
    });
    both.iter()
        .all(|(first, last)| first <= last)
        .then_some(both)
}

/// Holds an IPv4 network as a range for each of its four octets.
type Octets = [(u8, u8); 4];

fn octets(network: &Network) -> Option<Octets> {
    let IpNet::V4(net) = network.cover else {
        return None;
    };
    let (first, last) = (net.network().octets(), net.broadcast().octets());
    Some(std::array::from_fn(|i| match network.odd {
        Some(parts) => parts[i].map_or((0, u8::MAX), |octet| (octet, octet)),
        None => (first[i], last[i]),
    }))
}

/// Returns how many addresses lie in at least one of the boxes, which agree on all
/// octets before `octet`.
fn volume(boxes: &[&Octets], octet: usize) -> u64 {
    if boxes.is_empty() || octet == 4 {
        return u64::from(!boxes.is_empty());
    }
    let whole = [(0, u8::MAX); 4];
    if boxes.iter().any(|b| b[octet..] == whole[octet..]) {
        return 1 << (8 * (4 - octet));
    }
    let mut cuts: Vec<u16> = boxes
        .iter()
        .flat_map(|b| [u16::from(b[octet].0), u16::from(b[octet].1) + 1])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2)
        .map(|cut| {
            let inside: Vec<_> = boxes
                .iter()
                .copied()
                .filter(|b| u16::from(b[octet].0) <= cut[0] && cut[1] <= u16::from(b[octet].1) + 1)
                .collect();
            u64::from(cut[1] - cut[0]) * volume(&inside, octet + 1)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::super::read::{cidr, read_entries, read_one};
    use super::*;

    fn list(text: &str) -> Vec<Network> {
        let mut entries = Vec::new();
        read_entries(text, 0, &mut entries);
        entries
            .into_iter()
            .filter_map(|entry| entry.network)
            .collect()
    }

    fn size(text: &str) -> (u64, u128) {
        sizes(list(text).iter())
    }

    #[test]
    fn halves_add_up_to_everything() {
        let any = |text| are_any(list(text).iter());
        assert!(any("128.0.0.0/1,0.0.0.0/1"));
        assert!(any("::/1,8000::/1"));
        assert!(any("10.0.0.1,0.0.0.0/0"));
        assert!(!any("0.0.0.0/1,128.0.0.0/2"));
    }

    #[test]
    fn sizes_are_those_of_the_union() {
        assert_eq!(size("10.0.0.0/24,10.0.0.0/25,10.0.0.7"), (256, 0));
        assert_eq!(size("10.0.0.0/24,2001:db8::/64"), (256, 1 << 64));
        assert_eq!(size("::/0"), (0, u128::MAX));
    }

    #[test]
    fn an_odd_wildcard_counts_what_it_names_whatever_it_overlaps() {
        assert_eq!(size("192.0.*.1"), (256, 0));
        assert_eq!(size("192.0.*.1,192.0.*.1"), (256, 0));
        assert_eq!(size("192.0.*.1,192.0.2.*"), (512, 0));
        assert_eq!(size("*.*.*.1,*.*.1.*"), ((1 << 24) * 2, 0));
    }

    #[test]
    fn a_list_covers_what_its_entries_hold_together() {
        let covers = |text: &str, net: &str| {
            let net = read_one(net).expect("a network").cover;
            cover(list(text).iter(), &net)
        };
        assert!(covers("10.0.0.0/9,10.128.0.0/9", "10.0.0.0/8"));
        assert!(!covers("10.0.0.0/9,10.128.0.0/10", "10.0.0.0/8"));
        assert!(covers("2001:db8::/33,2001:db8:8000::/33", "2001:db8::/32"));
        assert!(!covers("0.0.0.0/0", "2001:db8::1"));
        assert!(covers("192.0.*.1", "192.0.7.1"));
        assert!(!covers("192.0.*.1", "192.0.7.2"));
        assert!(covers("192.0.*.0,192.0.*.1", "192.0.7.0/31"));
        assert!(!covers("192.0.*.1", "192.0.0.0/16"));
        assert!(covers("192.*.2.*,192.0.3.0/24", "192.0.2.0/23"));
    }

    proptest! {
        #[test]
        fn everything_is_never_missed(prefixes in prop::collection::vec(0u8..=3, 1..9), v6: bool) {
            let nets: Vec<_> = prefixes
                .iter()
                .enumerate()
                .map(|(n, prefix)| match v6 {
                    true => cidr(IpAddr::V6(Ipv6Addr::from((n as u128) << 125)), *prefix),
                    false => cidr(IpAddr::V4(Ipv4Addr::from((n as u32) << 29)), *prefix),
                })
                .map(|net| net.expect("a network"))
                .collect();
            prop_assert_eq!(are_any(nets.iter()), Union::of(nets.iter()).is_any());
        }

        #[test]
        fn octet_boxes_count_as_ranges_do(nets in prop::collection::vec((any::<u32>(), 4u8..=32), 1..6)) {
            let nets: Vec<Network> = nets
                .into_iter()
                .map(|(address, prefix)| cidr(IpAddr::V4(Ipv4Addr::from(address & 0xf0f0_ff0f)), prefix))
                .map(|net| net.expect("a network"))
                .collect();
            let boxes: Vec<_> = nets.iter().filter_map(octets).collect();
            let volume = volume(&boxes.iter().collect::<Vec<_>>(), 0);
            prop_assert_eq!(volume, Union::of(nets.iter()).sizes().0);
        }
    }
}
