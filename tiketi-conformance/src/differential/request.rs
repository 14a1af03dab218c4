//! What people ask of a box office, the same of each store.

use std::time::Duration;

use tiketi_core::box_office::StaffRefund;
use tiketi_core::decide::RefundWanted;
use tiketi_core::payment::Settles;
use tiketi_core::{
    BoxOffice, BuyerId, CommandKey, EventId, HoldRequest, Money, PaymentId, PrepareRequest, ReservationId,
    SaleWindow, SeatId, StoreError, TicketTypeId, TicketTypeInput,
};

use crate::differential::answer::{Answer, leave_out_numbers};
use crate::differential::provider::{Provider, provider_key};

/// Most payments of one call of the job.
const MOST_RECONCILED: usize = 64;
/// Most reservations that are called off in one turn.
const MOST_CALLED_OFF: usize = 4;

/// One request, with everything that it needs.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Look {
        of: ReservationId,
        buyer: BuyerId,
    },
    Hold {
        event: EventId,
        buyer: BuyerId,
        seats: Vec<SeatId>,
        items: Vec<(TicketTypeId, u32)>,
        key: CommandKey,
    },
    Extend {
        of: ReservationId,
        buyer: BuyerId,
        key: CommandKey,
    },
    Release {
        of: ReservationId,
        buyer: BuyerId,
        seats: Option<Vec<SeatId>>,
        key: CommandKey,
    },
    Prepare {
        of: ReservationId,
        buyer: BuyerId,
        method: &'static str,
        key: CommandKey,
    },
    Pay {
        of: ReservationId,
        buyer: BuyerId,
        method: &'static str,
        key: CommandKey,
    },
    Authorise {
        payment: PaymentId,
    },
    Confirm {
        payment: PaymentId,
        buyer: BuyerId,
    },
    Cancel {
        of: ReservationId,
        buyer: BuyerId,
        key: CommandKey,
    },
    GiveBack {
        payment: PaymentId,
        buyer: BuyerId,
        seats: Vec<SeatId>,
        key: CommandKey,
    },
    Staff(StaffRequest),
    Job(Job),
}

/// What staff ask.
#[derive(Debug, Clone)]
pub(super) enum StaffRequest {
    Block { event: EventId, seat: SeatId },
    Unblock { event: EventId, seat: SeatId },
    LimitBuyers { event: EventId, most: u32 },
    CloseSale { event: EventId, within: Duration },
    CancelEvent { event: EventId },
    Price { of: TicketTypeId, edit: TicketTypeInput },
    Refund { payment: PaymentId, amount: Option<Money>, key: CommandKey },
    EndPayment { payment: PaymentId, key: CommandKey },
    Cancel { of: ReservationId, refund: StaffRefund, key: CommandKey },
    Retry { payment: PaymentId, key: CommandKey },
    Note { payment: PaymentId, settles: Settles, key: CommandKey },
    ReturnByHand { payment: PaymentId },
}

/// A job, called by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Expire,
    Announce,
    Reconcile,
    CallOff,
}

impl Request {
    /// Returns the kind of the request, for a tally of what a run reached.
    pub(super) fn kind(&self) -> String {
        let text = format!("{self:?}");
        let text = text.trim_start_matches("Staff(").trim_start_matches("Job(");
        let whose = match self {
            Self::Staff(_) => "staff: ",
            Self::Job(_) => "job: ",
            _ => "",
        };
        format!("{whose}{}", text.split([' ', '(', ')', '{']).next().unwrap_or(text))
    }

    /// Asks a box office, and returns what it answers.
    ///
    /// Rows of events that are not `of` are left out: a store may have those of earlier runs.
    pub(super) async fn send(self, office: BoxOffice, provider: &Provider, of: &[EventId]) -> Answer {
        let (sales, payments) = (office.sales(), office.payments());
        match self {
            Self::Look { of, buyer } => Answer::of(sales.reservation(of, buyer).await),
            Self::Hold { event, buyer, seats, items, key } => {
                let mut ask = HoldRequest::new(event, buyer).seats(seats).key(key);
                ask.items = items;
                Answer::of(sales.hold(ask).await)
            }
            Self::Extend { of, buyer, key } => Answer::of(sales.extend_hold(of, buyer, Some(key)).await),
            Self::Release { of, buyer, seats, key } => {
                Answer::of(sales.release(of, buyer, seats, Some(key)).await)
            }
            Self::Prepare { of, buyer, method, key } => {
                let ask = PrepareRequest::new(of, buyer).method(method).key(key);
                Answer::of(payments.prepare(ask).await)
            }
            Self::Pay { of, buyer, method, key } => {
                let ask = PrepareRequest::new(of, buyer).method(method).key(key);
                Answer::of(payments.process(ask).await)
            }
            Self::Authorise { payment } => {
                provider.authorise(payment);
                Answer::default()
            }
            Self::Confirm { payment, buyer } => {
                let key = Some(provider_key(payment));
                Answer::of(payments.confirm(payment, buyer, None, key).await)
            }
            Self::Cancel { of, buyer, key } => {
                Answer::of(payments.cancel_or_refund(of, buyer, Some(key)).await)
            }
            Self::GiveBack { payment, buyer, seats, key } => {
                let wanted = RefundWanted::tickets(seats, Vec::new());
                Answer::of(payments.refund(payment, buyer, wanted, "changed plans", Some(key), None).await)
            }
            Self::Staff(request) => request.send(&office, provider).await,
            Self::Job(job) => job.run(&office, of).await,
        }
    }
}

impl StaffRequest {
    async fn send(self, office: &BoxOffice, provider: &Provider) -> Answer {
        let (catalog, support) = (office.catalog(), office.support());
        match self {
            Self::Block { event, seat } => Answer::of(catalog.block_seats(event, vec![seat], "camera").await),
            Self::Unblock { event, seat } => Answer::of(catalog.unblock_seats(event, vec![seat]).await),
            Self::LimitBuyers { event, most } => {
                edit(office, event, |details| {
                    details.terms.max_seats_per_buyer = Some(most);
                })
                .await
            }
            Self::CloseSale { event, within } => {
                let closes_at = office.now().after(within);
                edit(office, event, |details| {
                    if let Ok(sale) = SaleWindow::new(details.sale.opens_at(), closes_at) {
                        details.sale = sale;
                    }
                })
                .await
            }
            Self::CancelEvent { event } => Answer::of(catalog.cancel_event(event).await),
            Self::Price { of, edit } => Answer::of(catalog.edit_ticket_type(of, edit).await),
            Self::Refund { payment, amount, key } => {
                let wanted = amount.map_or_else(RefundWanted::everything, RefundWanted::waiver);
                let asked = support.refund_by_organiser(payment, wanted, "rain", Some(key), None).await;
                Answer::of(asked)
            }
            Self::EndPayment { payment, key } => {
                let ended = support.end_payment(payment, "Kim", "the provider is silent", Some(key)).await;
                Answer::of(ended)
            }
            Self::Cancel { of, refund, key } => {
                Answer::of(support.cancel_reservation(of, refund, "asked for", Some(key), None).await)
            }
            Self::Retry { payment, key } => Answer::of(support.retry_payment(payment, Some(key)).await),
            Self::Note { payment, settles, key } => {
                Answer::of(support.note_payment(payment, "Kim", "called the buyer", settles, Some(key)).await)
            }
            Self::ReturnByHand { payment } => {
                provider.return_by_hand(payment);
                Answer::default()
            }
        }
    }
}

/// Reads an event and edits its details.
async fn edit(
    office: &BoxOffice,
    event: EventId,
    change: impl FnOnce(&mut tiketi_core::EventDetails),
) -> Answer {
    let view = office.catalog().event(event).await.expect("an event can be read").expect("it exists");
    let mut details = view.event.details;
    change(&mut details);
    Answer::of(office.catalog().edit_event(event, details, Some(view.event.version)).await)
}

impl Job {
    async fn run(self, office: &BoxOffice, of: &[EventId]) -> Answer {
        let jobs = office.jobs();
        match self {
            Self::Expire => {
                let swept = jobs.expire_once().await.map(|swept| {
                    let mut rows = swept.done;
                    rows.retain(|row| of.contains(&row.event));
                    rows.sort_by_key(|row| row.id);
                    leave_out_numbers(&mut rows);
                    rows
                });
                Answer::of(swept)
            }
            Self::Announce => {
                let told = jobs.announce_statuses_once().await.map(|swept| {
                    let mut told = swept.done;
                    told.retain(|(event, _)| of.contains(event));
                    told.sort_by_key(|(event, _)| *event);
                    told
                });
                Answer::of(told)
            }
            // How many payments it asked about includes those of earlier runs; the rows show what it did.
            Self::Reconcile => Answer::of(jobs.reconcile_once(MOST_RECONCILED).await.map(drop)),
            Self::CallOff => Answer::of(call_off(office).await),
        }
    }
}

/// Calls reservations off one after another: at once, they would take new ids in any order.
async fn call_off(office: &BoxOffice) -> Result<(), StoreError> {
    for _ in 0..MOST_CALLED_OFF {
        if office.jobs().call_off_once(1).await? == 0 {
            break;
        }
    }
    Ok(())
}
