//! The model for the checker.

use stateright::{Model, Property};

use crate::sale::{BUYERS, Sale};
use crate::step::{Staff, Step};
use tiketi_core::payment::PaymentState;

/// What bounds the sale.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many buyers act, at most [`BUYERS`].
    pub buyers: usize,
    /// Reservations of each buyer.
    pub reservations: usize,
    /// Payment attempts for each reservation.
    pub payments: usize,
    /// The last minute in which buyers act.
    pub minutes: u8,
    /// Whether staff act.
    pub staff: Staff,
}

/// The sale of two seats to two buyers.
#[derive(Debug, Clone, Copy)]
pub struct SmallSale {
    /// What bounds it.
    pub limits: Limits,
}

/// How long after the buyers' last minute everything must be over.
const TO_SETTLE: u8 = 4;

impl Model for SmallSale {
    type State = Sale;
    type Action = Step;

    fn init_states(&self) -> Vec<Sale> {
        vec![Sale::open()]
    }

    fn actions(&self, sale: &Sale, steps: &mut Vec<Step>) {
        let Limits { buyers, reservations, payments, minutes, staff } = self.limits;
        if sale.rows.first_due(sale.now()).is_some() {
            // Every command begins with this, so that whatever comes first, it is the first thing that happens.
            return steps.push(Step::Sweep);
        }
        if sale.minute <= minutes {
            (0..buyers.min(BUYERS))
                .for_each(|buyer| sale.steps_of_buyer(buyer, reservations, payments, steps));
        }
        sale.steps_of_money(staff, steps);
        let waits = sale.minute < minutes || waits_for_time(sale);
        if waits && sale.minute < minutes + TO_SETTLE {
            steps.push(Step::Tick);
        }
    }

    fn next_state(&self, sale: &Sale, step: Step) -> Option<Sale> {
        let mut next = sale.after(&step)?;
        next.wrong = sale.regress(&next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = invariants();
        let mut occasion = |name, is_so: fn(&Self, &Sale) -> bool| all.push(Property::sometimes(name, is_so));
        occasion("late money takes the seats again", |_, sale| sale.late_money_took_the_seats_again());
        if self.limits.buyers > 1 {
            occasion("a returned seat is sold again", |_, sale| sale.a_returned_seat_was_sold_again());
            occasion("both buyers own a seat", |_, sale| sale.both_own_a_seat());
        }
        if self.limits.buyers > 1 && self.limits.minutes > 0 {
            occasion("late money goes back", |_, sale| sale.late_money_went_back());
        }
        if self.limits.payments > 1 {
            occasion("a reservation is paid twice", |_, sale| sale.a_reservation_was_paid_twice());
        }
        if self.limits.staff == Staff::Act {
            occasion("an ended payment is captured", |_, sale| sale.an_ended_payment_was_captured());
        }
        all
    }
}

/// Returns what holds in every state.
fn invariants() -> Vec<Property<SmallSale>> {
    let always = |name, holds: fn(&SmallSale, &Sale) -> bool| Property::always(name, holds);
    vec![
        always("a seat has one owner", |_, sale| sale.has_one_owner_a_seat()),
        always("tickets are sold for captured money", |_, sale| sale.sells_for_captured_money()),
        always("money is kept for tickets only", |_, sale| sale.keeps_money_for_tickets_only()),
        always("at most the capture is refunded", |_, sale| sale.refunds_at_most_the_capture()),
        always("a missing answer is asked for", |_, sale| sale.asks_for_what_it_lacks()),
        always("the audit finds nothing", |_, sale| sale.passes_the_audit()),
        always("nothing goes backwards or happens twice", |_, sale| sale.wrong.is_none()),
        always("what is under way goes on by itself", SmallSale::goes_on),
    ]
}

impl SmallSale {
    /// Returns whether nothing is under way, or a step that no person has to take changes the state.
    fn goes_on(&self, sale: &Sale) -> bool {
        let mut steps = Vec::new();
        self.actions(sale, &mut steps);
        let mut own = steps.into_iter().filter(Step::happens_by_itself);
        sale.is_settled() || own.any(|step| sale.after(&step).is_some())
    }
}

/// Returns whether time alone changes the state: a hold ends, or "no such order" becomes final.
fn waits_for_time(sale: &Sale) -> bool {
    sale.rows.reservations().any(|reservation| reservation.held_until().is_some())
        || sale.rows.payments().any(|payment| matches!(payment.state, PaymentState::Confirming { .. }))
}
