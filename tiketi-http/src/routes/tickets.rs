//! Stock of ticket types, for everyone.

use axum::Json;
use axum::extract::State;
use tiketi_core::{EventId, TicketTypeId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses;
use crate::dto::TicketTypeList;
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::ApiPath;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(of_event)).routes(routes!(availability))
}

/// Read the stock of an event
#[utoipa::path(
    get, path = "/api/tickets/event/{id}", tag = "tickets",
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "Its ticket types", body = TicketTypeList),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn of_event(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<TicketTypeList>, ApiError> {
    let view = responses::public_event(&state, id).await?;
    Ok(Json(TicketTypeList::of(&view.ticket_types)))
}

/// Read the stock of a ticket type
#[utoipa::path(
    get, path = "/api/tickets/availability/{ticketTypeId}", tag = "tickets",
    params(("ticketTypeId" = String, Path, description = "Which ticket type", format = Uuid)),
    responses(
        (status = 200, description = "That ticket type alone", body = TicketTypeList),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`TICKET_TYPE_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn availability(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<TicketTypeId>,
) -> Result<Json<TicketTypeList>, ApiError> {
    let unknown = || ApiError::new(Code::TicketTypeNotFound);
    let ticket_type = state.box_office().catalog().ticket_type(id).await?.ok_or_else(unknown)?;
    let view = state.box_office().catalog().event(ticket_type.event).await?;
    // Buyers see no ticket types of a draft, as they do not see the draft.
    view.filter(|view| view.event.is_public()).ok_or_else(unknown)?;
    Ok(Json(TicketTypeList::of(&[ticket_type])))
}
