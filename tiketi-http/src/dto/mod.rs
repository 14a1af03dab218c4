//! The types of the wire: one file per resource.
//!
//! JSON is in camelCase, times are RFC 3339 in UTC, money is an integer of minor units beside its currency,
//! ids are UUIDs. Requests are read as text and wide integers first: a wrong value is refused with the name of its
//! field.

mod cancellation;
mod deposit;
mod draw_beacon;
mod event;
mod event_layout;
mod event_write;
mod field;
mod image;
mod layout;
mod log;
mod mail;
mod metadata;
mod news;
mod page;
mod payment;
mod payment_admin;
mod policy;
mod reservation;
mod reservation_key;
mod room_policy;
mod seat;
mod staff_reservation;
mod stats;
mod ticket;
mod waiting_room;

pub(crate) use draw_beacon::SupplyBeacon;
pub(crate) use event::{ArchiveQuery, EventAnswer, EventList, EventListQuery};
pub(crate) use event_layout::EventLayoutDto;
pub(crate) use event_write::{CreateEvent, EditEvent};
pub(crate) use image::ImageAnswer;
pub(crate) use layout::{LayoutAnswer, LayoutCheck, LayoutCheckQuery, LayoutList, LayoutPart};
pub(crate) use log::{LogList, LogListQuery};
pub(crate) use mail::{DeadMailList, DeadMailQuery};
pub(crate) use news::{NewsList, NewsQuery, NoticeAnswer, WriteNotice};
pub(crate) use page::{LongPageQuery, PageQuery, PaginationDto, key_page_size};
pub(crate) use payment::{
    BelievedAmount, CancelPayment, ConfirmPayment, MAX_PROVIDER_KEY, MethodList, PaidAnswer, PaymentAnswer,
    PreparePayment, PreparedDto, ProcessPayment, RefundAnswer, WantedRefund,
};
pub(crate) use payment_admin::{
    AttentionList, AttentionPaymentAnswer, AttentionQuery, EndPayment, EventRefundsAnswer, RefundPayment,
    WriteNote,
};
pub(crate) use reservation::{
    CreateReservation, HeldAnswer, ReleaseSeats, ReservationAnswer, ReservationDto, ReservationList,
    ReserveSeats,
};
pub(crate) use reservation_key::write_key as reservation_key;
pub(crate) use room_policy::{
    ClearedAnswer, MEMORY_KIB, PASSES, RoomPolicyAnswer, SetRoomPolicy, ZERO_DIGITS,
};
pub(crate) use seat::{
    BlockSeatsBody, MapVersionAnswer, SeatDto, SeatMapDto, SeatMapEventDto, SeatMapLayoutDto, SeatMapQuery,
    SeatMapSectionDto, UnblockSeatsBody,
};
pub(crate) use staff_reservation::{
    ChangeReservationStatus, StaffReservationAnswer, StaffReservationDto, StaffReservationList,
    StaffReservationQuery, WantedReservations,
};
pub(crate) use stats::{
    AdminDashboardAnswer, CancellationsAnswer, ConversionAnswer, DailyAnswer, DashboardAnswer, EventsAnswer,
    HourlyTrafficAnswer, OverviewAnswer, PaymentsAnswer, RealtimeAnswer, RevenueAnswer,
    SeatPreferencesAnswer, StatsPageQuery, StatsQuery,
};
pub(crate) use ticket::{CreateTicketType, EditTicketType, TicketTypeAnswer, TicketTypeList};
pub(crate) use waiting_room::{JoinQueue, QueuePlaceDto, SendProof, ServingDto, WaitingRoomDto};
