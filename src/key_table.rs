//! Numbers for keys of a few words, in the order in which they are first met.

/// Numbers keys from 0, up to so many of them. It is for keys that come again and again by
/// the million: one that is known costs a few steps.
#[derive(Debug, Clone)]
pub struct KeyTable {
    /// How many words a key has.
    words: usize,
    /// How many keys are numbered at most.
    most: usize,
    /// The keys by their numbers, one after another.
    keys: Vec<u64>,
    /// For each place a number and 1, or 0 where it is free; a power of two of them, of
    /// which less than half are taken.
    places: Vec<u32>,
    len: usize,
}

/// How many places an empty table has.
const FIRST_PLACES: usize = 16;

impl KeyTable {
    /// Returns an empty table for keys of so many words, of which it numbers so many at most.
    pub fn new(words: usize, most: usize) -> Self {
        Self {
            words,
            most,
            keys: Vec::new(),
            places: vec![0; FIRST_PLACES],
            len: 0,
        }
    }

    /// Returns the number of a key; nothing, if it is new and there is no room for it.
    #[inline]
    pub fn number(&mut self, key: &[u64]) -> Option<usize> {
        let mask = self.places.len() - 1;
        let mut place = hash(key) & mask;
        loop {
            match self.places[place] {
                0 => return self.add(key, place),
                number => {
                    let number = number as usize - 1;
                    if self.is(number, key) {
                        return Some(number);
                    }
                }
            }
            place = (place + 1) & mask;
        }
    }

    /// Returns whether a number is that of a key: it is short, so that words are compared
    /// one by one.
    #[inline(always)]
    fn is(&self, number: usize, key: &[u64]) -> bool {
        let words = self.key(number).iter().zip(key);
        words.fold(0, |differing, (one, two)| differing | (one ^ two)) == 0
    }

    /// Returns the key of a number.
    #[inline]
    pub fn key(&self, number: usize) -> &[u64] {
        let from = number * self.words;
        self.keys.get(from..from + self.words).unwrap_or_default()
    }

    /// Returns how many keys are numbered.
    pub fn len(&self) -> usize {
        self.len
    }

    #[cold]
    fn add(&mut self, key: &[u64], place: usize) -> Option<usize> {
        if self.len >= self.most || key.len() != self.words {
            return None;
        }
        let number = self.len;
        self.len += 1;
        self.keys.extend_from_slice(key);
        self.places[place] = u32::try_from(self.len).ok()?;
        if self.len * 2 > self.places.len() {
            self.grow();
        }
        Some(number)
    }

    fn grow(&mut self) {
        let mask = 2 * self.places.len() - 1;
        let mut places = vec![0; mask + 1];
        for number in 0..self.len {
            let mut place = hash(self.key(number)) & mask;
            while places[place] != 0 {
                place = (place + 1) & mask;
            }
            places[place] = u32::try_from(number + 1).unwrap_or(u32::MAX);
        }
        self.places = places;
    }
}

/// Spreads the bits of a key. A key that somebody chose so that it meets others costs no
/// more than going through a table that is full.
#[inline]
fn hash(key: &[u64]) -> usize {
    let mut hash = 0u64;
    for word in key {
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (hash >> 32) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_has_the_same_number_each_time_and_no_other_has_it(
            keys in prop::collection::vec([0u64..40, 0u64..3], 1..400),
            most in 1usize..200,
        ) {
            let mut table = KeyTable::new(2, most);
            let mut numbers = HashMap::new();
            for key in keys {
                let known = numbers.len();
                let wanted = match numbers.get(&key) {
                    Some(number) => Some(*number),
                    None if known < most => {
                        numbers.insert(key, known);
                        Some(known)
                    }
                    None => None,
                };
                prop_assert_eq!(table.number(&key), wanted);
                prop_assert_eq!(table.len(), numbers.len());
            }
            for (key, number) in numbers {
                prop_assert_eq!(table.key(number), key);
            }
        }
    }
}
