//! Rooms and places of waiting rooms.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::store::RoomRows;
use tiketi_core::waiting_room::{
    AdaptiveRate, Line, LoadSample, Outflow, Pace, Place, PlaceClass, PlaceId, PlaceState, ProofState,
    RateReason, Room, Stock,
};
use tiketi_core::{BuyerId, CommandKey, EventId, StoreError, Timestamp};
use uuid::Uuid;

use crate::row::{Row, count, json, parse, unreadable};

/// A room as JSON, without its event and version; moments in microseconds.
#[derive(Serialize, Deserialize)]
struct RoomState {
    priority: LineState,
    standard: LineState,
    demoted: LineState,
    called: u32,
    active: u32,
    opened_at: Option<i64>,
    next_call: i64,
    outflow: OutflowState,
    stock: Option<(u64, u64)>,
    rate: Option<RateState>,
    cleared_by: Option<String>,
}

/// A measured outflow as JSON.
#[derive(Serialize, Deserialize)]
struct OutflowState {
    per_minute_milli: Option<u64>,
    since: Option<i64>,
    passed: u64,
    burst: u64,
    burst_at: Option<i64>,
    measured: u64,
}

impl OutflowState {
    fn of(outflow: Outflow) -> Self {
        let Outflow { per_minute_milli, since, passed, burst, burst_at, measured } = outflow;
        let (since, burst_at) = (since.map(Timestamp::as_micros), burst_at.map(Timestamp::as_micros));
        Self { per_minute_milli, since, passed, burst, burst_at, measured }
    }

    fn outflow(self) -> Outflow {
        let Self { per_minute_milli, since, passed, burst, burst_at, measured } = self;
        let (since, burst_at) = (since.map(Timestamp::from_micros), burst_at.map(Timestamp::from_micros));
        Outflow { per_minute_milli, since, passed, burst, burst_at, measured }
    }
}

/// An adaptive rate as JSON; the latency in microseconds.
#[derive(Serialize, Deserialize)]
struct RateState {
    per_minute: u32,
    decided_at: i64,
    reason: String,
    holds: u32,
    latency: u64,
    contended: u32,
    unavailable: u32,
    is_saturated: bool,
}

impl RateState {
    fn of(rate: AdaptiveRate) -> Self {
        let AdaptiveRate { per_minute, decided_at, reason, load } = rate;
        let LoadSample { holds, latency, contended, unavailable, is_saturated } = load;
        Self {
            per_minute,
            decided_at: decided_at.as_micros(),
            reason: reason.word().to_owned(),
            holds,
            latency: u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
            contended,
            unavailable,
            is_saturated,
        }
    }

    fn rate(self) -> Result<AdaptiveRate, StoreError> {
        let Self { per_minute, decided_at, reason, holds, latency, contended, unavailable, is_saturated } =
            self;
        let known = RateReason::ALL.into_iter().find(|known| known.word() == reason);
        let latency = Duration::from_micros(latency);
        Ok(AdaptiveRate {
            per_minute,
            decided_at: Timestamp::from_micros(decided_at),
            reason: known.ok_or_else(|| unreadable("waiting room"))?,
            load: LoadSample { holds, latency, contended, unavailable, is_saturated },
        })
    }
}

/// A line as JSON.
#[derive(Serialize, Deserialize)]
struct LineState {
    arrivals: u64,
    serving: u64,
    waiting: u64,
    lobby: u64,
    cleared: u64,
    /// The last arrival number whose place is deleted.
    deleted: u64,
}

/// A place as JSON, without its id.
#[derive(Serialize, Deserialize)]
struct PlaceEntry {
    buyer: String,
    party: u32,
    state: StateEntry,
    joined_at: i64,
    joined_by: String,
    proof: ProofEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProofEntry {
    NotAsked,
    Missing,
    Solved,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateEntry {
    Waiting,
    Called { until: i64 },
    Active { since: i64, until: i64 },
    Done,
    Left,
    Lapsed,
}

/// Writes a room as a JSON object.
pub fn room_text(rows: &RoomRows) -> Result<String, StoreError> {
    let room = &rows.room;
    let line = |class| {
        let Line { arrivals, serving, waiting, lobby, cleared } = *room.line(class);
        let deleted = rows.deleted.get(&class).copied().unwrap_or_default();
        LineState { arrivals, serving, waiting, lobby, cleared, deleted }
    };
    json(&RoomState {
        priority: line(PlaceClass::Priority),
        standard: line(PlaceClass::Standard),
        demoted: line(PlaceClass::Demoted),
        called: room.called,
        active: room.active,
        opened_at: room.opened_at.map(Timestamp::as_micros),
        next_call: room.pace.next.as_micros(),
        outflow: OutflowState::of(room.outflow),
        stock: room.stock.map(|stock| (stock.unsold, stock.returning)),
        rate: room.rate.map(RateState::of),
        cleared_by: room.cleared_by.map(|key| key.as_uuid().to_string()),
    })
}

/// Reads a room, without its places.
pub fn room(row: &impl Row) -> Result<RoomRows, StoreError> {
    let state: RoomState = parse(row.text("state")?, "waiting room")?;
    let event = EventId::from_uuid(row.uuid("event")?);
    let cleared_by = state.cleared_by.as_deref().map(key).transpose()?;
    let mut rows = RoomRows::new(Room {
        called: state.called,
        active: state.active,
        opened_at: state.opened_at.map(Timestamp::from_micros),
        pace: Pace { next: Timestamp::from_micros(state.next_call) },
        outflow: state.outflow.outflow(),
        stock: state.stock.map(|(unsold, returning)| Stock { unsold, returning }),
        rate: state.rate.map(RateState::rate).transpose()?,
        cleared_by,
        version: count(row, "version")?,
        ..Room::new(event)
    });
    for (class, state) in [
        (PlaceClass::Priority, state.priority),
        (PlaceClass::Standard, state.standard),
        (PlaceClass::Demoted, state.demoted),
    ] {
        let LineState { arrivals, serving, waiting, lobby, cleared, deleted } = state;
        *rows.room.line_mut(class) = Line { arrivals, serving, waiting, lobby, cleared };
        if deleted > 0 {
            rows.deleted.insert(class, deleted);
        }
    }
    Ok(rows)
}

/// Returns the word for a class.
pub fn class_word(class: PlaceClass) -> &'static str {
    match class {
        PlaceClass::Priority => "priority",
        PlaceClass::Standard => "standard",
        PlaceClass::Demoted => "demoted",
    }
}

/// Writes a place as a JSON object.
pub fn place_text(place: &Place) -> Result<String, StoreError> {
    json(&PlaceEntry {
        buyer: place.buyer.to_string(),
        party: place.party,
        state: match place.state {
            PlaceState::Waiting => StateEntry::Waiting,
            PlaceState::Called { until } => StateEntry::Called { until: until.as_micros() },
            PlaceState::Active { since, until } => {
                StateEntry::Active { since: since.as_micros(), until: until.as_micros() }
            }
            PlaceState::Done => StateEntry::Done,
            PlaceState::Left => StateEntry::Left,
            PlaceState::Lapsed => StateEntry::Lapsed,
        },
        joined_at: place.joined_at.as_micros(),
        joined_by: place.joined_by.as_uuid().to_string(),
        proof: match place.proof {
            ProofState::NotAsked => ProofEntry::NotAsked,
            ProofState::Missing => ProofEntry::Missing,
            ProofState::Solved => ProofEntry::Solved,
        },
    })
}

/// Reads a place.
pub fn place(row: &impl Row) -> Result<Place, StoreError> {
    let entry: PlaceEntry = parse(row.text("state")?, "place")?;
    let word = row.text("class")?;
    let class = PlaceClass::ALL.into_iter().find(|class| class_word(*class) == word);
    let class = class.ok_or_else(|| unreadable("class"))?;
    let moment = Timestamp::from_micros;
    Ok(Place {
        id: PlaceId { event: EventId::from_uuid(row.uuid("event")?), class, arrival: count(row, "arrival")? },
        buyer: entry.buyer.parse::<BuyerId>().map_err(|_| unreadable("place"))?,
        party: entry.party,
        state: match entry.state {
            StateEntry::Waiting => PlaceState::Waiting,
            StateEntry::Called { until } => PlaceState::Called { until: moment(until) },
            StateEntry::Active { since, until } => {
                PlaceState::Active { since: moment(since), until: moment(until) }
            }
            StateEntry::Done => PlaceState::Done,
            StateEntry::Left => PlaceState::Left,
            StateEntry::Lapsed => PlaceState::Lapsed,
        },
        joined_at: moment(entry.joined_at),
        joined_by: key(&entry.joined_by)?,
        proof: match entry.proof {
            ProofEntry::NotAsked => ProofState::NotAsked,
            ProofEntry::Missing => ProofState::Missing,
            ProofEntry::Solved => ProofState::Solved,
        },
    })
}

/// Puts the places that were read into their rooms.
pub fn rooms_with(rooms: Vec<RoomRows>, places: Vec<Place>) -> Vec<RoomRows> {
    let mut rooms: std::collections::BTreeMap<EventId, RoomRows> =
        rooms.into_iter().map(|rows| (rows.room.event, rows)).collect();
    for place in places {
        if let Some(rows) = rooms.get_mut(&place.id.event) {
            rows.places.insert((place.id.class, place.id.arrival), place);
        }
    }
    rooms.into_values().collect()
}

fn key(text: &str) -> Result<CommandKey, StoreError> {
    Uuid::try_parse(text).map(CommandKey::from_uuid).map_err(|_| unreadable("waiting room"))
}
