//! The `Idempotency-Key` header: a repeated write gets its first answer again.
//!
//! An answer is stored if the request took effect and is done: a success, or a declined payment. Refusals and failures
//! changed nothing and release the key. So does 202, which is not a final answer: a client that repeats the request
//! with the same key learns the outcome, because the command's own key prevents a second effect.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use tiketi_core::decide::Fingerprint;
use tiketi_core::{
    CommandKey, StoreError, Timestamp,
    box_office::{Job, JobRun, JobsReport},
    store::{Answer, AnswerClaim, ClaimAnswer},
};
use tower::ServiceExt;
use tracing::Instrument;

use crate::body::read_body;
use crate::error::{ApiError, Code, render};
use crate::extract::{CurrentUser, command_key, has_key};
use crate::panics::caught;
use crate::request_context::RequestContext;
use crate::staff_log::recorded;
use crate::state::AppState;
use crate::tasks::detached;

/// Marks an answer that was replayed.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long a claim stays valid after a crash of its server: 10 seconds.
///
/// A request that takes longer renews it. One whose server only stood still may run beside its repetition; its command has
/// the same key and takes effect once.
const CLAIM_LENGTH: Duration = Duration::from_secs(10);
/// How often a request that still runs renews its claim.
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// How long answers are stored.
const ANSWER_MEMORY: Duration = Duration::from_hours(24);

impl AppState {
    /// Deletes answers older than 24 hours, and returns how many.
    ///
    /// Call it about every minute.
    pub async fn forget_answers_once(&self) -> Result<u64, StoreError> {
        self.answers().forget_answers(self.now().before(ANSWER_MEMORY)).await
    }

    /// Runs every job that is due, and returns when to call it again.
    ///
    /// It calls [`Jobs::run_once`], and deletes old answers and sessions, and saves views of news, as often as that deletes old commands. A host
    /// calls it in a loop, on any number of servers; the documentation of this crate shows it.
    ///
    /// # Cancel safety
    ///
    /// Safe, as [`Jobs::run_once`].
    ///
    /// [`Jobs::run_once`]: tiketi_core::box_office::Jobs::run_once
    pub async fn run_jobs_once(&self) -> JobsReport {
        let mut report = self.box_office().jobs().run_once().await;
        if report.runs.iter().any(|run| run.job == Job::ForgetCommands) {
            let forgotten = self.forget_answers_once().await;
            report.runs.push(JobRun::new(Job::ForgetAnswers, forgotten.map_err(Into::into)));
            let forgotten = self.forget_sessions_once().await;
            report.runs.push(JobRun::new(Job::ForgetSessions, forgotten.map_err(Into::into)));
            let saved = self.save_views_once().await;
            report.runs.push(JobRun::new(Job::SaveViews, saved.map_err(Into::into)));
        }
        report
    }
}

/// Runs a write at most once per key, and to its end.
pub(crate) async fn idempotency(state: &AppState, request: Request, route: Route) -> Response {
    if request.method().is_safe() {
        let Ok(response) = route.oneshot(request).await;
        return response;
    }
    // The future of a write has thousands of bytes, and a read would move them with its own.
    Box::pin(write(state, request, route)).await
}

async fn write(state: &AppState, request: Request, route: Route) -> Response {
    let (mut parts, body) = request.into_parts();
    match key_of(state, &mut parts).await {
        Ok(None) => recorded(state, Request::from_parts(parts, body), route).await,
        Ok(Some(key)) => {
            once(state, key, parts, body, route).await.unwrap_or_else(IntoResponse::into_response)
        }
        Err(error) => error.into_response(),
    }
}

/// Returns the key of a write by a signed-in user; the handler refuses any other request.
async fn key_of(state: &AppState, parts: &mut Parts) -> Result<Option<CommandKey>, ApiError> {
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let covered = route.as_ref().is_some_and(|route| is_covered(&parts.method, route.as_str()));
    if !covered || !has_key(&parts.headers) {
        return Ok(None);
    }
    match CurrentUser::from_request_parts(parts, state).await {
        Ok(user) => command_key(&parts.headers, user.buyer(), &parts.method, route.as_ref()),
        Err(_) => Ok(None),
    }
}

/// Returns whether a route writes; signing in does not count, because its answers are secrets and must not be stored.
fn is_covered(method: &Method, route: &str) -> bool {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    writes && route.contains("/api/") && !route.contains("/api/auth/")
}

async fn once(
    state: &AppState,
    key: CommandKey,
    parts: Parts,
    body: Body,
    route: Route,
) -> Result<Response, ApiError> {
    let body = read_body(body).await?;
    let claim = claim(key, fingerprint(&parts, &body), state.now());
    match state.answers().claim_answer(claim).await? {
        AnswerClaim::Run => {
            let context = parts.extensions.get::<RequestContext>().cloned();
            let request = Request::from_parts(parts, Body::from(body));
            let work = run(state.clone(), claim, context, request, route).in_current_span();
            detached(state, work).await
        }
        AnswerClaim::Replay(answer) => replay(answer),
        AnswerClaim::Running => Err(ApiError::new(Code::RequestInProgress)),
        AnswerClaim::Mismatch => Err(ApiError::new(Code::IdempotencyKeyReused)),
    }
}

/// Hashes the request, to distinguish a repetition from another request.
fn fingerprint(parts: &Parts, body: &Bytes) -> u128 {
    let mut fingerprint = Fingerprint::of("http-request");
    fingerprint.text(parts.method.as_str()).text(parts.uri.path()).text(parts.uri.query().unwrap_or(""));
    fingerprint.number(body.len() as u64);
    for chunk in body.chunks(8) {
        // Eight bytes at a time; the length above distinguishes padding from trailing zeros.
        let padded = chunk.iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        fingerprint.number(padded);
    }
    fingerprint.finish()
}

fn claim(key: CommandKey, fingerprint: u128, now: Timestamp) -> ClaimAnswer {
    let (until, replay_from) = (now.after(CLAIM_LENGTH), now.before(ANSWER_MEMORY));
    ClaimAnswer { key, fingerprint, now, until, replay_from }
}

async fn run(
    state: AppState,
    claim: ClaimAnswer,
    context: Option<RequestContext>,
    request: Request,
    route: Route,
) -> Response {
    let key = claim.key;
    let work = caught(recorded(&state, request, route));
    let mut response = claimed(&state, claim, work).await;
    if let Some(context) = context {
        response = render(response, &context);
    }
    if !is_stored(response.status()) {
        if let Err(failure) = state.answers().give_up_answer(key).await {
            // The key stays claimed until the claim lapses. That is safe: the request is not run twice.
            tracing::warn!(%failure, "an idempotency key could not be released");
        }
        return response;
    }
    store(&state, key, response).await
}

/// Runs a request to its end, and renews its claim meanwhile.
async fn claimed(state: &AppState, claim: ClaimAnswer, work: impl Future<Output = Response>) -> Response {
    let mut work = std::pin::pin!(work);
    let mut ends = claim.until;
    loop {
        tokio::select! {
            response = &mut work => return response,
            () = tokio::time::sleep(RENEW_EVERY) => {}
        }
        let until = state.now().after(CLAIM_LENGTH);
        match state.answers().renew_claim(claim.key, ends, until).await {
            Ok(true) => ends = until,
            Ok(false) => {
                tracing::warn!("a request took so long that a repetition of it runs, too");
                return work.await;
            }
            // It is tried again. If the claim lapses, the command's key still prevents a second effect.
            Err(failure) => tracing::warn!(%failure, "the claim on an idempotency key could not be renewed"),
        }
    }
}

/// Returns whether a request took effect and is done.
fn is_stored(status: StatusCode) -> bool {
    (status.is_success() && status != StatusCode::ACCEPTED) || status == StatusCode::PAYMENT_REQUIRED
}

async fn store(state: &AppState, key: CommandKey, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return ApiError::internal(error).into_response(),
    };
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_vec(),
    };
    if let Err(failure) = state.answers().keep_answer(key, answer, state.now()).await {
        // The request took effect, so its answer is still sent. A repetition finds the effect by the command's own key.
        tracing::warn!(%failure, "an answer could not be stored");
    }
    Response::from_parts(parts, Body::from(body))
}

fn replay(answer: Answer) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(answer.status).map_err(ApiError::internal)?;
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    if !answer.content_type.is_empty() {
        let content_type = HeaderValue::from_str(&answer.content_type).map_err(ApiError::internal)?;
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests;
