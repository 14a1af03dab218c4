//! Figures of a random trade of 100,000 reservations over a year, compared with an account made from its facts.
//!
//! `TIKETI_RESERVATIONS` sets another number.

#![expect(clippy::expect_used, reason = "a shop that cannot be opened is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone as _, Utc};
use tiketi_conformance::figures::{Account, Trade, numbers_of};
use tiketi_conformance::{Handles, SellingStore, TestShop};
use tiketi_core::box_office::ReportRequest;
use tiketi_core::clock::Clock;
use tiketi_core::figures::{Calendar, Day, DayRange};
use tiketi_core::memory::MemoryStore;
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::OutboxStore;
use tiketi_core::{BoxOffice, EventId, Timestamp};
use tiketi_http::TimeZone;

/// The clock of a test shop.
#[derive(Debug)]
struct ShopClock(TestShop);

impl Clock for ShopClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A shop that keeps figures, the trade in it, and the account of the trade.
struct Kept {
    store: Arc<MemoryStore>,
    shop: TestShop,
    office: BoxOffice,
    account: Account,
    trade: Trade,
    zone: TimeZone,
}

/// Days since 1970-01-01 and quarters of an hour since midnight, from elapsed time and the zone's dates alone.
fn local(zone: chrono_tz::Tz) -> impl Fn(Timestamp) -> (i32, u8) + Send + Sync + 'static {
    move |at| {
        let moment: DateTime<Utc> = DateTime::from_timestamp_micros(at.as_micros()).expect("a moment");
        let date = zone.from_utc_datetime(&moment.naive_utc()).date_naive();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
        // Goes back by quarters of an hour until the date is another.
        let quarter_of = |moment: DateTime<Utc>| moment.timestamp().div_euclid(900);
        let (this, mut first) = (quarter_of(moment), quarter_of(moment));
        let date_at = |quarter: i64| {
            let start = DateTime::from_timestamp(quarter * 900, 0).expect("a moment");
            zone.from_utc_datetime(&start.naive_utc()).date_naive()
        };
        while date_at(first - 1) == date {
            first -= 1;
        }
        let day = date.num_days_from_ce() - epoch.num_days_from_ce();
        (day, u8::try_from(this - first).expect("a day is short"))
    }
}

/// Starts a process that keeps the figures of a shop.
fn process(store: &Arc<MemoryStore>, shop: &TestShop, calendar: TimeZone) -> BoxOffice {
    BoxOffice::builder()
        .store(Arc::clone(store))
        .figures(Arc::<MemoryStore>::clone(store), Arc::new(calendar))
        .clock(Arc::new(ShopClock(shop.clone())))
        .build()
        .expect("the shop is complete")
}

impl Kept {
    async fn open(zone: &str, seed: u64, step: Duration) -> Self {
        let store = Arc::new(MemoryStore::default());
        let selling: Arc<dyn SellingStore> = Arc::<MemoryStore>::clone(&store);
        let shop = TestShop::seeded(Handles::new(vec![selling]), seed).await;
        shop.without_subscriber().await;
        let calendar: TimeZone = zone.parse().expect("a zone");
        let office = process(&store, &shop, calendar);
        let account = Account::open(&shop, local(zone.parse().expect("a zone"))).await;
        let trade = Trade::open(&shop, seed, step).await;
        Self { store, shop, office, account, trade, zone: calendar }
    }

    /// Counts what is there, as the jobs do.
    async fn count(&self) {
        while self.office.jobs().count_figures_once().await.expect("it counts") > 0 {}
    }

    /// Ends the process and starts another one.
    fn restart(&mut self) {
        self.office = process(&self.store, &self.shop, self.zone);
    }

    /// Makes so many reservations; facts are delivered now and then, as the jobs do.
    async fn trade(&mut self, reservations: usize) {
        while self.trade.started() < reservations {
            self.trade.reserve(&mut self.account).await;
            if self.trade.started().is_multiple_of(500) {
                self.deliver().await;
            }
        }
        self.trade.end_holds().await;
        self.deliver().await;
    }

    async fn deliver(&mut self) {
        self.account.read(&self.shop).await;
        while self.office.jobs().relay_once().await.expect("facts are delivered") > 0 {}
    }

    /// Fails if any figure of any event and day differs from the account.
    async fn compare(&self) {
        let mut days: Vec<i32> = self.account.keys().filter_map(|(_, day)| day).collect();
        days.sort_unstable();
        let (first, last) = (days.first().expect("a day") - 1, days.last().expect("a day") + 1);
        assert!(last - first < 366, "it is one report");
        let range = DayRange::new(Day::from_number(first), Day::from_number(last)).expect("a year");
        let events = self.trade.events().into_iter().map(Some).chain([None]);
        for event in events {
            self.compare_event(event, range).await;
        }
    }

    async fn compare_event(&self, event: Option<EventId>, range: DayRange) {
        let request = ReportRequest::default().days(event, range).total(event).in_full();
        let report = self.office.reports().read(request).await.expect("there is a report");
        assert_eq!(report.as_of, self.shop.now());
        assert_eq!(report.zone, self.zone.zone());
        for (day, tally) in report.days(event, range) {
            let known = self.account.numbers((event, Some(day.number())));
            assert_eq!(numbers_of(&tally), known, "{event:?} on {day}");
        }
        assert_eq!(numbers_of(&report.total(event)), self.account.numbers((event, None)), "{event:?}");
    }
}

fn reservations(by_default: usize) -> usize {
    let wanted = std::env::var("TIKETI_RESERVATIONS").ok();
    wanted.map_or(by_default, |number| number.parse().expect("TIKETI_RESERVATIONS is a number"))
}

/// Fails if anything is counted twice, on another day, or not at all; or if a rebuild counts anything else.
#[tokio::test]
async fn figures_of_100_000_reservations_agree_with_an_independent_account() {
    let reservations = reservations(100_000);
    // The trade takes ten months, and clocks change twice: about four in ten tries find no ticket.
    let seconds = 6 * 30 * 24 * 3_600 * 2 / u64::try_from(reservations).expect("it is small");
    let mut kept = Kept::open("Europe/Berlin", 1, Duration::from_secs(seconds)).await;
    kept.count().await;
    kept.trade(reservations).await;
    kept.compare().await;
    assert_eq!(kept.office.jobs().rebuild_figures().await.expect("it counts"), reservations as u64);
    kept.compare().await;
}

/// Fails if a bucket is a whole hour, or a day has always 24 of them.
#[tokio::test]
async fn figures_agree_in_zones_of_every_kind() {
    for zone in ["Asia/Seoul", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/Havana"]
    {
        let mut kept = Kept::open(zone, 2, Duration::from_hours(8)).await;
        kept.count().await;
        kept.trade(1_000).await;
        kept.compare().await;
    }
}

/// Fails if what was sold before the first count, or while there was no subscriber, is missing.
#[tokio::test]
async fn figures_have_what_no_fact_told_them() {
    let mut kept = Kept::open("Asia/Seoul", 3, Duration::from_mins(30)).await;
    for _ in 0..300 {
        kept.trade.reserve(&mut kept.account).await;
    }
    kept.count().await;
    kept.trade(500).await;
    kept.compare().await;
    let figures = SubscriberName::new("figures").expect("a name");
    assert!(kept.store.unsubscribe(&figures, kept.shop.now()).await.expect("it is removed"));
    for _ in 0..300 {
        kept.trade.reserve(&mut kept.account).await;
    }
    kept.trade.end_holds().await;
    kept.restart();
    kept.count().await;
    kept.deliver().await;
    kept.compare().await;
}
