//! Health checks of the server and its dependencies.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use tiketi_core::{AccountId, EventId, StoreError, StoreErrorKind};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, Code, ErrorBody};
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
        (status = 200, description = "The server accepts requests", body = Health),
        (status = 503, description = "Send requests to another server for now", body = ErrorBody),
    ),
)]
async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    if state.tasks().is_closed() {
        return Err(ApiError::new(Code::ServiceUnavailable).detail("checks", json!({"server": "stopping"})));
    }
    let health = read(&state).await?;
    in_time(&state, check_clock(&state)).await?;
    Ok(Json(health))
}

/// Fails if the server's clock is wrong: a server with a wrong clock would end holds too early.
async fn check_clock(state: &AppState) -> Result<(), ApiError> {
    let skew = state.box_office().clock_skew().await?.unwrap_or_default();
    if skew.is_ready() {
        return Ok(());
    }
    let way = if skew.ahead > skew.behind { "ahead of" } else { "behind" };
    let said = format!("{:.1?} {way} the store's", skew.size());
    Err(ApiError::new(Code::ServiceUnavailable).detail("checks", json!({"clock": said})))
}

/// Check that the store answers
#[utoipa::path(
    get, path = "/health/db", tag = "health",
    responses(
        (status = 200, description = "The store answers", body = Health),
        (status = 503, description = "The store does not answer", body = ErrorBody),
    ),
)]
async fn db(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    read(&state).await.map(Json)
}

/// Check that Redis answers
#[utoipa::path(
    get, path = "/health/redis", tag = "health",
    responses((status = 200, description = "Redis answers, or is not configured", body = Health)),
)]
async fn redis() -> Json<Health> {
    Json(NOT_CONFIGURED)
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
    let db = read(&state).await?;
    Ok(Json(AllHealth { status: "ok", checks: Checks { db, redis: NOT_CONFIGURED } }))
}

/// Reads from the stores; reads ids that do not exist, so that no cache answers.
async fn read(state: &AppState) -> Result<Health, ApiError> {
    let reads = async {
        if let Some(accounts) = state.accounts() {
            accounts.store.account(AccountId::from_uuid(Uuid::nil())).await?;
        }
        state.box_office().catalog().event(EventId::from_uuid(Uuid::nil())).await?;
        Ok::<_, StoreError>(OK)
    };
    in_time(state, reads).await.map_err(|failure| {
        ApiError::new(Code::ServiceUnavailable).detail("checks", json!({"db": "down"})).caused_by(failure)
    })
}

/// Bounds the wait for the store by the time of a health check.
async fn in_time<T, E: From<StoreError>>(
    state: &AppState,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(state.limits().health_patience, asked).await.unwrap_or_else(|_| {
        Err(StoreError::new(StoreErrorKind::Unavailable, "the store took too long to answer").into())
    })
}

#[cfg(test)]
mod tests;
