//! The amount that a buyer expects to pay.

use crate::money::{Currency, Money};

/// What a buyer expects a payment to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an amount is in a named currency, or in the payment's")]
pub enum ExpectedAmount {
    /// An amount in its own currency.
    Money(Money),
    /// An amount in minor units of the payment's currency.
    Minor(i64),
}

impl ExpectedAmount {
    /// Returns the amount for a payment in this currency.
    pub(super) const fn of(self, currency: Currency) -> Money {
        match self {
            Self::Money(money) => money,
            Self::Minor(minor) => Money::new(minor, currency),
        }
    }
}

impl From<Money> for ExpectedAmount {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}
