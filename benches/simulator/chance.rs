//! Seeded chance.

/// Increment of `SplitMix64`: 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A generator of random numbers: xoshiro256++ of Blackman & Vigna (<https://prng.di.unimi.it/xoshiro256plusplus.c>).
#[derive(Clone, Debug)]
pub(crate) struct Chance([u64; 4]);

impl Chance {
    /// The generator that belongs to `path`: a seed, then what it is for. Different paths give independent numbers.
    pub(crate) fn new(path: &[u64]) -> Self {
        let mut state = path.iter().fold(GOLDEN, |state, part| mixed(state ^ mixed(part.wrapping_add(GOLDEN))));
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(GOLDEN);
            mixed(state)
        }))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        let state = &mut self.0;
        let bits = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        bits
    }

    /// A number between 0 and 1, neither of them.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A number between `low` and `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> u64::BITS) as usize
    }

    /// A normal value around 0.
    pub(crate) fn normal(&mut self, sd: f64) -> f64 {
        sd * normal_quantile(self.uniform())
    }

    /// An exponential value.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// `count` different numbers below `of`, in random order.
    pub(crate) fn choose(&mut self, count: usize, of: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..of).collect();
        for at in 0..count.min(of) {
            let other = at + self.below(of - at);
            all.swap(at, other);
        }
        all.truncate(count);
        all
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea & Flood 2014, <https://prng.di.unimi.it/splitmix64.c>).
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// The value that a standard normal variable is below with probability `share`.
///
/// Wichura 1988, "Algorithm AS 241", the version of seven digits.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    let ratio = |above: [f64; 4], below: [f64; 3], at: f64| {
        let polynomial = |coefficients: &[f64]| coefficients.iter().rev().fold(0.0, |sum, c| sum * at + c);
        polynomial(&above) / (1.0 + at * polynomial(&below))
    };
    let offset = share - 0.5;
    if offset.abs() <= 0.425 {
        let above = [3.387_132_717_9, 50.434_271_938, 159.291_132_02, 59.109_374_72];
        return offset * ratio(above, [17.895_169_469, 78.757_757_664, 67.187_563_6], 0.180_625 - offset * offset);
    }
    let root = (-share.min(1.0 - share).ln()).sqrt();
    let size = if root <= 5.0 {
        let above = [1.423_437_277_7, 2.756_815_39, 1.306_728_481_6, 0.170_238_211_03];
        ratio(above, [0.737_001_642_5, 0.120_211_329_75, 0.0], root - 1.6)
    } else {
        let above = [6.657_905_115, 3.081_226_386, 0.428_682_943_37, 0.017_337_203_997];
        ratio(above, [0.241_978_942_25, 0.012_258_202_635, 0.0], root - 5.0)
    };
    size.copysign(offset)
}
