//! Codes that are sent by mail: each is tried a few times and used once.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::language::Language;
use tiketi_core::{
    AccountId, IdSource, StoreErrorKind, Timestamp,
    account::{CODE_TRIES, CodeKey, CodePurpose, MailedCode, PasswordHash, Registration},
    clock::CountedIds,
    id::CodeId,
    store::CodeStore,
};

use crate::cases::texts::NUL;
use crate::handles::Handles;
use crate::shop::START;

fn minutes(later: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().after(Duration::from_mins(later))
}

fn code(ids: &CountedIds, purpose: CodePurpose) -> MailedCode {
    MailedCode {
        id: CodeId::from_uuid(ids.next()),
        email: "hanbyul@mail.example".parse().unwrap(),
        purpose,
        language: Language::Korean,
        hash: None,
        tries_left: CODE_TRIES,
        expires_at: minutes(30),
    }
}

fn registration(name: &str) -> CodePurpose {
    CodePurpose::Register(Registration {
        name: name.into(),
        phone: Some("+82 2 555 0100".into()),
        password: PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".into()),
    })
}

/// Stores a code, and returns it.
async fn stored(stores: &Handles<dyn CodeStore>, ids: &CountedIds, purpose: CodePurpose) -> MailedCode {
    let code = code(ids, purpose);
    stores.any().put_code(code.clone()).await.unwrap();
    code
}

/// Fails if a code of any purpose is not read as it was written, or not with the hash of its last mail.
pub async fn a_code_is_read_as_it_was_written(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(1);
    let account = AccountId::from_uuid(ids.next());
    let purposes = [registration("한별 O'Neil"), CodePurpose::Verify { account }, CodePurpose::Reset];
    for purpose in purposes {
        let code = stored(&stores, &ids, purpose).await;
        assert_eq!(stores.any().code(code.id).await.unwrap().as_ref(), Some(&code));
        for text in ["first", "second"] {
            let hash = CodeKey::of(&[7; 32]).hash(code.id, text);
            assert!(stores.any().issue_code(code.id, hash).await.unwrap());
            let issued = MailedCode { hash: Some(hash), ..code.clone() };
            assert_eq!(stores.any().code(code.id).await.unwrap(), Some(issued));
        }
    }
}

/// Fails if a code is stored under an id that exists, or with a text that stores refuse.
pub async fn a_code_needs_a_new_id_and_allowed_texts(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(2);
    let first = stored(&stores, &ids, CodePurpose::Reset).await;
    let again = MailedCode { purpose: registration("other"), ..first.clone() };
    assert!(stores.any().put_code(again).await.is_err());
    assert_eq!(stores.any().code(first.id).await.unwrap(), Some(first));
    let spoiled = code(&ids, registration(NUL));
    let refused = stores.any().put_code(spoiled.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::InvalidData);
    assert_eq!(stores.any().code(spoiled.id).await.unwrap(), None);
}

/// Fails if something can be done with a code that does not exist.
pub async fn an_unknown_code_is_not_found(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(3);
    let unknown = code(&ids, CodePurpose::Reset);
    let hash = CodeKey::of(&[7; 32]).hash(unknown.id, "x");
    assert_eq!(stores.any().code(unknown.id).await.unwrap(), None);
    assert!(!stores.any().issue_code(unknown.id, hash).await.unwrap());
    assert_eq!(stores.any().take_try(unknown.id, minutes(0)).await.unwrap(), None);
    assert!(!stores.any().use_code(unknown.id).await.unwrap());
    assert_eq!(stores.any().code(unknown.id).await.unwrap(), None);
}

/// Fails if of 32 tries at once more than the allowed number is made.
pub async fn of_32_tries_at_once_five_are_made(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(4);
    let code = stored(&stores, &ids, CodePurpose::Reset).await;
    let tasks = (0..32).map(|_| {
        let (store, id) = (stores.any(), code.id);
        tokio::spawn(async move { store.take_try(id, minutes(1)).await.unwrap() })
    });
    let tried = join_all(tasks.collect::<Vec<_>>()).await;
    let mut left: Vec<_> = tried.into_iter().filter_map(Result::unwrap).map(|code| code.tries_left).collect();
    left.sort_unstable();
    assert_eq!(left, (0..CODE_TRIES).collect::<Vec<_>>());
    assert_eq!(stores.any().take_try(code.id, minutes(1)).await.unwrap(), None);
}

/// Fails if a code can be tried from its end on, or if that uses up a try.
pub async fn a_code_is_tried_before_its_end_only(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(5);
    let code = stored(&stores, &ids, CodePurpose::Reset).await;
    assert_eq!(stores.any().take_try(code.id, minutes(30)).await.unwrap(), None);
    let just_before = minutes(30).before(Duration::from_micros(1));
    let tried = stores.any().take_try(code.id, just_before).await.unwrap();
    assert_eq!(tried, Some(MailedCode { tries_left: CODE_TRIES - 1, ..code }));
}

/// Fails if of 32 uses of one code at once not exactly one succeeds.
pub async fn of_32_uses_of_a_code_one_wins(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(6);
    let (code, other) =
        (stored(&stores, &ids, CodePurpose::Reset).await, stored(&stores, &ids, CodePurpose::Reset).await);
    let tasks = (0..32).map(|_| {
        let (store, id) = (stores.any(), code.id);
        tokio::spawn(async move { store.use_code(id).await.unwrap() })
    });
    let used = join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(used.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
    assert_eq!(stores.any().take_try(code.id, minutes(1)).await.unwrap(), None);
    assert_eq!(stores.any().code(other.id).await.unwrap(), Some(other));
}

/// Fails if a code is forgotten before its end, or if more than the limit are forgotten at once.
pub async fn codes_are_forgotten_from_their_end_on(stores: Handles<dyn CodeStore>) {
    let ids = CountedIds::seeded(7);
    for later in [10, 20, 30] {
        let code = MailedCode { expires_at: minutes(later), ..code(&ids, CodePurpose::Reset) };
        stores.any().put_code(code).await.unwrap();
    }
    assert_eq!(stores.any().forget_codes(minutes(9), 10).await.unwrap(), 0);
    assert_eq!(stores.any().forget_codes(minutes(20), 1).await.unwrap(), 1);
    assert_eq!(stores.any().forget_codes(minutes(20), 10).await.unwrap(), 1);
    assert_eq!(stores.any().forget_codes(minutes(29), 10).await.unwrap(), 0);
    assert_eq!(stores.any().forget_codes(minutes(30), 10).await.unwrap(), 1);
}
