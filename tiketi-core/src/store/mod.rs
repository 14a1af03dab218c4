//! The traits that adapters implement.
//!
//! A store executes coarse, atomic commands: one command, one transaction, one idempotency key.
//! There is no transaction object, so no caller can forget to lock and no lock outlives a call.
//! An adapter does not implement rules: it runs those of [`crate::decide`]. The crate `tiketi-conformance` tests every
//! adapter against the contracts written here.

mod account;
mod answer;
mod audit;
mod catalog;
mod clock;
mod code;
mod event_query;
mod figures;
mod inbox;
mod layout;
mod mail;
mod notice;
mod outbox;
mod page;
mod probe;
mod reservation_query;
mod room_journal;
mod sales;
mod staff_log;
mod swept;
mod waiting_room;

pub use account::{
    AccountQuery, AccountStore, ChangeRoleRefused, CreateAccountRefused, UpdateAccountRefused,
};
pub use answer::{Answer, AnswerClaim, AnswerStore, ClaimAnswer};
pub use audit::{AuditProgress, AuditReport, AuditSink, AuditStore, AuditWatcher};
pub use catalog::{CatalogStore, EventView, SeatMap};
pub use clock::StoreClock;
pub use code::CodeStore;
pub use event_query::{EventKey, EventKeyValue, EventQuery, EventSort};
pub use figures::{FigureQuery, FigureRows, FiguresStore};
pub use inbox::{Delivery, InboxStore, Receipt};
pub use layout::LayoutStore;
pub use mail::{ClaimedMail, DeadMail, MailStore};
pub use notice::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};
pub use outbox::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription};
pub use page::{Page, PageOutOfRange, PageRequest};
pub use probe::StoreProbe;
pub use reservation_query::{ReservationKey, ReservationQuery};
pub use room_journal::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows};
pub use sales::{CallOffProgress, SalesStore, SalesStoreExt};
pub use staff_log::{LogKey, LogQuery, StaffLog, recorded};
pub use swept::Swept;
pub use waiting_room::{Standing, WaitingRoomStore};
