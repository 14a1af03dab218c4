//! All rows of an event: complete, of one moment, and without a violation.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::pin::pin;

use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use tiketi_core::audit::{AuditPart, AuditRows};
use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{
    EventId, PaymentId, ReservationId, Seat, SeatId, TicketType,
    store::{AuditProgress, AuditReport, AuditStore, AuditWatcher},
};

use crate::event_rows::EventRows;
use crate::handles::Handles;
use crate::shop::TestShop;

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

    // More parts than one of each kind.
    let rows = EventRows::read(&*audited.any(), hall.event, 2).await.expect("the event exists");
    let rows = rows.snapshot();
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

/// Fails if a part does not have every row that its rows are compared with.
pub async fn each_part_has_the_rows_it_is_compared_with(shop: TestShop, audited: Handles<dyn AuditStore>) {
    let hall = shop.hall().await;
    let buyers = shop.buyers(4);
    for (buyer, seat) in [(0, 0), (1, 2), (2, 4)] {
        shop.sold(&shop.held(&hall, buyers[buyer], &[seat, seat + 1]).await).await;
    }
    shop.held(&hall, buyers[3], &[6, 7]).await;
    for rows in [1, 3] {
        let read = EventRows::read(&*audited.any(), hall.event, rows).await.expect("the event exists");
        let all = read.snapshot();
        for part in read.parts() {
            check_related(part, &all);
        }
    }
}

/// Fails if a row of a part, or one related to it, differs from the whole, or a related one is missing.
fn check_related(part: &AuditPart, all: &Snapshot) {
    let (mut seats, mut reservations) = (BTreeSet::<SeatId>::new(), BTreeSet::<ReservationId>::new());
    let mut payments = BTreeSet::<PaymentId>::new();
    match &part.rows {
        AuditRows::Seats(rows) => reservations.extend(rows.iter().filter_map(|seat| seat.state.owner())),
        AuditRows::Reservations(rows) => {
            seats.extend(rows.iter().flat_map(|row| &row.seats).map(|line| line.seat));
            payments.extend(rows.iter().filter_map(|row| row.payment));
        }
        AuditRows::Payments(rows) => reservations.extend(rows.iter().map(|row| row.reservation)),
    }
    let related = &part.related;
    for seat in &related.seats {
        assert_eq!(Some(seat), all.seat(seat.id));
        seats.remove(&seat.id);
    }
    for row in &related.reservations {
        assert_eq!(Some(row), all.reservation(row.id));
        reservations.remove(&row.id);
    }
    for payment in &related.payments {
        assert_eq!(Some(payment), all.payment(payment.id));
        payments.remove(&payment.id);
    }
    assert!(seats.is_empty() && reservations.is_empty() && payments.is_empty(), "rows are missing: {part:?}");
}

/// Fails if the parts of an event are not of one moment: an audit beside sales would then find contradictions.
pub async fn an_audit_beside_sales_finds_nothing(shop: TestShop, audited: Handles<dyn AuditStore>) {
    let (hall, store) = (shop.hall().await, audited.any());
    let selling = async {
        for seat in 0..9 {
            let held = shop.held(&hall, shop.buyer(), &[seat]).await;
            shop.sold(&held).await;
        }
    };
    let mut selling = pin!(selling.fuse());
    loop {
        let mut reading = pin!(EventRows::read(&*store, hall.event, 1).fuse());
        let mut ended = selling.is_terminated();
        let read = loop {
            futures::select! {
                () = selling => ended = true,
                read = reading => break read,
            }
        };
        let found = tiketi_core::audit::audit(&read.expect("the event exists").snapshot());
        assert_eq!(found, []);
        if ended {
            return;
        }
    }
}

/// Fails if an audit of one event reads others, or does not tell how far it is.
pub async fn an_audit_of_one_event_reads_that_event(shop: TestShop, audited: Handles<dyn AuditStore>) {
    #[derive(Default)]
    struct Heard(Vec<AuditProgress>);
    impl AuditWatcher for Heard {
        fn progress(&mut self, progress: AuditProgress) {
            self.0.push(progress);
        }
    }
    let (hall, other) = (shop.hall().await, shop.hall().await);
    shop.held(&other, shop.buyer(), &[1]).await;
    let store = audited.any();
    let mut heard = Heard::default();
    let one = AuditReport::watched(&*store, Some(hall.event), &mut heard).await.expect("it can be audited");
    assert_eq!((one.events, one.reservations, one.violated), (1, 0, 0));
    let last = heard.0.last().expect("progress is told");
    assert_eq!((last.events, last.of, last.rows), (1, 1, one.seats as u64));
    let mut heard = Heard::default();
    let all = AuditReport::watched(&*store, None, &mut heard).await.expect("it can be audited");
    assert_eq!((all.events, all.reservations, all.seats), (2, 1, one.seats * 2));
    assert!(heard.0.is_sorted_by_key(|it| (it.events, it.rows)), "{:?}", heard.0);
    assert_eq!(heard.0.last().map(|it| (it.events, it.of, it.rows)), Some((2, 2, all.seats as u64 + 1)));
    assert_eq!(store.event_count().await.expect("events can be counted"), 2);
    let nobody = EventId::from_uuid(shop.ids().next());
    let none = AuditReport::watched(&*store, Some(nobody), &mut ()).await.expect("it can be audited");
    assert_eq!((none.events, none.seats), (0, 0));
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
    let nothing = EventRows::read(&*audited.any(), nobody, 10).await;
    assert!(nothing.is_none(), "rows of an event that does not exist: {nothing:?}");
}
