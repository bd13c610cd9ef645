//! Keys of records that are no field.

use std::collections::HashMap;

/// Keys of records that are no field, counted by name in the order in which
/// they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnknownKeys {
    counts: Vec<(String, u64)>,
    places: HashMap<String, usize>,
}

impl UnknownKeys {
    /// The most names that a run remembers: those met first. Records whose
    /// keys are data must not fill the memory.
    const MAX_NAMES: usize = 1024;
    /// The most bytes of a name that are remembered.
    const MAX_BYTES: usize = 128;

    /// The place of a name, new or met before.
    pub fn place(&mut self, name: &str) -> usize {
        let name = &name[..name.floor_char_boundary(Self::MAX_BYTES)];
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.counts.len();
        self.counts.push((name.to_owned(), 0));
        self.places.insert(name.to_owned(), place);
        place
    }

    /// Counts the name of this place so many times more.
    pub fn count(&mut self, place: usize, times: u64) {
        self.counts[place].1 += times;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.places.clear();
    }

    /// Adds the counts of records that come after.
    pub fn add(&mut self, more: &Self) {
        // A name may have been met in lines that are no record after all.
        for (name, count) in more.counts.iter().filter(|(_, count)| *count > 0) {
            if self.counts.len() < Self::MAX_NAMES || self.places.contains_key(name) {
                let place = self.place(name);
                self.counts[place].1 += count;
            }
        }
    }

    /// The commonest names with their counts, at most 20.
    pub fn commonest(&self) -> Vec<(&str, u64)> {
        let mut names: Vec<_> = self
            .counts
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect();
        names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        names.truncate(20);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_unknown_names_are_remembered() {
        let mut all = UnknownKeys::default();
        for batch in 0..3 {
            let mut keys = UnknownKeys::default();
            for name in 0..600 {
                let place = keys.place(&format!("key{}", name + batch * 300));
                keys.count(place, 1);
            }
            all.add(&keys);
        }
        assert_eq!(all.counts.len(), 1024);
        assert_eq!(all.commonest().len(), 20);
        assert!(all.commonest().iter().all(|(_, count)| *count == 2));
    }
}
