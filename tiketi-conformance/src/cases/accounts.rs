//! Accounts: one for each address.

use futures::future::join_all;
use tiketi_core::{
    AccountId, IdSource,
    account::{Account, PasswordHash, Role},
    clock::CountedIds,
    store::{AccountStore, CreateAccountRefused},
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
        password: PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".into()),
        created_at: START.parse().unwrap(),
    }
}

/// Fails if an account that is read by id or by address differs from the stored one.
pub async fn an_account_is_read_as_it_was_written(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(1);
    let mut admin = account(&ids, "admin@harbour-hall.example");
    admin.phone = None;
    admin.role = Role::Admin;
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
    let spoils: [(&str, Spoil); 3] = [
        ("name", |it| it.name = NUL.into()),
        ("phone", |it| it.phone = Some(NUL.into())),
        ("password", |it| it.password = PasswordHash::from_phc(NUL.into())),
    ];
    for (field, spoil) in spoils {
        let mut bad = fine();
        spoil(&mut bad);
        refuses(stores.any().create_account(bad).await, field);
    }
    assert_eq!(stores.any().account(fine().id).await.unwrap(), None);
    assert!("han\0byul@mail.example".parse::<tiketi_core::account::Email>().is_err());
}
