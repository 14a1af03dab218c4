//! Stores Tiketi's waiting rooms, leases and rate limits in Redis, and sends live changes through it, for any number of
//! servers.
//!
//! ```no_run
//! use std::sync::Arc;
//! use tiketi_core::{BoxOffice, memory::MemoryStore};
//! use tiketi_redis::{Redis, RedisBroadcast, RedisOptions, RedisWaitingRoom};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options: RedisOptions = "rediss://shop:secret@redis.example:6379".parse()?;
//! let redis = Redis::open(&options)?;
//! let shop = BoxOffice::builder()
//!     .store(Arc::new(MemoryStore::default()))
//!     .waiting_rooms(Arc::new(RedisWaitingRoom::new(redis)))
//!     .broadcast(Arc::new(RedisBroadcast::open(&options)?))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # How a command is written
//!
//! Commands that change a room wait in one queue of a server for each event, at most 20,000. One task takes the
//! waiting commands, up to 512; reads the room and the buyers' places; decides the commands one after another with
//! the rules of [`tiketi_core::decide::waiting_room`]; and sends all changes to one script. The script writes them
//! if the room still has the stamp that was read; otherwise the task reads and decides again. An admission and a
//! clearing are decided alone. Statuses are read at once, without a queue.
//!
//! A server that lost two races for a room asks for the writer's turn, and the others wait for at most 100 ms.
//!
//! # Keys
//!
//! `P` is the prefix ([`RedisOptions::prefix`]), `E` the event's id. The braces are a hash tag: a Cluster keeps all keys of
//! an event on one node, and every script declares its keys. The scripts are in `scripts/`, each with its cost.
//!
//! | Key | What it is |
//! |---|---|
//! | `P:{E}:room` | string: the stamp, counters, lines and measurements |
//! | `P:{E}:buyers` | hash: from a buyer to the class and arrival number of the latest place |
//! | `P:{E}:places:CN` | string: block `N` of class `C`, 127 places of 64 bytes each in the order of arrival |
//! | `P:{E}:due` | sorted set: when turns and sessions end |
//! | `P:{E}:admissions` | list: the last 8 admissions that called someone, for repetitions |
//! | `P:{E}:turn` | string: the server whose turn it is to write |
//! | `P:{rooms}:index`, `P:{rooms}:announced` | sorted set and hash: the rooms that may have a live place |
//! | `P:{S}:leases` | hash: the leases of scope `S` |
//! | `P:{E}:live:number` | string: the number of the last message of the channel `P:{E}:live` |
//! | `P:{B}:own:number` | string: the same for the channel `P:{B}:own` of buyer `B` |
//! | `P:{H}:rate` | string: when the allowance of a rate limit is full again; `H` is a hash of what is limited |
//!
//! A buyer's entry of the hash is deleted 24 hours after the join, once the place has ended: each admission looks at the
//! next 64 places of each class. A room's keys are deleted 7 days after its last change. Each admission prolongs the keys
//! of some waiting places, so that a place in the line is not deleted while the jobs run. Leases are deleted 2 days after
//! the last change of their scope, and allowances about when they are full again.
//!
//! Choose a `maxmemory-policy` under which Redis evicts none of these keys: `noeviction`, or one of `volatile-…`
//! with enough memory. A million waiting buyers take about 150 MB.
//!
//! # How a message is sent
//!
//! A message of [`RedisBroadcast`] goes at once to the listeners of the process that sends it, and into a queue of at most
//! 4,096. A task sends what waits, up to 256 at once; a script numbers the messages of a channel and publishes them in the
//! same step, in their order. A subscriber that finds a number missing, whose connection was lost, or whose
//! subscription began, tells its listeners of a gap, and they read the store. A message that could not be sent leaves a
//! hole in the numbers of its channel, with the next message or with an empty one after 100 ms. A user of Redis needs
//! the channels `P:*` (`&P:*` in its access control list).
//!
//! # Failures
//!
//! | What happens | What follows |
//! |---|---|
//! | A connection is lost, or an answer does not come in time | The task reads and decides again, for 5 seconds. A commit applies to one stamp, so it applies once. Then [`OutcomeUnknown`], or [`Unavailable`] if nothing can have been written |
//! | Redis cannot be reached, loads its data, runs another script for too long, or has no memory left | The same, with [`Unavailable`] |
//! | Redis was restarted without its data | Rooms are empty. A buyer who comes back joins at the back. Numbers go on at the next multiple of 1,000,000 above the highest that the server has seen, so none is given twice |
//! | A Cluster's master dies and its replica lacks the latest writes | With [`RedisOptions::replicas`] none of them was answered. Else buyers whose place was among them join again. The line skips the numbers that the server has seen, up to 10,000 |
//! | All servers and Redis lose their memory at the same time | Numbers begin at 1 again |
//! | A message is lost, or Redis was restarted | Listeners receive a gap, and read the store |
//! | Other servers write all the time | The task decides again; after 5 seconds [`Contention`] |
//!
//! By default Redis answers before a write is on a disk or on a replica. Use `appendonly yes` and replicas if buyers should
//! keep their places after a crash; the table says what happens without them. Sales do not depend on Redis: the
//! store of sales sells the seats, and an admission pass is checked without Redis.
//!
//! # Replicas
//!
//! With [`RedisOptions::replicas`] a command about a buyer is answered once that many replicas have the commit (`WAIT`), so a
//! place that was answered survives the death of the master.
//!
//! - **Cost**: each commit takes a round trip to the replicas more, and commits of a server wait for each other, on a
//!   connection of their own. A commit is for up to 512 commands. Commands that change nothing are committed, too. While
//!   fewer replicas answer, joins fail with [`OutcomeUnknown`] after 5 seconds; statuses go on.
//! - **Still possible**: Redis does not undo a write that too few replicas have, and a status may show it before it is
//!   lost. With fewer replicas demanded than there are, one without the write may take over; a Cluster prefers the one
//!   that has most. Demand all, or as many as may be lost at once, and set `min-replicas-to-write`, so that a master that
//!   is cut off takes no writes. A replica has the write in memory; all nodes that lose power together lose it, unless
//!   they have `appendfsync always`.
//!
//! [`OutcomeUnknown`]: tiketi_core::StoreErrorKind::OutcomeUnknown
//! [`Unavailable`]: tiketi_core::StoreErrorKind::Unavailable
//! [`Contention`]: tiketi_core::StoreErrorKind::Contention
//!
//! # TLS
//!
//! `rediss://` uses rustls with the process's default provider, which the binary must install.

mod broadcast;
mod codec;
mod connection;
mod error;
mod keys;
mod leases;
mod options;
mod rate_limits;
mod script;
mod waiting_room;

pub use broadcast::RedisBroadcast;
pub use connection::{Redis, RedisSetupError};
pub use leases::RedisLeases;
pub use options::{InvalidRedisUrl, RedisOptions};
pub use rate_limits::RedisRateLimits;
pub use waiting_room::RedisWaitingRoom;
