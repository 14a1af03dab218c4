//! Collects the rows that a store gives to an audit.

use tiketi_core::EventId;
use tiketi_core::audit::{AuditPart, AuditRows, AuditedEvent};
use tiketi_core::decide::Snapshot;
use tiketi_core::store::{AuditSink, AuditStore};

/// The rows of an event, whole and as they came.
#[derive(Debug, Default)]
pub struct EventRows {
    event: Option<AuditedEvent>,
    parts: Vec<AuditPart>,
}

impl AuditSink for EventRows {
    fn event(&mut self, event: AuditedEvent) {
        assert!(
            self.event.replace(event).is_none() && self.parts.is_empty(),
            "the event comes first, and once"
        );
    }

    fn part(&mut self, part: AuditPart) {
        self.parts.push(part);
    }
}

impl EventRows {
    /// Reads an event in parts of at most `rows` rows; `None` if it does not exist.
    ///
    /// # Panics
    ///
    /// If the event cannot be read, does not come before its rows, or a part has more rows or none.
    pub async fn read(store: &dyn AuditStore, event: EventId, rows: usize) -> Option<Self> {
        let mut read = Self::default();
        let exists = store.read_event(event, rows, &mut read).await.expect("an event can be read");
        assert_eq!(exists, read.event.is_some());
        for part in &read.parts {
            assert!(!part.rows.is_empty() && part.rows.len() <= rows, "{part:?}");
        }
        exists.then_some(read)
    }

    /// Returns the parts in the order in which they came.
    pub fn parts(&self) -> &[AuditPart] {
        &self.parts
    }

    /// Returns the rows as a snapshot.
    ///
    /// # Panics
    ///
    /// If a row came twice.
    pub fn snapshot(&self) -> Snapshot {
        let event = self.event.as_ref().expect("the event came");
        let mut snapshot = Snapshot::new(event.event.clone());
        event.ticket_types.iter().cloned().for_each(|it| snapshot.put_ticket_type(it));
        let mut rows = 0;
        for part in &self.parts {
            rows += part.rows.len();
            match part.rows.clone() {
                AuditRows::Seats(seats) => seats.into_iter().for_each(|it| snapshot.put_seat(it)),
                AuditRows::Reservations(them) => them.into_iter().for_each(|it| snapshot.put_reservation(it)),
                AuditRows::Payments(payments) => payments.into_iter().for_each(|it| snapshot.put_payment(it)),
            }
        }
        let kept = snapshot.seats().len() + snapshot.reservations().len() + snapshot.payments().len();
        assert_eq!(kept, rows, "a row came twice");
        // Adding seats increases the map version; the audit must see the stored one.
        snapshot.set_map_version(event.map_version);
        snapshot
    }
}
