//! What staff did.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{LogList, LogListQuery};
use crate::error::{ApiError, ErrorBody};
use crate::extract::{ApiQuery, Staff, may};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List what staff did, the newest first
///
/// Every write of staff has an entry, which is saved before the write begins. Its outcome is added afterwards.
#[utoipa::path(
    get, path = "/api/admin/log", tag = "admin", params(LogListQuery), security(("bearer" = ["log"])),
    responses(
        (status = 200, description = "A page of the log", body = LogList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Log>,
    ApiQuery(query): ApiQuery<LogListQuery>,
) -> Result<Json<LogList>, ApiError> {
    let mut query = query.query()?;
    let limit = query.limit;
    // One more than the page has shows whether there is a next one.
    query.limit += 1;
    let entries = state.staff_log().log_entries(query).await?;
    Ok(Json(LogList::of(&entries, limit)))
}
