//! A Cluster of three masters, each with one replica.

use crate::error::{HarnessError, expect};
use crate::process::wait_for;
use crate::server::{Server, Settings};

const MASTERS: u16 = 3;
const SLOTS: u16 = 16_384;

/// A private Redis Cluster: three masters, each with one replica.
///
/// A master that is killed is replaced by its replica after about two seconds.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts a Cluster, and returns once every node knows that it is complete.
    ///
    /// # Panics
    ///
    /// If it cannot be started, with the reason.
    pub fn start() -> Self {
        let settings = Settings { cluster: true, ..Settings::default() };
        let nodes: Vec<Server> = (0..MASTERS * 2).map(|_| Server::start_with(settings.clone())).collect();
        let cluster = Self { nodes };
        expect(cluster.join());
        cluster
    }

    /// Returns the addresses of all nodes, separated by commas.
    pub fn urls(&self) -> String {
        self.nodes.iter().map(Server::url).collect::<Vec<_>>().join(",")
    }

    /// Returns the node that is the master of a key.
    ///
    /// # Panics
    ///
    /// If no node knows the master.
    pub fn master_of(&self, key: &str) -> &Server {
        let owner = |node: &&Server| node.try_ask(&format!("EXISTS {key}")).is_ok() && is_master(node);
        expect(self.nodes.iter().find(owner).ok_or(HarnessError::Late("the election of a master")))
    }

    /// Returns the replica of a key's master.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn replica_of(&self, key: &str) -> &Server {
        let of_master = format!("slave\n127.0.0.1\n{}\n", self.master_of(key).port());
        let is_its = |node: &&Server| node.try_ask("ROLE").is_ok_and(|role| role.starts_with(&of_master));
        expect(self.nodes.iter().find(is_its).ok_or(HarnessError::Late("the replica of a master")))
    }

    /// Waits until the replica of a key's master has every write that the master has now.
    ///
    /// `WAIT` would not do: it waits for the writes of its own connection only.
    ///
    /// # Panics
    ///
    /// If the replica does not get them.
    pub fn wait_for_replica(&self, key: &str) {
        let master = self.master_of(key);
        let offset = |name| offset_in(&master.try_ask("INFO replication").unwrap_or_default(), name);
        let written = offset("master_repl_offset:");
        expect(wait_for("the replica of a master", || written.is_some() && offset(",offset=") >= written));
    }

    /// Kills the master of a key, and returns it once its replica is the master.
    ///
    /// # Panics
    ///
    /// If no replica takes over.
    pub fn fail_over(&self, key: &str) -> &Server {
        let master = self.master_of(key);
        master.kill();
        let others: Vec<&Server> = self.nodes.iter().filter(|node| node.port() != master.port()).collect();
        let took_over = wait_for("the election of a master", || {
            others.iter().any(|node| node.try_ask(&format!("EXISTS {key}")).is_ok() && is_master(node))
        });
        expect(took_over);
        master
    }

    fn join(&self) -> Result<(), HarnessError> {
        let (masters, replicas) = self.nodes.split_at(usize::from(MASTERS));
        for (index, master) in (0..MASTERS).zip(masters) {
            let first = u32::from(SLOTS) * u32::from(index) / u32::from(MASTERS);
            let next = u32::from(SLOTS) * u32::from(index + 1) / u32::from(MASTERS);
            master.try_ask(&format!("CLUSTER ADDSLOTSRANGE {first} {}", next - 1))?;
            // Two nodes with the same epoch would have to agree on another one first.
            master.try_ask(&format!("CLUSTER SET-CONFIG-EPOCH {}", index + 1))?;
        }
        let Some((first, others)) = self.nodes.split_first() else { return Ok(()) };
        for node in others {
            first.try_ask(&format!("CLUSTER MEET 127.0.0.1 {}", node.port()))?;
        }
        let all = self.nodes.len();
        wait_for("the meeting of a Cluster", || {
            self.nodes.iter().all(|node| {
                let nodes = node.try_ask("CLUSTER NODES").unwrap_or_default();
                nodes.lines().count() == all && !nodes.contains("handshake")
            })
        })?;
        for (master, replica) in masters.iter().zip(replicas) {
            replica.try_ask(&format!("CLUSTER REPLICATE {}", master.try_ask("CLUSTER MYID")?.trim()))?;
        }
        wait_for("the start of a Cluster", || self.nodes.iter().all(is_complete))
    }
}

/// Returns the first offset of this name in a node's account of its replication.
fn offset_in(info: &str, name: &str) -> Option<u64> {
    let (_, rest) = info.split_once(name)?;
    rest.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

fn is_master(node: &Server) -> bool {
    node.try_ask("ROLE").is_ok_and(|role| role.starts_with("master"))
}

/// Returns whether a node serves its slots and is connected to its replica or its master.
fn is_complete(node: &Server) -> bool {
    let is_ok = node.try_ask("CLUSTER INFO").is_ok_and(|info| info.contains("cluster_state:ok"));
    let replication = node.try_ask("INFO replication").unwrap_or_default();
    is_ok && (replication.contains("state=online") || replication.contains("master_link_status:up"))
}
