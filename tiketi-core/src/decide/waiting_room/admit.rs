//! Admits the head of the line: one atomic step that any number of servers may run.

use crate::error::StoreError;
use crate::id::{CommandKey, EventId};
use crate::time::Timestamp;
use crate::waiting_room::{
    AdaptiveRate, Draw, Place, PlaceClass, PlaceState, PlaceStep, Room, RoomMode, RoomPolicy, Stock,
};

/// Most buyers that one admission calls, and most lapsed places that it records.
pub const MAX_ADMISSION: u32 = 1_000;
/// Most numbers that one admission looks at for each buyer that it may call; those who left are passed over.
const LOOKED_AT: u64 = 4;

/// Records lapsed places, and calls the next buyers of an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Admit {
    /// The moment that decides.
    pub now: Timestamp,
    /// The request; a repetition calls no one else, and names those whom it called.
    pub request: CommandKey,
    /// The event.
    pub event: EventId,
    /// The event's policy.
    pub policy: RoomPolicy,
    /// Buyers a minute at most; `None` is no limit.
    pub per_minute: Option<u32>,
    /// The decision that `per_minute` comes from, if the rate is adaptive; the room records it.
    pub rate: Option<AdaptiveRate>,
    /// The event's stock; `None` admits whatever is left.
    pub stock: Option<Stock>,
    /// Most buyers to call, at most [`MAX_ADMISSION`].
    pub limit: u32,
}

impl Admit {
    /// Makes a command without limits of rate and stock.
    pub fn new(now: Timestamp, request: CommandKey, event: EventId, policy: RoomPolicy) -> Self {
        let limit = MAX_ADMISSION;
        Self { now, request, event, policy, per_minute: None, rate: None, stock: None, limit }
    }

    fn limit(&self) -> u32 {
        self.limit.clamp(1, MAX_ADMISSION)
    }
}

/// The places of one room that an admission may read.
pub trait RoomScope {
    /// Returns the room.
    fn room(&self) -> &Room;

    /// Returns the place with an arrival number; `None` if it was deleted.
    fn place(&self, class: PlaceClass, arrival: u64) -> Option<&Place>;

    /// Returns called and active places whose `until` is not after `now`, the most overdue first, at most `limit`.
    fn due(&self, now: Timestamp, limit: u32) -> Vec<Place>;
}

/// What an admission did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Admission {
    /// The room after it.
    pub room: Room,
    /// The places that it called, in the order of their numbers.
    pub called: Vec<Place>,
    /// The places whose turn or session it recorded as lapsed, and those that it passed over for want of a proof.
    pub lapsed: Vec<Place>,
    /// Whether it left something over that another call can do at once.
    pub more: bool,
    /// Whether this is a repetition of an admission that was made before.
    pub replayed: bool,
}

/// Returns the arrival numbers whose places an admission reads, for a store that loads only these.
///
/// They are in the order in which they are called.
pub fn admission_reads(room: &Room, ask: &Admit) -> Vec<(PlaceClass, u64)> {
    let mut room = *room;
    room.open_if_due(&ask.policy, ask.now);
    let count = usize::try_from(looked_at(ask.limit())).unwrap_or(usize::MAX);
    let numbers = PlaceClass::ALL.into_iter().flat_map(|class| {
        let line = room.line(class);
        let draw = room.draw(class, &ask.policy);
        let of = move |number| (class, arrival(draw.as_ref(), number));
        (line.serving + 1..=line.arrivals).take(count).map(of)
    });
    numbers.take(count).collect()
}

/// Decides an admission.
///
/// It records lapsed places, which frees capacity; then it calls places in the order of their classes and numbers, up
/// to the free capacity, the rate and the limit of the command. Places that were left are passed over, and so are those
/// whose proof of work is overdue, which end.
///
/// # Errors
///
/// [`crate::StoreErrorKind::Corrupt`] if a place contradicts the room.
pub fn admit(scope: &dyn RoomScope, ask: &Admit) -> Result<Admission, StoreError> {
    let mut room = *scope.room();
    room.open_if_due(&ask.policy, ask.now);
    room.stock = ask.stock;
    room.rate = ask.rate;
    let limit = ask.limit();
    let mut lapsed = scope.due(ask.now, limit);
    for place in &mut lapsed {
        room.step(place, &PlaceStep::Lapse { now: ask.now })?;
    }
    let has_more_due = lapsed.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let mut calls = Calls {
        called: Vec::new(),
        ended: Vec::new(),
        left: allowed(&room, ask),
        looked_at: looked_at(limit),
        passed: 0,
    };
    for class in PlaceClass::ALL {
        calls.serve(scope, &mut room, class, ask)?;
    }
    lapsed.append(&mut calls.ended);
    let count = u32::try_from(calls.called.len()).unwrap_or(u32::MAX);
    room.pace = room.pace.after(ask.per_minute, ask.now, count);
    let waits = room.waiting() > 0;
    let has_more_calls = waits && allowed(&room, ask) > 0;
    if room.opened_at.is_some() && ask.policy.mode != RoomMode::Off {
        let is_held_back = waits && !has_more_calls && !room.is_paused();
        room.outflow = room.outflow.after(ask.now, calls.passed, is_held_back);
    }
    room.version = room.version.saturating_add(1);
    let more = has_more_due || has_more_calls;
    Ok(Admission { room, called: calls.called, lapsed, more, replayed: false })
}

/// Returns how many buyers may be called now.
fn allowed(room: &Room, ask: &Admit) -> u32 {
    let is_open = room.opened_at.is_some() && ask.policy.mode != RoomMode::Off && !room.is_paused();
    if !is_open || ask.policy.awaits_beacon() {
        return 0;
    }
    let capacity = ask.policy.max_active.saturating_sub(room.in_flight());
    capacity.min(room.pace.allowed(ask.per_minute, ask.now)).min(ask.limit())
}

fn looked_at(limit: u32) -> u64 {
    u64::from(limit).saturating_mul(LOOKED_AT)
}

fn arrival(draw: Option<&Draw>, number: u64) -> u64 {
    draw.map_or(number, |draw| draw.arrival_of(number))
}

/// The calls of one admission, and how many are still allowed.
struct Calls {
    called: Vec<Place>,
    /// Places that were passed over for want of a proof.
    ended: Vec<Place>,
    left: u32,
    looked_at: u64,
    passed: u64,
}

impl Calls {
    fn serve(
        &mut self,
        scope: &dyn RoomScope,
        room: &mut Room,
        class: PlaceClass,
        ask: &Admit,
    ) -> Result<(), StoreError> {
        let line = *room.line(class);
        if self.left == 0 || line.serving >= line.arrivals {
            return Ok(());
        }
        let draw = room.draw(class, &ask.policy);
        let mut serving = line.serving;
        while self.left > 0 && self.looked_at > 0 && serving < line.arrivals && room.line(class).waiting > 0 {
            serving += 1;
            self.looked_at -= 1;
            self.passed = self.passed.saturating_add(1);
            let place = scope.place(class, arrival(draw.as_ref(), serving));
            let Some(mut place) = place.copied().filter(|place| place.state == PlaceState::Waiting) else {
                continue;
            };
            if ask
                .policy
                .missing_proof(&place)
                .is_some_and(|proof| proof.is_overdue(place.joined_at, ask.now))
            {
                room.step(&mut place, &PlaceStep::PassOver)?;
                self.ended.push(place);
                continue;
            }
            room.step(&mut place, &PlaceStep::Call { until: ask.now.after(ask.policy.turn_window) })?;
            self.called.push(place);
            self.left -= 1;
        }
        let line = room.line_mut(class);
        if line.waiting == 0 {
            serving = line.arrivals;
        } else if serving == line.arrivals {
            // Every number was looked at. A count that says otherwise would keep admission running for ever.
            line.waiting = 0;
        }
        line.serving = serving;
        Ok(())
    }
}
