//! Converts refusals about events, ticket types, layouts and blocked seats.

use tiketi_core::decide::{ArchiveRefused, BlockRefused, CreateRefused, EditRefused};
use tiketi_core::{
    box_office::OrganiseError,
    catalog::{CatalogError, MAX_KEYWORDS},
    limits::{MAX_CAPACITY, MAX_LINES_PER_COMMAND, MAX_PRICE_MINOR},
    seat_layout::LayoutError,
    terms::TermsError,
};

use crate::error::{ApiError, Code};
use crate::layout_file::LayoutFileError;
use crate::reason::{AT_MOST_A_DAY, Reason};

impl From<BlockRefused> for ApiError {
    fn from(refused: BlockRefused) -> Self {
        match refused {
            BlockRefused::EventNotFound => Self::new(Code::EventNotFound),
            BlockRefused::UnknownSeats { seats } => Self::new(Code::UnknownSeats).ids("seatIds", seats),
            BlockRefused::SeatsTaken { seats } => Self::new(Code::SeatsTaken).ids("unavailableSeats", seats),
            other => Self::unlisted(other),
        }
    }
}

impl From<CreateRefused> for ApiError {
    fn from(refused: CreateRefused) -> Self {
        match refused {
            CreateRefused::EventNotFound => Self::new(Code::EventNotFound),
            CreateRefused::Removed => Self::new(Code::RemovedSince),
            // The server generates unique ids, so a duplicate is a defect.
            other => Self::unlisted(other),
        }
    }
}

impl From<EditRefused> for ApiError {
    fn from(refused: EditRefused) -> Self {
        use EditRefused as R;
        match refused {
            R::EventNotFound => Self::new(Code::EventNotFound),
            R::TicketTypeNotFound => Self::new(Code::TicketTypeNotFound),
            R::VersionMismatch { version } => Self::new(Code::VersionMismatch).detail("version", version),
            R::IllegalStep(step) => Self::new(Code::IllegalStep).because(step),
            R::HasReservations => Self::new(Code::HasReservations),
            R::CapacityBelowTaken { taken } => Self::new(Code::CapacityBelowTaken).detail("taken", taken),
            R::SoldBySeat => Self::new(Code::SoldBySeat),
            R::DrawIsFixed { what } => {
                Self::new(Code::DrawFixed).detail("field", if what == "opens_at" { "opensAt" } else { what })
            }
            R::Invalid(error) => error.into(),
            other => Self::unlisted(other),
        }
    }
}

impl From<ArchiveRefused> for ApiError {
    fn from(refused: ArchiveRefused) -> Self {
        match refused {
            ArchiveRefused::EventNotFound => Self::new(Code::EventNotFound),
            ArchiveRefused::NotOver => Self::new(Code::EventNotOver),
            ArchiveRefused::StillOpen { reservations, payments } => Self::new(Code::EventStillOpen)
                .detail("reservations", reservations)
                .detail("payments", payments),
            other => Self::unlisted(other),
        }
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let reason = Reason::of(&error);
        match error {
            CatalogError::Text(error) => error.into(),
            CatalogError::TooManyKeywords => Self::invalid("keywords", reason).detail("most", MAX_KEYWORDS),
            CatalogError::PriceOutOfRange => Self::invalid("price", reason).detail("most", MAX_PRICE_MINOR),
            CatalogError::WrongCurrency { expected } => {
                Self::invalid("currency", reason).detail("expected", expected.code())
            }
            CatalogError::CapacityOutOfRange => {
                Self::invalid("capacity", reason).detail("most", MAX_CAPACITY)
            }
            CatalogError::Terms(error) => error.into(),
            CatalogError::WaitingRoom(error) => error.into(),
            CatalogError::LayoutNotFound => Self::new(Code::LayoutNotFound),
            other => Self::unlisted(other),
        }
    }
}

/// Translates the core's field names to those of the wire.
impl From<TermsError> for ApiError {
    fn from(error: TermsError) -> Self {
        match error {
            TermsError::DurationOutOfRange { name } => {
                let field = match name {
                    "hold_ttl" => "limits.holdSeconds",
                    "hold_cap" => "limits.holdCapSeconds",
                    _ => "limits.paymentWindowSeconds",
                };
                Self::invalid(field, AT_MOST_A_DAY)
            }
            TermsError::CapBelowTtl => {
                Self::invalid("limits.holdCapSeconds", Reason::at_least("limits.holdSeconds"))
            }
            TermsError::SeatsPerBuyerOutOfRange => {
                Self::invalid("limits.maxSeatsPerBuyer", Reason::range(1, MAX_LINES_PER_COMMAND))
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<LayoutError> for ApiError {
    fn from(error: LayoutError) -> Self {
        let invalid = Self::new(Code::InvalidLayout).because(Reason::of(&error));
        match error {
            LayoutError::TooManySeats { seats } => invalid.detail("seats", seats),
            LayoutError::Text(error) => invalid.detail("field", error.field.as_ref()),
            LayoutError::Duplicate { what } => invalid.detail("what", what),
            LayoutError::SameColumn { row, column } => invalid.detail("row", row).detail("column", column),
            LayoutError::BadPrice { section } | LayoutError::MixedCurrencies { section } => {
                invalid.detail("section", section)
            }
            // The reason of `Empty`, and of variants that this list lacks, needs no further details.
            _ => invalid,
        }
    }
}

impl From<LayoutFileError> for ApiError {
    fn from(error: LayoutFileError) -> Self {
        use LayoutFileError as E;
        let reason = Reason::of(&error);
        match error {
            E::Layout(error) => error.into(),
            E::Currency(error) => Self::invalid("currency", error),
            E::Shape { path, .. } | E::Empty { path } | E::UnknownSeat { path, .. } => {
                Self::invalid(&path, reason)
            }
            // The others concern plans of editors, which are read from files only.
            _ => Self::new(Code::InvalidLayout).because(reason),
        }
    }
}

impl From<OrganiseError> for ApiError {
    fn from(error: OrganiseError) -> Self {
        match error {
            OrganiseError::Catalog(error) => error.into(),
            OrganiseError::Layout(error) => error.into(),
            OrganiseError::Create(error) => error.into(),
            OrganiseError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}
