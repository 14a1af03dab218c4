//! The verifiable draw: an order of the lobby that everyone can recompute.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::hex::write_hex;
use crate::waiting_room::beacon::DrawBeacon;
use crate::waiting_room::place::PlaceClass;

/// Rounds of the permutation, as in Ethereum's consensus specification.
pub const ROUNDS: u8 = 90;

const COMMITMENT: &[u8] = b"tiketi draw commitment v1";
const KEY: &[u8] = b"tiketi draw v1";

/// The secret seed of a draw; it is published once the order is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DrawSeed([u8; 32]);

/// The hash that is published before the draw, and fixes what the order depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SeedCommitment([u8; 32]);

/// What the order of a lobby is drawn with: fixed from the moment at which its hash is public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a policy that stores save: each writes every field")]
pub struct DrawPlan {
    /// The seed.
    pub seed: DrawSeed,
    /// The round of a public beacon on which the order also depends; `None` for the seed alone.
    ///
    /// With one, an organiser who knows the seed cannot know the order while the lobby fills.
    pub beacon: Option<DrawBeacon>,
}

/// Everything that the order of a lobby depends on, known once the line is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawKey {
    seed: DrawSeed,
    randomness: Option<[u8; 32]>,
}

impl DrawSeed {
    /// Wraps 32 random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to store them or to publish them after the draw.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl DrawPlan {
    /// Makes a plan that depends on a seed alone.
    pub const fn of(seed: DrawSeed) -> Self {
        Self { seed, beacon: None }
    }

    /// Returns the hash to publish before the draw.
    ///
    /// It is SHA-256 of `tiketi draw commitment v1` and the seed; with a beacon followed by the hash of its chain and
    /// the round, in 8 bytes with the lowest first.
    pub fn commitment(&self) -> SeedCommitment {
        let Some(DrawBeacon { chain, round, signature: _ }) = &self.beacon else {
            return SeedCommitment(hash(&[COMMITMENT, &self.seed.0]));
        };
        SeedCommitment(hash(&[COMMITMENT, &self.seed.0, chain.as_bytes(), &round.to_le_bytes()]))
    }

    /// Returns the key of the draw; `None` while the round of its beacon was not supplied.
    pub fn key(&self) -> Option<DrawKey> {
        let randomness = match &self.beacon {
            None => None,
            Some(beacon) => Some(beacon.signature?.randomness()),
        };
        Some(DrawKey { seed: self.seed, randomness })
    }
}

/// Hides the bytes, so that no log reveals them before the draw.
impl fmt::Debug for DrawSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawSeed(…)")
    }
}

impl SeedCommitment {
    /// Wraps a published hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SeedCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedCommitment({self})")
    }
}

impl fmt::Display for SeedCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The order of one class of the lobby: a permutation of its arrival numbers, keyed by the seed and the beacon.
///
/// The number of one buyer is computed without those of the others. The permutation is swap-or-not (Hoang, Morris and
/// Rogaway, 2012) with SHA-256, as Ethereum's consensus specification uses it (`compute_shuffled_index`). This is the
/// whole recipe, in Python; `letter` is `p`, `s` or `d`, `size` is how many of the class were in the lobby, and
/// `randomness` is that of the beacon's round (SHA-256 of its signature), if the draw has one:
///
/// ```python
/// from hashlib import sha256
/// def number(seed: bytes, letter: str, size: int, arrival: int, randomness: bytes = b"") -> int:
///     key, i = sha256(b"tiketi draw v1" + seed + letter.encode() + randomness).digest(), arrival - 1
///     for r in range(90):
///         pivot = int.from_bytes(sha256(key + bytes([r])).digest()[:8], "little") % size
///         flip = (pivot + size - i) % size
///         j = max(i, flip)
///         block = sha256(key + bytes([r]) + (j // 256).to_bytes(8, "little")).digest()
///         if block[j % 256 // 8] >> (j % 8) & 1: i = flip
///     return i + 1
/// ```
///
/// Arrival numbers count from 1. If the line was cleared before it opened, those that were cleared take no part: their
/// count, `cleared`, is subtracted from the arrival number and added to the drawn one. An arrival number above
/// `cleared + size` belongs to a buyer who joined after the opening; the number is then the arrival number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    key: [u8; 32],
    cleared: u64,
    size: u64,
    pivots: Vec<(u8, u64)>,
}

impl Draw {
    /// Draws the order of the `size` buyers of a class that were in the lobby, after `cleared` earlier ones.
    pub fn new(key: &DrawKey, class: PlaceClass, cleared: u64, size: u64) -> Self {
        let mut letter = [0; 4];
        let letter = class.letter().encode_utf8(&mut letter).as_bytes();
        let randomness: &[u8] = key.randomness.as_ref().map_or(&[], |bytes| bytes);
        let key = hash(&[KEY, &key.seed.0, letter, randomness]);
        let pivots = if size > 1 {
            (0..ROUNDS).map(|round| (round, first_u64(&hash(&[&key, &[round]])) % size)).collect()
        } else {
            Vec::new()
        };
        Self { key, cleared, size, pivots }
    }

    /// Returns how many buyers take part.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the number that the buyer with an arrival number has drawn.
    pub fn number_of(&self, arrival: u64) -> u64 {
        self.permute(arrival, self.pivots.iter())
    }

    /// Returns the arrival number of the buyer who has drawn a number.
    pub fn arrival_of(&self, number: u64) -> u64 {
        // Each round is its own inverse.
        self.permute(number, self.pivots.iter().rev())
    }

    fn permute<'p>(&self, from: u64, rounds: impl Iterator<Item = &'p (u8, u64)>) -> u64 {
        let Some(index) = from.checked_sub(self.cleared + 1).filter(|index| *index < self.size) else {
            return from;
        };
        let moved = rounds.fold(index, |index, (round, pivot)| {
            // Both are below `size`, and no counter that starts at 0 and grows by 1 comes near the type's limit.
            let flip = (pivot.saturating_add(self.size) - index) % self.size;
            if self.is_swapped(*round, index.max(flip)) { flip } else { index }
        });
        self.cleared + moved + 1
    }

    fn is_swapped(&self, round: u8, position: u64) -> bool {
        let block = hash(&[&self.key, &[round], &(position / 256).to_le_bytes()]);
        let byte = usize::try_from(position % 256 / 8).ok().and_then(|at| block.get(at));
        byte.is_some_and(|byte| byte >> (position % 8) & 1 == 1)
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn first_u64(hash: &[u8; 32]) -> u64 {
    let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::waiting_room::beacon::{BeaconChain, BeaconSignature};

    fn plan(seed: [u8; 32]) -> DrawPlan {
        DrawPlan::of(DrawSeed::from_bytes(seed))
    }

    fn key(seed: [u8; 32]) -> DrawKey {
        plan(seed).key().unwrap()
    }

    fn seed(first: u8) -> DrawKey {
        let mut bytes = [7; 32];
        bytes[0] = first;
        key(bytes)
    }

    fn with_beacon(round: u64, signature: Option<BeaconSignature>) -> DrawPlan {
        let chain = BeaconChain::from_bytes([5; 32]);
        DrawPlan { beacon: Some(DrawBeacon { chain, round, signature }), ..plan([7; 32]) }
    }

    /// The numbers are those of the recipe in the documentation, run by Python 3.
    #[test]
    fn the_order_is_that_of_the_published_recipe() {
        let draw = Draw::new(&key([7; 32]), PlaceClass::Standard, 0, 10);
        let order: Vec<u64> = (1..=10).map(|arrival| draw.number_of(arrival)).collect();
        assert_eq!(order, RECIPE_OF_TEN);
        let large = Draw::new(&key([7; 32]), PlaceClass::Priority, 0, 100_000);
        assert_eq!([1, 2, 99_999, 100_000].map(|arrival| large.number_of(arrival)), RECIPE_OF_100_000);
        let commitment = plan([7; 32]).commitment().to_string();
        assert_eq!(commitment, RECIPE_COMMITMENT);
    }

    const RECIPE_OF_TEN: [u64; 10] = [4, 5, 10, 8, 3, 9, 1, 6, 7, 2];
    const RECIPE_OF_100_000: [u64; 4] = [88_407, 61_242, 89_712, 96_380];
    const RECIPE_WITH_BEACON: [u64; 10] = [1, 4, 3, 5, 6, 10, 8, 2, 9, 7];
    const RECIPE_COMMITMENT_WITH_BEACON: &str =
        "c9afe0906993831c0e45506938a8959314f9d099d03ab9b1e4fc1f200a401e4f";
    const RECIPE_COMMITMENT: &str = "4761fe3e82c8c56da811eb4e741db8fd7c654c52d818ede5e78ee0b329ac453c";

    /// The numbers are those of the recipe in the documentation, run by Python 3.
    #[test]
    fn the_round_of_a_beacon_is_a_part_of_the_key() {
        let keyed = with_beacon(9, Some(BeaconSignature::from_bytes([6; 48])));
        let draw = Draw::new(&keyed.key().unwrap(), PlaceClass::Standard, 0, 10);
        let order: Vec<u64> = (1..=10).map(|arrival| draw.number_of(arrival)).collect();
        assert_eq!(order, RECIPE_WITH_BEACON);
        assert_eq!(keyed.commitment().to_string(), RECIPE_COMMITMENT_WITH_BEACON);
    }

    #[test]
    fn a_draw_has_no_key_before_its_round_was_supplied() {
        assert_eq!(with_beacon(9, None).key(), None);
    }

    #[test]
    fn a_commitment_fixes_the_chain_and_the_round() {
        let (without, with) = (plan([7; 32]), with_beacon(9, None));
        assert_ne!(without.commitment(), with.commitment());
        assert_ne!(with_beacon(10, None).commitment(), with.commitment());
        let supplied = with_beacon(9, Some(BeaconSignature::from_bytes([6; 48])));
        assert_eq!(supplied.commitment(), with.commitment(), "the signature is not known beforehand");
    }

    #[test]
    fn a_latecomer_keeps_the_number_of_arrival() {
        let draw = Draw::new(&seed(1), PlaceClass::Standard, 0, 10);
        assert_eq!([11, 12, 1_000_000].map(|arrival| draw.number_of(arrival)), [11, 12, 1_000_000]);
        assert_eq!(draw.arrival_of(11), 11);
    }

    #[test]
    fn those_who_were_cleared_take_no_part() {
        let draw = Draw::new(&seed(1), PlaceClass::Standard, 100, 10);
        let numbers: BTreeSet<u64> = (101..=110).map(|arrival| draw.number_of(arrival)).collect();
        assert_eq!(numbers, (101..=110).collect::<BTreeSet<_>>());
        assert_eq!([1, 100, 111].map(|arrival| draw.number_of(arrival)), [1, 100, 111]);
    }

    #[test]
    fn a_lobby_of_none_or_one_is_in_order() {
        for size in [0, 1] {
            let draw = Draw::new(&seed(1), PlaceClass::Standard, 0, size);
            assert_eq!([1, 2].map(|arrival| draw.number_of(arrival)), [1, 2]);
        }
    }

    /// Each of 8 buyers draws each number about equally often over 800 seeds; 100 times is the mean.
    #[test]
    fn every_buyer_draws_every_number_about_equally_often() {
        let mut counts = [[0_u32; 8]; 8];
        for first in 0..800_u32 {
            let mut bytes = [3; 32];
            bytes[..4].copy_from_slice(&first.to_le_bytes());
            let draw = Draw::new(&key(bytes), PlaceClass::Standard, 0, 8);
            for (arrival, row) in (1..).zip(&mut counts) {
                row[usize::try_from(draw.number_of(arrival) - 1).unwrap()] += 1;
            }
        }
        let (least, most) = counts
            .iter()
            .flatten()
            .fold((u32::MAX, 0), |(low, high), count| (low.min(*count), high.max(*count)));
        assert!(least > 60 && most < 145, "{least} to {most}");
    }

    #[test]
    fn a_log_does_not_reveal_a_seed() {
        assert_eq!(format!("{:?}", DrawSeed::from_bytes([7; 32])), "DrawSeed(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_draw_gives_each_number_once_and_can_be_read_back(first in any::<u8>(), size in 1_u64..300) {
            let draw = Draw::new(&seed(first), PlaceClass::Standard, 0, size);
            let numbers: BTreeSet<u64> = (1..=size).map(|arrival| draw.number_of(arrival)).collect();
            prop_assert_eq!(numbers, (1..=size).collect::<BTreeSet<_>>());
            for number in 1..=size {
                prop_assert_eq!(draw.number_of(draw.arrival_of(number)), number);
            }
        }
    }
}
