//! Mail that waits to be sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, EventId, Fact, StoreError, Timestamp,
    fact::FactId,
    id::{CodeId, MailId},
    mail::{Mail, MailContent, MailOutcome},
    store::{ClaimedMail, DeadMail},
};
use uuid::Uuid;

use crate::fact::{fact_body, fact_text};
use crate::row::{json, parse, small};
use crate::table::table;

table! {
    /// A row of `mails`.
    MailRow<'r> = "mails", listed by mail_columns {
        key { id: Uuid }
        fixed { content: Cow<'r, str>, queued_at: i64 }
        changing {
            // `waiting`, `done` or `dead`.
            stage: Cow<'r, str>,
            // When a waiting mail is due, or when another one was settled.
            at: i64,
            tries: i64,
            problem: Option<Cow<'r, str>>,
        }
    }
}

/// What a mail is about, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
enum Content {
    Fact { id: u64, event: Uuid, at: i64, body: String },
    Called { event: Uuid, buyer: Uuid, until: i64 },
    Code { code: Uuid },
}

impl MailRow<'_> {
    /// Writes a new mail as its columns; it is due at once.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if it cannot be written.
    pub fn of(mail: &Mail) -> Result<Self, StoreError> {
        let Mail { id, content, queued_at } = mail;
        let content = match content {
            MailContent::Fact(Fact { id, event, at, body, .. }) => {
                Content::Fact { id: id.0, event: event.as_uuid(), at: at.as_micros(), body: fact_text(body)? }
            }
            MailContent::Called { event, buyer, until } => {
                Content::Called { event: event.as_uuid(), buyer: buyer.as_uuid(), until: until.as_micros() }
            }
            MailContent::Code(code) => Content::Code { code: code.as_uuid() },
        };
        Ok(Self {
            id: id.as_uuid(),
            content: json(&content)?.into(),
            queued_at: queued_at.as_micros(),
            stage: "waiting".into(),
            at: queued_at.as_micros(),
            tries: 0,
            problem: None,
        })
    }

    /// Reads a mail that was claimed.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn claimed(self) -> Result<ClaimedMail, StoreError> {
        Ok(ClaimedMail { mail: self.mail()?, tries: small(self.tries, "tries")? })
    }

    /// Reads a mail that was given up.
    ///
    /// # Errors
    ///
    /// As [`MailRow::claimed`].
    pub fn dead(self) -> Result<DeadMail, StoreError> {
        Ok(DeadMail {
            mail: self.mail()?,
            tries: small(self.tries, "tries")?,
            died_at: Timestamp::from_micros(self.at),
            problem: self.problem.map(Cow::into_owned).unwrap_or_default(),
        })
    }

    fn mail(&self) -> Result<Mail, StoreError> {
        let content = match parse::<Content>(&self.content, "content")? {
            Content::Fact { id, event, at, body } => MailContent::Fact(Fact::new(
                FactId(id),
                EventId::from_uuid(event),
                Timestamp::from_micros(at),
                fact_body(&body)?,
            )),
            Content::Called { event, buyer, until } => MailContent::Called {
                event: EventId::from_uuid(event),
                buyer: BuyerId::from_uuid(buyer),
                until: Timestamp::from_micros(until),
            },
            Content::Code { code } => MailContent::Code(CodeId::from_uuid(code)),
        };
        let queued_at = Timestamp::from_micros(self.queued_at);
        Ok(Mail { id: MailId::from_uuid(self.id), content, queued_at })
    }
}

/// Returns the stage, the moment and the problem of a mail that was settled at `now`.
pub fn settled_columns(outcome: MailOutcome, now: Timestamp) -> (&'static str, i64, Option<String>) {
    match outcome {
        MailOutcome::Done => ("done", now.as_micros(), None),
        MailOutcome::Again { at, problem } => ("waiting", at.as_micros(), Some(problem)),
        MailOutcome::Dead { problem } => ("dead", now.as_micros(), Some(problem)),
    }
}

/// Returns the moment and the id after which dead mails are listed.
pub fn listed_after(after: Option<(Timestamp, MailId)>) -> (i64, Uuid) {
    after.map_or((i64::MIN, Uuid::nil()), |(at, id)| (at.as_micros(), id.as_uuid()))
}
