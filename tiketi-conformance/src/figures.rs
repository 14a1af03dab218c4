//! A random trade, and an independent account of it, with which figures are compared.
//!
//! The account reads facts and uses no code of [`tiketi_core::figures`].

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use tiketi_core::decide::{Cancel, RefundWanted};
use tiketi_core::fact::{FactKind, PaymentSummary, ReservationSummary};
use tiketi_core::figures::Tally;
use tiketi_core::notifier::SubscriberName;
use tiketi_core::payment::PaymentState;
use tiketi_core::reservation::CancelReason;
use tiketi_core::{
    Currency, EventId, EventInput, Fact, FactBody, Money, Payment, PaymentId, Reservation, TicketTypeId,
    TicketTypeInput, Timestamp, catalog::NewEvent, event::EventStep, store::SalesStore,
};
use tiketi_workload::Chance;

use crate::hall::Hall;
use crate::shop::TestShop;

/// What an account is about: an event or the shop, and a day or all days.
pub type AccountKey = (Option<EventId>, Option<i32>);
/// Named numbers, without those that are zero.
pub type Numbers = BTreeMap<String, i64>;

/// An account of a trade, made from its facts.
pub struct Account {
    subscriber: SubscriberName,
    local: Box<dyn Fn(Timestamp) -> (i32, u8) + Send + Sync>,
    sums: BTreeMap<AccountKey, Numbers>,
    /// What was captured and refunded by each payment so far.
    payments: HashMap<PaymentId, (i64, i64, bool)>,
    /// The tickets of each confirmed reservation that are not returned.
    owned: HashMap<tiketi_core::ReservationId, BTreeMap<TicketTypeId, i64>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

impl Account {
    /// Registers for the facts of a shop; `local` says the day since 1970-01-01 and the quarter of an hour of a moment.
    pub async fn open(
        shop: &TestShop,
        local: impl Fn(Timestamp) -> (i32, u8) + Send + Sync + 'static,
    ) -> Self {
        let subscriber = SubscriberName::new("account").expect("the name is valid");
        let kinds = [
            FactKind::ReservationConfirmed,
            FactKind::ReservationExpired,
            FactKind::ReservationCancelled,
            FactKind::TicketsReturned,
            FactKind::PaymentUpdated,
        ];
        shop.subscribe(&subscriber, kinds.into_iter().collect()).await;
        Self {
            subscriber,
            local: Box::new(local),
            sums: BTreeMap::new(),
            payments: HashMap::new(),
            owned: HashMap::new(),
        }
    }

    /// Reads the facts that wait.
    pub async fn read(&mut self, shop: &TestShop) {
        let store = shop.store();
        loop {
            let claimed = store.claim_outbox(&self.subscriber, Timestamp::FAR_FUTURE, Duration::ZERO, 500);
            let claimed = claimed.await.expect("facts can be claimed");
            if claimed.is_empty() {
                return;
            }
            let keys: Vec<_> = claimed.iter().map(|claimed| claimed.fact.key()).collect();
            store.ack_outbox(&self.subscriber, &keys).await.expect("facts can be acknowledged");
            for one in &claimed {
                self.enter(&one.fact);
            }
        }
    }

    /// Returns the numbers of an event or the shop, and of a day or all days.
    pub fn numbers(&self, key: AccountKey) -> Numbers {
        let mut numbers = self.sums.get(&key).cloned().unwrap_or_default();
        numbers.retain(|_, number| *number != 0);
        numbers
    }

    /// Returns every key of which something is known.
    pub fn keys(&self) -> impl Iterator<Item = AccountKey> {
        self.sums.keys().copied()
    }

    fn add(&mut self, event: EventId, at: Timestamp, what: &str, number: i64) {
        let (day, quarter) = (self.local)(at);
        for key in [(Some(event), Some(day)), (Some(event), None), (None, Some(day)), (None, None)] {
            let is_type = what.starts_with("type ");
            if is_type && key.0.is_none() {
                continue;
            }
            let numbers = self.sums.entry(key).or_default();
            *numbers.entry(what.to_owned()).or_default() += number;
            if key.1.is_some() && matches!(what, "started" | "confirmed" | "sold") {
                *numbers.entry(format!("quarter {quarter} {what}")).or_default() += number;
            }
        }
    }

    fn enter(&mut self, fact: &Fact) {
        let (event, at) = (fact.event, fact.at);
        match &fact.body {
            FactBody::ReservationConfirmed { reservation } => {
                self.add(event, at, "confirmed", 1);
                let tickets = tickets_of(reservation);
                self.tickets(event, at, "sold", &tickets);
                self.owned.insert(reservation.id, tickets);
            }
            FactBody::ReservationExpired { .. } => self.add(event, at, "expired", 1),
            FactBody::TicketsReturned { reservation, .. } => {
                let left = tickets_of(reservation);
                let mut gone = self.owned.insert(reservation.id, left.clone()).unwrap_or_default();
                for (ticket_type, number) in left {
                    *gone.entry(ticket_type).or_default() -= number;
                }
                self.tickets(event, at, "returned", &gone);
            }
            FactBody::ReservationCancelled { reservation, reason } => {
                if let Some(owned) = self.owned.remove(&reservation.id) {
                    self.tickets(event, at, "returned", &owned);
                }
                let what = match reason {
                    CancelReason::ByBuyer => "cancelled by buyer",
                    CancelReason::ByOrganiser => "cancelled by organiser",
                    CancelReason::Refunded => "cancelled refunded",
                };
                self.add(event, at, what, 1);
            }
            FactBody::PaymentUpdated { payment } => self.payment(event, at, payment),
            _ => {}
        }
    }

    fn tickets(&mut self, event: EventId, at: Timestamp, what: &str, tickets: &BTreeMap<TicketTypeId, i64>) {
        for (ticket_type, number) in tickets {
            self.add(event, at, what, *number);
            self.add(event, at, &format!("type {ticket_type} {what}"), *number);
        }
    }

    fn payment(&mut self, event: EventId, at: Timestamp, payment: &PaymentSummary) {
        let name = format!("{} {}", payment.method, payment.amount.currency());
        let known = self.payments.get(&payment.id).copied();
        if known.is_none() {
            self.add(event, at, &format!("{name} attempts"), 1);
        }
        let (captured, refunded, declined) = known.unwrap_or_default();
        let now = (
            payment.captured.map_or(0, Money::minor),
            payment.refunded.minor(),
            matches!(payment.state, PaymentState::Declined { .. }),
        );
        self.payments.insert(payment.id, now);
        if now.0 > captured {
            self.add(event, at, &format!("{name} captured"), 1);
            self.add(event, at, &format!("{name} gross"), now.0);
        }
        if now.1 > refunded {
            self.add(event, at, &format!("{name} refunds"), 1);
            self.add(event, at, &format!("{name} refunded"), now.1 - refunded);
        }
        if now.2 && !declined {
            self.add(event, at, &format!("{name} declined"), 1);
        }
    }
}

fn tickets_of(reservation: &ReservationSummary) -> BTreeMap<TicketTypeId, i64> {
    let mut tickets = BTreeMap::new();
    for line in &reservation.seats {
        *tickets.entry(line.ticket_type).or_default() += 1;
    }
    for line in &reservation.items {
        *tickets.entry(line.ticket_type).or_default() += i64::from(line.quantity);
    }
    tickets
}

/// Returns a tally as named numbers.
pub fn numbers_of(tally: &Tally) -> Numbers {
    let mut numbers = Numbers::new();
    let mut add = |name: String, number: i64| {
        if number != 0 {
            numbers.insert(name, number);
        }
    };
    for (name, number) in [
        ("started", tally.started),
        ("confirmed", tally.confirmed),
        ("expired", tally.expired),
        ("cancelled by buyer", tally.cancelled_by_buyer),
        ("cancelled by organiser", tally.cancelled_by_organiser),
        ("cancelled refunded", tally.cancelled_refunded),
        ("sold", tally.tickets_sold),
        ("returned", tally.tickets_returned),
    ] {
        add(name.to_owned(), number);
    }
    for (key, of) in &tally.methods {
        for (name, number) in [
            ("attempts", of.attempts),
            ("captured", of.captured),
            ("declined", of.declined),
            ("refunds", of.refunds),
            ("gross", of.gross),
            ("refunded", of.refunded),
        ] {
            add(format!("{} {} {name}", key.method, key.currency), number);
        }
    }
    for (ticket_type, of) in &tally.types {
        add(format!("type {ticket_type} sold"), of.sold);
        add(format!("type {ticket_type} returned"), of.returned);
    }
    for (at, of) in &tally.quarters {
        add(format!("quarter {at} started"), of.started);
        add(format!("quarter {at} confirmed"), of.confirmed);
        add(format!("quarter {at} sold"), of.tickets);
    }
    numbers
}

/// What a random trade sells: halls with seats, and events with many standing tickets.
#[derive(Debug)]
struct Venue {
    hall: Option<Hall>,
    event: EventId,
    standing: TicketTypeId,
    free: TicketTypeId,
}

/// Trades at random: holds, pays, declines, lets holds end, cancels, refunds, and calls an event off.
///
/// The clock moves by up to `step` before each reservation, and backwards never.
#[derive(Debug)]
pub struct Trade {
    shop: TestShop,
    venues: Vec<Venue>,
    chance: Chance,
    step: Duration,
    sold: Vec<(Reservation, Payment)>,
    started: usize,
}

impl Trade {
    /// Opens events with seats and without, in two currencies.
    pub async fn open(shop: &TestShop, seed: u64, step: Duration) -> Self {
        let mut venues = Vec::new();
        for _ in 0..2 {
            let hall = shop.hall_with(long_sale(shop)).await;
            let (event, standing, free) = (hall.event, hall.standing, hall.free);
            venues.push(Venue { hall: Some(hall), event, standing, free });
        }
        for currency in [Currency::KRW, Currency::EUR, Currency::KRW] {
            venues.push(field(shop, currency).await);
        }
        let (shop, chance) = (shop.clone(), Chance::of(seed, "trade"));
        Self { shop, venues, chance, step, sold: Vec::new(), started: 0 }
    }

    /// Returns the events.
    pub fn events(&self) -> Vec<EventId> {
        self.venues.iter().map(|venue| venue.event).collect()
    }

    /// Returns how many reservations were made.
    pub fn started(&self) -> usize {
        self.started
    }

    /// Makes one reservation, if there are tickets, and decides how it ends.
    pub async fn reserve(&mut self, account: &mut Account) {
        let millis = u64::try_from(self.step.as_millis()).expect("a step is short");
        self.shop.advance(Duration::from_millis(self.chance.below(millis)));
        let venue = &self.venues[self.chance.place(self.venues.len())];
        let buyer = self.shop.buyer();
        let hold =
            tiketi_core::decide::Hold::new(venue.event, buyer, self.shop.reservation_id(), self.shop.terms());
        let is_free = self.chance.below(6) == 0;
        let quantity = u32::try_from(1 + self.chance.below(3)).expect("it is small");
        let hold = if is_free {
            hold.item(venue.free, quantity)
        } else {
            let seats = venue.hall.iter().flat_map(|hall| hall.seats.iter());
            let (skip, take) = (self.chance.place(20), self.chance.place(3));
            hold.seats(seats.skip(skip).take(take).copied()).item(venue.standing, quantity)
        };
        let Ok(applied) = self.shop.send(hold).await else { return };
        self.started += 1;
        account.add(venue.event, applied.reservation.created_at, "started", 1);
        self.settle(applied.reservation, is_free).await;
        if self.chance.below(8) == 0 {
            self.give_back().await;
        }
    }

    /// Lets every hold end: figures count a reservation once it has ended or is confirmed.
    pub async fn end_holds(&self) {
        self.shop.advance(self.shop.terms().hold_ttl);
        let store = self.shop.store();
        while !store.expire_due(self.shop.now(), 500).await.expect("holds can end").done.is_empty() {}
    }

    /// Calls the last event off.
    pub async fn call_off(&mut self, sales: &dyn SalesStore) {
        let event = self.venues.last().expect("there are events").event;
        let step = EventStep::Cancel { at: self.shop.now() };
        self.shop.store().step_event(event, step).await.expect("an event can be called off");
        loop {
            let to_do = sales.to_call_off(500).await.expect("they can be listed");
            if to_do.is_empty() {
                return;
            }
            for id in to_do {
                let called = self.shop.send(tiketi_core::decide::CallOff::new(id)).await;
                let payment = called.expect("it can be called off").payment;
                if let Some(refund) = payment.as_ref().and_then(|payment| payment.queued_refund()) {
                    let payment = payment.as_ref().expect("it has a refund");
                    let _done = self.shop.send(self.shop.refunded(payment, refund.id)).await;
                }
            }
        }
    }

    async fn settle(&mut self, held: Reservation, is_free: bool) {
        let shop = self.shop.clone();
        match self.chance.below(10) {
            0 => {}
            1 => drop(shop.send(Cancel::by_buyer(held.id, held.buyer)).await),
            2 => drop(shop.send(Cancel::by_organiser(held.id)).await),
            _ if is_free => {
                shop.apply(shop.confirm_free(&held)).await;
                if self.chance.below(4) == 0 {
                    drop(shop.send(Cancel::by_buyer(held.id, held.buyer)).await);
                }
            }
            choice => {
                if choice == 3 {
                    let declined = shop.confirming(&held).await;
                    shop.apply(shop.declined(&declined)).await;
                }
                self.sold.push(shop.sold(&held).await);
            }
        }
    }

    /// Returns some or all tickets of an earlier sale, or waives a part of the price.
    async fn give_back(&mut self) {
        if self.sold.is_empty() {
            return;
        }
        let at = self.chance.place(self.sold.len());
        let (reservation, payment) = self.sold[at].clone();
        let reservation = self.shop.now_of(&reservation).await;
        let wanted = match self.chance.below(4) {
            0 => RefundWanted::everything(),
            1 => RefundWanted::Waiver { amount: Money::new(10, payment.amount.currency()) },
            _ => {
                let seats = reservation.seats.iter().take(1).map(|line| line.seat).collect();
                let items = reservation.items.iter().take(1).map(|line| (line.ticket_type, 1)).collect();
                RefundWanted::tickets(seats, items)
            }
        };
        let command = self.shop.refund(&payment).wanting(wanted);
        let refund = command.refund;
        if self.shop.send(command).await.is_ok() {
            let _done = self.shop.send(self.shop.refunded(&payment, refund)).await;
        }
    }
}

fn long_sale(shop: &TestShop) -> tiketi_core::EventDetails {
    let mut details = shop.details("A year of lanterns");
    let closes_at = shop.now().after(Duration::from_hours(24 * 800));
    details.sale = tiketi_core::SaleWindow::new(shop.now().before(Duration::from_secs(1)), closes_at)
        .expect("it opens before it closes");
    details.starts_at = closes_at;
    details
}

/// Publishes an event with a million standing tickets, and a million free ones.
async fn field(shop: &TestShop, currency: Currency) -> Venue {
    let of = |name: &str, price| TicketTypeInput::new(name, Money::new(price, currency), 1_000_000);
    let input = EventInput::new(long_sale(shop), currency)
        .ticket_type(of("Standing", 30_000))
        .ticket_type(of("Free", 0));
    let new = NewEvent::assemble(&input, None, shop.ids(), shop.now()).expect("the event is sound");
    let (event, standing, free) = (new.event.id, new.ticket_types[0].id, new.ticket_types[1].id);
    shop.create(new).await.expect("an event can be stored");
    shop.known().events.push(event);
    shop.store().step_event(event, EventStep::Publish).await.expect("a draft can be published");
    Venue { hall: None, event, standing, free }
}
