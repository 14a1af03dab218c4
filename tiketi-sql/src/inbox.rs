//! Deliveries in the inbox.

use std::borrow::Cow;

use tiketi_core::{PaymentId, StoreError, Timestamp, gateway::Hint, store::Delivery};
use uuid::Uuid;

use crate::row::unsigned;
use crate::table::table;

table! {
    /// A row of `inbox`; its claim and whether it is processed are not read.
    DeliveryRow<'r> = "inbox", listed by delivery_columns {
        key { gateway: Cow<'r, str>, delivery: Cow<'r, str> }
        fixed { payment: Uuid, provider_key: Option<Cow<'r, str>>, received_at: i64 }
        changing { tries: i64 }
    }
}

impl<'r> DeliveryRow<'r> {
    /// Writes a delivery as its columns.
    pub fn of(delivery: &'r Delivery) -> Self {
        let Delivery { gateway, hint, received_at, tries } = delivery;
        let Hint { delivery, payment, provider_key, .. } = hint;
        Self {
            gateway: gateway.into(),
            delivery: delivery.into(),
            payment: payment.as_uuid(),
            provider_key: provider_key.as_deref().map(Cow::Borrowed),
            received_at: received_at.as_micros(),
            tries: i64::from(*tries),
        }
    }

    /// Reads the delivery from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn delivery(self) -> Result<Delivery, StoreError> {
        let hint = Hint::new(self.delivery, PaymentId::from_uuid(self.payment))
            .provider_key(self.provider_key.map(Cow::into_owned));
        let tries = u32::try_from(unsigned(self.tries, "tries")?).unwrap_or(u32::MAX);
        let received_at = Timestamp::from_micros(self.received_at);
        Ok(Delivery { gateway: self.gateway.into_owned(), hint, received_at, tries })
    }
}
