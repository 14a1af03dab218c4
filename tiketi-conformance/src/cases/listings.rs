//! The listing of events: filtered, searched, sorted and paged; and announced changes of status.

use std::time::Duration;

use tiketi_core::{
    EventId, EventStatus, FactBody, PageRequest, SaleWindow,
    store::{EventQuery, EventSort},
};

use crate::hall::Hall;
use crate::shop::TestShop;

async fn listed(shop: &TestShop, query: EventQuery) -> Vec<EventId> {
    let page = shop.store().events(query).await.unwrap();
    let ids: Vec<_> = page.rows.iter().map(|view| view.event.id).collect();
    assert_eq!(page.total, ids.len() as u64);
    ids
}

fn all(shop: &TestShop) -> EventQuery {
    EventQuery::published(shop.now(), PageRequest::FIRST)
}

/// Fails if drafts are listed for buyers, or not listed for organisers.
pub async fn drafts_are_listed_only_when_asked_for(shop: TestShop) {
    let hall = shop.hall().await;
    let (draft, _) = shop.draft(shop.details("A draft")).await;
    assert_eq!(listed(&shop, all(&shop)).await, [hall.event]);
    let mut both = listed(&shop, all(&shop).with_drafts()).await;
    both.sort();
    assert_eq!(both, [hall.event, draft.event]);
}

/// Fails if a stored status is used instead of one derived at the query's time.
pub async fn events_are_found_by_their_status_at_that_moment(shop: TestShop) {
    let mut details = shop.details("Later");
    let opens_at = shop.now().after(Duration::from_hours(1));
    details.sale = SaleWindow::new(opens_at, opens_at.after(Duration::from_hours(1))).unwrap();
    let later = shop.hall_with(details).await.event;
    let on_sale = shop.hall().await.event;
    let cancelled = shop.hall().await;
    shop.call_off(&cancelled).await;
    let expect = |upcoming, now, over| {
        let (on_sale, cancelled) = (on_sale, cancelled.event);
        [
            (EventStatus::Upcoming, if upcoming { vec![later] } else { vec![] }),
            (EventStatus::OnSale, if now { vec![later, on_sale] } else { vec![on_sale] }),
            (EventStatus::Ended, if over { vec![later] } else { vec![] }),
            (EventStatus::Cancelled, vec![cancelled]),
            (EventStatus::SoldOut, vec![]),
        ]
    };
    let day = [
        (0, expect(true, false, false)),
        (60, expect(false, true, false)),
        (120, expect(false, false, true)),
    ];
    let start = shop.now();
    for (minutes, statuses) in day {
        shop.go_to(start.after(Duration::from_mins(minutes)));
        for (status, mut events) in statuses {
            let mut found = listed(&shop, all(&shop).with_status(status)).await;
            found.sort();
            events.sort();
            assert_eq!(found, events, "{status:?} after {minutes} minutes");
        }
    }
}

/// Fails if a sold-out event is listed as on sale,
/// or the other way round.
pub async fn an_event_with_nothing_left_is_sold_out(shop: TestShop) {
    let hall = shop.hall().await;
    let held = sell_out(&shop, &hall).await;
    assert_eq!(listed(&shop, all(&shop).with_status(EventStatus::SoldOut)).await, [hall.event]);
    assert_eq!(listed(&shop, all(&shop).with_status(EventStatus::OnSale)).await, []);
    shop.apply(shop.release(&held)).await;
    assert_eq!(listed(&shop, all(&shop).with_status(EventStatus::OnSale)).await, [hall.event]);
}

/// Holds or removes all tickets, and returns one of the reservations.
async fn sell_out(shop: &TestShop, hall: &Hall) -> tiketi_core::Reservation {
    let store = shop.store();
    store.remove_ticket_type(hall.free).await.unwrap();
    shop.standing(hall, shop.buyer(), 8).await;
    shop.standing(hall, shop.buyer(), 2).await;
    for seats in [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12, 13, 14]] {
        shop.held(hall, shop.buyer(), &seats).await;
    }
    shop.held(hall, shop.buyer(), &[15, 16, 17, 18, 19]).await
}

/// Fails if a word is not found in any field, case or script, or if one matching word is enough.
pub async fn events_are_found_by_every_word_in_any_case(shop: TestShop) {
    let mut details = shop.details("Winter Serenade");
    details.artist = "김하늘 (Haneul KIM)".into();
    details.venue = "Hafen-Café Süd".into();
    details.keywords = vec!["겨울 세레나데".into(), "100%_live".into()];
    let event = shop.hall_with(details).await.event;
    let other = shop.hall().await.event;
    for text in [
        "winter",
        "SERENADE",
        "sere",
        "하늘",
        "haneul",
        "kim winter",
        "세레나데  겨울",
        "CAFÉ",
        "süd serenade",
        "100%_live",
        "%_l",
    ] {
        assert_eq!(listed(&shop, all(&shop).matching(text)).await, [event], "{text:?}");
    }
    for text in ["winter lanterns", "세레나데 등불", "wint_r", "win%r", "'; --", "\\"] {
        assert_eq!(listed(&shop, all(&shop).matching(text)).await, [], "{text:?}");
    }
    let mut everything = listed(&shop, all(&shop).matching("  ")).await;
    everything.sort();
    assert_eq!(everything, [event, other], "no word excludes nothing");
}

/// Fails if the order is not the requested one, or if ties are not ordered by id.
pub async fn events_are_sorted_as_asked_and_ties_by_id(shop: TestShop) {
    for (title, hours) in [("B", 5), ("a", 1), ("C", 3), ("A", 3), ("가", 9), ("C", 2)] {
        let mut details = shop.details(title);
        details.starts_at = shop.now().after(Duration::from_hours(hours));
        let opens_at = shop.now().before(Duration::from_hours(hours));
        details.sale = SaleWindow::new(opens_at, shop.now().after(Duration::from_hours(99))).unwrap();
        shop.hall_with(details).await;
        if hours == 3 {
            shop.advance(Duration::from_secs(1));
        }
    }
    for sort in [EventSort::StartsAt, EventSort::SaleOpensAt, EventSort::Newest, EventSort::Title] {
        let page = shop.store().events(all(&shop).sorted(sort)).await.unwrap();
        let mut sorted = page.rows.clone();
        sorted.sort_by(|a, b| sort.compare(&a.event, &b.event));
        assert_eq!(page.rows, sorted, "{sort:?}");
        assert_eq!(page.rows.len(), 6);
    }
}

/// Fails if pages overlap or lack events, or if the total does not count the whole listing.
pub async fn events_are_listed_in_pages(shop: TestShop) {
    for at in 0..7 {
        shop.hall_with(shop.details(&format!("Evening {at}"))).await;
    }
    let whole = listed(&shop, all(&shop).sorted(EventSort::Title)).await;
    let mut paged = Vec::new();
    for number in 1..=4 {
        let mut query = all(&shop).sorted(EventSort::Title).matching("evening");
        query.page = PageRequest::new(number, 3).unwrap();
        let page = shop.store().events(query).await.unwrap();
        assert_eq!((page.total, page.rows.len()), (7, [3, 3, 1, 0][number as usize - 1]));
        paged.extend(page.rows.into_iter().map(|view| view.event.id));
    }
    assert_eq!(paged, whole);
}

/// Fails if a change of status is not announced, announced twice, or announced for a draft.
pub async fn a_new_status_is_announced_once(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    shop.draft(shop.details("A draft")).await;
    let version = store.event(hall.event).await.unwrap().unwrap().event.version;
    let mut statuses = Vec::new();
    let mut step = async |shop: &TestShop| {
        let news = store.announce_statuses(shop.now()).await.unwrap().done;
        assert_eq!(store.announce_statuses(shop.now()).await.unwrap().done, [], "once is enough");
        statuses.extend(news.iter().map(|(event, status)| (*event, *status)));
    };
    step(&shop).await;
    let held = sell_out(&shop, &hall).await;
    step(&shop).await;
    shop.apply(shop.release(&held)).await;
    step(&shop).await;
    shop.go_to(hall.closes_at);
    step(&shop).await;
    shop.call_off(&hall).await;
    step(&shop).await;
    let expected = [
        EventStatus::OnSale,
        EventStatus::SoldOut,
        EventStatus::OnSale,
        EventStatus::Ended,
        EventStatus::Cancelled,
    ];
    assert_eq!(statuses, expected.map(|status| (hall.event, status)));
    let facts = shop.drain().await;
    let told: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact.body {
            FactBody::EventStatusChanged { status, .. } => Some((fact.event, status)),
            _ => None,
        })
        .collect();
    assert_eq!(told, statuses);
    let event = store.event(hall.event).await.unwrap().unwrap().event;
    assert_eq!((event.announced, event.version), (EventStatus::Cancelled, version + 1));
}

/// Fails if servers that announce concurrently announce a status twice.
pub async fn concurrent_servers_announce_a_status_once(shop: TestShop) {
    for _ in 0..4 {
        shop.hall().await;
    }
    let servers = (0..8).map(|_| {
        let shop = shop.clone();
        tokio::spawn(async move { shop.store().announce_statuses(shop.now()).await.unwrap().done.len() })
    });
    let told = futures::future::join_all(servers.collect::<Vec<_>>()).await;
    assert_eq!(told.into_iter().map(|told| told.unwrap()).sum::<usize>(), 4);
    assert_eq!(shop.drain().await.len(), 4);
}
