//! The ways of paying.

use tiketi_core::gateway::PaymentMethod;

/// A way of paying at TossPayments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TossMethod {
    /// Cards, and the wallets of the payment window: `toss_card`.
    Card,
    /// From the buyer's bank account at once: `toss_transfer`.
    Transfer,
    /// Into an account made for the order: `toss_virtual_account`.
    ///
    /// Until the buyer's money arrives the payment is pending and the seats stay held, for
    /// [`tiketi_core::Terms::deposit_window`] at most. A refund needs an account of the buyer: one that names
    /// none, such as for a cancelled event, is refused, and the payment needs attention.
    VirtualAccount,
    /// On the bill of a mobile phone: `toss_mobile_phone`.
    MobilePhone,
}

impl TossMethod {
    /// Every way of paying.
    pub const ALL: [Self; 4] = [Self::Card, Self::Transfer, Self::VirtualAccount, Self::MobilePhone];

    /// Returns what an operator calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::VirtualAccount => "virtual-account",
            Self::MobilePhone => "mobile-phone",
        }
    }

    /// Returns what clients send to choose it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Card => "toss_card",
            Self::Transfer => "toss_transfer",
            Self::VirtualAccount => "toss_virtual_account",
            Self::MobilePhone => "toss_mobile_phone",
        }
    }

    /// Returns what the provider's script calls it.
    pub(crate) const fn script_name(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Transfer => "TRANSFER",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
            Self::MobilePhone => "MOBILE_PHONE",
        }
    }

    pub(crate) fn shown(self) -> PaymentMethod {
        let name = match self {
            Self::Card => "Card",
            Self::Transfer => "Bank transfer",
            Self::VirtualAccount => "Virtual account",
            Self::MobilePhone => "Mobile phone",
        };
        PaymentMethod::new(self.id(), name)
    }
}
