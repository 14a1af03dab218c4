//! Mail to buyers: written from committed facts, queued in a store, and sent by SMTP.
//!
//! [`MailNotifier`] subscribes to the outbox and queues mails. [`MailSender::send_once`], called about every second on any
//! number of servers, claims what is due, writes it, and gives it to a [`Mailer`]. Both work on a
//! [`MailStore`](tiketi_core::store::MailStore); neither is ever waited for by a sale.
//!
//! ```no_run
//! use std::sync::Arc;
//! use tiketi_core::{BoxOffice, memory::{MemoryStore, TestGateway}};
//! use tiketi_mail::{AccountAddresses, MAIL_FACTS, MailNotifier, MailSender, Shopfront, SmtpMailer};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryStore::default());
//! let shop = BoxOffice::builder()
//!     .store(Arc::clone(&store))
//!     .gateway(Arc::new(TestGateway::default()))
//!     .subscriber_of("mail", MAIL_FACTS.iter().copied(), Arc::new(MailNotifier::new(store.clone())))
//!     .build()?;
//! let front = Shopfront::new("https://tickets.example/".parse()?);
//! let mailer = SmtpMailer::new(&"smtp+starttls://shop:secret@mail.example:587".to_owned().into(), "Tickets <shop@tickets.example>")?;
//! let sender = MailSender::new(shop, store.clone(), Arc::new(AccountAddresses::new(store)), Arc::new(mailer), front);
//! let sent = sender.send_once().await?;
//! assert_eq!((sent.sent, sent.dead), (0, 0));
//! # Ok(())
//! # }
//! ```
//!
//! # Sent once
//!
//! A mail's id follows from what it is about, so a fact that is delivered twice is queued once. A server that ends after
//! the SMTP server accepted a mail, and before the store knows it, leaves a mail that is sent again three minutes later:
//! whether the first one left is unknown, and a ticket that is confirmed twice is better than one that never is. Both have
//! one `Message-ID`, by which mail servers and programs drop the second.

mod address_book;
mod letter;
mod mailer;
mod notifier;
mod sender;
mod smtp;

pub use address_book::{AccountAddresses, AddressBook, Recipient};
pub use letter::{PublicUrl, PublicUrlError, Shopfront};
pub use mailer::{Mailer, MemoryMailer, Message, SendError};
pub use notifier::{MAIL_FACTS, MailNotifier, TurnMails};
pub use sender::{CodeMails, MailSender, Sent};
pub use smtp::{SmtpError, SmtpMailer};
