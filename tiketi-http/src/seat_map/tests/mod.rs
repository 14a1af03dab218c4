//! How many times seat maps are encoded, and that each answer has the current seats.

mod walk;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use serde_json::Value;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Row, SaleWindow,
    SeatId, SeatLayout, Section, TicketTypeInput, Timestamp,
    clock::{CountedIds, ManualClock},
};
use uuid::Uuid;

use super::map_header::MapHeader;
use crate::dto::SeatDto;
use crate::live::LiveEvents;

struct Shop {
    box_office: BoxOffice,
    clock: Arc<ManualClock>,
    event: EventId,
    live: LiveEvents,
}

fn buyer(number: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(number))
}

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn details(title: &str) -> EventDetails {
    EventDetails::new(
        title,
        "2026-12-24T10:00:00Z".parse().unwrap(),
        SaleWindow::new(now(), "2026-12-24T09:00:00Z".parse().unwrap()).unwrap(),
    )
    .artist("The Paper Boats")
    .venue("Harbour SeatIndex")
    .keywords(["등대의 밤"])
}

impl Shop {
    /// Opens a shop with one published event of `rows` rows of 20 seats.
    async fn with_rows(rows: u32) -> Self {
        let clock = Arc::new(ManualClock::at(now()));
        let box_office = BoxOffice::builder()
            .store(Arc::new(MemoryStore::default()))
            .gateway(Arc::new(TestGateway::default()))
            .clock(clock.clone())
            .ids(Arc::new(CountedIds::seeded(7)))
            .build()
            .unwrap();
        let event = event(&box_office, rows).await;
        Self { box_office, clock, event, live: LiveEvents::default() }
    }

    async fn ask(&self, since: Option<u64>, headers: &[(HeaderName, &str)]) -> Response {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let shown = self.live.get(&self.box_office, self.event).await.unwrap().unwrap();
        shown.live.map.answer(&self.box_office, &shown.picture, since, &headers).await.unwrap().unwrap()
    }

    async fn json(&self, since: Option<u64>) -> Value {
        serde_json::from_slice(&bytes(self.ask(since, &[]).await).await).unwrap()
    }

    async fn seats(&self) -> Vec<SeatId> {
        let map = self.box_office.catalog().seat_map(self.event, 0).await.unwrap().unwrap();
        map.seats.iter().map(|seat| seat.id).collect()
    }

    async fn hold(&self, who: u128, seats: &[SeatId]) {
        let request = HoldRequest::new(self.event, buyer(who)).seats(seats.iter().copied());
        self.box_office.sales().hold(request).await.unwrap();
    }

    async fn naive(&self) -> Vec<u8> {
        let view = self.box_office.catalog().event(self.event).await.unwrap().unwrap();
        let head = MapHeader::of(&view);
        let map = self.box_office.catalog().seat_map(self.event, 0).await.unwrap().unwrap();
        let now = self.box_office.now();
        let seats = map.seats.iter().map(|seat| SeatDto::of(seat, head.price(seat.ticket_type), now));
        serde_json::to_vec(&head.around(map.version, true, seats.collect())).unwrap()
    }

    fn encodings(&self) -> u64 {
        self.live.counters().encodings.load(Ordering::SeqCst)
    }

    fn compressions(&self) -> u64 {
        self.live.counters().compressions.load(Ordering::SeqCst)
    }
}

async fn event(box_office: &BoxOffice, rows: u32) -> EventId {
    let price = Money::new(110_000, Currency::KRW);
    let rows = (1..=rows).map(|row| Row::numbered(row.to_string(), 20).gap_after("10").accessible(["1"]));
    let section = Section::new("R \"가\"", price).rows(rows);
    let layout = SeatLayout::new("Harbour SeatIndex", "Great hall").section(section);
    let layout = box_office.catalog().create_layout(layout, None).await.unwrap();
    let input = EventInput::new(details("Night of the Lighthouse"), Currency::KRW).seated(layout.id);
    let id = box_office.catalog().create_event(input).await.unwrap().event.id;
    box_office.catalog().publish_event(id).await.unwrap();
    id
}

async fn bytes(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

fn tag(response: &Response) -> String {
    response.headers().get(ETAG).unwrap().to_str().unwrap().to_owned()
}

fn status_of<'a>(map: &'a Value, seat: &SeatId) -> &'a str {
    let seats = map["seats"].as_array().unwrap();
    let seat = seats.iter().find(|known| known["id"] == seat.to_string()).unwrap();
    seat["status"].as_str().unwrap()
}

#[tokio::test]
async fn many_requests_at_one_version_encode_and_compress_once() {
    let shop = Shop::with_rows(5).await;
    for _ in 0..20 {
        shop.ask(None, &[]).await;
        shop.ask(None, &[(ACCEPT_ENCODING, "br, gzip;q=0.5")]).await;
    }
    assert_eq!((shop.encodings(), shop.compressions()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_requests_after_a_change_encode_once() {
    let shop = Arc::new(Shop::with_rows(20).await);
    shop.ask(None, &[]).await;
    let seats = shop.seats().await;
    shop.hold(1, &seats[..2]).await;
    let ask = |shop: Arc<Shop>| tokio::spawn(async move { bytes(shop.ask(None, &[]).await).await });
    let asked: Vec<_> = (0..50).map(|_| ask(Arc::clone(&shop))).collect();
    let naive = shop.naive().await;
    for answer in asked {
        assert!(answer.await.unwrap() == naive, "an answer was not the map as it is");
    }
    assert_eq!(shop.encodings(), 2);
}

#[tokio::test]
async fn the_bytes_equal_a_naive_encoding_in_every_state_of_a_seat() {
    let shop = Shop::with_rows(3).await;
    let seats = shop.seats().await;
    assert_eq!(bytes(shop.ask(None, &[]).await).await, shop.naive().await);
    shop.hold(1, &seats[..2]).await;
    shop.box_office.catalog().block_seats(shop.event, vec![seats[5]], "camera").await.unwrap();
    assert_eq!(bytes(shop.ask(None, &[]).await).await, shop.naive().await);
    shop.clock.advance(Duration::from_mins(6));
    assert_eq!(bytes(shop.ask(None, &[]).await).await, shop.naive().await);
}

#[tokio::test]
async fn the_gzip_form_holds_the_same_bytes_under_a_tag_of_its_own() {
    let shop = Shop::with_rows(3).await;
    let plain = shop.ask(None, &[(ACCEPT_ENCODING, "gzip;q=0, identity")]).await;
    let gzip = shop.ask(None, &[(ACCEPT_ENCODING, "gzip")]).await;
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
    assert_eq!(gzip.headers().get(CONTENT_ENCODING).unwrap(), "gzip");
    assert_ne!(tag(&plain), tag(&gzip));
    let mut unpacked = Vec::new();
    let packed = bytes(gzip).await;
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, bytes(plain).await);
}

#[tokio::test]
async fn a_change_of_one_seat_compresses_only_its_part_again() {
    let shop = Shop::with_rows(100).await;
    let packed = || shop.live.counters().packed_segments.load(Ordering::SeqCst);
    shop.ask(None, &[(ACCEPT_ENCODING, "gzip")]).await;
    let whole = packed();
    let seats = shop.seats().await;
    shop.hold(1, &seats[700..701]).await;
    let gzip = bytes(shop.ask(None, &[(ACCEPT_ENCODING, "gzip")]).await).await;
    assert_eq!(
        (whole, packed() - whole),
        (1 + 2_000_u64.div_ceil(256) + 1, 2),
        "the seat's part, and the version's"
    );
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == shop.naive().await);
}

#[tokio::test]
async fn a_known_map_is_answered_with_304_until_it_changes() {
    let shop = Shop::with_rows(3).await;
    let known = tag(&shop.ask(None, &[]).await);
    let again = shop.ask(None, &[(IF_NONE_MATCH, &format!("\"other\", {known}"))]).await;
    assert_eq!((again.status(), tag(&again)), (StatusCode::NOT_MODIFIED, known.clone()));
    let seats = shop.seats().await;
    shop.hold(1, &seats[..1]).await;
    assert_eq!(shop.ask(None, &[(IF_NONE_MATCH, &known)]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn since_answers_only_what_changed_later_and_misses_nothing() {
    let shop = Shop::with_rows(5).await;
    let first = shop.json(None).await["version"].as_u64().unwrap();
    let seats = shop.seats().await;
    shop.hold(1, &seats[..1]).await;
    let second = shop.json(Some(first)).await;
    assert_eq!((&second["complete"], second["seats"].as_array().unwrap().len()), (&Value::Bool(false), 1));
    shop.hold(2, &seats[1..3]).await;
    let all = shop.json(Some(first)).await;
    assert_eq!(all["seats"].as_array().unwrap().len(), 3);
    let later = shop.json(second["version"].as_u64()).await;
    assert_eq!(later["seats"].as_array().unwrap().len(), 2);
    assert_eq!(shop.json(later["version"].as_u64()).await["seats"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_future_or_zero_since_answers_the_complete_map() {
    let shop = Shop::with_rows(2).await;
    for since in [0, 99, u64::MAX] {
        let map = shop.json(Some(since)).await;
        assert_eq!((&map["complete"], map["seats"].as_array().unwrap().len()), (&Value::Bool(true), 40));
    }
}

#[tokio::test]
async fn a_since_that_most_seats_changed_after_answers_the_complete_map() {
    let shop = Shop::with_rows(10).await;
    let first = shop.json(None).await["version"].as_u64().unwrap();
    let seats = shop.seats().await;
    shop.box_office.catalog().block_seats(shop.event, seats, "no show").await.unwrap();
    assert_eq!(shop.json(Some(first)).await["complete"], Value::Bool(true));
}

#[tokio::test]
async fn an_expired_hold_shows_as_available_before_the_sweep() {
    let shop = Shop::with_rows(2).await;
    let seats = shop.seats().await;
    shop.hold(1, &seats[..1]).await;
    let held = shop.json(None).await;
    assert_eq!(status_of(&held, &seats[0]), "locked");
    shop.clock.advance(Duration::from_mins(5));
    assert_eq!(status_of(&shop.json(None).await, &seats[0]), "available");
    shop.box_office.jobs().tidy_once().await.unwrap();
    let news = shop.json(held["version"].as_u64()).await;
    assert_eq!(status_of(&news, &seats[0]), "available");
}

#[tokio::test]
async fn an_edit_made_here_shows_at_once_and_one_made_elsewhere_within_a_second() {
    let shop = Shop::with_rows(2).await;
    let known = tag(&shop.ask(None, &[]).await);
    let catalog = shop.box_office.catalog();
    let edit = |title| catalog.edit_event(shop.event, details(title), None);
    edit("Morning of the Lighthouse").await.unwrap();
    shop.live.was_edited(shop.event);
    assert_eq!(shop.json(None).await["event"]["title"], "Morning of the Lighthouse");
    assert_ne!(tag(&shop.ask(None, &[]).await), known);
    edit("Noon of the Lighthouse").await.unwrap();
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.json(None).await["event"]["title"], "Noon of the Lighthouse");
}

#[tokio::test]
async fn a_new_price_shows_on_every_seat() {
    let shop = Shop::with_rows(2).await;
    shop.json(None).await;
    let view = shop.box_office.catalog().event(shop.event).await.unwrap().unwrap();
    let section = &view.ticket_types[0];
    let edit = TicketTypeInput::new(&section.name, Money::new(99_000, Currency::KRW), section.stock.capacity);
    shop.box_office.catalog().edit_ticket_type(section.id, edit).await.unwrap();
    shop.live.was_edited(shop.event);
    let map = shop.json(None).await;
    assert!(map["seats"].as_array().unwrap().iter().all(|seat| seat["price"] == 99_000));
}

#[tokio::test]
async fn the_event_longest_unused_is_dropped_and_encoded_again_when_asked_for() {
    let mut shop = Shop::with_rows(1).await;
    shop.live = LiveEvents::with_capacity(2);
    let events = [shop.event, event(&shop.box_office, 1).await, event(&shop.box_office, 1).await];
    for asked in [0, 1, 0, 2, 0, 1] {
        shop.event = events[asked];
        shop.ask(None, &[]).await;
    }
    assert_eq!(shop.encodings(), 4, "0, 1 and 2 once, 1 again after 2 pushed it out");
}

#[tokio::test]
async fn drafts_and_events_that_never_were_have_no_map() {
    let shop = Shop::with_rows(1).await;
    let draft = EventInput::new(details("Draft"), Currency::KRW);
    let draft = shop.box_office.catalog().create_event(draft).await.unwrap().event.id;
    for hidden in [draft, EventId::from_uuid(Uuid::from_u128(404))] {
        assert!(shop.live.get(&shop.box_office, hidden).await.unwrap().is_none());
    }
    assert_eq!(shop.encodings(), 0);
}
