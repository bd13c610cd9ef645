//! Keys of records that are no field.

use indexmap::IndexMap;

/// Counts keys of records that are no field, in the order in which they were
/// met.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnknownKeys(IndexMap<String, u64>);

impl UnknownKeys {
    /// How many keys a run remembers at most: those met first. Records whose
    /// keys are data must not fill the memory.
    const MAX_KEYS: usize = 1024;
    /// How many bytes of a key are remembered at most.
    const MAX_BYTES: usize = 128;

    /// Returns the index of a key, new or met before.
    pub fn index_of(&mut self, key: &str) -> usize {
        let key = &key[..key.floor_char_boundary(Self::MAX_BYTES)];
        match self.0.get_index_of(key) {
            Some(index) => index,
            None => self.0.insert_full(key.to_owned(), 0).0,
        }
    }

    /// Counts the key with this index so many times more.
    pub fn count(&mut self, index: usize, times: u64) {
        self.0[index] += times;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the counts of records that come after.
    pub fn add(&mut self, more: &Self) {
        let Self(more) = more;
        // A key may have been met in lines that are no record after all.
        for (key, count) in more.iter().filter(|(_, count)| **count > 0) {
            if self.0.len() < Self::MAX_KEYS || self.0.contains_key(key) {
                let index = self.index_of(key);
                self.count(index, *count);
            }
        }
    }

    /// Returns the most common keys with their counts, at most 20.
    pub fn commonest(&self) -> Vec<(&str, u64)> {
        let keys = self.0.iter();
        let mut keys: Vec<_> = keys.map(|(key, count)| (key.as_str(), *count)).collect();
        keys.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        keys.truncate(20);
        keys
    }
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
                keys.count(index, 1);
            }
            all.add(&keys);
        }
        assert_eq!(all.0.len(), 1024);
        assert_eq!(all.commonest().len(), 20);
        assert!(all.commonest().iter().all(|(_, count)| *count == 2));
    }
}
