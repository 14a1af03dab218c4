//! How a run begins: two events in both stores, and the people who come.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::clock::ManualClock;
use tiketi_core::memory::MemoryStore;
use tiketi_core::terms::{LatePayment, RefundedSeats};
use tiketi_core::{
    BoxOffice, CancellationPolicy, Currency, EventDetails, EventInput, Money, Row, SaleWindow, SeatLayout,
    Section, Terms, TicketTypeInput, Timestamp, cancellation_policy::CancellationTier, event::TermsOverride,
};
use tiketi_workload::{Chance, Clerk, Meddler, Organiser};

use crate::differential::people::{Purchases, Stock, UNITS};
use crate::differential::side::{SERVERS, Setup, Side};
use crate::differential::story::Story;
use crate::differential::{Reached, Run};
use crate::factory::{CommandOrder, WholeStore};
use crate::handles::Handles;
use crate::shop::START;

/// People in the shop at once.
pub(super) const PEOPLE: usize = 8;
/// Events that are sold.
const EVENTS: usize = 2;
/// Seats of each row.
const SEATS: u32 = 5;
const MINUTE: Duration = Duration::from_mins(1);
/// From the beginning of a run to the start of its events.
const STARTS_IN: Duration = Duration::from_hours(3);

impl Run {
    /// Creates the same events in both stores.
    pub(super) async fn begin(stores: Handles<dyn WholeStore>, order: CommandOrder, seed: u64) -> Self {
        let now: Timestamp = START.parse().expect("the start is a time");
        let clock = Arc::new(ManualClock::at(now));
        let terms = terms(&mut Chance::of(seed, "terms"));
        let setup = Setup { seed, people: PEOPLE, clock, now, terms };
        let tested = Side::open("the store under test", stores, order, &setup).await;
        let memory: Arc<dyn WholeStore> = Arc::new(MemoryStore::default());
        let memory = Side::open("memory", Handles::new(vec![memory]), CommandOrder::AsSent, &setup).await;
        let mut stocks = Vec::new();
        for event in 0..EVENTS {
            let staff = memory.staff(event);
            let made = stock(memory.office(staff)).await;
            let same = stock(tested.office(staff)).await;
            assert_eq!((made.event, &made.seats), (same.event, &same.seats), "ids come from the seed");
            stocks.push(made);
        }
        Self::with(setup, (tested, memory), stocks)
    }

    fn with(setup: Setup, (tested, memory): (Side, Side), stocks: Vec<Stock>) -> Self {
        let seed = setup.seed;
        let offices = 0..=PEOPLE + SERVERS;
        let ids = |office| (format!("{}-0000-0000", first_half(&setup, office)), setup.name(office) + ".");
        let shape = stocks.first().expect("there are events").shape();
        let organiser = |(at, stock): (usize, &Stock)| {
            Organiser::new(Chance::of(seed, &format!("organiser {at}")), stock.shape())
        };
        let mut run = Self {
            tested,
            memory,
            events: stocks.iter().map(|stock| stock.event).collect(),
            people: Vec::new(),
            buyers: Vec::new(),
            purchases: Purchases::default(),
            organisers: stocks.iter().enumerate().map(organiser).collect(),
            clerk: Clerk::new(Chance::of(seed, "clerk"), shape),
            meddler: Meddler::new(Chance::of(seed, "meddler"), shape),
            order: Chance::of(seed, "order"),
            keys: setup.ids(PEOPLE + SERVERS),
            sent: Vec::new(),
            story: Story::new(seed, setup.now, offices.map(ids).collect()),
            reached: Reached::new(),
            stocks,
            setup,
        };
        for place in 0..PEOPLE {
            let person = run.new_person(place);
            run.people.push(person);
        }
        run
    }
}

impl Setup {
    /// Returns the name of an office in stories.
    pub(super) fn name(&self, office: usize) -> String {
        if office < self.people { format!("B{office}") } else { format!("S{}", office - self.people) }
    }
}

fn first_half(setup: &Setup, office: usize) -> String {
    let half = format!("{:016x}", setup.first_half(office));
    let (a, rest) = half.split_at(8);
    let (b, c) = rest.split_at(4);
    format!("{a}-{b}-{c}")
}

fn terms(chance: &mut Chance) -> Terms {
    let hold_ttl = MINUTE.saturating_mul(u32::try_from(chance.between(1, 4)).expect("it is small"));
    Terms::default()
        .hold_ttl(hold_ttl)
        .hold_cap(hold_ttl.saturating_mul(3))
        .payment_window(MINUTE)
        .ask_again_after(Duration::from_secs(20))
        .trouble_after(MINUTE.saturating_mul(2))
        .max_seats_per_buyer(u32::try_from(chance.between(3, 6)).expect("it is small"))
        .late_payment(if chance.happens(700) {
            LatePayment::TakeAgainElseRefund
        } else {
            LatePayment::Refund
        })
        .refunded_seats(if chance.happens(800) { RefundedSeats::OnSale } else { RefundedSeats::Blocked })
}

/// All comes back until half an hour after the run began, then a part of it until two hours after it, then nothing.
fn cancellation() -> CancellationPolicy {
    let tier = |before_start: Duration, share, fee| {
        CancellationTier::new(before_start, share, fee).expect("the tier is sound")
    };
    let half_an_hour = MINUTE.saturating_mul(30);
    let tiers = [tier(STARTS_IN.saturating_sub(half_an_hour), 0, 0), tier(half_an_hour, 1_000, 300)];
    CancellationPolicy::new(&tiers).expect("the tiers are sound")
}

/// Creates and publishes an event through a box office.
async fn stock(office: &BoxOffice) -> Stock {
    let (catalog, now) = (office.catalog(), office.now());
    let won = |minor| Money::new(minor, Currency::KRW);
    let layout = SeatLayout::new("Harbour Hall", "Studio")
        .section(Section::new("Stalls", won(30_000)).row(Row::numbered("A", SEATS)))
        .section(Section::new("Balcony", won(12_500)).row(Row::numbered("B", SEATS)));
    let layout = catalog.create_layout(layout, None).await.expect("a layout can be stored");
    let sale = SaleWindow::new(now, now.after(STARTS_IN)).expect("it opens before it closes");
    let details = EventDetails::new("Evening of Lanterns", now.after(STARTS_IN), sale)
        .terms(TermsOverride::default().cancellation(cancellation()));
    let units = |at: usize, price| TicketTypeInput::new(format!("Standing {at}"), won(price), UNITS);
    let input = EventInput::new(details, Currency::KRW)
        .seated(layout.id)
        .ticket_type(units(0, 7_000))
        .ticket_type(units(1, 0));
    let view = catalog.create_event(input).await.expect("an event can be stored");
    let event = view.event.id;
    catalog.publish_event(event).await.expect("a draft can be published");
    let map = catalog.seat_map(event, 0).await.expect("a map can be read").expect("the event exists");
    let standing = view.ticket_types.iter().filter(|it| it.name.starts_with("Standing"));
    Stock {
        event,
        seats: map.seats.iter().map(|seat| seat.id).collect(),
        types: standing.map(|it| it.id).collect(),
    }
}
