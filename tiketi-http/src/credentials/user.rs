//! The signed-in user.

use tiketi_core::{AccountId, BuyerId, account::Role};

/// The user who sent a request; handlers take it as an extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CurrentUser {
    /// Which account.
    pub(crate) account: AccountId,
    /// What they may do, as of when they signed in.
    pub(crate) role: Role,
}

impl CurrentUser {
    /// Returns the account as a buyer.
    pub(crate) fn buyer(&self) -> BuyerId {
        self.account.into()
    }
}
