//! The messages of sockets, as types.
//!
//! [`ClientMessage`] is what a client sends, [`ServerMessage`] what it receives.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::channels::name::Channel;

/// Largest number that a program in JavaScript reads exactly; no `seq` is greater.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum ClientMessage {
    /// Says who the user is; a client that sends no such message first stays anonymous.
    Auth(Auth),
    /// Follows a channel.
    Join(Join),
    /// Follows a channel no longer.
    Leave(Leave),
}

/// Says who the user is.
///
/// It may come again at any time, such as with a new token. The server answers with a `resync` of the personal
/// channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Auth {
    /// The token that requests send as `Authorization: Bearer`. Left out, the credentials of the request that opened
    /// the socket count, such as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) token: Option<Token>,
}

/// A token; it is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Token(pub(crate) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Follows a channel.
///
/// Without `since` and `version`, the server answers with a `resync` that has a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Join {
    /// `event:<id>`, `seats:<id>` or `queue:<id>`.
    #[schema(value_type = String, example = "seats:01890a5d-ac96-774b-bcce-b302099a8057")]
    pub(crate) channel: Channel,
    /// The `seq` of the last message that the client has of the channel: it gets what it missed, or a `resync`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 4_815_162_342_u64)]
    pub(crate) since: Option<u64>,
    /// The version of the seat map that the client has, such as from `GET /api/seats/{eventId}`: it gets what changed
    /// after it, or a `resync`. Of a channel of seats only, and read only without `since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 17)]
    pub(crate) version: Option<u64>,
    /// How seats are written in this channel.
    #[serde(default, skip_serializing_if = "Encoding::is_json")]
    pub(crate) encoding: Encoding,
}

/// How seats are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// Each seat as an object, in `changes`.
    #[default]
    Json,
    /// Base64 of the bytes of `GET /api/seats/{eventId}/states`, in `states`.
    Compact,
}

impl Encoding {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_json(&self) -> bool {
        *self == Self::Json
    }
}

/// Follows a channel no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Leave {
    /// The channel.
    #[schema(value_type = String, example = "seats:01890a5d-ac96-774b-bcce-b302099a8057")]
    pub(crate) channel: Channel,
}

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerMessage {
    /// The channel.
    pub(crate) channel: Channel,
    /// Grows by one with each message of the channel. It is 0 in an `error`, which is to this socket only.
    pub(crate) seq: u64,
    /// In a message that stands for several: it has all that came after this `seq`. A client that read slowly, or joins
    /// with what it has, gets such a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<u64>,
    /// When the server made the message.
    pub(crate) at: String,
    /// What it says.
    #[serde(flatten)]
    pub(crate) body: Body,
}

/// What a message of the server says, by its type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "kebab-case")]
pub(crate) enum Body {
    /// Seats changed.
    SeatsChanged(Seats),
    /// The stock of a ticket type changed.
    TicketUpdated(TicketUpdated),
    /// The status of the event changed.
    EventStatusChanged(EventStatusChanged),
    /// The public state of the waiting room changed.
    QueueUpdated(QueueUpdated),
    /// The waiting room called the user.
    QueueAdmitted(QueueAdmitted),
    /// The hold of a reservation ended.
    ReservationExpired(ReservationUpdated),
    /// A reservation is confirmed, or a confirmed one has fewer tickets than before.
    ReservationConfirmed(ReservationUpdated),
    /// A reservation was cancelled.
    ReservationCancelled(ReservationUpdated),
    /// A payment changed.
    PaymentUpdated(PaymentUpdated),
    /// All that the channel shows now: it replaces what the client has.
    Resync(Snapshot),
    /// Something that the client sent could not be done.
    Error(SocketError),
}

/// Seats, all of them or those that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seats {
    /// The version of the seat map with these changes.
    #[schema(example = 18)]
    pub(crate) version: u64,
    /// Each seat once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changes: Option<Vec<SeatChange>>,
    /// The same as base64 of the bytes of `GET /api/seats/{eventId}/states`, if the channel was joined with the encoding
    /// `compact`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) states: Option<String>,
}

/// The new status of a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeatStatusChange)]
pub(crate) struct SeatChange {
    /// The seat.
    #[schema(format = Uuid)]
    pub(crate) seat_id: String,
    /// `available`, `locked` (someone holds it), `reserved` (someone bought it) or `blocked`.
    #[schema(example = "locked")]
    pub(crate) status: String,
    /// Grows with each change of this seat: an older one than the client has is left out.
    #[schema(example = 3)]
    pub(crate) version: u64,
}

/// The stock of a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketUpdated {
    /// The ticket type.
    #[schema(format = Uuid)]
    pub(crate) ticket_type_id: String,
    /// How many can be bought now.
    #[schema(example = 73)]
    pub(crate) available: u32,
}

/// The status of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventStatusChanged {
    /// `upcoming`, `on_sale`, `sold_out`, `ended` or `cancelled`.
    #[schema(example = "on_sale")]
    pub(crate) status: String,
}

/// The public state of a waiting room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueUpdated {
    /// The last number that was called or passed over.
    #[schema(example = 25)]
    pub(crate) serving_number: u64,
    /// The same, of the line of preferred buyers.
    #[schema(example = 3)]
    pub(crate) priority_serving_number: u64,
    /// How many buyers wait.
    #[schema(example = 2_400)]
    pub(crate) total_waiting: u64,
    /// The expected wait of a buyer who joins now, in seconds; `null` if it is not known.
    #[schema(example = 1_215)]
    pub(crate) estimated_wait: Option<u64>,
    /// Tickets at the latest admission; `null` before the first.
    pub(crate) stock: Option<QueueStock>,
}

/// Tickets that waiting buyers can still get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QueueStock {
    /// Tickets that can be held now.
    #[schema(example = 120)]
    pub(crate) unsold: u64,
    /// Tickets that are held, and come back if they are not paid.
    #[schema(example = 38)]
    pub(crate) returning: u64,
}

/// The waiting room called the user, who enters with `POST /api/queue/heartbeat/{eventId}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueAdmitted {
    /// The event.
    #[schema(format = Uuid)]
    pub(crate) event_id: String,
    /// The admission pass, to send with holds; `null` until the user has entered.
    pub(crate) admission: Option<String>,
    /// Until when the user may enter, or the pass is valid.
    #[schema(format = DateTime)]
    pub(crate) until: String,
}

/// A reservation of the user changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservationUpdated {
    /// The reservation.
    #[schema(format = Uuid)]
    pub(crate) reservation_id: String,
    /// Its event.
    #[schema(format = Uuid)]
    pub(crate) event_id: String,
}

/// A payment of the user changed.
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentUpdated {
    /// The reservation that it pays for.
    #[schema(format = Uuid)]
    pub(crate) reservation_id: String,
    /// The event.
    #[schema(format = Uuid)]
    pub(crate) event_id: String,
    /// The payment.
    #[schema(format = Uuid)]
    pub(crate) payment_id: String,
}

/// All that a channel shows now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Snapshot {
    /// Of a channel `seats:<id>`.
    Seats(Seats),
    /// Of a channel `event:<id>`.
    Event(EventSnapshot),
    /// Of a channel `queue:<id>`.
    Queue(QueueUpdated),
    /// Of the personal channel.
    Personal(PersonalSnapshot),
}

/// Status and stock of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventSnapshot {
    /// `upcoming`, `on_sale`, `sold_out`, `ended` or `cancelled`.
    #[schema(example = "on_sale")]
    pub(crate) status: String,
    /// The stock of each ticket type.
    pub(crate) ticket_types: Vec<TicketUpdated>,
}

/// Messages for the user come from now on, and some may have been missed before: the client reads the user's
/// reservations and places once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PersonalSnapshot {}

/// Why something that the client sent could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SocketError)]
pub(crate) struct SocketError {
    /// A stable code for programs, as in the answers of requests.
    #[schema(example = "EVENT_NOT_FOUND")]
    pub(crate) code: String,
    /// A sentence for a person, in the language of the `Accept-Language` with which the socket was opened (en, ko).
    #[schema(example = "There is no such event.")]
    pub(crate) error: String,
}

/// The reason in a close frame with the code 1012.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Restarting {
    /// After how many milliseconds the client connects again: random, so that not all come at once.
    #[schema(example = 1_840)]
    pub(crate) reconnect_after_ms: u64,
}

impl ServerMessage {
    /// Makes a message with a number of its own.
    pub(crate) const fn new(channel: Channel, seq: u64, at: String, body: Body) -> Self {
        Self { channel, seq, since: None, at, body }
    }

    /// Writes the message as JSON.
    ///
    /// # Errors
    ///
    /// None in practice: no part of a message can fail to be written.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
