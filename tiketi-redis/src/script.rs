//! Lua scripts: called by their hash, and sent as a whole if Redis does not know them.

use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind};

use crate::connection::{Redis, Written};

/// A script of `scripts/`.
#[derive(Debug)]
pub(crate) struct Script {
    code: &'static str,
    hash: String,
}

/// The keys and arguments of one call.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) arguments: Vec<Vec<u8>>,
}

impl Call {
    /// Adds a key, and returns its index in Lua.
    pub(crate) fn key(&mut self, key: Vec<u8>) -> usize {
        self.keys.push(key);
        self.keys.len()
    }

    pub(crate) fn argument(&mut self, argument: impl Into<Vec<u8>>) {
        self.arguments.push(argument.into());
    }

    pub(crate) fn number(&mut self, number: &impl ToString) {
        self.arguments.push(number.to_string().into_bytes());
    }
}

impl Script {
    pub(crate) fn new(code: &'static str) -> Self {
        let hash = redis::Script::new(code).get_hash().to_owned();
        Self { code, hash }
    }

    /// Runs the script; sends it a second time, as a whole, if Redis does not know it.
    pub(crate) async fn run<T: FromRedisValue>(&self, redis: &Redis, call: &Call) -> RedisResult<T> {
        match redis.run(&command("EVALSHA", self.hash.as_bytes(), call)).await {
            // A restarted or promoted server does not know it.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                redis.run(&command("EVAL", self.code.as_bytes(), call)).await
            }
            outcome => outcome,
        }
    }

    /// Runs a script that writes, and waits for replicas if the options say so.
    pub(crate) async fn write<T: FromRedisValue>(
        &self,
        redis: &Redis,
        call: &Call,
    ) -> RedisResult<Written<T>> {
        let key = call.keys.first().map_or(&[][..], Vec::as_slice);
        match redis.write(&command("EVALSHA", self.hash.as_bytes(), call), key).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                redis.write(&command("EVAL", self.code.as_bytes(), call), key).await
            }
            outcome => outcome,
        }
    }
}

fn command(name: &str, script: &[u8], call: &Call) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(call.keys.len());
    for part in call.keys.iter().chain(&call.arguments) {
        command.arg(part.as_slice());
    }
    command
}
