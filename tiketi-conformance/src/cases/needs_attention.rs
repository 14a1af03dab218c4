//! Payments that need attention: all of them are listed, and no others.

use std::time::Duration;

use tiketi_core::decide::{
    CaptureOutcome, EndPayment, EndPaymentRefused, NotePayment, NotePaymentRefused, ReconcileStep,
    RecordRefund, RefundOutcome, ScheduleReconciliation,
};
use tiketi_core::{
    CommandError, PageRequest, Payment, PaymentId,
    gateway::{Captured, DepositAsked},
    payment::{DepositAccount, Settles},
    store::SalesStore,
};

use crate::cases::texts::{CLEANED, NUL, refuses};
use crate::handles::Handles;
use crate::shop::TestShop;

const SLOW: Duration = Duration::from_mins(10);

async fn listed(shop: &TestShop, stores: &Handles<dyn SalesStore>) -> Vec<PaymentId> {
    let before = shop.now().before(SLOW);
    let page = stores.any().payments_needing_attention(before, PageRequest::FIRST).await.unwrap();
    assert_eq!(page.total, page.rows.len() as u64);
    page.rows.into_iter().map(|payment| payment.id).collect()
}

fn note(of: &Payment, settles: Settles) -> NotePayment {
    NotePayment::new(of.id, "Kim", "called the bank", settles)
}

/// Ends a confirm with money of another order.
async fn stuck(shop: &TestShop, seat: usize) -> Payment {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[seat]).await;
    let payment = shop.confirming(&held).await;
    let strange = Captured::kept("another-order", "money", payment.amount);
    shop.apply(shop.outcome(&payment, CaptureOutcome::Paid(strange))).await;
    payment
}

/// Fails if a stuck payment or a refused refund is not listed, or is still listed after it is settled.
pub async fn what_needs_a_person_is_listed_until_it_is_settled(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let stuck = stuck(&shop, 0).await;
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[1]).await;
    let (_, refused) = shop.sold(&held).await;
    let refund = shop.promised(&refused).await;
    assert_eq!(listed(&shop, &stores).await, [stuck.id]);
    let no = RefundOutcome::Refused { code: "account_closed".into() };
    shop.apply(RecordRefund::new(refused.id, refund, no)).await;
    let mut both = vec![stuck.id, refused.id];
    both.sort_unstable();
    assert_eq!(listed(&shop, &stores).await, both);

    shop.send(note(&stuck, Settles::No)).await.unwrap();
    assert_eq!(listed(&shop, &stores).await, both);
    let settled = shop.envelope(note(&stuck, Settles::Yes));
    for _ in 0..2 {
        shop.execute(settled.clone()).await.unwrap();
    }
    let notes = shop.now_of_payment(&stuck).await.notes;
    assert_eq!(notes.iter().map(|note| note.settles).collect::<Vec<_>>(), [Settles::No, Settles::Yes]);
    assert_eq!((notes[1].author.as_str(), notes[1].at), ("Kim", shop.now()));
    shop.promised(&refused).await;
    assert_eq!(listed(&shop, &stores).await, [], "it was promised again");
}

/// Fails if a payment whose outcome stays unknown never needs attention.
pub async fn what_is_unknown_for_long_is_listed(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    shop.advance(SLOW.saturating_sub(Duration::from_micros(1)));
    assert_eq!(listed(&shop, &stores).await, []);
    shop.advance(Duration::from_micros(1));
    assert_eq!(listed(&shop, &stores).await, [payment.id]);
    shop.apply(shop.paid(&payment)).await;
    assert_eq!(listed(&shop, &stores).await, []);
}

/// Fails if pages repeat or omit a payment.
pub async fn the_list_is_read_in_pages(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let mut expected = Vec::new();
    for seat in 0..5 {
        expected.push(stuck(&shop, seat).await.id);
    }
    expected.sort_unstable();
    let mut found = Vec::new();
    for number in 1..=3 {
        let page = PageRequest::new(number, 2).unwrap();
        let page = stores.any().payments_needing_attention(shop.now().before(SLOW), page).await.unwrap();
        assert_eq!(page.total, 5);
        found.extend(page.rows.into_iter().map(|payment| payment.id));
    }
    assert_eq!(found, expected);
}

/// Fails if a provider's key finds no payment, or another one.
pub async fn a_payment_is_found_by_its_providers_key(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let key = payment.provider_key.as_deref().unwrap();
    assert_eq!(stores.any().payment_by_key("test", key).await.unwrap(), Some(payment.id));
    assert_eq!(stores.any().payment_by_key("another", key).await.unwrap(), None);
    assert_eq!(stores.any().payment_by_key("test", "no such key").await.unwrap(), None);
}

/// Fails if an empty note is stored, or one about an unknown payment.
pub async fn a_note_without_a_word_is_refused(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payment = stuck(&shop, 0).await;
    let mut empty = note(&payment, Settles::Yes);
    empty.text = String::from("  ");
    let refused = shop.send(empty).await.unwrap_err();
    assert!(matches!(refused, CommandError::Text(error) if error.field == "note"));
    let mut unknown = note(&payment, Settles::Yes);
    unknown.payment = PaymentId::from_uuid(shop.ids().next());
    let refused = shop.send(unknown).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(NotePaymentRefused::PaymentNotFound));
    assert_eq!(listed(&shop, &stores).await, [payment.id]);
}

/// Fails if a note hides a refusal that came after it.
pub async fn a_note_settles_only_what_came_before_it(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    for _ in 0..3 {
        let refund = shop.promised(&payment).await;
        let no = RefundOutcome::Refused { code: "account_closed".into() };
        shop.apply(RecordRefund::new(payment.id, refund, no)).await;
        assert_eq!(listed(&shop, &stores).await, [payment.id]);
        shop.send(note(&payment, Settles::Yes)).await.unwrap();
        assert_eq!(listed(&shop, &stores).await, []);
    }
    shop.send(note(&payment, Settles::No)).await.unwrap();
    assert_eq!(listed(&shop, &stores).await, [payment.id], "there is more to do");
}

/// Fails if staff cannot end a payment whose outcome stays unknown, or if its late capture is not found.
pub async fn what_a_person_ends_frees_its_seats_and_is_asked_about(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    let until = shop.now().after(shop.terms().trouble_after);
    let end = || EndPayment::new(payment.id, "Kim", "the provider closed");
    let refused = shop.send(end()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(EndPaymentRefused::TooSoon { until }));
    shop.go_to(until);
    assert_eq!(listed(&shop, &stores).await, [payment.id]);
    let command = shop.envelope(end());
    for replayed in [false, true] {
        let ended = shop.execute(command.clone()).await.unwrap();
        assert_eq!(ended.replayed, replayed);
        let ended = ended.payment.unwrap();
        assert!(ended.is_ended_unanswered() && ended.notes[0].author == "Kim", "{ended:?}");
    }
    assert_eq!(listed(&shop, &stores).await, []);
    let due = stores.any().payments_due(shop.now(), 10).await.unwrap();
    assert_eq!(due.iter().map(|payment| payment.id).collect::<Vec<_>>(), [payment.id]);
    let next = shop.held(&hall, shop.buyer(), &[0]).await;
    let late = shop.apply(shop.paid(&payment)).await.payment.unwrap();
    assert_eq!(late.queued_refund().map(|refund| refund.amount), Some(payment.amount));
    assert_eq!(shop.seat(&hall, 0).await.state.owner(), Some(next.id));
    let refused = shop.send(end()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(EndPaymentRefused::NotConfirming { state: late.state }));
}

/// Fails if a note with a text that stores refuse is not refused with its field.
pub async fn a_note_no_store_keeps_is_refused_by_its_field(shop: TestShop, _: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let payment = shop.prepared(&shop.held(&hall, shop.buyer(), &[0]).await).await;
    let note = |author: &str, text: &str| NotePayment::new(payment.id, author, text, Settles::No);
    refuses(shop.send(note(NUL, "fine")).await, "author");
    refuses(shop.send(note("fine", NUL)).await, "note");
    assert_eq!(shop.now_of_payment(&payment).await, payment);
    let lines = "two lines\n\tand a tab";
    let noted = shop.send(note("fine", lines)).await.unwrap().payment.unwrap();
    assert_eq!(noted.notes[0].text, lines);
}

/// Fails if a provider's inconclusive answer or an account is not stored because of its characters, or if a lookup
/// by a key that no payment can have fails.
pub async fn what_is_awaited_is_kept_whatever_characters_it_has(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let hall = shop.hall().await;
    let payment = shop.confirming(&shop.held(&hall, shop.buyer(), &[0]).await).await;
    let ask = |because: ReconcileStep| ScheduleReconciliation::new(payment.id, because);
    let last_inconclusive = ask(ReconcileStep::Inconclusive { answer: NUL.into() });
    let inconclusive = shop.send(last_inconclusive).await.unwrap().payment.unwrap();
    assert_eq!(inconclusive.reconciliation.unwrap().last_inconclusive.as_deref(), Some(CLEANED));
    let account = Some(DepositAccount { bank: NUL.into(), number: NUL.into() });
    let deposit = ask(ReconcileStep::Deposit(DepositAsked::default().account(account)));
    let waiting = shop.send(deposit).await.unwrap().payment.unwrap();
    let account = waiting.awaited_deposit().unwrap().account.clone().unwrap();
    assert_eq!((&*account.bank, &*account.number), (CLEANED, CLEANED));
    assert_eq!(stores.any().payment_by_key("test", NUL).await.unwrap(), None);
    assert_eq!(stores.any().payment_by_key(NUL, "key").await.unwrap(), None);
}
