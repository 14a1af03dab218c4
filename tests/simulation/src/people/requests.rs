//! What a buyer sends to the shop, and how the answer is taken.

use tiketi_core::box_office::{JoinRequest, PayError};
use tiketi_core::decide::RefundWanted;
use tiketi_core::{
    CommandError, CommandKey, HoldRequest, PaymentId, PrepareRequest, Reservation, ReservationId, SeatId,
    TicketTypeId,
};

use crate::fault::Fault;
use crate::people::Person;
use crate::provider::{BROWSER, ONE_STEP, key_of};
use crate::shop::NoAnswer;

/// A request, which may be sent again as it is.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Join { key: CommandKey },
    LeaveLine { key: CommandKey },
    Hold { seats: Vec<SeatId>, items: Vec<(TicketTypeId, u32)>, key: CommandKey, is_first: bool },
    Release { of: ReservationId, seats: Option<Vec<SeatId>>, key: CommandKey, is_first: bool },
    Extend { of: ReservationId, key: CommandKey, is_first: bool },
    Pay { of: ReservationId, key: CommandKey },
    Prepare { of: ReservationId, key: CommandKey },
    Confirm { payment: PaymentId },
    Cancel { of: ReservationId, key: CommandKey },
    GiveBack { payment: PaymentId, seats: Vec<SeatId>, key: CommandKey },
}

impl Request {
    /// Returns the request as it is sent after an answer did not come.
    pub(super) fn again(mut self) -> Self {
        match &mut self {
            Self::Hold { is_first, .. } | Self::Release { is_first, .. } | Self::Extend { is_first, .. } => {
                *is_first = false;
            }
            _ => {}
        }
        self
    }
}

impl Person {
    /// Sends a request, and takes in the answer.
    pub(super) async fn send(&mut self, request: Request) {
        match request {
            Request::Join { key } => self.join(key).await,
            Request::LeaveLine { key } => {
                let (event, buyer) = (self.stock.event, self.id);
                let answer =
                    self.shop
                        .call(move |office| async move {
                            office.waiting_room().leave(event, buyer, Some(key)).await
                        })
                        .await;
                self.told("leaves the line", &answer);
                (self.pass, self.is_waiting) = (None, false);
            }
            Request::Hold { seats, items, key, is_first } => self.ask_hold(seats, items, key, is_first).await,
            Request::Release { of, seats, key, is_first } => {
                let buyer = self.id;
                self.world.history().note_sent(key);
                let answer = self
                    .shop
                    .call(move |office| {
                        let seats = seats.clone();
                        async move { office.sales().release(of, buyer, seats, Some(key)).await }
                    })
                    .await;
                self.direct("releases", answer, key, is_first);
            }
            Request::Extend { of, key, is_first } => {
                let buyer = self.id;
                self.world.history().note_sent(key);
                let answer = self
                    .shop
                    .call(move |office| async move { office.sales().extend_hold(of, buyer, Some(key)).await })
                    .await;
                self.direct("extends", answer, key, is_first);
            }
            other => self.send_about_money(other).await,
        }
    }

    async fn send_about_money(&mut self, request: Request) {
        let buyer = self.id;
        match request {
            Request::Pay { of, key } => {
                let ask = PrepareRequest::new(of, buyer).method(ONE_STEP).key(key);
                let answer = self
                    .shop
                    .call(move |office| {
                        let ask = ask.clone();
                        async move { office.payments().process(ask).await }
                    })
                    .await;
                self.told("pays", &answer);
                self.paid(answer);
            }
            Request::Prepare { of, key } => {
                let ask = PrepareRequest::new(of, buyer).method(BROWSER).key(key);
                let answer = self
                    .shop
                    .call(move |office| {
                        let ask = ask.clone();
                        async move { office.payments().prepare(ask).await }
                    })
                    .await;
                self.told("prepares a payment", &answer);
                if let Ok(Ok(prepared)) = answer {
                    self.take_payment(&prepared.payment);
                    self.show(prepared.reservation);
                }
            }
            Request::Confirm { payment } => {
                let answer = self
                    .shop
                    .call(move |office| async move {
                        office.payments().confirm(payment, buyer, None, Some(key_of(payment))).await
                    })
                    .await;
                self.told("confirms", &answer);
                self.paid(answer);
            }
            Request::Cancel { of, key } => {
                let answer = self
                    .shop
                    .call(move |office| async move {
                        office.payments().cancel_or_refund(of, buyer, Some(key)).await
                    })
                    .await;
                self.told("cancels", &answer);
                if let Ok(Ok(cancelled)) = answer {
                    self.show(cancelled);
                }
            }
            Request::GiveBack { payment, seats, key } => self.give_back(payment, seats, key).await,
            Request::Join { .. }
            | Request::LeaveLine { .. }
            | Request::Hold { .. }
            | Request::Release { .. }
            | Request::Extend { .. } => {}
        }
    }

    async fn join(&mut self, key: CommandKey) {
        let (event, buyer, has_place) = (self.stock.event, self.id, self.is_waiting || self.pass.is_some());
        let answer = self
            .shop
            .call(move |office| async move {
                if has_place {
                    office
                        .waiting_room()
                        .heartbeat(event, buyer, Some(key))
                        .await
                        .map_err(|error| error.to_string())
                } else {
                    let ask = JoinRequest::new(event, buyer).key(key);
                    office.waiting_room().join(ask).await.map_err(|error| error.to_string())
                }
            })
            .await;
        self.told("asks for the turn", &answer);
        match answer {
            Ok(Ok(turn)) => self.stand(turn),
            Ok(Err(_)) => (self.pass, self.is_waiting) = (None, false),
            Err(_) => {}
        }
    }

    async fn ask_hold(
        &mut self,
        seats: Vec<SeatId>,
        items: Vec<(TicketTypeId, u32)>,
        key: CommandKey,
        is_first: bool,
    ) {
        let mut ask = HoldRequest::new(self.stock.event, self.id).seats(seats).key(key);
        ask.items = items;
        ask.pass = self.pass;
        self.world.history().note_sent(key);
        let answer = self
            .shop
            .call(move |office| {
                let ask = ask.clone();
                async move { office.sales().hold(ask).await }
            })
            .await;
        if matches!(answer, Ok(Ok(_))) {
            self.note_pass();
            self.payment = None;
        } else if matches!(
            answer,
            Ok(Err(CommandError::Refused(tiketi_core::decide::HoldRefused::NotAdmitted)))
        ) {
            self.pass = None;
        }
        self.direct("holds", answer, key, is_first);
    }

    async fn give_back(&mut self, payment: PaymentId, seats: Vec<SeatId>, key: CommandKey) {
        let buyer = self.id;
        let answer = self
            .shop
            .call(move |office| {
                let wanted = RefundWanted::tickets(seats.clone(), Vec::new());
                async move {
                    office.payments().refund(payment, buyer, wanted, "changed plans", Some(key), None).await
                }
            })
            .await;
        self.told("gives tickets back", &answer);
        if let Ok(Ok(refunded)) = answer {
            self.show(refunded.reservation);
        }
    }

    /// Takes the answer to a request that is one command under the buyer's own key.
    fn direct<R: std::fmt::Debug + std::fmt::Display>(
        &mut self,
        what: &str,
        answer: Result<Result<Reservation, CommandError<R>>, NoAnswer>,
        key: CommandKey,
        is_first: bool,
    ) where
        CommandError<R>: std::fmt::Display,
    {
        self.told(what, &answer);
        match answer {
            Ok(Ok(shown)) => self.show(shown),
            Ok(Err(error)) => {
                let was_applied_perhaps =
                    matches!(&error, CommandError::Store(error) if error.may_have_applied());
                // An earlier or a doubled request may be on its way still.
                if is_first && !was_applied_perhaps && !self.world.may(Fault::RequestTwice) {
                    self.world.history().note_refuted(key);
                }
            }
            Err(_) => {}
        }
    }

    fn paid(&mut self, answer: Result<Result<tiketi_core::Paid, PayError>, NoAnswer>) {
        let Ok(Ok(paid)) = answer else { return };
        if let Some(payment) = &paid.payment {
            self.take_payment(payment);
        }
        self.show(paid.reservation);
    }

    /// Tells what was answered, and notes whether anything was.
    fn told<T, E: std::fmt::Display>(&mut self, what: &str, answer: &Result<Result<T, E>, NoAnswer>) {
        let number = self.number;
        self.has_no_answer = answer.is_err();
        match answer {
            Ok(Ok(_)) => self.world.tell(format_args!("B{number} {what}: done")),
            Ok(Err(error)) => self.world.tell(format_args!("B{number} {what}: {error}")),
            Err(no) => self.world.tell(format_args!("B{number} {what}: no answer ({no:?})")),
        }
    }
}
