//! Events: created, edited, published, called off, removed; seats blocked and unblocked.

use std::time::Duration;

use tiketi_core::decide::{
    AddTicketType, BlockRefused, BlockSeats, CreateRefused, EditRefused, UnblockSeats,
};
use tiketi_core::waiting_room::{
    AdmissionRate, BeaconChain, BeaconSignature, DrawBeacon, DrawPlan, DrawSeed, Fairness, ProofOfWork,
    RoomMode, StoreFailure,
};
use tiketi_core::{
    Currency, EventId, Money, RoomPolicy, SeatId, SeatState, TicketType, TicketTypeId, TicketTypeInput,
    catalog::CatalogError,
    event::{EventState, EventStep},
    general_admission,
    text::check_line,
};

use crate::hall::{Hall, STANDING_PRICE};
use crate::shop::TestShop;

fn standing(capacity: u32) -> TicketTypeInput {
    TicketTypeInput::new("Standing", STANDING_PRICE, capacity)
}

fn block(shop: &TestShop, hall: &Hall, seats: &[usize]) -> BlockSeats {
    let seats = seats.iter().map(|at| hall.seats[*at]).collect();
    BlockSeats::new(shop.now(), hall.event, seats, "sound desk")
}

fn unblock(shop: &TestShop, hall: &Hall, seats: &[usize]) -> UnblockSeats {
    UnblockSeats::new(shop.now(), hall.event, seats.iter().map(|at| hall.seats[*at]).collect())
}

/// Fails if an event that is read differs from the stored one.
pub async fn an_event_is_read_as_it_was_written(shop: TestShop) {
    let mut details = shop.details("밤의 등불 — “Night”, 100% _live_");
    details.terms.hold_ttl = Some(Duration::from_micros(123_456_789));
    details.terms.hold_cap = Some(Duration::from_hours(1));
    details.terms.payment_window = Some(Duration::from_secs(61));
    details.terms.max_seats_per_buyer = Some(3);
    let new = shop.new_hall(details);
    shop.create(new.clone()).await.unwrap();
    let id = new.event.id;
    let view = shop.store().event(id).await.unwrap().unwrap();
    assert_eq!((view.event, view.ticket_types), (new.event, new.ticket_types.clone()));
    let map = shop.store().seat_map(id, 0).await.unwrap().unwrap();
    assert_eq!((map.seats, map.version), (new.seats, 1));
    for ticket_type in new.ticket_types {
        assert_eq!(shop.store().ticket_type(ticket_type.id).await.unwrap(), Some(ticket_type));
    }
}

/// Fails if creating an event a second time replaces it, as an upsert does.
pub async fn creating_what_exists_is_refused_and_replaces_nothing(shop: TestShop) {
    let new = shop.new_hall(shop.details("First"));
    shop.create(new.clone()).await.unwrap();
    let mut other = new.clone();
    other.event.details.title = "Second".into();
    shop.refuses(shop.create(other), CreateRefused::IdTaken).await;
    let mut other = shop.new_hall(shop.details("Third"));
    other.ticket_types[0].id = new.ticket_types[0].id;
    shop.refuses(shop.create(other), CreateRefused::IdTaken).await;
    let view = shop.store().event(new.event.id).await.unwrap().unwrap();
    assert_eq!(view.event, new.event);
}

/// Fails if an edit is lost, or its version does not grow by one.
pub async fn an_edit_changes_the_details_and_the_version(shop: TestShop) {
    let hall = shop.hall().await;
    let details = shop.details("Night of Lanterns, moved");
    let edited = shop.store().edit_event(hall.event, details.clone(), Some(2)).await.unwrap();
    assert_eq!((&edited.details, edited.version), (&details, 3));
    let read = shop.store().event(hall.event).await.unwrap().unwrap().event;
    assert_eq!(read, edited);
    let edited = shop.store().edit_event(hall.event, details, None).await.unwrap();
    assert_eq!(edited.version, 4);
}

/// Fails if an edit based on an old version overwrites a later edit.
pub async fn an_edit_of_an_outdated_copy_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let store = shop.store();
    for read in [1, 3] {
        let edit = store.edit_event(hall.event, shop.details("Outdated"), Some(read));
        shop.refuses(edit, EditRefused::VersionMismatch { version: 2 }).await;
    }
}

/// Fails if of 16 concurrent edits of one version more than one succeeds.
pub async fn of_16_edits_of_one_copy_one_wins(shop: TestShop) {
    let hall = shop.hall().await;
    let edits = (0..16).map(|at| {
        let shop = shop.clone();
        tokio::spawn(async move {
            let details = shop.details(&format!("Edit {at}"));
            shop.store().edit_event(hall.event, details, Some(2)).await
        })
    });
    let edits = futures::future::join_all(edits.collect::<Vec<_>>()).await;
    let won: Vec<_> = edits.into_iter().filter_map(|edit| edit.unwrap().ok()).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(shop.store().event(hall.event).await.unwrap().unwrap().event, won[0]);
}

/// Fails if an event that does not exist can be changed.
pub async fn an_unknown_event_is_refused_everywhere(shop: TestShop) {
    let (_, store) = (shop.hall().await, shop.store());
    let id = EventId::from_uuid(shop.ids().next());
    let unknown = EditRefused::EventNotFound;
    shop.refuses(store.edit_event(id, shop.details("Nowhere"), None), unknown.clone()).await;
    shop.refuses(store.step_event(id, EventStep::Publish), unknown.clone()).await;
    shop.refuses(store.delete_event(id), unknown).await;
    let mut nowhere = shop.new_hall(shop.details("Nowhere")).event;
    nowhere.id = id;
    let ticket_type = general_admission(&nowhere, &standing(3), 9, shop.ids()).unwrap();
    let command = AddTicketType::new(shop.now(), shop.key(), ticket_type);
    shop.refuses(store.add_ticket_type(command), CreateRefused::EventNotFound).await;
    let seats = BlockSeats::new(shop.now(), id, vec![], "nothing");
    shop.refuses(store.block_seats(seats), BlockRefused::EventNotFound).await;
    let seats = UnblockSeats::new(shop.now(), id, vec![]);
    shop.refuses(store.unblock_seats(seats), BlockRefused::EventNotFound).await;
}

/// Fails if invalid details are stored.
pub async fn bad_details_are_refused(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let mut details = shop.details("Bad terms");
    details.terms.max_seats_per_buyer = Some(0);
    let refused = CatalogError::Terms(tiketi_core::terms::TermsError::SeatsPerBuyerOutOfRange);
    shop.refuses(store.edit_event(hall.event, details, None), EditRefused::Invalid(refused)).await;
    let empty = CatalogError::Text(check_line("title", " ", 1..=200).unwrap_err());
    let edit = store.edit_event(hall.event, shop.details(" "), None);
    shop.refuses(edit, EditRefused::Invalid(empty)).await;
}

/// Fails if an event can be published or called off twice, or can be published after its call-off.
pub async fn an_event_is_published_and_called_off_once(shop: TestShop) {
    let (draft, event) = shop.draft(shop.details("A draft")).await;
    let store = shop.store();
    let published = store.step_event(draft.event, EventStep::Publish).await.unwrap();
    assert_eq!((published.state, published.version), (EventState::Published, event.version + 1));
    let illegal = published.state.apply(&EventStep::Publish).unwrap_err();
    let again = store.step_event(draft.event, EventStep::Publish);
    shop.refuses(again, EditRefused::IllegalStep(illegal)).await;
    let cancel = EventStep::Cancel { at: shop.now() };
    let cancelled = store.step_event(draft.event, cancel).await.unwrap();
    assert_eq!(cancelled.state, EventState::Cancelled { at: shop.now() });
    for step in [EventStep::Publish, cancel] {
        let illegal = cancelled.state.apply(&step).unwrap_err();
        shop.refuses(store.step_event(draft.event, step), EditRefused::IllegalStep(illegal)).await;
    }
}

/// Fails if rows of a removed event are left, or if an event with reservations can be removed.
pub async fn only_an_event_without_any_reservation_is_removed(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.cancel(&held)).await;
    shop.refuses(store.delete_event(hall.event), EditRefused::HasReservations).await;
    let gone = shop.hall().await;
    store.delete_event(gone.event).await.unwrap();
    assert_eq!(store.event(gone.event).await.unwrap(), None);
    assert_eq!(store.seat_map(gone.event, 0).await.unwrap(), None);
    assert_eq!(store.ticket_type(gone.standing).await.unwrap(), None);
    let refused = shop.send(shop.hold_seats(&gone, shop.buyer(), &[0])).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(tiketi_core::decide::HoldRefused::EventNotFound));
}

/// Fails if a ticket type that was added, edited or removed is not sold accordingly.
pub async fn ticket_types_come_and_go(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let event = store.event(hall.event).await.unwrap().unwrap().event;
    let added = general_admission(&event, &standing(3), 7, shop.ids()).unwrap();
    let add = |row: &TicketType| AddTicketType::new(shop.now(), shop.key(), row.clone());
    store.add_ticket_type(add(&added)).await.unwrap();
    let view = store.event(hall.event).await.unwrap().unwrap();
    assert_eq!(view.ticket_types.last(), Some(&added), "by position");
    shop.apply(shop.hold(&hall, shop.buyer()).item(added.id, 3)).await;
    shop.refuses(store.add_ticket_type(add(&added)), CreateRefused::IdTaken).await;
    assert_eq!(shop.stock(added.id).await.held, 3, "adding what exists replaces nothing");
    store.remove_ticket_type(hall.free).await.unwrap();
    assert_eq!(store.ticket_type(hall.free).await.unwrap(), None);
    assert_eq!(store.event(hall.event).await.unwrap().unwrap().ticket_types.len(), 4);
}

/// Fails if an edit sets a capacity below the held and sold units.
pub async fn a_capacity_is_never_less_than_what_is_taken(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    shop.standing(&hall, shop.buyer(), 4).await;
    let sold = shop.standing(&hall, shop.buyer(), 3).await;
    shop.sold(&sold).await;
    let less = store.edit_ticket_type(hall.standing, standing(6));
    shop.refuses(less, EditRefused::CapacityBelowTaken { taken: 7 }).await;
    let exact = store.edit_ticket_type(hall.standing, standing(7)).await.unwrap();
    assert_eq!((exact.stock.available(), exact.stock.held, exact.stock.sold), (0, 4, 3));
    let more = store.edit_ticket_type(hall.standing, standing(9)).await.unwrap();
    assert_eq!(store.ticket_type(hall.standing).await.unwrap(), Some(more));
    shop.standing(&hall, shop.buyer(), 2).await;
}

/// Fails if a ticket type can be removed that has reservations, that is a section, or that does not exist.
pub async fn a_ticket_type_that_must_stay_is_not_removed(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    shop.standing(&hall, shop.buyer(), 1).await;
    shop.refuses(store.remove_ticket_type(hall.standing), EditRefused::HasReservations).await;
    shop.refuses(store.remove_ticket_type(hall.front), EditRefused::SoldBySeat).await;
    let unknown = TicketTypeId::from_uuid(shop.ids().next());
    shop.refuses(store.remove_ticket_type(unknown), EditRefused::TicketTypeNotFound).await;
    shop.refuses(store.edit_ticket_type(unknown, standing(3)), EditRefused::TicketTypeNotFound).await;
    let section = standing(11).name("Front");
    shop.refuses(store.edit_ticket_type(hall.front, section), EditRefused::SoldBySeat).await;
}

/// Fails if a ticket type gets an invalid price or name.
pub async fn a_bad_ticket_type_is_refused(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let bad = standing(10).price(Money::new(-1, Currency::KRW));
    let refused = EditRefused::Invalid(CatalogError::PriceOutOfRange);
    shop.refuses(store.edit_ticket_type(hall.standing, bad), refused).await;
    let bad = standing(10).price(Money::new(1, Currency::EUR));
    let refused = EditRefused::Invalid(CatalogError::WrongCurrency { expected: Currency::KRW });
    shop.refuses(store.edit_ticket_type(hall.standing, bad), refused).await;
    let refused = EditRefused::Invalid(CatalogError::CapacityOutOfRange);
    shop.refuses(store.edit_ticket_type(hall.standing, standing(0)), refused).await;
}

/// Fails if a blocked seat can be held, or cannot be held after it is unblocked.
pub async fn blocked_seats_are_off_sale_until_put_back(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let version = store.block_seats(block(&shop, &hall, &[0, 11, 0])).await.unwrap();
    assert_eq!(store.seat_map_version(hall.event).await.unwrap(), Some(version));
    assert_eq!(shop.seat_state(&hall, 11).await, SeatState::Blocked { reason: "sound desk".into() });
    assert_eq!((shop.stock(hall.front).await.blocked, shop.stock(hall.back).await.blocked), (1, 1));
    let before = shop.picture().await;
    assert_eq!(store.block_seats(block(&shop, &hall, &[11])).await.unwrap(), version, "once is enough");
    assert_eq!(shop.picture().await, before);
    let after = store.unblock_seats(unblock(&shop, &hall, &[0, 1])).await.unwrap();
    assert!(after > version);
    shop.held(&hall, shop.buyer(), &[0]).await;
    assert_eq!(store.unblock_seats(unblock(&shop, &hall, &[5])).await.unwrap(), after + 1);
}

/// Fails if a held or sold seat is blocked, or if the refusal does not name each such seat.
pub async fn held_or_sold_seats_are_not_blocked_and_all_named(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let sold = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.sold(&sold).await;
    shop.held(&hall, shop.buyer(), &[2]).await;
    let paying = shop.held(&hall, shop.buyer(), &[3]).await;
    shop.confirming(&paying).await;
    let seats = [1, 2, 3].map(|at| hall.seats[at]).to_vec();
    let taken = BlockRefused::SeatsTaken { seats };
    shop.refuses(store.block_seats(block(&shop, &hall, &[0, 1, 2, 3, 4])), taken).await;
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Available);
}

/// Fails if the seats of another event can be blocked or unblocked through this event.
pub async fn seats_of_another_event_are_not_blocked(shop: TestShop) {
    let (hall, other, store) = (shop.hall().await, shop.hall().await, shop.store());
    let mut seats = vec![other.seats[0], SeatId::from_uuid(shop.ids().next())];
    seats.sort();
    let unknown = BlockRefused::UnknownSeats { seats: seats.clone() };
    let mut command = block(&shop, &hall, &[0]);
    command.seats.extend(&seats);
    shop.refuses(store.block_seats(command), unknown.clone()).await;
    let command = UnblockSeats::new(shop.now(), hall.event, seats);
    shop.refuses(store.unblock_seats(command), unknown).await;
}

/// Fails if a draw can change once buyers can see its hash, or its beacon cannot be supplied.
pub async fn a_public_draw_is_fixed(shop: TestShop) {
    let hall = shop.hall().await;
    let beacon =
        DrawBeacon { chain: BeaconChain::from_bytes([250; 32]), round: u64::MAX / 4, signature: None };
    let plan = DrawPlan { beacon: Some(beacon), ..DrawPlan::of(DrawSeed::from_bytes([200; 32])) };
    let set = async |fairness, opens_at| {
        let event = shop.store().event(hall.event).await.unwrap().unwrap().event;
        let policy = event.details.waiting_room.fairness(fairness).opens_at(opens_at);
        shop.store().edit_event(hall.event, event.details.waiting_room(policy), None).await
    };
    set(Fairness::Drawn(plan), None).await.unwrap();
    let opens_at = Some(shop.now().after(Duration::from_hours(1)));
    let other = DrawPlan { seed: DrawSeed::from_bytes([201; 32]), ..plan };
    for (fairness, opens_at, what) in [
        (Fairness::FirstCome, None, "fairness"),
        (Fairness::Drawn(other), None, "seed"),
        (Fairness::Drawn(DrawPlan { beacon: None, ..plan }), None, "beacon"),
        (Fairness::Drawn(plan), opens_at, "opens_at"),
    ] {
        shop.refuses(set(fairness, opens_at), EditRefused::DrawIsFixed { what }).await;
    }
    let signature = Some(BeaconSignature::from_bytes([7; 48]));
    let supplied = DrawPlan { beacon: Some(DrawBeacon { signature, ..beacon }), ..plan };
    set(Fairness::Drawn(supplied), None).await.unwrap();
    let kept = shop.store().event(hall.event).await.unwrap().unwrap();
    assert_eq!(kept.event.details.waiting_room.fairness, Fairness::Drawn(supplied));
}

/// Fails if any part of a waiting room's policy is not stored.
pub async fn a_waiting_rooms_policy_is_kept(shop: TestShop) {
    // Of a draft, whose draw may still change.
    let (hall, _) = shop.draft(shop.details("Great hall")).await;
    let minutes = Duration::from_mins;
    let full = RoomPolicy::default()
        .mode(RoomMode::Auto { threshold: 7 })
        .max_active(11)
        .rate(AdmissionRate::Adaptive { at_least: 3, at_most: 5 })
        .session_ttl(minutes(2))
        .session_cap(minutes(3))
        .turn_window(minutes(1))
        .queue_limit(Some(u64::MAX / 4))
        .max_party(4)
        .fairness(Fairness::drawn(DrawSeed::from_bytes([200; 32])))
        .opens_at(Some(shop.now()))
        .proof(
            ProofOfWork::default()
                .memory_kib(64)
                .passes(2)
                .zero_digits(3)
                .solve_within(Duration::from_secs(7)),
        )
        .on_failure(StoreFailure::Open);
    let fixed = full
        .mode(RoomMode::On)
        .rate(AdmissionRate::Fixed { per_minute: 9 })
        .queue_limit(None)
        .fairness(Fairness::FirstCome)
        .opens_at(None)
        .on_failure(StoreFailure::Closed);
    for policy in [full, fixed, full.rate(AdmissionRate::Unlimited), RoomPolicy::default()] {
        let view = shop.store().event(hall.event).await.unwrap().unwrap();
        let details = view.event.details.waiting_room(policy);
        shop.store().edit_event(hall.event, details, None).await.unwrap();
        let kept = shop.store().event(hall.event).await.unwrap().unwrap();
        assert_eq!(kept.event.details.waiting_room, policy);
    }
}
