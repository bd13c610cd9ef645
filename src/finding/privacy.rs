//! How far customers and values are shown.

use std::io;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::bounded_file;
use crate::digest;
use crate::record::Field;

/// How far values are shown.
#[derive(Debug, Clone, Copy)]
pub enum Privacy<'k> {
    /// Personal data and credentials read `[redacted]`.
    Redacted,
    /// As well, and ids and names of customers read as pseudonyms.
    Pseudonymised(&'k Key),
    /// Everything is shown.
    Shown,
}

/// A secret, by which pseudonyms are made: who has it can tell whose they are,
/// and nobody else.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[a key]")
    }
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read.
    #[error("the key `{path}` could not be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody could guess it.
    #[error(
        "the key `{path}` is shorter than {} bytes: write one with `openssl rand -hex 32`",
        Key::LEAST
    )]
    Short {
        /// Which.
        path: String,
    },
}

impl Key {
    /// 128 bits, if they are random.
    const LEAST: usize = 16;

    /// More bytes make no better key: such a file is something else.
    const MOST: u64 = 64_000;

    /// Reads a key; blanks around it do not count.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is too short.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let bytes =
            bounded_file::read(path, Self::MOST).map_err(|source| KeyError::Unreadable {
                path: shown.clone(),
                source,
            })?;
        let bytes = bytes.trim_ascii();
        match bytes.len() >= Self::LEAST {
            true => Ok(Self(bytes.to_owned())),
            false => Err(KeyError::Short { path: shown }),
        }
    }

    /// Stands for a value of a field: the same for the same value and key, in
    /// hexadecimal digits of its HMAC-SHA-256.
    fn pseudonym(&self, field: &str, value: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // A key of any length is taken; were it not, nothing is shown.
            return "[pseudonym]".to_owned();
        };
        // A customer that is called as another's id is not taken for it.
        mac.update(field.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        format!("{field}-{}", digest::hex(&digest[..12]))
    }
}

/// Digests bytes, with a key or without.
pub(super) enum PrivateHasher {
    Plain(digest::Hasher),
    Keyed(Box<Hmac<Sha256>>),
    Broken,
}

impl PrivateHasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(hasher) => hasher.update(bytes),
            Self::Keyed(mac) => mac.update(bytes),
            Self::Broken => {}
        }
    }

    pub(super) fn finish(self) -> Option<[u8; 32]> {
        match self {
            Self::Plain(hasher) => Some(hasher.finish()),
            Self::Keyed(mac) => Some(mac.finalize().into_bytes().into()),
            Self::Broken => None,
        }
    }
}

impl Privacy<'_> {
    /// What stands for a value that tells who a customer is, if anything does.
    pub fn pseudonym(self, field: &str, value: &str) -> Option<String> {
        match self {
            Privacy::Pseudonymised(key) => Some(key.pseudonym(field, value)),
            Privacy::Redacted | Privacy::Shown => None,
        }
    }

    /// Returns a digest of the key by which pseudonyms are made, if they are: nobody can find
    /// the key by it.
    pub fn key_digest(self) -> Option<String> {
        match self {
            Privacy::Pseudonymised(key) => {
                let digest = key.pseudonym("key", "");
                Some(digest.trim_start_matches("key-").to_owned())
            }
            Privacy::Redacted | Privacy::Shown => None,
        }
    }

    /// Returns what digests values by which equal ones are known: keyed if there is a key,
    /// so that nobody else can find out what they were.
    pub(super) fn hasher(self) -> PrivateHasher {
        match self {
            Privacy::Pseudonymised(key) => match Hmac::<Sha256>::new_from_slice(&key.0) {
                Ok(mac) => PrivateHasher::Keyed(Box::new(mac)),
                // A key of any length is taken; were it not, there is no digest.
                Err(_) => PrivateHasher::Broken,
            },
            Privacy::Redacted | Privacy::Shown => PrivateHasher::Plain(digest::Hasher::default()),
        }
    }

    /// Whether personal data and credentials are hidden.
    pub fn hides_sensitive(self) -> bool {
        !matches!(self, Privacy::Shown)
    }

    /// Whether ids and names are pseudonyms.
    pub fn is_pseudonymous(self) -> bool {
        matches!(self, Privacy::Pseudonymised(_))
    }
}

/// The fields that tell who a customer is.
pub fn tells_who(field: &Field) -> bool {
    matches!(field.name.as_str(), "id" | "name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_depends_on_key_field_and_value_alone() {
        let key = Key(b"0123456789abcdef".to_vec());
        let other = Key(b"0123456789abcdeg".to_vec());
        let name = key.pseudonym("id", "a");
        assert_eq!(name, key.pseudonym("id", "a"));
        assert_eq!(name.len(), "id-".len() + 24);
        assert_ne!(name[3..], key.pseudonym("name", "a")[5..]);
        assert_ne!(name, key.pseudonym("id", "b"));
        assert_ne!(name, other.pseudonym("id", "a"));
        assert_eq!(format!("{key:?}"), "[a key]");
    }
}
