//! What each refusal of the rules is to a client.

use serde_json::{Value, json};
use tiketi_core::decide::{
    BeginConfirmRefused, BeginRefundRefused, BlockRefused, CancelRefused, ConfirmFreeRefused, EditRefused,
    ExtendRefused, HoldRefused, RecordOutcomeRefused, RecordRefundRefused, ReleaseRefused, Shortage,
    StartPaymentRefused,
};
use tiketi_core::{
    CommandError, Currency, Money, OrganiseError, PageRequest, PayError, PaymentId, PaymentState,
    RefundError, RefundId, ReservationId, SeatId, StoreError, StoreErrorKind, TicketTypeId, Timestamp,
    catalog::CatalogError, seat_layout::LayoutError, store::CreateAccountRefused, terms::TermsError,
    text::check_line,
};
use uuid::Uuid;

use super::{ApiError, Code};

const ID: &str = "00000000-0000-0000-0000-000000000007";

fn uuid() -> Uuid {
    ID.parse().unwrap()
}

fn seats() -> Vec<SeatId> {
    vec![SeatId::from_uuid(uuid())]
}

fn ticket_types() -> Vec<TicketTypeId> {
    vec![TicketTypeId::from_uuid(uuid())]
}

/// Checks what an error is told as, and that it names all its remedy speaks of.
#[track_caller]
fn told(error: impl Into<ApiError>, code: Code, details: &Value) {
    let error = error.into();
    assert_eq!(error.code, code);
    assert_eq!(&Value::Object(error.details.clone()), details);
    for named in code.remedy().split("details.").skip(1) {
        let name: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(error.details.contains_key(&name), "{}: {name} is missing", code.wire());
    }
}

#[test]
fn a_refused_hold_names_everything_in_the_way() {
    use HoldRefused as R;
    let at = Timestamp::EPOCH;
    told(R::EventNotFound, Code::EventNotFound, &json!({}));
    told(R::EventCancelled, Code::EventCancelled, &json!({}));
    told(R::SaleNotOpen { opens_at: at }, Code::SaleNotOpen, &json!({"opensAt": "1970-01-01T00:00:00Z"}));
    told(R::SaleClosed { closed_at: at }, Code::SaleClosed, &json!({"closedAt": "1970-01-01T00:00:00Z"}));
    told(R::NothingAsked, Code::NothingAsked, &json!({}));
    told(R::TooManyLines { asked: 9, limit: 8 }, Code::TooManyLines, &json!({"asked": 9, "limit": 8}));
    told(R::DuplicateSeats { seats: seats() }, Code::DuplicateSeats, &json!({"seatIds": [ID]}));
    told(R::UnknownSeats { seats: seats() }, Code::UnknownSeats, &json!({"seatIds": [ID]}));
    told(R::SeatsTaken { seats: seats() }, Code::SeatsTaken, &json!({"unavailableSeats": [ID]}));
    let named = json!({"ticketTypeIds": [ID]});
    told(R::DuplicateTicketTypes { ticket_types: ticket_types() }, Code::DuplicateTicketTypes, &named);
    told(R::UnknownTicketTypes { ticket_types: ticket_types() }, Code::UnknownTicketTypes, &named);
    told(R::SoldBySeat { ticket_types: ticket_types() }, Code::SoldBySeat, &named);
    let limited = json!({"ticketTypeIds": [ID], "limit": 10});
    told(
        R::QuantityOutOfRange { ticket_types: ticket_types(), limit: 10 },
        Code::QuantityOutOfRange,
        &limited,
    );
    let reservation = ReservationId::from_uuid(uuid());
    told(R::PaymentInProgress { reservation }, Code::PaymentInProgress, &json!({"reservationId": ID}));
}

#[test]
fn a_buyer_who_asks_for_too_much_is_told_how_much_there_is() {
    let short = Shortage { ticket_type: TicketTypeId::from_uuid(uuid()), asked: 3, available: 1 };
    told(
        HoldRefused::NotEnoughLeft { shortages: vec![short] },
        Code::NotEnoughLeft,
        &json!({"shortages": [{"ticketTypeId": ID, "asked": 3, "available": 1}]}),
    );
    told(
        HoldRefused::LimitReached { limit: 8, owned: 6, asked: 3 },
        Code::LimitReached,
        &json!({"limit": 8, "owned": 6, "asked": 3}),
    );
}

#[test]
fn refusals_about_a_reservation_say_how_it_stands() {
    told(ExtendRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    told(ExtendRefused::NotPending, Code::ReservationNotPending, &json!({}));
    let until = Timestamp::EPOCH;
    told(
        ExtendRefused::CapReached { until },
        Code::HoldCapReached,
        &json!({"until": "1970-01-01T00:00:00Z"}),
    );
    told(ReleaseRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    told(ReleaseRefused::NotPending, Code::ReservationNotPending, &json!({}));
    told(ReleaseRefused::NothingAsked, Code::NothingAsked, &json!({}));
    let foreign = ReleaseRefused::NotInReservation { seats: seats() };
    told(foreign, Code::SeatsNotInReservation, &json!({"seatIds": [ID]}));
    told(CancelRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    told(CancelRefused::AlreadyEnded, Code::ReservationEnded, &json!({}));
    told(CancelRefused::PaymentInProgress, Code::PaymentInProgress, &json!({}));
    let payment = PaymentId::from_uuid(uuid());
    told(CancelRefused::Paid { payment }, Code::ReservationPaid, &json!({"paymentId": ID}));
    told(ConfirmFreeRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    told(ConfirmFreeRefused::NotPending, Code::ReservationNotPending, &json!({}));
    told(ConfirmFreeRefused::NotFree, Code::ReservationNotFree, &json!({}));
}

#[test]
fn refusals_of_money_name_the_right_amount() {
    let expected = Money::new(500, Currency::KRW);
    let amount = json!({"expectedAmount": 500, "currency": "KRW"});
    told(StartPaymentRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    told(StartPaymentRefused::NotPending, Code::ReservationNotPending, &json!({}));
    told(StartPaymentRefused::EventCancelled, Code::EventCancelled, &json!({}));
    told(StartPaymentRefused::NothingToPay, Code::NothingToPay, &json!({}));
    told(StartPaymentRefused::AmountMismatch { expected }, Code::AmountMismatch, &amount);
    told(BeginConfirmRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let ready = || PaymentState::Ready;
    told(
        BeginConfirmRefused::NotReady { state: ready() },
        Code::PaymentNotReady,
        &json!({"status": "pending"}),
    );
    told(BeginConfirmRefused::ReservationNotPending, Code::ReservationNotPending, &json!({}));
    told(BeginConfirmRefused::EventCancelled, Code::EventCancelled, &json!({}));
    told(BeginConfirmRefused::AmountMismatch { expected }, Code::AmountMismatch, &amount);
    told(RecordOutcomeRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let abandoned = RecordOutcomeRefused::NotConfirming { state: PaymentState::Abandoned };
    told(abandoned, Code::PaymentNotReady, &json!({"status": "cancelled"}));
}

#[test]
fn refusals_of_refunds_name_what_can_be_refunded() {
    use BeginRefundRefused as R;
    told(R::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let state = PaymentState::Ready;
    told(R::NothingToRefund { state }, Code::NothingToRefund, &json!({"status": "pending"}));
    let refund = RefundId::from_uuid(uuid());
    told(R::RefundInProgress { refund }, Code::RefundInProgress, &json!({"refundId": ID}));
    let refundable = Money::new(500, Currency::KRW);
    let most = json!({"refundable": 500, "currency": "KRW"});
    told(R::AmountOutOfRange { refundable }, Code::RefundOutOfRange, &most);
    let granted = Money::new(400, Currency::KRW);
    let expected = json!({"expectedAmount": 400, "currency": "KRW"});
    told(R::AmountNotGranted { granted }, Code::RefundAmountMismatch, &expected);
    let since = Some(Timestamp::EPOCH);
    let closed = json!({"since": "1970-01-01T00:00:00Z"});
    told(R::CancellationClosed { since }, Code::CancellationClosed, &closed);
    told(
        CancelRefused::CancellationClosed { since: None },
        Code::CancellationClosed,
        &json!({"since": null}),
    );
    let foreign = R::TicketsNotOwned { seats: seats(), ticket_types: ticket_types() };
    let named = json!({"seatIds": [ID], "ticketTypeIds": [ID]});
    told(foreign, Code::TicketsNotInReservation, &named);
    told(R::NothingAsked, Code::NothingAsked, &json!({}));
    told(R::StaffOnly, Code::Forbidden, &json!({}));
    told(RecordRefundRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    told(RecordRefundRefused::RefundNotFound, Code::RefundNotFound, &json!({}));
    told(RecordRefundRefused::NotQueued, Code::RefundSettled, &json!({}));
    told(RefundError::GatewayMissing { name: "gone".into() }, Code::GatewayMissing, &json!({}));
    let refused = RefundError::Refused { code: "TOO_LATE".into() };
    told(refused, Code::RefundRefused, &json!({"providerCode": "TOO_LATE"}));
}

#[test]
fn refusals_to_organisers_name_what_to_change() {
    told(BlockRefused::EventNotFound, Code::EventNotFound, &json!({}));
    told(BlockRefused::UnknownSeats { seats: seats() }, Code::UnknownSeats, &json!({"seatIds": [ID]}));
    told(BlockRefused::SeatsTaken { seats: seats() }, Code::SeatsTaken, &json!({"unavailableSeats": [ID]}));
    told(EditRefused::EventNotFound, Code::EventNotFound, &json!({}));
    told(EditRefused::TicketTypeNotFound, Code::TicketTypeNotFound, &json!({}));
    told(EditRefused::VersionMismatch { version: 3 }, Code::VersionMismatch, &json!({"version": 3}));
    told(EditRefused::HasReservations, Code::HasReservations, &json!({}));
    told(EditRefused::CapacityBelowTaken { taken: 5 }, Code::CapacityBelowTaken, &json!({"taken": 5}));
    told(OrganiseError::Catalog(CatalogError::LayoutNotFound), Code::LayoutNotFound, &json!({}));
    let wrong = LayoutError::Duplicate { what: "row A".into() };
    let named = json!({"reason": "row A appears twice", "what": "row A"});
    told(OrganiseError::Layout(wrong), Code::InvalidLayout, &named);
}

#[test]
fn what_cannot_be_written_names_its_field() {
    let cases: [(CatalogError, &str); 6] = [
        (CatalogError::Text(check_line("title", "", 1..=200).unwrap_err()), "title"),
        (CatalogError::TooManyKeywords, "keywords"),
        (CatalogError::PriceOutOfRange, "price"),
        (CatalogError::WrongCurrency { expected: Currency::KRW }, "currency"),
        (CatalogError::CapacityOutOfRange, "capacity"),
        (CatalogError::Terms(TermsError::CapBelowTtl), "limits.holdCapSeconds"),
    ];
    for (error, field) in cases {
        let told = ApiError::from(error);
        assert_eq!((told.code, told.details["field"].as_str()), (Code::InvalidBody, Some(field)));
        assert!(told.details["reason"].is_string());
    }
    let page = ApiError::from(PageRequest::new(0, 10).unwrap_err());
    assert_eq!(page.code, Code::InvalidQuery);
}

#[test]
fn the_two_kinds_of_no_are_told_apart() {
    told(CommandError::<HoldRefused>::KeyReused, Code::IdempotencyKeyReused, &json!({}));
    told(CommandError::Refused(CreateAccountRefused::EmailTaken), Code::EmailTaken, &json!({}));
    let failure = || StoreError::new(StoreErrorKind::Unavailable, "gone");
    told(CommandError::<HoldRefused>::Store(failure()), Code::ServiceUnavailable, &json!({}));
    told(PayError::Record(CommandError::Store(failure())), Code::ServiceUnavailable, &json!({}));
    let lost = StoreError::new(StoreErrorKind::OutcomeUnknown, "lost");
    told(PayError::Store(lost), Code::OutcomeUnknown, &json!({"lookAt": "/api/reservations/my"}));
    let known = vec!["kakao_pay".to_owned()];
    told(PayError::UnknownMethod { known }, Code::UnknownPaymentMethod, &json!({"known": ["kakao_pay"]}));
}
