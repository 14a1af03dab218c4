//! Waiting rooms as buyers see them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    AdmissionPass, BuyerId, EventId, JoinRequest, Timestamp,
    box_office::Turn,
    event::EventState,
    store::EventView,
    waiting_room::{Lobby, PlaceState, Position, ProofState, Serving, Stock, StockNote},
};
use utoipa::ToSchema;

use super::draw_beacon::DrawBeaconDto;
use super::field::{parsed, within};
use crate::error::ApiError;
use crate::status_words::place_state_word;

/// Most people in a party that any policy can allow.
const MOST_PARTY: u32 = 100;
/// Pause of a client that was admitted while the waiting room failed, in milliseconds.
const POLL_WITHOUT_PLACE_MS: u64 = 60_000;

/// Whether an event has a waiting room, and what it does now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = WaitingRoom)]
pub(crate) struct WaitingRoomDto {
    /// Whether a hold needs an admission pass.
    enabled: bool,
    /// `off`, `lobby` (buyers may join, the line is not open), `open` (buyers are called) or `closed` (the sale is
    /// over).
    #[schema(example = "off")]
    state: &'static str,
}

impl WaitingRoomDto {
    /// Shows what an event says about its waiting room at `now`.
    pub(crate) fn of(view: &EventView, now: Timestamp) -> Self {
        let details = &view.event.details;
        let policy = &details.waiting_room;
        let is_cancelled = matches!(view.event.state, EventState::Cancelled { .. });
        let state = if !policy.requires_pass() {
            "off"
        } else if is_cancelled || now >= details.sale.closes_at() {
            "closed"
        } else if now < details.line_opens_at() {
            "lobby"
        } else {
            "open"
        };
        Self { enabled: policy.requires_pass(), state }
    }
}

/// A buyer who wants a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinQueue {
    #[schema(format = Uuid)]
    event_id: String,
    /// How many people the buyer buys for; 1 if left out. They share the place.
    #[schema(example = 2)]
    party: Option<i64>,
}

impl JoinQueue {
    /// Reads the request.
    pub(crate) fn request(&self, buyer: BuyerId) -> Result<JoinRequest, ApiError> {
        let event = parsed::<EventId>("eventId", &self.event_id)?;
        let party = self.party.map_or(Ok(1), |party| within("party", party, 1, MOST_PARTY))?;
        Ok(JoinRequest::new(event, buyer).party(party))
    }
}

/// Where a buyer stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QueuePlace)]
pub(crate) struct QueuePlaceDto {
    #[schema(format = Uuid)]
    event_id: String,
    /// Id of the place; `null` if the buyer is admitted without one, because the waiting room has failed.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057.s42")]
    queue_id: Option<String>,
    /// `waiting`, `called` (a heartbeat enters), `active` (seats may be held), `done`, `left` or `lapsed`.
    #[schema(example = "waiting")]
    state: &'static str,
    /// Place in the line, from 1; 0 if the buyer does not wait.
    #[schema(example = 17)]
    position: u64,
    /// How many buyers wait.
    #[schema(example = 2_400)]
    total_waiting: u64,
    /// The expected wait in seconds, measured; `null` if it cannot be estimated, or if those ahead can take all tickets
    /// that can be held now.
    #[schema(example = 95)]
    estimated_wait: Option<u64>,
    /// The last number of the buyer's line that was called.
    #[schema(example = 25)]
    serving_number: u64,
    /// The buyer's number, which never changes; `null` until the order of a drawn lobby is known.
    #[schema(example = 42)]
    number: Option<u64>,
    /// How long the client waits before its next request, in milliseconds.
    #[schema(example = 9_500)]
    poll_after_ms: u64,
    /// `sold_out`, `all_held` (held tickets may come back) or `out_of_reach` (others ahead can buy all that is left).
    #[schema(example = "out_of_reach")]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    /// When the turn (`called`) or the session (`active`) ends.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// `missing` if the client has a proof of work to solve: read `/api/queue/challenge/{eventId}`, and send the proof to
    /// `/api/queue/proof/{eventId}`. The buyer enters only with it. Left out if there is none to solve.
    #[schema(example = "missing")]
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'static str>,
    /// The admission pass of an active place, to send with holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<String>,
}

impl QueuePlaceDto {
    /// Shows a buyer's turn at an event.
    pub(crate) fn of(event: EventId, turn: &Turn) -> Self {
        let admission = turn.pass();
        match turn {
            Turn::InRoom { place, position, .. } => Self {
                proof: (place.proof == ProofState::Missing && place.state.is_live()).then_some("missing"),
                queue_id: Some(place.id.to_string()),
                state: place_state_word(place.state),
                position: if place.state == PlaceState::Waiting {
                    position.ahead.saturating_add(1)
                } else {
                    0
                },
                until: place.state.until().map(|until| until.to_string()),
                ..Self::at(event, position, admission)
            },
            // A turn of a kind that is newer than this list has a pass at most.
            _ => Self::without_place(event, admission),
        }
    }

    fn at(event: EventId, position: &Position, admission: Option<AdmissionPass>) -> Self {
        Self {
            total_waiting: position.waiting,
            estimated_wait: position.wait.map(seconds),
            serving_number: position.serving,
            number: position.number,
            poll_after_ms: narrowed(position.poll_after.as_millis()),
            note: position.note.and_then(note_word),
            ..Self::without_place(event, admission)
        }
    }

    fn without_place(event: EventId, admission: Option<AdmissionPass>) -> Self {
        Self {
            event_id: event.to_string(),
            queue_id: None,
            state: "active",
            position: 0,
            total_waiting: 0,
            estimated_wait: None,
            serving_number: 0,
            number: None,
            poll_after_ms: POLL_WITHOUT_PLACE_MS,
            note: None,
            proof: None,
            until: admission.map(|pass| pass.until().to_string()),
            admission: admission.map(|pass| pass.to_string()),
        }
    }
}

/// Rounds up to whole seconds.
fn seconds(wait: Duration) -> u64 {
    narrowed(wait.as_millis().div_ceil(1_000))
}

fn narrowed(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

const fn note_word(note: StockNote) -> Option<&'static str> {
    match note {
        StockNote::SoldOut => Some("sold_out"),
        StockNote::AllHeld => Some("all_held"),
        StockNote::OutOfReach => Some("out_of_reach"),
        _ => None,
    }
}

/// The public state of a waiting room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Serving)]
pub(crate) struct ServingDto {
    #[schema(format = Uuid)]
    event_id: String,
    /// The last number that was called or passed over.
    #[schema(example = 25)]
    serving_number: u64,
    /// The same, of the line of preferred buyers.
    #[schema(example = 3)]
    priority_serving_number: u64,
    /// How many buyers wait.
    #[schema(example = 2_400)]
    total_waiting: u64,
    /// How many buyers are called or active.
    #[schema(example = 500)]
    active: u32,
    /// Whether no buyer is called, because no ticket can be held at present.
    paused: bool,
    /// How many numbers the line passes in a minute, measured; `null` until it has moved.
    #[schema(example = 118.5)]
    served_per_minute: Option<f64>,
    /// The expected wait of a buyer who joins now, in seconds; `null` as in a buyer's own state.
    #[schema(example = 1_215)]
    estimated_wait: Option<u64>,
    /// When the line opens.
    #[schema(format = DateTime)]
    opens_at: Option<String>,
    /// When the line was opened.
    #[schema(format = DateTime)]
    opened_at: Option<String>,
    /// Tickets at the latest admission; `null` before the first.
    stock: Option<ServingStockDto>,
    /// The draw of the lobby; `null` if the order is that of arrival.
    draw: Option<DrawDto>,
    /// When it was read from the store of waiting rooms: at most two seconds before the answer. If the store fails for
    /// longer, the answer is 503.
    #[schema(format = DateTime)]
    as_of: String,
}

/// Tickets that waiting buyers can still get.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServingStock)]
struct ServingStockDto {
    /// Tickets that can be held now.
    #[schema(example = 120)]
    unsold: u64,
    /// Tickets that are held, and come back if they are not paid.
    #[schema(example = 38)]
    returning: u64,
}

impl From<Stock> for ServingStockDto {
    fn from(stock: Stock) -> Self {
        Self { unsold: stock.unsold, returning: stock.returning }
    }
}

/// The draw of a lobby, for anyone to verify.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Draw)]
struct DrawDto {
    /// SHA-256 of `tiketi draw commitment v1` and the seed, in hexadecimal digits; public from the start. With a beacon
    /// the hash of its chain and its round follow the seed.
    commitment: String,
    /// The round of a public beacon on which the draw also depends; `null` if there is none.
    beacon: Option<DrawBeaconDto>,
    /// The seed in hexadecimal digits; `null` until the order is drawn.
    seed: Option<String>,
    /// Who took part, of each class.
    lobby: LobbiesDto,
}

/// Who took part in a draw, by class: `p`, `s` or `d` in the id of a place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lobbies)]
struct LobbiesDto {
    priority: LobbyDto,
    standard: LobbyDto,
    demoted: LobbyDto,
}

/// The buyers of one class who took part in a draw.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lobby)]
struct LobbyDto {
    /// How many took part; 0 until the line opens.
    #[schema(example = 1_800)]
    drawn: u64,
    /// The last arrival number before the room was cleared; it and earlier ones take no part.
    #[schema(example = 0)]
    cleared: u64,
}

impl From<Lobby> for LobbyDto {
    fn from(lobby: Lobby) -> Self {
        Self { drawn: lobby.drawn, cleared: lobby.cleared }
    }
}

impl ServingDto {
    /// Shows the public state of a waiting room.
    pub(crate) fn of(serving: &Serving) -> Self {
        Self {
            event_id: serving.event.to_string(),
            serving_number: serving.number,
            priority_serving_number: serving.priority_number,
            total_waiting: serving.waiting,
            active: serving.in_flight,
            paused: serving.is_paused,
            served_per_minute: serving.per_minute_milli.map(thousandths),
            estimated_wait: serving.wait.map(seconds),
            opens_at: serving.opens_at.map(|at| at.to_string()),
            opened_at: serving.opened_at.map(|at| at.to_string()),
            stock: serving.stock.map(Into::into),
            as_of: serving.as_of.to_string(),
            draw: serving.commitment.map(|commitment| DrawDto {
                commitment: commitment.to_string(),
                beacon: serving.beacon.as_ref().map(DrawBeaconDto::of),
                seed: serving.seed.as_ref().map(|seed| hex::encode(seed.as_bytes())),
                lobby: {
                    let [priority, standard, demoted] = serving.lobby.map(Into::into);
                    LobbiesDto { priority, standard, demoted }
                },
            }),
        }
    }
}

/// Turns thousandths into a number for people; above four billion it is not exact.
pub(super) fn thousandths(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / 1_000.0
}

/// A proof of work.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SendProof {
    /// The challenge and its solution in ALTCHA's form: base64 of the JSON
    /// `{"challenge": …, "solution": {"counter": 17, "derivedKey": "00…"}}`.
    pub(crate) payload: String,
}
