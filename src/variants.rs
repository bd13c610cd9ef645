//! Variants of enums as bytes: their places among all.

use std::io;

use strum::VariantArray;

/// Returns the place of a variant.
pub fn place<T: VariantArray + PartialEq>(variant: &T) -> u8 {
    let place = T::VARIANTS.iter().position(|one| one == variant);
    // No enum has so many.
    place.map_or(u8::MAX, |place| place as u8)
}

/// Returns the variant at a place.
///
/// # Errors
///
/// There is none.
pub fn variant<T: VariantArray + Copy>(place: u8) -> io::Result<T> {
    let variant = T::VARIANTS.get(usize::from(place)).copied();
    variant.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}
