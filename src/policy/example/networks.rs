//! Lists of networks that checks on allow-lists tell apart.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::candidates::Candidates;
use super::sample::Sample;
use crate::policy::check::Check;
use crate::record::network::{Network, special};

/// How many entries a list that is made up has at most.
const MAX_ENTRIES: usize = 1024;

/// How many networks that checks name are looked at.
const MAX_NETS: usize = 40;

/// Returns lists of networks: for each combination of answers that checks on single
/// entries can give, and some for those on all of a list together.
pub(super) fn lists(checks: &[&Check]) -> Candidates {
    let marks = Marks::of(checks);
    let entries = marks.entries(checks);
    let mut lists: Vec<Vec<IpNet>> = entries.iter().map(|entry| vec![*entry]).collect();
    let mut known: HashSet<Vec<bool>> = HashSet::new();
    lists.retain(|list| known.insert(answers(checks, list)) || marks.of_all);
    // A list answers as its worst entries do: two, three, and so on.
    let mut from = 0;
    let mut complete = !marks.of_all;
    while from < lists.len() {
        if lists.len() > 400 {
            complete = false;
            break;
        }
        let longer = entries
            .iter()
            .map(|entry| [&lists[from][..], &[*entry]].concat());
        let longer: Vec<_> = longer.collect();
        for list in longer {
            if known.insert(answers(checks, &list)) {
                lists.push(list);
            }
        }
        from += 1;
    }
    lists.extend(marks.together(checks, &entries));
    let show = |list: &Vec<IpNet>| {
        let texts: Vec<_> = list.iter().map(|net| net.trunc().to_string()).collect();
        texts.join(",")
    };
    let mut samples: Vec<_> = lists.iter().map(|list| Sample::Text(show(list))).collect();
    samples.push(Sample::Text("x".to_owned()));
    let unreadable = entries
        .iter()
        .map(|entry| Sample::Text(format!("{entry},x")));
    samples.extend(unreadable);
    Candidates { samples, complete }
}

/// Returns whether each check on single entries admits all entries.
fn answers(checks: &[&Check], list: &[IpNet]) -> Vec<bool> {
    let admits = |check: &&Check| list.iter().all(|net| check.admits(&Network::from(*net)));
    checks.iter().map(admits).collect()
}

/// What checks on networks name.
#[derive(Debug, Default)]
struct Marks {
    nets: Vec<IpNet>,
    /// Lengths of prefixes, of IPv4 and of IPv6.
    lengths: [Vec<u8>; 2],
    /// Some check asks for all entries together, or not all networks are looked at: then
    /// not every combination of answers is found.
    of_all: bool,
}

impl Marks {
    fn of(checks: &[&Check]) -> Self {
        let mut marks = Self::default();
        for check in checks {
            match check {
                Check::Within(nets) | Check::Excludes(nets) => marks.nets.extend(nets.iter()),
                Check::Covers(nets) => {
                    marks.nets.extend(nets);
                    marks.of_all = true;
                }
                Check::Public => marks.nets.extend(special()),
                Check::MinPrefix { v4, v6 } => {
                    let beside = |length: &u8, most: u8| {
                        [Some(*length), length.checked_sub(1)]
                            .into_iter()
                            .flatten()
                            .filter(move |length| *length <= most)
                            .collect::<Vec<_>>()
                    };
                    marks.lengths[0].extend(beside(v4, 32));
                    marks.lengths[1].extend(beside(v6, 128));
                }
                Check::AnyAddress(_) | Check::MaxAddresses { .. } => marks.of_all = true,
                Check::EqualsField(_) | Check::DiffersFrom(_) => marks.of_all = true,
                Check::Present(_)
                | Check::Equals(_)
                | Check::NotEquals(_)
                | Check::In(_)
                | Check::NotIn(_)
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
                | Check::AfterField(_) => {}
            }
        }
        marks.nets.sort_unstable();
        marks.nets.dedup();
        if marks.nets.len() > MAX_NETS {
            marks.nets.truncate(MAX_NETS);
            marks.of_all = true;
        }
        let v4 = marks.nets.iter().filter(|net| net.addr().is_ipv4());
        marks.lengths[0].extend(v4.map(IpNet::prefix_len).chain([32, 24, 0]));
        let v6 = marks.nets.iter().filter(|net| net.addr().is_ipv6());
        marks.lengths[1].extend(v6.map(IpNet::prefix_len).chain([128, 48, 0]));
        for lengths in &mut marks.lengths {
            lengths.sort_unstable();
            lengths.dedup();
        }
        marks
    }

    /// Returns an entry for each combination of answers of checks on single entries: the
    /// widest and the narrowest of each family.
    fn entries(&self, checks: &[&Check]) -> Vec<IpNet> {
        let mut found: HashMap<(Vec<bool>, bool), (usize, IpNet, IpNet)> = HashMap::new();
        for entry in self
            .points()
            .into_iter()
            .flat_map(|point| self.around(point))
        {
            let key = (answers(checks, &[entry]), entry.addr().is_ipv4());
            let order = found.len();
            let (_, widest, narrowest) = found.entry(key).or_insert((order, entry, entry));
            if entry.prefix_len() < widest.prefix_len() {
                *widest = entry;
            }
            if entry.prefix_len() > narrowest.prefix_len() {
                *narrowest = entry;
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_unstable_by_key(|(order, ..)| *order);
        let both = found
            .into_iter()
            .flat_map(|(_, widest, narrowest)| [narrowest, widest]);
        let mut known = HashSet::new();
        both.filter(|entry| known.insert(*entry)).collect()
    }

    /// Returns an address in each part of the space that the networks cut it into: the
    /// first of every network, and of every one beside a network that leads to it.
    fn points(&self) -> Vec<IpAddr> {
        let usual = [
            IpAddr::V4(Ipv4Addr::new(151, 101, 0, 0)),
            IpAddr::V6(Ipv6Addr::new(0x2a04, 0x4e42, 0, 0, 0, 0, 0, 0)),
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        ];
        let mut points = usual.to_vec();
        for net in &self.nets {
            points.push(net.network());
            points.extend((1..=net.prefix_len()).map(|length| beside(net, length)));
        }
        let mut known = HashSet::new();
        points.retain(|point| known.insert(*point));
        points
    }

    fn around(&self, point: IpAddr) -> Vec<IpNet> {
        let lengths = match point {
            IpAddr::V4(_) => &self.lengths[0],
            IpAddr::V6(_) => &self.lengths[1],
        };
        let nets = lengths
            .iter()
            .rev()
            .map(|length| IpNet::new(point, *length));
        nets.flatten().map(|net| net.trunc()).collect()
    }

    /// Returns lists for the checks on all entries together.
    fn together(&self, checks: &[&Check], entries: &[IpNet]) -> Vec<Vec<IpNet>> {
        let mut lists = Vec::new();
        if !self.of_all {
            return lists;
        }
        for check in checks {
            if let Check::Covers(nets) = check {
                let narrow = nets.iter().flat_map(|net| self.parts(net)).collect();
                for list in [nets.clone(), narrow] {
                    let longer = entries.iter().map(|entry| [&list[..], &[*entry]].concat());
                    lists.extend(longer.collect::<Vec<_>>());
                    lists.insert(0, list);
                }
            }
            if let Check::MaxAddresses { v4, v6 } = check {
                let many = entries.iter().flat_map(|entry| {
                    let is_v4 = entry.addr().is_ipv4();
                    let most = if is_v4 { u128::from(*v4) } else { *v6 };
                    let wider = just_wider(entry, most);
                    let all = [Some(*entry), wider].into_iter().flatten();
                    all.filter_map(move |entry| more_than(most, &entry, checks))
                });
                lists.extend(many.collect::<Vec<_>>());
            }
        }
        lists
    }

    /// Returns a network in parts that are as narrow as checks on prefixes ask.
    fn parts(&self, net: &IpNet) -> Vec<IpNet> {
        let lengths = match net {
            IpNet::V4(_) => &self.lengths[0],
            IpNet::V6(_) => &self.lengths[1],
        };
        let narrower = lengths.iter().rev();
        let narrower = narrower.filter(|length| {
            **length > net.prefix_len() && u32::from(**length - net.prefix_len()) <= 8
        });
        let parts = narrower.copied().next().map(|length| net.subnets(length));
        match parts {
            Some(Ok(parts)) => parts.collect(),
            Some(Err(_)) | None => vec![*net],
        }
    }
}

/// Returns the network whose prefix of this length ends otherwise.
fn beside(net: &IpNet, length: u8) -> IpAddr {
    match net {
        IpNet::V4(net) => {
            let bit = 1u32 << (32 - length);
            IpAddr::V4(Ipv4Addr::from_bits(
                (net.network().to_bits() ^ bit) & !(bit - 1),
            ))
        }
        IpNet::V6(net) => {
            let bit = 1u128 << (128 - length);
            IpAddr::V6(Ipv6Addr::from_bits(
                (net.network().to_bits() ^ bit) & !(bit - 1),
            ))
        }
    }
}

/// Returns the network around an entry that just holds more addresses than this.
fn just_wider(entry: &IpNet, most: u128) -> Option<IpNet> {
    let bits = u8::try_from(most.checked_ilog2().map_or(0, |bits| bits + 1)).ok()?;
    let length = entry.max_prefix_len().checked_sub(bits)?;
    IpNet::new(entry.addr(), length).ok().map(|net| net.trunc())
}

/// Returns neighbours of an entry, of which the checks say the same, that hold more
/// addresses than this together.
fn more_than(most: u128, entry: &IpNet, checks: &[&Check]) -> Option<Vec<IpNet>> {
    let wanted = answers(checks, &[*entry]);
    let host = entry.max_prefix_len() - entry.prefix_len();
    let each = 1u128.checked_shl(host.into()).unwrap_or(u128::MAX);
    let count = usize::try_from((most / each).saturating_add(1)).ok()?;
    if count > MAX_ENTRIES {
        return None;
    }
    let mut list = Vec::new();
    let mut next = Some(*entry);
    for _ in 0..8 * MAX_ENTRIES {
        let net = next?;
        if answers(checks, &[net]) == wanted {
            list.push(net);
        }
        if list.len() == count {
            return Some(list);
        }
        next = following(&net);
    }
    None
}

fn following(net: &IpNet) -> Option<IpNet> {
    let after = match net.broadcast() {
        IpAddr::V4(last) => IpAddr::V4(Ipv4Addr::from_bits(last.to_bits().checked_add(1)?)),
        IpAddr::V6(last) => IpAddr::V6(Ipv6Addr::from_bits(last.to_bits().checked_add(1)?)),
    };
    IpNet::new(after, net.prefix_len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        let nets = texts.iter().map(|text| text.parse().expect("a network"));
        nets.collect()
    }

    #[test]
    fn a_list_is_found_for_every_combination_of_answers() {
        let within = Check::Within(nets(&["10.0.0.0/8", "192.0.2.0/24"]).into());
        let excludes = Check::Excludes(nets(&["10.1.0.0/16"]).into());
        let prefix = Check::MinPrefix { v4: 16, v6: 48 };
        let checks = [&within, &excludes, &prefix];
        let marks = Marks::of(&checks);
        let entries = marks.entries(&checks);
        let found: HashSet<_> = entries
            .iter()
            .map(|net| answers(&checks, &[*net]))
            .collect();
        let all = |first| [true, false].map(move |second| [first, second]);
        for [within, excludes] in [true, false].into_iter().flat_map(all) {
            for prefix in [true, false] {
                // What is without 10/8 and within 10.1/16 does not exist, unless it is wider.
                let exists = within || excludes || !prefix;
                let wanted = vec![within, excludes, prefix];
                assert_eq!(found.contains(&wanted), exists, "{wanted:?}");
            }
        }
        assert!(lists(&checks).complete);
    }

    #[test]
    fn lists_that_are_too_large_or_cover_a_network_are_made_up_too() {
        let most = Check::MaxAddresses { v4: 65536, v6: 1 };
        let prefix = Check::MinPrefix { v4: 16, v6: 48 };
        let covers = Check::Covers(nets(&["192.0.2.0/24"]));
        let found = lists(&[&most, &prefix, &covers]);
        let has = |text: &str| {
            let wanted = Sample::Text(text.to_owned());
            found.samples.contains(&wanted)
        };
        assert!(!found.complete);
        assert!(has("151.101.0.0/16,151.102.0.0/16"), "{:?}", found.samples);
        assert!(has("192.0.2.0/24"), "{:?}", found.samples);
    }
}
