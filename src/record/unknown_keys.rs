//! Keys of records that are no field.

use indexmap::IndexMap;

use super::field::normalize_key;

/// Counts keys of records that are no field, in the order in which they were
/// met.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnknownKeys {
    counts: IndexMap<String, u64>,
    /// The indexes of those that were counted, in the order of their first records: a key may
    /// be met before, in lines that are no record after all.
    counted: Vec<usize>,
}

impl UnknownKeys {
    /// How many keys a run remembers at most: those met first. Records whose
    /// keys are data must not fill the memory.
    const MAX_KEYS: usize = 1024;
    /// How many keys the bytes that are read in one go may have at most: a record may
    /// have a million, and they must not fill the memory either.
    const MAX_KEYS_AT_ONCE: usize = 1 << 16;
    /// How many bytes of a key are remembered at most.
    const MAX_BYTES: usize = 128;

    /// Returns the index of a key, new or met before; nothing, if there are too many.
    pub fn index_of(&mut self, key: &str) -> Option<u32> {
        let key = &key[..key.floor_char_boundary(Self::MAX_BYTES)];
        let index = match self.counts.get_index_of(key) {
            Some(index) => index,
            None if self.counts.len() == Self::MAX_KEYS_AT_ONCE => return None,
            None => self.counts.insert_full(key.to_owned(), 0).0,
        };
        u32::try_from(index).ok()
    }

    /// Counts the key with this index so many times more.
    pub fn count(&mut self, index: usize, times: u64) {
        let count = &mut self.counts[index];
        if *count == 0 && times > 0 {
            self.counted.push(index);
        }
        *count += times;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.counted.clear();
    }

    /// Adds the counts of records that come after.
    pub fn add(&mut self, more: &Self) {
        for (key, count) in more.iter() {
            self.add_key(key, count);
        }
    }

    /// Adds the count of a key in records that come after.
    pub fn add_key(&mut self, key: &str, count: u64) {
        let index = match self.counts.get_index_of(key) {
            Some(index) => index,
            None if self.counts.len() >= Self::MAX_KEYS => return,
            None => self.counts.insert_full(key.to_owned(), 0).0,
        };
        self.count(index, count);
    }

    /// Returns all keys with their counts, in the order of their first records.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let counted = self.counted.iter();
        let counted = counted.filter_map(|index| self.counts.get_index(*index));
        counted.map(|(key, count)| (key.as_str(), *count))
    }

    /// Returns the most common keys with their counts, at most 20.
    pub fn commonest(&self) -> Vec<(&str, u64)> {
        let mut keys: Vec<_> = self.iter().collect();
        keys.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        keys.truncate(20);
        keys
    }
}

/// Returns which of these keys is most likely the one of a customer's id.
pub fn nearest_id<'k>(keys: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    const LIKELY: [&str; 8] = [
        "customerid",
        "accountid",
        "custid",
        "acctid",
        "customer",
        "account",
        "uid",
        "uuid",
    ];
    let rank = |key: &str| {
        let normalized = normalize_key(key);
        let normalized = normalized.trim_start_matches('_');
        let likely = LIKELY.iter().position(|likely| *likely == normalized);
        likely.or_else(|| normalized.ends_with("id").then_some(LIKELY.len()))
    };
    let ranked = keys.into_iter().filter_map(|key| Some((rank(key)?, key)));
    // Of several as likely, the first.
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_unknown_keys_are_remembered() {
        let mut all = UnknownKeys::default();
        for batch in 0..3 {
            let mut keys = UnknownKeys::default();
            for name in 0..600 {
                let index = keys.index_of(&format!("key{}", name + batch * 300));
                keys.count(index.expect("room") as usize, 1);
            }
            all.add(&keys);
        }
        assert_eq!(all.counts.len(), 1024);
        assert_eq!(all.commonest().len(), 20);
        assert!(all.commonest().iter().all(|(_, count)| *count == 2));
    }
}
