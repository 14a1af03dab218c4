//! Durable holds, compared with the usual way to write them and with the limit of the store, in turns on a new
//! store each.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tiketi_postgres::Batches;

use crate::figures::{Timings, ratio};
use crate::hall::Hall;
use crate::hold::{LEAST_TURNS, Options};
use crate::load::{self, More};
use crate::shop::Shop;
use crate::way::{Way, print_table};

/// What the benchmark of one store compares with.
pub(crate) trait Rivals {
    /// Name of the usual way for one caller, for the table.
    const PLAIN_ALONE: &'static str;
    /// Name of the usual way, for the table.
    const PLAIN: &'static str;
    /// Name of the limit, for the table.
    const LIMIT: &'static str;
    /// Name of the limit without the rows that all holds share, for the table.
    const APART: &'static str;

    /// Holds seats in the usual way: one transaction for each hold. One caller uses one connection.
    fn plain(
        shop: &Shop,
        hall: &Hall,
        callers: u32,
        time: Duration,
    ) -> impl Future<Output = Result<Timings, Box<dyn Error>>>;

    /// Writes the same rows as fast as the store can.
    fn limit(
        shop: &Shop,
        hall: &Hall,
        time: Duration,
    ) -> impl Future<Output = Result<Timings, Box<dyn Error>>>;

    /// Writes the same rows except those that all holds share; `None` if the store has no such variant.
    fn apart(
        shop: &Shop,
        hall: &Hall,
        time: Duration,
    ) -> impl Future<Output = Result<Option<Timings>, Box<dyn Error>>>;
}

/// Measures all ways in turns.
pub(crate) async fn run<R: Rivals>(options: &Options) -> Result<(), Box<dyn Error>> {
    let seats = options.sizes(&[50_000]).first().copied().unwrap_or(50_000);
    let turns = usize::try_from(options.seconds / 5)?.max(LEAST_TURNS);
    let each = Duration::from_secs(options.seconds) / u32::try_from(turns * 6)?;
    let mut many = Way::new(format!("{} callers", options.callers));
    let mut saved = Way::new("  public facts saved for a subscriber");
    let mut alone = Way::new("one caller");
    let mut batches = None;
    let mut plain_alone = Way::new(R::PLAIN_ALONE);
    let (mut plain, mut limit) = (Way::new(R::PLAIN), Way::new(R::LIMIT));
    let mut apart = Way::new(R::APART);
    for _ in 0..turns {
        let (shop, hall) = open(options, seats).await?;
        many.record(through_box_office(&shop, hall, options.callers, each).await?);
        batches = shop.batches();
        let shop = Shop::open_with_saved_facts(options.store).await?;
        shop.delay_commits(options.commit_delay_ms).await?;
        let hall = Hall::open(&shop.box_office, seats).await?;
        saved.record(through_box_office(&shop, hall, options.callers, each).await?);
        let (shop, hall) = open(options, seats).await?;
        alone.record(through_box_office(&shop, hall, 1, each).await?);
        let (shop, hall) = open(options, seats).await?;
        plain_alone.record(R::plain(&shop, &hall, 1, each).await?);
        let (shop, hall) = open(options, seats).await?;
        plain.record(R::plain(&shop, &hall, options.callers, each).await?);
        let (shop, hall) = open(options, seats).await?;
        limit.record(R::limit(&shop, &hall, each).await?);
        let (shop, hall) = open(options, seats).await?;
        if let Some(timings) = R::apart(&shop, &hall, each).await? {
            apart.record(timings);
        }
    }
    let ways = [&many, &saved, &alone, &plain_alone, &plain, &limit, &apart];
    print_table(&ways.into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>());
    let figures = json!({
        "bench": "hold",
        "store": options.store.name(),
        "callers": options.callers,
        "seats": seats,
        "per_second": many.rate().round(),
        "p50_ms": many.p50_ms(),
        "p99_ms": many.p99_ms(),
        "ratio_naive": ratio(many.rate(), plain.rate()),
        "ratio_limit": ratio(many.rate(), limit.rate()),
        "ratio_facts_saved": ratio(many.rate(), saved.rate()),
        "alone_per_second": alone.rate().round(),
        "alone_to_plain_time": ratio(plain_alone.rate(), alone.rate()),
        "plain_alone_per_second": plain_alone.rate().round(),
        "plain_per_second": plain.rate().round(),
        "commit_delay_ms": options.commit_delay_ms,
        "limit_per_second": limit.rate().round(),
        "ratio_limit_apart": (!apart.is_empty()).then(|| ratio(many.rate(), apart.rate())),
        "limit_apart_per_second": (!apart.is_empty()).then(|| apart.rate().round()),
        "turns": turns,
        "batch_mean": batches.map(|it: Batches| it.commands / it.count.max(1)),
        "batch_max": batches.map(|it| it.largest),
    });
    println!("{figures}");
    Ok(())
}

/// Opens a hall on a new store.
pub(super) async fn open(options: &Options, seats: u32) -> Result<(Shop, Hall), Box<dyn Error>> {
    let shop = options.open().await?;
    let hall = Hall::open(&shop.box_office, seats).await?;
    Ok((shop, hall))
}

/// Holds seats from concurrent callers until the time is up or no seat is left.
pub(super) async fn through_box_office(
    shop: &Shop,
    hall: Hall,
    callers: u32,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let (box_office, hall) = (shop.box_office.clone(), Arc::new(hall));
    load::run(callers, time, move |turn| {
        let (box_office, hall) = (box_office.clone(), Arc::clone(&hall));
        async move { Ok(hall.hold(&box_office, turn).await?.map_or(More::No, |_| More::Yes)) }
    })
    .await
}
