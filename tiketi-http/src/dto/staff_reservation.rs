//! Reservations as staff see them.

use serde::{Deserialize, Serialize};
use tiketi_core::account::{Account, Email};
use tiketi_core::box_office::{ListedReservation, ReservationFilter, StaffRefund};
use tiketi_core::limits::MAX_REASON_CHARS;
use tiketi_core::refund_account::RefundAccount;
use tiketi_core::reservation::{PaymentStatus, ReservationNumber, ReservationStatus};
use tiketi_core::store::ReservationKey;
use tiketi_core::text::check_line;
use tiketi_core::{BuyerId, Event, EventId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use super::deposit::RefundReceiveAccount;
use super::page::key_page_size;
use super::reservation::ReservationDto;
use super::reservation_key::read_key;
use crate::error::ApiError;
use crate::reason::Reason;

/// Which reservations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct StaffReservationQuery {
    /// A reservation number, the buyer's e-mail address, or the buyer's id.
    #[param(example = "TKT-20260105-00001")]
    search: Option<String>,
    /// Only those of this event.
    #[param(format = Uuid)]
    event_id: Option<String>,
    /// Only those with this status.
    #[param(inline)]
    status: Option<StatusWord>,
    /// Only those whose payment has this status.
    #[param(inline)]
    payment_status: Option<PaymentStatusWord>,
    /// Only those made at this moment or later.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only those made before this moment.
    #[param(format = DateTime)]
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Most reservations of the page, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// What a reservation is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    /// Held or being paid.
    Pending,
    Confirmed,
    Expired,
    Cancelled,
}

/// How its payment stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PaymentStatusWord {
    Pending,
    Completed,
    Failed,
    Cancelled,
    Refunded,
    PartiallyRefunded,
}

/// What a query asks for.
#[derive(Debug)]
pub(crate) enum WantedReservations {
    /// The one with a number.
    Numbered(ReservationNumber),
    /// Those of the buyer with an address.
    OfAddress(Email, ReservationFilter),
    /// A list.
    Listed(ReservationFilter),
}

impl StaffReservationQuery {
    /// Reads the query.
    pub(crate) fn wanted(&self) -> Result<WantedReservations, ApiError> {
        let mut filter = ReservationFilter::newest(key_page_size(self.limit)?);
        filter.event = parsed::<EventId>("eventId", self.event_id.as_deref())?;
        filter.status = self.status.map(Into::into);
        filter.payment_status = self.payment_status.map(Into::into);
        filter.from = parsed::<Timestamp>("from", self.from.as_deref())?;
        let to = parsed::<Timestamp>("to", self.to.as_deref())?.map(ReservationKey::at);
        let after = self.after.as_deref().map(read_key).transpose()?;
        filter.before = [to, after].into_iter().flatten().fold(ReservationKey::END, ReservationKey::min);
        let Some(search) = self.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) else {
            return Ok(WantedReservations::Listed(filter));
        };
        if let Ok(number) = search.parse() {
            return Ok(WantedReservations::Numbered(number));
        }
        if let Ok(buyer) = search.parse::<BuyerId>() {
            filter.buyer = Some(buyer);
            return Ok(WantedReservations::Listed(filter));
        }
        let address = search.parse::<Email>().map_err(|_| invalid("search"))?;
        Ok(WantedReservations::OfAddress(address, filter))
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    text.map(|text| text.parse().map_err(|_| invalid(name))).transpose()
}

fn invalid(name: &str) -> ApiError {
    ApiError::invalid_query(name, Reason::NOT_VALID)
}

impl From<StatusWord> for ReservationStatus {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Pending => Self::Pending,
            StatusWord::Confirmed => Self::Confirmed,
            StatusWord::Expired => Self::Expired,
            StatusWord::Cancelled => Self::Cancelled,
        }
    }
}

impl From<PaymentStatusWord> for PaymentStatus {
    fn from(word: PaymentStatusWord) -> Self {
        match word {
            PaymentStatusWord::Pending => Self::Pending,
            PaymentStatusWord::Completed => Self::Completed,
            PaymentStatusWord::Failed => Self::Failed,
            PaymentStatusWord::Cancelled => Self::Cancelled,
            PaymentStatusWord::Refunded => Self::Refunded,
            PaymentStatusWord::PartiallyRefunded => Self::PartlyRefunded,
        }
    }
}

/// A reservation with its buyer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffReservation)]
pub(crate) struct StaffReservationDto {
    #[serde(flatten)]
    pub(crate) reservation: ReservationDto,
    /// The buyer's account; null if the buyers are the host's.
    pub(crate) buyer: Option<BuyerDto>,
}

/// The buyer of a reservation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Buyer)]
pub(crate) struct BuyerDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "buyer@example.com")]
    pub(crate) email: String,
    pub(crate) name: String,
}

impl StaffReservationDto {
    /// Shows a reservation as of `now`.
    pub(crate) fn of(
        listed: &ListedReservation,
        event: &Event,
        buyer: Option<&Account>,
        now: Timestamp,
    ) -> Self {
        let ListedReservation { reservation, payment } = listed;
        let buyer = buyer.map(|account| BuyerDto {
            id: account.id.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
        });
        Self { reservation: ReservationDto::of(reservation, event, payment.as_ref(), now), buyer }
    }
}

impl StaffReservationDto {
    /// Returns the cells of the reservation in an export.
    pub(crate) fn cells(&self) -> [String; 14] {
        let Self { reservation, buyer } = self;
        let seats = reservation.seats.iter().map(|seat| seat.seat_label.clone());
        let items = reservation.items.iter().map(|item| format!("{} × {}", item.quantity, item.name));
        let tickets: Vec<_> = seats.chain(items).collect();
        let (email, name) = buyer.as_ref().map(|buyer| (&*buyer.email, &*buyer.name)).unzip();
        [
            reservation.reservation_number.clone(),
            reservation.id.clone(),
            reservation.event_id.clone(),
            reservation.event.title.clone(),
            reservation.event.event_date.clone(),
            reservation.user_id.clone(),
            email.unwrap_or_default().to_owned(),
            name.unwrap_or_default().to_owned(),
            reservation.status.to_owned(),
            reservation.payment_status.to_owned(),
            tickets.join("; "),
            reservation.total_amount.to_string(),
            reservation.currency.clone(),
            reservation.created_at.clone(),
        ]
    }
}

/// A page of reservations, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffReservationList {
    pub(crate) data: Vec<StaffReservationDto>,
    /// Send it as `after` to read on; null at the end. A page may have fewer rows than its limit, and none, before the
    /// end.
    pub(crate) next: Option<String>,
}

/// One reservation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffReservationAnswer {
    pub(crate) reservation: StaffReservationDto,
}

/// Another status for a reservation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeReservationStatus {
    /// Only `cancelled`: every other status follows from time and from money.
    #[expect(dead_code, reason = "there is one word, and reading it checks it")]
    status: NewStatusWord,
    /// What goes back of a paid reservation; `policy` by default.
    refund: Option<RefundWord>,
    /// Why, for the log of staff, the provider and the buyer.
    #[schema(example = "The buyer asked at the box office", min_length = 1, max_length = 200)]
    reason: String,
    /// The account for the refund; required for a payment into a virtual account.
    refund_receive_account: Option<RefundReceiveAccount>,
}

/// A status that staff may set.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = NewReservationStatus)]
#[serde(rename_all = "snake_case")]
enum NewStatusWord {
    Cancelled,
}

/// What goes back of a paid reservation.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = StaffRefund)]
#[serde(rename_all = "snake_case")]
enum RefundWord {
    /// What the buyer would get: by the policy that the reservation was confirmed under.
    Policy,
    /// All that was paid. It needs the permission `money`.
    Full,
    /// Nothing. It needs the permission `money`.
    None,
}

impl ChangeReservationStatus {
    /// Returns what goes back.
    pub(crate) fn refund(&self) -> StaffRefund {
        match self.refund {
            None | Some(RefundWord::Policy) => StaffRefund::Policy,
            Some(RefundWord::Full) => StaffRefund::Whole,
            Some(RefundWord::None) => StaffRefund::Nothing,
        }
    }

    /// Returns the reason, of bounded length.
    pub(crate) fn reason(&self) -> Result<&str, ApiError> {
        let reason = self.reason.trim();
        check_line("reason", reason, 1..=MAX_REASON_CHARS)?;
        Ok(reason)
    }

    /// Returns the account for the refund, if one is named.
    pub(crate) fn account(&self) -> Result<Option<RefundAccount>, ApiError> {
        self.refund_receive_account.as_ref().map(RefundReceiveAccount::read).transpose()
    }
}
