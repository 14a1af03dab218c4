//! The scratch shop of a rehearsal, and the buyers who come to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tiketi_core::box_office::{JoinRequest, PayError};
use tiketi_core::clock::TimeOrderedIds;
use tiketi_core::decide::HoldRefused;
use tiketi_core::memory::TestGateway;
use tiketi_core::store::{
    CatalogStore, InboxStore, LayoutStore, OutboxStore, SalesStore, StoreClock, StoreProbe,
};
use tiketi_core::waiting_room::{RoomMode, RoomPolicy};
use tiketi_core::{
    AdmissionPass, BoxOffice, BuyerId, CommandError, Currency, EventDetails, EventId, EventInput,
    HoldRequest, Money, PrepareRequest, Reservation, Row, SaleWindow, SeatId, SeatLayout, Section,
};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::failure::{Failure, with_causes};
use crate::options::Rehearse;
use crate::rehearse::figures::{Counted, Step};
use crate::secrets;
use crate::settings::Settings;
use crate::store::{Opened, StoreKind};
use crate::timer::RuntimeTimer;
use crate::waiting_rooms::{WaitingRooms, WaitingSettings};

const SEATS_A_ROW: u32 = 100;
/// Of so many buyers, one first asks for seats that another one chose.
const OFTEN_LATE: u32 = 10;
/// How many times more buyers come at the same time with each step.
const GROWTH: u32 = 4;

/// A scratch shop with one event on sale.
pub(super) struct Stage {
    sale: Arc<Sale>,
    store: Opened,
    waiting: WaitingSettings,
}

/// What buyers need to know.
#[derive(Debug)]
struct Sale {
    box_office: BoxOffice,
    event: EventId,
    seats: Vec<SeatId>,
    tickets: usize,
    /// The next buyer.
    next: AtomicU32,
}

impl Stage {
    /// Opens a store without data, and puts an event on sale there with seats for all buyers of the plan.
    pub(super) async fn open(
        settings: &Settings,
        plan: &Rehearse,
        kind: &StoreKind,
    ) -> Result<Self, Failure> {
        let store = kind.open(settings.store_connections, true).await?;
        let waiting = settings.waiting.for_scratch();
        let rooms = WaitingRooms::open(&waiting, &store, &secrets::passing()?).await?;
        // No other server has the shop, and the numbers of its channels would stay in Redis.
        let rooms = rooms.without_broadcast();
        let box_office = match &store {
            Opened::Memory(store) => shop(store, settings, plan, &rooms),
            Opened::Sqlite(store) => shop(store, settings, plan, &rooms),
            Opened::Postgres(store) => shop(store, settings, plan, &rooms),
        };
        let sale = Sale::open(box_office?, plan).await?;
        Ok(Self { sale: Arc::new(sale), store, waiting })
    }

    /// Sells in steps, each with more buyers at the same time than the one before.
    pub(super) async fn sell(&self, plan: &Rehearse) -> Vec<Step> {
        let crowds = crowds(plan.at_once);
        let count = u32::try_from(crowds.len()).unwrap_or(u32::MAX);
        let (time, buyers) = (plan.time / count, plan.buyers / count);
        let mut steps = Vec::new();
        for (index, at_once) in (1..).zip(crowds) {
            steps.push(self.step(at_once, time, buyers * index).await);
        }
        steps
    }

    /// Lets buyers come until the time is over, or buyer number `last` has come.
    async fn step(&self, at_once: u32, time: Duration, last: u32) -> Step {
        let began = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..at_once {
            callers.spawn(Arc::clone(&self.sale).call(began + time, last));
        }
        let mut counted = Counted::default();
        while let Some(called) = callers.join_next().await {
            counted.add(called.unwrap_or_else(|error| Counted {
                failed: 1,
                failure: Some(error.to_string()),
                ..Counted::default()
            }));
        }
        Step::new(at_once, counted, began.elapsed())
    }

    /// Removes the waiting room from Redis, and closes the store.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let removed = self.waiting.remove_room(self.sale.event).await;
        if let Opened::Postgres(store) = &self.store {
            store.close().await;
        }
        removed
    }
}

/// Returns how many buyers come at the same time at each step.
fn crowds(at_once: u32) -> Vec<u32> {
    let growing = std::iter::successors(Some(1_u32), |before| before.checked_mul(GROWTH));
    growing.take_while(|crowd| *crowd < at_once).chain([at_once]).collect()
}

fn shop<S>(
    store: &Arc<S>,
    settings: &Settings,
    plan: &Rehearse,
    rooms: &WaitingRooms,
) -> Result<BoxOffice, Failure>
where
    S: SalesStore + CatalogStore + LayoutStore + OutboxStore + InboxStore + StoreClock + StoreProbe,
{
    let terms = settings.terms.max_seats_per_buyer(plan.tickets.max(settings.terms.max_seats_per_buyer));
    let builder = BoxOffice::builder().store(Arc::clone(store)).terms(terms).ids(Arc::new(TimeOrderedIds));
    let builder = builder.timer(Arc::new(RuntimeTimer)).gateway(Arc::new(TestGateway::default()));
    let built = rooms.add_to(builder).build();
    built.map_err(|error| Failure::during("cannot build the scratch shop", &error))
}

impl Sale {
    async fn open(box_office: BoxOffice, plan: &Rehearse) -> Result<Self, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::during("cannot open the scratch sale", error);
        let seats = plan.buyers * plan.tickets;
        let price = Money::new(100, Currency::KRW);
        let rows = (1..=seats.div_ceil(SEATS_A_ROW)).map(|row| Row::numbered(row.to_string(), SEATS_A_ROW));
        let section = Section::new("R", price).rows(rows);
        let layout = SeatLayout::new("Rehearsal", format!("{seats} seats")).section(section);
        let catalog = box_office.catalog();
        let layout = catalog.create_layout(layout, None).await.map_err(|error| failed(&error))?;
        let now = box_office.now();
        let closes = now.after(Duration::from_hours(24));
        let sale = SaleWindow::new(now, closes).map_err(|error| failed(&error))?;
        // Each buyer joins and is admitted at once: it is the callers who decide how many come.
        let policy = RoomPolicy::default().mode(RoomMode::Auto { threshold: u32::MAX }).max_active(u32::MAX);
        let details = EventDetails::new("Rehearsal", closes, sale).waiting_room(policy);
        let input = EventInput::new(details, Currency::KRW).seated(layout.id);
        let event = catalog.create_event(input).await.map_err(|error| failed(&error))?.event.id;
        catalog.publish_event(event).await.map_err(|error| failed(&error))?;
        let map = catalog.seat_map(event, 0).await.map_err(|error| failed(&error))?;
        let seats = map.map(|map| map.seats.into_iter().map(|seat| seat.id).collect()).unwrap_or_default();
        let tickets = usize::try_from(plan.tickets).unwrap_or(1);
        Ok(Self { box_office, event, seats, tickets, next: AtomicU32::new(0) })
    }

    /// Makes visits, one after another, each of another buyer.
    async fn call(self: Arc<Self>, until: Instant, last: u32) -> Counted {
        let mut counted = Counted::default();
        while Instant::now() < until {
            let buyer = self.next.fetch_add(1, Ordering::Relaxed);
            if buyer >= last {
                break;
            }
            if let Err(failure) = self.visit(buyer, &mut counted).await {
                counted.failed = counted.failed.saturating_add(1);
                counted.failure.get_or_insert(failure);
            }
        }
        counted
    }

    /// Joins, holds seats and pays; a refused hold ends the visit unless there are other seats to try.
    async fn visit(&self, number: u32, counted: &mut Counted) -> Result<(), String> {
        let buyer = BuyerId::from_uuid(Uuid::from_u128(u128::from(number) + 1));
        let joined = self.box_office.waiting_room().join(JoinRequest::new(self.event, buyer)).await;
        let pass = joined.map_err(|error| with_causes(&error))?.pass();
        let pass = pass.ok_or("the waiting room did not admit a buyer at once")?;
        let mut held = None;
        if number % OFTEN_LATE == OFTEN_LATE - 1 {
            held = self.hold(number - 1, buyer, pass, counted).await?;
        }
        if held.is_none() {
            held = self.hold(number, buyer, pass, counted).await?;
        }
        let Some(reservation) = held else { return Ok(()) };
        let paid = self.box_office.payments().process(PrepareRequest::new(reservation.id, buyer)).await;
        paid.map_err(|error: PayError| with_causes(&error))?;
        counted.paid = counted.paid.saturating_add(1);
        Ok(())
    }

    /// Holds the seats of a number, measured; `None` if others have them.
    async fn hold(
        &self,
        number: u32,
        buyer: BuyerId,
        pass: AdmissionPass,
        counted: &mut Counted,
    ) -> Result<Option<Reservation>, String> {
        let first = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(self.tickets);
        let seats = self.seats.iter().skip(first).take(self.tickets).copied();
        let request = HoldRequest::new(self.event, buyer).seats(seats).pass(pass);
        let began = Instant::now();
        let held = self.box_office.sales().hold(request).await;
        counted.holds.push(began.elapsed());
        match held {
            Ok(reservation) => Ok(Some(reservation)),
            Err(CommandError::Refused(HoldRefused::SeatsTaken { .. })) => {
                counted.refused = counted.refused.saturating_add(1);
                Ok(None)
            }
            Err(error) => Err(with_causes(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_grows_up_to_the_number_asked_for() {
        assert_eq!(crowds(256), [1, 4, 16, 64, 256]);
        assert_eq!(crowds(100), [1, 4, 16, 64, 100]);
        assert_eq!(crowds(1), [1]);
    }
}
