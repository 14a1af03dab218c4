//! The archive: events that are over, read only, and out of the lists.

use std::time::Duration;

use tiketi_core::decide::{AddTicketType, ArchiveRefused, BlockSeats, UnblockSeats};
use tiketi_core::store::EventQuery;
use tiketi_core::{
    CommandError, EventId, EventStatus, PageRequest, TicketTypeInput, event::EventStep, general_admission,
};

use crate::hall::{Hall, STANDING_PRICE};
use crate::shop::TestShop;

/// A month and a day after the beginning of the events that [`TestShop::details`] describes.
const LATER: Duration = Duration::from_hours(24 * 62);

async fn archived(shop: &TestShop, hall: &Hall) {
    let event = shop.store().archive_event(hall.event, shop.now()).await.expect("it is archived");
    assert_eq!(event.archived_at, Some(shop.now()));
    let read = shop.store().event(hall.event).await.unwrap().unwrap().event;
    assert_eq!(read, event);
}

async fn refuses(shop: &TestShop, hall: &Hall, why: ArchiveRefused) {
    shop.refuses(shop.store().archive_event(hall.event, shop.now()), why).await;
}

async fn listed(shop: &TestShop, query: EventQuery) -> Vec<EventId> {
    let page = shop.store().events(query).await.unwrap();
    let ids: Vec<_> = page.rows.iter().map(|view| view.event.id).collect();
    assert_eq!((page.total, page.is_total_exact), (ids.len() as u64, true));
    ids
}

fn all(shop: &TestShop) -> EventQuery {
    EventQuery::published(shop.now(), PageRequest::FIRST)
}

/// Fails if an event is archived that is not over, or that does not exist.
pub async fn an_event_is_archived_once_it_is_over(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let (draft, _) = shop.draft(shop.details("A draft")).await;
    refuses(&shop, &hall, ArchiveRefused::NotOver).await;
    let (closed, began) = {
        let details = store.event(hall.event).await.unwrap().unwrap().event.details;
        (details.sale.closes_at(), details.starts_at)
    };
    shop.go_to(closed);
    refuses(&shop, &hall, ArchiveRefused::NotOver).await;
    shop.go_to(began);
    archived(&shop, &hall).await;
    refuses(&shop, &draft, ArchiveRefused::NotOver).await;
    let nobody = EventId::from_uuid(shop.ids().next());
    shop.refuses(store.archive_event(nobody, shop.now()), ArchiveRefused::EventNotFound).await;
    shop.refuses(store.unarchive_event(nobody), ArchiveRefused::EventNotFound).await;
    shop.advance(LATER);
    let again = store.archive_event(hall.event, shop.now()).await.unwrap();
    assert_eq!(again.archived_at, Some(began), "archived again, it stays as it is");
}

/// Fails if an event is archived while a hold, a payment, a refund or a call-off of it is open.
pub async fn an_event_with_open_work_is_not_archived(shop: TestShop) {
    let open = |reservations, payments| ArchiveRefused::StillOpen { reservations, payments };
    let hall = shop.hall().await;
    let buyers = shop.buyers(4);
    let held = shop.held(&hall, buyers[0], &[0]).await;
    let paying = shop.confirming(&shop.held(&hall, buyers[1], &[1]).await).await;
    let (_, sold) = shop.sold(&shop.held(&hall, buyers[2], &[2]).await).await;
    shop.sold(&shop.held(&hall, buyers[3], &[3]).await).await;
    let refund = shop.promised(&sold).await;
    shop.go_to(shop.now().after(LATER));
    // The hold has ended, but no job has ended its reservation yet.
    refuses(&shop, &hall, open(2, 2)).await;
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    assert!(!shop.now_of(&held).await.is_live());
    refuses(&shop, &hall, open(1, 2)).await;
    shop.apply(shop.declined(&paying)).await;
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    refuses(&shop, &hall, open(0, 1)).await;
    shop.apply(shop.refunded(&sold, refund)).await;
    archived(&shop, &hall).await;
}

/// Fails if a cancelled event is archived before its buyers are refunded.
pub async fn a_cancelled_event_is_archived_once_its_buyers_are_refunded(shop: TestShop) {
    let hall = shop.hall().await;
    let (sold, payment) = shop.sold(&shop.held(&hall, shop.buyer(), &[0]).await).await;
    shop.call_off(&hall).await;
    refuses(&shop, &hall, ArchiveRefused::StillOpen { reservations: 1, payments: 0 }).await;
    shop.apply(tiketi_core::decide::CallOff::new(sold.id)).await;
    refuses(&shop, &hall, ArchiveRefused::StillOpen { reservations: 0, payments: 1 }).await;
    let refund = shop.now_of_payment(&payment).await.refunds[0].id;
    shop.apply(shop.refunded(&payment, refund)).await;
    archived(&shop, &hall).await;
    assert_eq!(shop.store().to_call_off(10).await.unwrap(), []);
}

/// Fails if anything of an archived event can be changed.
pub async fn an_archived_event_is_read_only(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let (sold, payment) = shop.sold(&shop.held(&hall, buyer, &[0]).await).await;
    shop.go_to(shop.now().after(LATER));
    archived(&shop, &hall).await;
    let before = shop.picture().await;
    let store = shop.store();
    macro_rules! refused {
        ($change:expr) => {
            let answer = $change.await;
            assert!(matches!(answer, Err(CommandError::EventArchived)), "{answer:?}");
        };
    }
    refused!(shop.send(shop.hold_seats(&hall, shop.buyer(), &[1])));
    refused!(shop.send(shop.cancel(&sold)));
    refused!(shop.send(shop.refund(&payment)));
    refused!(store.edit_event(hall.event, shop.details("Edited"), None));
    refused!(store.step_event(hall.event, EventStep::Cancel { at: shop.now() }));
    refused!(store.delete_event(hall.event));
    refused!(store.block_seats(BlockSeats::new(shop.now(), hall.event, vec![hall.seats[2]], "paint")));
    refused!(store.unblock_seats(UnblockSeats::new(shop.now(), hall.event, vec![hall.seats[2]])));
    let edit = TicketTypeInput::new("Standing", STANDING_PRICE, 9);
    refused!(store.edit_ticket_type(hall.standing, edit.clone()));
    refused!(store.remove_ticket_type(hall.standing));
    let event = store.event(hall.event).await.unwrap().unwrap().event;
    let ticket_type = general_admission(&event, &edit, 9, shop.ids()).unwrap();
    refused!(store.add_ticket_type(AddTicketType::new(shop.now(), shop.key(), ticket_type)));
    assert_eq!(shop.picture().await, before, "what was sold and refunded is read as before");
}

/// Fails if money that a provider reports late is lost because its event is archived.
pub async fn money_reported_after_the_archiving_is_recorded(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    shop.apply(shop.declined(&payment)).await;
    shop.go_to(shop.now().after(LATER));
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    archived(&shop, &hall).await;
    shop.apply(shop.paid(&payment)).await;
    let payment = shop.now_of_payment(&payment).await;
    assert!(payment.captured.is_some() && payment.reconciliation.is_some(), "{payment:?}");
    let refund = payment.refunds[0].id;
    shop.apply(shop.refunded(&payment, refund)).await;
    assert!(shop.now_of_payment(&payment).await.reconciliation.is_none());
}

/// Fails if an archived event is in a list or announced, or an event that is not archived is in the list of the archive.
pub async fn archived_events_are_in_their_own_list_only(shop: TestShop) {
    let (hall, cancelled, other) = (shop.hall().await, shop.hall().await, shop.hall().await);
    let (draft, _) = shop.draft(shop.details("A draft")).await;
    shop.call_off(&cancelled).await;
    shop.go_to(shop.now().after(LATER));
    for hall in [&hall, &cancelled] {
        archived(&shop, hall).await;
    }
    let told = shop.store().announce_statuses(shop.now()).await.unwrap();
    let told: Vec<_> = told.done.into_iter().map(|(event, _)| event).collect();
    assert_eq!(told, [other.event], "nothing of an archived event is announced");
    assert_eq!(listed(&shop, all(&shop)).await, [other.event]);
    assert_eq!(listed(&shop, all(&shop).with_status(EventStatus::Ended)).await, [other.event]);
    assert_eq!(listed(&shop, all(&shop).with_status(EventStatus::Cancelled)).await, []);
    let mut drafts_too = listed(&shop, all(&shop).with_drafts()).await;
    drafts_too.sort_unstable();
    assert_eq!(drafts_too, [other.event, draft.event]);
    assert_eq!(listed(&shop, all(&shop).matching("lanterns")).await, [other.event]);
    let of_archive = || all(&shop).of_archive();
    assert_eq!(listed(&shop, of_archive()).await, [hall.event, cancelled.event]);
    assert_eq!(listed(&shop, of_archive().with_drafts().matching("종이등불")).await.len(), 2);
    assert_eq!(listed(&shop, of_archive().with_status(EventStatus::Cancelled)).await, [cancelled.event]);
    assert_eq!(listed(&shop, of_archive().with_status(EventStatus::OnSale)).await, []);
}

/// Fails if an event that was taken out of the archive is not as before.
pub async fn an_event_comes_back_from_the_archive(shop: TestShop) {
    let hall = shop.hall().await;
    shop.go_to(shop.now().after(LATER));
    let before = shop.store().event(hall.event).await.unwrap().unwrap().event;
    archived(&shop, &hall).await;
    let back = shop.store().unarchive_event(hall.event).await.unwrap();
    assert_eq!((back.archived_at, back.version), (None, before.version + 2));
    assert_eq!(shop.store().unarchive_event(hall.event).await.unwrap(), back, "again changes nothing");
    assert_eq!(listed(&shop, all(&shop)).await, [hall.event]);
    assert_eq!(listed(&shop, all(&shop).of_archive()).await, []);
    let edited = shop.store().edit_event(hall.event, shop.details("Edited"), None).await.unwrap();
    assert_eq!(edited.version, back.version + 1);
}

/// Fails if an event is archived although a command left something open at the same time, or such a command is applied to
/// an archived event.
pub async fn an_archiving_and_a_refund_at_once_leave_nothing_open(shop: TestShop) {
    for _ in 0..8 {
        let hall = shop.hall().await;
        let (_, payment) = shop.sold(&shop.held(&hall, shop.buyer(), &[0]).await).await;
        let late = shop.now().after(LATER);
        let refund = shop.refund(&payment);
        let envelope = tiketi_core::decide::Command::at(refund, late, shop.key());
        let (archiver, refunder) = (shop.clone(), shop.clone());
        let (archiving, refunding) = tokio::join!(
            tokio::spawn(async move { archiver.store().archive_event(hall.event, late).await }),
            tokio::spawn(async move { refunder.execute(envelope).await }),
        );
        let ended = (archiving.unwrap(), refunding.unwrap());
        let one = matches!(
            ended,
            (Ok(_), Err(CommandError::EventArchived))
                | (Err(CommandError::Refused(ArchiveRefused::StillOpen { .. })), Ok(_))
        );
        assert!(one, "{ended:?}");
    }
}
