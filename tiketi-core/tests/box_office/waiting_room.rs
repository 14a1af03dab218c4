//! The waiting room of a shop: holds check the admission, jobs admit, and a place that is left is free at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::box_office::{BoxOfficeBuilder, Job, JoinRequest, Turn};
use tiketi_core::broadcast::{BuyerOnly, EventRoom, PrivateNews, PublicNews, Received};
use tiketi_core::clock::{CountedIds, ManualClock};
use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::decide::{EditRefused, HoldRefused};
use tiketi_core::memory::{MemoryStore, MemoryWaitingRooms, TestGateway};
use tiketi_core::metrics::{AdmissionMeasured, Metrics};
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{
    AdaptiveRate, AdmissionKey, AdmissionPass, AdmissionRate, DrawPlan, Fairness, JoinAttempt, JoinGuard,
    JoinVerdict, Place, PlaceClass, PlaceId, PlaceState, RateReason, Room, RoomMode, StockNote, StoreFailure,
};
use tiketi_core::{
    BoxOffice, BuyerId, CommandError, CommandKey, EventId, HoldRequest, PrepareRequest, Reservation,
    RoomPolicy, SeatId, StoreError, StoreErrorKind, TicketTypeId, Timestamp,
};

use crate::{ADA, BEN, on_sale, opening};

fn key() -> AdmissionKey {
    AdmissionKey::new(&[7; 32]).unwrap()
}

/// A shop with an event of three seats and five free tickets, whose waiting room admits one buyer at a time.
struct Queue {
    office: BoxOffice,
    clock: Arc<ManualClock>,
    event: EventId,
    seats: Vec<SeatId>,
    free: TicketTypeId,
}

impl Queue {
    async fn open() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(more: impl FnOnce(BoxOfficeBuilder) -> BoxOfficeBuilder) -> Self {
        let clock = Arc::new(ManualClock::at(opening()));
        let builder = BoxOffice::builder()
            .store(Arc::new(MemoryStore::default()))
            .clock(Arc::<ManualClock>::clone(&clock))
            .gateway(Arc::new(TestGateway::default()))
            .ids(Arc::new(CountedIds::seeded(1)))
            .admission_key(key());
        let office = more(builder).build().unwrap();
        let (event, free) = on_sale(&office).await;
        let seats = office.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        let seats = seats.iter().map(|seat| seat.id).collect();
        let queue = Self { office, clock, event, seats, free };
        queue.set(&RoomPolicy::default().mode(RoomMode::On).max_active(1)).await;
        queue
    }

    async fn set(&self, policy: &RoomPolicy) {
        self.office.waiting_room().set_policy(self.event, *policy).await.unwrap();
    }

    /// Moves the clock by a second and runs the jobs.
    async fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
        self.office.jobs().run_once().await;
    }

    async fn join(&self, buyer: BuyerId) -> Turn {
        self.office.waiting_room().join(JoinRequest::new(self.event, buyer)).await.unwrap()
    }

    async fn beat(&self, buyer: BuyerId) -> Turn {
        self.office.waiting_room().heartbeat(self.event, buyer, None).await.unwrap()
    }

    async fn state(&self, buyer: BuyerId) -> Option<PlaceState> {
        let turn = self.office.waiting_room().status(self.event, buyer).await.unwrap()?;
        Some(place(&turn).state)
    }

    /// Joins, is called and enters.
    async fn admitted(&self, buyer: BuyerId) -> AdmissionPass {
        self.join(buyer).await;
        self.tick().await;
        self.beat(buyer).await.pass().unwrap()
    }

    async fn hold(
        &self,
        buyer: BuyerId,
        seat: usize,
        pass: Option<AdmissionPass>,
    ) -> Result<Reservation, HoldRefused> {
        let mut request = HoldRequest::new(self.event, buyer).seats([self.seats[seat]]);
        request.pass = pass;
        self.office.sales().hold(request).await.map_err(|error| error.refusal().unwrap())
    }
}

fn place(turn: &Turn) -> Place {
    let Turn::InRoom { place, .. } = turn else { panic!("no place: {turn:?}") };
    *place
}

#[tokio::test]
async fn a_hold_requires_a_pass_of_its_buyer_and_event_that_has_not_ended() {
    let queue = Queue::open().await;
    let other_event = on_sale(&queue.office).await.0;
    let until = queue.office.now().after(Duration::from_mins(1));
    let forged = AdmissionKey::new(&[8; 32]).unwrap().sign(queue.event, ADA, until);
    let wrong = [
        None,
        Some(forged),
        Some(key().sign(queue.event, BEN, until)),
        Some(key().sign(other_event, ADA, until)),
        Some(key().sign(queue.event, ADA, queue.office.now())),
    ];
    for pass in wrong {
        assert_eq!(queue.hold(ADA, 0, pass).await, Err(HoldRefused::NotAdmitted), "{pass:?}");
    }
    let pass = queue.admitted(ADA).await;
    queue.hold(ADA, 0, Some(pass)).await.unwrap();
    assert_eq!(queue.hold(ADA, 1, None).await, Err(HoldRefused::NotAdmitted), "adding needs it, too");
    queue.set(&RoomPolicy::default()).await;
    queue.hold(ADA, 1, None).await.unwrap();
}

#[tokio::test]
async fn the_jobs_call_the_next_buyer_and_a_heartbeat_enters() {
    let queue = Queue::open().await;
    for buyer in [ADA, BEN] {
        assert_eq!(place(&queue.join(buyer).await).state, PlaceState::Waiting);
    }
    queue.clock.advance(Duration::from_secs(1));
    assert_eq!(queue.office.jobs().run_once().await.count(Job::Admit), 1);
    assert!(matches!(queue.state(ADA).await, Some(PlaceState::Called { .. })), "a status changes nothing");
    let turn = queue.beat(ADA).await;
    assert_eq!(turn.pass().map(|pass| pass.until()), place(&turn).state.until());
    let waiting = queue.beat(BEN).await;
    assert_eq!((place(&waiting).state, waiting.pass()), (PlaceState::Waiting, None));
    let Turn::InRoom { position, .. } = waiting else { panic!() };
    assert_eq!((position.number, position.serving, position.ahead), (Some(2), 1, 0));
}

#[tokio::test]
async fn joining_again_enters_a_called_buyer() {
    let queue = Queue::open().await;
    queue.join(ADA).await;
    queue.tick().await;
    assert!(queue.join(ADA).await.pass().is_some());
    let refused = queue.office.waiting_room().enter(queue.event, BEN, None).await;
    assert_eq!(refused.unwrap_err().refusal(), Some(PlaceRefused::NoPlace));
}

#[tokio::test]
async fn a_heartbeat_renews_the_pass_up_to_the_cap() {
    let queue = Queue::open().await;
    let first = queue.admitted(ADA).await;
    queue.clock.advance(Duration::from_mins(9));
    let second = queue.beat(ADA).await.pass().unwrap();
    assert_eq!(second.until(), first.until().after(Duration::from_mins(9)));
    queue.clock.advance(Duration::from_mins(9));
    assert_eq!(queue.hold(ADA, 0, Some(first)).await, Err(HoldRefused::NotAdmitted));
    queue.hold(ADA, 0, Some(second)).await.unwrap();
}

#[tokio::test]
async fn a_session_ends_at_once_when_its_buyer_pays_leaves_or_cancels() {
    let queue = Queue::open().await;
    let pass = queue.admitted(ADA).await;
    let held = queue.hold(ADA, 0, Some(pass)).await.unwrap();
    queue.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
    assert_eq!(queue.state(ADA).await, Some(PlaceState::Done));

    let pass = queue.admitted(BEN).await;
    let held = queue.hold(BEN, 1, Some(pass)).await.unwrap();
    queue.office.sales().release(held.id, BEN, None, None).await.unwrap();
    assert!(matches!(queue.state(BEN).await, Some(PlaceState::Active { .. })), "other seats can be chosen");
    let held = queue.hold(BEN, 2, Some(pass)).await.unwrap();
    queue.office.sales().cancel(held.id, BEN, None).await.unwrap();
    assert_eq!(queue.state(BEN).await, Some(PlaceState::Done));

    queue.admitted(ADA).await;
    queue.office.waiting_room().leave(queue.event, ADA, None).await.unwrap();
    assert_eq!(queue.state(ADA).await, Some(PlaceState::Left));
}

#[tokio::test]
async fn a_session_ends_with_a_free_order_and_with_a_hold_that_expires() {
    let queue = Queue::open().await;
    let pass = queue.admitted(ADA).await;
    let request = HoldRequest::new(queue.event, ADA).item(queue.free, 1).pass(pass);
    let held = queue.office.sales().hold(request).await.unwrap();
    queue.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
    assert_eq!(queue.state(ADA).await, Some(PlaceState::Done));

    let pass = queue.admitted(BEN).await;
    queue.hold(BEN, 0, Some(pass)).await.unwrap();
    queue.clock.advance(Duration::from_mins(5));
    assert!(matches!(queue.state(BEN).await, Some(PlaceState::Active { .. })));
    queue.office.jobs().expire_once().await.unwrap();
    assert_eq!(queue.state(BEN).await, Some(PlaceState::Done));
}

#[tokio::test]
async fn a_place_is_shown_to_its_own_buyer_only() {
    let queue = Queue::open().await;
    let id = place(&queue.join(ADA).await).id;
    let rooms = queue.office.waiting_room();
    assert!(rooms.status_of(id, ADA).await.unwrap().is_some());
    assert!(rooms.status_of(id, BEN).await.unwrap().is_none());
}

#[tokio::test]
async fn admission_pauses_while_everything_is_held_and_resumes() {
    let queue = Queue::open().await;
    queue.set(&RoomPolicy::default().mode(RoomMode::On).max_active(5)).await;
    let pass = queue.admitted(ADA).await;
    let everything =
        HoldRequest::new(queue.event, ADA).seats(queue.seats.clone()).item(queue.free, 5).pass(pass);
    let held = queue.office.sales().hold(everything).await.unwrap();
    queue.join(BEN).await;
    queue.tick().await;
    let turn = queue.office.waiting_room().status(queue.event, BEN).await.unwrap().unwrap();
    let Turn::InRoom { position, place, .. } = turn else { panic!() };
    assert_eq!((place.state, position.note), (PlaceState::Waiting, Some(StockNote::AllHeld)));
    assert!(queue.office.waiting_room().serving(queue.event).await.unwrap().unwrap().is_paused);
    queue.office.sales().release(held.id, ADA, Some(vec![queue.seats[0]]), None).await.unwrap();
    queue.tick().await;
    assert!(matches!(queue.state(BEN).await, Some(PlaceState::Called { .. })));
}

#[tokio::test]
async fn the_room_of_a_cancelled_event_is_cleared() {
    let queue = Queue::open().await;
    queue.join(ADA).await;
    queue.office.catalog().cancel_event(queue.event).await.unwrap();
    queue.tick().await;
    assert_eq!(queue.state(ADA).await, None);
    let refused = queue.office.waiting_room().join(JoinRequest::new(queue.event, ADA)).await;
    assert_eq!(refused.unwrap_err().refusal(), Some(JoinRefused::SaleOver));
}

#[tokio::test]
async fn a_draw_is_committed_to_before_and_revealed_after_the_opening() {
    let queue = Queue::open().await;
    let rooms = queue.office.waiting_room();
    let seed = rooms.new_seed().unwrap();
    assert_ne!(seed, rooms.new_seed().unwrap());
    let opens_at = Some(opening().after(Duration::from_mins(1)));
    let fairness = Fairness::drawn(seed);
    queue.set(&RoomPolicy::default().mode(RoomMode::On).fairness(fairness).opens_at(opens_at)).await;
    queue.join(ADA).await;
    queue.tick().await;
    let before = rooms.serving(queue.event).await.unwrap().unwrap();
    assert_eq!((before.commitment, before.seed), (Some(DrawPlan::of(seed).commitment()), None));
    queue.clock.advance(Duration::from_mins(1));
    queue.tick().await;
    let after = rooms.serving(queue.event).await.unwrap().unwrap();
    assert_eq!((after.seed, after.lobby[1].drawn, after.number), (Some(seed), 1, 1));
}

#[tokio::test]
async fn a_policy_replaces_nothing_else_and_an_invalid_one_is_refused() {
    let queue = Queue::open().await;
    let before = queue.office.catalog().event(queue.event).await.unwrap().unwrap().event;
    let policy = before.details.waiting_room.max_active(9);
    let after = queue.office.waiting_room().set_policy(queue.event, policy).await.unwrap();
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.details, before.details.waiting_room(policy));
    let invalid = policy.max_active(0);
    let refused = queue.office.waiting_room().set_policy(queue.event, invalid).await;
    assert!(matches!(refused.unwrap_err().refusal(), Some(EditRefused::Invalid(_))));
    assert_eq!(queue.office.waiting_room().policy(queue.event).await.unwrap(), Some(policy));
}

/// Remembers what the admissions of a process decided about rates.
#[derive(Debug, Default)]
struct Decisions(Mutex<Vec<AdaptiveRate>>);

impl Metrics for Decisions {
    fn admission(&self, measured: &AdmissionMeasured<'_>) {
        self.0.lock().unwrap().extend(measured.decided);
    }
}

/// A room of adaptive rate in which 400 buyers wait, and the decisions about its rate.
async fn adaptive() -> (Queue, Arc<Decisions>) {
    let decisions = Arc::new(Decisions::default());
    let metrics = Arc::<Decisions>::clone(&decisions);
    let queue = Queue::with(|builder| builder.metrics(metrics)).await;
    let rate = AdmissionRate::Adaptive { at_least: 60, at_most: 6_000 };
    queue.set(&RoomPolicy::default().mode(RoomMode::On).rate(rate)).await;
    for id in 0..400 {
        queue.join(BuyerId::from_uuid(uuid::Uuid::from_u128(id))).await;
    }
    (queue, decisions)
}

#[tokio::test]
async fn an_adaptive_rate_starts_low_and_is_shown_to_staff() {
    let (queue, decisions) = adaptive().await;
    let mut rates = Vec::new();
    for _ in 0..13 {
        queue.tick().await;
        let room = queue.office.waiting_room().room(queue.event).await.unwrap().unwrap();
        rates.push(room.rate.unwrap());
        // A refused hold is measured like any other.
        queue.hold(ADA, 0, None).await.unwrap_err();
    }
    let per_minute: Vec<u32> = rates.iter().map(|rate| rate.per_minute).collect();
    assert_eq!([0, 4, 5, 10].map(|at| per_minute[at]), [60, 60, 360, 660], "{per_minute:?}");
    let (reason, load) = (rates[5].reason, rates[5].load);
    assert_eq!((reason, load.holds, load.is_saturated), (RateReason::Raised, 5, true));
    let decided: Vec<u32> = decisions.0.lock().unwrap().iter().map(|rate| rate.per_minute).collect();
    assert_eq!(decided, [60, 360, 660], "a decision is measured once");
}

#[tokio::test]
async fn an_adaptive_rate_does_not_rise_without_a_measured_hold() {
    let (queue, decisions) = adaptive().await;
    for _ in 0..12 {
        queue.tick().await;
    }
    let reasons: Vec<_> = decisions.0.lock().unwrap().iter().map(|rate| rate.reason).collect();
    assert_eq!(reasons, [RateReason::Started, RateReason::Kept, RateReason::Kept]);
}

/// Refuses Ben, demotes Ada, and counts its calls.
#[derive(Debug, Default)]
struct Doorman(AtomicU64);

#[async_trait]
impl JoinGuard for Doorman {
    async fn judge(&self, attempt: &JoinAttempt) -> JoinVerdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        if attempt.buyer == BEN {
            return JoinVerdict::Refuse { reason: "not today".into() };
        }
        JoinVerdict::Demote
    }
}

#[tokio::test]
async fn a_guard_is_asked_before_a_place_is_given_and_not_again() {
    let doorman = Arc::new(Doorman::default());
    let queue = Queue::with(|builder| builder.join_guard(Arc::<Doorman>::clone(&doorman))).await;
    for _ in 0..3 {
        assert_eq!(place(&queue.join(ADA).await).id.class, PlaceClass::Demoted);
    }
    assert_eq!(doorman.0.load(Ordering::Relaxed), 1);
    let refused = queue.office.waiting_room().join(JoinRequest::new(queue.event, BEN)).await;
    let reason = "not today".to_owned();
    assert_eq!(refused.unwrap_err().refusal(), Some(JoinRefused::Guarded { reason }));
}

#[tokio::test]
async fn an_admission_is_sent_to_everyone_and_a_call_to_its_buyer_only() {
    let queue = Queue::with(|builder| builder).await;
    let broadcast = queue.office.broadcast();
    let mut everyone = broadcast.listen(EventRoom(queue.event));
    let (mut ada, mut ben) =
        (broadcast.listen_to_buyer(BuyerOnly(ADA)), broadcast.listen_to_buyer(BuyerOnly(BEN)));
    let id = place(&queue.join(ADA).await).id;
    queue.join(BEN).await;
    queue.tick().await;
    let Some(Received::News(PublicNews::Serving(serving))) = everyone.try_next() else {
        panic!("the room's state is public");
    };
    assert_eq!((serving.event, serving.number, serving.waiting), (queue.event, 1, 1));
    let called =
        |received| matches!(received, Some(Received::News(PrivateNews::Called { place, .. })) if place == id);
    assert!(called(ada.try_next()));
    assert_eq!(ben.try_next(), None);
}

/// A store of waiting rooms that the test can switch off.
#[derive(Debug, Default)]
struct Switched {
    rooms: MemoryWaitingRooms,
    is_off: AtomicBool,
}

macro_rules! switched {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl WaitingRoomStore for Switched {$(
            async fn $name(&self, $($arg: $type),*) -> $answer {
                if self.is_off.load(Ordering::Relaxed) {
                    return Err(StoreError::new(StoreErrorKind::Unavailable, "switched off").into());
                }
                self.rooms.$name($($arg),*).await
            }
        )*}
    };
}

switched! {
    join(command: Join) -> Result<Standing, CommandError<JoinRefused>>;
    enter(command: Enter) -> Result<Standing, CommandError<PlaceRefused>>;
    prove(command: Prove) -> Result<Standing, CommandError<PlaceRefused>>;
    heartbeat(command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>>;
    leave(command: Leave) -> Result<Option<Standing>, StoreError>;
    finish(command: Finish) -> Result<Option<Standing>, StoreError>;
    admit(command: Admit) -> Result<Admission, StoreError>;
    standing(event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError>;
    place(id: PlaceId) -> Result<Option<Standing>, StoreError>;
    room(event: EventId) -> Result<Option<Room>, StoreError>;
    busy_rooms(after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;
    clear(event: EventId, request: CommandKey, now: Timestamp) -> Result<u64, StoreError>;
}

#[tokio::test]
async fn a_failing_waiting_room_lets_no_one_in_unless_the_policy_says_so() {
    let rooms = Arc::new(Switched::default());
    let queue = Queue::with(|builder| builder.waiting_rooms(Arc::<Switched>::clone(&rooms))).await;
    let pass = queue.admitted(ADA).await;
    queue.join(BEN).await;
    rooms.is_off.store(true, Ordering::Relaxed);

    let closed = queue.office.waiting_room().join(JoinRequest::new(queue.event, BEN)).await;
    assert!(matches!(closed, Err(CommandError::Store(_))), "{closed:?}");
    assert_eq!(queue.hold(BEN, 1, None).await, Err(HoldRefused::NotAdmitted));
    let held = queue.hold(ADA, 0, Some(pass)).await.unwrap();
    queue.office.payments().process(PrepareRequest::new(held.id, ADA)).await.expect("a sale is not stopped");

    let policy = queue.office.waiting_room().policy(queue.event).await.unwrap().unwrap();
    queue.set(&policy.on_failure(StoreFailure::Open)).await;
    let open = queue.join(BEN).await;
    assert!(matches!(open, Turn::LetIn { .. }), "{open:?}");
    queue.hold(BEN, 1, open.pass()).await.unwrap();

    rooms.is_off.store(false, Ordering::Relaxed);
    assert_eq!(place(&queue.join(BEN).await).id.arrival, 2, "the line is as it was");
    queue.clock.advance(Duration::from_secs(40));
    let report = queue.office.jobs().run_once().await;
    assert_eq!(report.failures().count(), 0, "the jobs recover by themselves");
}
