use std::time::Duration;

use super::*;
use crate::audit::audit;
use crate::cancellation_policy::CancellationPolicy;
use crate::decide::Command;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{BeginRefundRefused, Cancel, CancelRefused, ConfirmFree, RecordRefund, RefundOutcome};
use crate::event::EventDetails;
use crate::id::{PaymentId, RefundId, ReservationId};
use crate::payment::{PaymentState, RefundState};
use crate::reservation::CancelReason;

/// The event begins 200,000 seconds after the opening of its sale.
const STARTS: u64 = 200_000;

fn policy(tiers: &[(u64, u16, i64)]) -> CancellationPolicy {
    let tier = |(lead, share, fee): &(u64, u16, i64)| {
        CancellationTier::new(Duration::from_secs(*lead), *share, *fee).unwrap()
    };
    CancellationPolicy::new(&tiers.iter().map(tier).collect::<Vec<_>>()).unwrap()
}

/// An event with a cancellation policy: a full refund until 150,000 s before its start. Until 100,000 s before, the
/// shop keeps a tenth and 5 won of each ticket.
fn show() -> Show {
    let mut show = Show::open();
    edit(&mut show, |details| {
        details.terms.cancellation = Some(policy(&[(150_000, 0, 0), (100_000, 1_000, 5)]));
    });
    show
}

fn edit(show: &mut Show, edit: impl FnOnce(&mut EventDetails)) {
    let mut event = show.snapshot.event().clone();
    edit(&mut event.details);
    show.snapshot.set_event(event);
}

/// Ada owns seats 0 and 1 at 100 won, two standing tickets at 30 won, and two free tickets.
fn sold(show: &mut Show) -> (ReservationId, PaymentId) {
    let wanted = show.hold(ADA, &[0, 1]).item(show.standing, 2).item(show.free, 2).at(at(0), show.key());
    let held = show.accept(&wanted).reservation;
    (held, show.paid(at(1), held, ADA))
}

fn done(show: &mut Show, payment: PaymentId) {
    let refund = show.payment(payment).queued_refund().unwrap().id;
    show.accept(&RecordRefund::new(payment, refund, RefundOutcome::Done).at(at(190_000), show.key()));
    assert_eq!(audit(&show.snapshot), []);
}

/// Gives tickets back as their buyer, and returns the refunded amount.
fn give_back(show: &mut Show, now: u64, payment: PaymentId, wanted: RefundWanted) -> Money {
    show.accept(&show.refund(payment).by_buyer(ADA).wanting(wanted).at(at(now), show.key()));
    assert_eq!(audit(&show.snapshot), []);
    let amount = show.payment(payment).refunds.last().unwrap().amount;
    if show.payment(payment).queued_refund().is_some() {
        done(show, payment);
    }
    amount
}

fn seat(show: &Show, places: &[usize]) -> RefundWanted {
    RefundWanted::tickets(places.iter().map(|at| show.seats[*at]).collect(), Vec::new())
}

#[test]
fn buyers_do_not_keep_tickets_for_one_won() {
    let mut show = Show::priced(150_000);
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    let refund = || show.refund(payment).by_buyer(ADA);
    let nearly_all = RefundWanted::everything().of(won(149_999));
    let granted = BeginRefundRefused::AmountNotGranted { granted: won(150_000) };
    assert_eq!(show.refuse(&refund().wanting(nearly_all).at(at(2), show.key())), granted);
    assert_eq!(
        show.refuse(&refund().only(won(149_999)).at(at(2), show.key())),
        BeginRefundRefused::StaffOnly
    );
}

#[test]
fn nothing_comes_back_once_the_event_has_begun() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    let since = Some(at(STARTS));
    for now in [STARTS, STARTS + 86_400] {
        let refund = show.refund(payment).by_buyer(ADA).at(at(now), show.key());
        assert_eq!(show.refuse(&refund), BeginRefundRefused::CancellationClosed { since });
    }
    show.accept(&show.refund(payment).by_buyer(ADA).at(at(STARTS - 1), show.key()));
}

#[test]
fn staff_give_back_whatever_the_policy_says() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).at(at(STARTS + 1), show.key()));
    assert_eq!(show.payment(payment).refunds[0].amount, won(260));
    done(&mut show, payment);
    assert!(!show.reservation(held).is_live());
}

#[test]
fn a_kept_fee_does_not_keep_the_reservation_alive() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let amount = give_back(&mut show, 99_999, payment, RefundWanted::everything());
    // The shop keeps 10 + 5 of a seat, 3 + 5 of a standing ticket, and nothing of a free one.
    assert_eq!(amount, won(260 - 2 * 15 - 2 * 8));
    let state = ReservationState::Cancelled { reason: CancelReason::Refunded, at: at(190_000) };
    assert_eq!(show.reservation(held).state, state);
    assert_eq!(show.payment(payment).state, PaymentState::PartlyRefunded { at: at(190_000) });
    assert!(show.is_free(0, at(190_001)) && show.is_free(1, at(190_001)));
    assert_eq!((show.available(show.standing), show.available(show.free)), (5, 5));
    let state = show.payment(payment).state.clone();
    let again = show.refund(payment).by_buyer(ADA).at(at(60), show.key());
    assert_eq!(show.refuse(&again), BeginRefundRefused::NothingToRefund { state }, "the fee stays");
}

#[test]
fn named_tickets_stop_being_the_buyers_once_the_money_is_sent() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let standing = vec![(show.standing, 1)];
    let wanted = RefundWanted::tickets(vec![show.seats[1]], standing);
    show.accept(&show.refund(payment).by_buyer(ADA).wanting(wanted.clone()).at(at(2), show.key()));
    assert_eq!(show.reservation(held).total, won(260));
    assert!(!show.is_free(1, at(3)));
    let refund = show.payment(payment).refunds[0].id;
    let twice = show.refund(payment).by_buyer(ADA).wanting(wanted.clone()).at(at(3), show.key());
    assert_eq!(show.refuse(&twice), BeginRefundRefused::RefundInProgress { refund });
    done(&mut show, payment);
    let rest = show.reservation(held);
    assert_eq!((rest.total, rest.tickets()), (won(130), 4));
    assert!(matches!(rest.state, ReservationState::Confirmed { .. }));
    assert_eq!(show.payment(payment).refunded, won(130));
    assert!(show.is_free(1, at(190_001)) && !show.is_free(0, at(190_001)));
    assert_eq!(show.available(show.standing), 4);
    let seats = vec![show.seats[1]];
    let refused = BeginRefundRefused::TicketsNotOwned { seats, ticket_types: Vec::new() };
    let again = show.refund(payment).by_buyer(ADA).wanting(wanted).at(at(3), show.key());
    assert_eq!(show.refuse(&again), refused);
    show.held(at(80_000), BEN, &[1]);
}

#[test]
fn a_refused_refund_leaves_the_tickets_and_may_be_sent_again() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).by_buyer(ADA).wanting(seat(&show, &[1])).at(at(2), show.key()));
    let refund = show.payment(payment).refunds[0].clone();
    let refused = RefundOutcome::Refused { code: "NO".into() };
    show.accept(&RecordRefund::new(payment, refund.id, refused).at(at(3), show.key()));
    assert_eq!(show.reservation(held).tickets(), 6);
    assert_eq!(audit(&show.snapshot), []);
    show.accept(&show.refund(payment).wanting(RefundWanted::again(&refund)).at(at(4), show.key()));
    done(&mut show, payment);
    assert_eq!(show.reservation(held).tickets(), 5);
}

#[test]
fn returning_tickets_one_by_one_refunds_the_same_as_all_at_once() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let mut sum = 0;
    for wanted in [
        seat(&show, &[0]),
        RefundWanted::tickets(Vec::new(), vec![(show.standing, 1), (show.free, 1)]),
        seat(&show, &[1]),
        RefundWanted::everything(),
    ] {
        sum += give_back(&mut show, 60_000, payment, wanted).minor();
    }
    assert_eq!(sum, 214);
    assert!(!show.reservation(held).is_live());
}

#[test]
fn free_tickets_are_given_back_at_once_and_the_rest_stays() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let free = RefundWanted::tickets(Vec::new(), vec![(show.free, 2)]);
    assert_eq!(give_back(&mut show, 2, payment, free), won(0));
    assert_eq!(show.payment(payment).refunds[0].state, RefundState::Done { at: at(2) });
    assert_eq!(show.payment(payment).state, PaymentState::Paid { at: at(1) });
    assert_eq!((show.reservation(held).tickets(), show.available(show.free)), (4, 5));
}

#[test]
fn paid_tickets_go_and_free_ones_stay_until_they_are_given_back() {
    let mut show = Show::open();
    let (held, payment) = sold(&mut show);
    let paid = RefundWanted::tickets(vec![show.seats[0], show.seats[1]], vec![(show.standing, 2)]);
    assert_eq!(give_back(&mut show, 2, payment, paid), won(260));
    assert_eq!(show.payment(payment).state, PaymentState::Refunded { at: at(190_000) });
    assert_eq!(show.reservation(held).tickets(), 2);
    assert_eq!(give_back(&mut show, 3, payment, RefundWanted::everything()), won(0));
    assert!(!show.reservation(held).is_live());
}

#[test]
fn a_policy_that_keeps_all_gives_the_seats_up_for_nothing() {
    let mut show = Show::open();
    edit(&mut show, |details| details.terms.cancellation = Some(policy(&[(0, 10_000, 0)])));
    let (held, payment) = sold(&mut show);
    assert_eq!(give_back(&mut show, 2, payment, RefundWanted::everything()), won(0));
    assert!(!show.reservation(held).is_live());
    assert_eq!(show.payment(payment).state, PaymentState::Paid { at: at(1) });
}

#[test]
fn no_refunds_means_none_for_buyers() {
    let mut show = Show::open();
    edit(&mut show, |details| details.terms.cancellation = Some(CancellationPolicy::NO_REFUNDS));
    let (_, payment) = sold(&mut show);
    let closed = BeginRefundRefused::CancellationClosed { since: None };
    assert_eq!(show.refuse(&show.refund(payment).by_buyer(ADA).at(at(2), show.key())), closed);
    show.call_off(at(3));
    assert_eq!(give_back(&mut show, 4, payment, RefundWanted::everything()), won(260), "the event is off");
}

#[test]
fn the_policy_is_the_one_at_the_confirm_whatever_is_edited_later() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    edit(&mut show, |details| details.terms.cancellation = Some(CancellationPolicy::NO_REFUNDS));
    let agreed = show.reservation(held).cancellation.as_deref().copied().unwrap();
    assert_eq!(agreed.starts_at, at(STARTS));
    let event = show.snapshot.event();
    let quote = quote_cancellation(event, show.reservation(held), Some(show.payment(payment)), at(2));
    let (until, closes_at) = (Some(at(50_000)), Some(at(100_000)));
    assert_eq!(quote, Ok(CancellationQuote { refund: won(260), kept: won(0), until, closes_at }));
    let quote = quote_cancellation(event, show.reservation(held), Some(show.payment(payment)), at(50_000));
    assert_eq!(quote.map(|quote| (quote.refund, quote.kept)), Ok((won(214), won(46))));
    let quote = quote_cancellation(event, show.reservation(held), Some(show.payment(payment)), at(100_000));
    assert_eq!(quote, Err(CancellationClosed { since: closes_at }));
    assert_eq!(give_back(&mut show, 60_000, payment, RefundWanted::everything()), won(214));
}

#[test]
fn a_waiver_leaves_the_tickets_and_says_why() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let mut without_reason = show.refund(payment).only(won(40)).at(at(2), show.key());
    without_reason.command.reason = " ".into();
    assert_eq!(show.refuse(&without_reason), BeginRefundRefused::ReasonMissing);
    show.accept(&show.refund(payment).only(won(200)).at(at(2), show.key()));
    done(&mut show, payment);
    assert_eq!(show.reservation(held).tickets(), 6);
    // The balance limits the refund, so no amount is refunded twice.
    assert_eq!(give_back(&mut show, 3, payment, RefundWanted::everything()), won(60));
    assert_eq!(show.payment(payment).state, PaymentState::Refunded { at: at(190_000) });
}

#[test]
fn everything_may_be_waived_and_the_buyer_still_owns_it() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).only(won(260)).at(at(2), show.key()));
    done(&mut show, payment);
    assert!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
    assert_eq!(show.payment(payment).state, PaymentState::Refunded { at: at(190_000) });
    assert_eq!(give_back(&mut show, 3, payment, RefundWanted::everything()), won(0));
    assert!(!show.reservation(held).is_live());
}

#[test]
fn staff_say_how_much_comes_back_for_tickets_they_take() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let wanted = |amount| RefundWanted::tickets(vec![show.seats[0]], Vec::new()).of(won(amount));
    for amount in [-1, 261] {
        let refused = BeginRefundRefused::AmountOutOfRange { refundable: won(260) };
        assert_eq!(show.refuse(&show.refund(payment).wanting(wanted(amount)).at(at(2), show.key())), refused);
    }
    show.accept(&show.refund(payment).wanting(wanted(120)).at(at(2), show.key()));
    done(&mut show, payment);
    assert_eq!(show.reservation(held).tickets(), 5);
}

#[test]
fn tickets_that_are_not_in_the_reservation_are_named() {
    let mut show = show();
    let (_, payment) = sold(&mut show);
    let refused =
        |wanted| show.refuse(&show.refund(payment).by_buyer(ADA).wanting(wanted).at(at(2), show.key()));
    let seats = vec![show.seats[0], show.seats[0], show.seats[5]];
    let items = vec![(show.standing, 3), (show.stalls, 1), (show.free, 0)];
    let expected = BeginRefundRefused::TicketsNotOwned {
        seats: vec![show.seats[0], show.seats[5]],
        ticket_types: vec![show.standing, show.stalls, show.free],
    };
    assert_eq!(refused(RefundWanted::tickets(seats, items)), expected);
    assert_eq!(refused(RefundWanted::tickets(Vec::new(), Vec::new())), BeginRefundRefused::NothingAsked);
}

#[test]
fn a_cancelled_event_refunds_owned_tickets_and_keeps_earlier_fees() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let one = seat(&show, &[0]);
    assert_eq!(give_back(&mut show, 60_000, payment, one), won(85));
    show.call_off(at(70_000));
    show.accept(&crate::decide::CallOff::new(held).at(at(70_001), show.key()));
    assert_eq!(show.payment(payment).queued_refund().unwrap().amount, won(160));
    done(&mut show, payment);
    assert!(!show.reservation(held).is_live());
    assert_eq!(show.payment(payment).state, PaymentState::PartlyRefunded { at: at(190_000) });
}

#[test]
fn a_free_reservation_is_given_back_until_the_event_begins() {
    let mut show = Show::open();
    let hold = show.hold(ADA, &[]).item(show.free, 5).at(at(0), show.key());
    let free = show.accept(&hold).reservation;
    show.accept(&ConfirmFree::new(free, ADA).at(at(1), show.key()));
    let late = Cancel::by_buyer(free, ADA).at(at(STARTS), show.key());
    assert_eq!(show.refuse(&late), CancelRefused::CancellationClosed { since: Some(at(STARTS)) });
    let mut by_staff = show.snapshot.clone();
    std::mem::swap(&mut by_staff, &mut show.snapshot);
    show.accept(&Cancel::by_organiser(free).at(at(STARTS), show.key()));
    show.snapshot = by_staff;
    show.accept(&Cancel::by_buyer(free, ADA).at(at(STARTS - 1), show.key()));
    assert_eq!(show.available(show.free), 5);
}

/// Fails with each comparison turned round, and with each left out.
#[test]
fn a_refund_is_for_the_same_if_its_tickets_and_its_amount_are() {
    let show = Show::open();
    let (waiver, everything) = (RefundWanted::waiver(won(90)), RefundWanted::everything());
    let tickets = |seats: &[usize], standing| {
        let items = if standing == 0 { Vec::new() } else { vec![(show.standing, standing)] };
        RefundWanted::tickets(seats.iter().map(|at| show.seats[*at]).collect(), items)
    };
    let returned = |seats: &[usize], standing| {
        let item = ReturnedItem { ticket_type: show.standing, unit_price: won(30), quantity: standing };
        RefundTickets::Returned(ReturnedTickets {
            seats: seats.iter().map(|at| show.seats[*at]).collect(),
            items: if standing == 0 { Vec::new() } else { vec![item] },
            price: won(100),
        })
    };
    let cases = [
        (waiver.clone(), RefundTickets::Kept, true),
        (RefundWanted::waiver(won(91)), RefundTickets::Kept, false),
        (waiver, returned(&[0], 0), false),
        (everything.clone(), returned(&[0], 0), true),
        (everything.clone(), RefundTickets::None, true),
        (everything.clone().of(won(90)), RefundTickets::None, true),
        (everything.clone().of(won(91)), RefundTickets::None, false),
        (everything, RefundTickets::Kept, false),
        (tickets(&[0], 0), returned(&[0], 0), true),
        (tickets(&[0], 0).of(won(90)), returned(&[0], 0), true),
        (tickets(&[0], 0).of(won(91)), returned(&[0], 0), false),
        (tickets(&[0], 0), returned(&[1], 0), false),
        (tickets(&[0], 0), returned(&[0], 2), false),
        (tickets(&[0], 2), returned(&[0], 2), true),
        (tickets(&[0], 1), returned(&[0], 2), false),
        (tickets(&[0], 2), returned(&[0], 0), false),
        (tickets(&[0], 0), RefundTickets::Kept, false),
    ];
    for (wanted, tickets, is_same) in cases {
        let (id, state) = (RefundId::from_uuid(uuid::Uuid::nil()), RefundState::Done { at: at(0) });
        let refund = Refund { id, amount: won(90), reason: "rain".into(), tickets, state };
        assert_eq!(wanted.is_of(&refund), is_same, "{wanted:?} {refund:?}");
    }
}

/// Fails with the version of the row not raised.
#[test]
fn a_reservation_that_keeps_some_tickets_gets_its_next_version() {
    let mut show = show();
    let (held, payment) = sold(&mut show);
    let before = show.reservation(held).version;
    let front = seat(&show, &[0]);
    give_back(&mut show, 1, payment, front);
    assert_eq!(show.reservation(held).version, before + 1);
}

/// Fails if the line is found by the ticket type or by the price alone, or if a line of no units stays.
#[test]
fn what_is_given_back_leaves_the_lines_of_other_prices() {
    let mut show = Show::open();
    let held = show.accept(&show.hold(ADA, &[0]).item(show.standing, 1).at(at(0), show.key())).reservation;
    show.price_standing(won(35));
    show.accept(&show.hold(ADA, &[]).item(show.standing, 2).at(at(1), show.key()));
    let payment = show.paid(at(2), held, ADA);
    let dearest = RefundWanted::tickets(Vec::new(), vec![(show.standing, 2)]);
    show.accept(&show.refund(payment).wanting(dearest).at(at(3), show.key()));
    done(&mut show, payment);
    assert_eq!(show.payment(payment).refunded, won(70));
    let lines = show.reservation(held).items.iter().map(|line| (line.unit_price, line.quantity));
    assert_eq!(lines.collect::<Vec<_>>(), [(won(30), 1)]);
    assert_eq!(show.reservation(held).total, won(130));
}

/// Fails if units that were taken count as left for the next line of the request.
#[test]
fn units_named_twice_are_not_given_back_twice() {
    let mut show = show();
    let (_, payment) = sold(&mut show);
    let twice = RefundWanted::tickets(Vec::new(), vec![(show.standing, 2), (show.standing, 1)]);
    let ask = show.refund(payment).by_buyer(ADA).wanting(twice).at(at(1), show.key());
    let refused =
        BeginRefundRefused::TicketsNotOwned { seats: Vec::new(), ticket_types: vec![show.standing] };
    assert_eq!(show.refuse(&ask), refused);
}
