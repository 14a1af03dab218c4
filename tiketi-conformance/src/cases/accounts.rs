//! Accounts: one for each address; and sessions: where they are signed in.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::language::Language;
use tiketi_core::{
    AccountId, IdSource, Timestamp,
    account::{Account, PasswordHash, Role, Session, SignedIn},
    clock::CountedIds,
    id::SessionId,
    store::{AccountStore, CreateAccountRefused, UpdateAccountRefused},
};

use crate::cases::texts::{NUL, refuses};
use crate::handles::Handles;
use crate::shop::START;

fn account(ids: &CountedIds, email: &str) -> Account {
    Account {
        id: AccountId::from_uuid(ids.next()),
        email: email.parse().unwrap(),
        name: "한별 O'Neil".into(),
        phone: Some("+82 2 555 0100".into()),
        role: Role::Buyer,
        password: Some(PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".into())),
        google: None,
        language: Language::Korean,
        verified_at: None,
        created_at: START.parse().unwrap(),
        version: 1,
    }
}

/// A session of an account that ends so many hours after the start.
fn session(ids: &CountedIds, account: &Account, hours: u64) -> Session {
    let id = SessionId::from_uuid(ids.next());
    Session::start(id, account.id, account.created_at, hours_later(hours))
}

fn hours_later(hours: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().after(Duration::from_hours(hours))
}

/// The next generation of a session.
fn renewed(session: &Session) -> Session {
    let (generation, refreshed_at) =
        (session.generation + 1, session.refreshed_at.after(Duration::from_secs(9)));
    Session {
        generation,
        refreshed_at,
        ends_at: session.ends_at.after(Duration::from_secs(9)),
        ..session.clone()
    }
}

/// Stores an account, and returns it.
pub(super) async fn stored(stores: &Handles<dyn AccountStore>, ids: &CountedIds, email: &str) -> Account {
    let account = account(ids, email);
    stores.any().create_account(account.clone()).await.unwrap();
    account
}

/// Fails if an account that is read by id or by address differs from the stored one.
pub async fn an_account_is_read_as_it_was_written(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(1);
    let mut admin = account(&ids, "admin@harbour-hall.example");
    admin.phone = None;
    admin.role = Role::Admin;
    admin.password = None;
    admin.google = Some("100000000000000000007".into());
    admin.language = Language::English;
    admin.verified_at = Some(hours_later(2));
    for account in [account(&ids, "hanbyul@mail.example"), admin] {
        stores.any().create_account(account.clone()).await.unwrap();
        assert_eq!(stores.any().account(account.id).await.unwrap().as_ref(), Some(&account));
        let found = stores.any().account_by_email(&account.email).await.unwrap();
        assert_eq!(found, Some(account));
    }
}

/// Fails if the answer for an unknown account is not `None`.
pub async fn an_unknown_account_is_not_found(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(2);
    let stranger = account(&ids, "stranger@mail.example");
    assert_eq!(stores.any().account(stranger.id).await.unwrap(), None);
    assert_eq!(stores.any().account_by_email(&stranger.email).await.unwrap(), None);
}

/// Fails if one address, in any letter case, has two accounts.
pub async fn a_taken_address_is_refused_in_any_case(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(3);
    let first = account(&ids, "hanbyul@mail.example");
    stores.any().create_account(first.clone()).await.unwrap();
    let refused = stores.any().create_account(account(&ids, "HanByul@Mail.example")).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(CreateAccountRefused::EmailTaken));
    assert_eq!(stores.any().account_by_email(&first.email).await.unwrap(), Some(first));
}

/// Fails if an account created twice with one id replaces the first.
pub async fn an_id_that_exists_is_not_replaced(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(4);
    let first = account(&ids, "hanbyul@mail.example");
    stores.any().create_account(first.clone()).await.unwrap();
    let mut second = account(&ids, "other@mail.example");
    second.id = first.id;
    let refused = stores.any().create_account(second.clone()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(CreateAccountRefused::IdTaken));
    assert_eq!(stores.any().account(first.id).await.unwrap(), Some(first));
    assert_eq!(stores.any().account_by_email(&second.email).await.unwrap(), None);
}

/// Fails if of 32 concurrent registrations of one address not exactly one succeeds.
pub async fn of_32_registrations_of_one_address_one_wins(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(5);
    let tasks = (0..32).map(|_| {
        let (store, account) = (stores.any(), account(&ids, "rush@mail.example"));
        tokio::spawn(async move { store.create_account(account.clone()).await.map(|()| account) })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    let mut won = Vec::new();
    for answer in answers {
        match answer.unwrap() {
            Ok(account) => won.push(account),
            Err(refused) => assert_eq!(refused.refusal(), Some(CreateAccountRefused::EmailTaken)),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(stores.any().account_by_email(&won[0].email).await.unwrap(), won.pop());
}

/// Sets a text that stores refuse in one field.
type Spoil = fn(&mut Account);

/// Fails if an account is stored with a text that stores refuse.
pub async fn an_account_no_store_keeps_is_refused_by_its_field(stores: Handles<dyn AccountStore>) {
    let fine = || account(&CountedIds::seeded(6), "hanbyul@mail.example");
    let spoils: [(&str, Spoil); 4] = [
        ("name", |it| it.name = NUL.into()),
        ("phone", |it| it.phone = Some(NUL.into())),
        ("password", |it| it.password = Some(PasswordHash::from_phc(NUL.into()))),
        ("google", |it| it.google = Some(NUL.into())),
    ];
    for (field, spoil) in spoils {
        let mut bad = fine();
        spoil(&mut bad);
        refuses(stores.any().create_account(bad).await, field);
    }
    assert_eq!(stores.any().account(fine().id).await.unwrap(), None);
    assert!("han\0byul@mail.example".parse::<tiketi_core::account::Email>().is_err());
}

/// Fails if an account that is replaced is not read as it was written, or if its address or its time of creation changes.
pub async fn an_account_is_replaced_by_its_next_version(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(7);
    let first = stored(&stores, &ids, "hanbyul@mail.example").await;
    let mut next = Account { name: "새 이름".into(), phone: None, version: 2, ..first.clone() };
    next.password = Some(PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$b3RoZXI".into()));
    next.google = Some("100000000000000000007".into());
    (next.language, next.verified_at) = (Language::English, Some(hours_later(1)));
    let moved =
        Account { email: "other@mail.example".parse().unwrap(), created_at: hours_later(1), ..next.clone() };
    stores.any().update_account(moved.clone()).await.unwrap();
    assert_eq!(stores.any().account(first.id).await.unwrap().as_ref(), Some(&next));
    assert_eq!(stores.any().account_by_email(&first.email).await.unwrap(), Some(next));
    assert_eq!(stores.any().account_by_email(&moved.email).await.unwrap(), None);
}

/// Fails if an account is replaced by another version than its next.
pub async fn an_account_that_changed_meanwhile_is_not_replaced(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(8);
    let first = stored(&stores, &ids, "hanbyul@mail.example").await;
    for version in [0, 1, 3] {
        let late = Account { name: "late".into(), version, ..first.clone() };
        let refused = stores.any().update_account(late).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(UpdateAccountRefused::Changed), "{version}");
    }
    assert_eq!(stores.any().account(first.id).await.unwrap(), Some(first));
    let unknown = Account { version: 2, ..account(&ids, "stranger@mail.example") };
    let refused = stores.any().update_account(unknown.clone()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(UpdateAccountRefused::NotFound));
    assert_eq!(stores.any().account(unknown.id).await.unwrap(), None);
    refuses(stores.any().update_account(Account { name: NUL.into(), ..unknown }).await, "name");
}

/// Fails if an account is replaced without its sessions ending, or if sessions end although it is not replaced.
pub async fn an_account_is_replaced_and_its_sessions_end_together(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(14);
    let (one, two) =
        (stored(&stores, &ids, "one@mail.example").await, stored(&stores, &ids, "two@mail.example").await);
    let sessions = [session(&ids, &one, 1), session(&ids, &one, 1), session(&ids, &two, 1)];
    for session in &sessions {
        stores.any().start_session(session.clone()).await.unwrap();
    }
    let late = Account { version: 3, ..one.clone() };
    let refused = stores.any().update_account_and_end_sessions(late).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(UpdateAccountRefused::Changed));
    assert!(stores.any().session(sessions[0].id).await.unwrap().is_some());
    let unknown = Account { version: 2, ..account(&ids, "stranger@mail.example") };
    let refused = stores.any().update_account_and_end_sessions(unknown).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(UpdateAccountRefused::NotFound));
    let next = Account { password: None, version: 2, ..one };
    stores.any().update_account_and_end_sessions(next.clone()).await.unwrap();
    assert_eq!(stores.any().account(next.id).await.unwrap(), Some(next));
    let mut left = Vec::new();
    for session in &sessions {
        left.extend(stores.any().session(session.id).await.unwrap().map(|found| found.session.id));
    }
    assert_eq!(left, [sessions[2].id]);
}

/// Fails if a session is not read as it was written, or not with its account as it is now.
pub async fn a_session_is_read_with_its_account(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(9);
    let first = stored(&stores, &ids, "hanbyul@mail.example").await;
    let session = session(&ids, &first, 1);
    stores.any().start_session(session.clone()).await.unwrap();
    let signed_in = SignedIn { session: session.clone(), account: first.clone() };
    assert_eq!(stores.any().session(session.id).await.unwrap(), Some(signed_in));
    let account = stores.any().change_role(first.id, Role::Buyer, Role::Admin).await.unwrap();
    assert_eq!(stores.any().session(session.id).await.unwrap(), Some(SignedIn { session, account }));
    assert_eq!(stores.any().session(SessionId::from_uuid(ids.next())).await.unwrap(), None);
}

/// Fails if a session is stored under an id that exists, or for an account that does not.
pub async fn a_session_needs_a_new_id_and_an_account(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(10);
    let (one, two) =
        (stored(&stores, &ids, "one@mail.example").await, stored(&stores, &ids, "two@mail.example").await);
    let first = session(&ids, &one, 1);
    stores.any().start_session(first.clone()).await.unwrap();
    let second = Session { account: two.id, ..first.clone() };
    assert!(stores.any().start_session(second).await.is_err());
    assert_eq!(stores.any().session(first.id).await.unwrap().map(|found| found.session), Some(first));
    let stranger = session(&ids, &account(&ids, "stranger@mail.example"), 1);
    assert!(stores.any().start_session(stranger.clone()).await.is_err());
    assert_eq!(stores.any().session(stranger.id).await.unwrap(), None);
}

/// Fails if of 32 concurrent renewals of one session not exactly one succeeds.
pub async fn of_32_renewals_of_a_session_one_wins(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(11);
    let first = session(&ids, &stored(&stores, &ids, "hanbyul@mail.example").await, 1);
    stores.any().start_session(first.clone()).await.unwrap();
    let next = renewed(&first);
    let tasks = (0..32).map(|_| {
        let (store, next) = (stores.any(), next.clone());
        tokio::spawn(async move { store.renew_session(next).await.unwrap() })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
    assert_eq!(stores.any().session(first.id).await.unwrap().map(|found| found.session), Some(next.clone()));
    for stale in [first, next] {
        assert!(!stores.any().renew_session(stale).await.unwrap());
    }
}

/// Fails if a session that was ended is still there, or if another one is gone.
pub async fn ending_sessions_ends_those_and_no_others(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(12);
    let (one, two) =
        (stored(&stores, &ids, "one@mail.example").await, stored(&stores, &ids, "two@mail.example").await);
    let of_one: Vec<_> = (0..4).map(|_| session(&ids, &one, 1)).collect();
    let of_two = session(&ids, &two, 1);
    for session in of_one.iter().chain([&of_two]) {
        stores.any().start_session(session.clone()).await.unwrap();
    }
    assert!(stores.any().end_session(of_one[0].id).await.unwrap());
    assert!(!stores.any().end_session(of_one[0].id).await.unwrap());
    assert!(!stores.any().renew_session(renewed(&of_one[0])).await.unwrap(), "it came back");
    assert_eq!(stores.any().end_sessions(one.id, Some(of_one[1].id)).await.unwrap(), 2);
    let mut left = Vec::new();
    for session in of_one.iter().chain([&of_two]) {
        left.extend(stores.any().session(session.id).await.unwrap().map(|found| found.session.id));
    }
    assert_eq!(left, [of_one[1].id, of_two.id]);
    assert_eq!(stores.any().end_sessions(one.id, None).await.unwrap(), 1);
    assert_eq!(stores.any().session(of_one[1].id).await.unwrap(), None);
}

/// Fails if a session is forgotten before its end, or if more than the limit are forgotten at once.
pub async fn sessions_are_forgotten_from_their_end_on(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(13);
    let owner = stored(&stores, &ids, "hanbyul@mail.example").await;
    let sessions: Vec<_> = (1..=4).map(|hours| session(&ids, &owner, hours)).collect();
    for session in &sessions {
        stores.any().start_session(session.clone()).await.unwrap();
    }
    // A renewal moves the end.
    let longer = Session { ends_at: hours_later(9), ..renewed(&sessions[0]) };
    assert!(stores.any().renew_session(longer.clone()).await.unwrap());
    let just_before = hours_later(2).before(Duration::from_micros(1));
    assert_eq!(stores.any().forget_sessions(just_before, 10).await.unwrap(), 0);
    assert_eq!(stores.any().forget_sessions(hours_later(4), 2).await.unwrap(), 2);
    assert_eq!(stores.any().session(sessions[1].id).await.unwrap(), None);
    assert!(
        stores.any().session(sessions[3].id).await.unwrap().is_some(),
        "the first to end are forgotten first"
    );
    assert_eq!(stores.any().forget_sessions(hours_later(4), 2).await.unwrap(), 1);
    assert_eq!(stores.any().session(longer.id).await.unwrap().map(|found| found.session), Some(longer));
}
