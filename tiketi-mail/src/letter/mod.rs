//! The text of a mail: what it says, in the language of its reader.

mod phrases;
mod shopfront;
mod topic;

use askama::Template;
use tiketi_core::id::MailId;
use tiketi_core::language::Language;

use crate::address_book::Recipient;
use crate::mailer::Message;

pub use shopfront::{PublicUrl, PublicUrlError, Shopfront};
pub(crate) use topic::Topic;

/// What a mail says; the text and the HTML are both made from it.
#[derive(Debug)]
pub(crate) struct Letter {
    language: Language,
    shop: String,
    subject: String,
    /// What happened, in a few sentences.
    sentences: Vec<String>,
    /// A code to type.
    code: Option<String>,
    /// Names and values, such as the event and its date.
    details: Vec<(&'static str, String)>,
    /// Tickets and their prices.
    tickets: Vec<(String, String)>,
    /// A name and an amount below the tickets.
    total: Option<(&'static str, String)>,
    /// What a link does, and its address.
    link: Option<(&'static str, String)>,
    /// Why the reader gets the mail.
    reason: &'static str,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'l> {
    letter: &'l Letter,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'l> {
    letter: &'l Letter,
}

impl Letter {
    /// Makes the message to a recipient.
    ///
    /// # Errors
    ///
    /// If a template cannot be written, which none of them does.
    pub(crate) fn message(&self, id: MailId, to: Recipient) -> Result<Message, askama::Error> {
        Ok(Message {
            id,
            to: to.email,
            subject: self.subject.clone(),
            text: Text { letter: self }.render()?,
            html: Html { letter: self }.render()?,
            language: self.language.tag(),
        })
    }
}

#[cfg(test)]
mod tests;
