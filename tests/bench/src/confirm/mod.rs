//! `confirm`: confirms of reservations that were held and prepared before, compared with holds on the same store in
//! the same run.

mod limit;
mod plain;

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tiketi_core::{BoxOffice, Payment, PaymentState, PrepareRequest, Prepared, Reservation, SeatId};

use crate::figures::{Timings, ratio};
use crate::hall::Hall;
use crate::load::{self, More, NO_LIMIT};
use crate::provider::{Provider, ProviderKind};
use crate::sale::Crowd;
use crate::shop::Shop;
use crate::way::{Way, print_table};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Store, seats and callers. The duration applies to the confirms; holds and attempts take as long as they
    /// need.
    #[command(flatten)]
    crowd: Crowd,
    /// The payment provider.
    #[arg(long, default_value = "test")]
    provider: ProviderKind,
}

/// A prepared attempt to pay for one seat.
#[derive(Debug)]
struct Order {
    payment: Payment,
    seat: SeatId,
    /// The payment key that the buyer brings back from the provider.
    key: Option<String>,
}

impl Order {
    fn of(prepared: Prepared, provider: &Provider) -> Result<Self, Box<dyn Error>> {
        let seat = prepared.reservation.seats.first().ok_or("a reservation has no seat")?.seat;
        let key = provider.authenticate(&prepared.payment)?;
        Ok(Self { payment: prepared.payment, seat, key })
    }
}

/// Turns of which the median is reported.
const TURNS: u32 = 3;

/// Measures in turns on a new store each.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = crate::runtime()?;
    let mut ways = [
        Way::new(format!("hold, {} callers", options.crowd.callers)),
        Way::new("prepare"),
        Way::new(format!("confirm at {}", options.provider.name())),
        Way::new("two transactions for 256, by hand"),
        Way::new("two transactions a confirm, by hand"),
    ];
    for _ in 0..TURNS {
        let turn = runtime.block_on(take_turn(options))?;
        for (way, timings) in ways.iter_mut().zip(turn) {
            if let Some(timings) = timings {
                way.record(timings);
            }
        }
    }
    let [hold, prepare, confirm, limit, plain] = &ways;
    let compared = [hold, prepare, confirm, limit, plain];
    print_table(&compared.into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>());
    let figures = json!({
        "bench": "confirm",
        "store": options.crowd.store.name(),
        "provider": options.provider.name(),
        "callers": options.crowd.callers,
        "seats": options.crowd.seats,
        "per_second": confirm.rate().round(),
        "p50_ms": confirm.p50_ms(),
        "p99_ms": confirm.p99_ms(),
        "hold_per_second": hold.rate().round(),
        "prepare_per_second": prepare.rate().round(),
        "ratio_hold": ratio(confirm.rate(), hold.rate()),
        "limit_per_second": (!limit.is_empty()).then(|| limit.rate().round()),
        "ratio_limit": (!limit.is_empty()).then(|| ratio(confirm.rate(), limit.rate())),
        "plain_per_second": (!plain.is_empty()).then(|| plain.rate().round()),
        "ratio_naive": (!plain.is_empty()).then(|| ratio(confirm.rate(), plain.rate())),
        "turns": TURNS,
    });
    println!("{figures}");
    Ok(())
}

/// Holds every seat, prepares a payment for each, and confirms a third of the payments in that order until the time is
/// up. Then confirms the second third by hand in batches, and on Postgres the last third in the usual way.
async fn take_turn(options: &Options) -> Result<[Option<Timings>; 5], Box<dyn Error>> {
    let provider = Provider::open(options.provider).await?;
    let shop = Shop::open_with(options.crowd.store, provider.gateway()).await?;
    let hall = Arc::new(Hall::open(&shop.box_office, options.crowd.seats).await?);
    let (holding, held) = hold_all(&shop.box_office, &hall, options.crowd.callers).await?;
    let (preparing, prepared) = prepare_all(&shop.box_office, held, options.crowd.callers).await?;
    let orders = prepared.into_iter().map(|it| Order::of(it, &provider)).collect::<Result<Vec<_>, _>>()?;
    let (box_office, orders) = (shop.box_office.clone(), Arc::new(orders));
    let time = Duration::from_secs(options.crowd.seconds) / TURNS;
    let third = orders.len() / 3;
    let all = Arc::clone(&orders);
    let confirming = load::run(options.crowd.callers, time, move |turn| {
        let (box_office, orders) = (box_office.clone(), Arc::clone(&all));
        async move {
            let Some(order) = orders.get(turn).filter(|_| turn < third) else { return Ok(More::No) };
            confirm(&box_office, order).await
        }
    });
    let confirming = confirming.await?;
    let second = orders.get(third..2 * third).unwrap_or_default();
    let limit = limit::confirm(&shop, &*provider.gateway(), second, time).await?;
    let plain = match shop.database() {
        Some(database) => {
            let (gateway, callers) = (provider.gateway(), options.crowd.callers);
            Some(plain::confirm(database, gateway, orders, third, callers, time).await?)
        }
        None => None,
    };
    Ok([Some(holding), Some(preparing), Some(confirming), limit, plain])
}

/// Holds each seat for a different buyer; the reservations are in the order of the seats.
async fn hold_all(
    box_office: &BoxOffice,
    hall: &Arc<Hall>,
    callers: u32,
) -> Result<(Timings, Vec<Reservation>), Box<dyn Error>> {
    let (box_office, hall) = (box_office.clone(), Arc::clone(hall));
    each(callers, hall.seats.len(), move |turn| {
        let (box_office, hall) = (box_office.clone(), Arc::clone(&hall));
        async move { hall.hold(&box_office, turn).await?.ok_or_else(|| "there is no such seat".to_owned()) }
    })
    .await
}

/// Prepares a payment for each reservation.
async fn prepare_all(
    box_office: &BoxOffice,
    held: Vec<Reservation>,
    callers: u32,
) -> Result<(Timings, Vec<Prepared>), Box<dyn Error>> {
    let (box_office, count, held) = (box_office.clone(), held.len(), Arc::new(held));
    each(callers, count, move |turn| {
        let (box_office, held) = (box_office.clone(), Arc::clone(&held));
        async move {
            let held = held.get(turn).ok_or("there is no such reservation")?;
            let request = PrepareRequest::new(held.id, held.buyer);
            box_office.payments().prepare(request).await.map_err(|error| error.to_string())
        }
    })
    .await
}

/// Runs `work` this many times, and returns the results in the order of the calls.
async fn each<F, W, T>(callers: u32, count: usize, work: W) -> Result<(Timings, Vec<T>), Box<dyn Error>>
where
    F: Future<Output = Result<T, String>> + Send,
    W: Fn(usize) -> F + Send + Sync + 'static,
    T: Send + 'static,
{
    let (work, done) = (Arc::new(work), Arc::new(Mutex::new(Vec::with_capacity(count))));
    let into = Arc::clone(&done);
    let timings = load::run(callers, NO_LIMIT, move |turn| {
        let (work, into) = (Arc::clone(&work), Arc::clone(&into));
        async move {
            if turn >= count {
                return Ok(More::No);
            }
            let done = work(turn).await?;
            into.lock().unwrap_or_else(PoisonError::into_inner).push((turn, done));
            Ok(More::Yes)
        }
    })
    .await?;
    let mut done = std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner));
    done.sort_unstable_by_key(|(turn, _)| *turn);
    Ok((timings, done.into_iter().map(|(_, done)| done).collect()))
}

async fn confirm(box_office: &BoxOffice, order: &Order) -> Result<More, String> {
    let payment = &order.payment;
    let amount = Some(payment.amount.into());
    let paid = box_office.payments().confirm(payment.id, payment.buyer, amount, order.key.clone()).await;
    match paid.map_err(|error| error.to_string())?.payment.map(|payment| payment.state) {
        Some(PaymentState::Paid { .. }) => Ok(More::Yes),
        other => Err(format!("a confirmed payment is {other:?}")),
    }
}
