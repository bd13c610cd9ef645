//! Lists of networks: how they are written, and the questions put to them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value as Json;

use super::logic::{Cause, Fault, Truth, certain};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    V4,
    V6,
}

/// A network: its first address and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    pub family: Family,
    pub first: u128,
    pub prefix: u32,
}

/// One readable item of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The network itself, or the smallest that covers an odd wildcard.
    pub network: Network,
    /// The octets of a wildcard with a star before a number.
    odd: Option<[Octet; 4]>,
}

/// The values that an octet may have, from the first to the last.
type Octet = (u8, u8);

/// A run of addresses, from the first to the last.
type Run = (Family, u128, u128);

/// A list of networks; what cannot be read of it is kept as `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List(pub Vec<Option<Entry>>);

/// Ranges that are no public addresses.
const SPECIAL: [&str; 21] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/3",
    "4000::/2",
    "8000::/1",
    "2001:db8::/32",
    "3fff::/20",
    "2001:2::/48",
    "2001:10::/28",
];

impl Family {
    fn width(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }
}

impl Network {
    fn new(family: Family, address: u128, prefix: u32) -> Self {
        let host = match family.width() - prefix {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        };
        let first = address & !host;
        Self {
            family,
            first,
            prefix,
        }
    }

    fn run(self) -> Run {
        let host = match self.family.width() - self.prefix {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        };
        (self.family, self.first, self.first | host)
    }

    fn lies_in(self, other: Network) -> bool {
        let ((mine, first, last), (theirs, start, end)) = (self.run(), other.run());
        mine == theirs && start <= first && last <= end
    }

    fn overlaps(self, other: Network) -> bool {
        let ((mine, first, last), (theirs, start, end)) = (self.run(), other.run());
        mine == theirs && first <= end && start <= last
    }

    /// The octets of an IPv4 network, each with the values it may have.
    fn octets(self) -> [Octet; 4] {
        let (_, first, last) = self.run();
        let (first, last) = (first as u32, last as u32);
        let (first, last) = (first.to_be_bytes(), last.to_be_bytes());
        [0, 1, 2, 3].map(|at| (first[at], last[at]))
    }
}

/// The list that a text names: in the braces of a Postgres array, or without.
pub fn list(text: &str) -> List {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    List::of(entries(inner.unwrap_or(text)).collect())
}

/// The list that a JSON array of texts names; nothing else in it can be read.
pub fn array(array: &[Json]) -> List {
    let texts = array.iter().map(|one| match one {
        Json::String(text) => entries(text).collect(),
        _ => vec![None],
    });
    List::of(texts.flatten().collect())
}

/// What lies between commas, semicolons and blanks, where something does.
fn entries(text: &str) -> impl Iterator<Item = Option<Entry>> {
    let items = text.split(|c: char| c.is_whitespace() || ",;".contains(c));
    items.filter(|item| !item.is_empty()).map(entry)
}

/// One item of a list.
fn entry(text: &str) -> Option<Entry> {
    if text.contains('*') {
        return wildcard(text);
    }
    let network = network(text)?;
    Some(Entry { network, odd: None })
}

/// An address or a CIDR.
pub fn network(text: &str) -> Option<Network> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(plain(prefix)?)),
        None => (text, None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => v4(address, prefix.unwrap_or(32)),
        IpAddr::V6(address) => v6(address, prefix.unwrap_or(128)),
    }
}

fn v4(address: Ipv4Addr, prefix: u32) -> Option<Network> {
    let address = address.to_bits().into();
    (prefix <= 32).then(|| Network::new(Family::V4, address, prefix))
}

/// An IPv6 network; an IPv4 address in IPv6's clothes is an IPv4 address.
fn v6(address: Ipv6Addr, prefix: u32) -> Option<Network> {
    if let (Some(address), 96..) = (address.to_ipv4_mapped(), prefix) {
        return v4(address, prefix - 96);
    }
    (prefix <= 128).then(|| Network::new(Family::V6, address.to_bits(), prefix))
}

fn wildcard(text: &str) -> Option<Entry> {
    let parts: Vec<&str> = text.split('.').collect();
    let octets: Option<Vec<Octet>> = parts.iter().map(|part| octet(part)).collect();
    let octets: [Octet; 4] = octets?.try_into().ok()?;
    let fixed = parts.iter().take_while(|part| **part != "*").count();
    let numbers = parts.iter().filter(|part| **part != "*").count();
    let address = Ipv4Addr::from(octets.map(|(first, _)| first));
    let network = v4(address, 8 * u32::try_from(fixed).ok()?)?;
    let odd = (fixed < numbers).then_some(octets);
    Some(Entry { network, odd })
}

fn octet(text: &str) -> Option<Octet> {
    if text == "*" {
        return Some((0, 255));
    }
    let number = u8::try_from(plain(text)?).ok()?;
    Some((number, number))
}

/// A number in plain digits, without a sign or leading zeros.
fn plain(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    (digits && !leading_zero).then(|| text.parse().ok())?
}

impl List {
    /// In whatever order entries stand, and however often, the list is the same.
    fn of(mut entries: Vec<Option<Entry>>) -> Self {
        entries.sort();
        entries.dedup();
        Self(entries)
    }

    /// What can be read of the list.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flatten()
    }

    fn networks(&self) -> impl Iterator<Item = Network> {
        self.entries().map(|entry| entry.network)
    }

    /// Whether there is an item that cannot be read.
    pub fn is_partial(&self) -> bool {
        self.0.contains(&None)
    }

    pub fn is_unreadable(&self) -> bool {
        self.entries().next().is_none()
    }

    /// Every address in the list, as runs that neither overlap nor touch.
    pub fn union(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = self.networks().map(Network::run).collect();
        runs.sort();
        let mut union: Vec<Run> = Vec::new();
        for (family, first, last) in runs {
            match union.last_mut() {
                Some((same, _, end)) if *same == family && first <= end.saturating_add(1) => {
                    *end = last.max(*end);
                }
                _ => union.push((family, first, last)),
            }
        }
        union
    }

    fn is_any_address(&self) -> bool {
        let everything = |family| Network::new(family, 0, 0).run();
        let union = self.union();
        union.contains(&everything(Family::V4)) || union.contains(&everything(Family::V6))
    }

    /// How many addresses of a family the list holds. Each is counted once, but
    /// an odd wildcard has a size of its own, whatever lies beside it. All of
    /// IPv6 is one more than can be counted here, which is more than any limit.
    fn addresses(&self, family: Family) -> u128 {
        let mut odd: Vec<[Octet; 4]> = self.entries().filter_map(|entry| entry.odd).collect();
        odd.sort();
        odd.dedup();
        let odd = match family {
            Family::V4 => odd.iter().map(|octets| count(&[*octets], 0)).sum(),
            Family::V6 => 0,
        };
        let plain = self.entries().filter(|entry| entry.odd.is_none());
        let plain = List(plain.cloned().map(Some).collect()).union();
        let plain = plain.into_iter().filter(|(other, _, _)| *other == family);
        plain
            .map(|(_, first, last)| (last - first).saturating_add(1))
            .fold(odd, u128::saturating_add)
    }

    /// Whether every address of a network is named by some entry.
    fn covers(&self, network: Network) -> bool {
        match network.family {
            Family::V4 => {
                let shared = |entry: &Entry| {
                    let octets = entry.odd.unwrap_or_else(|| entry.network.octets());
                    common(octets, network.octets())
                };
                let v4 = self
                    .entries()
                    .filter(|entry| entry.network.family == Family::V4);
                let boxes: Vec<[Octet; 4]> = v4.filter_map(shared).collect();
                count(&boxes, 0) == count(&[network.octets()], 0)
            }
            Family::V6 => {
                let (family, first, last) = network.run();
                let holds =
                    |(other, start, end): &Run| *other == family && *start <= first && last <= *end;
                self.union().iter().any(holds)
            }
        }
    }
}

/// What lies in both boxes.
fn common(mine: [Octet; 4], theirs: [Octet; 4]) -> Option<[Octet; 4]> {
    let octets = [0, 1, 2, 3].map(|at| {
        let (first, last) = mine[at];
        let (start, end) = theirs[at];
        (first.max(start), last.min(end))
    });
    octets
        .iter()
        .all(|(first, last)| first <= last)
        .then_some(octets)
}

/// How many IPv4 addresses lie in one of the boxes, from this octet on.
fn count(boxes: &[[Octet; 4]], at: usize) -> u128 {
    if boxes.is_empty() {
        return 0;
    }
    if at == 4 {
        return 1;
    }
    let mut alike: BTreeMap<Vec<usize>, u128> = BTreeMap::new();
    for value in 0..=255 {
        let holds = |index: &usize| {
            let (first, last) = boxes[*index][at];
            (first..=last).contains(&value)
        };
        let holding = (0..boxes.len()).filter(holds).collect();
        *alike.entry(holding).or_default() += 1;
    }
    alike
        .into_iter()
        .map(|(holding, values)| {
            let inside: Vec<_> = holding.into_iter().map(|index| boxes[index]).collect();
            values * count(&inside, at + 1)
        })
        .sum()
}

/// Whether an operator holds; with an item that cannot be read, only what is
/// certain whatever that item may be.
pub fn holds(list: &List, operator: &str, argument: &toml::Value) -> Truth {
    match operator {
        "any-address" => return any_address(list, argument.as_bool().unwrap()),
        "covers" => return covers(list, &cidrs(argument)),
        _ => {}
    }
    if violates(list, operator, argument) {
        return Truth::False;
    }
    unless_partial(list, Truth::True)
}

fn any_address(list: &List, wanted: bool) -> Truth {
    if list.is_any_address() {
        return certain(wanted);
    }
    unless_partial(list, certain(!wanted))
}

/// What is covered stays so, whatever else there may be.
fn covers(list: &List, wanted: &[Network]) -> Truth {
    if wanted.iter().all(|network| list.covers(*network)) {
        return Truth::True;
    }
    unless_partial(list, Truth::False)
}

fn unless_partial(list: &List, answer: Truth) -> Truth {
    if list.is_partial() {
        return Truth::Undecided(Cause::Bad(Fault::Unparsable));
    }
    answer
}

fn violates(list: &List, operator: &str, argument: &toml::Value) -> bool {
    match operator {
        "min-prefix" => list
            .networks()
            .any(|network| i64::from(network.prefix) < limit(network.family, argument)),
        "max-addresses" => [Family::V4, Family::V6]
            .into_iter()
            .any(|family| list.addresses(family) > limit(family, argument) as u128),
        "within" => {
            let allowed = cidrs(argument);
            let is_allowed = |entry: Network| allowed.iter().any(|cidr| entry.lies_in(*cidr));
            !list.networks().all(is_allowed)
        }
        "excludes" => {
            let shut = cidrs(argument);
            let is_shut = |entry: Network| shut.iter().any(|cidr| entry.overlaps(*cidr));
            list.networks().any(is_shut)
        }
        "public" => list.networks().any(is_special),
        other => panic!("no operator on networks is called `{other}`"),
    }
}

/// What an argument says of a family.
fn limit(family: Family, argument: &toml::Value) -> i64 {
    let name = match family {
        Family::V4 => "v4",
        Family::V6 => "v6",
    };
    argument[name].as_integer().unwrap()
}

fn cidrs(argument: &toml::Value) -> Vec<Network> {
    let texts = argument.as_array().unwrap().iter();
    texts
        .map(|text| network(text.as_str().unwrap()).unwrap())
        .collect()
}

fn is_special(entry: Network) -> bool {
    SPECIAL
        .iter()
        .any(|range| entry.overlaps(network(range).unwrap()))
}
