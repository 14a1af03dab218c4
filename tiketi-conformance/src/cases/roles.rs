//! Roles of accounts, and the list of accounts.

use futures::future::join_all;
use tiketi_core::account::{Account, Role};
use tiketi_core::clock::CountedIds;
use tiketi_core::store::{AccountQuery, AccountStore, ChangeRoleRefused};

use crate::cases::accounts::stored;
use crate::handles::Handles;

/// Gives an account another role.
async fn promoted(stores: &Handles<dyn AccountStore>, account: &Account, role: Role) -> Account {
    stores.any().change_role(account.id, account.role, role).await.unwrap()
}

/// Fails if another field than the role and the version changes, or if a role is not read as it was written.
pub async fn a_role_is_changed_and_nothing_else(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(1);
    let mut known = stored(&stores, &ids, "hanbyul@mail.example").await;
    promoted(&stores, &stored(&stores, &ids, "owner@mail.example").await, Role::Admin).await;
    for role in Role::ALL.into_iter().chain([Role::Buyer, Role::Buyer]) {
        let changed = promoted(&stores, &known, role).await;
        assert_eq!(changed, Account { role, version: known.version + 1, ..known });
        assert_eq!(stores.any().account(changed.id).await.unwrap().as_ref(), Some(&changed));
        known = changed;
    }
}

/// Fails if replacing an account changes its role.
pub async fn replacing_an_account_keeps_its_role(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(2);
    let known = stored(&stores, &ids, "hanbyul@mail.example").await;
    let next = Account { role: Role::Admin, name: "새 이름".into(), version: 2, ..known.clone() };
    stores.any().update_account(next.clone()).await.unwrap();
    let kept = Account { role: known.role, ..next };
    assert_eq!(stores.any().account(known.id).await.unwrap(), Some(kept));
}

/// Fails if a role is changed that is not the one that the caller knows.
pub async fn a_role_that_changed_meanwhile_stays(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(3);
    let known = stored(&stores, &ids, "hanbyul@mail.example").await;
    let refused = stores.any().change_role(known.id, Role::Finance, Role::Admin).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(ChangeRoleRefused::Changed));
    assert_eq!(stores.any().account(known.id).await.unwrap(), Some(known.clone()));
    let unknown = tiketi_core::AccountId::from_uuid(tiketi_core::IdSource::next(&ids));
    let refused = stores.any().change_role(unknown, Role::Buyer, Role::Admin).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(ChangeRoleRefused::NotFound));
}

/// Fails if the only administrator loses the role, or if one of two cannot.
pub async fn the_last_administrator_stays_one(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(4);
    let first = promoted(&stores, &stored(&stores, &ids, "one@mail.example").await, Role::Admin).await;
    let second = promoted(&stores, &stored(&stores, &ids, "two@mail.example").await, Role::Admin).await;
    let first = promoted(&stores, &first, Role::Finance).await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let refused = stores.any().change_role(second.id, Role::Admin, role).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(ChangeRoleRefused::LastAdmin), "{role:?}");
    }
    assert_eq!(stores.any().account(second.id).await.unwrap(), Some(second.clone()));
    let second = promoted(&stores, &second, Role::Admin).await;
    promoted(&stores, &first, Role::Admin).await;
    promoted(&stores, &second, Role::Buyer).await;
}

/// Fails if of 16 administrators who lose the role at the same time not exactly one stays.
pub async fn of_16_administrators_demoted_at_once_one_stays(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(5);
    let mut admins = Vec::new();
    for number in 0..16 {
        let account = stored(&stores, &ids, &format!("staff-{number}@mail.example")).await;
        admins.push(promoted(&stores, &account, Role::Admin).await.id);
    }
    let tasks = admins.iter().map(|id| {
        let (store, id) = (stores.any(), *id);
        tokio::spawn(async move { store.change_role(id, Role::Admin, Role::Buyer).await })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    let mut refused = 0;
    for answer in answers {
        if let Err(error) = answer.unwrap() {
            assert_eq!(error.refusal(), Some(ChangeRoleRefused::LastAdmin));
            refused += 1;
        }
    }
    assert_eq!(refused, 1);
    let left = stores.any().accounts(AccountQuery::first(20).of_role(Role::Admin)).await.unwrap();
    assert_eq!(left.len(), 1);
}

/// Fails if a page of accounts is not by address, or has others than the query selects.
pub async fn accounts_are_listed_by_address_page_by_page(stores: Handles<dyn AccountStore>) {
    let ids = CountedIds::seeded(6);
    let addresses =
        ["ab@z.example", "aa@z.example", "b@z.example", "aé@z.example", "a_b@z.example", "á@z.example"];
    for address in addresses {
        stored(&stores, &ids, address).await;
    }
    let staff = stores.any().account_by_email(&"b@z.example".parse().unwrap()).await.unwrap().unwrap();
    promoted(&stores, &staff, Role::BoxOffice).await;
    let listed = async |query: AccountQuery| -> Vec<String> {
        let found = stores.any().accounts(query).await.unwrap();
        found.into_iter().map(|account| account.email.to_string()).collect()
    };
    // By the bytes of the address: `_` comes before letters, and `é` after them.
    let sorted =
        ["a_b@z.example", "aa@z.example", "ab@z.example", "aé@z.example", "b@z.example", "á@z.example"];
    assert_eq!(listed(AccountQuery::first(10)).await, sorted);
    assert_eq!(listed(AccountQuery::first(2)).await, sorted[..2]);
    let after = AccountQuery::first(2).after("aa@z.example".parse().unwrap());
    assert_eq!(listed(after).await, sorted[2..4]);
    assert_eq!(listed(AccountQuery::first(10).starting_with("A")).await, sorted[..4]);
    assert_eq!(listed(AccountQuery::first(10).starting_with("a_")).await, sorted[..1]);
    let both = AccountQuery::first(10).starting_with("a").after("aa@z.example".parse().unwrap());
    assert_eq!(listed(both).await, sorted[2..4]);
    assert_eq!(listed(AccountQuery::first(10).of_role(Role::BoxOffice)).await, ["b@z.example"]);
    assert_eq!(listed(AccountQuery::first(10).of_role(Role::Buyer)).await.len(), 5);
    for nothing in ["%", "a%", "\0", "z"] {
        assert_eq!(listed(AccountQuery::first(10).starting_with(nothing)).await, [""; 0], "{nothing:?}");
    }
    let past = AccountQuery::first(10).starting_with("a").after("b@z.example".parse().unwrap());
    assert_eq!(listed(past).await, [""; 0]);
}
