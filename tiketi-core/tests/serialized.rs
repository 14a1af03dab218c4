//! Model types are equal after they were serialised and read, and have the documented form.

#![cfg(test)]

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::{MemoryNotifier, MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, CancellationPolicy, Currency, EventDetails, EventInput, HoldRequest, Money,
    PrepareRequest, ReservationId, Row, SaleWindow, SeatId, SeatLayout, Section, TicketTypeId,
    TicketTypeInput, Timestamp,
    cancellation_policy::CancellationTier,
    clock::{CountedIds, ManualClock},
    event::{EventState, TermsOverride},
    metadata::Metadata,
    payment::{PaymentState, RefundState, RefundTickets, ReturnedItem, ReturnedTickets, StuckReason},
    refund_account::RefundAccount,
    reservation::{CancelReason, ReservationNumber, ReservationState},
    seat::SeatState,
    terms::{LatePayment, RefundedSeats},
    ticket_type::TicketKind,
    waiting_room::{DrawPlan, DrawSeed, Fairness},
};
use uuid::Uuid;

const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

#[track_caller]
fn survives<T: Debug + PartialEq + Serialize + DeserializeOwned>(value: &T) -> Value {
    let text = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, value, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn reads_as<T: Debug + PartialEq + Serialize + DeserializeOwned>(value: &T, form: &Value) {
    assert_eq!(&survives(value), form);
}

fn details(now: Timestamp) -> EventDetails {
    let tier = |hours, share, fee| CancellationTier::new(Duration::from_hours(hours), share, fee).unwrap();
    let terms = TermsOverride::default()
        .hold_ttl(Duration::from_millis(1_500))
        .max_seats_per_buyer(4)
        .late_payment(LatePayment::Refund)
        .refunded_seats(RefundedSeats::Blocked)
        .cancellation(CancellationPolicy::new(&[tier(240, 0, 0), tier(24, 1_000, 500)]).unwrap());
    let closes = now.after(Duration::from_hours(500));
    EventDetails::new("Winter Lights", closes, SaleWindow::new(now, closes).unwrap())
        .artist("The Paper Moons")
        .venue("Harbour Hall")
        .keywords(["겨울"])
        .terms(terms)
        .metadata(r#"{"series":"winter"}"#.parse().unwrap())
}

#[tokio::test]
async fn every_row_and_fact_of_a_sale_survives() {
    let clock = Arc::new(ManualClock::at("2026-03-01T10:00:00.000001Z".parse().unwrap()));
    let notifier = Arc::new(MemoryNotifier::default());
    let shop = BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .clock(clock)
        .gateway(Arc::new(TestGateway::default()))
        .subscriber("log", Arc::<MemoryNotifier>::clone(&notifier))
        .ids(Arc::new(CountedIds::seeded(1)))
        .build()
        .unwrap();
    shop.jobs().subscribe_once().await.unwrap();
    let plan = SeatLayout::new("Harbour Hall", "Studio").section(
        Section::new("Stalls", won(100)).row(Row::numbered("A", 3).gap_after("1").accessible(["3"])),
    );
    survives(&plan);
    let layout = shop.catalog().create_layout(plan, None).await.unwrap();
    survives(&layout);
    let standing = TicketTypeInput::new("Standing", won(50), 5);
    let input = EventInput::new(details(shop.now()), Currency::KRW).seated(layout.id).ticket_type(standing);
    let made = shop.catalog().create_event(input).await.unwrap();
    survives(&made);
    shop.catalog().publish_event(made.event.id).await.unwrap();
    let seats = shop.catalog().seat_map(made.event.id, 0).await.unwrap().unwrap().seats;
    let request = HoldRequest::new(made.event.id, BUYER)
        .seats(seats.iter().take(2).map(|seat| seat.id))
        .item(made.ticket_types[1].id, 2);
    let held = shop.sales().hold(request).await.unwrap();
    survives(&held);
    let paid = shop.payments().process(PrepareRequest::new(held.id, BUYER)).await.unwrap();
    survives(&paid.reservation);
    let payment = paid.payment.unwrap();
    survives(&payment);
    shop.payments().refund(payment.id, BUYER, RefundWanted::everything(), "rain", None, None).await.unwrap();
    shop.jobs().run_once().await;
    let refunded = shop.support().any_payment(payment.id).await.unwrap().unwrap();
    assert!(matches!(refunded.state, PaymentState::Refunded { .. }), "{refunded:?}");
    survives(&refunded);
    survives(&shop.catalog().seat_map(made.event.id, 0).await.unwrap().unwrap());
    let facts = notifier.drain();
    assert!(facts.len() > 3);
    survives(&facts);
}

#[test]
fn ids_money_and_time_have_the_documented_form() {
    let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    reads_as(&SeatId::from_uuid(id), &json!("01890a5d-ac96-774b-bcce-b302099a8057"));
    reads_as(&won(110_000), &json!({"amount": 110_000, "currency": "KRW"}));
    reads_as(&at(1_767_607_200_000_000), &json!("2026-01-05T10:00:00Z"));
    reads_as(&at(1_767_607_200_000_001), &json!("2026-01-05T10:00:00.000001Z"));
    reads_as(&Timestamp::FAR_FUTURE, &json!("9999-12-31T23:59:59.999999Z"));
    reads_as(&r#"{"a":1}"#.parse::<Metadata>().unwrap(), &json!("{\"a\":1}"));
    reads_as(&ReservationNumber::from_parts(20_260_105, 1), &json!("TKT-20260105-00001"));
}

#[test]
fn states_have_the_documented_form() {
    let (until, noon) = (at(0), "1970-01-01T00:00:00Z");
    reads_as(&SeatState::Available, &json!("available"));
    reads_as(&ReservationState::Held { until }, &json!({"held": {"until": noon}}));
    let cancelled = ReservationState::Cancelled { reason: CancelReason::ByOrganiser, at: until };
    reads_as(&cancelled, &json!({"cancelled": {"reason": "by_organiser", "at": noon}}));
    reads_as(&EventState::Cancelled { at: until }, &json!({"cancelled": {"at": noon}}));
    reads_as(&TicketKind::GeneralAdmission, &json!("general_admission"));
    let stuck = StuckReason::AmountMismatch { captured: won(1) };
    survives(&PaymentState::Stuck { reason: stuck, at: until });
    let ticket_type = TicketTypeId::from_uuid(Uuid::from_u128(2));
    let item = ReturnedItem { ticket_type, unit_price: won(2), quantity: 3 };
    survives(&RefundTickets::Returned(ReturnedTickets { seats: vec![], items: vec![item], price: won(6) }));
    let reservation = ReservationId::from_uuid(Uuid::from_u128(1));
    survives(&SeatState::Held { reservation, until });
}

#[test]
fn a_buyers_account_is_left_out() {
    let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
    let queued = RefundState::Queued { since: at(0), account: Some(account) };
    let text = serde_json::to_string(&queued).unwrap();
    assert_eq!(text, r#"{"queued":{"since":"1970-01-01T00:00:00Z"}}"#);
    let read: RefundState = serde_json::from_str(&text).unwrap();
    assert_eq!(read, RefundState::Queued { since: at(0), account: None });
}

#[test]
fn values_that_break_an_invariant_are_refused() {
    let noon = "1970-01-01T00:00:00Z";
    let window = json!({"opens_at": noon, "closes_at": noon});
    assert!(serde_json::from_value::<SaleWindow>(window).is_err());
    let tier = json!({"lead_seconds": 0, "share_kept": 10_001, "fee_kept": 0});
    assert!(serde_json::from_value::<CancellationTier>(tier.clone()).is_err());
    let end = json!({"lead_seconds": 0, "share_kept": 0, "fee_kept": 0});
    assert!(serde_json::from_value::<CancellationPolicy>(json!([end, end])).is_err());
    for text in ["seat-1", ""] {
        assert!(serde_json::from_value::<SeatId>(json!(text)).is_err());
    }
    assert!(serde_json::from_value::<Money>(json!({"amount": 1, "currency": "XQX"})).is_err());
    assert!(serde_json::from_value::<Timestamp>(json!("2026-01-05T10:00:00")).is_err());
}

/// Fails if the bytes of the seed are written: the order would then be known before the draw.
#[test]
fn the_seed_of_a_draw_is_written_as_its_public_hash_and_cannot_be_read() {
    let seed = DrawSeed::from_bytes([7; 32]);
    let drawn = Fairness::drawn(seed);
    let text = serde_json::to_string(&drawn).unwrap();
    let written = json!({"drawn": {"seed": DrawPlan::of(seed).commitment().to_string(), "beacon": null}});
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), written);
    let error = serde_json::from_str::<Fairness>(&text).unwrap_err();
    assert!(error.to_string().contains("secret"), "{error}");
    reads_as(&Fairness::FirstCome, &json!("first_come"));
}
