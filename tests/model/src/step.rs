//! What can happen to the sale.

use tiketi_core::Reservation;
use tiketi_core::decide::{
    BeginConfirm, BeginRefund, EndPayment, Hold, RecordOutcome, RecordRefund, RefundOutcome, RefundWanted,
    Release, StartPayment,
};
use tiketi_core::id::{PaymentId, RefundId};
use tiketi_core::payment::PaymentState;

use crate::provider::{Account, Answer, Order};
use crate::sale::{SEATS, Sale, buyer, terms};

/// One step; buyers are numbers, seats are numbers in their row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A buyer holds seats, or adds them to what the buyer holds.
    Hold {
        /// The buyer.
        buyer: usize,
        /// The seats.
        seats: Vec<usize>,
    },
    /// A buyer gives back what they hold.
    Release {
        /// The buyer.
        buyer: usize,
    },
    /// A buyer starts a payment.
    Prepare {
        /// The buyer.
        buyer: usize,
    },
    /// A buyer confirms a payment: the shop commits the intent and sends the request.
    Confirm {
        /// The payment.
        payment: PaymentId,
    },
    /// A buyer gives back bought tickets.
    GiveBack {
        /// The payment.
        payment: PaymentId,
        /// One of the seats; `None` gives back all.
        seat: Option<usize>,
    },
    /// The provider captures the money.
    Capture(PaymentId),
    /// The provider declines.
    Decline(PaymentId),
    /// The request for money is lost.
    Lose(PaymentId),
    /// An answer or a webhook about an order arrives, at once or late, and not for the last time.
    Answer(PaymentId, Answer),
    /// The provider does the refund that is queued.
    DoRefund(PaymentId),
    /// The provider refuses the refund that is queued.
    RefuseRefund(PaymentId),
    /// The answer to the request for a refund arrives, not for the last time.
    AnswerRefund(PaymentId, RefundId),
    /// Somebody refunds this much at the provider, without the shop.
    RefundByHand(PaymentId, i64),
    /// Staff end a payment whose answer is missing.
    EndPayment(PaymentId),
    /// The sweeper runs.
    Sweep,
    /// A minute passes.
    Tick,
}

impl Step {
    /// Returns whether the step happens by itself: no buyer, no staff and no ill will is needed.
    pub(crate) fn happens_by_itself(&self) -> bool {
        match self {
            Self::Capture(_)
            | Self::Decline(_)
            | Self::Lose(_)
            | Self::Answer(..)
            | Self::DoRefund(_)
            | Self::AnswerRefund(..)
            | Self::Sweep
            | Self::Tick => true,
            Self::Hold { .. }
            | Self::Release { .. }
            | Self::Prepare { .. }
            | Self::Confirm { .. }
            | Self::GiveBack { .. }
            | Self::RefuseRefund(_)
            | Self::RefundByHand(..)
            | Self::EndPayment(_) => false,
        }
    }
}

impl Sale {
    /// Returns the state after a step; `None` if the step is refused or cannot happen.
    pub(crate) fn after(&self, step: &Step) -> Option<Self> {
        let mut next = self.clone();
        let happened = match step {
            Step::Hold { buyer, seats } => next.hold(*buyer, seats),
            Step::Release { buyer } => next.release(*buyer),
            Step::Prepare { buyer } => next.prepare(*buyer),
            Step::Confirm { payment } => next.confirm(*payment),
            Step::GiveBack { payment, seat } => next.give_back(*payment, *seat),
            Step::Capture(payment) => next.decides(*payment, Order::Captured),
            Step::Decline(payment) => next.decides(*payment, Order::Declined),
            Step::Lose(payment) => next.decides(*payment, Order::Lost),
            Step::Answer(payment, answer) => next.answered(*payment, *answer),
            Step::DoRefund(payment) => next.does_refund(*payment),
            Step::RefuseRefund(payment) => next.refuses_refund(*payment),
            Step::AnswerRefund(payment, refund) => next.answered_refund(*payment, *refund),
            Step::RefundByHand(payment, amount) => next.refund_by_hand(*payment, *amount),
            Step::EndPayment(payment) => next.end_payment(*payment),
            Step::Sweep => next.sweep(),
            Step::Tick => {
                next.minute += 1;
                true
            }
        };
        happened.then_some(next)
    }

    fn hold(&mut self, of: usize, seats: &[usize]) -> bool {
        let seats = seats.iter().map(|at| self.seat(*at));
        let hold = Hold::new(self.event().id, buyer(of), self.next_reservation(of), terms()).seats(seats);
        self.execute(hold)
    }

    fn release(&mut self, of: usize) -> bool {
        let Some(id) = self.held_by(of).map(|reservation| reservation.id) else { return false };
        self.execute(Release::all(id, buyer(of)))
    }

    fn prepare(&mut self, of: usize) -> bool {
        let Some(id) = self.held_by(of).map(|reservation| reservation.id) else { return false };
        let start = StartPayment::new(self.next_payment(of), id, buyer(of), terms());
        self.execute(start.through("test", "card"))
    }

    fn confirm(&mut self, id: PaymentId) -> bool {
        let confirm = BeginConfirm::new(id, self.payment(id).buyer).under(terms());
        let began = self.execute(confirm);
        if began {
            self.accounts.insert(id, Account::new());
        }
        began
    }

    fn give_back(&mut self, id: PaymentId, seat: Option<usize>) -> bool {
        let payment = self.payment(id);
        let wanted = match seat {
            Some(at) => RefundWanted::tickets(vec![self.seat(at)], Vec::new()),
            None => RefundWanted::everything(),
        };
        let refund = BeginRefund::new(id, RefundId::derived(id, &payment.refunds.len().to_string()), "rain");
        let refund = refund.by_buyer(payment.buyer).wanting(wanted).under(terms());
        self.execute(refund)
    }

    fn decides(&mut self, id: PaymentId, order: Order) -> bool {
        let amount = self.payment(id).amount.minor();
        let account = self.accounts.get_mut(&id).unwrap();
        match order {
            Order::Captured => account.capture(amount),
            Order::Open | Order::Lost | Order::Declined => account.order = order,
        }
        true
    }

    fn answered(&mut self, id: PaymentId, answer: Answer) -> bool {
        let payment = self.payment(id);
        let outcome = answer.about(payment, self.accounts[&id].captured);
        let record = RecordOutcome::new(id, outcome).paid_by(payment.buyer, terms());
        let news = self.execute(record.clone());
        if news && self.execute(record) {
            self.wrong = Some("an answer took effect twice");
        }
        news
    }

    fn does_refund(&mut self, id: PaymentId) -> bool {
        let queued = self.payment(id).queued_refund().unwrap();
        let (refund, amount) = (queued.id, queued.amount.minor());
        let account = self.accounts.get_mut(&id).unwrap();
        if amount > account.left() {
            account.refused.push(refund);
        } else {
            account.refund(amount);
            account.done.push(refund);
        }
        true
    }

    fn refuses_refund(&mut self, id: PaymentId) -> bool {
        let refund = self.payment(id).queued_refund().unwrap().id;
        self.accounts.get_mut(&id).unwrap().refused.push(refund);
        true
    }

    fn answered_refund(&mut self, id: PaymentId, refund: RefundId) -> bool {
        let outcome = if self.accounts[&id].done.contains(&refund) {
            RefundOutcome::Done
        } else {
            RefundOutcome::Refused { code: "REFUSED".to_owned() }
        };
        let record = RecordRefund::new(id, refund, outcome).under(terms());
        let news = self.execute(record.clone());
        if news && self.execute(record) {
            self.wrong = Some("an answer about a refund took effect twice");
        }
        news
    }

    fn refund_by_hand(&mut self, id: PaymentId, amount: i64) -> bool {
        self.accounts.get_mut(&id).unwrap().refund(amount);
        true
    }

    fn end_payment(&mut self, id: PaymentId) -> bool {
        self.execute(EndPayment::new(id, "staff", "no answer").under(terms()))
    }

    /// Returns a buyer's reservation that is held, ended or not.
    pub(crate) fn held_by(&self, of: usize) -> Option<&Reservation> {
        self.reservations_of(of).find(|reservation| reservation.held_until().is_some())
    }

    /// Returns what may happen at the provider, and what it may say.
    pub(crate) fn steps_of_money(&self, staff: Staff, found: &mut Vec<Step>) {
        for (id, account) in &self.accounts {
            if account.order == Order::Open {
                found.extend([Step::Capture(*id), Step::Decline(*id), Step::Lose(*id)]);
            }
            found.extend(account.answers().into_iter().map(|answer| Step::Answer(*id, answer)));
            let payment = self.payment(*id);
            let decided = |id: &RefundId| account.done.contains(id) || account.refused.contains(id);
            if payment.queued_refund().is_some_and(|queued| !decided(&queued.id)) {
                found.push(Step::DoRefund(*id));
                if staff == Staff::Act {
                    found.push(Step::RefuseRefund(*id));
                }
            }
            let answers = account.done.iter().chain(&account.refused);
            found.extend(answers.map(|refund| Step::AnswerRefund(*id, *refund)));
            if staff == Staff::Act {
                self.steps_of_staff(*id, account, found);
            }
        }
    }

    fn steps_of_staff(&self, id: PaymentId, account: &Account, found: &mut Vec<Step>) {
        let by_hand = account.refunded.len() > account.done.len() + 1;
        if account.left() > 0 && !by_hand {
            // A part that is no price of a seat, and everything.
            found.push(Step::RefundByHand(id, account.left() / 4));
            found.push(Step::RefundByHand(id, account.left()));
        }
        if matches!(self.payment(id).state, PaymentState::Confirming { .. }) {
            found.push(Step::EndPayment(id));
        }
    }

    /// Returns what a buyer may do.
    pub(crate) fn steps_of_buyer(
        &self,
        of: usize,
        reservations: usize,
        payments: usize,
        found: &mut Vec<Step>,
    ) {
        let held = self.held_by(of);
        if held.is_some() || self.reservations_of(of).count() < reservations {
            for seats in 1..1_usize << SEATS {
                let seats = (0..SEATS).filter(|seat| seats >> seat & 1 == 1).collect();
                found.push(Step::Hold { buyer: of, seats });
            }
        }
        if let Some(held) = held {
            found.push(Step::Release { buyer: of });
            let attempts = self.rows.payments().filter(|payment| payment.reservation == held.id).count();
            if attempts < payments {
                found.push(Step::Prepare { buyer: of });
            }
        }
        for payment in self.rows.payments().filter(|payment| payment.buyer == buyer(of)) {
            if payment.state == PaymentState::Ready {
                found.push(Step::Confirm { payment: payment.id });
            }
            if payment.captured.is_some() && payment.refunds.len() < 2 {
                found.extend((0..SEATS).map(|at| Step::GiveBack { payment: payment.id, seat: Some(at) }));
                found.push(Step::GiveBack { payment: payment.id, seat: None });
            }
        }
    }
}

/// Whether staff of the shop and of the provider act on their own initiative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staff {
    /// They refuse refunds, refund by hand, and end payments whose answer is missing.
    Act,
    /// They do nothing.
    Rest,
}
