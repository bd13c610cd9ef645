//! Thirty-two bytes of an export at once.
//!
//! The one file with unsafe code: what goes over the bytes is compiled twice,
//! once for any processor and once for those with AVX2, and which of the two
//! runs is known only when the program does. A property holds that both give
//! the same.

#![allow(unsafe_code)]

use wide::u8x16;

/// How many bytes are looked at together.
pub const WIDTH: usize = 32;

/// How thirty-two bytes are looked at.
pub trait Scan: Copy {
    /// Which of the bytes end plain JSON text, a bit each: quotes, backslashes
    /// and control characters.
    fn ends_of_text(self, bytes: &[u8; WIDTH]) -> u32;

    /// Which of the bytes end a plain CSV cell, a bit each: this delimiter, and
    /// feeds.
    fn ends_of_cell(self, bytes: &[u8; WIDTH], delimiter: u8) -> u32;

    /// Which of the bytes are the same in both, a bit each.
    fn same(self, here: &[u8; WIDTH], there: &[u8; WIDTH]) -> u32;
}

/// Work that is compiled for each way to scan.
pub trait Work {
    /// What it comes to.
    type Done;

    /// Does it. To be inlined whole: only then is it compiled for the
    /// processor that the scan is for.
    fn run(self, scan: impl Scan) -> Self::Done;
}

/// On any processor.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

impl Portable {
    #[inline(always)]
    fn halves(bytes: &[u8; WIDTH], bits: impl Fn(u8x16) -> u8x16) -> u32 {
        let (halves, _) = bytes.as_chunks();
        let of = |half: &[u8; 16]| bits(u8x16::new(*half)).to_bitmask();
        of(&halves[0]) | of(&halves[1]) << 16
    }
}

impl Scan for Portable {
    #[inline(always)]
    fn ends_of_text(self, bytes: &[u8; WIDTH]) -> u32 {
        Self::halves(bytes, |all| {
            let quotes = all.simd_eq(u8x16::splat(b'"'));
            let slashes = all.simd_eq(u8x16::splat(b'\\'));
            let controls = all.min(u8x16::splat(b' ' - 1)).simd_eq(all);
            quotes | slashes | controls
        })
    }

    #[inline(always)]
    fn ends_of_cell(self, bytes: &[u8; WIDTH], delimiter: u8) -> u32 {
        Self::halves(bytes, |all| {
            let delimiters = all.simd_eq(u8x16::splat(delimiter));
            let line_feeds = all.simd_eq(u8x16::splat(b'\n'));
            let returns = all.simd_eq(u8x16::splat(b'\r'));
            delimiters | line_feeds | returns
        })
    }

    #[inline(always)]
    fn same(self, here: &[u8; WIDTH], there: &[u8; WIDTH]) -> u32 {
        let (halves, _) = there.as_chunks();
        let (first, second) = (u8x16::new(halves[0]), u8x16::new(halves[1]));
        let (here, _) = here.as_chunks();
        let of = |half: &[u8; 16], other: u8x16| u8x16::new(*half).simd_eq(other).to_bitmask();
        of(&here[0], first) | of(&here[1], second) << 16
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod processor {
    /// Does the work in the only way there is.
    #[inline(always)]
    pub fn run<W: super::Work>(work: W) -> W::Done {
        work.run(super::Portable)
    }
}

#[cfg(target_arch = "x86_64")]
mod processor {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };

    use super::{Portable, Scan, WIDTH, Work};

    /// On a processor with AVX2: there is none of these without one.
    #[derive(Debug, Clone, Copy)]
    pub struct Avx2(());

    impl Avx2 {
        /// The proof that this processor has AVX2, BMI1 and BMI2.
        #[inline(always)]
        pub fn detect() -> Option<Self> {
            // The answers are kept by the standard library.
            let found = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            found.then_some(Self(()))
        }
    }

    impl Scan for Avx2 {
        #[inline(always)]
        fn ends_of_text(self, bytes: &[u8; WIDTH]) -> u32 {
            // SAFETY: all but the load only need AVX2, which `self` proves. The
            // load reads 32 bytes, which is what the reference points to, and
            // asks for no alignment.
            unsafe {
                let all = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
                let quotes = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(b'"' as i8));
                let slashes = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(b'\\' as i8));
                let controls = _mm256_min_epu8(all, _mm256_set1_epi8(b' ' as i8 - 1));
                let controls = _mm256_cmpeq_epi8(controls, all);
                let ends = _mm256_or_si256(_mm256_or_si256(quotes, slashes), controls);
                _mm256_movemask_epi8(ends) as u32
            }
        }

        #[inline(always)]
        fn ends_of_cell(self, bytes: &[u8; WIDTH], delimiter: u8) -> u32 {
            // SAFETY: as above.
            unsafe {
                let all = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
                let delimiters = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(delimiter as i8));
                let line_feeds = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(b'\n' as i8));
                let returns = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(b'\r' as i8));
                let ends = _mm256_or_si256(_mm256_or_si256(line_feeds, returns), delimiters);
                _mm256_movemask_epi8(ends) as u32
            }
        }

        #[inline(always)]
        fn same(self, here: &[u8; WIDTH], there: &[u8; WIDTH]) -> u32 {
            // SAFETY: as above, with two references.
            unsafe {
                let here = _mm256_loadu_si256(here.as_ptr().cast::<__m256i>());
                let there = _mm256_loadu_si256(there.as_ptr().cast::<__m256i>());
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(here, there)) as u32
            }
        }
    }

    /// Does the work in the fastest way that this processor knows.
    #[inline(always)]
    pub fn run<W: Work>(work: W) -> W::Done {
        match Avx2::detect() {
            // SAFETY: the processor has what the function is compiled for.
            Some(avx2) => unsafe { with_avx2(work, avx2) },
            None => work.run(Portable),
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn with_avx2<W: Work>(work: W, avx2: Avx2) -> W::Done {
        work.run(avx2)
    }
}

pub use processor::run;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = [u8; WIDTH]> {
        let byte = prop_oneof![
            any::<u8>(),
            Just(b'"'),
            Just(b'\\'),
            Just(b';'),
            0..b' ',
            Just(b'a')
        ];
        prop::array::uniform32(byte)
    }

    /// Looks at bytes in some way.
    struct Look([u8; WIDTH], [u8; WIDTH]);

    impl Work for Look {
        type Done = [u32; 3];

        fn run(self, scan: impl Scan) -> Self::Done {
            let Look(one, other) = &self;
            [
                scan.ends_of_text(one),
                scan.ends_of_cell(one, b';'),
                scan.same(one, other),
            ]
        }
    }

    fn bits(holds: impl Fn(usize) -> bool) -> u32 {
        (0..WIDTH).filter(|at| holds(*at)).map(|at| 1 << at).sum()
    }

    proptest! {
        #[test]
        fn every_way_to_scan_sees_what_stands_there(one in bytes(), other in bytes()) {
            let text = bits(|at| matches!(one[at], b'"' | b'\\' | 0..b' '));
            let cell = bits(|at| matches!(one[at], b';' | b'\n' | b'\r'));
            let same = bits(|at| one[at] == other[at]);
            prop_assert_eq!(Look(one, other).run(Portable), [text, cell, same]);
            prop_assert_eq!(run(Look(one, other)), [text, cell, same]);
        }
    }
}
