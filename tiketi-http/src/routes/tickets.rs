//! Stock of ticket types, for everyone.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
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
        (status = 200, description = "Its ticket types", body = TicketTypeList,
            headers(("as-of" = String, description = "Nothing before this moment is missing; at most a second ago"))),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn of_event(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Response, ApiError> {
    let shown = responses::shown_event(&state, id, None).await?;
    Ok(responses::aged(&shown, Json(TicketTypeList::of(&shown.picture.view.ticket_types))))
}

/// Read the stock of a ticket type
#[utoipa::path(
    get, path = "/api/tickets/availability/{ticketTypeId}", tag = "tickets",
    params(("ticketTypeId" = String, Path, description = "Which ticket type", format = Uuid)),
    responses(
        (status = 200, description = "That ticket type alone", body = TicketTypeList,
            headers(("as-of" = String, description = "Nothing before this moment is missing; at most a second ago"))),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`TICKET_TYPE_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn availability(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<TicketTypeId>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::new(Code::TicketTypeNotFound);
    let event = match state.live().event_of(id) {
        Some(event) => event,
        None => state.box_office().catalog().ticket_type(id).await?.ok_or_else(unknown)?.event,
    };
    // Buyers see no ticket types of a draft, as they do not see the draft.
    let shown = state.live().get(state.box_office(), event).await?.ok_or_else(unknown)?;
    let known = shown.picture.view.ticket_types.iter().find(|known| known.id == id);
    let list = TicketTypeList::of(std::slice::from_ref(known.ok_or_else(unknown)?));
    Ok(responses::aged(&shown, Json(list)))
}
