//! The list of codes, each with its status, sentences and remedy.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use tiketi_core::language::Language;

macro_rules! codes {
    ($($code:ident $wire:literal $status:ident $en:literal $ko:literal $remedy:literal;)*) => {
        /// Why a request did not succeed, as a stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Code {
            $($code,)*
        }

        impl Code {
            /// Every code there is, in the order of the list.
            pub(crate) const ALL: &[Self] = &[$(Self::$code,)*];

            /// Returns the code as clients read it.
            pub(crate) const fn wire(self) -> &'static str {
                match self { $(Self::$code => $wire,)* }
            }

            /// Returns the HTTP status of the code.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// Returns the sentence for a person.
            pub(crate) const fn sentence(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$code, Language::English) => $en,
                    (Self::$code, Language::Korean) => $ko,)*
                }
            }

            /// Returns what a client can do about it.
            pub(crate) const fn remedy(self) -> &'static str {
                match self { $(Self::$code => $remedy,)* }
            }
        }
    };
}

codes! {
    NotFound "NOT_FOUND" NOT_FOUND
        "There is nothing at this address." "요청하신 주소를 찾을 수 없습니다."
        "Check the path against the document at /api/docs.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" METHOD_NOT_ALLOWED
        "This address does not support the method." "이 주소에서는 지원하지 않는 메서드입니다."
        "Use a method that the Allow header names.";
    MalformedRequest "MALFORMED_REQUEST" BAD_REQUEST
        "The server does not understand what was sent." "서버가 요청을 이해할 수 없습니다."
        "Send a well-formed HTTP/1.1 request.";
    RequestTooSlow "REQUEST_TOO_SLOW" REQUEST_TIMEOUT
        "The request did not arrive in time." "요청이 제한 시간 안에 도착하지 않았습니다."
        "Send the request again, without pauses.";
    AddressTooLong "ADDRESS_TOO_LONG" URI_TOO_LONG
        "The address is too long." "주소가 너무 깁니다."
        "Send at most 8 KiB of path and query.";
    HeadersTooLarge "HEADERS_TOO_LARGE" REQUEST_HEADER_FIELDS_TOO_LARGE
        "The headers of the request are too large." "요청 헤더가 너무 큽니다."
        "Send at most 32 KiB of headers, and at most 100 of them.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" UNSUPPORTED_MEDIA_TYPE
        "The body must be JSON." "요청 본문은 JSON이어야 합니다."
        "Send Content-Type: application/json.";
    MalformedJson "MALFORMED_JSON" BAD_REQUEST
        "The body is not well-formed JSON." "요청 본문이 올바른 JSON 형식이 아닙니다."
        "Fix the JSON at details.line and details.column.";
    InvalidBody "INVALID_BODY" UNPROCESSABLE_ENTITY
        "A field of the request is missing or wrong." "요청의 항목이 빠졌거나 올바르지 않습니다."
        "Correct details.field as details.reason says.";
    InvalidQuery "INVALID_QUERY" BAD_REQUEST
        "A parameter in the address is wrong." "주소의 매개변수가 올바르지 않습니다."
        "Correct the parameter that details.reason names.";
    InvalidId "INVALID_ID" BAD_REQUEST
        "The id in the address is not valid." "주소의 식별자가 올바르지 않습니다."
        "Send the id as an answer contains it.";
    BodyTooLarge "BODY_TOO_LARGE" PAYLOAD_TOO_LARGE
        "The request is too large." "요청이 너무 큽니다."
        "Send at most details.limit bytes.";
    InvalidIdempotencyKey "INVALID_IDEMPOTENCY_KEY" BAD_REQUEST
        "The idempotency key is not valid." "멱등성 키가 올바르지 않습니다."
        "Send one Idempotency-Key of 1 to 255 visible ASCII characters.";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" UNPROCESSABLE_ENTITY
        "This idempotency key was used before, for another request." "이미 다른 요청에 사용된 멱등성 키입니다."
        "Use a new key for each new request.";
    RemovedSince "REMOVED_SINCE" CONFLICT
        "What this request created has been removed." "이 요청으로 만든 항목은 이후에 삭제되었습니다."
        "Send a new idempotency key to create it again.";
    RequestInProgress "REQUEST_IN_PROGRESS" CONFLICT
        "The same request is still running." "같은 요청이 아직 처리되고 있습니다."
        "Send it again, with the same key, after Retry-After seconds.";
    AuthenticationRequired "AUTHENTICATION_REQUIRED" UNAUTHORIZED
        "Please sign in." "로그인이 필요합니다."
        "Sign in, and send the credentials that the document's security scheme names, such as a token from /api/auth/login.";
    InvalidToken "INVALID_TOKEN" UNAUTHORIZED
        "Your sign-in is not valid. Please sign in again." "로그인 정보가 올바르지 않습니다. 다시 로그인해 주세요."
        "Sign in again.";
    TokenExpired "TOKEN_EXPIRED" UNAUTHORIZED
        "Your sign-in has expired. Please sign in again." "로그인이 만료되었습니다. 다시 로그인해 주세요."
        "Exchange the refresh token at /api/auth/refresh, or sign in again.";
    InvalidCredentials "INVALID_CREDENTIALS" UNAUTHORIZED
        "The e-mail address or the password is wrong." "이메일 또는 비밀번호가 올바르지 않습니다."
        "Check both and try again.";
    MailedCodeRefused "INVALID_CODE" BAD_REQUEST
        "The code is wrong, was used, or has expired." "코드가 올바르지 않거나 이미 사용되었거나 만료되었습니다."
        "Check the code in the newest mail; details.triesLeft says how often it may be tried. Otherwise ask for a new one.";
    EmailNotVerified "EMAIL_NOT_VERIFIED" FORBIDDEN
        "Please verify your e-mail address first." "먼저 이메일 주소를 인증해 주세요."
        "Ask for a code at /api/auth/verify/send, and send it to /api/auth/verify.";
    AlreadyVerified "ALREADY_VERIFIED" CONFLICT
        "Your e-mail address is verified already." "이미 인증된 이메일 주소입니다."
        "Nothing has to be done.";
    MailNotSent "MAIL_NOT_SENT" NOT_FOUND
        "This shop sends no mail." "메일을 보내지 않는 사이트입니다."
        "The operator names a mail server with --smtp-url.";
    GoogleNotOffered "GOOGLE_NOT_OFFERED" NOT_FOUND
        "Nobody signs in with Google here." "Google 로그인을 지원하지 않는 사이트입니다."
        "Sign in with a password; the operator sets --google-client-id.";
    GoogleTokenRefused "GOOGLE_TOKEN_REFUSED" UNAUTHORIZED
        "Signing in with Google did not work." "Google 로그인에 실패했습니다."
        "Ask Google for a new ID token, with the client id of this shop and a verified address.";
    TooManyAttempts "TOO_MANY_ATTEMPTS" TOO_MANY_REQUESTS
        "There were too many attempts." "시도가 너무 많습니다. 잠시 후 다시 시도해 주세요."
        "Try again after Retry-After seconds.";
    TooManyRequests "TOO_MANY_REQUESTS" TOO_MANY_REQUESTS
        "You are sending too many requests." "요청을 너무 많이 보내고 있습니다. 잠시 후 다시 시도해 주세요."
        "Send it again after Retry-After seconds, and fewer from then on.";
    FiguresNotKept "FIGURES_NOT_KEPT" NOT_FOUND
        "This shop keeps no figures." "이 상점은 통계를 집계하지 않습니다."
        "Build the shop with a store of figures.";
    FiguresNotReady "FIGURES_NOT_READY" SERVICE_UNAVAILABLE
        "The figures are being counted for the first time." "통계를 처음으로 집계하고 있습니다. 잠시 후 다시 시도해 주세요."
        "Try again after Retry-After seconds.";
    Forbidden "FORBIDDEN" FORBIDDEN
        "You do not have permission to do this." "권한이 없습니다."
        "Sign in with an account whose role is in x-roles of the operation.";
    OriginNotAllowed "ORIGIN_NOT_ALLOWED" FORBIDDEN
        "Pages of this origin may not open a socket." "이 출처의 페이지에서는 소켓을 열 수 없습니다."
        "Open it from a page of the same host, or let the operator allow the origin.";
    UpgradeRequired "UPGRADE_REQUIRED" UPGRADE_REQUIRED
        "This address is for WebSockets." "이 주소는 웹소켓 전용입니다."
        "Open it as a WebSocket of version 13.";
    InvalidMessage "INVALID_MESSAGE" UNPROCESSABLE_ENTITY
        "The message is not one that the server knows." "서버가 알 수 없는 메시지입니다."
        "Check the message against the document at /api/asyncapi.json.";
    TooManyChannels "TOO_MANY_CHANNELS" CONFLICT
        "The socket follows too many channels." "소켓이 구독하는 채널이 너무 많습니다."
        "Leave a channel first.";
    EmailTaken "EMAIL_TAKEN" CONFLICT
        "An account with this e-mail address exists." "이미 가입된 이메일입니다."
        "Sign in, or register another address.";
    AccountNotFound "ACCOUNT_NOT_FOUND" NOT_FOUND
        "There is no such account." "계정을 찾을 수 없습니다."
        "List the accounts and use an id from there.";
    RoleChanged "ROLE_CHANGED" CONFLICT
        "The account has another role by now." "계정의 역할이 이미 변경되었습니다."
        "Read the account again, and then change its role.";
    LastAdmin "LAST_ADMIN" CONFLICT
        "The last administrator stays one." "마지막 관리자의 역할은 변경할 수 없습니다."
        "Give the role admin to another account first.";
    EventNotFound "EVENT_NOT_FOUND" NOT_FOUND
        "There is no such event." "공연을 찾을 수 없습니다."
        "List the events and use an id from there.";
    TicketTypeNotFound "TICKET_TYPE_NOT_FOUND" NOT_FOUND
        "There is no such ticket type." "티켓 종류를 찾을 수 없습니다."
        "Read the event and use an id from there.";
    LayoutNotFound "LAYOUT_NOT_FOUND" NOT_FOUND
        "There is no such seat layout." "좌석 배치도를 찾을 수 없습니다."
        "List the layouts and use an id from there.";
    ImageNotFound "IMAGE_NOT_FOUND" NOT_FOUND
        "There is no such image." "이미지를 찾을 수 없습니다."
        "Use the URL that the upload returned.";
    ImagesNotKept "IMAGES_NOT_KEPT" NOT_FOUND
        "This shop stores no images." "이 상점은 이미지를 저장하지 않습니다."
        "Give the routes a store of images.";
    InvalidImage "INVALID_IMAGE" UNPROCESSABLE_ENTITY
        "This is not a PNG, JPEG or WebP image." "PNG, JPEG 또는 WebP 이미지가 아닙니다."
        "Send the bytes of one such image.";
    ImageTooLarge "IMAGE_TOO_LARGE" UNPROCESSABLE_ENTITY
        "The image has too many pixels." "이미지의 해상도가 너무 큽니다."
        "Make it smaller: at most details.mostPixels pixels.";
    NoticeNotFound "NOTICE_NOT_FOUND" NOT_FOUND
        "There is no such notice." "공지사항을 찾을 수 없습니다."
        "List the news and use an id from there.";
    NewsNotKept "NEWS_NOT_KEPT" NOT_FOUND
        "This shop publishes no news." "이 상점은 공지사항을 게시하지 않습니다."
        "Give the routes a store of notices.";
    ReservationNotFound "RESERVATION_NOT_FOUND" NOT_FOUND
        "There is no such reservation of yours." "예매 내역을 찾을 수 없습니다."
        "List your reservations and use an id from there.";
    PaymentNotFound "PAYMENT_NOT_FOUND" NOT_FOUND
        "There is no such payment of yours." "결제 내역을 찾을 수 없습니다."
        "Use the id that the payment was prepared with.";
    RefundNotFound "REFUND_NOT_FOUND" NOT_FOUND
        "There is no such refund." "환불 내역을 찾을 수 없습니다."
        "Read the payment and use an id from there.";
    MailNotFound "MAIL_NOT_FOUND" NOT_FOUND
        "There is no such mail in the list." "목록에서 메일을 찾을 수 없습니다."
        "List the mails that were given up and use an id from there.";
    EventCancelled "EVENT_CANCELLED" CONFLICT
        "The event was cancelled." "취소된 공연입니다."
        "Choose another event; paid reservations of this one are refunded.";
    SaleNotOpen "SALE_NOT_OPEN" CONFLICT
        "The sale has not opened yet." "아직 판매가 시작되지 않았습니다."
        "Send the request again after details.opensAt.";
    SaleClosed "SALE_CLOSED" CONFLICT
        "The sale has closed." "판매가 종료되었습니다."
        "The sale ended at details.closedAt.";
    NothingAsked "NOTHING_ASKED" UNPROCESSABLE_ENTITY
        "Choose at least one seat or ticket." "좌석이나 티켓을 하나 이상 선택해 주세요."
        "Name at least one seat or ticket type.";
    TooManyLines "TOO_MANY_LINES" UNPROCESSABLE_ENTITY
        "That is too much for one request." "한 번에 요청할 수 있는 수를 넘었습니다."
        "Request at most details.limit seats and ticket types.";
    DuplicateSeats "DUPLICATE_SEATS" UNPROCESSABLE_ENTITY
        "A seat was chosen twice." "같은 좌석이 두 번 선택되었습니다."
        "Name each of details.seatIds once.";
    DuplicateTicketTypes "DUPLICATE_TICKET_TYPES" UNPROCESSABLE_ENTITY
        "A ticket type was chosen twice." "같은 티켓 종류가 두 번 선택되었습니다."
        "Name each of details.ticketTypeIds once, with its quantity.";
    UnknownSeats "UNKNOWN_SEATS" UNPROCESSABLE_ENTITY
        "Some seats do not belong to this event." "이 공연의 좌석이 아닌 좌석이 있습니다."
        "Leave out details.seatIds, or read the seat map again.";
    UnknownTicketTypes "UNKNOWN_TICKET_TYPES" UNPROCESSABLE_ENTITY
        "Some ticket types do not belong to this event." "이 공연의 티켓 종류가 아닌 항목이 있습니다."
        "Leave out details.ticketTypeIds, or read the event again.";
    SoldBySeat "SOLD_BY_SEAT" UNPROCESSABLE_ENTITY
        "These tickets are sold by seat." "좌석을 선택해야 하는 티켓입니다."
        "Choose seats instead of details.ticketTypeIds.";
    QuantityOutOfRange "QUANTITY_OUT_OF_RANGE" UNPROCESSABLE_ENTITY
        "The quantity is not allowed." "수량이 올바르지 않습니다."
        "Request 1 to details.limit of each of details.ticketTypeIds.";
    SeatsTaken "SEATS_TAKEN" CONFLICT
        "Some of the seats are already taken." "이미 선택된 좌석이 있습니다."
        "Choose seats other than details.unavailableSeats.";
    HeldTooLong "HELD_TOO_LONG" CONFLICT
        "You have held some of these seats for too long." "이미 선점 가능 시간을 모두 사용한 좌석이 있습니다."
        "Choose seats other than details.seatIds, or hold them after details.againAt if they are still free.";
    HoldTimeUsedUp "HOLD_TIME_USED_UP" CONFLICT
        "You have held tickets of this event for too long without paying." "결제 없이 이 공연의 티켓을 선점할 수 있는 시간을 모두 사용했습니다."
        "Hold again after details.againAt.";
    NotEnoughLeft "NOT_ENOUGH_LEFT" CONFLICT
        "There are not enough tickets left." "남은 티켓이 부족합니다."
        "Request no more than details.shortages says are available.";
    NotAdmitted "NOT_ADMITTED" FORBIDDEN
        "The waiting room has not admitted you." "아직 입장 순서가 아닙니다."
        "Join the waiting room of the event, and send the admission that it gives you.";
    WaitingRoomOff "WAITING_ROOM_OFF" CONFLICT
        "The event has no waiting room." "대기열을 사용하지 않는 공연입니다."
        "Hold tickets without an admission.";
    WaitingRoomFull "WAITING_ROOM_FULL" CONFLICT
        "The waiting room is full." "대기열이 가득 찼습니다."
        "Join again later; details.limit buyers may wait.";
    JoinRefused "JOIN_REFUSED" FORBIDDEN
        "You cannot join the waiting room." "대기열에 참여할 수 없습니다."
        "Read details.reason.";
    DrawFixed "DRAW_FIXED" CONFLICT
        "The draw cannot change any more, because its hash is public." "추첨 해시가 이미 공개되어 추첨을 변경할 수 없습니다."
        "Send details.field as it is. For another draw, cancel the event and create another one.";
    BeaconNotNamed "BEACON_NOT_NAMED" CONFLICT
        "The draw of the event depends on no beacon." "이 공연의 추첨은 공개 난수를 사용하지 않습니다."
        "Supply a round only for a policy that names one.";
    BeaconRefused "BEACON_REFUSED" UNPROCESSABLE_ENTITY
        "This is not the round on which the draw depends." "추첨에 사용되는 공개 난수가 아닙니다."
        "Supply the signature of the round that the policy names, as the beacon publishes it; see details.reason.";
    NoPlace "NO_PLACE" NOT_FOUND
        "You are not in the waiting room." "대기열에 등록되어 있지 않습니다."
        "Join the waiting room of the event.";
    ProofMissing "PROOF_MISSING" FORBIDDEN
        "Your browser has not finished its check yet." "브라우저 확인이 아직 끝나지 않았습니다."
        "Solve the challenge of /api/queue/challenge/{eventId}, and send the proof.";
    ProofNotNeeded "PROOF_NOT_NEEDED" CONFLICT
        "There is no check to do." "확인할 작업이 없습니다."
        "Wait for your turn.";
    ProofInvalid "PROOF_INVALID" UNPROCESSABLE_ENTITY
        "Your browser's check is not valid." "브라우저 확인 결과가 올바르지 않습니다."
        "Read the challenge again and solve it; details.reason is format, signature, place, expired or solution.";
    PlaceEnded "PLACE_ENDED" CONFLICT
        "Your place in the waiting room has ended." "대기 순서가 종료되었습니다."
        "Join the waiting room again; details.state says how the place ended.";
    SaleOver "SALE_OVER" CONFLICT
        "No more tickets of the event are sold." "더 이상 판매하지 않는 공연입니다."
        "Choose another event.";
    LimitReached "LIMIT_REACHED" CONFLICT
        "You may not have more tickets of this event." "이 공연의 구매 가능 매수를 넘었습니다."
        "Hold at most details.limit tickets of the event; you have details.owned.";
    PaymentInProgress "PAYMENT_IN_PROGRESS" CONFLICT
        "A payment for the reservation is in progress." "결제가 진행 중입니다."
        "Wait until the outcome of the payment is known, then send the request again.";
    ReservationNotPending "RESERVATION_NOT_PENDING" CONFLICT
        "The reservation is no longer pending." "대기 중인 예매가 아닙니다."
        "Read the reservation; if it has expired, make a new one.";
    HoldCapReached "HOLD_CAP_REACHED" CONFLICT
        "The seats cannot be held any longer." "더 이상 좌석 선점 시간을 늘릴 수 없습니다."
        "Pay before details.until.";
    SeatsNotInReservation "SEATS_NOT_IN_RESERVATION" UNPROCESSABLE_ENTITY
        "Some seats are not in this reservation." "이 예매에 포함되지 않은 좌석이 있습니다."
        "Leave out details.seatIds.";
    ReservationEnded "RESERVATION_ENDED" CONFLICT
        "The reservation has expired or was cancelled." "만료되었거나 이미 취소된 예매입니다."
        "Its seats are available again; make a new reservation.";
    ReservationPaid "RESERVATION_PAID" CONFLICT
        "The reservation is paid and has to be refunded." "결제가 완료되어 환불이 필요한 예매입니다."
        "Refund details.paymentId.";
    ReservationNotFree "RESERVATION_NOT_FREE" CONFLICT
        "The reservation has to be paid." "결제가 필요한 예매입니다."
        "Pay for it at /api/payments/process.";
    NothingToPay "NOTHING_TO_PAY" CONFLICT
        "The reservation costs nothing." "결제할 금액이 없습니다."
        "Send it to /api/payments/process, which confirms it without a payment.";
    AmountMismatch "AMOUNT_MISMATCH" CONFLICT
        "The amount is not the amount to pay." "결제 금액이 일치하지 않습니다."
        "Send details.expectedAmount in details.currency.";
    PaymentNotReady "PAYMENT_NOT_READY" CONFLICT
        "The payment cannot be confirmed now." "지금은 승인할 수 없는 결제입니다."
        "Read the payment; details.status is its status.";
    PaymentDeclined "PAYMENT_DECLINED" PAYMENT_REQUIRED
        "The payment was declined." "결제가 거절되었습니다."
        "Prepare a new payment, for example with another method.";
    UnknownPaymentMethod "UNKNOWN_PAYMENT_METHOD" UNPROCESSABLE_ENTITY
        "There is no such payment method." "지원하지 않는 결제 수단입니다."
        "Use one of details.known.";
    CurrencyNotAccepted "CURRENCY_NOT_ACCEPTED" UNPROCESSABLE_ENTITY
        "This payment method does not accept the currency." "이 결제 수단으로는 해당 통화를 결제할 수 없습니다."
        "Choose a method that accepts details.currency; this one accepts details.accepted.";
    InvalidPaymentKey "INVALID_PAYMENT_KEY" UNPROCESSABLE_ENTITY
        "The payment key is missing or not valid. Nothing was charged." "결제 키가 없거나 올바르지 않습니다. 결제는 이루어지지 않았습니다."
        "Send the payment key that the provider gave the buyer for this order.";
    BuyerStepNeeded "BUYER_STEP_NEEDED" UNPROCESSABLE_ENTITY
        "This payment method cannot be paid in one step." "한 번에 처리할 수 없는 결제 수단입니다."
        "Prepare the payment, let the buyer pay at the provider, then confirm it.";
    PaymentUnavailable "PAYMENT_UNAVAILABLE" SERVICE_UNAVAILABLE
        "The payment provider does not answer right now. Nothing was charged." "결제사가 응답하지 않습니다. 결제는 이루어지지 않았습니다."
        "Try again after Retry-After seconds; the reservation is held until its end.";
    NothingToRetry "NOTHING_TO_RETRY" CONFLICT
        "There is nothing to retry." "다시 시도할 항목이 없습니다."
        "Read the payment; details.status is its status.";
    PaymentOutcomeKnown "PAYMENT_OUTCOME_KNOWN" CONFLICT
        "The payment is not waiting for an outcome." "결과를 기다리는 결제가 아닙니다."
        "Read the payment; details.status is its status.";
    PaymentStillAwaited "PAYMENT_STILL_AWAITED" CONFLICT
        "The outcome of the payment may still become known." "결제 결과를 아직 기다려야 합니다."
        "End the payment after details.until, if its outcome is still unknown.";
    GatewayNotFound "GATEWAY_NOT_FOUND" NOT_FOUND
        "There is no such payment provider." "결제사를 찾을 수 없습니다."
        "Send webhooks to the address of a gateway that the shop offers.";
    WebhookRefused "WEBHOOK_REFUSED" BAD_REQUEST
        "The webhook cannot be read." "웹훅을 읽을 수 없습니다."
        "Send what the provider's documentation describes.";
    WebhookForged "WEBHOOK_FORGED" FORBIDDEN
        "The webhook does not come from the provider." "결제사가 보낸 웹훅이 아닙니다."
        "Check the secret that is shared with the provider.";
    NothingToRefund "NOTHING_TO_REFUND" CONFLICT
        "The payment has nothing to refund." "환불할 금액이 없습니다."
        "Read the payment; details.status is its status.";
    RefundInProgress "REFUND_IN_PROGRESS" CONFLICT
        "A refund of the payment is in progress." "환불이 진행 중입니다."
        "Wait until the refund details.refundId is done or refused.";
    RefundOutOfRange "REFUND_OUT_OF_RANGE" UNPROCESSABLE_ENTITY
        "The amount cannot be refunded." "환불할 수 없는 금액입니다."
        "Send an amount above zero and at most details.refundable.";
    CancellationClosed "CANCELLATION_CLOSED" CONFLICT
        "These tickets can no longer be cancelled." "취소할 수 있는 기간이 아닙니다."
        "There is no refund since details.since, or none at all if it is null; contact the shop.";
    RefundAmountMismatch "REFUND_AMOUNT_MISMATCH" CONFLICT
        "The amount is not the refund for these tickets." "환불 금액이 일치하지 않습니다."
        "Leave cancelAmount out, or send details.expectedAmount in details.currency.";
    TicketsNotInReservation "TICKETS_NOT_IN_RESERVATION" UNPROCESSABLE_ENTITY
        "Some of the tickets are not in the reservation." "이 예매에 포함되지 않은 티켓이 있습니다."
        "Leave out details.seatIds, and name no more of details.ticketTypeIds than the reservation has.";
    RefundAccountNeeded "REFUND_ACCOUNT_NEEDED" UNPROCESSABLE_ENTITY
        "Enter the account for the refund." "환불받을 계좌를 입력해 주세요."
        "Send refundReceiveAccount to POST /api/payments/{id}/cancel.";
    RefundRefused "REFUND_REFUSED" CONFLICT
        "The payment provider refused the refund." "결제사에서 환불을 거절했습니다."
        "Contact the shop; details.providerCode says why.";
    RefundSettled "REFUND_SETTLED" CONFLICT
        "The refund has already been processed." "이미 처리된 환불입니다."
        "Read the payment.";
    GatewayMissing "GATEWAY_MISSING" SERVICE_UNAVAILABLE
        "The payment provider is not available." "결제사를 이용할 수 없습니다."
        "Try again later; the shop must configure the provider again.";
    VersionMismatch "VERSION_MISMATCH" CONFLICT
        "Another change was made in the meantime." "다른 사람이 먼저 변경했습니다."
        "Read it again; its version is now details.version.";
    IllegalStep "ILLEGAL_STEP" CONFLICT
        "Its state does not allow this." "현재 상태에서는 할 수 없는 작업입니다."
        "Read it again; details.reason says why.";
    EventArchived "EVENT_ARCHIVED" CONFLICT
        "The event is archived and cannot be changed." "보관된 공연은 변경할 수 없습니다."
        "Take the event out of the archive first; its sales and refunds can be read as before.";
    EventNotOver "EVENT_NOT_OVER" CONFLICT
        "The event is not over." "아직 끝나지 않은 공연입니다."
        "Archive it once its sale has closed and it has begun, or cancel it.";
    EventStillOpen "EVENT_STILL_OPEN" CONFLICT
        "Something of the event is still open." "아직 처리 중인 예매나 결제가 있습니다."
        "Wait until details.reservations and details.payments are done, or settle what needs attention.";
    HasReservations "HAS_RESERVATIONS" CONFLICT
        "It has reservations." "예매 내역이 있어 처리할 수 없습니다."
        "Cancel the event instead; this refunds every paid reservation.";
    CapacityBelowTaken "CAPACITY_BELOW_TAKEN" CONFLICT
        "More tickets than that are held or sold." "이미 판매되었거나 선점된 수보다 적게 줄일 수 없습니다."
        "Set a capacity of at least details.taken.";
    InvalidLayout "INVALID_LAYOUT" UNPROCESSABLE_ENTITY
        "The seat layout is not valid." "좌석 배치도가 올바르지 않습니다."
        "Correct what details.reason names.";
    OutcomeUnknown "OUTCOME_UNKNOWN" ACCEPTED
        "It is not known yet whether this took effect." "처리 결과를 아직 확인할 수 없습니다."
        "Send the same request with the same Idempotency-Key, or read the address in details.lookAt.";
    ServiceUnavailable "SERVICE_UNAVAILABLE" SERVICE_UNAVAILABLE
        "The service is not available right now." "지금은 서비스를 이용할 수 없습니다."
        "Try again after Retry-After seconds.";
    TooBusy "TOO_BUSY" SERVICE_UNAVAILABLE
        "There are too many requests right now." "요청이 많아 지금은 처리할 수 없습니다."
        "Try again after Retry-After seconds.";
    TimedOut "TIMED_OUT" SERVICE_UNAVAILABLE
        "This took too long." "처리 시간이 초과되었습니다."
        "Send it again with the same Idempotency-Key after Retry-After seconds.";
    Internal "INTERNAL" INTERNAL_SERVER_ERROR
        "Something went wrong on our side." "서버에서 문제가 발생했습니다."
        "Report it with the requestId.";
}

impl Code {
    /// Returns whether the answer has a `Retry-After`.
    pub(crate) const fn is_worth_retrying(self) -> bool {
        matches!(
            self,
            Self::RequestInProgress
                | Self::OutcomeUnknown
                | Self::ServiceUnavailable
                | Self::FiguresNotReady
                | Self::PaymentUnavailable
                | Self::TooBusy
                | Self::TooManyAttempts
                | Self::TooManyRequests
                | Self::TimedOut
        )
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.wire())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|code| code.wire());
        let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
        let description = "Why a request did not succeed; new codes may be added.";
        object.description(Some(description)).examples([Self::SeatsTaken.wire()]).into()
    }
}

impl ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }
}

#[cfg(test)]
mod tests;
