//! The queue of mail: each mail is queued once, sent by one server at a time, and never lost.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tiketi_core::{
    BuyerId, Currency, EventId, Fact, FactBody, IdSource, Money, PaymentId, PaymentState, ReservationId,
    SeatId, TicketTypeId, Timestamp,
    clock::CountedIds,
    fact::{FactId, PaymentSummary, ReservationSummary},
    id::{CodeId, MailId},
    mail::{Mail, MailContent, MailOutcome},
    reservation::{ItemLine, ReservationNumber, SeatLine},
    store::{ClaimedMail, DeadMail, MailStore},
};

use crate::handles::Handles;
use crate::shop::START;

const LEASE: Duration = Duration::from_mins(1);

fn at(seconds: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().after(Duration::from_secs(seconds))
}

fn mail(ids: &CountedIds, seconds: u64) -> Mail {
    Mail::with_code(CodeId::from_uuid(ids.next()), at(seconds))
}

fn ids_of(claimed: &[ClaimedMail]) -> Vec<MailId> {
    claimed.iter().map(|it| it.mail.id).collect()
}

/// A confirmed reservation with a seat and an item.
fn confirmed(ids: &CountedIds) -> Mail {
    let won = |minor| Money::new(minor, Currency::KRW);
    let reservation = ReservationSummary {
        id: ReservationId::from_uuid(ids.next()),
        number: ReservationNumber::from_parts(20_260_105, 7),
        buyer: BuyerId::from_uuid(ids.next()),
        seats: vec![SeatLine {
            seat: SeatId::from_uuid(ids.next()),
            ticket_type: TicketTypeId::from_uuid(ids.next()),
            label: "가구역 3열 7번".into(),
            price: won(99_000),
        }],
        items: vec![ItemLine {
            ticket_type: TicketTypeId::from_uuid(ids.next()),
            name: "Standing".into(),
            quantity: 2,
            unit_price: won(66_000),
        }],
        total: won(231_000),
        payment: None,
        version: 3,
    };
    let body = FactBody::ReservationConfirmed { reservation: Arc::new(reservation) };
    Mail::about(&Fact::new(FactId(1), EventId::from_uuid(ids.next()), at(0), body)).unwrap()
}

/// A payment of which a part was refunded.
fn refunded(ids: &CountedIds) -> Mail {
    let won = |minor| Money::new(minor, Currency::KRW);
    let payment = PaymentSummary {
        id: PaymentId::from_uuid(ids.next()),
        reservation: ReservationId::from_uuid(ids.next()),
        buyer: BuyerId::from_uuid(ids.next()),
        gateway: "test".into(),
        method: "card".into(),
        amount: won(231_000),
        captured: Some(won(231_000)),
        refunded: won(99_000),
        state: PaymentState::PartlyRefunded { at: at(0) },
        deposit: None,
        version: 4,
    };
    let body = FactBody::PaymentUpdated { payment: Arc::new(payment) };
    Mail::about(&Fact::new(FactId(2), EventId::from_uuid(ids.next()), at(0), body)).unwrap()
}

/// Fails if a mail of any content is not read as it was queued.
pub async fn a_mail_is_claimed_as_it_was_queued(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(1);
    let called = MailContent::Called {
        event: EventId::from_uuid(ids.next()),
        buyer: BuyerId::from_uuid(ids.next()),
        until: at(180),
    };
    let called = Mail { id: MailId::from_uuid(ids.next()), content: called, queued_at: at(0) };
    let mut mails = vec![confirmed(&ids), refunded(&ids), called, mail(&ids, 0)];
    mails.sort_by_key(|mail| mail.id);
    assert_eq!(stores.any().queue_mail(&mails).await.unwrap(), 4);
    let claimed = stores.any().claim_mail(at(0), LEASE, 10).await.unwrap();
    let expected: Vec<_> = mails.into_iter().map(|mail| ClaimedMail { mail, tries: 1 }).collect();
    assert_eq!(claimed, expected);
}

/// Fails if a mail is queued twice, also by two servers at once and also after it was sent.
pub async fn the_same_mail_is_queued_once(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(2);
    let mails = [mail(&ids, 0), mail(&ids, 0)];
    let tasks = (0..16).map(|turn| {
        let (store, mut mails) = (stores.any(), mails.to_vec());
        if turn % 2 == 0 {
            mails.reverse();
        }
        tokio::spawn(async move { store.queue_mail(&mails).await.unwrap() })
    });
    let queued = join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(queued.into_iter().map(Result::unwrap).sum::<u64>(), 2);
    let claimed = stores.any().claim_mail(at(0), LEASE, 10).await.unwrap();
    assert_eq!(claimed.len(), 2);
    for it in claimed {
        let sent = stores.any().settle_mail(it.mail.id, at(60), MailOutcome::Done, at(1)).await.unwrap();
        assert!(sent);
    }
    assert_eq!(stores.any().queue_mail(&mails).await.unwrap(), 0);
    assert_eq!(stores.any().claim_mail(at(9_999), LEASE, 10).await.unwrap(), []);
    assert_eq!(stores.any().queue_mail(&[]).await.unwrap(), 0);
}

/// Fails if two of 16 servers claim one mail, or if a mail is left out.
pub async fn servers_claim_each_mail_once(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(3);
    let mails: Vec<_> = (0..48).map(|_| mail(&ids, 0)).collect();
    stores.any().queue_mail(&mails).await.unwrap();
    let mut found = Vec::new();
    // On a store with locks of rows, a call may pass over rows that another one is claiming.
    while found.len() < mails.len() {
        let tasks = (0..16).map(|_| {
            let store = stores.any();
            tokio::spawn(async move { store.claim_mail(at(0), LEASE, 5).await.unwrap() })
        });
        for claimed in join_all(tasks.collect::<Vec<_>>()).await {
            let claimed = claimed.unwrap();
            assert!(claimed.len() <= 5);
            found.extend(ids_of(&claimed));
        }
    }
    found.sort_unstable();
    let mut expected: Vec<_> = mails.iter().map(|mail| mail.id).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Fails if a claimed mail is claimed again before its lease ends, or not from then on, or if the claim is not counted.
pub async fn a_mail_whose_server_died_is_due_again(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(4);
    stores.any().queue_mail(&[mail(&ids, 5)]).await.unwrap();
    assert_eq!(stores.any().claim_mail(at(4), LEASE, 1).await.unwrap(), []);
    assert_eq!(stores.any().claim_mail(at(5), LEASE, 1).await.unwrap()[0].tries, 1);
    assert_eq!(stores.any().claim_mail(at(64), LEASE, 1).await.unwrap(), []);
    let again = stores.any().claim_mail(at(65), LEASE, 1).await.unwrap();
    assert_eq!(again[0].tries, 2);
    // The first server comes back: the mail is no longer its own.
    let id = again[0].mail.id;
    assert!(!stores.any().settle_mail(id, at(65), MailOutcome::Done, at(66)).await.unwrap());
    assert!(stores.any().settle_mail(id, at(125), MailOutcome::Done, at(66)).await.unwrap());
    assert!(!stores.any().settle_mail(id, at(125), MailOutcome::Done, at(66)).await.unwrap());
}

/// Fails if a mail is tried before its pause ends, or if others wait for it.
pub async fn a_failed_mail_waits_and_delays_no_other(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(5);
    let (first, second) = (mail(&ids, 0), mail(&ids, 1));
    stores.any().queue_mail(&[first.clone(), second.clone()]).await.unwrap();
    let claimed = stores.any().claim_mail(at(1), LEASE, 1).await.unwrap();
    assert_eq!(ids_of(&claimed), [first.id]);
    let again = MailOutcome::Again { at: at(100), problem: "the server is busy".into() };
    assert!(stores.any().settle_mail(first.id, at(61), again, at(2)).await.unwrap());
    assert_eq!(ids_of(&stores.any().claim_mail(at(99), LEASE, 9).await.unwrap()), [second.id]);
    let claimed = stores.any().claim_mail(at(100), LEASE, 9).await.unwrap();
    assert_eq!((ids_of(&claimed), claimed[0].tries), (vec![first.id], 2));
}

/// Fails if a mail that was given up is not listed with its reason, or not sent again when an operator asks for it.
pub async fn a_dead_mail_is_listed_and_can_be_retried(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(6);
    let mails: Vec<_> = (0..3).map(|_| mail(&ids, 0)).collect();
    stores.any().queue_mail(&mails).await.unwrap();
    stores.any().claim_mail(at(0), LEASE, 9).await.unwrap();
    let mut dead = Vec::new();
    for (seconds, mail) in (1..).zip(&mails) {
        let problem = format!("550 no such user {seconds}");
        let outcome = MailOutcome::Dead { problem: problem.clone() };
        assert!(stores.any().settle_mail(mail.id, at(60), outcome, at(seconds)).await.unwrap());
        dead.push(DeadMail { mail: mail.clone(), tries: 1, died_at: at(seconds), problem });
    }
    assert_eq!(stores.any().claim_mail(at(9_999), LEASE, 9).await.unwrap(), []);
    assert_eq!(stores.any().dead_mail(None, 2).await.unwrap(), dead[..2]);
    let after = Some((dead[1].died_at, dead[1].mail.id));
    assert_eq!(stores.any().dead_mail(after, 2).await.unwrap(), dead[2..]);
    assert!(stores.any().retry_mail(mails[1].id, at(500)).await.unwrap());
    assert!(!stores.any().retry_mail(mails[1].id, at(500)).await.unwrap());
    assert_eq!(stores.any().dead_mail(None, 9).await.unwrap(), [dead[0].clone(), dead[2].clone()]);
    let claimed = stores.any().claim_mail(at(500), LEASE, 9).await.unwrap();
    assert_eq!((ids_of(&claimed), claimed[0].tries), (vec![mails[1].id], 1));
}

/// Fails if a mail is forgotten that waits, or that was settled too recently, or if more than the limit are.
pub async fn settled_mails_are_forgotten_after_their_time(stores: Handles<dyn MailStore>) {
    let ids = CountedIds::seeded(7);
    let mails: Vec<_> = (0..5).map(|_| mail(&ids, 0)).collect();
    stores.any().queue_mail(&mails).await.unwrap();
    stores.any().claim_mail(at(0), LEASE, 9).await.unwrap();
    let dead = || MailOutcome::Dead { problem: "no".into() };
    for (mail, outcome) in mails.iter().zip([MailOutcome::Done, MailOutcome::Done, dead(), dead()]) {
        assert!(stores.any().settle_mail(mail.id, at(60), outcome, at(10)).await.unwrap());
    }
    assert_eq!(stores.any().forget_mail(at(10), at(10), 9).await.unwrap(), 0);
    assert_eq!(stores.any().forget_mail(at(11), at(10), 1).await.unwrap(), 1);
    assert_eq!(stores.any().forget_mail(at(11), at(10), 9).await.unwrap(), 1);
    assert_eq!(stores.any().dead_mail(None, 9).await.unwrap().len(), 2);
    assert_eq!(stores.any().forget_mail(at(11), at(11), 9).await.unwrap(), 2);
    assert_eq!(ids_of(&stores.any().claim_mail(at(9_999), LEASE, 9).await.unwrap()), [mails[4].id]);
}
