//! Entries of the log of what staff did.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tiketi_core::staff_log::{Actor, LogEntry, LogSubject};
use tiketi_core::store::{LogKey, LogQuery};
use tiketi_core::{BuyerId, Timestamp};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::credentials::role_name;
use crate::dto::page::key_page_size;
use crate::error::ApiError;
use crate::reason::Reason;

/// Which entries of the log to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogListQuery {
    /// Only actions of this user.
    #[param(format = Uuid)]
    actor: Option<String>,
    /// Only actions on what has this id.
    #[param(format = Uuid)]
    subject: Option<String>,
    /// Only this action: the id of an operation of this document, such as `putAdminEventsById`, or a command of the
    /// server, such as `import-layout`.
    action: Option<String>,
    /// Only actions from this moment on.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only actions before this moment.
    #[param(format = DateTime)]
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Most entries of the page, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// A page of the log, the newest entries first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogList {
    data: Vec<LogEntryDto>,
    /// Send it as `after` to read on; null at the end.
    next: Option<String>,
}

/// One action of staff.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogEntry)]
struct LogEntryDto {
    #[schema(format = Uuid)]
    id: String,
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// When it ended; null as long as that is not known.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Who acted; null for the operator of the server.
    actor: Option<LogActorDto>,
    /// The id of an operation of this document, or a command of the server.
    #[schema(example = "putAdminEventsById")]
    action: String,
    subject: Option<LogSubjectDto>,
    /// The `x-request-id` of the request.
    request_id: Option<String>,
    /// `done`; `refused`: it changed nothing; `failed`: it may have taken effect; or `unknown`: it still runs, or the
    /// server died.
    #[schema(example = "done")]
    result: &'static str,
    /// The code of the refusal or the failure.
    code: Option<String>,
    /// What changed, as it was before.
    before: Option<Value>,
    /// What changed, as it was afterwards.
    after: Option<Value>,
    reason: Option<String>,
}

/// Who acted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogActor)]
struct LogActorDto {
    #[schema(format = Uuid)]
    id: String,
    /// The role of that moment.
    #[schema(example = "finance")]
    role: &'static str,
}

/// What an action was done to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogSubject)]
struct LogSubjectDto {
    /// What it is, in the words of the paths.
    #[schema(example = "events")]
    kind: String,
    #[schema(format = Uuid)]
    id: String,
}

impl LogListQuery {
    /// Reads the query.
    pub(crate) fn query(&self) -> Result<LogQuery, ApiError> {
        let mut query = LogQuery::newest(key_page_size(self.limit)?);
        query.actor = parsed::<BuyerId>("actor", self.actor.as_deref())?;
        query.subject = parsed::<Uuid>("subject", self.subject.as_deref())?;
        query.action.clone_from(&self.action);
        query.from = parsed::<Timestamp>("from", self.from.as_deref())?;
        let to = parsed::<Timestamp>("to", self.to.as_deref())?.map(LogKey::at);
        let after = self.after.as_deref().map(read_key).transpose()?;
        query.before = [to, after].into_iter().flatten().fold(LogKey::END, LogKey::min);
        Ok(query)
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    text.map(|text| text.parse().map_err(|_| invalid(name))).transpose()
}

fn invalid(name: &str) -> ApiError {
    ApiError::invalid_query(name, Reason::NOT_VALID)
}

/// Writes the key of an entry: its time in microseconds and its id.
fn write_key(key: LogKey) -> String {
    format!("{}_{}", key.at.as_micros(), key.id)
}

fn read_key(text: &str) -> Result<LogKey, ApiError> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        Some(LogKey { at: Timestamp::from_micros(at.parse().ok()?), id: id.parse().ok()? })
    };
    read().ok_or_else(|| invalid("after"))
}

impl LogList {
    /// Shows a page, of which `limit` entries at most are asked for and one more was read.
    pub(crate) fn of(entries: &[LogEntry], limit: u32) -> Self {
        let limit = limit as usize;
        let shown = entries.get(..limit.min(entries.len())).unwrap_or_default();
        let next = shown.last().filter(|_| entries.len() > limit).map(LogKey::of).map(write_key);
        Self { data: shown.iter().map(LogEntryDto::of).collect(), next }
    }
}

impl LogEntryDto {
    fn of(entry: &LogEntry) -> Self {
        let outcome = entry.outcome.as_ref();
        let json = |text: &Option<String>| serde_json::from_str(text.as_deref()?).ok();
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            ended_at: outcome.map(|outcome| outcome.at.to_string()),
            actor: match entry.actor {
                Actor::User { id, role } => Some(LogActorDto { id: id.to_string(), role: role_name(role) }),
                Actor::Operator => None,
            },
            action: entry.action.clone(),
            subject: entry.subject.as_ref().map(LogSubjectDto::of),
            request_id: entry.request.clone(),
            result: outcome.map_or("unknown", |outcome| outcome.result.word()),
            code: outcome.and_then(|outcome| outcome.result.code()).map(ToOwned::to_owned),
            before: outcome.and_then(|outcome| json(&outcome.before)),
            after: outcome.and_then(|outcome| json(&outcome.after)),
            reason: outcome.and_then(|outcome| outcome.reason.clone()),
        }
    }
}

impl LogSubjectDto {
    fn of(subject: &LogSubject) -> Self {
        Self { kind: subject.kind.clone(), id: subject.id.to_string() }
    }
}
