//! Health checks of the server and its dependencies.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use tiketi_core::{AccountId, EventId, StoreError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, Code, ErrorBody};
use crate::readiness::dependency;
use crate::state::AppState;

/// Collects the routes of health checks.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(db))
        .routes(routes!(redis))
        .routes(routes!(all))
}

/// The health of one dependency.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `not configured`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The health, version and clock of the server.
#[derive(Serialize, ToSchema)]
struct ServerHealth {
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the server.
    version: &'static str,
    /// The server's time.
    #[schema(format = DateTime)]
    time: String,
}

/// The health of every dependency.
#[derive(Serialize, ToSchema)]
struct AllHealth {
    #[schema(example = "ok")]
    status: &'static str,
    checks: Checks,
}

/// The server's dependencies.
#[derive(Serialize, ToSchema)]
struct Checks {
    db: Health,
    redis: Health,
}

const OK: Health = Health { status: "ok" };
const NOT_CONFIGURED: Health = Health { status: "not configured" };

/// Check that the process answers
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, description = "The process answers", body = ServerHealth)),
)]
async fn health(State(state): State<AppState>) -> Json<ServerHealth> {
    let time = state.now().to_string();
    Json(ServerHealth { status: "ok", version: env!("CARGO_PKG_VERSION"), time })
}

/// Check that the process does not need a restart
#[utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, description = "The process does not need a restart", body = Health)),
)]
async fn live() -> Json<Health> {
    Json(OK)
}

/// Check that this server accepts requests
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses(
        (status = 200, description = "The server accepts requests, and its store writes", body = Health),
        (status = 503, description = "Send requests to another server for now", body = ErrorBody),
    ),
)]
async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    if state.readiness().is_stopping() || state.tasks().is_closed() {
        return Err(ApiError::new(Code::ServiceUnavailable).detail("checks", json!({"server": "stopping"})));
    }
    let (store, clock) = tokio::join!(check_store(&state), check_clock(&state));
    store.map_err(|cause| down(json!({"db": "down"}), &cause))?;
    clock?;
    Ok(Json(OK))
}

/// Check that the store reads and writes
#[utoipa::path(
    get, path = "/health/db", tag = "health",
    responses(
        (status = 200, description = "The store reads and writes", body = Health),
        (status = 503, description = "The store does not answer, or takes no writes", body = ErrorBody),
    ),
)]
async fn db(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    let checked = check_store(&state).await;
    checked.map(|()| Json(OK)).map_err(|cause| down(json!({"db": "down"}), &cause))
}

/// Check that Redis answers
#[utoipa::path(
    get, path = "/health/redis", tag = "health",
    responses(
        (status = 200, description = "Redis answers, or is not configured", body = Health),
        (status = 503, description = "Redis does not answer; sales go on without it", body = ErrorBody),
    ),
)]
async fn redis(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    let checked = check_redis(&state).await;
    checked.map(Json).map_err(|cause| down(json!({"redis": "down"}), &cause))
}

/// Check every dependency
#[utoipa::path(
    get, path = "/health/all", tag = "health",
    responses(
        (status = 200, description = "Everything that is configured works", body = AllHealth),
        (status = 503, description = "Something does not work; `details.checks` says what", body = ErrorBody),
    ),
)]
async fn all(State(state): State<AppState>) -> Result<Json<AllHealth>, ApiError> {
    let (db, redis) = tokio::join!(check_store(&state), check_redis(&state));
    match (db, redis) {
        (Ok(()), Ok(redis)) => Ok(Json(AllHealth { status: "ok", checks: Checks { db: OK, redis } })),
        (Err(cause), Ok(redis)) => Err(down(json!({"db": "down", "redis": redis.status}), &cause)),
        (Ok(()), Err(cause)) => Err(down(json!({"db": "ok", "redis": "down"}), &cause)),
        (Err(cause), Err(_)) => Err(down(json!({"db": "down", "redis": "down"}), &cause)),
    }
}

/// Builds the answer of a failed check; the cause is only logged.
fn down(checks: Value, cause: &ApiError) -> ApiError {
    ApiError::new(Code::ServiceUnavailable).detail("checks", checks).with_cause_of(cause)
}

/// Reads and writes the stores, at most once a second for all callers.
async fn check_store(state: &AppState) -> Result<(), ApiError> {
    let shared = state.clone();
    let check = || async move { Ok(read_and_write(&shared).await?) };
    state.readiness().store.outcome(state.limits().health_patience, check).await
}

/// Reads ids that do not exist, so that no cache answers, and writes a probe.
async fn read_and_write(state: &AppState) -> Result<(), StoreError> {
    if let Some(accounts) = state.accounts() {
        accounts.store.account(AccountId::from_uuid(Uuid::nil())).await?;
    }
    state.box_office().catalog().event(EventId::from_uuid(Uuid::nil())).await?;
    state.box_office().probe_store().await
}

/// Fails if the server's clock is wrong: a server with a wrong clock would end holds too early.
async fn check_clock(state: &AppState) -> Result<(), ApiError> {
    let shared = state.clone();
    let check = || async move { compare_clock(&shared).await };
    state.readiness().clock.outcome(state.limits().health_patience, check).await
}

async fn compare_clock(state: &AppState) -> Result<(), ApiError> {
    let skew = state.box_office().clock_skew().await?.unwrap_or_default();
    if skew.is_ready() {
        return Ok(());
    }
    let way = if skew.ahead > skew.behind { "ahead of" } else { "behind" };
    let said = format!("{:.1?} {way} the store's", skew.size());
    Err(ApiError::new(Code::ServiceUnavailable).detail("checks", json!({"clock": said})))
}

/// Asks Redis, if the host uses it, at most once a second for all callers.
async fn check_redis(state: &AppState) -> Result<Health, ApiError> {
    let Some(redis) = state.redis() else { return Ok(NOT_CONFIGURED) };
    let check = || dependency(Arc::clone(redis));
    state.readiness().redis.outcome(state.limits().health_patience, check).await.map(|()| OK)
}

#[cfg(test)]
mod tests;
