//! Leases in Redis.

use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisError, Value};
use tiketi_core::lease::{
    AcquireLease, ExtendLease, Lease, LeaseLock, LeaseLost, LeaseRefused, MAX_LEASE_LENGTH,
};
use tiketi_core::{CommandError, StoreError, StoreErrorKind, Timestamp};

use crate::connection::Redis;
use crate::error::write_failed;
use crate::keys::lease_key;
use crate::script::{Call, Script};

/// How long a scope is kept after its last change: longer than any lease, also for a server whose clock is behind.
const KEPT: Duration = MAX_LEASE_LENGTH.saturating_mul(2);
/// How many times a command is sent if its answer is lost. Each command is safe to repeat.
const TRIES: u32 = 2;

/// Leases in Redis, for any number of servers.
///
/// Each scope is one key, so a Cluster keeps it on one node. If Redis has lost its data, tokens continue from the
/// clock.
#[derive(Debug)]
pub struct RedisLeases {
    redis: Redis,
    acquire: Script,
    extend: Script,
    release: Script,
}

impl RedisLeases {
    /// Creates leases on a connection; sends nothing.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            acquire: Script::new(include_str!("../scripts/lease_acquire.lua")),
            extend: Script::new(include_str!("../scripts/lease_extend.lua")),
            release: Script::new(include_str!("../scripts/lease_release.lua")),
        }
    }

    fn call<'k>(&self, scope: &str, keys: impl IntoIterator<Item = &'k String>, first: &'k [String]) -> Call {
        let mut call = Call { keys: vec![lease_key(self.redis.prefix(), scope)], ..Call::default() };
        for argument in first.iter().chain(keys) {
            call.argument(argument.as_str());
        }
        call
    }

    async fn run(&self, script: &Script, call: &Call) -> Result<Value, StoreError> {
        let mut may_have_applied = false;
        for _ in 1..TRIES {
            match script.run(&self.redis, call).await.map_err(write_failed) {
                Err(error) if error.is_retryable() => may_have_applied |= error.may_have_applied(),
                outcome => return outcome,
            }
        }
        let outcome: Result<Value, RedisError> = script.run(&self.redis, call).await;
        outcome.map_err(write_failed).map_err(|error| {
            let kind = if may_have_applied { StoreErrorKind::OutcomeUnknown } else { error.kind() };
            StoreError::new(kind, error.to_string()).caused_by(error)
        })
    }
}

#[async_trait]
impl LeaseLock for RedisLeases {
    async fn acquire(&self, command: AcquireLease) -> Result<Lease, CommandError<LeaseRefused>> {
        command.check()?;
        let first = [
            command.owner.to_string(),
            command.now.as_micros().to_string(),
            command.until().as_micros().to_string(),
            KEPT.as_millis().to_string(),
        ];
        let call = self.call(&command.scope, &command.keys, &first);
        let mut answer = texts(self.run(&self.acquire, &call).await?)?.into_iter();
        match answer.next().as_deref() {
            Some("-1") => Err(CommandError::Refused(LeaseRefused::Taken { keys: answer.collect() })),
            Some(token) => Ok(command.lease(number(token)?)),
            None => Err(unexpected().into()),
        }
    }

    async fn extend(&self, command: ExtendLease) -> Result<Lease, CommandError<LeaseLost>> {
        let ExtendLease { now, lease, .. } = &command;
        let first = [
            lease.owner.to_string(),
            lease.token.to_string(),
            now.as_micros().to_string(),
            command.until().as_micros().to_string(),
            KEPT.as_millis().to_string(),
        ];
        let call = self.call(&lease.scope, &lease.keys, &first);
        let answer = texts(self.run(&self.extend, &call).await?)?;
        let until = answer.first().ok_or(CommandError::Refused(LeaseLost))?;
        let until = Timestamp::from_micros(number(until)?);
        Ok(Lease { until, ..command.lease })
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let first = [lease.owner.to_string(), lease.token.to_string()];
        let call = self.call(&lease.scope, &lease.keys, &first);
        Ok(matches!(self.run(&self.release, &call).await?, Value::Int(1)))
    }
}

fn texts(answer: Value) -> Result<Vec<String>, StoreError> {
    let Value::Array(elements) = answer else { return Err(unexpected()) };
    let text =
        |element: Value| redis::from_redis_value(element).map_err(|error| unexpected().caused_by(error));
    elements.into_iter().map(text).collect()
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, StoreError> {
    text.parse().map_err(|_| unexpected())
}

fn unexpected() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "a script about leases gave an unexpected answer")
}
