//! Where the rows lie that change with every batch of an event.

use std::collections::BTreeMap;

use tiketi_core::{StoreError, TicketTypeId};

/// The place (`ctid`) of the newest version of the event's row and of those of its ticket types.
///
/// Every batch leaves a dead version of these rows. While somebody reads from an old snapshot, such as `pg_dump`, the
/// database cannot clean them away, and a look-up by key has to visit every one of them: thousands in minutes. A
/// look-up by place visits one. A place is only ever a hint: it is used together with the key, and only for rows that
/// nobody else wrote since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) event: String,
    pub(crate) ticket_types: BTreeMap<TicketTypeId, String>,
}

impl Places {
    /// Returns the places of some ticket types.
    pub(crate) fn of<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i TicketTypeId>,
    ) -> Result<Vec<String>, StoreError> {
        let find = |id| self.ticket_types.get(id).cloned();
        let missing = || StoreError::corrupt("a ticket type was changed that was not read");
        ids.into_iter().map(|id| find(id).ok_or_else(missing)).collect()
    }
}
