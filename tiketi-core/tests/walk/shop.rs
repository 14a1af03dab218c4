//! A small event and its rows, on which the rules run as in a store.

use std::collections::HashMap;
use std::time::Duration;

use tiketi_core::decide::{
    AnyCommand, BeginConfirm, BeginRefund, BlockRefused, BlockSeats, CallOff, Cancel, CaptureOutcome, Change,
    Command, ConfirmFree, EndPayment, ExtendHold, Hold, ReconcileStep, RecordOutcome, RecordRefund,
    RefundOutcome, RefundWanted, Release, ScheduleReconciliation, Scope, Snapshot, StartPayment,
    UnblockSeats, Verdict, block_seats, expire, run, unblock_seats,
};
use tiketi_core::{
    BuyerId, CancellationPolicy, CommandError, CommandKey, Currency, Event, EventDetails, EventInput,
    IdSource, LayoutId, Money, PaymentId, Refund, RefundId, ReservationId, Row, SaleWindow, SeatId,
    SeatLayout, Section, Terms, TicketTypeId, TicketTypeInput, Timestamp,
    cancellation_policy::CancellationTier,
    catalog::NewEvent,
    clock::CountedIds,
    event::{EventState, EventStep, TermsOverride},
    gateway::{Captured, Confirms, DepositAsked},
    seat_layout::StoredLayout,
};
use uuid::Uuid;

use crate::book::{
    ASK_NOT_BEFORE, BEGINS, CAP, CLOSES, DEPOSIT, FEE, FREE, FULL_UNTIL, LIMIT, PART_REFUND, PART_UNTIL,
    SEAT_PRICES, STANDING, STANDING_PRICE, TROUBLE_AFTER, TTL, WINDOW, is_in_browser,
};
use crate::rows::Rows;
use crate::step::{Ask, Buyer, Said, Step};

const OPENS: &str = "2026-03-01T10:00:00Z";

pub(crate) struct TestShop {
    pub(crate) snapshot: Snapshot,
    pub(crate) seats: Vec<SeatId>,
    pub(crate) standing: TicketTypeId,
    pub(crate) free: TicketTypeId,
    pub(crate) now: Timestamp,
    /// The provider's own record of each payment.
    pub(crate) ledger: HashMap<PaymentId, Ledger>,
    pub(crate) tidies: bool,
    ids: CountedIds,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ledger {
    pub(crate) taken: i64,
    pub(crate) returned: i64,
}

pub(crate) fn moment(micros: i64) -> Timestamp {
    let opens: Timestamp = OPENS.parse().unwrap();
    Timestamp::from_micros(opens.as_micros() + micros)
}

pub(crate) fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

pub(crate) fn buyer_id(buyer: Buyer) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(0xB0 + buyer as u128))
}

pub(crate) fn reservation_id(at: usize) -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(0xA000 + at as u128))
}

pub(crate) fn payment_id(at: usize) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(0xF000 + at as u128))
}

pub(crate) fn micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap())
}

pub(crate) fn terms() -> Terms {
    Terms::default()
        .hold_ttl(micros(TTL))
        .hold_cap(micros(CAP))
        .payment_window(micros(WINDOW))
        .max_seats_per_buyer(LIMIT)
        .trouble_after(micros(TROUBLE_AFTER))
}

fn cancellation() -> CancellationPolicy {
    let tier = |end, share, fee| CancellationTier::new(micros(BEGINS - end), share, fee).unwrap();
    CancellationPolicy::new(&[tier(FULL_UNTIL, 0, 0), tier(PART_UNTIL, 1_000, FEE)]).unwrap()
}

fn new_event(ids: &CountedIds) -> NewEvent {
    let plan = SeatLayout::new("Harbour Hall", "Studio")
        .section(Section::new("Stalls", won(SEAT_PRICES[0])).row(Row::numbered("A", 3)))
        .section(Section::new("Balcony", won(SEAT_PRICES[3])).row(Row::numbered("B", 3)));
    let layout = LayoutId::from_uuid(ids.next());
    let stored = StoredLayout { id: layout, layout: plan, created_at: moment(0) };
    let details = EventDetails::new(
        "Evening of Lanterns",
        moment(BEGINS),
        SaleWindow::new(moment(0), moment(CLOSES)).unwrap(),
    )
    .artist("The Paper Moons")
    .venue("Harbour Hall")
    .terms(TermsOverride::default().cancellation(cancellation()));
    let counted = |name: &str, price: i64, capacity: u32| TicketTypeInput::new(name, won(price), capacity);
    let input = EventInput::new(details, Currency::KRW)
        .seated(layout)
        .ticket_type(counted("Standing", STANDING_PRICE, STANDING))
        .ticket_type(counted("Lap children", 0, FREE));
    NewEvent::assemble(&input, Some(&stored), ids, moment(0)).unwrap()
}

impl TestShop {
    pub(crate) fn open(tidies: bool) -> Self {
        let ids = CountedIds::seeded(0x5EED);
        let mut new = new_event(&ids);
        new.event.state = EventState::Published;
        let seats = new.seats.iter().map(|seat| seat.id).collect();
        let (standing, free) = (new.ticket_types[2].id, new.ticket_types[3].id);
        let mut snapshot = Snapshot::new(new.event);
        new.ticket_types.into_iter().for_each(|ticket_type| snapshot.put_ticket_type(ticket_type));
        new.seats.into_iter().for_each(|seat| snapshot.put_seat(seat));
        let ledger = HashMap::new();
        Self { snapshot, seats, standing, free, now: moment(0), ledger, tidies, ids }
    }

    /// Runs a step at a time of the model, and returns whether the rules accept it.
    pub(crate) fn take(&mut self, step: &Step, now: i64) -> bool {
        self.now = moment(now);
        match step {
            Step::Wait(_) => return true,
            Step::Tidy => {
                self.tidy(self.now);
                return true;
            }
            _ if self.tidies => self.tidy(self.now),
            _ => {}
        }
        self.sell(step)
    }

    fn sell(&mut self, step: &Step) -> bool {
        let now = self.now;
        match step {
            Step::Hold { .. } => self.run(self.hold(step)),
            Step::Extend { by, of } => self.run(ExtendHold::new(reservation_id(*of), buyer_id(*by), terms())),
            Step::Release { by, of, seats } => {
                let mut release = Release::all(reservation_id(*of), buyer_id(*by));
                release.seats = seats.as_deref().map(|seats| self.ids_of(seats));
                self.run(release)
            }
            Step::ConfirmFree { by, of } => self.run(ConfirmFree::new(reservation_id(*of), buyer_id(*by))),
            Step::Cancel { by: Some(by), of } => {
                self.run(Cancel::by_buyer(reservation_id(*of), buyer_id(*by)))
            }
            Step::Cancel { by: None, of } => self.run(Cancel::by_organiser(reservation_id(*of))),
            Step::Block { seat } => {
                let ask = BlockSeats::new(now, self.snapshot.event().id, self.ids_of(&[*seat]), "camera");
                self.organise(|scope| block_seats(scope, &ask))
            }
            Step::Unblock { seat } => {
                let ask = UnblockSeats::new(now, self.snapshot.event().id, self.ids_of(&[*seat]));
                self.organise(|scope| unblock_seats(scope, &ask))
            }
            Step::EndPayment { attempt } => {
                let end = EndPayment::new(payment_id(*attempt), "Kim", "the provider is silent");
                self.run(end.under(terms()))
            }
            Step::CancelEvent => self.cancel_event(),
            Step::CallOff { of } => self.run(CallOff::new(reservation_id(*of))),
            Step::ScheduleReconciliation { attempt, how } => {
                let because = self.ask(*attempt, *how);
                self.run(ScheduleReconciliation::new(payment_id(*attempt), because))
            }
            _ => self.pay(step),
        }
    }

    fn cancel_event(&mut self) -> bool {
        let event = self.snapshot.event().clone();
        let cancelled = event.state.apply(&EventStep::Cancel { at: self.now });
        cancelled.map(|state| self.snapshot.set_event(Event { state, ..event })).is_ok()
    }

    fn ask(&self, attempt: usize, how: Ask) -> ReconcileStep {
        let reconciliation = &self.snapshot.payment(payment_id(attempt)).unwrap().reconciliation;
        let tries = reconciliation.as_ref().map_or(0, |reconciliation| reconciliation.tries);
        match how {
            Ask::Claim => ReconcileStep::Claim { tries },
            Ask::StaleClaim => ReconcileStep::Claim { tries: tries.wrapping_sub(1) },
            Ask::Doubt => ReconcileStep::Inconclusive { answer: "HTTP 503".into() },
            Ask::Wait => ReconcileStep::Wait { until: self.now.after(micros(ASK_NOT_BEFORE)) },
            Ask::GiveUp => ReconcileStep::GiveUp,
            Ask::Deposit => ReconcileStep::Deposit(self.deposit()),
            Ask::DepositGone => ReconcileStep::DepositGone(self.deposit()),
            Ask::DepositBack => ReconcileStep::DepositBack,
        }
    }

    fn deposit(&self) -> DepositAsked {
        DepositAsked::default().due(self.now.after(micros(DEPOSIT)))
    }

    fn pay(&mut self, step: &Step) -> bool {
        match step {
            Step::Prepare { by, of } => {
                let attempt = self.snapshot.payments().count();
                let (id, of, by) = (payment_id(attempt), reservation_id(*of), buyer_id(*by));
                let mut start = StartPayment::new(id, of, by, terms()).through("test", "card");
                start.confirms = if is_in_browser(attempt) { Confirms::Browser } else { Confirms::Server };
                self.run(start)
            }
            Step::Confirm { by, attempt } => self.run(BeginConfirm::new(payment_id(*attempt), buyer_id(*by))),
            Step::Outcome { attempt, said } => {
                let outcome = self.outcome(*attempt, *said);
                let taken = match &outcome {
                    CaptureOutcome::Paid(captured) if *said != Said::AnotherOrder => captured.amount.minor(),
                    _ => 0,
                };
                let buyer = self.snapshot.payment(payment_id(*attempt)).unwrap().buyer;
                let record = RecordOutcome::new(payment_id(*attempt), outcome);
                let accepted = self.run(record.paid_by(buyer, terms()));
                if accepted {
                    self.ledger.entry(payment_id(*attempt)).or_default().taken += taken;
                }
                accepted
            }
            Step::Refund { by, attempt, part } => {
                let refund = RefundId::from_uuid(self.ids.next());
                let mut ask = BeginRefund::new(payment_id(*attempt), refund, "rain");
                ask.buyer = by.map(buyer_id);
                if *part {
                    ask = ask.only(won(PART_REFUND));
                }
                self.run(ask)
            }
            Step::GiveBack { by, attempt, tickets } => {
                let refund = RefundId::from_uuid(self.ids.next());
                let seats: Vec<usize> = tickets.seats.iter().copied().collect();
                let items = [(self.standing, tickets.standing), (self.free, tickets.free)];
                let items = items.into_iter().filter(|(_, quantity)| *quantity > 0).collect();
                let wanted = RefundWanted::tickets(self.ids_of(&seats), items);
                let mut ask = BeginRefund::new(payment_id(*attempt), refund, "rain").wanting(wanted);
                ask.buyer = by.map(buyer_id);
                self.run(ask)
            }
            Step::RefundEnds { attempt, done } => {
                let payment = self.snapshot.payment(payment_id(*attempt)).unwrap();
                let Some(Refund { id: refund, amount, .. }) = payment.refunds.last().cloned() else {
                    return false;
                };
                let refused = || RefundOutcome::Refused { code: "TOO_LATE".into() };
                let outcome = if *done { RefundOutcome::Done } else { refused() };
                let accepted = self.run(RecordRefund::new(payment_id(*attempt), refund, outcome));
                if accepted && *done {
                    self.ledger.entry(payment_id(*attempt)).or_default().returned += amount.minor();
                }
                accepted
            }
            other => unreachable!("{other:?} moves no money"),
        }
    }

    fn hold(&self, step: &Step) -> Hold {
        let Step::Hold { buyer, seats, standing, free } = step else { unreachable!("{step:?} is no hold") };
        let id = reservation_id(self.snapshot.reservations().count());
        let event = self.snapshot.event().id;
        let mut hold = Hold::new(event, buyer_id(*buyer), id, terms());
        hold.seats = self.ids_of(seats);
        let items = [(self.standing, *standing), (self.free, *free)];
        hold.items = items.into_iter().filter(|(_, quantity)| *quantity > 0).collect();
        hold
    }

    fn outcome(&self, attempt: usize, said: Said) -> CaptureOutcome {
        let asked = self.snapshot.payment(payment_id(attempt)).unwrap().amount;
        let (order, provider_key) = (payment_id(attempt).to_string(), format!("taken-{attempt}"));
        match said {
            Said::Paid => CaptureOutcome::Paid(Captured::kept(order, provider_key, asked)),
            Said::AnotherOrder => CaptureOutcome::Paid(Captured::kept("another-order", provider_key, asked)),
            Said::Declined => CaptureOutcome::Declined { code: "CARD_EXPIRED".into() },
            Said::WrongAmount => {
                let amount = asked.minus(won(1)).unwrap();
                CaptureOutcome::Paid(Captured::kept(order, provider_key, amount))
            }
        }
    }

    fn ids_of(&self, seats: &[usize]) -> Vec<SeatId> {
        seats.iter().map(|seat| self.seats[*seat]).collect()
    }

    /// Decides a command and applies its change. A refused command changes no row, and an applied command that is
    /// sent again is replayed.
    ///
    /// Fails if `run` does not store the command record.
    fn run(&mut self, command: impl Into<AnyCommand>) -> bool {
        let command = &command.into().at(self.now, CommandKey::from_uuid(self.ids.next()));
        let before = Rows::of(&self.snapshot);
        self.snapshot.set_serial(before.reservations.len() as u64 + 1);
        match run(command, &self.snapshot, None) {
            Ok(Verdict::Apply(change, record)) => {
                self.write(&before, &change);
                let again = run(command, &self.snapshot, Some(&record));
                assert!(
                    matches!(&again, Ok(Verdict::Replay(effect)) if *effect == record.effect),
                    "sent again, {command:?} is {again:?}"
                );
                true
            }
            Ok(Verdict::Replay(effect)) => panic!("{command:?} was never sent and is replayed as {effect:?}"),
            Err(CommandError::Refused(_)) => {
                assert_eq!(Rows::of(&self.snapshot), before, "a refused command changed something");
                false
            }
            Err(error) => panic!("{command:?} failed: {error:?}"),
        }
    }

    fn organise(
        &mut self,
        decide: impl Fn(&dyn Scope) -> Result<Change, CommandError<BlockRefused>>,
    ) -> bool {
        let before = Rows::of(&self.snapshot);
        match decide(&self.snapshot) {
            Ok(change) => {
                self.write(&before, &change);
                true
            }
            Err(CommandError::Refused(_)) => false,
            Err(error) => panic!("blocking failed: {error:?}"),
        }
    }

    /// Ends every reservation that is due.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        self.now = now;
        while let Some(due) = self.snapshot.first_due(now) {
            let before = Rows::of(&self.snapshot);
            let change = expire(&self.snapshot, due, now).unwrap().expect("what is due can be ended");
            self.write(&before, &change);
        }
    }

    fn write(&mut self, before: &Rows, change: &Change) {
        self.snapshot.apply(change).unwrap();
        before.check_step_to(&Rows::of(&self.snapshot), change, self.now);
    }
}
