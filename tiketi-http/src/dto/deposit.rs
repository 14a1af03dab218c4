//! Bank transfers: awaited deposits, and the accounts for refunds.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    payment::Deposit,
    refund_account::{RefundAccount, RefundAccountError},
};
use utoipa::ToSchema;

use crate::error::ApiError;

/// The deposit that a payment awaits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deposit)]
pub(crate) struct DepositDto {
    /// The bank of the account to pay into, in the provider's code for it.
    #[schema(example = "20")]
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_code: Option<String>,
    /// The number of that account, which is used for this payment only.
    #[schema(example = "X6505636518308")]
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    /// Until when the deposit is awaited; then the seats are released.
    #[schema(format = DateTime)]
    due_at: String,
}

impl From<&Deposit> for DepositDto {
    fn from(deposit: &Deposit) -> Self {
        let account = deposit.account.as_ref();
        Self {
            bank_code: account.map(|account| account.bank.clone()),
            account_number: account.map(|account| account.number.clone()),
            due_at: deposit.due.to_string(),
        }
    }
}

/// The buyer's account, for refunds of virtual-account payments.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundReceiveAccount {
    /// The bank, in the provider's code for it.
    #[schema(example = "88", max_length = 40)]
    bank: String,
    /// The number, digits only.
    #[schema(example = "110123456789", max_length = 20)]
    account_number: String,
    /// The holder's name, as the bank has it.
    #[schema(example = "Hong Gildong", max_length = 60)]
    holder_name: String,
}

impl RefundReceiveAccount {
    /// Reads the account; an error shows no part of it.
    pub(crate) fn read(&self) -> Result<RefundAccount, ApiError> {
        let account = RefundAccount::new(&self.bank, &self.account_number, &self.holder_name);
        account.map_err(|error| {
            let field = match error {
                RefundAccountError::Number => "refundReceiveAccount.accountNumber",
                RefundAccountError::Holder => "refundReceiveAccount.holderName",
                _ => "refundReceiveAccount.bank",
            };
            ApiError::invalid(field, error)
        })
    }
}

impl std::fmt::Debug for RefundReceiveAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefundReceiveAccount").finish_non_exhaustive()
    }
}
