//! Events, drafts included.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tiketi_core::EventId;
use tiketi_core::store::EventView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{ArchiveQuery, CreateEvent, EditEvent, EventAnswer, EventList, EventListQuery};
use crate::error::{ApiError, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, IdemKey, Staff, may};
use crate::routes::responses;
use crate::state::AppState;
use crate::tasks::on_own_thread;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, edit, delete))
        .routes(routes!(publish))
        .routes(routes!(cancel))
        .routes(routes!(archive))
        .routes(routes!(unarchive))
}

/// List events, drafts included, or archived events
#[utoipa::path(
    get, path = "/api/admin/events", tag = "admin", params(EventListQuery, ArchiveQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "A page of events", body = EventList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<EventListQuery>,
    ApiQuery(archive): ApiQuery<ArchiveQuery>,
) -> Result<Json<EventList>, ApiError> {
    let mut query = query.query(state.box_office())?.with_drafts();
    query.archived = archive.archived.unwrap_or_default();
    let shown = (query.page, query.sort);
    let page = state.box_office().catalog().events(query).await?;
    Ok(Json(EventList::of(&page, shown, state.box_office())))
}

/// Create an event
///
/// It starts as a draft. Its seats and their ticket types are created from the layout.
#[utoipa::path(
    post, path = "/api/admin/events", tag = "admin", request_body = CreateEvent, security(("bearer" = ["catalogue"])),
    responses(
        (status = 201, description = "The draft", body = EventAnswer),
        (status = 404, description = "`LAYOUT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`REMOVED_SINCE`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `IDEMPOTENCY_KEY_REUSED`", body = ErrorBody),
    ),
)]
async fn create(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<CreateEvent>,
) -> Result<(StatusCode, Json<EventAnswer>), ApiError> {
    let mut input = body.input(state.box_office().now())?;
    input.key = key;
    // To make the seats of a large hall takes seconds.
    let catalog = state.box_office().catalog();
    let view = on_own_thread(async move { catalog.create_event(input).await }).await??;
    let answer = EventAnswer::of(&view, state.box_office());
    staff.record().made("events", view.event.id.as_uuid());
    staff.record().after(&answer);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Read an event, draft or not
#[utoipa::path(
    get, path = "/api/admin/events/{id}", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The event", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventAnswer>, ApiError> {
    let view = responses::any_event(&state, id).await?;
    Ok(Json(EventAnswer::of(&view, state.box_office())))
}

/// Edit an event
///
/// Fields that are left out do not change. With `version`, the edit is refused if the event was edited since.
#[utoipa::path(
    put, path = "/api/admin/events/{id}", tag = "admin", request_body = EditEvent, security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The event as it is now", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `VERSION_MISMATCH`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn edit(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
    ApiJson(body): ApiJson<EditEvent>,
) -> Result<Json<EventAnswer>, ApiError> {
    let view = known(&state, &staff, id).await?;
    let (details, version) = body.over(&view.event)?;
    state.box_office().catalog().edit_event(id, details, Some(version)).await?;
    changed(&state, &staff, id).await
}

/// Remove an event that never had a reservation
#[utoipa::path(
    delete, path = "/api/admin/events/{id}", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `HAS_RESERVATIONS`", body = ErrorBody),
    ),
)]
async fn delete(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<StatusCode, ApiError> {
    known(&state, &staff, id).await?;
    state.box_office().catalog().delete_event(id).await?;
    state.event_was_edited(id);
    Ok(StatusCode::NO_CONTENT)
}

/// Publish a draft
#[utoipa::path(
    post, path = "/api/admin/events/{id}/publish", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The published event", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `ILLEGAL_STEP`", body = ErrorBody),
    ),
)]
async fn publish(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventAnswer>, ApiError> {
    known(&state, &staff, id).await?;
    state.box_office().catalog().publish_event(id).await?;
    changed(&state, &staff, id).await
}

/// Cancel an event
///
/// No more tickets are sold. Every buyer is refunded.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/cancel", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The cancelled event", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `ILLEGAL_STEP`", body = ErrorBody),
    ),
)]
async fn cancel(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventAnswer>, ApiError> {
    known(&state, &staff, id).await?;
    state.box_office().catalog().cancel_event(id).await?;
    changed(&state, &staff, id).await
}

/// Archive an event that is over
///
/// It is read only then, and only the list of archived events has it. Its sales, refunds and seats are read as before. It is
/// over if it was cancelled, or once its sale has closed and it has begun. Archived again, it stays as it is.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/archive", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The archived event", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_NOT_OVER`, `EVENT_STILL_OPEN`", body = ErrorBody),
    ),
)]
async fn archive(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventAnswer>, ApiError> {
    known(&state, &staff, id).await?;
    state.box_office().catalog().archive_event(id).await?;
    changed(&state, &staff, id).await
}

/// Take an event out of the archive
///
/// Lists have it again, and it can be changed. An event that is not archived stays as it is.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/unarchive", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The event", body = EventAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn unarchive(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventAnswer>, ApiError> {
    known(&state, &staff, id).await?;
    state.box_office().catalog().unarchive_event(id).await?;
    changed(&state, &staff, id).await
}

/// Returns an event that is about to be changed, and notes how it is.
async fn known(state: &AppState, staff: &Staff<may::Catalogue>, id: EventId) -> Result<EventView, ApiError> {
    let view = responses::any_event(state, id).await?;
    staff.record().before(&EventAnswer::of(&view, state.box_office()));
    Ok(view)
}

/// Answers with an event that was just changed, and notes how it is now.
///
/// The next request for its seat map shows the change.
async fn changed(
    state: &AppState,
    staff: &Staff<may::Catalogue>,
    id: EventId,
) -> Result<Json<EventAnswer>, ApiError> {
    state.event_was_edited(id);
    let view = responses::any_event(state, id).await.map_err(ApiError::after_effect)?;
    let answer = EventAnswer::of(&view, state.box_office());
    staff.record().after(&answer);
    Ok(Json(answer))
}
