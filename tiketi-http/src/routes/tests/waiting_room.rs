//! Waiting rooms: places, passes, the public state, and policies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::Room;
use tiketi_core::{
    BuyerId, Clock, CommandError, CommandKey, EventId, PlaceId, StoreError, StoreErrorKind, Timestamp,
};

use super::{Shop, assert_refused, event_on, text};
use crate::limits::HttpLimits;
use crate::test_support::{Answered, Server, with_header};

/// A store of waiting rooms that the test can switch off, and that counts the reads of rooms.
#[derive(Debug, Default)]
struct Switched {
    rooms: MemoryWaitingRooms,
    is_off: AtomicBool,
    reads: AtomicU64,
}

macro_rules! switched {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl WaitingRoomStore for Switched {$(
            async fn $name(&self, $($arg: $type),*) -> $answer {
                if self.is_off.load(Ordering::Relaxed) {
                    return Err(StoreError::new(StoreErrorKind::Unavailable, "switched off").into());
                }
                if stringify!($name) == "room" {
                    self.reads.fetch_add(1, Ordering::Relaxed);
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

impl Shop {
    /// Opens a shop whose event has a waiting room for one buyer at a time.
    pub(super) async fn with_room() -> Self {
        let shop = Self::open().await;
        shop.set_room(&json!({"mode": "on", "maxActive": 1})).await;
        shop
    }

    /// Opens such a shop on this store of waiting rooms.
    async fn with_rooms(rooms: &Arc<Switched>) -> Self {
        let rooms = Arc::<Switched>::clone(rooms);
        let server = Server::with(HttpLimits::default(), |builder| builder.waiting_rooms(rooms));
        let shop = Self::over(server).await;
        shop.set_room(&json!({"mode": "on", "maxActive": 1})).await;
        shop
    }

    pub(super) fn room_path(&self) -> String {
        format!("/api/admin/events/{}/waiting-room", self.event)
    }

    pub(super) async fn set_room(&self, policy: &Value) -> Value {
        self.ok(Method::PUT, &self.room_path(), &self.admin, policy).await
    }

    pub(super) async fn join(&self, token: &str) -> Value {
        self.ok(Method::POST, "/api/queue/join", token, &json!({"eventId": self.event})).await
    }

    async fn beat(&self, token: &str) -> Value {
        let path = format!("/api/queue/heartbeat/{}", self.event);
        self.ok(Method::POST, &path, token, &Value::Null).await
    }

    pub(super) async fn place(&self, token: &str) -> Value {
        self.read(&format!("/api/queue/status/{}", self.event), token).await
    }

    pub(super) async fn serving(&self) -> Answered {
        self.server.get(&format!("/api/queue/{}/serving", self.event)).await
    }

    /// Moves the clock by a second and runs the jobs.
    pub(super) async fn tick(&self) {
        self.server.clock.advance(Duration::from_secs(1));
        self.server.state.run_jobs_once().await;
    }

    /// Joins, waits until called, and enters; returns the pass.
    async fn admitted(&self, token: &str) -> String {
        self.join(token).await;
        self.tick().await;
        text(&self.beat(token).await["admission"])
    }

    async fn reserve_with(&self, token: &str, seat: usize, admission: &Value) -> Answered {
        let seats = self.seats().await;
        let body = json!({"eventId": self.event, "seatIds": [seats[seat]], "admission": admission});
        self.post("/api/seats/reserve", token, &body).await
    }
}

#[tokio::test]
async fn joining_twice_keeps_the_place() {
    let shop = Shop::with_room().await;
    let first = shop.join(&shop.buyer).await;
    assert_eq!(first["state"], "waiting");
    assert_eq!((&first["number"], &first["position"]), (&json!(1), &json!(1)));
    assert!(first["pollAfterMs"].as_u64().unwrap() >= 1_000 && first["admission"].is_null(), "{first}");
    let other = shop.join(&shop.other).await;
    assert_eq!((&other["number"], &other["position"]), (&json!(2), &json!(2)));
    let body = json!({"eventId": shop.event});
    let again = shop.ok(Method::POST, "/api/queue", &shop.buyer, &body).await;
    assert_eq!((&again["queueId"], &again["number"]), (&first["queueId"], &json!(1)));
    assert_eq!(again["totalWaiting"], 2);
    assert_eq!(shop.place(&shop.buyer).await["queueId"], first["queueId"]);
}

#[tokio::test]
async fn a_place_is_shown_to_its_buyer_only() {
    let shop = Shop::with_room().await;
    let joined = shop.join(&shop.buyer).await;
    let path = format!("/api/queue/position/{}", text(&joined["queueId"]));
    assert_eq!(shop.read(&path, &shop.buyer).await["number"], 1);
    assert_refused(&shop.get(&path, &shop.other).await, 404, "NO_PLACE", "another buyer's place");
    let status = format!("/api/queue/status/{}", shop.event);
    assert_refused(&shop.get(&status, &shop.other).await, 404, "NO_PLACE", "without a place");
}

#[tokio::test]
async fn only_an_admitted_buyer_may_hold_seats() {
    let shop = Shop::with_room().await;
    assert_refused(&shop.reserve_with(&shop.buyer, 0, &Value::Null).await, 403, "NOT_ADMITTED", "no pass");
    shop.join(&shop.buyer).await;
    assert_refused(&shop.reserve_with(&shop.buyer, 0, &Value::Null).await, 403, "NOT_ADMITTED", "waiting");
    let pass = shop.admitted(&shop.buyer).await;
    let standing = shop.place(&shop.buyer).await;
    assert_eq!((&standing["state"], &standing["admission"]), (&json!("active"), &json!(pass)));

    let held = shop.reserve_with(&shop.buyer, 0, &json!(pass)).await;
    assert_eq!(held.status, 201, "{}", held.json());
    let items = json!([{"ticketTypeId": shop.standing().await, "quantity": 1}]);
    let body = json!({"eventId": shop.event, "items": items, "admission": pass});
    let held = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await;
    shop.paid(&shop.buyer, &held["reservation"]).await;

    assert_eq!(shop.place(&shop.buyer).await["state"], "done");
    let next = shop.admitted(&shop.other).await;
    assert_eq!(shop.reserve_with(&shop.other, 1, &json!(next)).await.status, 201);
}

#[tokio::test]
async fn a_pass_of_another_buyer_or_event_and_a_forged_one_are_refused() {
    let mut shop = Shop::with_room().await;
    let pass = shop.admitted(&shop.buyer).await;
    let mut forged = pass.clone();
    forged.replace_range(20..21, if &pass[20..21] == "0" { "1" } else { "0" });
    for wrong in [json!(forged), json!("not a pass"), json!("")] {
        let answer = shop.reserve_with(&shop.buyer, 0, &wrong).await;
        assert_refused(&answer, 403, "NOT_ADMITTED", wrong);
    }
    let answer = shop.reserve_with(&shop.other, 0, &json!(pass)).await;
    assert_refused(&answer, 403, "NOT_ADMITTED", "another buyer's");
    let layout = shop.create_layout().await;
    shop.event = shop.publish(&event_on(&layout)).await;
    shop.set_room(&json!({"mode": "on"})).await;
    let answer = shop.reserve_with(&shop.buyer, 0, &json!(pass)).await;
    assert_refused(&answer, 403, "NOT_ADMITTED", "another event's");
}

#[tokio::test]
async fn a_pass_ends_with_its_session() {
    let shop = Shop::with_room().await;
    shop.set_room(&json!({"mode": "on", "maxActive": 1, "sessionTtl": 60, "sessionCap": 60})).await;
    let pass = shop.admitted(&shop.buyer).await;
    shop.server.clock.advance(Duration::from_mins(1));
    assert_refused(&shop.reserve_with(&shop.buyer, 0, &json!(pass)).await, 403, "NOT_ADMITTED", "ended");
    assert_eq!(shop.place(&shop.buyer).await["state"], "lapsed");
    let path = format!("/api/queue/heartbeat/{}", shop.event);
    let answer = shop.post(&path, &shop.buyer, &Value::Null).await;
    assert_refused(&answer, 409, "PLACE_ENDED", "a heartbeat after the session");
    assert_eq!(answer.json()["details"]["state"], "lapsed");
}

#[tokio::test]
async fn a_buyer_who_leaves_makes_room_and_may_join_again() {
    let shop = Shop::with_room().await;
    shop.admitted(&shop.buyer).await;
    let path = format!("/api/queue/leave/{}", shop.event);
    for _ in 0..2 {
        assert_eq!(shop.post(&path, &shop.buyer, &Value::Null).await.status, 204);
    }
    let standing = shop.place(&shop.buyer).await;
    assert_eq!((&standing["state"], &standing["position"]), (&json!("left"), &json!(0)));
    assert!(standing["admission"].is_null());
    shop.admitted(&shop.other).await;
    let again = shop.join(&shop.buyer).await;
    assert_eq!((&again["state"], &again["number"]), (&json!("waiting"), &json!(3)));
}

#[tokio::test]
async fn a_cleared_room_is_empty_and_gives_new_places() {
    let shop = Shop::with_room().await;
    let first = shop.join(&shop.buyer).await;
    shop.join(&shop.other).await;
    let path = format!("/api/admin/queue/{}/clear", shop.event);
    assert_refused(&shop.post(&path, &shop.buyer, &Value::Null).await, 403, "FORBIDDEN", "a buyer");
    let cleared = shop.ok(Method::POST, &path, &shop.admin, &Value::Null).await;
    assert_eq!(cleared, json!({"cleared": 2}));
    let status = format!("/api/queue/status/{}", shop.event);
    assert_refused(&shop.get(&status, &shop.buyer).await, 404, "NO_PLACE", "cleared");
    let again = shop.join(&shop.buyer).await;
    assert!(again["queueId"] != first["queueId"] && again["position"] == 1, "{again}");
}

#[tokio::test]
async fn a_join_that_gives_no_place_says_why() {
    let mut shop = Shop::open().await;
    let join = |event: &str| json!({"eventId": event});
    let off = shop.post("/api/queue", &shop.buyer, &join(&shop.event)).await;
    assert_refused(&off, 409, "WAITING_ROOM_OFF", "off");
    let beat = shop.post(&format!("/api/queue/heartbeat/{}", shop.event), &shop.buyer, &Value::Null).await;
    assert_refused(&beat, 409, "WAITING_ROOM_OFF", "off");
    let unknown = join("01890a5d-ac96-774b-bcce-b302099a8057");
    assert_refused(&shop.post("/api/queue", &shop.buyer, &unknown).await, 404, "EVENT_NOT_FOUND", "unknown");

    shop.set_room(&json!({"mode": "on", "maxActive": 1, "queueLimit": 1, "maxParty": 2})).await;
    for (party, most) in [(0, 100), (3, 2)] {
        let body = json!({"eventId": shop.event, "party": party});
        let answer = shop.post("/api/queue", &shop.buyer, &body).await;
        assert_refused(&answer, 422, "INVALID_BODY", party);
        let details = &answer.json()["details"];
        assert_eq!((&details["field"], &details["most"]), (&json!("party"), &json!(most)));
    }
    shop.join(&shop.buyer).await;
    let full = shop.post("/api/queue", &shop.other, &join(&shop.event)).await;
    assert_refused(&full, 409, "WAITING_ROOM_FULL", "full");
    assert_eq!(full.json()["details"]["limit"], 1);

    shop.wait(Duration::from_hours(24 * 60)).await;
    let over = shop.post("/api/queue", &shop.other, &join(&shop.event)).await;
    assert_refused(&over, 409, "SALE_OVER", "after the sale");
}

#[tokio::test]
async fn a_policy_that_cannot_work_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let before = shop.read(&shop.room_path(), &shop.admin).await;
    for (policy, field) in [
        (json!({}), "mode"),
        (json!({"mode": "sometimes"}), "mode"),
        (json!({"mode": "on", "maxActive": 0}), "maxActive"),
        (json!({"mode": "on", "maxActive": 4_294_967_296_i64}), "maxActive"),
        (json!({"mode": "on", "admitPerMinute": 0}), "admitPerMinute"),
        (json!({"mode": "on", "sessionTtl": 0}), "sessionTtl"),
        (json!({"mode": "on", "sessionTtl": 86_401}), "sessionTtl"),
        (json!({"mode": "on", "sessionCap": 60}), "sessionCap"),
        (json!({"mode": "on", "turnWindow": -1}), "turnWindow"),
        (json!({"mode": "on", "queueLimit": 0}), "queueLimit"),
        (json!({"mode": "on", "maxParty": 101}), "maxParty"),
        (json!({"mode": "auto"}), "threshold"),
        (json!({"mode": "on", "threshold": 5}), "threshold"),
        (json!({"mode": "on", "admitPerMinuteAtMost": 5}), "admitPerMinuteAtMost"),
        (json!({"mode": "on", "rate": "adaptive"}), "admitPerMinute"),
        (
            json!({"mode": "on", "rate": "adaptive", "admitPerMinute": 9, "admitPerMinuteAtMost": 8}),
            "admitPerMinuteAtMost",
        ),
        (json!({"mode": "on", "fairness": "alphabet"}), "fairness"),
        (json!({"mode": "on", "opensAt": "soon"}), "opensAt"),
        (json!({"mode": "on", "onFailure": "maybe"}), "onFailure"),
        (json!({"mode": "on", "maxActiv": 5}), "maxActiv"),
    ] {
        let answer = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &policy).await;
        assert_refused(&answer, 422, "INVALID_BODY", &policy);
        assert_eq!(answer.json()["details"]["field"], field, "{policy}: {}", answer.json());
    }
    assert_eq!(shop.read(&shop.room_path(), &shop.admin).await, before);
}

#[tokio::test]
async fn a_policy_is_read_as_it_was_set_and_shown_on_the_event() {
    let shop = Shop::open().await;
    let event = format!("/api/events/{}", shop.event);
    let shown = async || shop.read(&event, "").await["event"]["waitingRoom"].clone();
    assert_eq!(shown().await, json!({"enabled": false, "state": "off"}));
    let policy = json!({
        "mode": "auto", "threshold": 3, "maxActive": 50, "rate": "adaptive", "admitPerMinute": 60,
        "admitPerMinuteAtMost": 600, "sessionTtl": 300, "sessionCap": 900, "turnWindow": 120,
        "queueLimit": 1_000, "maxParty": 4, "fairness": "draw", "beacon": null,
        "opensAt": "2026-01-06T00:00:00Z", "onFailure": "open",
        "proofOfWork": {"memoryKib": 1_024, "passes": 2, "zeroDigits": 3, "solveWithin": 45},
    });
    let set = shop.set_room(&policy).await;
    assert_eq!(set, json!({"policy": policy, "room": null}));
    assert_eq!(shop.read(&shop.room_path(), &shop.admin).await, set);
    assert_eq!(shown().await, json!({"enabled": true, "state": "lobby"}));
    shop.server.clock.set("2026-01-06T00:00:00Z".parse().unwrap());
    assert_eq!(shown().await, json!({"enabled": true, "state": "open"}));
    shop.server.clock.set("2026-02-14T09:00:00Z".parse().unwrap());
    assert_eq!(shown().await, json!({"enabled": true, "state": "closed"}));
}

#[tokio::test]
async fn the_public_state_is_read_from_the_store_once_a_second() {
    let rooms = Arc::new(Switched::default());
    let shop = Shop::with_rooms(&rooms).await;
    let before = rooms.reads.load(Ordering::Relaxed);
    for _ in 0..50 {
        assert_eq!(shop.serving().await.status, 200);
    }
    assert_eq!(rooms.reads.load(Ordering::Relaxed) - before, 1);
}

#[tokio::test]
async fn the_public_state_says_when_it_was_read_and_is_never_older_than_two_seconds() {
    let rooms = Arc::new(Switched::default());
    let shop = Shop::with_rooms(&rooms).await;
    let read_at = shop.server.clock.now();
    assert_eq!(shop.serving().await.json()["asOf"], read_at.to_string());
    rooms.is_off.store(true, Ordering::Relaxed);
    for millis in [0, 999] {
        shop.server.clock.set(read_at.after(Duration::from_millis(millis)));
        assert_eq!(shop.serving().await.json()["asOf"], read_at.to_string(), "it is not said to be newer");
    }
    shop.server.clock.set(read_at.after(Duration::from_secs(2)));
    assert_refused(&shop.serving().await, 503, "SERVICE_UNAVAILABLE", "the store is off");
    let status = format!("/api/queue/status/{}", shop.event);
    assert_refused(&shop.get(&status, &shop.buyer).await, 503, "SERVICE_UNAVAILABLE", "a status, too");
    rooms.is_off.store(false, Ordering::Relaxed);
    shop.server.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.serving().await.json()["asOf"], shop.server.clock.now().to_string());
}

#[tokio::test]
async fn the_public_state_needs_no_token_and_is_cacheable() {
    let shop = Shop::with_room().await;
    shop.join(&shop.buyer).await;
    shop.join(&shop.other).await;
    shop.tick().await;
    shop.server.clock.advance(Duration::from_secs(1));
    let answer = shop.serving().await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "public, max-age=1"));
    let serving = answer.json();
    assert_eq!((&serving["servingNumber"], &serving["totalWaiting"]), (&json!(1), &json!(1)));
    assert_eq!((&serving["active"], &serving["stock"]["unsold"]), (&json!(1), &json!(80)));
    assert!(serving["draw"].is_null());

    let path = format!("/api/queue/{}/serving", shop.event);
    let request = Request::get(&path).body(Body::empty()).unwrap();
    let again = shop.server.send(with_header(request, "if-none-match", answer.header("etag"))).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    shop.server.clock.advance(Duration::from_secs(1));
    let later = shop.serving().await;
    assert_ne!(later.json()["asOf"], serving["asOf"]);
    assert_eq!(later.header("etag"), answer.header("etag"), "the state is the same at a later moment");
    let unknown = shop.server.get("/api/queue/01890a5d-ac96-774b-bcce-b302099a8057/serving").await;
    assert_refused(&unknown, 404, "EVENT_NOT_FOUND", "unknown");
}

#[tokio::test]
async fn a_failing_waiting_room_is_closed_unless_the_policy_opens_it() {
    let rooms = Arc::new(Switched::default());
    let shop = Shop::with_rooms(&rooms).await;
    let pass = shop.admitted(&shop.buyer).await;
    rooms.is_off.store(true, Ordering::Relaxed);

    let closed = shop.post("/api/queue", &shop.other, &json!({"eventId": shop.event})).await;
    assert_refused(&closed, 503, "SERVICE_UNAVAILABLE", "closed");
    assert_eq!(closed.header("retry-after"), "1");
    let without = shop.reserve_with(&shop.other, 1, &Value::Null).await;
    assert_refused(&without, 403, "NOT_ADMITTED", "no pass");
    assert_eq!(shop.reserve_with(&shop.buyer, 0, &json!(pass)).await.status, 201);

    shop.set_room(&json!({"mode": "on", "maxActive": 1, "onFailure": "open"})).await;
    let open = shop.join(&shop.other).await;
    assert_eq!((&open["state"], &open["queueId"]), (&json!("active"), &Value::Null));
    assert_eq!(shop.reserve_with(&shop.other, 1, &open["admission"]).await.status, 201);
}
