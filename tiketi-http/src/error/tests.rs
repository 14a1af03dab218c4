//! The answer to each refusal of the rules.

use serde_json::{Value, json};
use tiketi_core::decide::{
    BeginConfirmRefused, BeginRefundRefused, BlockRefused, CancelRefused, ConfirmFreeRefused, EditRefused,
    ExtendRefused, HoldRefused, RecordOutcomeRefused, RecordRefundRefused, ReleaseRefused, Shortage,
    StartPaymentRefused,
};
use tiketi_core::{
    CommandError, Currency, Money, PageRequest, PayError, PaymentId, PaymentState, RefundError, RefundId,
    ReservationId, SeatId, StoreError, StoreErrorKind, TicketTypeId, Timestamp, box_office::OrganiseError,
    catalog::CatalogError, seat_layout::LayoutError, store::CreateAccountRefused, terms::TermsError,
    text::check_line,
};
use uuid::Uuid;

use super::{ApiError, Code};
use tiketi_core::language::Language;

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

/// Checks an error's code and details, and that the details include every one that its remedy names.
#[track_caller]
fn assert_error(error: impl Into<ApiError>, code: Code, details: &Value) {
    let error = error.into();
    assert_eq!(error.code, code);
    let shown = error.details(Language::English);
    assert_eq!(&Value::Object(shown.clone()), details);
    for named in code.remedy().split("details.").skip(1) {
        let name: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(shown.contains_key(&name), "{}: {name} is missing", code.wire());
    }
}

#[test]
fn a_refused_hold_names_everything_in_the_way() {
    use HoldRefused as R;
    let at = Timestamp::EPOCH;
    assert_error(R::EventNotFound, Code::EventNotFound, &json!({}));
    assert_error(R::EventCancelled, Code::EventCancelled, &json!({}));
    assert_error(
        R::SaleNotOpen { opens_at: at },
        Code::SaleNotOpen,
        &json!({"opensAt": "1970-01-01T00:00:00Z"}),
    );
    assert_error(
        R::SaleClosed { closed_at: at },
        Code::SaleClosed,
        &json!({"closedAt": "1970-01-01T00:00:00Z"}),
    );
    assert_error(R::NotAdmitted, Code::NotAdmitted, &json!({}));
    assert_error(R::NothingAsked, Code::NothingAsked, &json!({}));
    assert_error(
        R::TooManyLines { asked: 9, limit: 8 },
        Code::TooManyLines,
        &json!({"asked": 9, "limit": 8}),
    );
    assert_error(R::DuplicateSeats { seats: seats() }, Code::DuplicateSeats, &json!({"seatIds": [ID]}));
    assert_error(R::UnknownSeats { seats: seats() }, Code::UnknownSeats, &json!({"seatIds": [ID]}));
    assert_error(R::SeatsTaken { seats: seats() }, Code::SeatsTaken, &json!({"unavailableSeats": [ID]}));
    let named = json!({"ticketTypeIds": [ID]});
    assert_error(
        R::DuplicateTicketTypes { ticket_types: ticket_types() },
        Code::DuplicateTicketTypes,
        &named,
    );
    assert_error(R::UnknownTicketTypes { ticket_types: ticket_types() }, Code::UnknownTicketTypes, &named);
    assert_error(R::SoldBySeat { ticket_types: ticket_types() }, Code::SoldBySeat, &named);
    let limited = json!({"ticketTypeIds": [ID], "limit": 10});
    assert_error(
        R::QuantityOutOfRange { ticket_types: ticket_types(), limit: 10 },
        Code::QuantityOutOfRange,
        &limited,
    );
    let reservation = ReservationId::from_uuid(uuid());
    assert_error(
        R::PaymentInProgress { reservation },
        Code::PaymentInProgress,
        &json!({"reservationId": ID}),
    );
}

#[test]
fn a_request_for_too_much_names_what_is_available() {
    let short = Shortage::new(TicketTypeId::from_uuid(uuid()), 3, 1);
    assert_error(
        HoldRefused::NotEnoughLeft { shortages: vec![short] },
        Code::NotEnoughLeft,
        &json!({"shortages": [{"ticketTypeId": ID, "asked": 3, "available": 1}]}),
    );
    assert_error(
        HoldRefused::LimitReached { limit: 8, owned: 6, asked: 3 },
        Code::LimitReached,
        &json!({"limit": 8, "owned": 6, "asked": 3}),
    );
}

#[test]
fn refusals_about_a_reservation_say_how_it_stands() {
    assert_error(ExtendRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    assert_error(ExtendRefused::NotPending, Code::ReservationNotPending, &json!({}));
    let until = Timestamp::EPOCH;
    assert_error(
        ExtendRefused::CapReached { until },
        Code::HoldCapReached,
        &json!({"until": "1970-01-01T00:00:00Z"}),
    );
    assert_error(ReleaseRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    assert_error(ReleaseRefused::NotPending, Code::ReservationNotPending, &json!({}));
    assert_error(ReleaseRefused::NothingAsked, Code::NothingAsked, &json!({}));
    let foreign = ReleaseRefused::NotInReservation { seats: seats() };
    assert_error(foreign, Code::SeatsNotInReservation, &json!({"seatIds": [ID]}));
    assert_error(CancelRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    assert_error(CancelRefused::AlreadyEnded, Code::ReservationEnded, &json!({}));
    assert_error(CancelRefused::PaymentInProgress, Code::PaymentInProgress, &json!({}));
    let payment = PaymentId::from_uuid(uuid());
    assert_error(CancelRefused::Paid { payment }, Code::ReservationPaid, &json!({"paymentId": ID}));
    assert_error(ConfirmFreeRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    assert_error(ConfirmFreeRefused::NotPending, Code::ReservationNotPending, &json!({}));
    assert_error(ConfirmFreeRefused::NotFree, Code::ReservationNotFree, &json!({}));
}

#[test]
fn refusals_of_money_name_the_right_amount() {
    let expected = Money::new(500, Currency::KRW);
    let amount = json!({"expectedAmount": 500, "currency": "KRW"});
    assert_error(StartPaymentRefused::ReservationNotFound, Code::ReservationNotFound, &json!({}));
    assert_error(StartPaymentRefused::NotPending, Code::ReservationNotPending, &json!({}));
    assert_error(StartPaymentRefused::EventCancelled, Code::EventCancelled, &json!({}));
    assert_error(StartPaymentRefused::NothingToPay, Code::NothingToPay, &json!({}));
    assert_error(StartPaymentRefused::AmountMismatch { expected }, Code::AmountMismatch, &amount);
    assert_error(BeginConfirmRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let ready = || PaymentState::Ready;
    assert_error(
        BeginConfirmRefused::NotReady { state: ready() },
        Code::PaymentNotReady,
        &json!({"status": "pending"}),
    );
    assert_error(BeginConfirmRefused::ReservationNotPending, Code::ReservationNotPending, &json!({}));
    assert_error(BeginConfirmRefused::EventCancelled, Code::EventCancelled, &json!({}));
    assert_error(BeginConfirmRefused::AmountMismatch { expected }, Code::AmountMismatch, &amount);
    assert_error(RecordOutcomeRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let abandoned = RecordOutcomeRefused::NotConfirming { state: PaymentState::Abandoned };
    assert_error(abandoned, Code::PaymentNotReady, &json!({"status": "cancelled"}));
}

#[test]
fn refusals_of_refunds_name_what_can_be_refunded() {
    use BeginRefundRefused as R;
    assert_error(R::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    let state = PaymentState::Ready;
    assert_error(R::NothingToRefund { state }, Code::NothingToRefund, &json!({"status": "pending"}));
    let refund = RefundId::from_uuid(uuid());
    assert_error(R::RefundInProgress { refund }, Code::RefundInProgress, &json!({"refundId": ID}));
    let refundable = Money::new(500, Currency::KRW);
    let most = json!({"refundable": 500, "currency": "KRW"});
    assert_error(R::AmountOutOfRange { refundable }, Code::RefundOutOfRange, &most);
    let granted = Money::new(400, Currency::KRW);
    let expected = json!({"expectedAmount": 400, "currency": "KRW"});
    assert_error(R::AmountNotGranted { granted }, Code::RefundAmountMismatch, &expected);
    let since = Some(Timestamp::EPOCH);
    let closed = json!({"since": "1970-01-01T00:00:00Z"});
    assert_error(R::CancellationClosed { since }, Code::CancellationClosed, &closed);
    assert_error(
        CancelRefused::CancellationClosed { since: None },
        Code::CancellationClosed,
        &json!({"since": null}),
    );
    let foreign = R::TicketsNotOwned { seats: seats(), ticket_types: ticket_types() };
    let named = json!({"seatIds": [ID], "ticketTypeIds": [ID]});
    assert_error(foreign, Code::TicketsNotInReservation, &named);
    assert_error(R::NothingAsked, Code::NothingAsked, &json!({}));
    assert_error(R::StaffOnly, Code::Forbidden, &json!({}));
    assert_error(RecordRefundRefused::PaymentNotFound, Code::PaymentNotFound, &json!({}));
    assert_error(RecordRefundRefused::RefundNotFound, Code::RefundNotFound, &json!({}));
    assert_error(RecordRefundRefused::NotQueued, Code::RefundSettled, &json!({}));
    assert_error(RefundError::GatewayMissing { name: "gone".into() }, Code::GatewayMissing, &json!({}));
    let refused = RefundError::Refused { code: "TOO_LATE".into() };
    assert_error(refused, Code::RefundRefused, &json!({"providerCode": "TOO_LATE"}));
}

#[test]
fn refusals_to_organisers_name_what_to_change() {
    assert_error(BlockRefused::EventNotFound, Code::EventNotFound, &json!({}));
    assert_error(
        BlockRefused::UnknownSeats { seats: seats() },
        Code::UnknownSeats,
        &json!({"seatIds": [ID]}),
    );
    assert_error(
        BlockRefused::SeatsTaken { seats: seats() },
        Code::SeatsTaken,
        &json!({"unavailableSeats": [ID]}),
    );
    assert_error(EditRefused::EventNotFound, Code::EventNotFound, &json!({}));
    assert_error(EditRefused::TicketTypeNotFound, Code::TicketTypeNotFound, &json!({}));
    assert_error(EditRefused::VersionMismatch { version: 3 }, Code::VersionMismatch, &json!({"version": 3}));
    assert_error(EditRefused::HasReservations, Code::HasReservations, &json!({}));
    assert_error(
        EditRefused::CapacityBelowTaken { taken: 5 },
        Code::CapacityBelowTaken,
        &json!({"taken": 5}),
    );
    assert_error(OrganiseError::Catalog(CatalogError::LayoutNotFound), Code::LayoutNotFound, &json!({}));
    let wrong = LayoutError::Duplicate { what: "row A".into() };
    let named = json!({"reason": "row A appears twice", "what": "row A"});
    assert_error(OrganiseError::Layout(wrong), Code::InvalidLayout, &named);
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
        let answer = ApiError::from(error);
        assert_eq!((answer.code, answer.details["field"].as_str()), (Code::InvalidBody, Some(field)));
        assert!(answer.reason.is_some());
    }
    let page = ApiError::from(PageRequest::new(0, 10).unwrap_err());
    assert_eq!(page.code, Code::InvalidQuery);
}

#[test]
fn refusals_and_failures_have_different_codes() {
    assert_error(CommandError::<HoldRefused>::KeyReused, Code::IdempotencyKeyReused, &json!({}));
    assert_error(CommandError::Refused(CreateAccountRefused::EmailTaken), Code::EmailTaken, &json!({}));
    let failure = || StoreError::new(StoreErrorKind::Unavailable, "gone");
    assert_error(CommandError::<HoldRefused>::Store(failure()), Code::ServiceUnavailable, &json!({}));
    assert_error(PayError::Record(CommandError::Store(failure())), Code::ServiceUnavailable, &json!({}));
    // A read that fails after a command took effect is no reason to believe that nothing happened.
    let after = ApiError::from(failure()).after_effect();
    assert_eq!(
        (after.code(), after.details["lookAt"].as_str()),
        (Code::OutcomeUnknown, Some("/api/reservations/my"))
    );
    assert_eq!(ApiError::new(Code::EventNotFound).after_effect().code(), Code::EventNotFound);
    let lost = StoreError::new(StoreErrorKind::OutcomeUnknown, "lost");
    assert_error(PayError::Store(lost), Code::OutcomeUnknown, &json!({"lookAt": "/api/reservations/my"}));
    let known = vec!["kakao_pay".to_owned()];
    assert_error(
        PayError::UnknownMethod { known },
        Code::UnknownPaymentMethod,
        &json!({"known": ["kakao_pay"]}),
    );
}
