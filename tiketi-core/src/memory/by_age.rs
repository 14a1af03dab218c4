//! Records of applied commands, in memory.

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::id::CommandKey;
use crate::time::Timestamp;

/// Records by key, which are deleted by their age.
///
/// The records are in one queue with small indexes by key and by age: growing an index does not move the records. The
/// moments come from callers whose clocks differ, so the records are not in the order of their ages.
#[derive(Debug)]
pub(super) struct ByAge<R> {
    records: VecDeque<Option<(CommandKey, R)>>,
    /// The number of the first record of the queue; each has the next number.
    first: u64,
    numbers: HashMap<CommandKey, u64, RandomState>,
    ages: BTreeSet<(Timestamp, u64)>,
}

impl<R> Default for ByAge<R> {
    fn default() -> Self {
        Self { records: VecDeque::new(), first: 0, numbers: HashMap::default(), ages: BTreeSet::new() }
    }
}

impl<R> ByAge<R> {
    pub(super) fn get(&self, key: CommandKey) -> Option<&R> {
        let place = self.place(*self.numbers.get(&key)?)?;
        self.records.get(place)?.as_ref().map(|(_, record)| record)
    }

    /// Adds the record of a key that has none.
    pub(super) fn remember(&mut self, key: CommandKey, at: Timestamp, record: R) {
        let number = self.first + self.records.len() as u64;
        self.numbers.insert(key, number);
        self.ages.insert((at, number));
        self.records.push_back(Some((key, record)));
    }

    /// Deletes the records made before a moment, and returns how many.
    pub(super) fn forget(&mut self, before: Timestamp) -> u64 {
        let mut forgotten = 0;
        while let Some((_, number)) = self.ages.first().filter(|(at, _)| *at < before).copied() {
            self.ages.pop_first();
            let place = self.place(number);
            let record = place.and_then(|place| self.records.get_mut(place)).and_then(Option::take);
            if let Some((key, _)) = record {
                self.numbers.remove(&key);
                forgotten += 1;
            }
        }
        while self.records.front().is_some_and(Option::is_none) {
            self.records.pop_front();
            self.first += 1;
        }
        forgotten
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(number: u128) -> CommandKey {
        CommandKey::from_uuid(Uuid::from_u128(number))
    }

    /// Fails if a record is found in the place of another one, or is deleted by the order in which it came.
    #[test]
    fn records_are_deleted_by_age_whatever_order_they_came_in() {
        let mut records = ByAge::default();
        for (number, second) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
            records.remember(key(number), Timestamp::from_micros(second), number);
        }
        assert_eq!(records.forget(Timestamp::from_micros(30)), 2);
        let found: Vec<_> = (1..=4).map(|number| records.get(key(number)).copied()).collect();
        assert_eq!(found, [Some(1), None, None, Some(4)]);
        records.remember(key(2), Timestamp::from_micros(50), 5);
        assert_eq!(records.forget(Timestamp::from_micros(41)), 2);
        assert_eq!((records.get(key(2)), records.get(key(4))), (Some(&5), None));
    }
}
