//! Stored answers: a request that is repeated with its key gets the first answer.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::{
    CommandKey, StoreErrorKind, Timestamp,
    store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer},
};

use crate::cases::texts::NUL;
use crate::handles::Handles;
use crate::shop::START;

const MICROSECOND: Duration = Duration::from_micros(1);
/// A fingerprint that does not fit a smaller integer.
const FINGERPRINT: u128 = u128::MAX - 5;

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn until() -> Timestamp {
    start().after(Duration::from_mins(1))
}

fn key(text: &str) -> CommandKey {
    CommandKey::from_text("answers", text)
}

fn answer() -> Answer {
    Answer { status: 201, content_type: "application/json".into(), body: vec![b'{', 0, 0xff, b'}'] }
}

async fn claim(stores: &Handles<dyn AnswerStore>, text: &str, now: Timestamp) -> AnswerClaim {
    stores.any().claim_answer(claimed(text, now)).await.unwrap()
}

/// A claim of a minute.
fn claimed(text: &str, now: Timestamp) -> ClaimAnswer {
    let (key, until) = (key(text), now.after(Duration::from_mins(1)));
    ClaimAnswer {
        key,
        fingerprint: FINGERPRINT,
        now,
        until,
        replay_from: now.before(Duration::from_hours(24)),
    }
}

/// A claim by another request.
fn another(text: &str) -> ClaimAnswer {
    ClaimAnswer { fingerprint: FINGERPRINT - 1, ..claimed(text, start()) }
}

/// Fails if a repeated request runs again, or gets an answer that differs in any byte.
pub async fn a_kept_answer_is_replayed(stores: Handles<dyn AnswerStore>) {
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Run);
    stores.any().keep_answer(key("a"), answer(), start()).await.unwrap();
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Replay(answer()));
    assert_eq!(claim(&stores, "a", until().after(MICROSECOND)).await, AnswerClaim::Replay(answer()));
    assert_eq!(claim(&stores, "b", start()).await, AnswerClaim::Run, "another key is another request");
}

/// Fails if a request runs twice at the same time, or if its claim ends early.
pub async fn a_claim_lasts_until_its_end(stores: Handles<dyn AnswerStore>) {
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Run);
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Running);
    assert_eq!(claim(&stores, "a", until().before(MICROSECOND)).await, AnswerClaim::Running);
    assert_eq!(claim(&stores, "a", until()).await, AnswerClaim::Run, "its server died");
    assert_eq!(claim(&stores, "a", until()).await, AnswerClaim::Running, "and another took it over");
}

/// Fails if a request that still runs loses its key, or if one that lost it takes it back.
pub async fn a_claim_is_renewed_by_its_owner_only(stores: Handles<dyn AnswerStore>) {
    let renew = async |ends: Timestamp, until: Timestamp| {
        stores.any().renew_claim(key("a"), ends, until).await.unwrap()
    };
    assert!(!renew(until(), until()).await, "nothing is claimed");
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Run);
    let later = until().after(Duration::from_mins(1));
    assert!(renew(until(), later).await);
    assert_eq!(claim(&stores, "a", until()).await, AnswerClaim::Running);
    assert!(!renew(until(), later).await, "it ends at another moment now");
    assert_eq!(claim(&stores, "a", later).await, AnswerClaim::Run, "its server died after all");
    assert!(!renew(later, later.after(MICROSECOND)).await, "another has it");
    stores.any().keep_answer(key("a"), answer(), later).await.unwrap();
    assert!(!renew(later.after(Duration::from_mins(1)), later).await, "it is answered");
    assert_eq!(claim(&stores, "a", later).await, AnswerClaim::Replay(answer()));
}

/// Fails if an answer is replayed after its time although it is not deleted yet.
pub async fn an_answer_past_its_time_is_replayed_no_more(stores: Handles<dyn AnswerStore>) {
    let past = start().after(Duration::from_hours(24));
    for text in ["a", "b"] {
        assert_eq!(claim(&stores, text, start()).await, AnswerClaim::Run);
        stores.any().keep_answer(key(text), answer(), start()).await.unwrap();
        assert_eq!(claim(&stores, text, past).await, AnswerClaim::Replay(answer()));
    }
    assert_eq!(claim(&stores, "a", past.after(MICROSECOND)).await, AnswerClaim::Run);
    assert_eq!(claim(&stores, "a", past.after(MICROSECOND)).await, AnswerClaim::Running);
    let now = past.after(MICROSECOND);
    let other = ClaimAnswer { fingerprint: FINGERPRINT - 1, ..claimed("b", now) };
    assert_eq!(stores.any().claim_answer(other).await.unwrap(), AnswerClaim::Run, "for any request");
    assert_eq!(claim(&stores, "b", now).await, AnswerClaim::Mismatch);
}

/// Fails if a key can be used for another request, during the first one or after it.
pub async fn a_key_used_for_another_request_is_a_mismatch(stores: Handles<dyn AnswerStore>) {
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Run);
    let other = || async { stores.any().claim_answer(another("a")).await.unwrap() };
    assert_eq!(other().await, AnswerClaim::Mismatch);
    stores.any().keep_answer(key("a"), answer(), start()).await.unwrap();
    assert_eq!(other().await, AnswerClaim::Mismatch);
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Replay(answer()));
}

/// Fails if a released key is not free, or if the release deletes a stored answer.
pub async fn a_key_given_up_is_free(stores: Handles<dyn AnswerStore>) {
    assert_eq!(claim(&stores, "a", start()).await, AnswerClaim::Run);
    stores.any().give_up_answer(key("a")).await.unwrap();
    let other = stores.any().claim_answer(another("a")).await.unwrap();
    assert_eq!(other, AnswerClaim::Run, "even for another request");
    stores.any().keep_answer(key("a"), answer(), start()).await.unwrap();
    stores.any().give_up_answer(key("a")).await.unwrap();
    let again = stores.any().claim_answer(another("a")).await.unwrap();
    assert_eq!(again, AnswerClaim::Replay(answer()));
    stores.any().give_up_answer(key("never claimed")).await.unwrap();
}

/// Fails if answers are deleted too early or never.
pub async fn answers_are_forgotten_by_age(stores: Handles<dyn AnswerStore>) {
    for (text, at) in [("old", start()), ("young", until())] {
        claim(&stores, text, at).await;
        stores.any().keep_answer(key(text), answer(), at).await.unwrap();
    }
    assert_eq!(stores.any().forget_answers(start()).await.unwrap(), 0);
    assert_eq!(stores.any().forget_answers(until()).await.unwrap(), 1);
    assert_eq!(claim(&stores, "old", until()).await, AnswerClaim::Run);
    assert_eq!(claim(&stores, "young", until()).await, AnswerClaim::Replay(answer()));
}

/// Fails if of 32 concurrent claims of one key not exactly one succeeds.
pub async fn of_32_claims_at_once_one_runs(stores: Handles<dyn AnswerStore>) {
    let tasks = (0..32).map(|_| {
        let stores = stores.clone();
        tokio::spawn(async move { claim(&stores, "rush", start()).await })
    });
    let claims = join_all(tasks.collect::<Vec<_>>()).await;
    let claims: Vec<_> = claims.into_iter().map(|claim| claim.unwrap()).collect();
    assert_eq!(claims.iter().filter(|claim| **claim == AnswerClaim::Run).count(), 1);
    assert_eq!(claims.iter().filter(|claim| **claim == AnswerClaim::Running).count(), 31);
}

/// Fails if an answer is stored with a text that stores refuse; its body may be any bytes.
pub async fn an_answer_no_store_keeps_is_invalid_data(stores: Handles<dyn AnswerStore>) {
    let now: Timestamp = START.parse().unwrap();
    let key = key("no store keeps");
    let answer =
        |content_type: &str| Answer { status: 200, content_type: content_type.into(), body: vec![0, 255, 0] };
    let store = stores.any();
    let until = Timestamp::FAR_FUTURE;
    let claim = || store.claim_answer(ClaimAnswer { key, fingerprint: 1, now, until, replay_from: now });
    assert_eq!(claim().await.unwrap(), AnswerClaim::Run);
    let failed = stores.any().keep_answer(key, answer(NUL), now).await.unwrap_err();
    assert_eq!(failed.kind(), StoreErrorKind::InvalidData);
    assert_eq!(claim().await.unwrap(), AnswerClaim::Running);
    stores.any().keep_answer(key, answer("image/png"), now).await.unwrap();
    assert_eq!(claim().await.unwrap(), AnswerClaim::Replay(answer("image/png")));
}
