//! Ticket types of an event.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tiketi_core::{EventId, TicketTypeId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{CreateTicketType, EditTicketType, TicketTypeAnswer, TicketTypeList};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, IdemKey, Staff, may};
use crate::routes::responses;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(edit, delete))
}

/// List the ticket types of an event
#[utoipa::path(
    get, path = "/api/admin/events/{id}/tickets", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "Its ticket types", body = TicketTypeList),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<TicketTypeList>, ApiError> {
    let view = responses::any_event(&state, event).await?;
    Ok(Json(TicketTypeList::of(&view.ticket_types)))
}

/// Add a general-admission ticket type
#[utoipa::path(
    post, path = "/api/admin/events/{id}/tickets", tag = "admin", request_body = CreateTicketType,
    security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 201, description = "The ticket type", body = TicketTypeAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn create(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    IdemKey(key): IdemKey,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<CreateTicketType>,
) -> Result<(StatusCode, Json<TicketTypeAnswer>), ApiError> {
    let view = responses::any_event(&state, event).await?;
    let input = body.input("", view.event.currency)?;
    let made = state.box_office().catalog().add_ticket_type(event, input, key).await?;
    state.event_was_edited(event);
    let answer = TicketTypeAnswer { ticket_type: (&made).into() };
    staff.record().made("tickets", made.id.as_uuid());
    staff.record().after(&answer);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Edit a ticket type
///
/// Fields that are left out do not change; held and sold tickets keep their price.
#[utoipa::path(
    put, path = "/api/admin/tickets/{id}", tag = "admin", request_body = EditTicketType,
    security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which ticket type", format = Uuid)),
    responses(
        (status = 200, description = "The ticket type as it is now", body = TicketTypeAnswer),
        (status = 404, description = "`TICKET_TYPE_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `CAPACITY_BELOW_TAKEN`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `SOLD_BY_SEAT`", body = ErrorBody),
    ),
)]
async fn edit(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<TicketTypeId>,
    ApiJson(body): ApiJson<EditTicketType>,
) -> Result<Json<TicketTypeAnswer>, ApiError> {
    let known = state.box_office().catalog().ticket_type(id).await?;
    let known = known.ok_or_else(|| ApiError::new(Code::TicketTypeNotFound))?;
    staff.record().before(&TicketTypeAnswer { ticket_type: (&known).into() });
    let edited = state.box_office().catalog().edit_ticket_type(id, body.over(&known)?).await?;
    state.event_was_edited(edited.event);
    let answer = TicketTypeAnswer { ticket_type: (&edited).into() };
    staff.record().after(&answer);
    Ok(Json(answer))
}

/// Remove a general-admission ticket type
#[utoipa::path(
    delete, path = "/api/admin/tickets/{id}", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which ticket type", format = Uuid)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`TICKET_TYPE_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `HAS_RESERVATIONS`", body = ErrorBody),
        (status = 422, description = "`SOLD_BY_SEAT`", body = ErrorBody),
    ),
)]
async fn delete(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<TicketTypeId>,
) -> Result<StatusCode, ApiError> {
    let known = state.box_office().catalog().ticket_type(id).await?;
    if let Some(known) = &known {
        staff.record().before(&TicketTypeAnswer { ticket_type: known.into() });
    }
    state.box_office().catalog().remove_ticket_type(id).await?;
    if let Some(removed) = known {
        state.event_was_edited(removed.event);
    }
    Ok(StatusCode::NO_CONTENT)
}
