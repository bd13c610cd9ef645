//! Reads the text of an allow-list as networks.
//!
//! Addresses go through the standard library's strict parser: `ipnet` alone
//! accepts leading zeros, which some readers take for octal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use ipnet::{IpNet, Ipv4Net};
use wide::u8x16;

use super::net::Network;
use crate::text::trim;

/// Holds one entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the list's text, without the blanks around it.
    pub at: Range<usize>,
    /// The addresses that it covers, if it can be read.
    pub network: Option<Network>,
}

/// Says how the entries of a list are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    /// All entries can be read.
    pub(super) whole: bool,
    /// Something else than a comma separates them, or stands between two commas.
    pub(super) coerced: bool,
}

/// Reads entries from a byte of a text to its end, with commas, semicolons or blanks
/// between them. One that cannot be read has no network; an empty one is passed over.
pub(super) fn read_entries(list: &str, from: usize, entries: &mut Vec<Entry>) -> Spelling {
    let mut spelling = Spelling {
        whole: true,
        coerced: false,
    };
    let mut start = from;
    let mut plain = Plain::of(list.as_bytes(), start);
    loop {
        if start > plain.from + Plain::MAX_BYTES / 2 {
            plain = Plain::of(list.as_bytes(), start);
        }
        let end = match plain.entry(start) {
            Some((entry, end)) => {
                entries.push(entry);
                end
            }
            None => {
                let rest = &list.as_bytes()[start..];
                let end = memchr::memchr(b',', rest).map_or(list.len(), |comma| start + comma);
                read_item(list, start..end, entries, &mut spelling);
                end
            }
        };
        if end == list.len() {
            return spelling;
        }
        start = end + 1;
    }
}

/// Reads what is between two commas, whatever it is.
fn read_item(list: &str, item: Range<usize>, entries: &mut Vec<Entry>, spelling: &mut Spelling) {
    let whole = &list[item.clone()];
    let text = trim(whole);
    let blanks = match text.len() == whole.len() {
        true => 0,
        false => whole.len() - whole.trim_start().len(),
    };
    let mut add = |at: Range<usize>| {
        let network = read_one(&list[at.clone()]);
        spelling.whole &= network.is_some();
        entries.push(Entry { at, network });
    };
    let start = item.start + blanks;
    // Nearly all are one entry, of letters, digits and marks that separate nothing.
    let is_one = |byte: u8| (b'!'..=b'~').contains(&byte) && byte != b';';
    if !text.is_empty() && text.bytes().all(is_one) {
        return add(start..start + text.len());
    }
    let separates = |c: char| c == ';' || c.is_whitespace();
    let mut at = start;
    for part in text.split_inclusive(separates) {
        let entry = part.trim_end_matches(separates);
        if !entry.is_empty() {
            add(at..at + entry.len());
        }
        at += part.len();
    }
    spelling.coerced |= text.is_empty() || text.contains(separates);
}

/// Reads a list of plain numbers with points between them, as nearly all lists
/// are.
/// Where numbers end is found for all at once, so that no number waits for the
/// one before it to be read. Whatever else an entry may be is for the standard
/// library to say, which is as strict and slower.
struct Plain {
    /// The index in the list of the first of the bytes.
    from: usize,
    /// Some bytes of the list, and zeros.
    bytes: [u8; Self::MAX_BYTES + 16],
    /// A bit for each of the bytes that is no digit.
    others: u64,
    /// How many bytes are of the list.
    length: usize,
}

impl Plain {
    /// How many bytes are looked at together: a bit of a number for each.
    const MAX_BYTES: usize = 64;

    #[inline(always)]
    fn of(list: &[u8], from: usize) -> Self {
        let list = &list[from..];
        let mut bytes = [0; Self::MAX_BYTES + 16];
        let length = list.len().min(Self::MAX_BYTES);
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

    /// Returns the next byte that is no digit.
    #[inline(always)]
    fn end_of_digits(&mut self, start: usize) -> usize {
        self.others &= u64::MAX.checked_shl(start as u32).unwrap_or(0);
        self.others.trailing_zeros() as usize
    }

    /// Returns the number that these digits are, if it is written as it should
    /// be; at most 999.
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

    /// Reads the entry that begins at a byte, or after a blank, and returns where
    /// it ends; if it is four plain numbers and perhaps a prefix, or `*` for the
    /// last ones.
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
        let ends = self.bytes.get(at) == Some(&b',') || at == self.length && at < Self::MAX_BYTES;
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

    /// Returns the byte after so many stars with points between them.
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

/// Reads an address of hexadecimal groups, as nearly all of IPv6 are. Whatever else it
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

/// Reads digits alone: a sign or a leading zero is a mistake somewhere.
fn read_prefix(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

/// Returns a network without host bits; IPv4 mapped into IPv6 is IPv4.
pub(super) fn cidr(address: IpAddr, prefix: u8) -> Option<Network> {
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

fn mask_v4(address: u32, prefix: u8) -> u32 {
    address & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Option<String> {
        read_one(text).map(|network| network.cover.to_string())
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
    fn entries_know_where_they_are() {
        let text = " 10.0.0.1 ,, office\u{a0}10.0.0.2 ;é";
        let mut entries = Vec::new();
        read_entries(text, 0, &mut entries);
        let seen: Vec<_> = entries
            .iter()
            .map(|entry| &text[entry.at.clone()])
            .collect();
        assert_eq!(seen, ["10.0.0.1", "office", "10.0.0.2", "é"]);
    }

    proptest! {
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
            let spelling = read_entries(&text, 0, &mut entries);
            let kept: Vec<_> = items.iter().map(|item| item.trim()).collect();
            prop_assert_eq!(spelling.coerced, kept.contains(&""));
            let kept: Vec<_> = kept.into_iter().filter(|item| !item.is_empty()).collect();
            let wanted: Vec<_> = kept.iter().map(|item| read_one(item)).collect();
            prop_assert_eq!(spelling.whole, wanted.iter().all(Option::is_some));
            let said: Vec<_> = entries.iter().map(|entry| entry.network).collect();
            prop_assert_eq!(said, wanted);
            for (entry, item) in entries.iter().zip(&kept) {
                prop_assert_eq!(&text[entry.at.clone()], *item);
            }
        }
    }
}
