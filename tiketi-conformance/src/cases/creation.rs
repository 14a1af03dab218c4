//! Creation under an idempotency key: at most once per key, however often it is requested.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tiketi_core::decide::{AddTicketType, CreateEvent, CreateRefused, Created};
use tiketi_core::{
    CommandError, CommandKey, Currency, EventId, EventInput, LayoutId, Row, SeatLayout, Section, TicketType,
    TicketTypeId, TicketTypeInput, catalog::NewEvent, general_admission, seat_layout::StoredLayout,
};
use uuid::Uuid;

use crate::hall::STANDING_PRICE;
use crate::shop::TestShop;

/// Returns the command of one attempt; each attempt has different ids.
fn event(shop: &TestShop, key: CommandKey, title: &str) -> CreateEvent {
    CreateEvent::new(shop.now(), key, in_one_hall(shop.new_hall(shop.details(title))))
}

/// Assigns the seats of an event to one layout, the same for each event.
fn in_one_hall(mut new: NewEvent) -> NewEvent {
    new.event.layout = Some(LayoutId::from_uuid(Uuid::from_u128(9)));
    new
}

async fn ticket_type(shop: &TestShop, event: EventId, capacity: u32, position: u32) -> TicketType {
    let event = shop.store().event(event).await.unwrap().unwrap().event;
    let input = TicketTypeInput::new("Balcony", STANDING_PRICE, capacity);
    general_admission(&event, &input, position, shop.ids()).unwrap()
}

/// Fails if a repeated request, after a lost answer, creates a second event, or if its key can be used for another
/// event.
pub async fn an_event_asked_for_twice_is_made_once(shop: TestShop) {
    let (key, store) = (shop.key(), shop.store());
    let first = store.create_event(event(&shop, key, "Night of Lanterns")).await.unwrap();
    shop.known().events.push(EventId::from_uuid(first.id));
    assert!(!first.replayed);
    let repeated = event(&shop, key, "Night of Lanterns");
    let not_made = repeated.event.event.id;
    let again = store.create_event(repeated).await.unwrap();
    assert_eq!((again.id, again.replayed), (first.id, true));
    assert_eq!(store.event(not_made).await.unwrap(), None);
    let other = store.create_event(event(&shop, key, "Another night")).await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    // The identical command, with the same ids, is a repetition as well.
    let same = event(&shop, shop.key(), "Evening of Kites");
    let first = store.create_event(same.clone()).await.unwrap();
    shop.known().events.push(EventId::from_uuid(first.id));
    assert_eq!(store.create_event(same).await.unwrap().id, first.id);
}

/// Fails if a repetition counts as another request because its time is later, for an event whose sale opens at the
/// time of the request.
pub async fn an_event_that_opens_when_it_is_made_is_made_once(shop: TestShop) {
    let (key, store) = (shop.key(), shop.store());
    let details = shop.details("Now");
    let now = |shop: &TestShop| {
        let mut details = details.clone();
        let closes_at = details.sale.closes_at();
        details.sale = tiketi_core::SaleWindow::new(shop.now(), closes_at).unwrap();
        CreateEvent::new(shop.now(), key, in_one_hall(shop.new_hall(details))).opening_when_made()
    };
    let first = store.create_event(now(&shop)).await.unwrap();
    shop.known().events.push(EventId::from_uuid(first.id));
    shop.advance(Duration::from_secs(7));
    let again = store.create_event(now(&shop)).await.unwrap();
    assert_eq!((again.id, again.replayed), (first.id, true));
}

/// Fails if of 16 concurrent requests for one event not exactly one creates it.
pub async fn of_16_requests_for_one_event_one_makes_it(shop: TestShop) {
    let key = shop.key();
    let asked = (0..16).map(|_| {
        let shop = shop.clone();
        tokio::spawn(async move { shop.store().create_event(event(&shop, key, "Rush")).await })
    });
    let answers = join_all(asked.collect::<Vec<_>>()).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.id == answers[0].id), "{answers:?}");
    shop.known().events.push(EventId::from_uuid(answers[0].id));
}

/// Fails if a repeated request adds a second ticket type, or if its key can be used for another one.
pub async fn a_ticket_type_asked_for_twice_is_added_once(shop: TestShop) {
    let (hall, other, store) = (shop.hall().await, shop.hall().await, shop.store());
    let key = shop.key();
    let add = |row| store.add_ticket_type(AddTicketType::new(shop.now(), key, row));
    let first = add(ticket_type(&shop, hall.event, 5, 7).await).await.unwrap();
    // The repetition has another id and another position.
    let again = add(ticket_type(&shop, hall.event, 5, 8).await).await.unwrap();
    assert_eq!((first.replayed, again.id, again.replayed), (false, first.id, true));
    assert_eq!(store.event(hall.event).await.unwrap().unwrap().ticket_types.len(), 5);
    for row in [ticket_type(&shop, hall.event, 6, 9).await, ticket_type(&shop, other.event, 5, 9).await] {
        let refused = add(row).await;
        assert!(matches!(refused, Err(CommandError::KeyReused)), "{refused:?}");
    }
    assert!(store.ticket_type(TicketTypeId::from_uuid(first.id)).await.unwrap().is_some());
}

/// Fails if a late repetition creates again what was removed meanwhile, or if a key is never deleted.
pub async fn a_key_outlives_what_it_made_until_it_is_forgotten(shop: TestShop) {
    let (key, store) = (shop.key(), shop.store());
    let first = store.create_event(event(&shop, key, "Removed")).await.unwrap();
    store.delete_event(EventId::from_uuid(first.id)).await.unwrap();
    let again = store.create_event(event(&shop, key, "Removed")).await.unwrap();
    assert_eq!((again.id, again.replayed), (first.id, true));
    assert_eq!(store.event(EventId::from_uuid(again.id)).await.unwrap(), None);
    store.forget_commands(shop.now()).await.unwrap();
    assert!(store.create_event(event(&shop, key, "Removed")).await.unwrap().replayed);
    store.forget_commands(shop.now().after(Duration::from_secs(1))).await.unwrap();
    let again = store.create_event(event(&shop, key, "Another")).await.unwrap();
    shop.known().events.push(EventId::from_uuid(again.id));
    assert!(!again.replayed);
}

/// Fails if a new event or ticket type is stored with a text that stores refuse.
pub async fn something_new_no_store_keeps_is_refused_by_its_field(shop: TestShop) {
    use crate::cases::texts::{NUL, refuses};
    let (hall, store) = (shop.hall().await, shop.store());
    let bad = |spoil: fn(&mut NewEvent)| {
        let mut new = shop.new_hall(shop.details("Bad"));
        spoil(&mut new);
        shop.create(new)
    };
    refuses(bad(|it| it.event.details.title = NUL.into()).await, "title");
    refuses(bad(|it| it.event.details.artist = NUL.into()).await, "artist");
    refuses(bad(|it| it.event.details.venue = NUL.into()).await, "venue");
    refuses(bad(|it| it.event.details.description = NUL.into()).await, "description");
    refuses(bad(|it| it.event.details.keywords = vec![NUL.into()]).await, "keywords");
    refuses(bad(|it| it.ticket_types[0].name = NUL.into()).await, "name");
    let place = |spoil: fn(&mut tiketi_core::seat::SeatPlace)| {
        let mut new = shop.new_hall(shop.details("Bad"));
        spoil(std::sync::Arc::make_mut(&mut new.seats[3].place));
        shop.create(new)
    };
    refuses(place(|it| it.section = NUL.into()).await, "section");
    refuses(place(|it| it.row = NUL.into()).await, "row");
    refuses(place(|it| it.number = NUL.into()).await, "number");
    refuses(place(|it| it.label = NUL.into()).await, "label");
    let mut row = ticket_type(&shop, hall.event, 5, 7).await;
    row.name = NUL.into();
    refuses(store.add_ticket_type(AddTicketType::new(shop.now(), shop.key(), row)).await, "name");
    let unknown = CreateRefused::EventNotFound;
    let mut row = ticket_type(&shop, hall.event, 5, 7).await;
    row.event = EventId::from_uuid(shop.ids().next());
    shop.refuses(store.add_ticket_type(AddTicketType::new(shop.now(), shop.key(), row)), unknown).await;
}

/// More seats than any store should write in one transaction.
const MANY_SEATS: usize = 2_600;

/// Returns the command that creates an event with many seats.
fn large_event(shop: &TestShop, key: CommandKey) -> CreateEvent {
    let rows = (1..=52).map(|row| Row::numbered(row.to_string(), 50));
    let layout =
        SeatLayout::new("Harbour Hall", "Arena").section(Section::new("Arena", STANDING_PRICE).rows(rows));
    let id = LayoutId::from_uuid(Uuid::from_u128(10));
    let stored = StoredLayout { id, layout, created_at: shop.now() };
    let input = EventInput::new(shop.details("Night of Lanterns"), Currency::KRW).seated(id);
    let new = NewEvent::assemble(&input, Some(&stored), shop.ids(), shop.now()).expect("the arena is sound");
    CreateEvent::new(shop.now(), key, new)
}

/// Deletes everything that is left over of creations that began before now.
async fn remove_leftovers(shop: &TestShop) -> usize {
    let mut removed = 0;
    loop {
        match shop.store().remove_leftovers(shop.now(), 1_000).await.unwrap() {
            0 => return removed,
            some => removed += some,
        }
    }
}

/// Fails if an event can be seen while its seats are being written.
pub async fn a_large_event_appears_with_all_its_seats(shop: TestShop) {
    let (command, store) = (large_event(&shop, shop.key()), shop.store());
    let (id, seats) = (command.event.event.id, command.event.seats.clone());
    let mut creation = pin!(store.create_event(command));
    let created = loop {
        if let Some(created) = (&mut creation).now_or_never() {
            break created;
        }
        if let Some(map) = shop.store().seat_map(id, 0).await.unwrap() {
            assert_eq!(map.seats.len(), MANY_SEATS, "the event was seen without all its seats");
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(created.unwrap(), Created { id: id.as_uuid(), replayed: false });
    shop.known().events.push(id);
    let map = shop.store().seat_map(id, 0).await.unwrap().unwrap();
    assert_eq!((map.version, map.seats), (1, seats));
    shop.advance(Duration::from_hours(2));
    assert_eq!(remove_leftovers(&shop).await, 0);
}

/// Fails if the seats of an interrupted creation stay, or keep its key from being used again.
pub async fn a_creation_that_was_interrupted_leaves_nothing(shop: TestShop) {
    let (key, store) = (shop.key(), shop.store());
    for polls in [1, 2, 4, 8] {
        let mut creation = store.create_event(large_event(&shop, key)).boxed();
        for _ in 0..polls {
            if (&mut creation).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let created = store.create_event(large_event(&shop, key)).await.unwrap();
    let id = EventId::from_uuid(created.id);
    shop.known().events.push(id);
    // The same request at a later time would ask for another sale window.
    let again = large_event(&shop, key);
    shop.advance(Duration::from_hours(2));
    remove_leftovers(&shop).await;
    assert_eq!(store.seat_map(id, 0).await.unwrap().unwrap().seats.len(), MANY_SEATS);
    assert_eq!(store.create_event(again).await.unwrap(), Created { id: created.id, replayed: true });
    assert_eq!(remove_leftovers(&shop).await, 0);
}

/// Fails if the seats of a deleted event stay.
pub async fn the_seats_of_a_deleted_event_are_deleted(shop: TestShop) {
    let (command, store) = (large_event(&shop, shop.key()), shop.store());
    let id = command.event.event.id;
    let again = CreateEvent::new(shop.now(), shop.key(), command.event.clone());
    store.create_event(command).await.unwrap();
    store.delete_event(id).await.unwrap();
    assert_eq!(store.seat_map(id, 0).await.unwrap(), None);
    assert_eq!(remove_leftovers(&shop).await, 0);
    // Its seats can be written again, because none of them is left.
    assert_eq!(store.create_event(again).await.unwrap().id, id.as_uuid());
    shop.known().events.push(id);
    assert_eq!(store.seat_map(id, 0).await.unwrap().unwrap().seats.len(), MANY_SEATS);
}
