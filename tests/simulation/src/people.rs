//! Buyers: people outside the shop, who see only answers.

mod requests;

use std::sync::Arc;

use tiketi_core::box_office::Turn;
use tiketi_core::waiting_room::{AdmissionPass, PlaceState};
use tiketi_core::{
    BuyerId, CommandKey, Money, PaymentId, PaymentState, Reservation, ReservationState, SeatId, TicketTypeId,
};
use tiketi_workload::{Buyer, BuyerAct, Chance, Seen};
use uuid::Uuid;

use crate::shop::{Shop, Stock};
use crate::sometimes::Sometimes;
use crate::world::World;
use requests::Request;

/// Most acts of one person, so that no run is endless.
const MOST_ACTS: usize = 60;

/// One buyer.
#[derive(Debug)]
pub(crate) struct Person {
    shop: Arc<Shop>,
    world: Arc<World>,
    stock: Stock,
    number: usize,
    id: BuyerId,
    mind: Buyer,
    keys: u64,
    pass: Option<AdmissionPass>,
    is_waiting: bool,
    reservation: Option<Reservation>,
    /// The payment that was prepared at the provider's page.
    payment: Option<(PaymentId, Money)>,
    last: Option<Request>,
    has_no_answer: bool,
}

/// Returns the id of a buyer.
pub(crate) fn buyer_id(number: usize) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u64_pair(0xB0, number as u64))
}

impl Person {
    /// Makes a buyer.
    pub(crate) fn new(shop: &Arc<Shop>, stock: &Stock, number: usize) -> Self {
        let world = Arc::clone(&shop.world);
        let mind =
            Buyer::new(Chance::of(world.setting.seed, &format!("buyer {number}")), world.setting.shape());
        Self {
            shop: Arc::clone(shop),
            stock: stock.clone(),
            id: buyer_id(number),
            world,
            number,
            mind,
            keys: 0,
            pass: None,
            is_waiting: false,
            reservation: None,
            payment: None,
            last: None,
            has_no_answer: false,
        }
    }

    /// Acts until the person goes away, or everything is over.
    pub(crate) async fn live(mut self) {
        self.world.executor.sleep(self.world.delay(0, 60_000)).await;
        for _ in 0..MOST_ACTS {
            if self.world.is_calm() {
                return;
            }
            let act = self.mind.next_act(&self.seen());
            if act == BuyerAct::Vanish {
                self.world.tell(format_args!("B{} goes away", self.number));
                return;
            }
            self.act(act).await;
            self.world.executor.sleep(self.world.delay(1, 3_000)).await;
        }
    }

    fn seen(&self) -> Seen {
        if self.has_no_answer && self.last.is_some() {
            return Seen::NoAnswer;
        }
        match self.reservation.as_ref().map(|known| (known, known.state)) {
            Some((_, ReservationState::Held { .. })) if self.payment.is_some() => Seen::AtProvider,
            Some((known, ReservationState::Held { .. })) => Seen::Holding { seats: self.numbers(known) },
            Some((_, ReservationState::Paying { .. })) => Seen::Paying,
            Some((known, ReservationState::Confirmed { .. })) => Seen::Owning { seats: self.numbers(known) },
            Some((_, ReservationState::Expired { .. } | ReservationState::Cancelled { .. })) | None => {
                match (self.pass, self.is_waiting) {
                    (Some(_), _) => Seen::Admitted,
                    (None, true) => Seen::Waiting,
                    (None, false) => Seen::Nothing,
                }
            }
        }
    }

    async fn act(&mut self, act: BuyerAct) {
        let held = self.reservation.as_ref().map(|known| known.id);
        let request = match act {
            BuyerAct::Hesitate(pause) => {
                self.has_no_answer = false;
                self.world.executor.sleep(pause).await;
                return self.look().await;
            }
            BuyerAct::Vanish => return,
            BuyerAct::Repeat => match self.last.clone() {
                Some(last) => last.again(),
                None => return,
            },
            BuyerAct::Join => Request::Join { key: self.key() },
            BuyerAct::LeaveLine => Request::LeaveLine { key: self.key() },
            BuyerAct::Hold { seats, units } => self.hold(&seats, &units),
            BuyerAct::Release(seats) => match held {
                Some(of) => {
                    let seats = seats.map(|seats| self.seats(&seats));
                    Request::Release { of, seats, key: self.key(), is_first: true }
                }
                None => return,
            },
            BuyerAct::Extend => match held {
                Some(of) => Request::Extend { of, key: self.key(), is_first: true },
                None => return,
            },
            BuyerAct::Pay => match held {
                Some(of) => Request::Pay { of, key: self.key() },
                None => return,
            },
            BuyerAct::Prepare => match held {
                Some(of) => Request::Prepare { of, key: self.key() },
                None => return,
            },
            BuyerAct::PayAtProvider => return self.pay_at_provider(),
            BuyerAct::Confirm => match self.payment {
                Some((payment, _)) => Request::Confirm { payment },
                None => return self.look().await,
            },
            BuyerAct::Cancel => match held {
                Some(of) => Request::Cancel { of, key: self.key() },
                None => return,
            },
            BuyerAct::GiveBack(seats) => match self.reservation.as_ref().and_then(|known| known.payment) {
                Some(payment) => Request::GiveBack { payment, seats: self.seats(&seats), key: self.key() },
                None => return,
            },
        };
        self.last = Some(request.clone());
        self.send(request).await;
    }

    fn hold(&mut self, seats: &[usize], units: &[(usize, u32)]) -> Request {
        let seats = self.seats(seats);
        let item = |(of, quantity): &(usize, u32)| Some((*self.stock.types.get(*of)?, *quantity));
        let items: Vec<(TicketTypeId, u32)> = units.iter().filter_map(item).collect();
        let tickets =
            seats.len() as u64 + items.iter().map(|(_, quantity)| u64::from(*quantity)).sum::<u64>();
        self.world.history().note_asked(self.id, tickets);
        Request::Hold { seats, items, key: self.key(), is_first: true }
    }

    fn pay_at_provider(&mut self) {
        let Some((payment, amount)) = self.payment else { return };
        let page = self.world.setting.page;
        let paid = self.world.provider().pay_in_browser(payment, amount, page);
        self.world.tell(format_args!("B{} pays at the provider's page: {paid}", self.number));
    }

    /// Reads the state of the buyer's reservation.
    async fn look(&mut self) {
        let Some(of) = self.reservation.as_ref().map(|known| known.id) else { return };
        let buyer = self.id;
        let found =
            self.shop.call(move |office| async move { office.sales().reservation(of, buyer).await }).await;
        if let Ok(Ok(Some(found))) = found {
            self.show(found);
        }
    }

    /// Takes in a reservation that the shop shows.
    fn show(&mut self, shown: Reservation) {
        let seen = self.world.history().check_answer(&shown);
        if let Err(why) = seen {
            self.world.break_off(why);
        }
        let is_newer = self
            .reservation
            .as_ref()
            .is_none_or(|known| known.id != shown.id || known.version <= shown.version);
        if is_newer {
            self.reservation = Some(shown);
        }
    }

    /// Takes in where the shop says that the buyer stands in the line.
    fn stand(&mut self, turn: Turn) {
        self.pass = turn.pass();
        self.is_waiting = match turn {
            Turn::InRoom { place, .. } => {
                matches!(place.state, PlaceState::Waiting | PlaceState::Called { .. })
            }
            _ => false,
        };
    }

    fn seats(&self, numbers: &[usize]) -> Vec<SeatId> {
        numbers.iter().filter_map(|number| self.stock.seats.get(*number).copied()).collect()
    }

    fn numbers(&self, reservation: &Reservation) -> Vec<usize> {
        let number = |seat: SeatId| self.stock.seats.iter().position(|known| *known == seat);
        reservation.seats.iter().filter_map(|line| number(line.seat)).collect()
    }

    fn key(&mut self) -> CommandKey {
        self.keys += 1;
        CommandKey::from_uuid(Uuid::from_u64_pair(0xC0 + self.number as u64, self.keys))
    }

    fn note_pass(&self) {
        if self.pass.is_some() {
            self.world.reach(Sometimes::HeldWithPass);
        }
    }

    fn take_payment(&mut self, payment: &tiketi_core::Payment) {
        self.payment = matches!(payment.state, PaymentState::Ready).then_some((payment.id, payment.amount));
    }
}
