//! Events, for everyone.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use tiketi_core::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses;
use crate::dto::{EventAnswer, EventList, EventListQuery};
use crate::error::{ApiError, ErrorBody};
use crate::extract::{ApiPath, ApiQuery};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// List events
///
/// Drafts are never shown.
#[utoipa::path(
    get, path = "/api/events", tag = "events", params(EventListQuery),
    responses(
        (status = 200, description = "A page of events", body = EventList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<EventListQuery>,
) -> Result<Json<EventList>, ApiError> {
    let query = query.query(state.box_office())?;
    let shown = (query.page, query.sort);
    let page = state.box_office().catalog().events(query).await?;
    Ok(Json(EventList::of(&page, shown, state.box_office())))
}

/// Read an event
///
/// It is kept in memory and current: an edit shows at once on the server that made it, and within a second on others. `as-of` says how
/// old the answer is.
#[utoipa::path(
    get, path = "/api/events/{id}", tag = "events", params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The event and what is sold of it", body = EventAnswer,
            headers(("as-of" = String, description = "Nothing before this moment is missing; at most a second ago"))),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(State(state): State<AppState>, ApiPath(id): ApiPath<EventId>) -> Result<Response, ApiError> {
    let shown = responses::shown_event(&state, id, None).await?;
    let json = shown.live.detail.json(&shown.picture, state.box_office())?;
    Ok(responses::aged(&shown, ([(CONTENT_TYPE, "application/json")], json)))
}
