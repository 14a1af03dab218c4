//! What a seed makes: the shop, its people and the faults of a run; a failing one is made smaller part by part.

use std::time::Duration;

use tiketi_core::Terms;
use tiketi_core::terms::{LatePayment, RefundedSeats};
use tiketi_core::waiting_room::{AdmissionRate, RoomMode, RoomPolicy, StoreFailure};
use tiketi_workload::{Chance, Shape};

use crate::fault::Plan;

/// What the provider's page does when a buyer pays there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// It authorises the payment; the money is taken when the shop confirms.
    Authorises,
    /// It takes the money at once, also after the hold has ended.
    Takes,
    /// It lets the buyer choose a deposit: the confirm makes an account, and the money comes later or never.
    Account,
}

/// Everything that is drawn before a run begins.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    pub(crate) servers: usize,
    pub(crate) buyers: usize,
    pub(crate) seats: usize,
    /// Units of each general-admission ticket type.
    pub(crate) units: Vec<u32>,
    /// Price of a unit of the last of these types, in minor units; zero in some runs.
    pub(crate) last_price: i64,
    pub(crate) has_organiser: bool,
    pub(crate) terms: Terms,
    pub(crate) room: RoomPolicy,
    /// How long people act and faults strike.
    pub(crate) lasts: Duration,
    pub(crate) jobs_every: Duration,
    /// The share of confirms, of 1,000, that the provider declines.
    pub(crate) declines: u64,
    /// What the provider's page does.
    pub(crate) page: Page,
    /// Whether the provider sends webhooks.
    pub(crate) has_webhooks: bool,
    /// Whether a page follows the live changes.
    pub(crate) is_watched: bool,
    /// The most that a clock is wrong, in milliseconds.
    pub(crate) skew: u64,
    /// The longest delay of a message, in milliseconds.
    pub(crate) slowest: u64,
    /// The longest time for which a request to the provider is late, in milliseconds.
    pub(crate) latest: u64,
}

impl Setting {
    /// Draws the setting of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed, "setting");
        let plan = Plan::drawn(&mut Chance::of(seed, "plan"));
        let has_seats = chance.happens(900);
        let seats = if has_seats { usize_of(chance.between(1, 8)) } else { 0 };
        let types = if has_seats { chance.below(3) } else { chance.between(1, 2) };
        let units = (0..types).map(|_| u32_of(chance.between(1, 8))).collect();
        let mut deposits = Chance::of(seed, "bank");
        let has_deposits = deposits.happens(400);
        let windows = [120, 600, 1_800].map(Duration::from_secs);
        let deposit_window = *deposits.one_of(&windows).unwrap_or(&Duration::from_mins(10));
        Self {
            seed,
            plan,
            servers: usize_of(chance.between(1, 3)),
            buyers: usize_of(chance.between(1, 9)),
            seats,
            units,
            last_price: if chance.happens(250) { 0 } else { 5_000 },
            has_organiser: chance.happens(600),
            terms: terms(&mut chance).deposit_window(deposit_window),
            room: room(&mut chance),
            lasts: chance.millis(60_000, 1_500_000),
            jobs_every: *chance
                .one_of(&[1, 3, 10, 30].map(Duration::from_secs))
                .unwrap_or(&Duration::from_secs(1)),
            declines: if chance.happens(500) { 0 } else { chance.between(50, 600) },
            page: match (chance.happens(500), has_deposits) {
                (_, true) => Page::Account,
                (true, false) => Page::Takes,
                (false, false) => Page::Authorises,
            },
            has_webhooks: chance.happens(700),
            is_watched: chance.happens(200),
            skew: *chance.one_of(&[1_500, 2_900, 10_000]).unwrap_or(&1_500),
            slowest: *chance.one_of(&[50, 2_000, 20_000]).unwrap_or(&50),
            latest: chance.between(1_000, 50_000),
        }
    }

    /// Returns what there is to buy.
    pub(crate) fn shape(&self) -> Shape {
        Shape { seats: self.seats, units: self.units.len(), has_line: self.room.requires_pass() }
    }
}

fn terms(chance: &mut Chance) -> Terms {
    let mut seconds = |of: &[u64]| Duration::from_secs(chance.one_of(of).copied().unwrap_or(60));
    let hold_ttl = seconds(&[20, 60, 300]);
    let (cap, window) = (seconds(&[1, 2, 3]).as_secs(), seconds(&[30, 120, 600]));
    let ask_again_after = seconds(&[10, 30, 60]);
    let limit = u32_of(chance.between(1, 8));
    Terms::default()
        .hold_ttl(hold_ttl)
        .hold_cap(hold_ttl.saturating_mul(u32_of(cap)))
        .payment_window(window)
        .ask_again_after(ask_again_after)
        .ask_again_at_most(ask_again_after.saturating_mul(u32_of(chance.between(1, 6))))
        .trouble_after(Duration::from_secs(chance.between(30, 300)))
        .max_seats_per_buyer(limit)
        .late_payment(if chance.happens(700) {
            LatePayment::TakeAgainElseRefund
        } else {
            LatePayment::Refund
        })
        .refunded_seats(if chance.happens(800) { RefundedSeats::OnSale } else { RefundedSeats::Blocked })
}

fn room(chance: &mut Chance) -> RoomPolicy {
    let policy = RoomPolicy::default()
        .max_active(u32_of(chance.between(1, 4)))
        .rate(if chance.happens(600) {
            AdmissionRate::Unlimited
        } else {
            AdmissionRate::Fixed { per_minute: u32_of(chance.between(1, 30)) }
        })
        .session_ttl(chance.millis(60_000, 300_000))
        .session_cap(chance.millis(300_000, 600_000))
        .turn_window(chance.millis(20_000, 120_000))
        .on_failure(if chance.happens(800) { StoreFailure::Closed } else { StoreFailure::Open });
    if chance.happens(400) { policy.mode(RoomMode::On) } else { policy }
}

fn u32_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
