//! Where buyers are written to.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::account::Email;
use tiketi_core::language::Language;
use tiketi_core::store::AccountStore;
use tiketi_core::{AccountId, BuyerId, StoreError};

/// Whom a mail is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an address book makes it, and gives every part")]
pub struct Recipient {
    /// The address.
    pub email: Email,
    /// The language to write in.
    pub language: Language,
}

/// Finds the addresses of buyers.
///
/// A host with its own users implements it over them; [`AccountAddresses`] does it over the accounts of the shop.
#[async_trait]
pub trait AddressBook: Debug + Send + Sync + 'static {
    /// Returns where a buyer is written to; `None` if the buyer is not to be written to.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if that is not known now; the mail is tried again.
    async fn recipient(&self, buyer: BuyerId) -> Result<Option<Recipient>, StoreError>;
}

/// Finds addresses in the accounts of the shop.
#[derive(Debug)]
pub struct AccountAddresses(Arc<dyn AccountStore>);

impl AccountAddresses {
    /// Looks up accounts in a store.
    pub fn new(store: Arc<dyn AccountStore>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl AddressBook for AccountAddresses {
    async fn recipient(&self, buyer: BuyerId) -> Result<Option<Recipient>, StoreError> {
        let account = self.0.account(AccountId::from_uuid(buyer.as_uuid())).await?;
        Ok(account.map(|account| Recipient { email: account.email, language: account.language }))
    }
}
