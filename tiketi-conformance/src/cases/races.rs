//! Races: the first command wins, and no command takes partial effect.

use futures::future::join_all;
use tiketi_core::decide::{BlockSeats, CreateRefused, EditRefused, Hold, HoldRefused, RecordOutcomeRefused};
use tiketi_core::{CommandError, SeatId, TicketTypeInput};

use crate::hall::{Hall, STANDING, STANDING_PRICE};
use crate::race::{at_once, repeated_at_once, told};
use crate::shop::TestShop;

/// Fails if two of 32 callers hold one seat, or if a refusal does not name the seat.
pub async fn of_32_callers_for_one_seat_one_wins(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..5 {
        let commands = shop.buyers(32).into_iter().map(|buyer| shop.hold_seats(&hall, buyer, &[seat]));
        let commands = commands.collect();
        let (won, refused) = told(at_once::<Hold>(&shop, commands).await);
        assert_eq!(won, 1);
        assert_eq!(refused, vec![HoldRefused::SeatsTaken { seats: vec![hall.seats[seat]] }; 31]);
    }
}

/// Fails if rows are locked in the callers' order, which is a deadlock, or if a hold takes a part of its seats.
pub async fn overlapping_seats_in_opposite_orders_go_to_whole_holds(shop: TestShop) {
    let hall = shop.hall().await;
    let buyers = shop.buyers(48);
    let commands: Vec<_> =
        buyers.iter().enumerate().map(|(at, buyer)| crossing(&shop, &hall, at, *buyer)).collect();
    let asked: Vec<Vec<SeatId>> = commands.iter().map(|command: &Hold| command.seats.clone()).collect();
    let answers = at_once(&shop, commands).await;
    for ((answer, asked), buyer) in answers.into_iter().zip(asked).zip(buyers) {
        let has: Vec<_> = shop.all_of(buyer).await.into_iter().flat_map(|row| row.seats).collect();
        if answer.is_ok() {
            assert_eq!(has.len(), asked.len(), "a hold is all or nothing");
        } else {
            assert!(has.is_empty(), "a refused hold holds nothing");
            assert!(
                matches!(answer, Err(CommandError::Refused(HoldRefused::SeatsTaken { .. }))),
                "{answer:?}"
            );
        }
    }
}

/// Returns a hold of four neighbouring seats whose first seat differs with each caller; every second caller names
/// them in reverse order.
fn crossing(shop: &TestShop, hall: &Hall, at: usize, buyer: tiketi_core::BuyerId) -> Hold {
    let mut seats: Vec<_> = (0..4).map(|next| (at * 3 + next) % 20).collect();
    if at % 2 == 1 {
        seats.reverse();
    }
    shop.hold_seats(hall, buyer, &seats)
}

/// Fails if more units are held than exist, or if some are left although buyers want them.
pub async fn of_32_buyers_of_10_units_exactly_10_win(shop: TestShop) {
    let hall = shop.hall().await;
    let commands = shop.buyers(32).into_iter().map(|buyer| shop.hold(&hall, buyer).item(hall.standing, 1));
    let (won, refused) = told(at_once(&shop, commands.collect()).await);
    assert_eq!((won, refused.len()), (10, 22));
    assert!(refused.iter().all(|why| matches!(why, HoldRefused::NotEnoughLeft { .. })), "{refused:?}");
    assert_eq!(shop.stock(hall.standing).await.held, STANDING);
}

/// Fails if one buyer with 16 tabs exceeds the limit, because the check and the write are separate steps.
pub async fn one_buyer_with_16_tabs_never_exceeds_the_limit(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let commands = (0..16).map(|seat| shop.hold_seats(&hall, buyer, &[seat])).collect();
    let (won, refused) = told(at_once::<Hold>(&shop, commands).await);
    assert_eq!((won, refused.len()), (8, 8));
    let limit = HoldRefused::LimitReached { limit: 8, owned: 8, asked: 1 };
    assert!(refused.iter().all(|why| *why == limit), "{refused:?}");
    assert_eq!(shop.all_of(buyer).await.len(), 1);
}

/// Fails if a key sent by 16 concurrent callers is applied more than once.
pub async fn one_key_sent_by_16_callers_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let command = shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 1);
    let answers = repeated_at_once(&shop, command, 16).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.reservation == answers[0].reservation));
    assert_eq!(shop.stock(hall.standing).await.held, 1);
}

/// Fails if a capture is not recorded exactly once, whatever else is recorded at the same time.
pub async fn of_two_outcomes_at_once_the_money_is_recorded_once(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..8 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let payment = shop.confirming(&held).await;
        let commands = vec![shop.paid(&payment), shop.declined(&payment), shop.paid(&payment)];
        let (won, refused) = told(at_once(&shop, commands).await);
        // The decline may come first; the capture is then a late payment.
        assert!(won == 1 || won == 2, "{won}");
        let row = shop.now_of(&held).await;
        assert!(matches!(row.state, tiketi_core::ReservationState::Confirmed { .. }), "{row:?}");
        assert!(refused.iter().all(|why| matches!(why, RecordOutcomeRefused::NotConfirming { .. })));
    }
}

/// Fails if a seat that is released and held at the same time is lost, or has two owners.
pub async fn seats_changing_hands_at_once_are_never_lost(shop: TestShop) {
    let hall = shop.hall().await;
    let mut owner = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    for _ in 0..16 {
        let buyer = shop.buyer();
        let (giver, taker) = (shop.clone(), shop.clone());
        let release = shop.release(&owner);
        let take = shop.hold_seats(&hall, buyer, &[1, 0]);
        let (gave, took) = tokio::join!(
            tokio::spawn(async move { giver.send(release).await }),
            tokio::spawn(async move { taker.send(take).await }),
        );
        gave.unwrap().unwrap();
        owner = match took.unwrap() {
            Ok(applied) => applied.reservation,
            Err(_) => shop.held(&hall, buyer, &[0, 1]).await,
        };
    }
}

/// Fails if concurrent sweeps end a hold twice, or end one that was just paid for.
pub async fn sweeps_and_buyers_at_once_agree(shop: TestShop) {
    let hall = shop.hall().await;
    for at in 0..10 {
        let lapsed = shop.held(&hall, shop.buyer(), &[at]).await;
        shop.go_to(lapsed.held_until().unwrap());
        let lapsed = lapsed.id;
        let sweeps = (0..4).map(|_| {
            let shop = shop.clone();
            tokio::spawn(async move {
                let ended = shop.store().expire_due(shop.now(), 10).await.unwrap().done;
                ended.iter().filter(|row| row.id == lapsed).count()
            })
        });
        let sweeps: Vec<_> = sweeps.collect();
        let takers = shop.buyers(4).into_iter().map(|buyer| shop.hold_seats(&hall, buyer, &[at])).collect();
        let (won, _) = told(at_once::<Hold>(&shop, takers).await);
        let swept: usize = join_all(sweeps).await.into_iter().map(|swept| swept.unwrap()).sum();
        assert!(won == 1 && swept <= 1, "{won} took the seat, {swept} sweeps ended its hold");
    }
}

/// Fails if a seat is both blocked and held.
pub async fn a_seat_blocked_and_held_at_once_is_one_of_them(shop: TestShop) {
    let hall = shop.hall().await;
    for at in 0..10 {
        let seat = hall.seats[at];
        let block = BlockSeats::new(shop.now(), hall.event, vec![seat], "camera");
        let command = shop.hold_seats(&hall, shop.buyer(), &[at]);
        let (organiser, buyer) = (shop.clone(), shop.clone());
        let (blocked, held) = tokio::join!(
            tokio::spawn(async move { organiser.store().block_seats(block).await }),
            tokio::spawn(async move { buyer.send(command).await }),
        );
        let (blocked, held) = (blocked.unwrap().is_ok(), held.unwrap().is_ok());
        assert!(blocked != held, "blocked: {blocked}, held: {held}");
    }
}

/// Fails if two reservations of different events get the same number.
pub async fn sales_of_several_events_at_once_share_no_number(shop: TestShop) {
    let mut commands = Vec::new();
    for _ in 0..4 {
        let hall = shop.hall().await;
        commands
            .extend(shop.buyers(8).iter().zip(0..).map(|(buyer, at)| shop.hold_seats(&hall, *buyer, &[at])));
    }
    let (won, _) = told(at_once(&shop, commands).await);
    assert_eq!(won, 32);
}

/// Fails if an event is removed although a buyer has just held a seat.
pub async fn an_event_removed_and_held_at_once_is_one_of_them(shop: TestShop) {
    for _ in 0..8 {
        let hall = shop.hall().await;
        let (organiser, buyer) = (shop.clone(), shop.clone());
        let command = shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 1);
        let (removed, held) = tokio::join!(
            tokio::spawn(async move { organiser.store().delete_event(hall.event).await }),
            tokio::spawn(async move { buyer.send(command).await }),
        );
        match (removed.unwrap(), held.unwrap()) {
            (Ok(()), Err(CommandError::Refused(HoldRefused::EventNotFound)))
            | (Err(CommandError::Refused(EditRefused::HasReservations)), Ok(_)) => {}
            other => panic!("the event is gone or the seat is held: {other:?}"),
        }
    }
}

/// Fails if a capacity is set below the number of units that are held at the same time.
pub async fn a_capacity_cut_while_units_are_held_never_oversells(shop: TestShop) {
    let hall = shop.hall().await;
    let organiser = shop.clone();
    let edit = TicketTypeInput::new("Standing", STANDING_PRICE, 5);
    let cut = tokio::spawn(async move { organiser.store().edit_ticket_type(hall.standing, edit).await });
    let commands = shop.buyers(16).into_iter().map(|buyer| shop.hold(&hall, buyer).item(hall.standing, 1));
    let (won, _) = told(at_once(&shop, commands.collect()).await);
    match cut.await.unwrap() {
        Ok(_) => assert_eq!(won, 5),
        Err(CommandError::Refused(EditRefused::CapacityBelowTaken { taken })) => {
            assert!(taken > 5 && won == 10, "{taken} were taken, {won} won");
        }
        Err(other) => panic!("a race is no failure: {other:?}"),
    }
    // A new capacity has no fact; the next change of the stock announces the available units.
    let winner = shop.picture().await.reservations.swap_remove(0);
    shop.apply(shop.release(&winner)).await;
}

/// Fails if concurrent creations of one event create it twice, or replace it.
pub async fn of_8_creations_of_one_event_one_is_stored(shop: TestShop) {
    let new = shop.new_hall(shop.details("Made once"));
    let tasks = (0..8).map(|_| {
        let (shop, new) = (shop.clone(), new.clone());
        tokio::spawn(async move { shop.create(new).await })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    let failed: Vec<_> = answers.into_iter().filter_map(|answer| answer.unwrap().err()).collect();
    assert_eq!(failed.len(), 7);
    let refused = failed.into_iter().map(CommandError::refusal);
    assert!(refused.into_iter().all(|refused| refused == Some(CreateRefused::IdTaken)));
    let view = shop.store().event(new.event.id).await.unwrap().unwrap();
    assert_eq!((view.event, view.ticket_types), (new.event, new.ticket_types));
}
