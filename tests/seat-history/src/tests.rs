//! Made-up histories: wrong ones are refused, ambiguous ones are not.

use proptest::prelude::*;

use crate::{Act, Answer, Request, Seat, SeatHistory};

const ADA: u64 = 1;
const BEN: u64 = 2;

fn ask(buyer: u64, act: Act, (start, end): (u64, u64), answer: Answer) -> Request {
    Request { buyer, act, start, end, answer }
}

fn yes(buyer: u64, act: Act, time: (u64, u64)) -> Request {
    ask(buyer, act, time, Answer::Yes)
}

fn no(buyer: u64, act: Act, time: (u64, u64)) -> Request {
    ask(buyer, act, time, Answer::No)
}

fn unknown(buyer: u64, act: Act, start: u64) -> Request {
    ask(buyer, act, (start, start), Answer::Unknown)
}

fn is_explained(requests: &[Request]) -> bool {
    SeatHistory::new(requests.to_vec()).explain().is_ok()
}

#[test]
fn two_owners_at_one_time_are_refused() {
    let history = [yes(ADA, Act::Hold, (0, 2)), yes(BEN, Act::Hold, (3, 5))];
    let wrong = SeatHistory::new(history.to_vec()).explain().unwrap_err();
    assert_eq!((wrong.request, wrong.states), (history[1], vec![Seat::Held(ADA)]));
    assert!(
        !is_explained(&[yes(ADA, Act::Hold, (0, 9)), yes(BEN, Act::Hold, (1, 5))]),
        "also if they overlap"
    );
}

#[test]
fn one_owner_after_another_is_explained() {
    let released = yes(ADA, Act::Release, (3, 4));
    assert!(is_explained(&[yes(ADA, Act::Hold, (0, 2)), released, yes(BEN, Act::Hold, (5, 6))]));
    let refunded = [yes(ADA, Act::Buy, (3, 4)), yes(ADA, Act::Refund, (5, 6))];
    assert!(is_explained(
        &[&[yes(ADA, Act::Hold, (0, 2))], &refunded[..], &[yes(BEN, Act::Hold, (7, 8))]].concat()
    ));
    assert!(!is_explained(&[
        yes(ADA, Act::Hold, (0, 2)),
        refunded[0],
        released,
        yes(BEN, Act::Hold, (7, 8))
    ]));
}

#[test]
fn a_free_seat_may_not_be_refused() {
    assert!(!is_explained(&[no(BEN, Act::Hold, (0, 2))]));
    assert!(!is_explained(&[no(BEN, Act::Hold, (0, 2)), yes(ADA, Act::Hold, (3, 4))]), "she came later");
    assert!(is_explained(&[no(BEN, Act::Hold, (0, 4)), yes(ADA, Act::Hold, (3, 6))]), "she came meanwhile");
    assert!(is_explained(&[no(BEN, Act::Hold, (4, 5)), unknown(ADA, Act::Hold, 0)]), "she may have it");
}

#[test]
fn what_is_unknown_explains_either_way() {
    let lost = unknown(ADA, Act::Hold, 0);
    assert!(is_explained(&[lost, yes(BEN, Act::Hold, (3, 5))]));
    assert!(is_explained(&[lost, no(BEN, Act::Hold, (3, 5))]));
    assert!(
        !is_explained(&[lost, no(BEN, Act::Hold, (3, 5)), yes(BEN, Act::Hold, (6, 7))]),
        "it is hers for good"
    );
    let ended = unknown(ADA, Act::Expire, 6);
    assert!(is_explained(&[lost, no(BEN, Act::Hold, (3, 5)), ended, yes(BEN, Act::Hold, (6, 7))]));
}

#[test]
fn an_unknown_request_may_take_effect_late_but_once() {
    let lost = unknown(ADA, Act::Hold, 0);
    let after = [yes(BEN, Act::Hold, (1, 2)), yes(BEN, Act::Release, (3, 4)), no(BEN, Act::Hold, (5, 6))];
    assert!(is_explained(&[&[lost], &after[..]].concat()));
    let gone = unknown(ADA, Act::Expire, 6);
    let again = [yes(BEN, Act::Hold, (7, 8)), yes(BEN, Act::Release, (9, 10)), no(BEN, Act::Hold, (11, 12))];
    assert!(
        !is_explained(&[&[lost, gone], &after[..], &again[..]].concat()),
        "it cannot take the seat twice"
    );
}

#[test]
fn a_hold_ends_in_time_and_a_sale_never() {
    let held = yes(ADA, Act::Hold, (0, 2));
    let ends = unknown(ADA, Act::Expire, 10);
    assert!(is_explained(&[held, ends, yes(BEN, Act::Hold, (9, 11))]));
    assert!(!is_explained(&[held, ends, yes(BEN, Act::Hold, (5, 9))]), "too early");
    assert!(!is_explained(&[held, ends, yes(ADA, Act::Buy, (3, 4)), yes(BEN, Act::Hold, (11, 12))]));
    assert!(is_explained(&[held, ends, unknown(ADA, Act::Buy, 3), yes(BEN, Act::Hold, (11, 12))]));
}

#[test]
fn a_lost_sale_is_refused() {
    let sold = [yes(ADA, Act::Hold, (0, 1)), yes(ADA, Act::Buy, (2, 3))];
    let look = |seat| yes(0, Act::Look(seat), (9, 9));
    assert!(is_explained(&[&sold[..], &[look(Seat::Sold(ADA))]].concat()));
    for seat in [Seat::Free, Seat::Held(ADA), Seat::Sold(BEN)] {
        assert!(!is_explained(&[&sold[..], &[look(seat)]].concat()), "{seat:?}");
    }
    let refused = [yes(ADA, Act::Hold, (0, 1)), no(ADA, Act::Buy, (2, 3)), look(Seat::Sold(ADA))];
    assert!(!is_explained(&refused), "a no has no effect");
}

#[test]
fn five_hundred_lost_requests_are_explained_in_no_time() {
    let mut requests = Vec::new();
    for buyer in 0..500 {
        let start = 10 * buyer;
        requests.push(unknown(1_000 + buyer, Act::Hold, start));
        requests.push(unknown(1_000 + buyer, Act::Expire, start + 5));
        requests.push(yes(buyer, Act::Hold, (start + 6, start + 7)));
        requests.push(yes(buyer, Act::Release, (start + 8, start + 9)));
    }
    assert!(is_explained(&requests));
}

/// Tries every order of every choice of the requests.
fn is_explained_slowly(requests: &[Request], done: u32, seat: Seat) -> bool {
    let pending = |at: usize| done >> at & 1 == 0;
    let must = |request: &Request| request.answer != Answer::Unknown;
    let all = || requests.iter().enumerate().filter(|(at, _)| pending(*at));
    // Nothing may take effect after the answer of what is still to come.
    let latest = all().filter(|(_, it)| must(it)).map(|(_, it)| it.end).min();
    let Some(latest) = latest else { return true };
    all().filter(|(_, it)| it.start <= latest).any(|(at, request)| {
        seat.after(request).is_some_and(|next| is_explained_slowly(requests, done | 1 << at, next))
    })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let act = prop_oneof![
        4 => Just(Act::Hold),
        2 => Just(Act::Buy),
        2 => Just(Act::Release),
        1 => Just(Act::Refund),
        1 => Just(Act::Expire),
        1 => Just(Act::Look(Seat::Free)),
        1 => (0..2_u64).prop_map(|buyer| Act::Look(Seat::Held(buyer))),
        1 => (0..2_u64).prop_map(|buyer| Act::Look(Seat::Sold(buyer))),
    ];
    let answer = prop_oneof![3 => Just(Answer::Yes), 1 => Just(Answer::No), 2 => Just(Answer::Unknown)];
    let request =
        (0..2_u64, act, 0..12_u64, 0..6_u64, answer).prop_map(|(buyer, act, start, lasts, answer)| {
            let answer = match act {
                Act::Expire => Answer::Unknown,
                Act::Look(_) => Answer::Yes,
                Act::Hold | Act::Buy | Act::Release | Act::Refund => answer,
            };
            Request { buyer, act, start, end: start + lasts, answer }
        });
    prop::collection::vec(request, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_search_is_exact(requests in requests()) {
        prop_assert_eq!(is_explained(&requests), is_explained_slowly(&requests, 0, Seat::Free));
    }
}
