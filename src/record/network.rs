//! How an allow-list is read, and what its networks add up to.
//!
//! Addresses go through the standard library's strict parser: `ipnet` alone
//! accepts leading zeros, which some readers take for octal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::text::trim;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use wide::u8x16;

/// One comma-separated entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the list's text, without the blanks around it.
    pub at: Range<usize>,
    /// What it covers, if it can be read.
    pub network: Option<Network>,
}

/// The addresses that an entry covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The smallest network that holds them all, without host bits.
    pub cover: IpNet,
    /// For a wildcard with a `*` before a number: its four parts, each a number
    /// or `*`. Then the addresses are fewer than those of `cover`.
    odd: Option<[Option<u8>; 4]>,
}

impl From<IpNet> for Network {
    fn from(net: IpNet) -> Self {
        let cover = net.trunc();
        Self { cover, odd: None }
    }
}

/// Reads a comma-separated list; every item between commas gives an entry, and
/// one that cannot be read has no network. Tells whether all could be read.
pub fn read(list: &str, entries: &mut Vec<Entry>) -> bool {
    let mut whole = true;
    let mut start = 0;
    let mut plain = Plain::of(list.as_bytes(), 0);
    loop {
        if start > plain.from + Plain::MOST / 2 {
            plain = Plain::of(list.as_bytes(), start);
        }
        let (entry, end) = plain.entry(start).unwrap_or_else(|| {
            let rest = &list.as_bytes()[start..];
            let end = memchr::memchr(b',', rest).map_or(list.len(), |comma| start + comma);
            (any_entry(list, start..end), end)
        });
        whole &= entry.network.is_some();
        entries.push(entry);
        if end == list.len() {
            return whole;
        }
        start = end + 1;
    }
}

/// The entry that an item of a list is.
fn any_entry(list: &str, item: Range<usize>) -> Entry {
    let text = &list[item.clone()];
    let blanks = match trim(text).len() == text.len() {
        true => 0,
        false => text.len() - text.trim_start().len(),
    };
    let start = item.start + blanks;
    let at = start..start + trim(text).len();
    let network = read_one(&list[at.clone()]);
    Entry { at, network }
}

/// A list of plain numbers with points between them, as nearly all lists are.
/// Where numbers end is found for all at once, so that no number waits for the
/// one before it to be read. Whatever else an entry may be is for the standard
/// library to say, which is as strict and slower.
struct Plain {
    /// Where in the list they stand.
    from: usize,
    /// Some bytes of the list, and zeros.
    bytes: [u8; Self::MOST + 16],
    /// Which of the bytes are no digits, a bit each.
    others: u64,
    /// How many bytes they are.
    length: usize,
}

impl Plain {
    /// A bit each in a number.
    const MOST: usize = 64;

    #[inline(always)]
    fn of(list: &[u8], from: usize) -> Self {
        let list = &list[from..];
        let mut bytes = [0; Self::MOST + 16];
        let length = list.len().min(Self::MOST);
        bytes[..length].copy_from_slice(&list[..length]);
        let (chunks, _) = bytes.as_chunks::<16>();
        let others = |chunk: &[u8; 16]| {
            let numbers = u8x16::new(*chunk) ^ u8x16::splat(b'0');
            let digits = numbers.min(u8x16::splat(9)).simd_eq(numbers);
            u64::from(!digits.to_bitmask() as u16)
        };
        let others = others(&chunks[0])
            | others(&chunks[1]) << 16
            | others(&chunks[2]) << 32
            | others(&chunks[3]) << 48;
        Self {
            from,
            bytes,
            others,
            length,
        }
    }

    /// The next byte from here that is no digit.
    #[inline(always)]
    fn end_of_digits(&mut self, start: usize) -> usize {
        self.others &= u64::MAX.checked_shl(start as u32).unwrap_or(0);
        self.others.trailing_zeros() as usize
    }

    /// The number whose digits stand there, if it is written as it should be;
    /// at most 999.
    #[inline(always)]
    fn number(&self, start: usize, end: usize) -> Option<u32> {
        let digits = end.wrapping_sub(start);
        if digits.wrapping_sub(1) > 2 {
            return None;
        }
        let word = u32::from_le_bytes(*self.bytes.get(start..)?.first_chunk()?);
        let aligned = word << (8 * (3 - digits));
        let [hundreds, tens, ones, _] = (aligned & 0x0f_0f_0f).to_le_bytes();
        let number = u32::from(hundreds) * 100 + u32::from(tens) * 10 + u32::from(ones);
        let leads_with_zero = word as u8 == b'0' && digits > 1;
        (!leads_with_zero).then_some(number)
    }

    /// The entry that begins here, perhaps after a blank, and where it ends; if
    /// it is four plain numbers and perhaps a prefix, or `*` for the last ones.
    #[inline(always)]
    fn entry(&mut self, start: usize) -> Option<(Entry, usize)> {
        let start = start - self.from;
        let start = start + usize::from(self.bytes.get(start) == Some(&b' '));
        let (mut bits, mut prefix, mut at) = (0, 32, start);
        for part in 0..4u8 {
            let end = self.end_of_digits(at);
            match self.bytes.get(end)? {
                b'*' if part > 0 && end == at => {
                    prefix = 8 * part;
                    bits <<= 32 - prefix;
                    at = self.stars(at, 4 - part)?;
                    break;
                }
                b'.' if part < 3 => {}
                _ if part == 3 => {}
                _ => return None,
            }
            let number = self.number(at, end)?;
            if number > 255 {
                return None;
            }
            bits = bits << 8 | number;
            at = end + usize::from(part < 3);
        }
        if self.bytes[at] == b'/' && prefix == 32 {
            let end = self.end_of_digits(at + 1);
            prefix = u8::try_from(self.number(at + 1, end)?).ok()?;
            at = end;
        }
        // The end of what is looked at may not be the end of the list.
        let ends = self.bytes.get(at) == Some(&b',') || at == self.length && at < Self::MOST;
        if !ends || prefix > 32 {
            return None;
        }
        let address = Ipv4Addr::from_bits(mask_v4(bits, prefix));
        let cover = IpNet::V4(Ipv4Net::new(address, prefix).ok()?);
        let network = Some(Network { cover, odd: None });
        let at = self.from + start..self.from + at;
        let end = at.end;
        Some((Entry { at, network }, end))
    }

    /// The byte after so many stars with points between them.
    #[inline(always)]
    fn stars(&self, start: usize, count: u8) -> Option<usize> {
        let end = start + 2 * usize::from(count) - 1;
        let stars = self.bytes.get(start..end)?;
        let alike = stars.iter().zip(b"*.*.*").all(|(here, star)| here == star);
        (alike && stars.len() <= 5).then_some(end)
    }
}

/// Reads an address, a CIDR or an IPv4 wildcard.
pub fn read_one(text: &str) -> Option<Network> {
    match memchr::memchr2(b'/', b'*', text.as_bytes()) {
        Some(at) if text.as_bytes()[at] == b'/' => {
            cidr(address(&text[..at])?, read_prefix(&text[at + 1..])?)
        }
        Some(_) => wildcard(text),
        None => match address(text)? {
            address @ IpAddr::V4(_) => cidr(address, 32),
            address @ IpAddr::V6(_) => cidr(address, 128),
        },
    }
}

fn address(text: &str) -> Option<IpAddr> {
    match plain_v6(text.as_bytes()) {
        Some(address) => Some(address.into()),
        None => text.parse().ok(),
    }
}

/// An address of hexadecimal groups, as nearly all of IPv6 are. Whatever else it
/// may be is for the standard library to say, which is as strict and slower.
fn plain_v6(text: &[u8]) -> Option<Ipv6Addr> {
    let (mut groups, mut count, mut gap) = ([0u16; 8], 0, None);
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let digits = rest
            .iter()
            .take(5)
            .take_while(|byte| byte.is_ascii_hexdigit());
        let digits = digits.count();
        if !(1..=4).contains(&digits) || count == groups.len() {
            return None;
        }
        let (group, after) = rest.split_at(digits);
        groups[count] = group.iter().fold(0, |number, digit| {
            number << 4 | (u16::from(digit & 15) + 9 * u16::from(digit >> 6))
        });
        count += 1;
        rest = match after {
            [] => after,
            [b':', b':', after @ ..] if gap.is_none() => {
                gap = Some(count);
                after
            }
            [b':', after @ ..] if !after.is_empty() => after,
            _ => return None,
        };
    }
    match gap {
        None if count == groups.len() => {}
        Some(gap) if count < groups.len() => {
            // What stands after the gap belongs at the end.
            let filled = groups.len() - count;
            groups.copy_within(gap..count, gap + filled);
            groups[gap..gap + filled].fill(0);
        }
        _ => return None,
    }
    Some(groups.into())
}

/// Digits alone: a sign or a leading zero is a mistake somewhere.
fn read_prefix(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

/// A network without host bits; IPv4 mapped into IPv6 is IPv4.
fn cidr(address: IpAddr, prefix: u8) -> Option<Network> {
    if let (IpAddr::V6(v6), 96..=128) = (address, prefix)
        && let Some(v4) = v6.to_ipv4_mapped()
    {
        return Some(Ipv4Net::new(v4, prefix - 96).ok().map(IpNet::V4)?.into());
    }
    IpNet::new(address, prefix).ok().map(Network::from)
}

fn wildcard(text: &str) -> Option<Network> {
    let mut parts = [None; 4];
    let mut items = text.split('.');
    for part in &mut parts {
        *part = match items.next()? {
            "*" => None,
            octet if octet == "0" || !octet.starts_with('0') => {
                let digits = octet.bytes().all(|b| b.is_ascii_digit());
                Some(digits.then(|| octet.parse::<u8>().ok())??)
            }
            _ => return None,
        };
    }
    if items.next().is_some() {
        return None;
    }
    let fixed = parts.iter().take_while(|part| part.is_some()).count();
    let octets = std::array::from_fn(|i| if i < fixed { parts[i].unwrap_or(0) } else { 0 });
    let net = Ipv4Net::new(Ipv4Addr::from(octets), u8::try_from(fixed * 8).ok()?).ok()?;
    let odd = parts[fixed..].iter().any(Option::is_some);
    Some(Network {
        cover: IpNet::V4(net),
        odd: odd.then_some(parts),
    })
}

impl Network {
    /// Whether all of its addresses lie in `other`, which has no host bits.
    pub fn lies_in(&self, other: &IpNet) -> bool {
        other.prefix_len() <= self.cover.prefix_len() && agree(other, &self.cover)
    }

    /// Whether it shares an address with `other`, which has no host bits.
    pub fn overlaps(&self, other: &IpNet) -> bool {
        agree(other, &self.cover)
    }

    /// Whether nobody can ever connect from it: private, loopback, link-local,
    /// shared, documentation, multicast or reserved space throughout.
    pub fn is_special(&self) -> bool {
        match self.cover {
            IpNet::V4(net) => SPECIAL_V4.iter().any(|&(address, prefix)| {
                prefix <= net.prefix_len() && agree_v4(net.addr().to_bits(), address, prefix)
            }),
            IpNet::V6(net) => SPECIAL_V6.iter().any(|&(address, prefix)| {
                prefix <= net.prefix_len() && agree_v6(net.addr().to_bits(), address, prefix)
            }),
        }
    }
}

/// Whether two networks agree as far as both are told: then one lies in the
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

fn mask_v4(address: u32, prefix: u8) -> u32 {
    address & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

/// What the networks of a list cover together.
#[derive(Debug, PartialEq, Eq)]
pub struct Union {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Union {
    /// The union of the networks, an odd wildcard counted as what covers it.
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

    /// How many addresses it holds; all of IPv6 counts one less, the most that
    /// the number can hold.
    fn size(&self) -> u128 {
        let v4: u128 = self
            .v4
            .iter()
            .map(|&(first, last)| u128::from(last - first) + 1)
            .sum();
        self.v6.iter().fold(v4, |size, (first, last)| {
            size.saturating_add((last - first).saturating_add(1))
        })
    }
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

/// Whether the networks cover all of IPv4 or all of IPv6 together.
pub fn are_any<'a>(networks: impl Iterator<Item = &'a Network> + Clone) -> bool {
    // Most lists are too short to tell: nothing need be sorted.
    let (mut v4, mut v6) = (0u64, 0u128);
    for network in networks.clone() {
        match network.cover {
            IpNet::V4(net) => v4 = v4.saturating_add(1 << (32 - net.prefix_len())),
            IpNet::V6(net) => v6 = v6.saturating_add(size_v6(&net)),
        }
    }
    (v4 > u64::from(u32::MAX) || v6 == u128::MAX) && Union::of(networks).is_any()
}

/// How many addresses there are; for all of IPv6 one less, the most that the
/// number can hold.
fn size_v6(net: &Ipv6Net) -> u128 {
    1u128
        .checked_shl(128 - u32::from(net.prefix_len()))
        .unwrap_or(u128::MAX)
}

/// Whether the networks cover this many addresses or fewer together, odd
/// wildcards counted exactly.
pub fn are_at_most<'a>(networks: impl Iterator<Item = &'a Network> + Clone, most: u128) -> bool {
    let all = networks.clone().fold(0u128, |size, network| {
        size.saturating_add(match network.cover {
            IpNet::V4(net) => 1 << (32 - net.prefix_len()),
            IpNet::V6(net) => size_v6(&net),
        })
    });
    // What is counted twice only makes this more.
    all <= most || addresses(networks) <= most
}

fn addresses<'a>(networks: impl Iterator<Item = &'a Network> + Clone) -> u128 {
    if networks.clone().all(|network| network.odd.is_none()) {
        return Union::of(networks).size();
    }
    let v6 = networks
        .clone()
        .filter(|net| matches!(net.cover, IpNet::V6(_)));
    let boxes: Vec<_> = networks.filter_map(octets).collect();
    let v4 = volume(&boxes.iter().collect::<Vec<_>>(), 0);
    Union::of(v6).size().saturating_add(v4.into())
}

/// An IPv4 network as a range for each of its four octets.
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

/// How many addresses lie in at least one of the boxes, which agree on all
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
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Option<String> {
        read_one(text).map(|network| network.cover.to_string())
    }

    fn list(text: &str) -> Vec<Network> {
        let mut entries = Vec::new();
        read(text, &mut entries);
        entries
            .into_iter()
            .filter_map(|entry| entry.network)
            .collect()
    }

    fn size(text: &str) -> u128 {
        addresses(list(text).iter())
    }

    #[test]
    fn every_documented_form_is_read() {
        for (text, cover) in [
            ("203.0.113.9", "203.0.113.9/32"),
            ("198.51.100.5/24", "198.51.100.0/24"),
            ("192.0.2.*", "192.0.2.0/24"),
            ("192.0.*.*", "192.0.0.0/16"),
            ("192.0.*.1", "192.0.0.0/16"),
            ("*.*.*.*", "0.0.0.0/0"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(one(text).as_deref(), Some(cover), "{text}");
        }
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        for text in [
            "",
            "office",
            "010.0.0.1",
            "10.0.0.0/08",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/0.255.255.255",
            "10.0.0.1-10.0.0.9",
            "10.0.0",
            "1::2:3:4:5:6:7:8/64",
            "::00.9.2.1",
            "fe80::1%eth0",
            "192.0.2.*/24",
            "192.0.2.*.1",
            "192.0.02.*",
            "192.0.*",
            "192.0.256.*",
            "192.0.+2.*",
            "::1/129",
            "0x0a.0.0.1",
            "\u{ff11}0.0.0.1",
            "10.0.0.1 10.0.0.2",
        ] {
            assert_eq!(read_one(text), None, "{text}");
        }
    }

    #[test]
    fn entries_know_where_they_stand() {
        let text = " 10.0.0.1 ,, office";
        let mut entries = Vec::new();
        read(text, &mut entries);
        let seen: Vec<_> = entries
            .iter()
            .map(|entry| &text[entry.at.clone()])
            .collect();
        assert_eq!(seen, ["10.0.0.1", "", "office"]);
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
        assert_eq!(size("10.0.0.0/24,10.0.0.0/25,10.0.0.7"), 256);
        assert_eq!(size("192.0.*.1"), 256);
        assert_eq!(size("192.0.*.1,192.0.2.*"), 256 + 255);
        assert_eq!(size("*.*.*.1,*.*.1.*"), (1 << 24) * 2 - (1 << 16));
        assert_eq!(size("10.0.0.0/12,10.*.0.1"), (1 << 20) + 256 - 16);
        assert_eq!(size("10.0.*.1,2001:db8::/64"), 256 + (1 << 64));
        assert_eq!(size("::/0"), u128::MAX);
    }

    #[test]
    fn space_that_nobody_connects_from_is_special() {
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
        ] {
            assert!(list(text)[0].is_special(), "{text}");
        }
        for text in [
            "8.8.8.8",
            "172.32.0.1",
            "0.0.0.0/0",
            "172.16.0.0/11",
            "2606:4700::/32",
            "2000::/3",
        ] {
            assert!(!list(text)[0].is_special(), "{text}");
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

        #[test]
        fn the_short_way_leads_where_the_long_one_does(text in "([0-9]{1,3}|[*])(\\.([0-9]{0,4}|[*])){2,4}(/[0-9]{0,3})?,?") {
            let first = text.split(',').next().expect("an item");
            if let Some((entry, end)) = Plain::of(text.as_bytes(), 0).entry(0) {
                prop_assert_eq!(end, first.len());
                prop_assert_eq!(entry.network, read_one(first), "{}", text);
            } else if !text.contains('*') {
                prop_assert_eq!(read_one(first), None, "{}", text);
            }
        }

        #[test]
        fn a_plain_ipv6_address_is_read_as_the_standard_library_does(
            bits: u128,
            odd in "[0-9a-fA-F]{0,5}(::?[0-9a-fA-F]{0,5}){0,9}",
            zeros: u8,
        ) {
            // Zeros for some groups, so that `::` stands for them.
            let mut groups = Ipv6Addr::from_bits(bits).segments();
            for (place, group) in groups.iter_mut().enumerate() {
                *group *= u16::from(zeros >> place & 1);
            }
            let address = Ipv6Addr::from(groups).to_string();
            for text in [address, odd] {
                if let Some(address) = plain_v6(text.as_bytes()) {
                    prop_assert_eq!(text.parse(), Ok(address), "{}", text);
                } else if !text.contains('.') {
                    prop_assert!(text.parse::<Ipv6Addr>().is_err(), "{}", text);
                }
            }
        }

        #[test]
        fn a_list_is_read_as_its_entries_are(
            items in prop::collection::vec("( ?[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})? ?|192\\.0\\.2\\.\\*|2001:db8::/32|office|)", 1..12),
        ) {
            let text = items.join(",");
            let mut entries = Vec::new();
            let whole = read(&text, &mut entries);
            let wanted: Vec<_> = items.iter().map(|item| read_one(item.trim())).collect();
            prop_assert_eq!(whole, wanted.iter().all(Option::is_some));
            let said: Vec<_> = entries.iter().map(|entry| entry.network).collect();
            prop_assert_eq!(said, wanted);
            for (entry, item) in entries.iter().zip(&items) {
                prop_assert_eq!(&text[entry.at.clone()], item.trim());
            }
        }

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
            prop_assert_eq!(u128::from(volume), Union::of(nets.iter()).size());
        }
    }
}
