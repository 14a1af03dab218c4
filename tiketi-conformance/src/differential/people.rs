//! People: what the generator decides, as requests about rows that exist.

use tiketi_core::box_office::StaffRefund;
use tiketi_core::payment::Settles;
use tiketi_core::{
    BuyerId, CommandKey, Currency, EventId, IdSource, Money, Payment, PaymentId, PaymentState, Reservation,
    ReservationState, SeatId, TicketTypeId, TicketTypeInput,
};
use tiketi_workload::{Buyer, BuyerAct, Chance, ClerkAct, MeddlerAct, OrganiserAct, Returns, Seen, Shape};

use crate::differential::answer::Answer;
use crate::differential::provider::{BROWSER, ONE_STEP};
use crate::differential::request::{Request, StaffRequest};

/// Units of each general-admission ticket type.
pub(super) const UNITS: u32 = 6;

/// What one event sells.
#[derive(Debug, Clone)]
pub(super) struct Stock {
    pub(super) event: EventId,
    pub(super) seats: Vec<SeatId>,
    pub(super) types: Vec<TicketTypeId>,
}

impl Stock {
    /// Returns what there is to buy.
    pub(super) fn shape(&self) -> Shape {
        Shape { seats: self.seats.len(), units: self.types.len(), has_line: false }
    }

    fn seat(&self, number: usize) -> SeatId {
        self.seats[number]
    }
}

fn new_key(keys: &dyn IdSource) -> CommandKey {
    CommandKey::from_uuid(keys.next())
}

/// One buyer, who sees only answers.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: BuyerId,
    pub(super) stock: Stock,
    mind: Buyer,
    reservation: Option<Reservation>,
    /// The payment that was prepared at the provider's page.
    prepared: Option<PaymentId>,
    last: Option<Request>,
}

impl Person {
    /// Makes a buyer of an event.
    pub(super) fn new(chance: Chance, stock: Stock, id: BuyerId) -> Self {
        let mind = Buyer::new(chance, stock.shape());
        Self { id, stock, mind, reservation: None, prepared: None, last: None }
    }

    /// Returns the next request; `None` if the buyer goes away.
    pub(super) fn next_request(&mut self, keys: &dyn IdSource) -> Option<Request> {
        loop {
            let act = self.mind.next_act(&self.seen());
            if act == BuyerAct::Vanish {
                return None;
            }
            let request = self.request(act, keys);
            if request.is_some() {
                self.last.clone_from(&request);
                return request;
            }
        }
    }

    fn seen(&self) -> Seen {
        let Some(known) = &self.reservation else { return Seen::Nothing };
        match known.state {
            ReservationState::Held { .. } if self.prepared.is_some() => Seen::AtProvider,
            ReservationState::Held { .. } => Seen::Holding { seats: self.numbers(known) },
            ReservationState::Paying { .. } => Seen::Paying,
            ReservationState::Confirmed { .. } => Seen::Owning { seats: self.numbers(known) },
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => Seen::Nothing,
        }
    }

    /// Returns the request of an act; `None` if there is nothing to act on.
    fn request(&self, act: BuyerAct, keys: &dyn IdSource) -> Option<Request> {
        let (buyer, known) = (self.id, self.reservation.as_ref());
        let key = || new_key(keys);
        if let BuyerAct::Hold { seats, units } = act {
            let items = units.iter().map(|(of, quantity)| (self.stock.types[*of], *quantity)).collect();
            let (event, seats) = (self.stock.event, self.ids(&seats));
            return Some(Request::Hold { event, buyer, seats, items, key: key() });
        }
        let of = known?.id;
        Some(match act {
            BuyerAct::Hesitate(_) => Request::Look { of, buyer },
            BuyerAct::Release(seats) => {
                Request::Release { of, buyer, seats: seats.map(|seats| self.ids(&seats)), key: key() }
            }
            BuyerAct::Extend => Request::Extend { of, buyer, key: key() },
            BuyerAct::Pay => Request::Pay { of, buyer, method: ONE_STEP, key: key() },
            BuyerAct::Prepare => Request::Prepare { of, buyer, method: BROWSER, key: key() },
            BuyerAct::PayAtProvider => Request::Authorise { payment: self.prepared? },
            BuyerAct::Confirm => match self.prepared.or(known?.payment) {
                Some(payment) => Request::Confirm { payment, buyer },
                None => Request::Look { of, buyer },
            },
            BuyerAct::Repeat => self.last.clone()?,
            BuyerAct::Cancel => Request::Cancel { of, buyer, key: key() },
            BuyerAct::GiveBack(seats) => {
                Request::GiveBack { payment: known?.payment?, buyer, seats: self.ids(&seats), key: key() }
            }
            BuyerAct::Join | BuyerAct::LeaveLine | BuyerAct::Hold { .. } | BuyerAct::Vanish => return None,
        })
    }

    /// Takes in an answer to the buyer's request.
    pub(super) fn take(&mut self, answer: &Answer) {
        if let Some(payment) = &answer.payment {
            self.prepared = matches!(payment.state, PaymentState::Ready).then_some(payment.id);
        } else if answer.reservation.is_some() {
            // A hold that changed gives a prepared payment up.
            self.prepared = self.prepared.filter(|_| matches!(self.last, Some(Request::Look { .. })));
        }
        if let Some(shown) = &answer.reservation {
            let is_newer = self
                .reservation
                .as_ref()
                .is_none_or(|known| known.id != shown.id || known.version <= shown.version);
            if is_newer {
                self.reservation = Some(shown.clone());
            }
        }
    }

    fn ids(&self, numbers: &[usize]) -> Vec<SeatId> {
        numbers.iter().map(|number| self.stock.seat(*number)).collect()
    }

    fn numbers(&self, reservation: &Reservation) -> Vec<usize> {
        let number = |seat: SeatId| self.stock.seats.iter().position(|known| *known == seat);
        reservation.seats.iter().filter_map(|line| number(line.seat)).collect()
    }
}

/// The purchases that were made so far, among which staff and meddlers choose.
#[derive(Debug, Default)]
pub(super) struct Purchases {
    reservations: Vec<Reservation>,
    payments: Vec<Payment>,
}

impl Purchases {
    /// Takes in the rows of an answer.
    pub(super) fn take(&mut self, answer: &Answer) {
        if let Some(shown) = &answer.reservation {
            self.reservations.retain(|known| known.id != shown.id);
            self.reservations.push(shown.clone());
        }
        if let Some(shown) = &answer.payment {
            self.payments.retain(|known| known.id != shown.id);
            self.payments.push(shown.clone());
        }
    }

    fn reservation(&self, which: u64) -> Option<&Reservation> {
        latest(&self.reservations, which)
    }

    fn payment(&self, which: u64, is_meant: impl Fn(&Payment) -> bool) -> Option<&Payment> {
        let meant: Vec<_> = self.payments.iter().filter(|payment| is_meant(payment)).collect();
        latest(&meant, which).copied()
    }

    /// Returns what an organiser asks; `None` if the act changes nothing here.
    pub(super) fn of_organiser(
        &self,
        act: &OrganiserAct,
        stock: &Stock,
        keys: &dyn IdSource,
    ) -> Option<StaffRequest> {
        let (event, key) = (stock.event, || new_key(keys));
        Some(match act {
            OrganiserAct::Block(seat) => StaffRequest::Block { event, seat: stock.seat(*seat) },
            OrganiserAct::Unblock(seat) => StaffRequest::Unblock { event, seat: stock.seat(*seat) },
            OrganiserAct::LimitBuyers(most) => StaffRequest::LimitBuyers { event, most: *most },
            OrganiserAct::CloseSaleIn(within) => StaffRequest::CloseSale { event, within: *within },
            OrganiserAct::CancelEvent => StaffRequest::CancelEvent { event },
            OrganiserAct::Refund(which) => {
                let paid = |payment: &Payment| matches!(payment.state, PaymentState::Paid { .. });
                let payment = self.payment(*which, paid)?.id;
                StaffRequest::Refund { payment, amount: None, key: key() }
            }
            OrganiserAct::EndPayment(which) => {
                let silent = |payment: &Payment| matches!(payment.state, PaymentState::Confirming { .. });
                StaffRequest::EndPayment { payment: self.payment(*which, silent)?.id, key: key() }
            }
            OrganiserAct::Wait(_) | OrganiserAct::LimitActive(_) | OrganiserAct::Leave => return None,
        })
    }

    /// Returns what a clerk asks; `None` if there is nothing to act on.
    pub(super) fn of_clerk(&self, act: ClerkAct, stock: &Stock, keys: &dyn IdSource) -> Option<StaffRequest> {
        let (won, any) = (|minor: u32| Money::new(i64::from(minor), Currency::KRW), |_: &Payment| true);
        let key = || new_key(keys);
        Some(match act {
            ClerkAct::Price { of, minor } => {
                let edit = TicketTypeInput::new(format!("Standing {of}"), won(minor), UNITS);
                StaffRequest::Price { of: stock.types[of], edit }
            }
            ClerkAct::Waive { which, minor } => {
                let payment = self.payment(which, |payment| payment.captured.is_some())?.id;
                StaffRequest::Refund { payment, amount: Some(won(minor)), key: key() }
            }
            ClerkAct::Cancel { which, returns } => {
                let refund = match returns {
                    Returns::ByPolicy => StaffRefund::Policy,
                    Returns::All => StaffRefund::Whole,
                    Returns::Nothing => StaffRefund::Nothing,
                };
                StaffRequest::Cancel { of: self.reservation(which)?.id, refund, key: key() }
            }
            ClerkAct::Retry { which } => {
                StaffRequest::Retry { payment: self.payment(which, any)?.id, key: key() }
            }
            ClerkAct::Note { which, settles } => {
                let settles = if settles { Settles::Yes } else { Settles::No };
                StaffRequest::Note { payment: self.payment(which, any)?.id, settles, key: key() }
            }
            ClerkAct::ReturnByHand { which } => {
                let taken = |payment: &Payment| payment.captured.is_some();
                StaffRequest::ReturnByHand { payment: self.payment(which, taken)?.id }
            }
        })
    }

    /// Returns what a meddler asks in the name of `stranger`, or of the purchase's own buyer without one.
    pub(super) fn of_meddler(
        &self,
        act: MeddlerAct,
        stranger: Option<BuyerId>,
        (anyone, stock): (BuyerId, &Stock),
        keys: &dyn IdSource,
    ) -> Option<Request> {
        let (event, key) = (stock.event, || new_key(keys));
        let hold = |seats, items| Request::Hold { event, buyer: anyone, seats, items, key: key() };
        let reservation = |which| {
            let of = self.reservation(which)?;
            Some((of.id, stranger.unwrap_or(of.buyer)))
        };
        let payment = |which| {
            let of = self.payment(which, |_| true)?;
            Some((of.id, stranger.unwrap_or(of.buyer)))
        };
        Some(match act {
            MeddlerAct::NameTwice { seat } => hold(vec![stock.seat(seat), stock.seat(seat)], Vec::new()),
            MeddlerAct::HoldNothing => hold(Vec::new(), Vec::new()),
            MeddlerAct::HoldUnits { of, quantity } => hold(Vec::new(), vec![(stock.types[of], quantity)]),
            MeddlerAct::Extend { which } => {
                let (of, buyer) = reservation(which)?;
                Request::Extend { of, buyer, key: key() }
            }
            MeddlerAct::Release { which, seat } => {
                let (of, buyer) = reservation(which)?;
                Request::Release { of, buyer, seats: Some(vec![stock.seat(seat)]), key: key() }
            }
            MeddlerAct::Prepare { which } => {
                let (of, buyer) = reservation(which)?;
                Request::Prepare { of, buyer, method: ONE_STEP, key: key() }
            }
            MeddlerAct::Pay { which } => {
                let (of, buyer) = reservation(which)?;
                Request::Pay { of, buyer, method: BROWSER, key: key() }
            }
            MeddlerAct::Confirm { which } => {
                let (payment, buyer) = payment(which)?;
                Request::Confirm { payment, buyer }
            }
            MeddlerAct::Cancel { which } => {
                let (of, buyer) = reservation(which)?;
                Request::Cancel { of, buyer, key: key() }
            }
            MeddlerAct::GiveBack { which, seat } => {
                let (payment, buyer) = payment(which)?;
                Request::GiveBack { payment, buyer, seats: vec![stock.seat(seat)], key: key() }
            }
        })
    }
}

/// Returns one of the latest dozen, which are most likely to be open.
fn latest<T>(of: &[T], which: u64) -> Option<&T> {
    let recent = &of[of.len().saturating_sub(12)..];
    let at = which.checked_rem(recent.len() as u64)?;
    recent.get(usize::try_from(at).ok()?)
}
