//! Parses the shop's cancellation policy from one option.

use tiketi_core::{CancellationPolicy, cancellation_policy::CancellationTier};

use super::values;

const SHAPE: &str = "write tiers with commas between, each TIME:PERCENT% or TIME:PERCENT%+FEE, as in 10d:0%,1d:10%+4000, or none";

/// Reads a policy: tiers in order of their ends, the earliest first, or `none` for no refunds.
pub(super) fn policy(text: &str) -> Result<CancellationPolicy, String> {
    if text.trim() == "none" {
        return Ok(CancellationPolicy::NO_REFUNDS);
    }
    let tiers = text.split(',').map(tier).collect::<Result<Vec<_>, _>>()?;
    CancellationPolicy::new(&tiers).map_err(|error| error.to_string())
}

fn tier(text: &str) -> Result<CancellationTier, String> {
    let (lead, kept) = text.trim().split_once(':').ok_or(SHAPE)?;
    let (share, fee) = kept.split_once('+').unwrap_or((kept, "0"));
    let share = share.strip_suffix('%').and_then(basis_points).ok_or(SHAPE)?;
    let fee = fee.parse().map_err(|_| SHAPE)?;
    CancellationTier::new(values::duration(lead)?, share, fee).map_err(|error| error.to_string())
}

/// Reads a percentage with at most two decimals.
fn basis_points(percent: &str) -> Option<u16> {
    let (whole, decimals) = percent.split_once('.').unwrap_or((percent, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 2 {
        return None;
    }
    let hundredths: u16 = format!("{decimals:0<2}").parse().ok()?;
    whole.parse::<u16>().ok()?.checked_mul(100)?.checked_add(hundredths)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn tiers_are_read_with_their_share_and_fee() {
        let tier = |days: u64, share, fee| {
            CancellationTier::new(Duration::from_secs(days * 86_400), share, fee).unwrap()
        };
        let expected = [tier(10, 0, 0), tier(7, 1_050, 0), tier(1, 3_000, 4_000)];
        assert_eq!(policy("10d:0%, 7d:10.5%,1d:30%+4000").unwrap().tiers(), expected);
        assert_eq!(policy("0s:0%"), Ok(CancellationPolicy::default()));
        assert_eq!(policy("none"), Ok(CancellationPolicy::NO_REFUNDS));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for bad in ["", "10d", "10d:5", "10d:5%+x", "x:5%", "1d:101%", "1d:-1%", "1d:1.234%", "1d:0%,2d:0%"] {
            assert!(policy(bad).is_err(), "{bad}");
        }
    }
}
