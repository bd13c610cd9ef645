//! Random numbers that are the same on every machine, and the few texts made of them.

/// SplitMix64: small, fast and good enough to invent customers.
pub struct Random(u64);

impl Random {
    /// A stream of its own for each customer, so that a customer is the same in
    /// an export of ten as in one of ten million.
    pub fn of(seed: u64, index: u64) -> Self {
        let mut random = Self(seed);
        let start = random.next();
        Self(start ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but without, `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// True `thousandths` times out of a thousand.
    pub fn chance(&mut self, thousandths: u32) -> bool {
        self.below(1000) < thousandths
    }

    /// One of a list.
    pub fn pick<T: Copy, const N: usize>(&mut self, list: &[T; N]) -> T {
        list[self.below(N as u32) as usize]
    }

    /// Writes an id as accounts have them: 22 characters of base62.
    pub fn id(&mut self, out: &mut String) {
        // Ten characters of one draw, by multiplication alone: 62^10 is below 2^60.
        for length in [10, 10, 2] {
            let mut fraction = self.next();
            for _ in 0..length {
                let product = u128::from(fraction) * 62;
                out.push(char::from(BASE62[(product >> 64) as usize]));
                fraction = product as u64;
            }
        }
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes a whole number in decimal.
pub fn decimal(out: &mut String, number: u32) {
    if number >= 10 {
        decimal(out, number / 10);
    }
    out.push(digit(number % 10));
}

/// Writes the last `width` decimal digits of a number, zeros in front.
pub fn padded(out: &mut String, number: u32, width: u32) {
    if width > 1 {
        padded(out, number / 10, width - 1);
    }
    out.push(digit(number % 10));
}

/// Writes a group of an IPv6 address.
pub fn hexadecimal(out: &mut String, number: u32) {
    if number >= 16 {
        hexadecimal(out, number / 16);
    }
    out.push(digit(number % 16));
}

fn digit(number: u32) -> char {
    char::from(b"0123456789abcdef"[number as usize])
}
