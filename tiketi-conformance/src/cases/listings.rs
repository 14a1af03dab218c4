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
    for sort in EventSort::ALL {
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

/// Fails if a page after a key misses or repeats an event, in any order, or counts what comes before the key.
pub async fn events_are_read_on_from_a_key(shop: TestShop) {
    for (title, hours) in [("나", 5), ("b", 1), ("B", 3), ("가을", 3), ("가", 9), ("é", 3), ("b", 2)] {
        let mut details = shop.details(title);
        details.starts_at = shop.now().after(Duration::from_hours(hours));
        let opens_at = shop.now().before(Duration::from_hours(hours));
        details.sale = SaleWindow::new(opens_at, shop.now().after(Duration::from_hours(99))).unwrap();
        shop.hall_with(details).await;
    }
    let draft = shop.draft(shop.details("초안")).await.0.event;
    for (sort, drafts) in EventSort::ALL.into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
        let mut query = all(&shop).sorted(sort);
        query.drafts = drafts;
        let whole = shop.store().events(query.clone()).await.unwrap().rows;
        assert_eq!(whole.iter().any(|view| view.event.id == draft), drafts);
        assert!(whole.is_sorted_by(|a, b| sort.compare(&a.event, &b.event).is_lt()), "{sort:?}");
        query.page = PageRequest::new(1, 2).unwrap();
        let mut paged = Vec::new();
        loop {
            let page = shop.store().events(query.clone()).await.unwrap();
            let left = (whole.len() - paged.len()) as u64;
            assert_eq!((page.total, page.is_total_exact, page.has_more), (left, true, left > 2), "{sort:?}");
            query.after = page.rows.last().map(|view| sort.key(&view.event));
            paged.extend(page.rows);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(paged, whole, "{sort:?}");
    }
    let title = EventSort::Title.key(&shop.store().event(draft).await.unwrap().unwrap().event);
    let other = shop.store().events(all(&shop).after(title)).await.unwrap();
    assert_eq!((other.rows.len(), other.total), (0, 0), "a key of another order has no place");
}

/// Fails if one or two syllables or letters are not found, or if a part that is not there is.
pub async fn short_words_of_every_script_are_found(shop: TestShop) {
    let mut details = shop.details("밤의 등대");
    details.artist = "별하늘 사중주단".into();
    details.venue = "해오름 홀 B".into();
    details.keywords = vec!["夜の灯台".into(), "Ночь".into(), "x²".into()];
    let event = shop.hall_with(details).await.event;
    shop.hall_with(shop.details("낮의 바다")).await;
    for text in
        ["밤", "등대", "대", "하늘", "중주단", "별 홀", "홀 b", "夜", "灯台", "ноч", "²", "해오름 밤의"]
    {
        assert_eq!(listed(&shop, all(&shop).matching(text)).await, [event], "{text:?}");
    }
    for text in ["밤바", "대등", "밤의등대", "ab", "하 늘 낮"] {
        assert_eq!(listed(&shop, all(&shop).matching(text)).await, [], "{text:?}");
    }
}

/// Fails if a new title is not found, or the old one still is; or if a removed event is.
pub async fn an_edited_event_is_found_by_its_new_words_only(shop: TestShop) {
    let hall = shop.hall_with(shop.details("Evening of Sparrows")).await;
    let (spare, _) = shop.draft(shop.details("Evening of Larks")).await;
    let drafts = all(&shop).with_drafts();
    assert_eq!(listed(&shop, drafts.clone().matching("larks")).await, [spare.event]);
    let details = shop.details("참새의 저녁");
    shop.store().edit_event(hall.event, details, None).await.unwrap();
    shop.store().delete_event(spare.event).await.unwrap();
    assert_eq!(listed(&shop, all(&shop).matching("참새")).await, [hall.event]);
    for text in ["sparrows", "larks"] {
        assert_eq!(listed(&shop, drafts.clone().matching(text)).await, [], "{text:?}");
    }
}

/// Fails if a search lists an event whose start was edited at its old place, on one page or on pages of one.
pub async fn an_event_that_is_postponed_is_searched_in_its_new_place(shop: TestShop) {
    let first = shop.hall_with(shop.details("Evening of Sparrows")).await.event;
    let second = shop.hall_with(shop.details("Evening of Larks")).await.event;
    for (postponed, expected) in [(first, [second, first]), (second, [first, second])] {
        let mut details = shop.store().event(postponed).await.unwrap().unwrap().event.details;
        details.starts_at = details.starts_at.after(Duration::from_hours(24));
        shop.store().edit_event(postponed, details, None).await.unwrap();
        let search = all(&shop).matching("evening");
        assert_eq!(listed(&shop, search.clone()).await, expected);
        for (at, event) in expected.into_iter().enumerate() {
            let mut page = search.clone();
            page.page = PageRequest::new(u32::try_from(at).unwrap() + 1, 1).unwrap();
            let rows = shop.store().events(page).await.unwrap().rows;
            assert_eq!(rows.iter().map(|view| view.event.id).collect::<Vec<_>>(), [event], "page {at}");
        }
    }
}

/// Fails if an event whose announced status is outdated is listed by it, twice, or not at all.
pub async fn statuses_are_listed_whatever_was_announced(shop: TestShop) {
    let hour = Duration::from_hours(1);
    let window = |from: u32, to: u32| {
        SaleWindow::new(shop.now().after(hour * from), shop.now().after(hour * to)).unwrap()
    };
    let windows = [(1, 2), (1, 4), (3, 4), (2, 3), (5, 6)];
    for (from, to) in windows {
        let mut details = shop.details(&format!("From {from} to {to}"));
        details.sale = window(from, to);
        shop.hall_with(details).await;
    }
    shop.draft(shop.details("A draft")).await;
    let start = shop.now();
    // Announcements lag behind, run ahead of the moment that is asked for, and follow edits late.
    for (announced, asked) in [(0, 0), (0, 3), (0, 9), (1, 2), (3, 1), (9, 0), (9, 5)] {
        shop.go_to(start.after(hour * announced));
        shop.store().announce_statuses(shop.now()).await.unwrap();
        let now = start.after(hour * asked);
        for drafts in [false, true] {
            let mut everything = EventQuery::published(now, PageRequest::FIRST);
            everything.drafts = drafts;
            let rows = shop.store().events(everything.clone()).await.unwrap().rows;
            for status in EventStatus::ALL {
                let found = listed(&shop, everything.clone().with_status(status)).await;
                let expected = rows.iter().filter(|view| view.status(now) == status);
                let expected: Vec<_> = expected.map(|view| view.event.id).collect();
                assert_eq!(found, expected, "{status:?} at {asked}, announced at {announced}");
            }
        }
    }
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
