//! Money: integer minor units with an ISO 4217 currency, and arithmetic that cannot wrap.

use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// A text that is not an ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid currency: expected an ISO 4217 code such as KRW or EUR")]
pub struct ParseCurrencyError;

impl Currency {
    /// South Korean won, which has no minor unit.
    pub const KRW: Self = Self(iso_currency::Currency::KRW);

    /// Returns the three-letter code, such as `KRW`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Returns how many decimals the minor unit has: 0 for KRW, 2 for EUR (source: ISO 4217).
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = ParseCurrencyError;

    fn from_str(code: &str) -> Result<Self, ParseCurrencyError> {
        iso_currency::Currency::from_code(code).map(Self).ok_or(ParseCurrencyError)
    }
}

/// An amount of money in minor units of one currency.
///
/// ```
/// use tiketi_core::{Currency, Money};
///
/// let seat = Money::new(110_000, Currency::KRW);
/// assert_eq!(seat.times(2)?.minor(), 220_000);
/// # Ok::<(), tiketi_core::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Arithmetic on money that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The two amounts are of different currencies.
    #[error("amounts are in different currencies, {left} and {right}")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the second amount.
        right: Currency,
    },
    /// The result does not fit 64 bits.
    #[error("amount is too large")]
    Overflow,
}

impl Money {
    /// Makes an amount from minor units: `Money::new(500, KRW)` is 500 won.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Makes an amount of nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Returns the minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Returns the currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Tells whether this is an amount of nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Adds another amount of the same currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// Subtracts another amount of the same currency; the result may be negative.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// Multiplies by a quantity; fails with [`MoneyError::Overflow`].
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    fn combine(self, other: Self, with: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let minor = with(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn won(minor: i64) -> Money {
        Money::new(minor, Currency::KRW)
    }

    #[test]
    fn the_won_has_no_decimals_and_the_euro_two() {
        assert_eq!(Currency::KRW.decimals(), 0);
        assert_eq!("EUR".parse::<Currency>().unwrap().decimals(), 2);
    }

    #[test]
    fn unlike_currencies_do_not_add() {
        let euro = Money::new(1, "EUR".parse().unwrap());
        assert!(matches!(won(1).plus(euro), Err(MoneyError::CurrencyMismatch { .. })));
    }

    #[test]
    fn sums_and_products_refuse_to_wrap() {
        assert_eq!(won(i64::MAX).plus(won(1)), Err(MoneyError::Overflow));
        assert_eq!(won(i64::MAX).times(2), Err(MoneyError::Overflow));
        assert_eq!(won(i64::MIN).minus(won(1)), Err(MoneyError::Overflow));
    }

    #[test]
    fn an_unknown_currency_code_is_refused() {
        assert_eq!("WON".parse::<Currency>(), Err(ParseCurrencyError));
        assert_eq!("krw".parse::<Currency>(), Err(ParseCurrencyError));
    }
}
