//! Policies of waiting rooms, and clearing them.

use axum::Json;
use axum::extract::State;
use tiketi_core::waiting_room::DrawPlan;
use tiketi_core::{EventId, RoomPolicy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{ClearedAnswer, RoomPolicyAnswer, SetRoomPolicy, SupplyBeacon};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, IdemKey, Staff, may};
use crate::routes::responses;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read, set)).routes(routes!(supply_beacon)).routes(routes!(clear))
}

/// Read a waiting room's policy and counts
#[utoipa::path(
    get, path = "/api/admin/events/{id}/waiting-room", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The policy, and how many buyers there are", body = RoomPolicyAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<RoomPolicyAnswer>, ApiError> {
    let policy = known_policy(&state, event).await?;
    Ok(answer(&state, event, &policy).await)
}

/// Set a waiting room's policy
///
/// Replaces the policy and nothing else of the event. Holds require an admission at once; other servers follow within a
/// second. A draw keeps its seed for as long as the order stays `draw`. Once buyers can see the hash of a draw, its order,
/// its beacon and the opening of the line cannot change.
#[utoipa::path(
    put, path = "/api/admin/events/{id}/waiting-room", tag = "admin", request_body = SetRoomPolicy,
    security(("bearer" = ["waiting_rooms"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The policy as it is now", body = RoomPolicyAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `DRAW_FIXED`, `VERSION_MISMATCH`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn set(
    State(state): State<AppState>,
    staff: Staff<may::WaitingRooms>,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<SetRoomPolicy>,
) -> Result<Json<RoomPolicyAnswer>, ApiError> {
    let known = known_policy(&state, event).await?;
    staff.record().before(&RoomPolicyAnswer::of(&known, None));
    let policy = body.policy(plan_for(&state, &body, &known)?)?;
    let edited = state.box_office().waiting_room().set_policy(event, policy).await?;
    state.event_was_edited(event);
    staff.record().after(&RoomPolicyAnswer::of(&edited.details.waiting_room, None));
    Ok(answer(&state, event, &edited.details.waiting_room).await)
}

/// Supply the round of a draw's beacon
///
/// Buyers are called from then on. Anyone can read the round where the beacon publishes it; the server verifies its
/// signature. Supplying it again changes nothing.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/waiting-room/beacon", tag = "admin", request_body = SupplyBeacon,
    security(("bearer" = ["waiting_rooms"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The policy, with the signature", body = RoomPolicyAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `BEACON_NOT_NAMED`, `VERSION_MISMATCH`", body = ErrorBody),
        (status = 422, description = "`BEACON_REFUSED`, `INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn supply_beacon(
    State(state): State<AppState>,
    staff: Staff<may::WaitingRooms>,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<SupplyBeacon>,
) -> Result<Json<RoomPolicyAnswer>, ApiError> {
    let rooms = state.box_office().waiting_room();
    let edited = rooms.supply_beacon(event, body.round, body.signature()?).await?;
    state.event_was_edited(event);
    staff.record().after(&RoomPolicyAnswer::of(&edited.details.waiting_room, None));
    Ok(answer(&state, event, &edited.details.waiting_room).await)
}

/// Clear a waiting room
///
/// Deletes all places; buyers may join again, behind no one. Admission passes remain valid until their ends.
#[utoipa::path(
    post, path = "/api/admin/queue/{eventId}/clear", tag = "admin", security(("bearer" = ["waiting_rooms"])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "It is empty", body = ClearedAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn clear(
    State(state): State<AppState>,
    staff: Staff<may::WaitingRooms>,
    IdemKey(key): IdemKey,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<ClearedAnswer>, ApiError> {
    responses::any_event(&state, event).await?;
    let cleared = state.box_office().waiting_room().clear(event, key).await?;
    let answer = ClearedAnswer { cleared };
    staff.record().after(&answer);
    Ok(Json(answer))
}

async fn known_policy(state: &AppState, event: EventId) -> Result<RoomPolicy, ApiError> {
    let policy = state.box_office().waiting_room().policy(event).await?;
    policy.ok_or_else(|| ApiError::new(Code::EventNotFound))
}

/// Returns what a drawn order depends on: the present seed, because its hash may be public, or a new one.
fn plan_for(
    state: &AppState,
    body: &SetRoomPolicy,
    known: &RoomPolicy,
) -> Result<Option<DrawPlan>, ApiError> {
    let known = known.fairness.plan();
    let beacon = body.beacon(known.and_then(|plan| plan.beacon))?;
    if !body.is_drawn() {
        return Ok(None);
    }
    let seed = known.map_or_else(|| state.box_office().waiting_room().new_seed(), |plan| Ok(plan.seed))?;
    Ok(Some(DrawPlan { seed, beacon }))
}

/// Shows a policy with the counts of the room.
async fn answer(state: &AppState, event: EventId, policy: &RoomPolicy) -> Json<RoomPolicyAnswer> {
    // The policy can be read and changed while the store of waiting rooms fails: it says what happens then.
    let room = state.box_office().waiting_room().room(event).await.ok().flatten();
    Json(RoomPolicyAnswer::of(policy, room.as_ref()))
}
