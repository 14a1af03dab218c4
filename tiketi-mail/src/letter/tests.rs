//! Letters say what happened, in both languages, as text and HTML.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::event::EventState;
use tiketi_core::fact::{PaymentSummary, ReservationSummary};
use tiketi_core::id::{CodeId, MailId};
use tiketi_core::language::Language;
use tiketi_core::payment::{ReturnedItem, ReturnedTickets};
use tiketi_core::reservation::{ItemLine, ReservationNumber, SeatLine};
use tiketi_core::{
    BuyerId, Currency, Event, EventDetails, EventId, EventStatus, Money, PaymentId, PaymentState,
    ReservationId, SaleWindow, SeatId, TicketTypeId, Timestamp,
};
use uuid::Uuid;

use super::*;

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

fn start() -> Timestamp {
    "2026-03-01T10:30:00Z".parse().unwrap()
}

fn event(title: &str, state: EventState) -> Event {
    let sale = SaleWindow::new(Timestamp::EPOCH, start()).unwrap();
    let mut details = EventDetails::new(title, start(), sale);
    details.venue = "Harbour Hall".to_owned();
    Event {
        id: EventId::from_uuid(Uuid::nil()),
        details,
        currency: Currency::KRW,
        layout: None,
        state,
        announced: EventStatus::OnSale,
        created_at: Timestamp::EPOCH,
        archived_at: None,
        version: 1,
    }
}

fn reservation() -> Arc<ReservationSummary> {
    let ticket_type = TicketTypeId::from_uuid(Uuid::nil());
    Arc::new(ReservationSummary {
        id: ReservationId::from_uuid(Uuid::nil()),
        number: ReservationNumber::from_parts(20_260_105, 7),
        buyer: BuyerId::from_uuid(Uuid::nil()),
        seats: vec![SeatLine {
            seat: SeatId::from_uuid(Uuid::nil()),
            ticket_type,
            label: "가구역 3열 7번".into(),
            price: won(99_000),
        }],
        items: vec![ItemLine { ticket_type, name: "Standing".into(), quantity: 2, unit_price: won(600_500) }],
        total: won(1_300_000),
        payment: None,
        version: 3,
    })
}

fn payment() -> Arc<PaymentSummary> {
    Arc::new(PaymentSummary {
        id: PaymentId::from_uuid(Uuid::nil()),
        reservation: ReservationId::from_uuid(Uuid::nil()),
        buyer: BuyerId::from_uuid(Uuid::nil()),
        gateway: "test".into(),
        method: "card".into(),
        amount: won(1_300_000),
        captured: Some(won(1_300_000)),
        refunded: won(99_000),
        state: PaymentState::PartlyRefunded { at: start() },
        deposit: None,
        version: 4,
    })
}

fn topics(title: &str) -> Vec<Topic> {
    let published = || event(title, EventState::Published);
    let called_off = event(title, EventState::Cancelled { at: start() });
    let returned = ReturnedTickets {
        seats: vec![SeatId::from_uuid(Uuid::nil())],
        items: vec![ReturnedItem {
            ticket_type: TicketTypeId::from_uuid(Uuid::nil()),
            quantity: 1,
            unit_price: won(600_500),
        }],
        price: won(699_500),
    };
    let number = ReservationNumber::from_parts(20_260_105, 7);
    let (code, expires_at) = ("k7mw-ad3h".to_owned(), start());
    let id = CodeId::from_uuid(Uuid::nil());
    vec![
        Topic::Confirmed { event: published(), reservation: reservation() },
        Topic::Cancelled { event: published(), reservation: reservation() },
        Topic::Cancelled { event: called_off, reservation: reservation() },
        Topic::Returned {
            event: published(),
            reservation: reservation(),
            returned,
            ticket_types: Vec::new(),
        },
        Topic::Refunded { event: published(), number, payment: payment() },
        Topic::Called { event: published(), until: start() },
        Topic::Verify { code: code.clone(), expires_at },
        Topic::AlreadyRegistered,
        Topic::Reset { id, code, expires_at },
    ]
}

fn message(topic: &Topic, language: Language) -> Message {
    let front = Shopfront::new("https://tickets.example/shop".parse().unwrap()).name("Lantern Tickets");
    let to = Recipient { email: "hanbyul@mail.example".parse().unwrap(), language };
    Letter::about(topic, language, &front).message(MailId::from_uuid(Uuid::nil()), to).unwrap()
}

#[test]
fn a_confirmation_says_what_was_bought() {
    let topics = topics("Evening of Lanterns");
    let english = message(&topics[0], Language::English);
    assert_eq!(english.subject, "Your tickets for Evening of Lanterns (TKT-20260105-00007)");
    for said in [
        "Event: Evening of Lanterns",
        "Date: 1 March 2026, 19:30 (KST)",
        "Venue: Harbour Hall",
        "Reservation: TKT-20260105-00007",
        "가구역 3열 7번: 99,000 KRW",
        "Standing × 2: 1,201,000 KRW",
        "Total: 1,300,000 KRW",
        "https://tickets.example/shop/reservations/00000000-0000-0000-0000-000000000000",
    ] {
        assert!(english.text.contains(said), "{said}\n{}", english.text);
    }
    let korean = message(&topics[0], Language::Korean);
    assert_eq!(korean.subject, "Evening of Lanterns 예매가 완료되었습니다 (TKT-20260105-00007)");
    for said in ["일시: 2026년 3월 1일 19:30 (KST)", "예매번호: TKT-20260105-00007", "합계: 1,300,000 KRW"]
    {
        assert!(korean.text.contains(said), "{said}\n{}", korean.text);
    }
}

#[test]
fn every_letter_is_complete_in_both_languages() {
    for topic in topics("Evening of Lanterns") {
        for language in Language::ALL {
            let Message { subject, text, html, .. } = message(&topic, language);
            for part in [&subject, &text, &html] {
                assert!(!part.contains(['{', '}']), "{topic:?} {language:?}\n{part}");
            }
            assert!(!subject.contains('\n') && !subject.is_empty());
            assert!(text.contains("Lantern Tickets") && html.contains("Lantern Tickets"));
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
            let has_hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert_eq!(has_hangul(&subject), language == Language::Korean, "{subject}");
        }
    }
}

#[test]
fn a_called_off_event_is_the_reason_of_its_cancellations() {
    let topics = topics("Evening of Lanterns");
    let subjects = [&topics[1], &topics[2]].map(|topic| message(topic, Language::English).subject);
    assert_eq!(
        subjects,
        ["Your reservation TKT-20260105-00007 was cancelled", "Evening of Lanterns was cancelled"]
    );
}

#[test]
fn sums_of_refunds_and_returned_tickets_are_stated() {
    let topics = topics("Evening of Lanterns");
    let returned = message(&topics[3], Language::English).text;
    assert!(
        returned.contains("Seats × 1") && returned.contains("Price of the returned tickets: 699,500 KRW")
    );
    let refunded = message(&topics[4], Language::English);
    assert_eq!(refunded.subject, "99,000 KRW was refunded (TKT-20260105-00007)");
    assert!(refunded.text.contains("Paid: 1,300,000 KRW") && refunded.text.contains("Refunded: 99,000 KRW"));
}

#[test]
fn a_code_is_in_its_letter_and_in_no_link() {
    let topics = topics("x");
    let verify = message(&topics[6], Language::Korean);
    assert!(verify.text.contains("    k7mw-ad3h\n") && verify.html.contains(">k7mw-ad3h<"));
    assert!(
        !verify.text.contains("https://"),
        "a link would let a stranger's registration be confirmed by one click"
    );
    let reset = message(&topics[8], Language::English);
    assert!(reset.text.contains("/reset/00000000-0000-0000-0000-000000000000\n"), "{}", reset.text);
    assert!(reset.text.contains("    k7mw-ad3h\n"), "{}", reset.text);
    assert!(!format!("{reset:?}").contains("k7mw"));
}

#[test]
fn what_others_wrote_is_neither_markup_nor_a_name_to_replace() {
    let message = message(&topics("<script>alert(1)</script> {number}")[0], Language::English);
    assert!(!message.html.contains("<script>"), "{}", message.html);
    assert!(message.text.contains("<script>alert(1)</script> {number}"), "{}", message.text);
}

#[test]
fn moments_are_shown_in_the_time_zone_of_the_shop() {
    let front =
        Shopfront::new("http://tickets.example".parse().unwrap()).time_zone(chrono_tz::Tz::Europe__Paris);
    let summer = start().after(Duration::from_hours(24 * 150));
    assert_eq!(front.moment(start(), Language::English), "1 March 2026, 11:30 (CET)");
    assert_eq!(front.moment(summer, Language::Korean), "2026년 7월 29일 12:30 (CEST)");
}

#[test]
fn what_is_no_public_address_is_refused() {
    for bad in [
        "",
        "tickets.example",
        "ftp://tickets.example",
        "https://u:p@tickets.example",
        "https://t.example/?a",
        "https://t.example/#a",
    ] {
        assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
    }
}
