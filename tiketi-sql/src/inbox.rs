//! Deliveries in the inbox.

use tiketi_core::{PaymentId, StoreError, gateway::Hint, store::Delivery};

use crate::row::{Row, count, moment};

/// Reads a delivery.
pub fn delivery(row: &impl Row) -> Result<Delivery, StoreError> {
    let hint = Hint::new(row.text("delivery")?, PaymentId::from_uuid(row.uuid("payment")?))
        .provider_key(row.maybe_text("provider_key")?.map(str::to_owned));
    let received_at = moment(row, "received_at")?;
    let tries = u32::try_from(count(row, "tries")?).unwrap_or(u32::MAX);
    Ok(Delivery { gateway: row.text("gateway")?.to_owned(), hint, received_at, tries })
}
