//! One random sequence: a store, its history, and the invariants.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tiketi_core::decide::waiting_room::{Admit, Enter, Finish, Heartbeat, Join, Leave};
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_core::store::WaitingRoomStore;
use tiketi_core::waiting_room::{
    Draw, DrawPlan, DrawSeed, Fairness, Place, PlaceClass, PlaceId, PlaceState, RoomMode, RoomPolicy, Stock,
};
use tiketi_core::{BuyerId, CommandKey, EventId, Timestamp};
use uuid::Uuid;

/// One step of a random sequence.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Join { buyer: u128, class: u8 },
    Enter { buyer: u128 },
    Heartbeat { buyer: u128 },
    Leave { buyer: u128 },
    Finish { buyer: u128 },
    Admit { server: usize, limit: u32 },
    RepeatAdmit { server: usize },
    Stock { unsold: u64 },
    Wait { seconds: u64 },
}

/// How far each server's clock is behind.
const BEHIND: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(2)];

pub(crate) struct Walk {
    store: MemoryWaitingRooms,
    runtime: tokio::runtime::Runtime,
    policy: RoomPolicy,
    rate: Option<u32>,
    now: Timestamp,
    unsold: u64,
    requests: u128,
    /// Every place that was created.
    given: BTreeSet<PlaceId>,
    /// The places that were called, in order.
    called: Vec<PlaceId>,
    /// When they were called.
    called_at: Vec<Timestamp>,
    /// Each server's latest admission, with the places that it called.
    latest: BTreeMap<usize, (Admit, Vec<PlaceId>)>,
    /// The numbers of the places since the line opened; they never change.
    numbers: RefCell<BTreeMap<PlaceId, u64>>,
}

fn event() -> EventId {
    EventId::from_uuid(Uuid::from_u128(1))
}

fn id(buyer: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(buyer))
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_000_000_000_000)
}

impl Walk {
    pub(crate) fn new(drawn: bool, max_active: u32, rate: Option<u32>, threshold: Option<u32>) -> Self {
        let seed = DrawSeed::from_bytes([9; 32]);
        let policy = RoomPolicy::default()
            .mode(threshold.map_or(RoomMode::On, |threshold| RoomMode::Auto { threshold }))
            .max_active(max_active)
            .session_ttl(Duration::from_secs(20))
            .session_cap(Duration::from_mins(1))
            .turn_window(Duration::from_secs(10))
            .fairness(if drawn { Fairness::drawn(seed) } else { Fairness::FirstCome })
            .opens_at(start().after(Duration::from_secs(30)));
        Self {
            store: MemoryWaitingRooms::default(),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            policy,
            rate,
            now: start(),
            unsold: 5,
            requests: 0,
            given: BTreeSet::new(),
            called: Vec::new(),
            called_at: Vec::new(),
            latest: BTreeMap::new(),
            numbers: RefCell::default(),
        }
    }

    fn request(&mut self) -> CommandKey {
        self.requests += 1;
        CommandKey::from_uuid(Uuid::from_u128(self.requests))
    }

    pub(crate) fn take(&mut self, step: &Step) {
        let request = self.request();
        let (now, policy) = (self.now, self.policy);
        match *step {
            Step::Join { buyer, class } => self.join(request, buyer, class),
            Step::Enter { buyer } => {
                let ask = Enter::new(now, request, event(), id(buyer), policy);
                let _ = self.runtime.block_on(self.store.enter(ask));
            }
            Step::Heartbeat { buyer } => {
                let ask = Heartbeat::new(now, request, event(), id(buyer), policy);
                let _ = self.runtime.block_on(self.store.heartbeat(ask));
            }
            Step::Leave { buyer } => {
                let ask = Leave::new(now, request, event(), id(buyer));
                self.runtime.block_on(self.store.leave(ask)).unwrap();
            }
            Step::Finish { buyer } => {
                let ask = Finish::new(now, request, event(), id(buyer));
                self.runtime.block_on(self.store.finish(ask)).unwrap();
            }
            Step::Admit { server, limit } => self.admit(request, server, limit),
            Step::RepeatAdmit { server } => self.repeat(server),
            Step::Stock { unsold } => self.unsold = unsold,
            Step::Wait { seconds } => self.now = now.after(Duration::from_secs(seconds)),
        }
    }

    fn join(&mut self, request: CommandKey, buyer: u128, class: u8) {
        let class = match class {
            0 => PlaceClass::Priority,
            1 => PlaceClass::Demoted,
            _ => PlaceClass::Standard,
        };
        let before = self.runtime.block_on(self.store.standing(event(), id(buyer))).unwrap();
        let mut ask = Join::new(self.now, request, event(), id(buyer), self.policy);
        ask.class = class;
        let after = self.runtime.block_on(self.store.join(ask)).unwrap();
        if let Some(before) = before.filter(|before| before.place.state.at(self.now).is_live()) {
            assert_eq!(after.place, before.place, "a live place is kept");
        } else {
            assert!(self.given.insert(after.place.id), "{:?} is given twice", after.place.id);
        }
    }

    fn admit(&mut self, request: CommandKey, server: usize, limit: u32) {
        let now = self.now.before(BEHIND[server]);
        let mut ask = Admit::new(now, request, event(), self.policy);
        ask.limit = limit;
        ask.per_minute = self.rate;
        ask.stock = Some(Stock { unsold: self.unsold, returning: 3 });
        let admission = self.runtime.block_on(self.store.admit(ask.clone())).unwrap();
        let called: Vec<PlaceId> = admission.called.iter().map(|place| place.id).collect();
        assert!(called.is_empty() || self.unsold > 0, "admission pauses without stock");
        self.called.extend(&called);
        self.called_at.resize(self.called.len(), self.now);
        self.latest.insert(server, (ask, called));
    }

    /// A server whose answer was lost sends the admission again.
    fn repeat(&mut self, server: usize) {
        let Some((ask, called)) = self.latest.get(&server).cloned() else { return };
        if called.is_empty() {
            return;
        }
        let again = self.runtime.block_on(self.store.admit(ask)).unwrap();
        let named: Vec<PlaceId> = again.called.iter().map(|place| place.id).collect();
        if again.replayed {
            assert_eq!(named, called);
        } else {
            // Eight later admissions called other places, so the store no longer has this one and executes it as a
            // new one.
            self.called.extend(named);
            self.called_at.resize(self.called.len(), self.now);
        }
    }

    fn places(&self) -> Vec<Place> {
        let place = |id: &PlaceId| self.runtime.block_on(self.store.place(*id)).unwrap().unwrap().place;
        self.given.iter().map(place).collect()
    }

    /// Returns a place's number, computed as `Draw` documents it.
    fn number(&self, place: PlaceId, lobby: u64) -> u64 {
        let Some(key) = self.policy.fairness.plan().and_then(DrawPlan::key) else { return place.arrival };
        let draw = || Draw::new(&key, place.class, 0, lobby).number_of(place.arrival);
        *self.numbers.borrow_mut().entry(place).or_insert_with(draw)
    }

    pub(crate) fn check(&self) {
        let Some(room) = self.runtime.block_on(self.store.room(event())).unwrap() else { return };
        let places = self.places();
        let count = |is: fn(&PlaceState) -> bool| places.iter().filter(|place| is(&place.state)).count();
        let waiting = count(|state| *state == PlaceState::Waiting);
        assert_eq!(room.waiting(), waiting as u64);
        assert_eq!(room.called as usize, count(|state| matches!(state, PlaceState::Called { .. })));
        assert_eq!(room.active as usize, count(|state| matches!(state, PlaceState::Active { .. })));
        assert!(room.in_flight() <= self.policy.max_active, "more are in than the limit");

        self.check_pace();
        let unique: BTreeSet<&PlaceId> = self.called.iter().collect();
        assert_eq!(unique.len(), self.called.len(), "a place is called twice");
        let mut buyers = BTreeSet::new();
        for place in places.iter().filter(|place| place.state.at(self.now).is_live()) {
            assert!(buyers.insert(place.buyer), "{:?} has two places", place.buyer);
        }
        for class in PlaceClass::ALL {
            let line = room.line(class);
            let of_class = self.called.iter().filter(|id| id.class == class);
            let numbers: Vec<u64> = of_class.map(|id| self.number(*id, line.lobby)).collect();
            assert!(numbers.is_sorted(), "{class:?} is overtaken: {numbers:?}");
            if room.opened_at.is_none() {
                continue;
            }
            for place in places.iter().filter(|place| place.id.class == class) {
                let is_passed = self.number(place.id, line.lobby) <= line.serving;
                let is_waiting = place.state == PlaceState::Waiting;
                assert!(!(is_passed && is_waiting), "{:?} is lost", place.id);
            }
        }
    }

    /// Fails if more were called in a minute than the rate allows, with a burst of 2 seconds; clocks are 2 seconds apart.
    fn check_pace(&self) {
        let Some(rate) = self.rate else { return };
        let most = usize::try_from(rate * 64 / 60 + 2).unwrap();
        for (first, from) in self.called_at.iter().enumerate() {
            let minute = self.called_at[first..].iter().take_while(|at| at.since(*from).as_secs() < 60);
            let count = minute.count();
            assert!(count <= most, "{count} were called in a minute at a rate of {rate}");
        }
    }

    /// Admits until the line is empty, and checks that every waiting buyer is called.
    pub(crate) fn drain(&mut self) {
        self.unsold = 1;
        let places = self.places();
        let waiting = places.iter().filter(|place| place.state == PlaceState::Waiting);
        let waiting: Vec<PlaceId> = waiting.map(|place| place.id).collect();
        for _ in 0..1_000 {
            self.now = self.now.after(Duration::from_secs(7));
            let request = self.request();
            self.admit(request, 0, 5);
            let room = self.runtime.block_on(self.store.room(event())).unwrap();
            if room.is_none_or(|room| room.live() == 0) {
                break;
            }
        }
        let rooms = self.runtime.block_on(self.store.busy_rooms(None, 10)).unwrap();
        assert!(rooms.is_empty(), "someone still waits");
        for id in waiting {
            assert!(self.called.contains(&id), "{id:?} was never called");
        }
    }
}
