//! Mail that could not be sent.

use serde::{Deserialize, Serialize};
use tiketi_core::Timestamp;
use tiketi_core::id::MailId;
use tiketi_core::store::DeadMail;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::reason::Reason;

/// Mails of a listing unless the client says otherwise.
const DEFAULT_LIMIT: i64 = 20;
/// Most mails of a listing.
const MOST: i64 = 100;

/// Which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadMailQuery {
    /// Where the last part ended: its `next`.
    after: Option<String>,
    /// How many mails, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl DeadMailQuery {
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let fits = (1..=MOST).contains(&limit);
        let limit = u32::try_from(limit).ok().filter(|_| fits);
        limit.ok_or_else(|| ApiError::invalid_query("limit", Reason::range(1, MOST)))
    }

    pub(crate) fn after(&self) -> Result<Option<(Timestamp, MailId)>, ApiError> {
        let Some(text) = &self.after else { return Ok(None) };
        let parts = text
            .split_once('.')
            .and_then(|(micros, id)| Some((Timestamp::from_micros(micros.parse().ok()?), id.parse().ok()?)));
        parts.map(Some).ok_or_else(|| ApiError::invalid_query("after", Reason::NOT_A_NEXT))
    }
}

/// Mails that were given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadMailList {
    mails: Vec<DeadMailDto>,
    /// Send it as `after` to read on; absent if there were no mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A mail that was given up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadMail)]
struct DeadMailDto {
    #[schema(format = Uuid)]
    id: String,
    /// What it is about: `reservation_confirmed`, `reservation_cancelled`, `tickets_returned`, `payment_updated`, `called`
    /// or `code`.
    #[schema(example = "reservation_confirmed")]
    kind: &'static str,
    /// Whom it is for; absent in a mail with a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    user_id: Option<String>,
    /// How often it was tried.
    #[schema(example = 14)]
    tries: u32,
    /// Why the last try failed.
    #[schema(example = "permanent error (550): 5.1.1 no such user")]
    problem: String,
    #[schema(format = DateTime)]
    queued_at: String,
    /// When it was given up.
    #[schema(format = DateTime)]
    given_up_at: String,
}

impl DeadMailList {
    pub(crate) fn of(dead: &[DeadMail]) -> Self {
        let mails = dead.iter().map(DeadMailDto::from).collect();
        let next = dead.last().map(|last| format!("{}.{}", last.died_at.as_micros(), last.mail.id));
        Self { mails, next }
    }
}

impl From<&DeadMail> for DeadMailDto {
    fn from(dead: &DeadMail) -> Self {
        let DeadMail { mail, tries, died_at, problem } = dead;
        Self {
            id: mail.id.to_string(),
            kind: mail.content.kind(),
            user_id: mail.content.buyer().map(|buyer| buyer.to_string()),
            tries: *tries,
            problem: problem.clone(),
            queued_at: mail.queued_at.to_string(),
            given_up_at: died_at.to_string(),
        }
    }
}
