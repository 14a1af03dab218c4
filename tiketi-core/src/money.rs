//! Money: integer minor units with an ISO 4217 currency, and arithmetic that cannot wrap.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// A text that is not an ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid currency: expected an ISO 4217 code such as KRW or EUR")]
#[non_exhaustive]
pub struct ParseCurrencyError;

/// Declares constants for common currencies; all others are parsed from their code.
macro_rules! common_currencies {
    ($($(#[$doc:meta])* $code:ident)*) => {
        impl Currency {$(
            $(#[$doc])*
            pub const $code: Self = Self(iso_currency::Currency::$code);
        )*}
    };
}

common_currencies! {
    /// Australian dollar; 2 decimals.
    AUD
    /// Canadian dollar; 2 decimals.
    CAD
    /// Swiss franc; 2 decimals.
    CHF
    /// Chinese yuan; 2 decimals.
    CNY
    /// Euro; 2 decimals.
    EUR
    /// Pound sterling; 2 decimals.
    GBP
    /// Hong Kong dollar; 2 decimals.
    HKD
    /// Japanese yen, which has no minor unit.
    JPY
    /// South Korean won, which has no minor unit.
    KRW
    /// Singapore dollar; 2 decimals.
    SGD
    /// New Taiwan dollar; 2 decimals.
    TWD
    /// United States dollar; 2 decimals.
    USD
}

impl Currency {
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

/// Orders currencies by their code.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
/// It is displayed in major units, with as many digits after the point as the currency has.
///
/// ```
/// use tiketi_core::{Currency, Money};
///
/// let seat = Money::new(110_000, Currency::KRW);
/// assert_eq!(seat.times(2)?.minor(), 220_000);
/// assert_eq!(seat.to_string(), "110000 KRW");
/// assert_eq!(Money::new(10_000, Currency::EUR).to_string(), "100.00 EUR");
/// # Ok::<(), tiketi_core::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Money {
    #[cfg_attr(feature = "serde", serde(rename = "amount"))]
    minor: i64,
    currency: Currency,
}

/// Why an arithmetic operation on money has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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

    /// Makes a zero amount.
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

    /// Returns whether the amount is zero.
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
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let decimals = self.currency.decimals();
        // No currency has more decimals than a 64-bit number has digits; if one had, all digits follow the point.
        let unit = 10_u64.checked_pow(u32::from(decimals)).unwrap_or(u64::MAX);
        write!(f, "{sign}{}", minor / unit)?;
        if decimals > 0 {
            write!(f, ".{:0width$}", minor % unit, width = usize::from(decimals))?;
        }
        write!(f, " {}", self.currency)
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
        assert_eq!(Currency::EUR.decimals(), 2);
    }

    #[test]
    fn an_amount_is_displayed_with_the_decimals_of_its_currency() {
        let shown = |minor, code: &str| Money::new(minor, code.parse().unwrap()).to_string();
        assert_eq!(shown(10_000, "EUR"), "100.00 EUR");
        assert_eq!(shown(5, "EUR"), "0.05 EUR");
        assert_eq!(shown(0, "EUR"), "0.00 EUR");
        assert_eq!(shown(-5, "EUR"), "-0.05 EUR");
        assert_eq!(shown(-12_345, "USD"), "-123.45 USD");
        assert_eq!(shown(150_000, "KRW"), "150000 KRW");
        assert_eq!(shown(-1, "JPY"), "-1 JPY");
        assert_eq!(shown(1_005, "KWD"), "1.005 KWD");
        assert_eq!(shown(12_345, "CLF"), "1.2345 CLF");
        assert_eq!(shown(i64::MIN, "EUR"), "-92233720368547758.08 EUR");
        assert_eq!(shown(i64::MIN, "KRW"), "-9223372036854775808 KRW");
        assert_eq!(format!("{:?}", Money::new(4_500, Currency::EUR)), "45.00 EUR");
    }

    /// A fingerprint of a command contains amounts as text, so two amounts must not share one.
    #[test]
    fn different_amounts_are_displayed_differently() {
        let amounts = [0, 1, -1, 10, 100, -100, 1_000, i64::MAX, i64::MIN];
        let currencies = [Currency::KRW, Currency::EUR, Currency::USD, "KWD".parse().unwrap()];
        let texts: std::collections::HashSet<_> = currencies
            .into_iter()
            .flat_map(|currency| amounts.map(|minor| Money::new(minor, currency).to_string()))
            .collect();
        assert_eq!(texts.len(), amounts.len() * currencies.len());
    }

    #[test]
    fn common_currencies_are_constants_named_by_their_code() {
        assert_eq!("GBP".parse(), Ok(Currency::GBP));
        assert_eq!("JPY".parse(), Ok(Currency::JPY));
        assert_eq!((Currency::USD.code(), Currency::JPY.decimals()), ("USD", 0));
    }

    #[test]
    fn unlike_currencies_do_not_add() {
        let euro = Money::new(1, Currency::EUR);
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
