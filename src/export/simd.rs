//! Classifies thirty-two bytes of an export at once, with a bit for each.
//!
//! Written for any processor. A version for AVX2, chosen as the program runs,
//! would need unsafe code, and was measured to buy three percent.

use wide::u8x16;

/// How many bytes are classified together.
pub const WIDTH: usize = 32;

#[inline(always)]
fn bits(bytes: &[u8; WIDTH], of: impl Fn(u8x16) -> u8x16) -> u32 {
    let (halves, _) = bytes.as_chunks();
    let bits = |half: &[u8; 16]| of(u8x16::new(*half)).to_bitmask();
    bits(&halves[0]) | bits(&halves[1]) << 16
}

/// Returns which of the bytes end plain JSON text: quotes, backslashes and control
/// characters.
#[inline(always)]
pub fn ends_of_text(bytes: &[u8; WIDTH]) -> u32 {
    bits(bytes, |all| {
        let quotes = all.simd_eq(u8x16::splat(b'"'));
        let slashes = all.simd_eq(u8x16::splat(b'\\'));
        let controls = all.min(u8x16::splat(b' ' - 1)).simd_eq(all);
        quotes | slashes | controls
    })
}

/// Returns which of the bytes end a plain CSV cell: this delimiter, and feeds.
#[inline(always)]
pub fn ends_of_cell(bytes: &[u8; WIDTH], delimiter: u8) -> u32 {
    bits(bytes, |all| {
        let delimiters = all.simd_eq(u8x16::splat(delimiter));
        let line_feeds = all.simd_eq(u8x16::splat(b'\n'));
        let returns = all.simd_eq(u8x16::splat(b'\r'));
        delimiters | line_feeds | returns
    })
}

/// Returns which of the bytes are the same in both.
#[inline(always)]
pub fn same(here: &[u8; WIDTH], there: &[u8; WIDTH]) -> u32 {
    let (here, _) = here.as_chunks();
    let (there, _) = there.as_chunks();
    let bits = |half: usize| {
        let (here, there) = (u8x16::new(here[half]), u8x16::new(there[half]));
        here.simd_eq(there).to_bitmask()
    };
    bits(0) | bits(1) << 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = [u8; WIDTH]> {
        let special = prop::sample::select(b"\"\\;\r\n\x1f\x20\x7f\x80".to_vec());
        prop::array::uniform32(prop_oneof![any::<u8>(), special, Just(b'a')])
    }

    fn slow(holds: impl Fn(usize) -> bool) -> u32 {
        (0..WIDTH).filter(|at| holds(*at)).map(|at| 1 << at).sum()
    }

    proptest! {
        #[test]
        fn every_byte_has_its_bit(one in bytes(), other in bytes()) {
            let text = slow(|at| matches!(one[at], b'"' | b'\\' | 0..b' '));
            prop_assert_eq!(ends_of_text(&one), text);
            let cell = slow(|at| matches!(one[at], b';' | b'\n' | b'\r'));
            prop_assert_eq!(ends_of_cell(&one, b';'), cell);
            prop_assert_eq!(same(&one, &other), slow(|at| one[at] == other[at]));
        }
    }
}
