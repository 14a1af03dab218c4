//! `figures`: what a dashboard costs, compared with the read of one row by its key on the same store.

use std::error::Error;

use clap::Args;
use serde_json::json;
use tiketi_core::box_office::ReportRequest;
use tiketi_core::figures::{Counted, DayRange, Entry, What};
use tiketi_core::store::FiguresStore;
use tiketi_core::{BuyerId, Currency, EventId, HoldRequest, Money, Reservation, ReservationId, TicketTypeId};
use uuid::Uuid;

use crate::figures::{Timings, median, now, ratio};
use crate::hall::Hall;
use crate::shop::{Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "sqlite")]
    store: Store,
    /// Reservations that were ever counted; the cost must not depend on them.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    reservations: u32,
    /// Days of the dashboard.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i32).range(1..=366))]
    days: i32,
    /// Turns; in each, both are read as often.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(3..=1_000))]
    turns: u32,
}

/// Reads of a turn.
const READS: u32 = 300;
/// Days over which the reservations were made.
const HISTORY: u32 = 400;
/// Events that sold.
const EVENTS: u32 = 20;
/// Reservations counted in one commit.
const SLICE: u32 = 500;

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    crate::runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let (shop, figures) = Shop::open_counting(options.store).await?;
    while shop.box_office.jobs().count_figures_once().await? > 0 {}
    count(&shop, &*figures, options.reservations).await?;
    let hall = Hall::open(&shop.box_office, 100).await?;
    let buyer = BuyerId::from_uuid(Uuid::from_u128(1));
    let seat = hall.seats.first().copied().ok_or("the hall has no seats")?;
    let held = shop.box_office.sales().hold(HoldRequest::new(hall.event, buyer).seats([seat])).await?;
    let (mut rows, mut reports) = (Vec::new(), Vec::new());
    for _ in 0..options.turns {
        rows.push(one_row(&shop, &held).await?);
        reports.push(report(&shop, options.days).await?);
    }
    let (row, report) = (median(&rows), median(&reports));
    println!("one reservation by its id   {row:.4} ms");
    println!("a dashboard of {} days      {report:.4} ms", options.days);
    let ratio = ratio(report, row);
    println!(
        "{}",
        json!({
            "bench": "figures", "store": options.store.name(), "reservations": options.reservations,
            "days": options.days, "row_ms": row, "dashboard_ms": report, "ratio_row": ratio,
        })
    );
    Ok(())
}

/// Counts reservations, each sold at another time of the last days.
async fn count(shop: &Shop, figures: &dyn FiguresStore, reservations: u32) -> Result<(), Box<dyn Error>> {
    let today = shop.box_office.reports().today()?;
    let number = figures.figure_counts().await?.first().map_or(0, |count| count.number);
    for first in (0..reservations).step_by(usize::try_from(SLICE)?) {
        let slice = first..reservations.min(first + SLICE);
        let counted = slice.map(|at| sold(at, today.plus(-i32::try_from(at % HISTORY).unwrap_or(0))));
        figures.replace_figures(number, counted.collect()).await?;
    }
    Ok(())
}

/// Returns what a sold reservation adds on a day.
fn sold(at: u32, day: tiketi_core::figures::Day) -> Counted {
    let id = |kind: u32, at: u32| Uuid::from_u128(u128::from(kind) << 64 | u128::from(at));
    let event = at % EVENTS;
    let tickets = [(TicketTypeId::from_uuid(id(3, event)), 2)].into();
    let method = if at.is_multiple_of(3) { "card" } else { "kakao_pay" };
    let happened = [
        What::Started,
        What::Attempted(method.to_owned(), Currency::KRW),
        What::Captured(method.to_owned(), Money::new(220_000, Currency::KRW)),
        What::Confirmed(tickets),
    ];
    let quarter = u8::try_from(at % 96).unwrap_or(0);
    Counted {
        reservation: ReservationId::from_uuid(id(1, at)),
        event: EventId::from_uuid(id(2, event)),
        version: 1,
        entries: happened.into_iter().map(|what| Entry { day, quarter, what }).collect(),
    }
}

/// Reads one reservation by its id, and returns the median in milliseconds.
async fn one_row(shop: &Shop, held: &Reservation) -> Result<f64, Box<dyn Error>> {
    let mut timings = Timings::default();
    for _ in 0..READS {
        let before = now();
        let found = shop.box_office.sales().reservation(held.id, held.buyer).await?;
        timings.record(before.elapsed());
        found.ok_or("the reservation is gone")?;
    }
    Ok(timings.percentile_ms(0.5))
}

/// Reads the figures of a dashboard, as its route does, and returns the median in milliseconds.
async fn report(shop: &Shop, days: i32) -> Result<f64, Box<dyn Error>> {
    let reports = shop.box_office.reports();
    let today = reports.today()?;
    let range = DayRange::new(today.plus(1 - days), today)?;
    let mut timings = Timings::default();
    for _ in 0..READS {
        let request = ReportRequest::default().days(None, range).total(None).busiest(today, 5);
        let before = now();
        let report = reports.read(request).await?;
        timings.record(before.elapsed());
        if report.sum(None, range).started == 0 {
            return Err("the dashboard is empty".into());
        }
    }
    Ok(timings.percentile_ms(0.5))
}
