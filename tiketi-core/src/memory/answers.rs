//! Saved answers for idempotency keys, in memory.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use foldhash::fast::RandomState;

use crate::error::StoreError;
use crate::id::CommandKey;
use crate::memory::MemoryStore;
use crate::store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer};
use crate::time::Timestamp;

/// Claimed keys, and the order in which they are deleted.
#[derive(Debug, Default)]
pub(super) struct Answers {
    by_key: HashMap<CommandKey, KeptAnswer, RandomState>,
    by_age: BTreeSet<(Timestamp, CommandKey)>,
}

impl Answers {
    fn put(&mut self, key: CommandKey, kept: KeptAnswer) {
        self.remove(key);
        self.by_age.insert((kept.age(), key));
        self.by_key.insert(key, kept);
    }

    fn remove(&mut self, key: CommandKey) -> Option<KeptAnswer> {
        let kept = self.by_key.remove(&key)?;
        self.by_age.remove(&(kept.age(), key));
        Some(kept)
    }

    /// Deletes the keys that are older than a moment, and returns how many.
    fn forget(&mut self, before: Timestamp) -> u64 {
        let mut forgotten = 0;
        while let Some((_, key)) = self.by_age.first().filter(|(age, _)| *age < before).copied() {
            self.remove(key);
            forgotten += 1;
        }
        forgotten
    }
}

/// A claimed key, and its answer once it is saved.
#[derive(Debug, Clone)]
struct KeptAnswer {
    fingerprint: u128,
    claimed_until: Timestamp,
    answer: Option<(Answer, Timestamp)>,
}

impl KeptAnswer {
    fn claimed(fingerprint: u128, until: Timestamp) -> Self {
        Self { fingerprint, claimed_until: until, answer: None }
    }

    fn claim(&self, claim: &ClaimAnswer) -> AnswerClaim {
        match &self.answer {
            Some((_, at)) if *at < claim.replay_from => AnswerClaim::Run,
            _ if self.fingerprint != claim.fingerprint => AnswerClaim::Mismatch,
            Some((answer, _)) => AnswerClaim::Replay(answer.clone()),
            None if self.claimed_until <= claim.now => AnswerClaim::Run,
            None => AnswerClaim::Running,
        }
    }

    fn age(&self) -> Timestamp {
        self.answer.as_ref().map_or(self.claimed_until, |(_, at)| *at)
    }
}

#[async_trait]
impl AnswerStore for MemoryStore {
    async fn claim_answer(&self, claim: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        let answers = &mut self.lock().answers;
        let verdict = answers.by_key.get(&claim.key).map_or(AnswerClaim::Run, |kept| kept.claim(&claim));
        if verdict == AnswerClaim::Run {
            answers.put(claim.key, KeptAnswer::claimed(claim.fingerprint, claim.until));
        }
        Ok(verdict)
    }

    async fn renew_claim(
        &self,
        key: CommandKey,
        ends: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let answers = &mut self.lock().answers;
        let kept = answers.by_key.get(&key);
        let kept = kept.filter(|kept| kept.answer.is_none() && kept.claimed_until == ends).cloned();
        let Some(kept) = kept else { return Ok(false) };
        answers.put(key, KeptAnswer { claimed_until: until, ..kept });
        Ok(true)
    }

    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError> {
        answer.check_texts()?;
        let answers = &mut self.lock().answers;
        if let Some(kept) = answers.remove(key) {
            answers.put(key, KeptAnswer { answer: Some((answer, now)), ..kept });
        }
        Ok(())
    }

    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError> {
        let answers = &mut self.lock().answers;
        if answers.by_key.get(&key).is_some_and(|kept| kept.answer.is_none()) {
            answers.remove(key);
        }
        Ok(())
    }

    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.lock().answers.forget(before))
    }
}
