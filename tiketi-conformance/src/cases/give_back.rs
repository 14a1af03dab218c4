//! Returning tickets: all or some, under the policy with which the reservation was confirmed.

use std::time::Duration;

use tiketi_core::decide::{BeginRefundRefused, CancelRefused, RefundWanted};
use tiketi_core::{
    CancellationPolicy, EventDetails, Money, Payment, PaymentState, Reservation, ReservationState, SeatState,
    cancellation_policy::CancellationTier,
    payment::{RefundState, RefundTickets},
    reservation::CancelReason,
    terms::RefundedSeats,
};

use crate::hall::{FREE, Hall, STANDING};
use crate::shop::TestShop;

/// How long before the start a full refund ends; the next constant is that of a partial refund.
const FULL_LEAD: Duration = Duration::from_hours(20 * 24);
const PART_LEAD: Duration = Duration::from_hours(10 * 24);

/// A full refund until 20 days before the start; then, until 10 days before, the shop keeps a tenth and 4,000.
fn policy() -> CancellationPolicy {
    let tier = |lead, share, fee| CancellationTier::new(lead, share, fee).expect("the tier is sound");
    CancellationPolicy::new(&[tier(FULL_LEAD, 0, 0), tier(PART_LEAD, 1_000, 4_000)])
        .expect("the policy is sound")
}

async fn hall_under(shop: &TestShop, policy: CancellationPolicy) -> Hall {
    let mut details = shop.details("Night of Lanterns");
    details.terms.cancellation = Some(policy);
    shop.hall_with(details).await
}

async fn edit(shop: &TestShop, hall: &Hall, edit: impl FnOnce(&mut EventDetails)) {
    let view = shop.store().event(hall.event).await.unwrap().unwrap();
    let mut details = view.event.details;
    edit(&mut details);
    shop.store().edit_event(hall.event, details, None).await.unwrap();
}

/// Sells seats 0 and 1, two standing tickets and one free ticket to one buyer.
async fn sold(shop: &TestShop, hall: &Hall) -> (Reservation, Payment) {
    let wanted = shop.hold_seats(hall, shop.buyer(), &[0, 1]).item(hall.standing, 2).item(hall.free, 1);
    let held = shop.apply(wanted).await.reservation;
    shop.sold(&held).await
}

/// Gives tickets back as their buyer, and returns the refunded amount and the reservation that is left.
async fn given_back(shop: &TestShop, payment: &Payment, wanted: RefundWanted) -> (Money, Reservation) {
    let command = shop.refund(payment).by_buyer(payment.buyer).wanting(wanted);
    let refund = command.refund;
    let promised = shop.apply(command).await;
    let promised_of = promised.payment.unwrap().refund(refund).cloned().unwrap();
    match promised_of.state {
        RefundState::Queued { .. } => {
            let done = shop.apply(shop.refunded(payment, refund)).await;
            (promised_of.amount, done.reservation)
        }
        RefundState::Done { .. } | RefundState::Refused { .. } => (promised_of.amount, promised.reservation),
    }
}

async fn available(shop: &TestShop, hall: &Hall) -> (u32, u32, u32) {
    let view = shop.store().event(hall.event).await.unwrap().unwrap();
    let of = |id| {
        let found = view.ticket_types.iter().find(|ticket_type| ticket_type.id == id);
        found.unwrap().stock.available()
    };
    (of(hall.front), of(hall.standing), of(hall.free))
}

/// Fails if returned tickets stay the buyer's after the refund, are free before it, or cannot be sold again.
pub async fn named_tickets_stop_being_the_buyers_and_are_sold_again(shop: TestShop) {
    let hall = shop.hall().await;
    let (bought, payment) = sold(&shop, &hall).await;
    let wanted = RefundWanted::tickets(vec![hall.seats[1]], vec![(hall.standing, 1)]);
    let command = shop.refund(&payment).by_buyer(payment.buyer).wanting(wanted.clone());
    let refund = command.refund;
    shop.apply(command).await;
    assert_eq!(shop.now_of(&bought).await, bought, "a promise takes nothing from the buyer");
    let twice = shop.refund(&payment).by_buyer(payment.buyer).wanting(wanted.clone());
    shop.refuse(twice, BeginRefundRefused::RefundInProgress { refund }).await;

    shop.apply(shop.refunded(&payment, refund)).await;
    let rest = shop.now_of(&bought).await;
    assert_eq!(rest.seats, bought.seats[..1]);
    assert_eq!((rest.total.minor(), rest.tickets()), (130_000, 3));
    assert_eq!((rest.state, rest.version), (bought.state, bought.version + 1));
    let known = shop.now_of_payment(&payment).await;
    assert_eq!(known.state, PaymentState::PartlyRefunded { at: shop.now() });
    let RefundTickets::Returned(returned) = &known.refunds[0].tickets else { panic!("{known:?}") };
    assert_eq!((returned.seats.as_slice(), returned.price.minor()), (&hall.seats[1..2], 130_000));
    assert_eq!(returned.items[0].quantity, 1);
    assert_eq!(shop.seat_state(&hall, 1).await, SeatState::Available);
    assert_eq!(available(&shop, &hall).await, (9, STANDING - 1, FREE - 1));

    let again = shop.refund(&payment).by_buyer(payment.buyer).wanting(wanted);
    let (seats, ticket_types) = (vec![hall.seats[1]], Vec::new());
    shop.refuse(again, BeginRefundRefused::TicketsNotOwned { seats, ticket_types }).await;
    let next = shop.held(&hall, shop.buyer(), &[1]).await;
    let (next, _) = shop.sold(&next).await;
    assert_eq!(shop.seat_state(&hall, 1).await, SeatState::Sold { reservation: next.id });
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Sold { reservation: bought.id });
}

/// Fails if the policy of an event or a reservation is not stored, or if an edit of the event changes the policy of
/// confirmed reservations.
pub async fn a_policy_survives_an_edit_of_its_event(shop: TestShop) {
    let hall = hall_under(&shop, policy()).await;
    let view = shop.store().event(hall.event).await.unwrap().unwrap();
    assert_eq!(view.event.details.terms.cancellation, Some(policy()));
    let starts_at = view.event.details.starts_at;
    let (bought, payment) = sold(&shop, &hall).await;
    edit(&shop, &hall, |details| {
        details.terms.cancellation = Some(CancellationPolicy::NO_REFUNDS);
        details.starts_at = starts_at.before(Duration::from_hours(1));
    })
    .await;
    let (_, later) = sold_seat(&shop, &hall, 5).await;
    let closed = BeginRefundRefused::CancellationClosed { since: None };
    shop.refuse(shop.refund(&later).by_buyer(later.buyer), closed).await;

    let agreed = shop.now_of(&bought).await.cancellation.unwrap();
    assert_eq!((agreed.policy, agreed.starts_at), (policy(), starts_at));
    shop.go_to(starts_at.before(FULL_LEAD).before(Duration::from_micros(1)));
    let one = RefundWanted::tickets(vec![hall.seats[0]], Vec::new());
    assert_eq!(given_back(&shop, &payment, one).await.0.minor(), 100_000);
    shop.go_to(starts_at.before(FULL_LEAD));
    // The shop keeps 10,000 + 4,000 of a seat, 3,000 + 4,000 of a standing ticket, and nothing of a free one.
    let (amount, rest) = given_back(&shop, &payment, RefundWanted::everything()).await;
    assert_eq!(amount.minor(), 160_000 - 14_000 - 2 * 7_000);
    assert!(!rest.is_live());
}

async fn sold_seat(shop: &TestShop, hall: &Hall, seat: usize) -> (Reservation, Payment) {
    let held = shop.held(hall, shop.buyer(), &[seat]).await;
    shop.sold(&held).await
}

/// Fails if a reservation whose tickets are all returned stays live because the shop keeps a fee, or if the fee is
/// refunded later.
pub async fn a_kept_fee_does_not_keep_a_reservation_alive(shop: TestShop) {
    let hall = hall_under(&shop, policy()).await;
    let (bought, payment) = sold_seat(&shop, &hall, 0).await;
    let starts_at = bought.cancellation.unwrap().starts_at;
    shop.go_to(starts_at.before(PART_LEAD).before(Duration::from_micros(1)));
    let (amount, ended) = given_back(&shop, &payment, RefundWanted::everything()).await;
    assert_eq!(amount.minor(), 86_000);
    let state = ReservationState::Cancelled { reason: CancelReason::Refunded, at: shop.now() };
    assert_eq!(ended.state, state);
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Available);
    let state = PaymentState::PartlyRefunded { at: shop.now() };
    assert_eq!(shop.now_of_payment(&payment).await.state, state);
    let again = shop.refund(&payment).by_buyer(payment.buyer);
    shop.refuse(again, BeginRefundRefused::NothingToRefund { state }).await;
    shop.held(&hall, shop.buyer(), &[0]).await;
}

/// Fails if tickets with a refund of 0 wait for a provider, or stay the buyer's.
pub async fn what_nothing_comes_back_for_is_taken_at_once(shop: TestShop) {
    let all = CancellationTier::new(Duration::ZERO, 10_000, 0).unwrap();
    let hall = hall_under(&shop, CancellationPolicy::new(&[all]).unwrap()).await;
    let (_, payment) = sold(&shop, &hall).await;
    let free = RefundWanted::tickets(Vec::new(), vec![(hall.free, 1)]);
    let (amount, rest) = given_back(&shop, &payment, free).await;
    assert_eq!((amount.minor(), rest.tickets(), rest.is_live()), (0, 4, true));
    let (amount, ended) = given_back(&shop, &payment, RefundWanted::everything()).await;
    assert_eq!((amount.minor(), ended.is_live()), (0, false));
    assert_eq!(available(&shop, &hall).await, (10, STANDING, FREE));
    let known = shop.now_of_payment(&payment).await;
    assert_eq!((&known.state, known.refunded.minor(), known.refunds.len()), (&payment.state, 0, 2));
}

/// Fails if a buyer can return tickets once the event has begun, paid or free, or if staff cannot.
pub async fn buyers_give_nothing_back_after_the_deadline(shop: TestShop) {
    let hall = shop.hall().await;
    let (bought, payment) = sold(&shop, &hall).await;
    let free = shop.held_free(&hall, shop.buyer(), 2).await;
    shop.apply(shop.confirm_free(&free)).await;
    let starts_at = bought.cancellation.unwrap().starts_at;
    let since = Some(starts_at);
    shop.go_to(starts_at);
    let closed = BeginRefundRefused::CancellationClosed { since };
    shop.refuse(shop.refund(&payment).by_buyer(payment.buyer), closed).await;
    shop.refuse(shop.cancel(&free), CancelRefused::CancellationClosed { since }).await;
    let refund = shop.promised(&payment).await;
    assert_eq!(shop.now_of_payment(&payment).await.refund(refund).unwrap().amount, bought.total);
    shop.apply(shop.refunded(&payment, refund)).await;
    shop.go_to(starts_at.before(Duration::from_micros(1)));
    shop.apply(shop.cancel(&free)).await;
}

/// Fails if returned seats are for sale again although the event's terms block them.
pub async fn named_seats_are_blocked_if_the_event_says_so(shop: TestShop) {
    let hall = shop.hall().await;
    let (_, payment) = sold(&shop, &hall).await;
    edit(&shop, &hall, |details| details.terms.refunded_seats = Some(RefundedSeats::Blocked)).await;
    let wanted = RefundWanted::tickets(vec![hall.seats[1]], vec![(hall.standing, 1)]);
    let (_, rest) = given_back(&shop, &payment, wanted).await;
    assert!(rest.is_live());
    assert!(matches!(shop.seat_state(&hall, 1).await, SeatState::Blocked { .. }));
    assert_eq!(available(&shop, &hall).await, (8, STANDING - 1, FREE - 1));
}

/// Fails if free tickets end with the refund of the paid ones, or cannot be returned after it.
pub async fn the_free_tickets_of_a_paid_reservation_outlive_its_money(shop: TestShop) {
    let hall = shop.hall().await;
    let (_, payment) = sold(&shop, &hall).await;
    let paid = RefundWanted::tickets(hall.seats[..2].to_vec(), vec![(hall.standing, 2)]);
    let (_, rest) = given_back(&shop, &payment, paid).await;
    assert_eq!((rest.tickets(), rest.total.minor(), rest.is_live()), (1, 0, true));
    let state = PaymentState::Refunded { at: shop.now() };
    assert_eq!(shop.now_of_payment(&payment).await.state, state);
    let (_, ended) = given_back(&shop, &payment, RefundWanted::everything()).await;
    assert!(!ended.is_live());
    assert_eq!(available(&shop, &hall).await, (10, STANDING, FREE));
}
