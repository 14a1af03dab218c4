//! The check of Redis, for `/health/redis`.

use async_trait::async_trait;
use tiketi_core::StoreError;
use tiketi_http::DependencyCheck;
use tiketi_redis::Redis;

/// Asks the Redis that servers share whether it answers.
#[derive(Debug)]
pub(crate) struct RedisCheck(Redis);

impl RedisCheck {
    /// Asks over the connection of the waiting rooms.
    pub(crate) fn of(redis: &Redis) -> Self {
        Self(redis.clone())
    }
}

#[async_trait]
impl DependencyCheck for RedisCheck {
    async fn check(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}
