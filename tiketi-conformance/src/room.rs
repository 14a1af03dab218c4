//! A waiting room under test: short commands with new request ids, and a clock that the case moves.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{Place, PlaceClass, PlaceId, Room, RoomMode, RoomPolicy};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, Timestamp};
use uuid::Uuid;

use crate::handles::Handles;
use crate::shop::START;

/// A waiting room under test.
///
/// Its policy admits 3 buyers at a time, with sessions of 100 seconds, at most 150, and turns of 10 seconds.
#[derive(Debug, Clone)]
pub struct TestRoom {
    stores: Handles<dyn WaitingRoomStore>,
    requests: Arc<AtomicU64>,
    pub(crate) event: EventId,
    pub(crate) policy: RoomPolicy,
    pub(crate) now: Timestamp,
}

impl TestRoom {
    /// Creates a room of one event on a new store.
    pub fn over(stores: Handles<dyn WaitingRoomStore>) -> Self {
        let policy = RoomPolicy::default()
            .mode(RoomMode::On)
            .max_active(3)
            .session_ttl(Duration::from_secs(100))
            .session_cap(Duration::from_secs(150))
            .turn_window(Duration::from_secs(10));
        let now = START.parse().expect("the start is a time");
        Self { stores, requests: Arc::default(), event: event(1), policy, now }
    }

    /// Returns the store's next handle.
    pub(crate) fn store(&self) -> Arc<dyn WaitingRoomStore> {
        self.stores.any()
    }

    pub(crate) fn request(&self) -> CommandKey {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        CommandKey::from_uuid(Uuid::from_u64_pair(7, count))
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    pub(crate) fn ask(&self, id: u64) -> Join {
        Join::new(self.now, self.request(), self.event, buyer(id), self.policy)
    }

    pub(crate) async fn join(&self, id: u64) -> Place {
        self.join_as(self.ask(id)).await
    }

    pub(crate) async fn join_as(&self, ask: Join) -> Place {
        self.store().join(ask).await.expect("a join").place
    }

    pub(crate) async fn join_all(&self, ids: impl IntoIterator<Item = u64>) {
        for id in ids {
            self.join(id).await;
        }
    }

    pub(crate) async fn join_class(&self, id: u64, class: PlaceClass) -> Place {
        let mut ask = self.ask(id);
        ask.class = class;
        self.join_as(ask).await
    }

    /// Sends a join that is refused, and checks that it changed nothing.
    pub(crate) async fn refuse_join(&self, ask: Join, expected: JoinRefused) {
        let before = self.store().room(self.event).await.unwrap();
        let answer = self.store().join(ask).await;
        assert!(matches!(&answer, Err(CommandError::Refused(why)) if *why == expected), "{answer:?}");
        assert_eq!(self.store().room(self.event).await.unwrap(), before, "a refusal changes nothing");
    }

    pub(crate) async fn enter(&self, id: u64) -> Result<Standing, PlaceRefused> {
        let ask = Enter::new(self.now, self.request(), self.event, buyer(id), self.policy);
        refusal(self.store().enter(ask).await)
    }

    pub(crate) async fn prove(&self, id: u64) -> Result<Standing, PlaceRefused> {
        refusal(self.store().prove(Prove::new(self.now, self.request(), self.event, buyer(id))).await)
    }

    pub(crate) async fn heartbeat(&self, id: u64) -> Result<Standing, PlaceRefused> {
        let ask = Heartbeat::new(self.now, self.request(), self.event, buyer(id), self.policy);
        refusal(self.store().heartbeat(ask).await)
    }

    pub(crate) async fn leave(&self, id: u64) -> Option<Standing> {
        let ask = Leave::new(self.now, self.request(), self.event, buyer(id));
        self.store().leave(ask).await.unwrap()
    }

    pub(crate) async fn finish(&self, id: u64) -> Option<Standing> {
        let ask = Finish::new(self.now, self.request(), self.event, buyer(id));
        self.store().finish(ask).await.unwrap()
    }

    pub(crate) fn ask_admit(&self) -> Admit {
        Admit::new(self.now, self.request(), self.event, self.policy)
    }

    pub(crate) async fn admit_as(&self, ask: Admit) -> Admission {
        self.store().admit(ask).await.unwrap()
    }

    /// Runs an admission, and returns the called buyers.
    pub(crate) async fn admit(&self) -> Vec<u64> {
        called(&self.admit_as(self.ask_admit()).await)
    }

    pub(crate) async fn room(&self) -> Room {
        self.store().room(self.event).await.unwrap().expect("someone joined the room")
    }

    pub(crate) async fn place(&self, id: PlaceId) -> Option<Place> {
        self.store().place(id).await.unwrap().map(|standing| standing.place)
    }

    pub(crate) async fn of_buyer(&self, id: u64) -> Option<Place> {
        let standing = self.store().standing(self.event, buyer(id)).await.unwrap();
        standing.map(|standing| standing.place)
    }
}

pub(crate) fn event(id: u64) -> EventId {
    EventId::from_uuid(Uuid::from_u64_pair(3, id))
}

pub(crate) fn buyer(id: u64) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u64_pair(5, id))
}

/// Returns the buyers that an admission called, in order.
pub(crate) fn called(admission: &Admission) -> Vec<u64> {
    admission.called.iter().map(|place| place.buyer.as_uuid().as_u64_pair().1).collect()
}

fn refusal<R: Debug>(answer: Result<Standing, CommandError<R>>) -> Result<Standing, R> {
    answer.map_err(|error| match error {
        CommandError::Refused(refused) => refused,
        other => panic!("no failure was expected: {other:?}"),
    })
}
