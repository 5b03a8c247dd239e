//! Random numbers that depend on nothing but what they are for (NUM-3).
//!
//! Philox4x64-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a pure
//! function of key and counter: no draw can move another one. The words equal `NumPy`'s raw stream;
//! `NumPy` adds one to its counter before the first block, this module uses the block of the counter itself.
//!
//! Engine draws use word 0 of the counter (signal number, leg, fill number, draw number). Resampling draw d
//! of sample s is word `d mod 4` of the block at counter `(s, d div 4, 0, 0)`.

/// Purpose of the random part of slippage (CST-2).
pub const SLIPPAGE: u64 = 1;
/// Purpose of trade dropout (RAT-3).
pub const DROPOUT: u64 = 2;
/// Purpose of Monte Carlo resampling (RAT-4).
pub const MONTE_CARLO: u64 = 3;
/// Purpose of shuffled orders of trades (RAT-4).
pub const SHUFFLE: u64 = 4;
/// Purpose of the noise on prices (RAT-3).
pub const NOISE: u64 = 5;
/// Purpose of parameter jitter (RAT-3).
pub const PARAMETERS: u64 = 6;

const MULTIPLIER_0: u64 = 0xD2E7_470E_E14C_6C93;
const MULTIPLIER_1: u64 = 0xCA5A_8263_9512_1157;
const WEYL_0: u64 = 0x9E37_79B9_7F4A_7C15;
const WEYL_1: u64 = 0xBB67_AE85_84CA_A73B;

/// Four 64-bit words: a counter or a block.
pub type Words = [u64; 4];
/// The keys of the ten rounds.
pub type Keys = [[u64; 2]; 10];

/// Returns the four words at `counter` under the key `(seed, purpose)`.
#[inline]
#[must_use]
pub fn block(seed: u64, purpose: u64, counter: Words) -> Words {
    block_of_keys(&round_keys(seed, purpose), counter)
}

/// Returns the keys of the ten rounds, for callers that draw many blocks.
#[inline]
#[must_use]
pub fn round_keys(mut seed: u64, mut purpose: u64) -> Keys {
    let mut keys = [[0; 2]; 10];
    for key in &mut keys {
        *key = [seed, purpose];
        seed = seed.wrapping_add(WEYL_0);
        purpose = purpose.wrapping_add(WEYL_1);
    }
    keys
}

/// Returns the four words at `counter` under keys made by [`round_keys`].
#[expect(
    clippy::inline_always,
    reason = "resampling calls it in its innermost loop; not inlined it costs a quarter more (PRF-7)"
)]
#[inline(always)]
#[must_use]
pub fn block_of_keys(keys: &Keys, counter: Words) -> Words {
    after_rounds(keys, counter)
}

/// What the rounds of these keys make of four words. twin: none — part of `block_of_keys`.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn after_rounds(keys: &[[u64; 2]], [mut w0, mut w1, mut w2, mut w3]: Words) -> Words {
    for [key_0, key_1] in keys {
        let (high_0, low_0) = product(MULTIPLIER_0, w0);
        let (high_1, low_1) = product(MULTIPLIER_1, w2);
        w0 = high_1 ^ w1 ^ key_0;
        w1 = low_1;
        w2 = high_0 ^ w3 ^ key_1;
        w3 = low_0;
    }
    [w0, w1, w2, w3]
}

/// The blocks at counters `(s, 0, 0, 0)`, `(s, 1, 0, 0)`, … of any sample s.
///
/// twin: none — the words are those of `block`. The zeros leave 5 of its 20 products to the sample alone or to
/// the part alone: made once, they save a tenth of a resample (PRF-7).
pub struct Samples {
    keys: Keys,
    /// What the first two rounds make of every part: two words.
    parts: Vec<[u64; 2]>,
}

impl Samples {
    /// Blocks 0…count - 1 of samples under the key `(seed, purpose)`.
    #[must_use]
    pub fn new(seed: u64, purpose: u64, count: usize) -> Self {
        let keys = round_keys(seed, purpose);
        let part_of = |part: usize| {
            let (high, low) = product(MULTIPLIER_0, part as u64 ^ keys[0][0]);
            [high ^ keys[1][1], low]
        };
        Self { keys, parts: (0..count).map(part_of).collect() }
    }

    /// Returns the blocks of one sample in their order.
    #[inline]
    pub fn blocks(&self, sample: u64) -> impl Iterator<Item = Words> {
        let (first_high, first_low) = product(MULTIPLIER_0, sample);
        let (second_high, second_low) = product(MULTIPLIER_1, first_high ^ self.keys[0][1]);
        let (third_high, third_low) = product(MULTIPLIER_0, second_high ^ self.keys[1][0]);
        let w0 = second_low ^ self.keys[2][0];
        let w2 = third_high ^ self.keys[2][1];
        self.parts.iter().map(move |[high, low]| {
            let (part_high, part_low) = product(MULTIPLIER_1, high ^ first_low);
            after_rounds(&self.keys[3..], [part_high ^ w0, part_low, w2 ^ low, third_low])
        })
    }
}

/// Returns word 0 of the block at `counter`.
#[inline]
#[must_use]
pub fn word(seed: u64, purpose: u64, counter: Words) -> u64 {
    block(seed, purpose, counter)[0]
}

/// Returns the integer 0…r that a 64-bit word draws: the high 64 bits of `word · (r + 1)`.
#[inline]
#[must_use]
pub fn uniform_int(word: u64, r: u64) -> u64 {
    if r == u64::MAX { word } else { product(word, r + 1).0 }
}

/// High and low half of a 128-bit product. twin: none — Python's integers have no width.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn product(a: u64, b: u64) -> (u64, u64) {
    let wide = u128::from(a) * u128::from(b);
    ((wide >> 64) as u64, wide as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        blocks: Vec<Block>,
        uniform: Vec<(u64, u64, u64)>,
    }

    #[derive(Deserialize)]
    struct Block {
        seed: u64,
        purpose: u64,
        counter: Words,
        words: Words,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../../tests/vectors/rng_philox.json")).unwrap()
    }

    #[test]
    fn blocks_equal_the_raw_stream_of_numpy() {
        let vectors = vectors();
        assert!(vectors.blocks.len() >= 40);
        for case in vectors.blocks {
            assert_eq!(block(case.seed, case.purpose, case.counter), case.words);
            assert_eq!(word(case.seed, case.purpose, case.counter), case.words[0]);
        }
    }

    #[test]
    fn blocks_of_samples_are_those_of_their_counters() {
        for (seed, purpose) in [(0, DROPOUT), (7, MONTE_CARLO), (u64::MAX, u64::MAX)] {
            let samples = Samples::new(seed, purpose, 5);
            for sample in [0, 1, 9_999, u64::MAX] {
                let expected: Vec<Words> =
                    (0..5).map(|part| block(seed, purpose, [sample, part, 0, 0])).collect();
                assert_eq!(samples.blocks(sample).collect::<Vec<Words>>(), expected);
            }
        }
    }

    #[test]
    fn uniform_integers_are_the_high_half_of_the_product() {
        let vectors = vectors();
        assert!(vectors.uniform.len() >= 8);
        for (word, r, expected) in vectors.uniform {
            assert_eq!(uniform_int(word, r), expected);
        }
    }
}
