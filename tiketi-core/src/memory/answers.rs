//! Saved answers for idempotency keys, in memory.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::id::CommandKey;
use crate::memory::MemoryStore;
use crate::store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer};
use crate::time::Timestamp;

/// A claimed key, and its answer once it is saved.
pub(super) struct KeptAnswer {
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

    fn is_older_than(&self, before: Timestamp) -> bool {
        self.answer.as_ref().map_or(self.claimed_until, |(_, at)| *at) < before
    }
}

#[async_trait]
impl AnswerStore for MemoryStore {
    async fn claim_answer(&self, claim: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        let mut state = self.lock();
        let verdict = state.answers.get(&claim.key).map_or(AnswerClaim::Run, |kept| kept.claim(&claim));
        if verdict == AnswerClaim::Run {
            state.answers.insert(claim.key, KeptAnswer::claimed(claim.fingerprint, claim.until));
        }
        Ok(verdict)
    }

    async fn renew_claim(
        &self,
        key: CommandKey,
        ends: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let kept = state.answers.get_mut(&key);
        let kept = kept.filter(|kept| kept.answer.is_none() && kept.claimed_until == ends);
        Ok(kept.map(|kept| kept.claimed_until = until).is_some())
    }

    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError> {
        answer.check_texts()?;
        if let Some(kept) = self.lock().answers.get_mut(&key) {
            kept.answer = Some((answer, now));
        }
        Ok(())
    }

    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.answers.get(&key).is_some_and(|kept| kept.answer.is_none()) {
            state.answers.remove(&key);
        }
        Ok(())
    }

    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let count = state.answers.len();
        state.answers.retain(|_, kept| !kept.is_older_than(before));
        Ok((count - state.answers.len()) as u64)
    }
}
