//! The log of what staff did.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::account::Role;
use tiketi_core::clock::CountedIds;
use tiketi_core::id::LogEntryId;
use tiketi_core::staff_log::{Actor, LogEntry, LogOutcome, LogResult, LogSubject};
use tiketi_core::store::{LogKey, LogQuery, StaffLog};
use tiketi_core::{BuyerId, IdSource, StoreErrorKind, Timestamp};

use crate::cases::texts::NUL;
use crate::handles::Handles;
use crate::shop::START;

/// A moment so many seconds after the start.
fn second(number: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().after(Duration::from_secs(number))
}

fn entry(ids: &CountedIds, at: Timestamp) -> LogEntry {
    LogEntry {
        id: LogEntryId::from_uuid(ids.next()),
        at,
        actor: Actor::User { id: BuyerId::from_uuid(ids.next()), role: Role::Finance },
        action: "putAdminEventsById".into(),
        subject: Some(LogSubject::new("events", ids.next())),
        request: Some("request-1".into()),
        outcome: None,
    }
}

/// Saves an entry, and returns it.
async fn begun(stores: &Handles<dyn StaffLog>, entry: LogEntry) -> LogEntry {
    stores.any().begin_action(entry.clone()).await.unwrap();
    entry
}

async fn entries(stores: &Handles<dyn StaffLog>, query: LogQuery) -> Vec<LogEntry> {
    stores.any().log_entries(query).await.unwrap()
}

async fn newest(stores: &Handles<dyn StaffLog>) -> LogEntry {
    entries(stores, LogQuery::newest(1)).await.remove(0)
}

/// Fails if an entry is not read as it was written, before its outcome or after it.
pub async fn an_entry_is_read_as_it_was_written(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(1);
    let results = [
        LogResult::Done,
        LogResult::Refused { code: "LAST_ADMIN".into() },
        LogResult::Failed { code: "TIMED_OUT".into() },
    ];
    for (number, result) in (0..).zip(results) {
        let mut known = entry(&ids, second(number));
        if result == LogResult::Done {
            known = LogEntry::of_operator(known.id, known.at, "import-layout");
        }
        begun(&stores, known.clone()).await;
        assert_eq!(newest(&stores).await, known);
        let outcome = LogOutcome {
            result,
            before: Some(r#"{"title":"등대"}"#.into()),
            after: Some("{}".into()),
            reason: Some("a typing error,\nseen by 한별".into()),
            ..LogOutcome::done(second(number + 1))
        };
        assert!(stores.any().end_action(known.id, outcome.clone()).await.unwrap());
        known.outcome = Some(outcome);
        assert_eq!(newest(&stores).await, known);
    }
}

/// Fails if what an action created is not its subject afterwards.
pub async fn what_an_action_made_becomes_its_subject(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(2);
    let known = begun(&stores, LogEntry { subject: None, ..entry(&ids, second(0)) }).await;
    let made = LogSubject::new("layouts", ids.next());
    let outcome = LogOutcome { subject: Some(made.clone()), ..LogOutcome::done(second(1)) };
    assert!(stores.any().end_action(known.id, outcome).await.unwrap());
    let read = newest(&stores).await;
    assert_eq!((read.subject, read.outcome), (Some(made.clone()), Some(LogOutcome::done(second(1)))));
    let mut of_made = LogQuery::newest(9);
    of_made.subject = Some(made.id);
    assert_eq!(entries(&stores, of_made).await.len(), 1);
}

/// Fails if an entry is written a second time, or if an outcome is saved without its entry.
pub async fn an_entry_that_exists_is_not_replaced(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(3);
    let known = begun(&stores, entry(&ids, second(5))).await;
    for at in [second(5), second(6)] {
        let other = LogEntry { id: known.id, ..entry(&ids, at) };
        assert!(stores.any().begin_action(other).await.is_err());
    }
    let unknown = LogEntryId::from_uuid(ids.next());
    assert!(!stores.any().end_action(unknown, LogOutcome::done(second(6))).await.unwrap());
    assert_eq!(entries(&stores, LogQuery::newest(9)).await, [known]);
}

/// Fails if of 32 concurrent outcomes of an action not exactly one is saved.
pub async fn of_32_outcomes_of_an_action_one_is_saved(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(4);
    let known = begun(&stores, entry(&ids, second(0))).await;
    let tasks = (1..=32).map(|number| {
        let (store, outcome) = (stores.any(), LogOutcome::done(second(number)));
        tokio::spawn(async move { (store.end_action(known.id, outcome.clone()).await.unwrap(), outcome) })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    let saved: Vec<_> = answers.into_iter().map(Result::unwrap).filter(|(saved, _)| *saved).collect();
    assert_eq!(saved.len(), 1);
    assert_eq!(newest(&stores).await.outcome.as_ref(), Some(&saved[0].1));
}

/// Fails if a page has not the newest entries before its key, each once.
pub async fn entries_are_read_newest_first_page_by_page(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(5);
    let mut all = Vec::new();
    // Two of each moment, and not in the order of time.
    for at in [3, 1, 2, 3, 1, 2] {
        all.push(begun(&stores, entry(&ids, second(at))).await);
    }
    all.sort_by_key(|entry| std::cmp::Reverse(LogKey::of(entry)));
    let (mut read, mut query) = (Vec::new(), LogQuery::newest(4));
    loop {
        let page = entries(&stores, query.clone()).await;
        let Some(last) = page.last() else { break };
        query.before = LogKey::of(last);
        read.extend(page);
    }
    assert_eq!(read, all);
}

/// Fails if a query selects other entries than it names.
pub async fn entries_are_selected_by_actor_subject_action_and_time(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(6);
    let first = begun(&stores, entry(&ids, second(1))).await;
    let mut second_entry = entry(&ids, second(2));
    (second_entry.actor, second_entry.action) = (first.actor, "deleteAdminEventsById".into());
    let second_entry = begun(&stores, second_entry).await;
    let third = begun(&stores, LogEntry { subject: first.subject.clone(), ..entry(&ids, second(3)) }).await;
    let operator = LogEntryId::from_uuid(ids.next());
    let last = begun(&stores, LogEntry::of_operator(operator, second(4), "import-layout")).await;
    let all = [&last, &third, &second_entry, &first];
    let (actor, subject) = (first.actor.user(), first.subject.as_ref().map(|subject| subject.id));
    let action = Some(first.action.clone());
    let queries: [(&str, Narrow, usize); 7] = [
        ("all", |_, _| {}, 4),
        ("actor", |query, picked| query.actor = picked.0, 2),
        ("subject", |query, picked| query.subject = picked.1, 2),
        ("action", |query, picked| query.action = picked.2, 2),
        ("actor and subject", |query, picked| (query.actor, query.subject) = (picked.0, picked.1), 1),
        ("actor and action", |query, picked| (query.actor, query.action) = (picked.0, picked.2), 1),
        ("an action that no text can be", |query, _| query.action = Some(NUL.into()), 0),
    ];
    for (name, narrow, count) in queries {
        for from in [None, Some(second(2)), Some(second(5))] {
            for before in [LogKey::END, LogKey::at(second(3))] {
                let mut query = LogQuery::newest(9);
                narrow(&mut query, (actor, subject, action.clone()));
                (query.from, query.before) = (from, before);
                let expected: Vec<_> =
                    all.into_iter().filter(|entry| query.selects(entry)).cloned().collect();
                assert!(from.is_some() || before != LogKey::END || expected.len() == count, "{name}");
                assert_eq!(entries(&stores, query).await, expected, "{name} {from:?} {before:?}");
            }
        }
    }
}

/// Narrows a query to some of what is picked.
type Narrow = fn(&mut LogQuery, Picked);

/// The actor, the subject and the action that queries name.
type Picked = (Option<BuyerId>, Option<uuid::Uuid>, Option<String>);

/// Fails if a text is saved that stores refuse.
pub async fn an_entry_no_store_keeps_is_refused(stores: Handles<dyn StaffLog>) {
    let ids = CountedIds::seeded(7);
    let known = begun(&stores, entry(&ids, second(0))).await;
    let bad = LogEntry { action: NUL.into(), ..entry(&ids, second(1)) };
    let refused = stores.any().begin_action(bad).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::InvalidData);
    for outcome in [
        LogOutcome { reason: Some(NUL.into()), ..LogOutcome::done(second(1)) },
        LogOutcome { before: Some("x".repeat(8_193)), ..LogOutcome::done(second(1)) },
    ] {
        let refused = stores.any().end_action(known.id, outcome).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::InvalidData);
    }
    assert_eq!(entries(&stores, LogQuery::newest(9)).await, [known]);
}
