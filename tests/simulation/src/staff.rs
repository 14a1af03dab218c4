//! Staff: the organiser of the event, and people at the provider.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::decide::RefundWanted;
use tiketi_core::payment::PaymentState;
use tiketi_core::{CommandKey, EventDetails, PaymentId, SaleWindow};
use tiketi_workload::{Chance, Organiser, OrganiserAct};
use uuid::Uuid;

use crate::fault::Fault;
use crate::shop::{Shop, Stock};

/// Most acts of an organiser.
const MOST_ACTS: u64 = 40;

/// Acts as the organiser until faults stop.
pub(crate) async fn organise(shop: Arc<Shop>, stock: Stock) {
    let world = Arc::clone(&shop.world);
    let mut mind = Organiser::new(Chance::of(world.setting.seed, "organiser"), world.setting.shape());
    for number in 0..MOST_ACTS {
        world.executor.sleep(world.delay(1_000, 20_000)).await;
        if world.is_calm() {
            return;
        }
        let act = mind.next_act();
        match act {
            OrganiserAct::Wait(pause) => {
                world.executor.sleep(pause).await;
                continue;
            }
            OrganiserAct::Leave => return,
            _ => world.tell(format_args!("the organiser: {act:?}")),
        }
        carry_out(&shop, &stock, &act, CommandKey::from_uuid(Uuid::from_u64_pair(0xD0, number))).await;
    }
}

async fn carry_out(shop: &Arc<Shop>, stock: &Stock, act: &OrganiserAct, key: CommandKey) {
    let event = stock.event;
    match act {
        OrganiserAct::Block(seat) | OrganiserAct::Unblock(seat) => {
            let Some(seat) = stock.seats.get(*seat).copied() else { return };
            let blocks = matches!(act, OrganiserAct::Block(_));
            let _ = shop
                .call(move |office| async move {
                    if blocks {
                        office.catalog().block_seats(event, vec![seat], "camera").await
                    } else {
                        office.catalog().unblock_seats(event, vec![seat]).await
                    }
                })
                .await;
        }
        OrganiserAct::LimitBuyers(most) => {
            let most = *most;
            edit(shop, stock, move |mut details, _| {
                details.terms.max_seats_per_buyer = Some(most);
                details
            })
            .await;
        }
        OrganiserAct::CloseSaleIn(length) => {
            let length = *length;
            edit(shop, stock, move |mut details, now| {
                if let Ok(sale) = SaleWindow::new(details.sale.opens_at(), now.after(length)) {
                    details.sale = sale;
                }
                details
            })
            .await;
        }
        OrganiserAct::LimitActive(most) => {
            let policy = shop.world.setting.room.max_active(*most);
            let _ = shop
                .call(move |office| async move { office.waiting_room().set_policy(event, policy).await })
                .await;
        }
        OrganiserAct::Refund(which) => {
            let Some(payment) = one_of(shop, *which, |state| matches!(state, PaymentState::Paid { .. }))
            else {
                return;
            };
            let _ = shop
                .call(move |office| async move {
                    let wanted = RefundWanted::everything();
                    office.support().refund_by_organiser(payment, wanted, "rain", Some(key), None).await
                })
                .await;
        }
        OrganiserAct::EndPayment(which) => {
            let is_silent = |state: &PaymentState| matches!(state, PaymentState::Confirming { .. });
            let Some(payment) = one_of(shop, *which, is_silent) else { return };
            let _ = shop
                .call(move |office| async move {
                    office.support().end_payment(payment, "Kim", "the provider is silent", Some(key)).await
                })
                .await;
        }
        OrganiserAct::CancelEvent => {
            let _ = shop.call(move |office| async move { office.catalog().cancel_event(event).await }).await;
        }
        OrganiserAct::Wait(_) | OrganiserAct::Leave => {}
    }
}

/// Chooses a payment in a state.
fn one_of(shop: &Shop, which: u64, is_meant: impl Fn(&PaymentState) -> bool) -> Option<PaymentId> {
    let history = shop.world.history();
    let meant: Vec<PaymentId> =
        history.payments().filter(|payment| is_meant(&payment.state)).map(|payment| payment.id).collect();
    let at = which.checked_rem(meant.len() as u64)?;
    meant.get(usize::try_from(at).ok()?).copied()
}

async fn edit(
    shop: &Arc<Shop>,
    stock: &Stock,
    change: impl Fn(EventDetails, tiketi_core::Timestamp) -> EventDetails + Send + Copy + 'static,
) {
    let event = stock.event;
    let _ = shop
        .call(move |office| async move {
            let view = office.catalog().event(event).await.ok().flatten()?;
            let details = change(view.event.details.clone(), office.now());
            office.catalog().edit_event(event, details, Some(view.event.version)).await.ok()
        })
        .await;
}

/// Gives money back at the provider, most often where the shop is not ready for it.
pub(crate) async fn refund_by_hand(shop: Arc<Shop>) {
    let world = Arc::clone(&shop.world);
    while !world.is_calm() {
        world.executor.sleep(world.delay(1_000, 15_000)).await;
        let of = hot_payment(&shop);
        let Some((payment, left)) = of else { continue };
        if !world.strikes(Fault::RefundByHand) {
            continue;
        }
        let is_part = left > 1 && world.delay(0, 1).is_zero();
        let amount = if is_part { left / 2 } else { left };
        world.tell(format_args!("staff of the provider give {amount} of {left} back"));
        world.provider().give_back_by_hand(payment, amount);
        world.executor.sleep(Duration::from_secs(1)).await;
    }
}

/// Returns a payment with money whose refund is queued or whose capture the shop does not know; else any with money.
fn hot_payment(shop: &Shop) -> Option<(PaymentId, i64)> {
    let with_money = shop.world.provider().with_money();
    let history = shop.world.history();
    let is_hot = |id: PaymentId| {
        history.payments().any(|payment| {
            payment.id == id
                && (payment.queued_refund().is_some()
                    || matches!(payment.state, PaymentState::Confirming { .. }))
        })
    };
    let hot = with_money.iter().find(|(id, _)| is_hot(*id)).copied();
    hot.or_else(|| with_money.first().copied())
}
