//! Takes money through TossPayments, and gives it back: Tiketi's gateway to its core API.
//!
//! ```
//! use std::sync::Arc;
//! use tiketi_core::{memory::MemoryStore, BoxOffice};
//! use tiketi_toss::{TossGateway, TossMethod, TossSettings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret_key = "test_sk_from_where_secrets_are_kept".to_owned();
//! // Once, as the program starts: it chooses who makes connections secret, and no library does.
//! if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
//!     // Another part of the program chose before.
//! }
//! let settings = TossSettings::new(secret_key.into(), "test_ck_for_browsers")
//!     .methods([TossMethod::Card, TossMethod::Transfer]);
//! let shop = BoxOffice::builder()
//!     .store(Arc::new(MemoryStore::default()))
//!     .gateway(Arc::new(TossGateway::new(settings)?))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # How a buyer pays
//!
//! The shop prepares a payment; its id is the order id. The buyer's browser opens the payment window with the client
//! key and what [`TossGateway`] says at checkout, and comes back with a payment key. The shop confirms within ten
//! minutes, and only then does money move.
//!
//! # What is believed
//!
//! A decline is a code listed as one, with a 4xx. A payment is taken when the provider's own record of the order
//! shows it: order, key and amount come from there, never from the request or a webhook. Everything else is looked
//! up at once, and unknown if that says nothing: a timeout, a broken connection, a 5xx or 429, an answer
//! that cannot be read or is for another order, an unlisted code. [`CodeClass`] is the whole table.
//!
//! A key comes from a browser. One that belongs to another order neither pays for this one nor is shown as if
//! it had.
//!
//! # At most once
//!
//! A confirm goes out under the payment's id, a refund under the refund's, as `Idempotency-Key`; the HTTP client
//! repeats neither. The provider keeps a key for fifteen days. For longer, and for answers it lost, each refund also
//! names the balance it expects, and carries its id in the reason, by which it is found in the provider's list.
//! A refund less than a second after another of the same payment is refused by the provider without effect, and that
//! refusal is stored under the key, too: the refund is then sent under its next key.
//!
//! # Webhooks
//!
//! They are hints. A change of status is not signed, and says no more than which payment to ask about. A deposit
//! carries the payment's secret, which is looked up and compared in constant time; it is not stored.
//!
//! # Limits
//!
//! Three seconds for a connection, 60 for a request that moves money, five for one that reads ([`TossLimits`]). Won
//! only.
//!
//! # Deposits
//!
//! What is confirmed with a virtual account is paid when the buyer's money comes in. A missed deadline sends nothing: the
//! shop asks, and closes the account when it has waited for as long as it will. A deposit may be withdrawn: the
//! provider then reports that it awaits the deposit again, and the payment needs attention. A refund goes to an account
//! that the buyer names, which no log and no `Debug` shows.
//!
//! # Without an account
//!
//! `cargo run -p tiketi-examples --example toss_stub` is a TossPayments that moves no money and fails on demand.
//! This crate's tests run against it.

mod alarm;
mod api;
mod error_code;
mod gateway;
mod method;
mod payment_record;
mod refund;
mod settings;
mod void;
mod webhook;
mod wire;

pub use error_code::CodeClass;
pub use gateway::TossGateway;
pub use method::TossMethod;
pub use settings::{TOSS_URL, TossLimits, TossSettings, TossSettingsError};
