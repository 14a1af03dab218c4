//! The `AsyncAPI` document, made from the types of the messages.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::channels::{
    Auth, Encoding, EventSnapshot, EventStatusChanged, Join, Leave, MAX_SAFE_INTEGER, PaymentUpdated,
    PersonalSnapshot, QueueAdmitted, QueueStock, QueueUpdated, ReservationUpdated, Restarting, SeatChange,
    Seats, Snapshot, SocketError, TicketUpdated,
};

const DESCRIPTION: &str = "Live updates of events, and news for the signed-in user.

The first message signs in (`auth`) or joins a channel without a user. A client joins `event:<id>` (status and stock), \
`seats:<id>` and `queue:<id>`; news for the user come without joining, in the channel `personal`.

`seq` grows by one with each message of a channel. A client that misses one, or connects again, joins with `since` and gets \
what it missed, or a `resync` with everything. A message with `since` stands for all that came after that number. Each seat has \
a version, so that a change which comes twice or late is harmless. Numbers are those of one server: another one answers a `since` \
that it does not know with a `resync`.

A client that does not read in time gets changes merged, or a `resync`, and is dropped if it does not read for ten seconds. The \
server sends a ping every 25 seconds, and drops a client that lets two pass without a sign of life. It closes with 1012 when it \
stops; the reason is JSON with `reconnectAfterMs`. It closes with 1013 if a network has too many sockets without a user, with \
1008 a client that sends too many messages or none, and a user's oldest socket if there are too many.

When a token expires, the server sends an `error` with `TOKEN_EXPIRED` and no more news for the user until an `auth` with a new \
one.";

/// A message: its type, what it says, and the schema of its data.
type Row = (&'static str, &'static str, fn() -> RefOr<Schema>);

/// What the server sends, by type.
const SENT: [Row; 11] = [
    ("seats-changed", "Seats changed; of `seats:<id>`.", reference::<Seats>),
    ("ticket-updated", "The stock of a ticket type changed; of `event:<id>`.", reference::<TicketUpdated>),
    ("event-status-changed", "The status changed; of `event:<id>`.", reference::<EventStatusChanged>),
    ("queue-updated", "The waiting room's public state changed; of `queue:<id>`.", reference::<QueueUpdated>),
    ("queue-admitted", "A waiting room called the user; personal.", reference::<QueueAdmitted>),
    ("reservation-expired", "A hold ended; personal.", reference::<ReservationUpdated>),
    (
        "reservation-confirmed",
        "A reservation is confirmed, or has fewer tickets than before; personal.",
        reference::<ReservationUpdated>,
    ),
    ("reservation-cancelled", "A reservation was cancelled; personal.", reference::<ReservationUpdated>),
    ("payment-updated", "A payment changed; personal.", reference::<PaymentUpdated>),
    ("resync", "Everything: it replaces what the client has of the channel.", reference::<Snapshot>),
    ("error", "Something that the client sent could not be done; `seq` is 0.", reference::<SocketError>),
];

/// What the server receives, by type.
const RECEIVED: [Row; 3] = [
    ("auth", "Says who the user is.", reference::<Auth>),
    ("join", "Follows a channel.", reference::<Join>),
    ("leave", "Follows a channel no longer.", reference::<Leave>),
];

/// Makes the document (source: `AsyncAPI` 3.0.0).
pub(super) fn document() -> Value {
    let all = RECEIVED.iter().chain(&SENT);
    let references = all.map(|(name, ..)| (message_name(name), json!({"$ref": component("messages", name)})));
    let channel = json!({
        "address": "/ws",
        "description": "One socket. All messages are JSON texts.",
        "messages": Value::Object(references.collect()),
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tiketi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        },
        "defaultContentType": "application/json",
        "channels": {"socket": channel},
        "operations": {
            "receive": operation("receive", "What a client sends.", &RECEIVED),
            "send": operation("send", "What a client receives.", &SENT),
        },
        "components": {"messages": messages(), "schemas": schemas()},
    })
}

fn operation(action: &str, summary: &str, rows: &[Row]) -> Value {
    let messages: Vec<_> = rows
        .iter()
        .map(|(name, ..)| json!({"$ref": format!("#/channels/socket/messages/{}", message_name(name))}))
        .collect();
    json!({"action": action, "summary": summary, "channel": {"$ref": "#/channels/socket"}, "messages": messages})
}

fn messages() -> Value {
    let received = RECEIVED.iter().map(|(name, summary, data)| {
        let kind = json!({"type": "object", "required": ["type"], "properties": {"type": {"const": name}}});
        (message_name(name), message(name, summary, &json!({"allOf": [kind, data()]})))
    });
    let sent = SENT.iter().map(|(name, summary, data)| {
        (message_name(name), message(name, summary, &envelope(name, &json!(data()))))
    });
    Value::Object(received.chain(sent).collect())
}

fn message(name: &str, summary: &str, payload: &Value) -> Value {
    json!({"name": name, "summary": summary, "payload": payload})
}

/// Describes what all messages of the server have.
fn envelope(kind: &str, data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["channel", "seq", "type", "at", "data"],
        "properties": {
            "channel": {"type": "string", "description": "`event:<id>`, `seats:<id>`, `queue:<id>` or `personal`"},
            "seq": {"type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER},
            "since": {
                "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER,
                "description": "In a message that stands for several: it has all that came after this `seq`",
            },
            "type": {"const": kind},
            "at": {"type": "string", "format": "date-time"},
            "data": data,
        },
    })
}

/// Describes every type of data by its name.
fn schemas() -> Value {
    let mut named = Map::new();
    add::<Auth>(&mut named);
    add::<Encoding>(&mut named);
    add::<EventSnapshot>(&mut named);
    add::<EventStatusChanged>(&mut named);
    add::<Join>(&mut named);
    add::<Leave>(&mut named);
    add::<PaymentUpdated>(&mut named);
    add::<PersonalSnapshot>(&mut named);
    add::<QueueAdmitted>(&mut named);
    add::<QueueStock>(&mut named);
    add::<QueueUpdated>(&mut named);
    add::<ReservationUpdated>(&mut named);
    add::<Restarting>(&mut named);
    add::<SeatChange>(&mut named);
    add::<Seats>(&mut named);
    add::<Snapshot>(&mut named);
    add::<SocketError>(&mut named);
    add::<TicketUpdated>(&mut named);
    Value::Object(named)
}

fn add<T: ToSchema>(named: &mut Map<String, Value>) {
    named.insert(T::name().into_owned(), json!(T::schema()));
}

fn reference<T: ToSchema + PartialSchema>() -> RefOr<Schema> {
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(T::name()))
}

fn component(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{}", message_name(name))
}

/// Returns the name of a message in the document, such as `seatsChanged`.
fn message_name(kind: &str) -> String {
    let mut name = String::new();
    for (at, word) in kind.split('-').enumerate() {
        let mut letters = word.chars();
        let first = letters.next().map(|first| if at == 0 { first } else { first.to_ascii_uppercase() });
        name.extend(first);
        name.push_str(letters.as_str());
    }
    name
}
