//! Figures: tallies by day, counted once, in counts that begin again beside the one that is read.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::figures::{
    Calendar, CountProgress, Counted, Day, DayRange, Entry, FigureCount, FigureKey, Tally, TallyDetail, What,
};
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::{FigureQuery, FigureRows, FiguresStore};
use tiketi_core::{Currency, EventId, Money, ReservationId, TicketTypeId, Timestamp};
use uuid::Uuid;

use crate::figures::{Account, Trade, numbers_of};
use crate::handles::Handles;
use crate::shop::{TestShop, auditor};

/// A zone that is 5 hours and 45 minutes ahead of UTC all year.
#[derive(Debug)]
struct QuarterAhead;

const AHEAD_MICROS: i64 = (5 * 60 + 45) * 60 * 1_000_000;
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Calendar for QuarterAhead {
    fn zone(&self) -> &'static str {
        "Test/Quarter"
    }

    fn day_of(&self, at: Timestamp) -> Day {
        Day::from_number(i32::try_from((at.as_micros() + AHEAD_MICROS).div_euclid(DAY_MICROS)).unwrap())
    }

    fn starts_at(&self, day: Day) -> Timestamp {
        Timestamp::from_micros(i64::from(day.number()) * DAY_MICROS - AHEAD_MICROS)
    }

    fn hour_of(&self, at: Timestamp) -> u8 {
        u8::try_from((at.as_micros() + AHEAD_MICROS).rem_euclid(DAY_MICROS) / 3_600_000_000).unwrap()
    }
}

fn event(number: u128) -> EventId {
    EventId::from_uuid(Uuid::from_u128(number))
}

fn count(number: u64) -> FigureCount {
    FigureCount {
        number,
        zone: "Asia/Seoul".into(),
        begun_at: Timestamp::from_micros(7),
        progress: CountProgress::UpTo(None),
    }
}

/// A reservation that was made, and sold for 100 won, on a day.
fn sold(reservation: u128, of: u128, day: i32, version: u64) -> Counted {
    let entry = |what| Entry { day: Day::from_number(day), quarter: 99, what };
    let tickets = [(TicketTypeId::from_uuid(Uuid::from_u128(of)), 2)].into();
    let entries = [
        What::Started,
        What::Confirmed(tickets),
        What::Captured("card".into(), Money::new(100, Currency::KRW)),
    ];
    Counted {
        reservation: ReservationId::from_uuid(Uuid::from_u128(reservation)),
        event: event(of),
        version,
        entries: entries.into_iter().map(entry).collect(),
    }
}

fn range(first: i32, last: i32) -> DayRange {
    DayRange::new(Day::from_number(first), Day::from_number(last)).unwrap()
}

fn query() -> FigureQuery {
    FigureQuery {
        subscriber: auditor(),
        days: Vec::new(),
        totals: Vec::new(),
        busiest: None,
        detail: TallyDetail::Full,
    }
}

async fn read(figures: &Handles<dyn FiguresStore>, query: FigureQuery) -> FigureRows {
    figures.any().figures(&query).await.unwrap()
}

/// Reads the tally without an end of an event or of the shop.
async fn total(figures: &Handles<dyn FiguresStore>, event: Option<EventId>) -> Tally {
    let rows = read(figures, FigureQuery { totals: vec![event], ..query() }).await;
    rows.tallies.into_iter().map(|(_, tally)| tally).next().unwrap_or_default()
}

async fn replace(figures: &Handles<dyn FiguresStore>, number: u64, counted: Vec<Counted>) {
    assert!(figures.any().replace_figures(number, counted).await.unwrap());
}

/// Begins the first count, and completes it.
async fn begun(figures: &Handles<dyn FiguresStore>) {
    assert!(figures.any().begin_figures(&count(1)).await.unwrap());
    figures.any().figures_progressed(1, CountProgress::Complete).await.unwrap();
}

/// Fails if a number is begun twice, or is left out.
pub async fn a_count_is_begun_once(_: TestShop, figures: Handles<dyn FiguresStore>) {
    assert_eq!(figures.any().figure_counts().await.unwrap(), []);
    assert!(!figures.any().begin_figures(&count(2)).await.unwrap());
    for number in 1..=3 {
        let callers = (0..8).map(|_| {
            let store = figures.any();
            tokio::spawn(async move { store.begin_figures(&count(number)).await.unwrap() })
        });
        let begun = join_all(callers.collect::<Vec<_>>()).await;
        assert_eq!(begun.into_iter().filter(|begun| *begun.as_ref().unwrap()).count(), 1);
    }
    assert_eq!(figures.any().figure_counts().await.unwrap(), [count(3), count(2)]);
}

/// Fails if progress goes back, or a complete count is filled again.
pub async fn the_progress_of_a_count_does_not_go_back(_: TestShop, figures: Handles<dyn FiguresStore>) {
    let up_to = |id: u128| CountProgress::UpTo(Some(ReservationId::from_uuid(Uuid::from_u128(id))));
    assert!(figures.any().begin_figures(&count(1)).await.unwrap());
    for (told, expected) in [
        (up_to(5), up_to(5)),
        (up_to(3), up_to(5)),
        (up_to(u128::MAX), up_to(u128::MAX)),
        (CountProgress::Complete, CountProgress::Complete),
        (up_to(9), CountProgress::Complete),
    ] {
        figures.any().figures_progressed(1, told).await.unwrap();
        assert_eq!(figures.any().figure_counts().await.unwrap()[0].progress, expected);
    }
}

/// Fails if a repetition counts again, an earlier version replaces a later one, or a later one adds to the earlier.
pub async fn what_a_reservation_adds_is_replaced(_: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    replace(&figures, 1, vec![sold(1, 7, 10, 2), sold(2, 7, 10, 2)]).await;
    let two = total(&figures, None).await;
    assert_eq!((two.started, two.tickets_sold, two.money()[&Currency::KRW].gross), (2, 4, 200));
    replace(&figures, 1, vec![sold(1, 7, 10, 2)]).await;
    replace(&figures, 1, vec![sold(1, 7, 99, 1)]).await;
    assert_eq!(total(&figures, None).await, two);
    // The same sale, on another day.
    replace(&figures, 1, vec![sold(1, 7, 11, 3)]).await;
    assert_eq!(total(&figures, None).await, two);
    let rows = read(&figures, FigureQuery { days: vec![(None, range(0, 99))], ..query() }).await;
    let mut started: Vec<_> = rows.tallies.iter().map(|(key, tally)| (key.day, tally.started)).collect();
    started.sort_unstable();
    assert_eq!(started, [(Some(Day::from_number(10)), 1), (Some(Day::from_number(11)), 1)]);
}

/// Fails if concurrent writers lose a sum.
pub async fn concurrent_writers_lose_no_sum(_: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    let writers = (0..16_u128).map(|writer| {
        let store = figures.any();
        tokio::spawn(async move {
            for round in 0..4 {
                let counted = (0..4).map(|at| sold(1_000 * writer + 10 * round + at, at + 1, 5, 1)).collect();
                assert!(store.replace_figures(1, counted).await.unwrap());
            }
        })
    });
    for done in join_all(writers.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    assert_eq!(total(&figures, None).await.started, 256);
    assert_eq!(total(&figures, Some(event(3))).await.tickets_sold, 128);
}

/// Fails if an earlier count is written, or if a count that is not complete is read.
pub async fn the_last_complete_count_is_read(_: TestShop, figures: Handles<dyn FiguresStore>) {
    assert!(!figures.any().replace_figures(1, vec![sold(1, 7, 10, 1)]).await.unwrap());
    begun(&figures).await;
    replace(&figures, 1, vec![sold(1, 7, 10, 1)]).await;
    assert!(figures.any().begin_figures(&count(2)).await.unwrap());
    assert!(!figures.any().replace_figures(1, vec![sold(2, 7, 10, 1)]).await.unwrap());
    replace(&figures, 2, vec![sold(2, 7, 10, 1), sold(3, 7, 10, 1)]).await;
    assert_eq!(total(&figures, None).await.started, 1);
    figures.any().figures_progressed(2, CountProgress::Complete).await.unwrap();
    assert_eq!(total(&figures, None).await.started, 2);
    while figures.any().forget_figures(1).await.unwrap() > 0 {}
    figures.any().forget_figures(1).await.unwrap();
    assert_eq!(total(&figures, None).await.started, 2);
    let counts = figures.any().figure_counts().await.unwrap();
    assert_eq!(counts.iter().map(|count| count.number).collect::<Vec<_>>(), [2]);
}

/// Fails if a tally of another event, day or count is returned, or one is left out.
pub async fn tallies_are_those_of_the_scopes_and_days(_: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    let all = (0_u16..40).map(|at| sold(at.into(), u128::from(at % 2) + 7, i32::from(at / 4) - 5, 1));
    replace(&figures, 1, all.collect()).await;
    let days = vec![(Some(event(7)), range(-4, -2)), (None, range(0, 0))];
    let rows = read(&figures, FigureQuery { days, totals: vec![Some(event(8))], ..query() }).await;
    let mut found: Vec<_> = rows.tallies.iter().map(|(key, tally)| (*key, tally.started)).collect();
    found.sort_unstable();
    let key = |event, day: Option<i32>| FigureKey { event, day: day.map(Day::from_number) };
    let expected = [
        (key(None, Some(0)), 4),
        (key(Some(event(7)), Some(-4)), 2),
        (key(Some(event(7)), Some(-3)), 2),
        (key(Some(event(7)), Some(-2)), 2),
        (key(Some(event(8)), None), 20),
    ];
    assert_eq!(found, expected);
}

/// Fails if a part is read that is not wanted, or a wanted one is missing.
pub async fn a_tally_has_the_parts_that_are_wanted(_: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    replace(&figures, 1, vec![sold(1, 7, 5, 1)]).await;
    let wanted = |event, detail| FigureQuery {
        days: vec![(event, range(5, 5))],
        busiest: Some((Day::from_number(5), 1)),
        detail,
        ..query()
    };
    for (detail, expected) in [(TallyDetail::Sums, (false, false)), (TallyDetail::Full, (true, true))] {
        let shop = read(&figures, wanted(None, detail)).await.tallies.swap_remove(0).1;
        let event = read(&figures, wanted(Some(event(7)), detail)).await;
        for of in [&event.tallies[0].1, &event.busiest[0].1] {
            assert_eq!((!shop.quarters.is_empty(), !of.types.is_empty()), expected, "{detail:?}");
            assert_eq!((of.started, of.methods.len()), (1, 1));
        }
    }
}

/// Fails if the order is another, or the shop itself is listed.
pub async fn the_events_that_sold_most_come_first(_: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    let sales = [(1, 7), (2, 8), (3, 8), (4, 9), (5, 9), (6, 9)];
    replace(&figures, 1, sales.map(|(at, of)| sold(at, of, 5, 1)).to_vec()).await;
    replace(&figures, 1, (10..20).map(|at| sold(at, 7, 6, 1)).collect()).await;
    let busiest = Some((Day::from_number(5), 2));
    let rows = read(&figures, FigureQuery { busiest, ..query() }).await;
    let found: Vec<_> = rows.busiest.iter().map(|(event, tally)| (*event, tally.tickets_sold)).collect();
    assert_eq!(found, [(event(9), 6), (event(8), 4)]);
}

/// Fails if the moment is not that of the oldest fact that waits for this subscriber.
pub async fn the_oldest_fact_that_waits_is_known(shop: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    let hall = shop.hall().await;
    shop.drain().await;
    let waits = async || read(&figures, query()).await.uncounted_since;
    assert_eq!(waits().await, None);
    shop.held(&hall, shop.buyer(), &[0]).await;
    let since = shop.now();
    shop.advance(Duration::from_secs(5));
    shop.held(&hall, shop.buyer(), &[1]).await;
    assert_eq!(waits().await, Some(since));
    let other = SubscriberName::new("other").unwrap();
    assert_eq!(read(&figures, FigureQuery { subscriber: other, ..query() }).await.uncounted_since, None);
    shop.drain().await;
    assert_eq!(waits().await, None);
}

/// Fails if rows of a reservation are missing, or a page leaves one out.
pub async fn sources_are_the_rows_of_each_reservation(shop: TestShop, figures: Handles<dyn FiguresStore>) {
    let mut account = Account::open(&shop, |_| (0, 0)).await;
    let mut trade = Trade::open(&shop, 3, Duration::from_secs(20)).await;
    while trade.started() < 40 {
        trade.reserve(&mut account).await;
    }
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = figures.any().figure_sources_after(after, 7).await.unwrap();
        after = page.last().map(|source| source.reservation.id);
        paged.extend(page);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged.len(), 40);
    assert!(paged.iter().any(|source| source.payments.len() > 1), "one was declined");
    assert!(paged.iter().any(|source| !source.returned_seats.is_empty()), "some gave a seat back");
    let mut ids: Vec<_> = paged.iter().map(|source| source.reservation.id).collect();
    assert!(ids.is_sorted());
    for source in &paged {
        assert_eq!(shop.now_of(&source.reservation).await, source.reservation);
        for payment in &source.payments {
            assert_eq!(shop.now_of_payment(payment).await, *payment);
        }
    }
    ids.push(ReservationId::from_uuid(Uuid::nil()));
    let mut found = figures.any().figure_sources(&ids).await.unwrap();
    found.sort_by_key(|source| source.reservation.id);
    assert_eq!(found, paged);
}

/// Fails if a tally differs from an account that was made from the facts of the trade.
pub async fn figures_agree_with_an_independent_account(shop: TestShop, figures: Handles<dyn FiguresStore>) {
    begun(&figures).await;
    let local = |at: Timestamp| {
        let minutes = at.as_micros().div_euclid(60_000_000) + 345;
        let (day, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
        (i32::try_from(day).unwrap(), u8::try_from(minute / 15).unwrap())
    };
    let mut account = Account::open(&shop, local).await;
    let mut trade = Trade::open(&shop, 1, Duration::from_mins(50)).await;
    while trade.started() < 80 {
        trade.reserve(&mut account).await;
        if trade.started().is_multiple_of(20) {
            recount(&figures).await;
        }
    }
    trade.end_holds().await;
    account.read(&shop).await;
    recount(&figures).await;
    let events = trade.events().into_iter().map(Some).chain([None]);
    let (first, last) = (local(crate::shop::START.parse().unwrap()).0 - 1, local(shop.now()).0 + 1);
    for event in events {
        let days = vec![(event, range(first, last))];
        let rows = read(&figures, FigureQuery { days, totals: vec![event], ..query() }).await;
        let tally = |day| {
            let key = FigureKey { event, day };
            let found = rows.tallies.iter().find(|(known, _)| *known == key);
            found.map(|(_, tally)| tally.clone()).unwrap_or_default()
        };
        for day in (first..=last).map(Some).chain([None]) {
            let counted = numbers_of(&tally(day.map(Day::from_number)));
            assert_eq!(counted, account.numbers((event, day)), "{event:?} on {day:?}");
        }
    }
}

/// Counts every reservation as it is now.
async fn recount(figures: &Handles<dyn FiguresStore>) {
    let mut after = None;
    loop {
        let page = figures.any().figure_sources_after(after, 30).await.unwrap();
        let Some(last) = page.last() else { return };
        after = Some(last.reservation.id);
        let counted = page.iter().map(|source| source.counted(&QuarterAhead)).collect();
        replace(figures, 1, counted).await;
    }
}
