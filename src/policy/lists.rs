//! The tests of an allow-list, asked of each of its entries together.
//!
//! The networks that all tests name cut the addresses into stretches. Of two entries that
//! lie in the same stretch, each test that looks for networks says the same, and of two
//! whose prefixes are as long, each test of prefixes. So both are asked once.

use ipnet::IpNet;

use super::check::Check;
use super::policies::Policies;
use super::requirement::TestId;
use super::truth::Truth;
use crate::record::network::{self, Network, Sizes};

/// Says how the tests of an allow-list are asked together.
#[derive(Debug, Clone, Default)]
pub(super) struct ListTests {
    /// The tests that are asked of each entry, by their places among those of the field.
    each: Vec<usize>,
    /// The others.
    whole: Vec<usize>,
    /// The first addresses of the stretches, in their order; the first of them is 0.
    v4: Vec<u32>,
    v6: Vec<u128>,
}

/// Remembers what the tests of each entry say.
#[derive(Debug, Default)]
pub(super) struct KnownEntries {
    /// A bit for each test that admits an entry: a row for each stretch, then for each
    /// length of a prefix.
    rows: Vec<u64>,
    /// Which of the rows are known.
    met: Vec<bool>,
    /// How many words a row has.
    words: usize,
    /// Room for the bits of a list.
    bits: Vec<u64>,
}

/// How many lengths a prefix of IPv4, and of IPv6, can have.
const LENGTHS_V4: usize = 33;
const LENGTHS_V6: usize = 129;

impl ListTests {
    /// Returns how these tests of a field are asked together; nothing, if too few of them
    /// look at each entry for that to be quicker.
    pub(super) fn new<'c>(checks: impl Iterator<Item = &'c Check>) -> Option<Self> {
        let mut tests = Self::default();
        (tests.v4, tests.v6) = (vec![0], vec![0]);
        for (place, check) in checks.enumerate() {
            if !check.asks_each_entry() {
                tests.whole.push(place);
                continue;
            }
            tests.each.push(place);
            check.networks().iter().for_each(|net| tests.cut(net));
        }
        tests.v4.sort_unstable();
        tests.v4.dedup();
        tests.v6.sort_unstable();
        tests.v6.dedup();
        (tests.each.len() > 2).then_some(tests)
    }

    fn cut(&mut self, net: &IpNet) {
        match net {
            IpNet::V4(net) => {
                self.v4.push(net.network().to_bits());
                self.v4.extend(net.broadcast().to_bits().checked_add(1));
            }
            IpNet::V6(net) => {
                self.v6.push(net.network().to_bits());
                self.v6.extend(net.broadcast().to_bits().checked_add(1));
            }
        }
    }

    /// Returns the number of the stretch in which all of a network lies, if it lies in one.
    #[inline]
    fn stretch(&self, net: &IpNet) -> Option<usize> {
        match net {
            IpNet::V4(net) => {
                let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
                stretch(&self.v4, first, last)
            }
            IpNet::V6(net) => {
                let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
                stretch(&self.v6, first, last).map(|number| self.v4.len() + number)
            }
        }
    }

    fn stretches(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Returns the tests that are asked of the list as a whole, by their places.
    pub(super) fn whole(&self) -> &[usize] {
        &self.whole
    }
}

#[inline(always)]
fn stretch<N: Copy + Ord>(starts: &[N], first: N, last: N) -> Option<usize> {
    let next = starts.partition_point(|start| *start <= first);
    let is_in_one = starts.get(next).is_none_or(|start| last < *start);
    is_in_one.then(|| next - 1)
}

impl KnownEntries {
    pub(super) fn new(tests: &ListTests) -> Self {
        let words = tests.each.len().div_ceil(64);
        let rows = tests.stretches() + LENGTHS_V4 + LENGTHS_V6;
        Self {
            rows: vec![u64::MAX; rows * words],
            met: vec![false; rows],
            words,
            bits: vec![0; words],
        }
    }

    /// Hands out the places of the tests that do not admit some of these networks, by the
    /// tests of their field.
    pub(super) fn refusing<'n>(
        &mut self,
        tests: &ListTests,
        (policies, ids): (&Policies, &[TestId]),
        networks: impl Iterator<Item = &'n Network>,
        mut refuses: impl FnMut(usize),
    ) {
        let admits = |test: usize, network: &Network| {
            let id = ids[tests.each[test]];
            policies.test(id).check.admits(network)
        };
        self.bits.fill(u64::MAX);
        for network in networks {
            let stretch = tests.stretch(&network.cover);
            let Some(stretch) = stretch.filter(|_| !network.is_odd()) else {
                for test in 0..tests.each.len() {
                    if !admits(test, network) {
                        self.bits[test / 64] &= !(1 << (test % 64));
                    }
                }
                continue;
            };
            let prefix = usize::from(network.cover.prefix_len());
            let prefix = tests.stretches()
                + match network.cover {
                    IpNet::V4(_) => prefix,
                    IpNet::V6(_) => LENGTHS_V4 + prefix,
                };
            for (row, is_of_prefix) in [(stretch, false), (prefix, true)] {
                if !std::mem::replace(&mut self.met[row], true) {
                    for (test, place) in tests.each.iter().enumerate() {
                        let check = &policies.test(ids[*place]).check;
                        if check.asks_prefix() == is_of_prefix && !admits(test, network) {
                            self.rows[row * self.words + test / 64] &= !(1 << (test % 64));
                        }
                    }
                }
                let row = &self.rows[row * self.words..];
                for (bits, row) in self.bits.iter_mut().zip(row) {
                    *bits &= row;
                }
            }
        }
        for (word, bits) in self.bits.iter().enumerate() {
            let mut refusing = !bits;
            while refusing != 0 {
                refuses(tests.each[64 * word + refusing.trailing_zeros() as usize]);
                refusing &= refusing - 1;
            }
        }
    }
}

impl Check {
    /// Returns what it says of a list of which all entries can be read and that is no
    /// larger than this, if that decides.
    #[inline]
    pub(super) fn by_sizes(&self, sizes: Sizes) -> Option<Truth> {
        match self {
            Check::AnyAddress(wanted) => (!sizes.may_be_any()).then_some(Truth::from(!wanted)),
            Check::MaxAddresses { v4, v6 } => sizes.are_at_most(*v4, *v6).then_some(Truth::True),
            _ => None,
        }
    }

    /// Returns whether it is asked of each entry of an allow-list.
    fn asks_each_entry(&self) -> bool {
        self.asks_prefix() || !self.networks().is_empty()
    }

    /// Returns whether it is asked of the lengths of prefixes.
    fn asks_prefix(&self) -> bool {
        matches!(self, Check::MinPrefix { .. })
    }

    /// Returns the networks in which it looks for each entry.
    fn networks(&self) -> Vec<IpNet> {
        match self {
            Check::Within(nets) | Check::Excludes(nets) => nets.to_vec(),
            Check::Public => network::special().collect(),
            Check::MinPrefix { .. }
            | Check::Present(_)
            | Check::Equals(_)
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
            | Check::AnyAddress(_)
            | Check::MaxAddresses { .. }
            | Check::Covers(_) => Vec::new(),
        }
    }
}
