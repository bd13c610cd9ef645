//! Tells most keys that mean nothing from those that may, at little cost: a record may
//! have a million keys.

use super::object::Role;
use crate::record::Schema;

/// Holds which normalized keys may mean something, by their first bytes and lengths.
#[derive(Debug)]
pub struct Familiar {
    /// A bit for each length of keys that begin with a byte; the last is for all above.
    lengths: [u64; 256],
}

impl Familiar {
    /// Makes the filter of the keys that are fields or say something of an object.
    pub fn new(schema: &Schema) -> Self {
        let mut lengths = [0; 256];
        let mut add = |key: &str| {
            if let Some(first) = key.bytes().next() {
                lengths[usize::from(first)] |= bit(key);
            }
        };
        schema.normalized_keys().for_each(&mut add);
        Role::keys().for_each(add);
        Self { lengths }
    }

    /// Returns whether a normalized key may mean something. If not, it means nothing.
    pub fn may_mean(&self, key: &str) -> bool {
        let lengths = key
            .bytes()
            .next()
            .map(|first| self.lengths[usize::from(first)]);
        lengths.is_some_and(|lengths| lengths & bit(key) != 0) || Role::is_of_airbyte(key)
    }
}

fn bit(key: &str) -> u64 {
    1 << key.len().min(63)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Key;
    use crate::record::field::normalize_key;

    proptest! {
        #[test]
        fn a_key_that_is_not_familiar_means_nothing(
            key in "[a-z_@. -]{0,9}|_{0,3}airbyte[a-z_]{0,4}|[a-zA-Z]{1,70}",
            mapped in "[a-z]{1,70}",
        ) {
            let mut schema = Schema::default();
            // A field has its name already.
            _ = schema.map("id", &mapped);
            let familiar = Familiar::new(&schema);
            let means = |key: &str| {
                let is_field = !matches!(schema.normalized_key(key), Key::Unknown);
                is_field || Role::of(key) != Role::Other
            };
            for key in [key, mapped] {
                let key = normalize_key(&key);
                prop_assert!(familiar.may_mean(&key) || !means(&key), "{}", key);
            }
            prop_assert!(schema.normalized_keys().all(|key| familiar.may_mean(key)));
            prop_assert!(Role::keys().all(|key| familiar.may_mean(key)));
        }
    }
}
