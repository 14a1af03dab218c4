//! `hold --store memory:`: on one thread, so that the figure is that of one core, with halls of several sizes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tiketi_core::decide::{Change, SeatChange, Snapshot};
use tiketi_core::memory::MemoryStore;
use tiketi_core::{BoxOffice, BuyerId, HoldRequest, ReservationId, SeatState, Timestamp};

use crate::figures::{Timings, median, now, ratio};
use crate::hall::Hall;
use crate::hold::{LEAST_TURNS, Options};

/// Holds between two runs of the periodic clean-up, which is part of the measurement.
const TIDY_EVERY: usize = 2_048;

/// Figures of one hall size.
#[derive(Debug, Default)]
struct Size {
    seats: u32,
    per_second: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    limit_per_second: Vec<f64>,
}

/// Measures on one thread, so that the figure is that of one core.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let seats = options.sizes(&[10_000, 1_000_000]);
    let mut sizes: Vec<Size> = seats.iter().map(|seats| Size { seats: *seats, ..Size::default() }).collect();
    let largest = seats.iter().copied().max().unwrap_or_default();
    let started = now();
    let mut turn = 0;
    while turn < LEAST_TURNS || started.elapsed() < Duration::from_secs(options.seconds) {
        for size in &mut sizes {
            runtime.block_on(take_turn(size, largest))?;
        }
        turn += 1;
    }
    report(&sizes);
    Ok(())
}

/// Holds as many seats as the largest hall has, in as many halls of this size as needed.
async fn take_turn(size: &mut Size, holds: u32) -> Result<(), Box<dyn Error>> {
    let mut timings = Timings::with_capacity(usize::try_from(holds)?);
    let mut limit = Timings::with_capacity(usize::try_from(holds)?);
    let (mut took, mut limit_took) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..holds.div_ceil(size.seats) {
        let box_office = BoxOffice::builder().store(Arc::new(MemoryStore::default())).build()?;
        let hall = Hall::open(&box_office, size.seats).await?;
        took += hold_all(&box_office, &hall, &mut timings).await?;
        limit_took += write_all(&box_office, &hall, &mut limit).await?;
    }
    timings.finish(took);
    limit.finish(limit_took);
    size.per_second.push(timings.per_second());
    size.p50_ms.push(timings.percentile_ms(0.50));
    size.p99_ms.push(timings.percentile_ms(0.99));
    size.limit_per_second.push(limit.per_second());
    Ok(())
}

/// Holds every seat of a hall, each for a different buyer, and runs the periodic clean-up as a host does.
async fn hold_all(
    box_office: &BoxOffice,
    hall: &Hall,
    timings: &mut Timings,
) -> Result<Duration, Box<dyn Error>> {
    let started = now();
    for (turn, (seat, buyer)) in hall.seats.iter().zip(1_u128..).enumerate() {
        let before = now();
        let request =
            HoldRequest::new(hall.event, BuyerId::from_uuid(uuid::Uuid::from_u128(buyer))).seats([*seat]);
        box_office.sales().hold(request).await?;
        timings.record(before.elapsed());
        if turn % TIDY_EVERY == 0 {
            box_office.jobs().tidy_once().await?;
        }
    }
    Ok(started.elapsed())
}

/// The limit: writes the same rows directly, without rule, idempotency key, outbox or lock.
async fn write_all(
    box_office: &BoxOffice,
    hall: &Hall,
    timings: &mut Timings,
) -> Result<Duration, Box<dyn Error>> {
    let map = box_office.catalog().seat_map(hall.event, 0).await?.ok_or("the event is gone")?;
    let view = box_office.catalog().event(hall.event).await?.ok_or("the event is gone")?;
    let first = map.seats.first().and_then(|seat| seat.state.owner()).ok_or("nothing was held")?;
    let model = box_office.sales().reservation(first, BuyerId::from_uuid(uuid::Uuid::from_u128(1))).await?;
    let model = model.ok_or("the first reservation is gone")?;
    let mut snapshot = Snapshot::new(view.event);
    map.seats.into_iter().for_each(|seat| snapshot.put_seat(seat));
    let started = now();
    for (seat, buyer) in hall.seats.iter().zip(1_u128..) {
        let before = now();
        let mut reservation = model.clone();
        reservation.id = ReservationId::from_uuid(uuid::Uuid::from_u128(buyer));
        reservation.buyer = BuyerId::from_uuid(uuid::Uuid::from_u128(buyer));
        let state = SeatState::Held { reservation: reservation.id, until: Timestamp::FAR_FUTURE };
        let mut change = Change::default();
        change.seats.push(SeatChange { seat: *seat, state, version: 3, former: None });
        change.reservations.push(reservation);
        snapshot.apply(&change)?;
        timings.record(before.elapsed());
    }
    Ok(started.elapsed())
}

fn report(sizes: &[Size]) {
    println!("{:>10}  {:>12}  {:>9}  {:>9}  {:>12}", "seats", "holds/s", "p50 ms", "p99 ms", "limit/s");
    for size in sizes {
        let (rate, limit) = (median(&size.per_second), median(&size.limit_per_second));
        let (p50, p99) = (median(&size.p50_ms), median(&size.p99_ms));
        println!("{:>10}  {rate:>12.0}  {p50:>9.5}  {p99:>9.5}  {limit:>12.0}", size.seats);
    }
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return };
    let rows: Vec<_> = sizes
        .iter()
        .map(|size| json!({ "seats": size.seats, "per_second": median(&size.per_second).round() }))
        .collect();
    let figures = json!({
        "bench": "hold",
        "store": "memory",
        "per_second": median(&first.per_second).round(),
        "p50_ms": median(&first.p50_ms),
        "p99_ms": median(&first.p99_ms),
        "ratio_limit": ratio(median(&first.per_second), median(&first.limit_per_second)),
        "ratio_sizes": ratio(median(&last.per_second), median(&first.per_second)),
        "sizes": rows,
        "turns": first.per_second.len(),
    });
    println!("{figures}");
}
