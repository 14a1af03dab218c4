//! Cancellation policies: until when buyers may give tickets back, and what the shop keeps of the price.

use std::fmt;
use std::time::Duration;

use crate::limits::MAX_PRICE_MINOR;
use crate::money::Money;
use crate::time::Timestamp;

/// Most tiers of one policy.
pub const MAX_CANCELLATION_TIERS: usize = 6;
/// Longest time before the start at which a tier can end: 3,650 days.
pub const MAX_CANCELLATION_LEAD: Duration = Duration::from_hours(3_650 * 24);
/// The whole price as a share in basis points.
pub const WHOLE_SHARE: u16 = 10_000;

/// What the shop keeps of each ticket given back until a moment before the event starts.
///
/// The shop keeps a share of the ticket's price, rounded down to a whole minor unit, plus a fee; together never
/// more than the price. The rest is refunded to the buyer. A free ticket has no refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "crate::serialized::CancellationTierFields")
)]
pub struct CancellationTier {
    lead_seconds: u32,
    share_kept: u16,
    fee_kept: i64,
}

impl CancellationTier {
    /// Makes a tier that ends `lead` before the event starts.
    ///
    /// `share_kept` is in basis points of the price (10,000 is all of it), `fee_kept` in minor units a ticket.
    ///
    /// # Errors
    ///
    /// [`CancellationPolicyError`] naming the value that is out of range.
    pub fn new(lead: Duration, share_kept: u16, fee_kept: i64) -> Result<Self, CancellationPolicyError> {
        let seconds = u32::try_from(lead.as_secs()).ok();
        let whole = lead.subsec_nanos() == 0 && lead <= MAX_CANCELLATION_LEAD;
        let lead_seconds = seconds.filter(|_| whole).ok_or(CancellationPolicyError::LeadOutOfRange)?;
        if share_kept > WHOLE_SHARE {
            return Err(CancellationPolicyError::ShareOutOfRange);
        }
        if !(0..=MAX_PRICE_MINOR).contains(&fee_kept) {
            return Err(CancellationPolicyError::FeeOutOfRange);
        }
        Ok(Self { lead_seconds, share_kept, fee_kept })
    }

    /// Returns how long before the event starts the tier ends.
    pub const fn lead(self) -> Duration {
        Duration::from_secs(self.lead_seconds as u64)
    }

    /// Returns the share of the price that the shop keeps, in basis points.
    pub const fn share_kept(self) -> u16 {
        self.share_kept
    }

    /// Returns the fee that the shop keeps for each ticket, in minor units.
    pub const fn fee_kept(self) -> i64 {
        self.fee_kept
    }

    /// Returns what the shop keeps of one ticket of this price.
    pub fn kept_of(self, price: Money) -> Money {
        let most = i128::from(price.minor().max(0));
        let share = most * i128::from(self.share_kept) / i128::from(WHOLE_SHARE);
        let kept = (share + i128::from(self.fee_kept)).min(most);
        Money::new(i64::try_from(kept).unwrap_or(price.minor()), price.currency())
    }
}

/// Until when a buyer may give tickets back, and what the shop keeps.
///
/// A policy has at most [`MAX_CANCELLATION_TIERS`] tiers. The first tier whose end has not passed applies. After the
/// last tier, and from the start of the event on, buyers get no refund. Without tiers they never get one. Staff are
/// not bound by the policy.
///
/// ```
/// use std::time::Duration;
/// use tiketi_core::{cancellation_policy::CancellationTier, CancellationPolicy};
///
/// // All of it until ten days before, nine tenths until a day before, then nothing.
/// let policy = CancellationPolicy::new(&[
///     CancellationTier::new(Duration::from_hours(240), 0, 0)?,
///     CancellationTier::new(Duration::from_hours(24), 1_000, 0)?,
/// ])?;
/// assert_eq!(policy.tiers().len(), 2);
/// # Ok::<(), tiketi_core::cancellation_policy::CancellationPolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "Vec<CancellationTier>", try_from = "Vec<CancellationTier>")
)]
pub struct CancellationPolicy {
    tiers: [CancellationTier; MAX_CANCELLATION_TIERS],
    count: u8,
}

/// Fills the places that a policy does not use, so that equal policies compare as equal.
const FULL_TIER: CancellationTier = CancellationTier { lead_seconds: 0, share_kept: 0, fee_kept: 0 };

/// Why a cancellation policy cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancellationPolicyError {
    /// There are more than [`MAX_CANCELLATION_TIERS`] tiers.
    #[error("a cancellation policy may have at most {MAX_CANCELLATION_TIERS} tiers")]
    TooManyTiers,
    /// A tier does not end after the one before it.
    #[error("each tier must end closer to the start than the one before it")]
    TiersOutOfOrder,
    /// A tier ends at a fraction of a second, or earlier than [`MAX_CANCELLATION_LEAD`] before the start.
    #[error("a tier must end a whole number of seconds before the start, and at most 3650 days")]
    LeadOutOfRange,
    /// The share kept is more than the whole price.
    #[error("the share kept must be from 0 to {WHOLE_SHARE} basis points")]
    ShareOutOfRange,
    /// A fee is negative or above [`MAX_PRICE_MINOR`].
    #[error("the fee kept must be from 0 to {MAX_PRICE_MINOR} minor units")]
    FeeOutOfRange,
}

impl CancellationPolicy {
    /// The whole price is refunded until the event starts; the default of a shop.
    pub const FULL_UNTIL_START: Self = Self { tiers: [FULL_TIER; MAX_CANCELLATION_TIERS], count: 1 };
    /// Buyers get no refund.
    pub const NO_REFUNDS: Self = Self { tiers: [FULL_TIER; MAX_CANCELLATION_TIERS], count: 0 };

    /// Makes a policy of tiers, the one that ends first coming first.
    ///
    /// # Errors
    ///
    /// [`CancellationPolicyError::TooManyTiers`], [`CancellationPolicyError::TiersOutOfOrder`].
    pub fn new(tiers: &[CancellationTier]) -> Result<Self, CancellationPolicyError> {
        let mut policy = Self::NO_REFUNDS;
        policy.count = u8::try_from(tiers.len()).map_err(|_| CancellationPolicyError::TooManyTiers)?;
        if tiers.len() > MAX_CANCELLATION_TIERS {
            return Err(CancellationPolicyError::TooManyTiers);
        }
        for (place, tier) in policy.tiers.iter_mut().zip(tiers) {
            *place = *tier;
        }
        let ends_later = |(one, next): (&CancellationTier, &CancellationTier)| next.lead() < one.lead();
        let ordered = tiers.iter().zip(tiers.iter().skip(1)).all(ends_later);
        if ordered { Ok(policy) } else { Err(CancellationPolicyError::TiersOutOfOrder) }
    }

    /// Returns the tiers, the one that ends first coming first.
    pub fn tiers(&self) -> &[CancellationTier] {
        self.tiers.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl fmt::Debug for CancellationPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tiers()).finish()
    }
}

impl Default for CancellationPolicy {
    fn default() -> Self {
        Self::FULL_UNTIL_START
    }
}

/// The policy that a buyer bought under, and the event's start at that time.
///
/// A reservation saves both when it is confirmed, so that a later edit of the event does not worsen the buyer's
/// terms. If the event is moved, the tiers count from the later of the two starts. From the present start on, buyers
/// get no refund, whichever of the two starts is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct AgreedCancellation {
    /// The event's policy at that moment.
    pub policy: CancellationPolicy,
    /// The event's start at that moment.
    pub starts_at: Timestamp,
}

impl AgreedCancellation {
    /// Returns the tier that applies at `now` and the first moment at which it no longer does.
    ///
    /// `starts_at` is the event's present start.
    pub fn tier_at(&self, now: Timestamp, starts_at: Timestamp) -> Option<(CancellationTier, Timestamp)> {
        let mut tiers = self.policy.tiers().iter().map(|tier| (*tier, self.end_of(*tier, starts_at)));
        tiers.find(|(_, end)| now < *end)
    }

    /// Returns the moment from which the buyer gets no refund; `None` if there is always none.
    pub fn closes_at(&self, starts_at: Timestamp) -> Option<Timestamp> {
        self.policy.tiers().last().map(|tier| self.end_of(*tier, starts_at))
    }

    fn end_of(&self, tier: CancellationTier, starts_at: Timestamp) -> Timestamp {
        self.starts_at.max(starts_at).before(tier.lead()).min(starts_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{at, won};

    fn tier(lead: u64, share: u16, fee: i64) -> CancellationTier {
        CancellationTier::new(Duration::from_secs(lead), share, fee).unwrap()
    }

    fn agreed(tiers: &[CancellationTier]) -> AgreedCancellation {
        AgreedCancellation { policy: CancellationPolicy::new(tiers).unwrap(), starts_at: at(1_000) }
    }

    #[test]
    fn a_share_is_rounded_down_and_a_fee_takes_no_more_than_the_price() {
        for (share, fee, price, kept) in [
            (0, 0, 999, 0),
            (1_000, 0, 999, 99),
            (1_000, 50, 999, 149),
            (10_000, 0, 999, 999),
            (10_000, 1, 999, 999),
            (1, 0, 9_999, 0),
            (0, 4_000, 0, 0),
            (9_999, 0, MAX_PRICE_MINOR, 999_900_000_000),
        ] {
            assert_eq!(tier(0, share, fee).kept_of(won(price)), won(kept), "{share} {fee} {price}");
        }
        assert_eq!(tier(0, 10_000, 0).kept_of(won(i64::MAX)), won(i64::MAX));
    }

    #[test]
    fn tiers_end_one_after_the_other_and_there_are_not_too_many() {
        let many: Vec<_> = (0..7).map(|at| tier(900 - at * 100, 0, 0)).collect();
        assert_eq!(CancellationPolicy::new(&many), Err(CancellationPolicyError::TooManyTiers));
        assert_eq!(CancellationPolicy::new(&many[..6]).unwrap().tiers(), &many[..6]);
        let out_of_order = Err(CancellationPolicyError::TiersOutOfOrder);
        assert_eq!(CancellationPolicy::new(&[tier(5, 0, 0), tier(5, 10, 0)]), out_of_order);
        assert_eq!(CancellationPolicy::new(&[tier(5, 0, 0), tier(6, 10, 0)]), out_of_order);
        assert_eq!(CancellationPolicy::new(&[tier(0, 0, 0)]), Ok(CancellationPolicy::default()));
        assert_eq!(CancellationPolicy::new(&[]), Ok(CancellationPolicy::NO_REFUNDS));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let tier = CancellationTier::new;
        let lead = Err(CancellationPolicyError::LeadOutOfRange);
        assert_eq!(tier(MAX_CANCELLATION_LEAD + Duration::from_secs(1), 0, 0), lead);
        assert_eq!(tier(Duration::from_millis(1_500), 0, 0), lead);
        assert_eq!(tier(Duration::MAX, 0, 0), lead);
        assert_eq!(tier(Duration::ZERO, 10_001, 0), Err(CancellationPolicyError::ShareOutOfRange));
        for fee in [-1, MAX_PRICE_MINOR + 1] {
            assert_eq!(tier(Duration::ZERO, 0, fee), Err(CancellationPolicyError::FeeOutOfRange));
        }
        assert!(tier(MAX_CANCELLATION_LEAD, WHOLE_SHARE, MAX_PRICE_MINOR).is_ok());
    }

    #[test]
    fn the_first_tier_that_has_not_ended_applies() {
        let (full, part) = (tier(600, 0, 0), tier(100, 1_000, 0));
        let agreed = agreed(&[full, part]);
        let start = at(1_000);
        assert_eq!(agreed.tier_at(at(399), start), Some((full, at(400))));
        assert_eq!(agreed.tier_at(at(400), start), Some((part, at(900))));
        assert_eq!(agreed.tier_at(at(899), start), Some((part, at(900))));
        assert_eq!(agreed.tier_at(at(900), start), None);
        assert_eq!(agreed.closes_at(start), Some(at(900)));
        assert_eq!(agreed_nothing().tier_at(at(0), start), None);
        assert_eq!(agreed_nothing().closes_at(start), None);
    }

    fn agreed_nothing() -> AgreedCancellation {
        agreed(&[])
    }

    #[test]
    fn moving_the_event_never_shortens_the_time_but_to_its_start() {
        let full = tier(600, 0, 0);
        let agreed = agreed(&[full]);
        // Later: the buyer gains.
        assert_eq!(agreed.tier_at(at(1_000), at(2_000)), Some((full, at(1_400))));
        // Earlier: the end stays where it was …
        assert_eq!(agreed.tier_at(at(399), at(800)), Some((full, at(400))));
        // … unless the event starts before it.
        assert_eq!(agreed.tier_at(at(299), at(300)), Some((full, at(300))));
        assert_eq!(agreed.tier_at(at(300), at(300)), None);
    }
}
