//! Texts that stores refuse: an error names the field. Texts of a provider are recorded without the refused
//! characters.
//!
//! This file has a line for each text of a command or row. NUL stands for every refused character: some databases
//! cannot store it.

use std::fmt::Debug;

use futures::future::{BoxFuture, FutureExt, join_all};
use tiketi_core::decide::{BlockSeats, CaptureOutcome, EditRefused, RefundOutcome};
use tiketi_core::{
    CommandError, EventDetails, PaymentState, TicketTypeInput,
    catalog::CatalogError,
    gateway::Captured,
    payment::{RefundState, StuckReason},
    text::{TextError, TextProblem},
};

use crate::hall::{Hall, STANDING_PRICE};
use crate::shop::TestShop;

/// A text that stores refuse.
pub(super) const NUL: &str = "a\0b";
/// The same text with the refused character replaced.
pub(super) const CLEANED: &str = "a\u{fffd}b";

fn refused(field: &'static str) -> TextError {
    TextError::new(field, TextProblem::ControlCharacter { character: '\0' })
}

/// Checks that a command was refused for this field.
pub(super) fn refuses<T: Debug, R: Debug>(answer: Result<T, CommandError<R>>, field: &'static str) {
    match answer {
        Err(CommandError::Text(error)) => assert_eq!(error, refused(field)),
        other => panic!("{field} with a NUL should be refused, not {other:?}"),
    }
}

/// Checks that an edit was refused for this field.
fn refuses_edit<T: Debug>(answer: Result<T, CommandError<EditRefused>>, field: &'static str) {
    match answer {
        Err(CommandError::Refused(EditRefused::Invalid(CatalogError::Text(error)))) => {
            assert_eq!(error, refused(field));
        }
        other => panic!("{field} with a NUL should be refused, not {other:?}"),
    }
}

/// Fails if a sales command with a text that stores refuse is not refused with its field.
pub async fn a_command_with_a_text_no_store_keeps_is_refused_by_its_field(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let prepared = shop.prepared(&held).await;
    let (_, sold) = shop.sold(&shop.held(&hall, shop.buyer(), &[1]).await).await;
    let before = shop.picture().await;
    let start = shop.start_payment(&held);
    refuses(shop.send(start.clone().through(NUL, "card")).await, "gateway");
    refuses(shop.send(start.through("test", NUL)).await, "method");
    refuses(shop.send(shop.begin_confirm(&prepared).with_provider_key(NUL)).await, "provider_key");
    let mut refund = shop.refund(&sold);
    NUL.clone_into(&mut refund.reason);
    refuses(shop.send(refund).await, "reason");
    assert_eq!(shop.picture().await, before);
}

/// Fails if a text that stores refuse is accepted for an event, a ticket type or blocked seats.
pub async fn an_edit_with_a_text_no_store_keeps_is_refused_by_its_field(shop: TestShop) {
    let (hall, store) = (shop.hall().await, shop.store());
    let before = shop.picture().await;
    let bad = |spoil: fn(&mut EventDetails)| {
        let mut details = shop.details("Night of Lanterns");
        spoil(&mut details);
        store.edit_event(hall.event, details, None)
    };
    refuses_edit(bad(|it| it.title = NUL.into()).await, "title");
    refuses_edit(bad(|it| it.artist = NUL.into()).await, "artist");
    refuses_edit(bad(|it| it.venue = NUL.into()).await, "venue");
    refuses_edit(bad(|it| it.description = NUL.into()).await, "description");
    refuses_edit(bad(|it| it.keywords = vec!["fine".into(), NUL.into()]).await, "keywords");
    let standing = TicketTypeInput::new(NUL, STANDING_PRICE, 10);
    refuses_edit(store.edit_ticket_type(hall.standing, standing).await, "name");
    let block = BlockSeats::new(shop.now(), hall.event, vec![hall.seats[0]], NUL);
    refuses(store.block_seats(block).await, "reason");
    assert_eq!(shop.picture().await, before);
}

/// Fails if a refused command prevents other commands of its batch.
pub async fn a_refused_text_fails_no_other_command(shop: TestShop) {
    let hall = shop.hall().await;
    let prepared = shop.prepared(&shop.held(&hall, shop.buyer(), &[0]).await).await;
    let (shop, hall): (&TestShop, &Hall) = (&shop, &hall);
    let commands = (1..20).map(|seat| {
        let holds: BoxFuture<'_, ()> =
            async move { drop(shop.held(hall, shop.buyer(), &[seat]).await) }.boxed();
        let poison = shop.begin_confirm(&prepared).with_provider_key(format!("{seat}\0"));
        let poisoned: BoxFuture<'_, ()> =
            async move { refuses(shop.send(poison).await, "provider_key") }.boxed();
        [poisoned, holds]
    });
    join_all(commands.flatten()).await;
    assert_eq!(shop.now_of_payment(&prepared).await, prepared);
}

/// Fails if a provider's message about money is not recorded because of its characters.
pub async fn what_a_provider_says_is_recorded_whatever_characters_it_has(shop: TestShop) {
    let hall = shop.hall().await;
    let (declined, stranger, taken) = (0, 1, 2);
    let confirming = |seat: usize| {
        let (shop, hall) = (&shop, &hall);
        async move { shop.confirming(&shop.held(hall, shop.buyer(), &[seat]).await).await }
    };
    let payment = confirming(declined).await;
    let said = CaptureOutcome::Declined { code: NUL.into() };
    let payment = shop.apply(shop.outcome(&payment, said)).await.payment.unwrap();
    assert!(matches!(&payment.state, PaymentState::Declined { code, .. } if code == CLEANED), "{payment:?}");

    let payment = confirming(stranger).await;
    let said = CaptureOutcome::Paid(Captured::kept(NUL, "key", payment.amount));
    let payment = shop.apply(shop.outcome(&payment, said)).await.payment.unwrap();
    let reason = StuckReason::OrderMismatch { order: CLEANED.into() };
    assert!(matches!(&payment.state, PaymentState::Stuck { reason: found, .. } if *found == reason));

    let payment = confirming(taken).await;
    let said = CaptureOutcome::Paid(Captured::kept(payment.id.to_string(), NUL, payment.amount));
    let payment = shop.apply(shop.outcome(&payment, said)).await.payment.unwrap();
    assert_eq!(payment.provider_key.as_deref(), Some(CLEANED));

    let refund = shop.promised(&payment).await;
    let mut refusal = shop.refunded(&payment, refund);
    refusal.outcome = RefundOutcome::Refused { code: NUL.into() };
    let payment = shop.apply(refusal).await.payment.unwrap();
    let state = &payment.refund(refund).unwrap().state;
    assert!(matches!(state, RefundState::Refused { code, .. } if code == CLEANED), "{state:?}");
}
