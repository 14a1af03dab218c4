//! Captures and refunds money through TossPayments: Tiketi's gateway to its core API.
//!
//! ```
//! use std::sync::Arc;
//! use tiketi_core::{memory::MemoryStore, BoxOffice};
//! use tiketi_toss::{TossGateway, TossMethod, TossSettings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret_key = "test_sk_from_where_secrets_are_kept".to_owned();
//! // Once, when the program starts: the program chooses the TLS provider, and no library does.
//! if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
//!     // Another part of the program has chosen already.
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
//! The shop prepares a payment; its id is the order id. The buyer's browser opens the payment window with the
//! client key and the data that [`TossGateway`] returns at checkout, and comes back with a payment key. The shop
//! confirms within ten minutes, and only then does money move.
//!
//! # What is believed
//!
//! A decline is a code listed as one, with a 4xx. A payment counts as captured when the provider's own record of
//! the order shows it: order, key and amount come from there, never from the request or a webhook. Everything else
//! causes a lookup at once, and the outcome is unknown if that is inconclusive: a timeout, a broken connection, a
//! 5xx or 429, an answer that cannot be read or is for another order, an unlisted code. [`CodeClass`] is the whole
//! table.
//!
//! A key comes from a browser. A key of another order neither pays for this order nor shows it as paid.
//!
//! # At most once
//!
//! A confirm is sent with the payment's id as `Idempotency-Key`, a refund with the refund's id; the HTTP client
//! repeats neither. The provider stores a key for fifteen days. For longer, and for lost answers, each refund also
//! names the balance it expects, and has its id in the reason, by which it is found in the provider's list. The
//! provider refuses a refund less than a second after another of the same payment, and stores that refusal under
//! the key: the gateway then sends the refund under its next key.
//!
//! # Webhooks
//!
//! They are hints. A change of status is not signed, and only names the payment to look up. A deposit carries the
//! payment's secret. The provider names it when it makes the account; its hash is stored with the payment and compared,
//! so a forged one costs no question.
//!
//! # Limits
//!
//! Three seconds for a connection, 60 for a request that moves money, five for one that reads ([`TossLimits`]). Won
//! only.
//!
//! # Deposits
//!
//! A payment by virtual account is paid when the buyer's money arrives. A missed due time causes no message: the
//! shop asks, and closes the account at the end of its own deposit window. A deposit may be withdrawn: the provider
//! then reports that it awaits the deposit again, and the payment needs attention. A refund is sent to an account
//! that the buyer names, which no log and no `Debug` shows.
//!
//! # Without an account
//!
//! `cargo run -p tiketi-examples --example toss_stub` runs a stub of TossPayments that moves no money and fails on
//! demand. This crate's tests use it.

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
