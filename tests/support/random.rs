//! Random numbers that a seed repeats: `DOCKET_TEST_SEED=N` runs a test as it ran before.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use docket::kernel::random_bytes;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    /// From the seed that is given, or from one that is told.
    pub fn told() -> Self {
        let given = std::env::var("DOCKET_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from_le_bytes(random_bytes()) >> 32);
        println!("DOCKET_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// A place in a list of `length`.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, length as u64 - 1)).unwrap()
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }
}
