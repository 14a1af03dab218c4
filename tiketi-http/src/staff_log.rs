//! Records each write of staff: who does what before it begins, and the outcome afterwards.
//!
//! The extractor [`Staff`](crate::extract::Staff) begins the record, so a handler for staff cannot write without one. The
//! function [`recorded`] ends it, whatever the handler answers. A process that dies in between leaves a record without an
//! outcome.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::Route;
use serde::Serialize;
use serde_json::{Map, Value};
use tiketi_core::id::LogEntryId;
use tiketi_core::limits::{MAX_LOG_VALUE_CHARS, MAX_NOTE_CHARS};
use tiketi_core::staff_log::{Actor, LogEntry, LogOutcome, LogResult, LogSubject};
use tower::ServiceExt;
use tracing::Instrument;
use uuid::Uuid;

use crate::authenticator::AuthenticatedUser;
use crate::error::ApiError;
use crate::operation_id::operation_id;
use crate::panics::caught;
use crate::request_context::RequestContext;
use crate::state::AppState;

/// What is recorded about one request; empty until it is begun.
///
/// [`recorded`] puts it into the request, and the extractor of staff gives it to the handler.
#[derive(Debug, Clone, Default)]
pub(crate) struct ActionRecord(Arc<Mutex<Noted>>);

/// What a handler noted.
#[derive(Debug, Default)]
struct Noted {
    begun: Option<LogEntryId>,
    made: Option<LogSubject>,
    before: Option<Value>,
    after: Option<Value>,
    reason: Option<String>,
}

/// Runs the handler of a write, and ends the record if it begins one.
pub(crate) async fn recorded(state: &AppState, mut request: Request, route: Route) -> Response {
    let record = ActionRecord::default();
    request.extensions_mut().insert(record.clone());
    let path = request.uri().clone();
    let mut ending = Ending { state: state.clone(), record: Some(record.clone()) };
    let mut response = caught(async {
        let Ok(response) = route.oneshot(request).await;
        response
    })
    .await;
    if record.lock().begun.is_some()
        && let Some(error) = response.extensions_mut().remove::<ApiError>()
    {
        response.extensions_mut().insert(error.looking_at(&look_at(path.path())));
    }
    ending.end(result_of(&response)).await;
    response
}

/// Returns where staff see what came of a request whose outcome is unknown: what it was to change, else the log.
fn look_at(path: &str) -> String {
    let mut parts = path.split_once("/api/admin/").map_or("", |(_, rest)| rest).split('/');
    match (parts.next(), parts.next()) {
        (Some(kind @ ("events" | "layouts" | "payments" | "reservations")), Some(id)) => {
            format!("/api/admin/{kind}/{id}")
        }
        _ => "/api/admin/log".to_owned(),
    }
}

impl ActionRecord {
    /// Saves what a user is about to do; the user must not do it if this fails.
    pub(crate) async fn begin(
        parts: &mut Parts,
        state: &AppState,
        user: AuthenticatedUser,
    ) -> Result<Self, ApiError> {
        let record = parts.extensions.get::<Self>().cloned();
        let record = record.ok_or_else(|| ApiError::internal("no layer records what staff do"))?;
        if record.lock().begun.is_some() {
            return Ok(record);
        }
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        // A host may have nested the routes below its own path.
        let route = route.find("/api/").and_then(|start| route.get(start..)).unwrap_or(route).to_owned();
        let id = LogEntryId::from_uuid(state.new_id());
        let entry = LogEntry {
            id,
            at: state.now(),
            actor: Actor::User { id: user.id, role: user.role },
            action: operation_id(&parts.method.as_str().to_ascii_lowercase(), &route),
            subject: subject_of(parts, state, &route).await,
            request: parts.extensions.get::<RequestContext>().map(|context| context.id.as_str().to_owned()),
            outcome: None,
        };
        state.staff_log().begin_action(entry).await?;
        record.lock().begun = Some(id);
        Ok(record)
    }

    /// Notes what the action creates.
    pub(crate) fn made(&self, kind: &str, id: Uuid) {
        self.lock().made = Some(LogSubject::new(kind, id));
    }

    /// Notes what is changed, as it was before. It must have no secret.
    pub(crate) fn before(&self, value: &impl Serialize) {
        self.lock().before = serde_json::to_value(value).ok();
    }

    /// Notes what is changed, as it is now. It must have no secret.
    pub(crate) fn after(&self, value: &impl Serialize) {
        self.lock().after = serde_json::to_value(value).ok();
    }

    /// Notes why, in the words of who acts.
    pub(crate) fn reason(&self, reason: &str) {
        let reason = reason.trim();
        self.lock().reason = (!reason.is_empty()).then(|| reason.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a record, also if its request is dropped.
struct Ending {
    state: AppState,
    /// `None` once it is ended.
    record: Option<ActionRecord>,
}

impl Ending {
    async fn end(&mut self, result: LogResult) {
        if let Some(record) = self.record.take() {
            end(self.state.clone(), record, result).await;
        }
    }
}

impl Drop for Ending {
    /// The client left or the time is over: the handler may have taken effect, or not.
    fn drop(&mut self) {
        let Some(record) = self.record.take() else { return };
        if record.lock().begun.is_some() {
            let interrupted = LogResult::Failed { code: INTERRUPTED.to_owned() };
            self.state.tasks().spawn(end(self.state.clone(), record, interrupted).in_current_span());
        }
    }
}

/// The code of an action whose request ended before its answer.
const INTERRUPTED: &str = "INTERRUPTED";

async fn end(state: AppState, record: ActionRecord, result: LogResult) {
    let noted = std::mem::take(&mut *record.lock());
    let Some(id) = noted.begun else { return };
    if let Err(failure) = state.staff_log().end_action(id, noted.outcome(&state, result)).await {
        // The action took place; its record stays without an outcome, which shows that this is not known.
        tracing::error!(%failure, entry = %id, "the outcome of an action of staff could not be recorded");
    }
}

impl Noted {
    fn outcome(self, state: &AppState, result: LogResult) -> LogOutcome {
        // What was not done changed nothing.
        let after = self.after.filter(|_| !matches!(result, LogResult::Refused { .. }));
        let (before, after) = match (self.before, after) {
            (Some(before), Some(after)) => {
                let (before, after) = differing(before, after);
                (Some(before), Some(after))
            }
            other => other,
        };
        let reason = self.reason.map(|reason| reason.chars().take(MAX_NOTE_CHARS).map(on_lines).collect());
        let (before, after) = (before.map(|value| short(&value)), after.map(|value| short(&value)));
        LogOutcome { at: state.now(), result, subject: self.made, before, after, reason }
    }
}

/// Returns how an action ended, from its answer.
fn result_of(response: &Response) -> LogResult {
    let error = response.extensions().get::<ApiError>().map(|error| error.code().wire().to_owned());
    match error {
        Some(code) if response.status().is_client_error() => LogResult::Refused { code },
        Some(code) => LogResult::Failed { code },
        None if response.status().is_server_error() => LogResult::Failed { code: INTERRUPTED.to_owned() },
        None => LogResult::Done,
    }
}

/// Returns what a route's path names: the kind is the segment before the id.
async fn subject_of(parts: &mut Parts, state: &AppState, route: &str) -> Option<LogSubject> {
    let names = RawPathParams::from_request_parts(parts, state).await.ok()?;
    let (name, value) = names.iter().next()?;
    let id = Uuid::try_parse(value).ok()?;
    let (before, _) = route.split_once(&format!("/{{{name}}}"))?;
    // The queue of an event is named by the event.
    let kind = if name == "eventId" { "events" } else { before.rsplit('/').next()? };
    Some(LogSubject::new(kind, id))
}

/// Leaves only the fields of two objects that differ.
fn differing(before: Value, after: Value) -> (Value, Value) {
    let (mut before, mut after) = match (before, after) {
        (Value::Object(before), Value::Object(after)) => (before, after),
        other => return other,
    };
    let (mut was, mut is) = (Map::new(), Map::new());
    let names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    for name in names {
        match (before.remove(&name), after.remove(&name)) {
            (old, new) if old == new => {}
            (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) => {
                let (old, new) = differing(old, new);
                was.insert(name.clone(), old);
                is.insert(name, new);
            }
            (old, new) => {
                was.extend(old.map(|old| (name.clone(), old)));
                is.extend(new.map(|new| (name, new)));
            }
        }
    }
    (Value::Object(was), Value::Object(is))
}

/// Writes a value as the log keeps it; one that is too long is replaced by its length.
fn short(value: &Value) -> String {
    let text = value.to_string();
    let length = text.chars().count();
    if length > MAX_LOG_VALUE_CHARS {
        return serde_json::json!({ "omittedCharacters": length }).to_string();
    }
    text.replace(char::is_control, "\u{fffd}")
}

/// Replaces a control character, except those of texts with several lines.
fn on_lines(character: char) -> char {
    let is_refused = character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    if is_refused { char::REPLACEMENT_CHARACTER } else { character }
}

#[cfg(test)]
mod tests;
