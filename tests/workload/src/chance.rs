//! Random numbers from a seed, the same in every release.

use std::time::Duration;

/// Odd constant of `SplitMix64`: the golden ratio in 64 bits.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// `SplitMix64` (Steele, Lea and Flood, 2014): a small generator whose numbers depend on the seed alone.
///
/// Each concern of a run has a generator of its own, so that one that draws more numbers changes nothing for another.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Makes the generator of one concern of a seed.
    pub fn of(seed: u64, concern: &str) -> Self {
        // FNV-1a, so that concerns with similar names have unrelated numbers.
        let name = concern.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let mut mixed = Self(seed.wrapping_mul(STEP) ^ name);
        Self(mixed.number())
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number().checked_rem(end).unwrap_or(0)
    }

    /// Returns a place in a list of `length`; 0 if it is empty.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Returns true in `share` of 1,000 cases on average.
    pub fn happens(&mut self, share: u64) -> bool {
        self.below(1_000) < share
    }

    /// Returns a number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Returns a length of time from `least` to `most` milliseconds.
    pub fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.between(least, most))
    }

    /// Returns one of several items; `None` if there are none.
    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let place = self.place(of.len());
        of.get(place)
    }

    /// Returns one of several items by their weights; `None` if all weights are 0.
    pub fn weighted<T: Clone>(&mut self, of: &[(u64, T)]) -> Option<T> {
        let mut at = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in of {
            if at < *weight {
                return Some(item.clone());
            }
            at -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concerns_of_one_seed_have_unrelated_numbers() {
        let (mut faults, mut buyers) = (Chance::of(1, "faults"), Chance::of(1, "buyers"));
        assert_ne!(faults.number(), buyers.number());
        assert_eq!(Chance::of(1, "faults").number(), Chance::of(1, "faults").number());
        assert_ne!(Chance::of(1, "faults").number(), Chance::of(2, "faults").number());
    }

    #[test]
    fn weights_are_shares_and_empty_choices_are_none() {
        let mut chance = Chance::of(3, "weights");
        let drawn: Vec<_> = (0..1_000).filter_map(|_| chance.weighted(&[(9, 'a'), (1, 'b')])).collect();
        let rare = drawn.iter().filter(|it| **it == 'b').count();
        assert!((50..200).contains(&rare), "{rare}");
        assert_eq!(chance.weighted(&[(0, 'a')]), None);
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}
