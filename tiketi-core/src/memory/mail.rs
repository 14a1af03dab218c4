//! The queue of mail, in memory.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use foldhash::fast::RandomState;

use crate::error::StoreError;
use crate::id::MailId;
use crate::mail::{Mail, MailOutcome};
use crate::memory::MemoryStore;
use crate::store::{ClaimedMail, DeadMail, MailStore};
use crate::time::Timestamp;

/// The state of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Waiting,
    Done,
    Dead,
}

struct Queued {
    mail: Mail,
    stage: Stage,
    /// When a waiting mail is due, or when another one was settled.
    at: Timestamp,
    tries: u32,
    problem: String,
}

/// All mails, and their order in each stage.
#[derive(Default)]
pub(super) struct Mails {
    by_id: HashMap<MailId, Queued, RandomState>,
    by_time: BTreeSet<(Stage, Timestamp, MailId)>,
}

impl Mails {
    fn add(&mut self, mail: &Mail) -> bool {
        if self.by_id.contains_key(&mail.id) {
            return false;
        }
        let at = mail.queued_at;
        self.by_time.insert((Stage::Waiting, at, mail.id));
        let queued =
            Queued { mail: mail.clone(), stage: Stage::Waiting, at, tries: 0, problem: String::new() };
        self.by_id.insert(mail.id, queued);
        true
    }

    /// Moves a mail to a stage and a moment.
    fn put(&mut self, id: MailId, stage: Stage, at: Timestamp) -> Option<&mut Queued> {
        let queued = self.by_id.get_mut(&id)?;
        self.by_time.remove(&(queued.stage, queued.at, id));
        self.by_time.insert((stage, at, id));
        (queued.stage, queued.at) = (stage, at);
        Some(queued)
    }

    /// Returns the mails of a stage up to a moment, the oldest first.
    fn until(&self, stage: Stage, end: Timestamp, limit: u32) -> Vec<MailId> {
        let first = (stage, Timestamp::EPOCH, MailId::from_uuid(uuid::Uuid::nil()));
        let all = self.by_time.range(first..).take_while(|(of, at, _)| *of == stage && *at <= end);
        all.map(|(_, _, id)| *id).take(limit as usize).collect()
    }
}

#[async_trait]
impl MailStore for MemoryStore {
    async fn queue_mail(&self, mails: &[Mail]) -> Result<u64, StoreError> {
        let mut state = self.lock();
        Ok(mails.iter().filter(|mail| state.mails.add(mail)).count() as u64)
    }

    async fn claim_mail(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let mut state = self.lock();
        let due = state.mails.until(Stage::Waiting, now, limit);
        let claim = |id| {
            let queued = state.mails.put(id, Stage::Waiting, now.after(lease))?;
            queued.tries = queued.tries.saturating_add(1);
            Some(ClaimedMail { mail: queued.mail.clone(), tries: queued.tries })
        };
        Ok(due.into_iter().filter_map(claim).collect())
    }

    async fn settle_mail(
        &self,
        id: MailId,
        claimed_until: Timestamp,
        outcome: MailOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut all = self.lock();
        let is_claimed = |queued: &Queued| queued.stage == Stage::Waiting && queued.at == claimed_until;
        if !all.mails.by_id.get(&id).is_some_and(is_claimed) {
            return Ok(false);
        }
        let (stage, at, problem) = match outcome {
            MailOutcome::Done => (Stage::Done, now, String::new()),
            MailOutcome::Again { at, problem } => (Stage::Waiting, at, problem),
            MailOutcome::Dead { problem } => (Stage::Dead, now, problem),
        };
        if let Some(queued) = all.mails.put(id, stage, at) {
            queued.problem = problem;
        }
        Ok(true)
    }

    async fn dead_mail(
        &self,
        after: Option<(Timestamp, MailId)>,
        limit: u32,
    ) -> Result<Vec<DeadMail>, StoreError> {
        let state = self.lock();
        let (at, id) = after.unwrap_or((Timestamp::EPOCH, MailId::from_uuid(uuid::Uuid::nil())));
        let first = (Stage::Dead, at, id);
        let dead = state.mails.by_time.range(first..).filter(|key| after.is_none() || **key != first);
        let read = |(_, _, id): &(Stage, Timestamp, MailId)| {
            let Queued { mail, at, tries, problem, .. } = state.mails.by_id.get(id)?;
            Some(DeadMail { mail: mail.clone(), tries: *tries, died_at: *at, problem: problem.clone() })
        };
        Ok(dead.take(limit as usize).filter_map(read).collect())
    }

    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.lock();
        if state.mails.by_id.get(&id).is_none_or(|queued| queued.stage != Stage::Dead) {
            return Ok(false);
        }
        let retried = state.mails.put(id, Stage::Waiting, now).map(|queued| queued.tries = 0);
        Ok(retried.is_some())
    }

    async fn forget_mail(&self, done: Timestamp, dead: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let before = |moment: Timestamp| moment.before(Duration::from_micros(1));
        let mut old = state.mails.until(Stage::Done, before(done), limit);
        old.extend(state.mails.until(Stage::Dead, before(dead), limit));
        old.truncate(limit as usize);
        for id in &old {
            if let Some(Queued { stage, at, .. }) = state.mails.by_id.remove(id) {
                state.mails.by_time.remove(&(stage, at, *id));
            }
        }
        Ok(old.len() as u64)
    }
}
