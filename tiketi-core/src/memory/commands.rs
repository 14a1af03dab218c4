//! Command records, in memory.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::decide::CommandRecord;
use crate::id::CommandKey;
use crate::time::Timestamp;

/// Records of applied commands, with a small index by key: growing the index does not move the records.
#[derive(Default)]
pub(super) struct Commands {
    records: Vec<(CommandKey, CommandRecord)>,
    places: HashMap<CommandKey, usize, RandomState>,
}

impl Commands {
    pub(super) fn get(&self, key: CommandKey) -> Option<&CommandRecord> {
        let place = self.places.get(&key)?;
        self.records.get(*place).map(|(_, record)| record)
    }

    pub(super) fn remember(&mut self, key: CommandKey, record: CommandRecord) {
        self.places.insert(key, self.records.len());
        self.records.push((key, record));
    }

    /// Deletes the records made before a moment, and returns how many.
    ///
    /// The moments come from callers whose clocks differ, so the records are not in their order.
    pub(super) fn forget(&mut self, before: Timestamp) -> u64 {
        let count = self.records.len();
        self.records.retain(|(_, record)| record.at >= before);
        if self.records.len() < count {
            self.places = self.records.iter().enumerate().map(|(place, (key, _))| (*key, place)).collect();
        }
        (count - self.records.len()) as u64
    }
}
