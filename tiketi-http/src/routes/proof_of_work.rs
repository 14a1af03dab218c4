//! Proof of work in waiting rooms: the challenge of a place, and its solution.

use axum::Json;
use axum::extract::State;
use tiketi_core::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{QueuePlaceDto, SendProof};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, CurrentUser, IdemKey};
use crate::proof_of_work::Challenge;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(challenge)).routes(routes!(prove))
}

/// Read the proof of work that one's place needs
///
/// The client counts from 0 up: the password is the bytes of `nonce` and then the counter as 4 bytes, the highest first.
/// The key is Argon2id (version 19) of the password with the bytes of `salt`, `memoryCost` KiB, `cost` passes,
/// `parallelism`, and `keyLength` bytes. The counter whose key begins with `keyPrefix`, in hexadecimal digits, is the
/// solution. The format is that of ALTCHA's proof of work, version 2, so its widget and libraries solve it. The challenge
/// is for this place only, and stays the same while the client works on it.
#[utoipa::path(
    get, path = "/api/queue/challenge/{eventId}", tag = "queue", security(("bearer" = [])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The challenge", body = Challenge),
        (status = 404, description = "`NO_PLACE`", body = ErrorBody),
        (status = 409, description = "`PROOF_NOT_NEEDED`, `WAITING_ROOM_OFF`", body = ErrorBody),
    ),
)]
async fn challenge(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<Challenge>, ApiError> {
    let missing = state.box_office().waiting_room().missing_proof(event, user.buyer()).await?;
    let (place, proof) = missing.ok_or_else(|| ApiError::new(Code::ProofNotNeeded))?;
    Ok(Json(Challenge::of(&place, &proof, state.proof_secret(), state.now())))
}

/// Send the proof of work of one's place
///
/// It is checked once; a place that needs none does not change. A called buyer enters.
#[utoipa::path(
    post, path = "/api/queue/proof/{eventId}", tag = "queue", request_body = SendProof, security(("bearer" = [])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "Where the buyer stands", body = QueuePlaceDto),
        (status = 404, description = "`NO_PLACE`", body = ErrorBody),
        (status = 409, description = "`PLACE_ENDED`, `WAITING_ROOM_OFF`", body = ErrorBody),
        (status = 422, description = "`PROOF_INVALID`, `INVALID_BODY`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many proofs wait to be checked", body = ErrorBody),
    ),
)]
async fn prove(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<SendProof>,
) -> Result<Json<QueuePlaceDto>, ApiError> {
    let rooms = state.box_office().waiting_room();
    if let Some((place, _)) = rooms.missing_proof(event, user.buyer()).await? {
        state.proofs().check(&body.payload, &place, state.proof_secret(), state.now()).await?;
    }
    let turn = rooms.prove(event, user.buyer(), key).await?;
    Ok(Json(QueuePlaceDto::of(event, &turn)))
}
