//! All rows of an event: complete, of one moment, and without a violation.

use std::fmt::Debug;

use tiketi_core::decide::Scope;
use tiketi_core::{
    EventId, Seat, TicketType,
    store::{AuditReport, AuditStore},
};

use crate::handles::Handles;
use crate::shop::TestShop;
use crate::walk;

/// Seeds of the random sequences; they differ from those of the sales list.
const SEEDS: std::ops::Range<u64> = 9_001..9_006;

/// Fails if the rows after a random sequence have a violation.
pub async fn rows_after_random_commands_pass_the_audit(shop: TestShop, audited: Handles<dyn AuditStore>) {
    for seed in SEEDS {
        walk::compare(shop.stores(), seed).await;
        let report = AuditReport::of(&*audited.any()).await.expect("the store can be audited");
        assert_eq!(report.violations, [], "after the walk with seed {seed}");
    }
    let report = AuditReport::of(&*audited.any()).await.expect("the store can be audited");
    assert!(report.events >= 10 && report.reservations > 0 && report.payments > 0, "{report:?}");
}

/// Fails if the rows of an event are not those that every other read shows.
pub async fn an_events_rows_are_what_all_other_reads_show(shop: TestShop, audited: Handles<dyn AuditStore>) {
    let (hall, other) = (shop.hall().await, shop.hall().await);
    let buyers = shop.buyers(3);
    let (_, payment) = shop.sold(&shop.held(&hall, buyers[0], &[0, 1]).await).await;
    shop.promised(&payment).await;
    let held = shop.held(&hall, buyers[1], &[5]).await;
    shop.standing(&hall, buyers[1], 2).await;
    shop.apply(shop.release(&shop.held(&hall, buyers[2], &[7]).await)).await;
    shop.held(&other, buyers[2], &[7]).await;

    let rows = audited.any().event_rows(hall.event).await.expect("rows can be read");
    let rows = rows.expect("the event exists");
    let picture = shop.picture().await;
    let (view, map) = picture.events.iter().find(|(view, _)| view.event.id == hall.event).unwrap();
    assert_eq!((rows.event(), rows.map_version()), (&view.event, map.version));
    let ticket_types = rows.ticket_types().cloned();
    same(ticket_types, view.ticket_types.clone(), |it: &TicketType| it.id);
    same(rows.seats().iter().cloned(), map.seats.clone(), |it: &Seat| it.id);
    same(rows.reservations().cloned(), picture.reservations_of(hall.event).cloned(), |it| it.id);
    let payments = picture.payments.iter().filter(|payment| payment.event == hall.event).cloned();
    same(rows.payments().cloned(), payments, |it| it.id);
    assert!(rows.reservation(held.id).is_some_and(tiketi_core::Reservation::is_live));
}

/// Compares rows without regard to their order.
fn same<T: PartialEq + Debug, K: Ord>(
    left: impl IntoIterator<Item = T>,
    right: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) {
    let sorted = |rows: Vec<T>| {
        let mut rows = rows;
        rows.sort_by_key(&key);
        rows
    };
    assert_eq!(sorted(left.into_iter().collect()), sorted(right.into_iter().collect()));
}

/// Fails if events are omitted, listed twice, or not in order of their ids.
pub async fn event_ids_come_in_their_order_in_pages(shop: TestShop, audited: Handles<dyn AuditStore>) {
    let mut events: Vec<EventId> = Vec::new();
    for _ in 0..5 {
        events.push(shop.hall().await.event);
    }
    events.sort_unstable();
    let mut listed = Vec::new();
    loop {
        let page = audited.any().event_ids(listed.last().copied(), 2).await.expect("events can be listed");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, events);
    let nobody = EventId::from_uuid(shop.ids().next());
    let nothing = audited.any().event_rows(nobody).await.expect("rows can be read");
    assert!(nothing.is_none(), "rows of an event that does not exist: {nothing:?}");
}
