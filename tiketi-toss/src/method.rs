//! The payment methods.

use tiketi_core::gateway::PaymentMethod;

/// A payment method of TossPayments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TossMethod {
    /// Cards and the wallets of the payment window: `toss_card`.
    Card,
    /// Immediate transfer from the buyer's bank account: `toss_transfer`.
    Transfer,
    /// Transfer to an account made for the order: `toss_virtual_account`.
    ///
    /// Until the deposit arrives the payment is pending and the seats stay held, for
    /// [`tiketi_core::Terms::deposit_window`] at most. A refund needs an account of the buyer: one without an
    /// account, such as after a call-off, is refused, and the payment needs attention.
    VirtualAccount,
    /// The bill of a mobile phone: `toss_mobile_phone`.
    MobilePhone,
}

impl TossMethod {
    /// All payment methods.
    pub const ALL: [Self; 4] = [Self::Card, Self::Transfer, Self::VirtualAccount, Self::MobilePhone];

    /// Returns the name in the operator's settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::VirtualAccount => "virtual-account",
            Self::MobilePhone => "mobile-phone",
        }
    }

    /// Returns the name that clients send.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Card => "toss_card",
            Self::Transfer => "toss_transfer",
            Self::VirtualAccount => "toss_virtual_account",
            Self::MobilePhone => "toss_mobile_phone",
        }
    }

    /// Returns the name in the provider's script.
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
