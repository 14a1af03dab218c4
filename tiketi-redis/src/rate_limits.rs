//! Rate limits in Redis.

use async_trait::async_trait;
use redis::Value;
use tiketi_core::rate_limit::{RateLimits, Take, Taken};
use tiketi_core::{StoreError, StoreErrorKind, Timestamp};

use crate::connection::Redis;
use crate::error::write_failed;
use crate::keys::rate_key;
use crate::script::{Call, Script};

/// Rate limits in Redis, for any number of servers.
///
/// Each allowance is one key that ends when the allowance is full again, so memory follows from recent attempts.
#[derive(Debug)]
pub struct RedisRateLimits {
    redis: Redis,
    take: Script,
    give_back: Script,
}

impl RedisRateLimits {
    /// Makes limits over a connection; asks Redis nothing.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            take: Script::new(include_str!("../scripts/rate_take.lua")),
            give_back: Script::new(include_str!("../scripts/rate_give_back.lua")),
        }
    }

    fn call(&self, attempt: &Take) -> Call {
        Call { keys: vec![rate_key(self.redis.prefix(), attempt.key)], ..Call::default() }
    }
}

#[async_trait]
impl RateLimits for RedisRateLimits {
    async fn take(&self, attempt: Take) -> Result<Taken, StoreError> {
        let mut call = self.call(&attempt);
        call.number(&attempt.now.as_micros());
        call.number(&attempt.limit.interval().as_micros());
        call.number(&attempt.limit.burst());
        let (word, moment): (String, String) =
            self.take.run(&self.redis, &call).await.map_err(write_failed)?;
        let moment = moment.parse().map(Timestamp::from_micros).map_err(|_| unexpected())?;
        match word.as_str() {
            "1" => Ok(Taken::Within { full_at: moment }),
            "0" => Ok(Taken::Exceeded { retry_at: moment }),
            _ => Err(unexpected()),
        }
    }

    async fn give_back(&self, attempt: Take) -> Result<(), StoreError> {
        let mut call = self.call(&attempt);
        call.number(&attempt.limit.interval().as_micros());
        self.give_back.run::<Value>(&self.redis, &call).await.map(drop).map_err(write_failed)
    }
}

fn unexpected() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "a script about rate limits gave an unexpected answer")
}
