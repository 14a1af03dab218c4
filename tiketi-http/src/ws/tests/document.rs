//! The `AsyncAPI` document, against the types that it describes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::channels::{
    Body, Channel, ClientMessage, EventSnapshot, EventStatusChanged, PaymentUpdated, PersonalSnapshot,
    QueueAdmitted, QueueStock, QueueUpdated, ReservationUpdated, SeatChange, Seats, ServerMessage, Snapshot,
    SocketError, TicketUpdated,
};
use crate::ws::asyncapi::document;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn id() -> String {
    ID.to_owned()
}

/// Returns an example of each message that the server sends; a new type does not compile until it has one.
fn examples() -> Vec<(&'static str, Body)> {
    let seats = || Seats {
        version: 18,
        changes: Some(vec![SeatChange { seat_id: id(), status: "locked".to_owned(), version: 3 }]),
        states: None,
    };
    let compact = Seats { version: 18, changes: None, states: Some("AQI=".to_owned()) };
    let ticket = || TicketUpdated { ticket_type_id: id(), available: 73 };
    let queue = |stock| QueueUpdated {
        serving_number: 25,
        priority_serving_number: 3,
        total_waiting: 2_400,
        estimated_wait: None,
        stock,
    };
    let event = EventSnapshot { status: "on_sale".to_owned(), ticket_types: vec![ticket()] };
    let reservation = || ReservationUpdated { reservation_id: id(), event_id: id() };
    let until = "2026-01-05T10:03:00Z".to_owned();
    let bodies = vec![
        Body::SeatsChanged(seats()),
        Body::SeatsChanged(compact),
        Body::TicketUpdated(ticket()),
        Body::EventStatusChanged(EventStatusChanged { status: "sold_out".to_owned() }),
        Body::QueueUpdated(queue(Some(QueueStock { unsold: 120, returning: 38 }))),
        Body::QueueAdmitted(QueueAdmitted { event_id: id(), admission: None, until }),
        Body::ReservationExpired(reservation()),
        Body::ReservationConfirmed(reservation()),
        Body::ReservationCancelled(reservation()),
        Body::PaymentUpdated(PaymentUpdated { reservation_id: id(), event_id: id(), payment_id: id() }),
        Body::Resync(Snapshot::Seats(seats())),
        Body::Resync(Snapshot::Event(event)),
        Body::Resync(Snapshot::Queue(queue(None))),
        Body::Resync(Snapshot::Personal(PersonalSnapshot {})),
        Body::Error(SocketError { code: "EVENT_NOT_FOUND".to_owned(), error: "No.".to_owned() }),
    ];
    bodies.into_iter().map(|body| (kind(&body), body)).collect()
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::SeatsChanged(_) => "seats-changed",
        Body::TicketUpdated(_) => "ticket-updated",
        Body::EventStatusChanged(_) => "event-status-changed",
        Body::QueueUpdated(_) => "queue-updated",
        Body::QueueAdmitted(_) => "queue-admitted",
        Body::ReservationExpired(_) => "reservation-expired",
        Body::ReservationConfirmed(_) => "reservation-confirmed",
        Body::ReservationCancelled(_) => "reservation-cancelled",
        Body::PaymentUpdated(_) => "payment-updated",
        Body::Resync(_) => "resync",
        Body::Error(_) => "error",
    }
}

#[test]
fn every_message_is_read_as_it_is_written_and_is_in_the_document() {
    let document = document();
    let mut written = BTreeSet::new();
    for (kind, body) in examples() {
        let message = ServerMessage::new(Channel::Personal, 7, "2026-01-05T10:00:00Z".to_owned(), body);
        let text = message.json().unwrap();
        let read: ServerMessage = serde_json::from_str(&text).unwrap();
        assert_eq!(read, message, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["type"], kind);
        let described = described(&document, kind);
        let required = described["payload"]["required"].as_array().unwrap();
        assert!(required.iter().all(|name| value.get(name.as_str().unwrap()).is_some()), "{text}");
        assert_fits(&document, &described["payload"]["properties"]["data"], &value["data"], kind);
        written.insert(kind);
    }
    let sent = document["operations"]["send"]["messages"].as_array().unwrap();
    assert_eq!(sent.len(), written.len());
}

#[test]
fn every_message_of_a_client_is_in_the_document() {
    let seats = format!("seats:{ID}");
    let examples = [
        json!({"type": "auth", "token": "x"}),
        json!({"type": "auth"}),
        json!({"type": "join", "channel": seats}),
        json!({"type": "join", "channel": seats, "since": 7, "version": 3, "encoding": "compact"}),
        json!({"type": "leave", "channel": seats}),
    ];
    let document = document();
    for example in examples {
        let read: ClientMessage = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), example);
        let described = described(&document, example["type"].as_str().unwrap());
        let mut fields = example.clone();
        fields.as_object_mut().unwrap().remove("type");
        assert_fits(&document, &described["payload"]["allOf"][1], &fields, &example.to_string());
    }
    assert_eq!(document["operations"]["receive"]["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = document();
    let mut left = vec![&document];
    while let Some(value) = left.pop() {
        if let Some(reference) = value.get("$ref") {
            let pointer = reference.as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        match value {
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
}

fn described<'d>(document: &'d Value, kind: &str) -> &'d Value {
    let messages = document["components"]["messages"].as_object().unwrap();
    messages
        .values()
        .find(|message| message["name"] == kind)
        .unwrap_or_else(|| panic!("{kind} is not described"))
}

/// Checks that a value has what its schema requires, and nothing that the schema does not name.
fn assert_fits(document: &Value, schema: &Value, value: &Value, what: &str) {
    assert!(fits(document, schema, value), "{what}: {value} does not fit {schema}");
}

fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return fits(document, target, value);
    }
    if let Some(choices) = schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array) {
        return choices.iter().any(|choice| fits(document, choice, value));
    }
    if schema.get("type") == Some(&json!("null")) {
        return value.is_null();
    }
    let Some(fields) = value.as_object() else { return true };
    let known = schema["properties"].as_object().cloned().unwrap_or_default();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    required.iter().all(|name| fields.contains_key(name.as_str().unwrap()))
        && fields.iter().all(|(name, field)| known.get(name).is_some_and(|of| fits(document, of, field)))
}
