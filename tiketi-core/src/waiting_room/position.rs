//! What a buyer sees of the line: number, position, expected wait, and when to ask again.

use std::time::Duration;

use crate::id::EventId;
use crate::time::Timestamp;
use crate::waiting_room::beacon::DrawBeacon;
use crate::waiting_room::draw::{DrawPlan, DrawSeed, SeedCommitment};
use crate::waiting_room::place::{Place, PlaceClass, PlaceState};
use crate::waiting_room::policy::{Fairness, RoomPolicy};
use crate::waiting_room::room::{Room, Stock};

const SHORTEST_POLL: Duration = Duration::from_secs(2);
const LONGEST_POLL: Duration = Duration::from_mins(1);
/// Fewest questions of a near buyer within the time of a turn.
const POLLS_A_TURN: u32 = 3;

/// The public state of a waiting room: one for all buyers, so that it can be cached and published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Serving {
    /// The event.
    pub event: EventId,
    /// The last number of the standard line that was called.
    pub number: u64,
    /// The last number of the priority line that was called.
    pub priority_number: u64,
    /// How many wait, of all classes.
    pub waiting: u64,
    /// How many are called or active.
    pub in_flight: u32,
    /// When the line opened, or `None`.
    pub opened_at: Option<Timestamp>,
    /// When the line opens; `None` if it is always open.
    pub opens_at: Option<Timestamp>,
    /// Thousandths of numbers that the line passes in a minute, measured.
    pub per_minute_milli: Option<u64>,
    /// The stock at the latest admission.
    pub stock: Option<Stock>,
    /// Whether admission pauses, because no ticket can be held at present.
    pub is_paused: bool,
    /// The expected wait of a buyer who joins now; `None` as for [`Position::wait`].
    pub wait: Option<Duration>,
    /// The hash that fixes the draw, if the order is drawn.
    pub commitment: Option<SeedCommitment>,
    /// The round of a public beacon on which the draw depends, with its signature once it was supplied.
    pub beacon: Option<DrawBeacon>,
    /// The seed, once the order is drawn.
    pub seed: Option<DrawSeed>,
    /// Who took part in the draw, of each class in the order of [`PlaceClass::ALL`].
    pub lobby: [Lobby; 3],
    /// When it was read from the store.
    pub as_of: Timestamp,
}

/// The buyers of one class who took part in a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Lobby {
    /// How many took part; zero before the line opens.
    pub drawn: u64,
    /// The last arrival number that was given before the room was cleared; it and earlier ones take no part.
    pub cleared: u64,
}

/// Where a buyer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// The buyer's number; `None` until the order of the lobby is drawn. It never changes.
    pub number: Option<u64>,
    /// The last number of the buyer's line that was called.
    pub serving: u64,
    /// Most places that are called before this one. Places that were left count until the line has passed them.
    pub ahead: u64,
    /// How many wait, of all classes.
    pub waiting: u64,
    /// The expected wait, from the measured outflow; `None` if it cannot be estimated, or if those ahead can take every
    /// ticket that can be held now.
    pub wait: Option<Duration>,
    /// When the client should ask again: later at a greater distance, and not at the same moment as others.
    pub poll_after: Duration,
    /// What the stock means for this buyer.
    pub note: Option<StockNote>,
}

/// What the stock means for a buyer who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StockNote {
    /// Nothing is left, and nothing is held that could come back.
    SoldOut,
    /// Nothing is left now. Admission pauses until held tickets come back.
    AllHeld,
    /// If everyone ahead buys one ticket, nothing is left for this buyer.
    OutOfReach,
}

impl Serving {
    /// Makes the public state from the row as it was at `as_of`; `None` stands for a room that no one has joined.
    pub fn of(event: EventId, room: Option<&Room>, policy: &RoomPolicy, as_of: Timestamp) -> Self {
        let new = Room::new(event);
        let room = room.unwrap_or(&new);
        let plan = policy.fairness.plan();
        let lobby = PlaceClass::ALL.map(|class| {
            let line = room.line(class);
            Lobby { drawn: room.opened_at.map_or(0, |_| line.drawn()), cleared: line.cleared }
        });
        Self {
            event,
            number: room.standard.serving,
            priority_number: room.priority.serving,
            waiting: room.waiting(),
            in_flight: room.in_flight(),
            opened_at: room.opened_at,
            opens_at: policy.opens_at,
            per_minute_milli: room.outflow.per_minute_milli,
            stock: room.stock,
            is_paused: room.is_paused(),
            wait: room.opened_at.and_then(|_| expected_wait(room, room.waiting())),
            commitment: plan.map(DrawPlan::commitment),
            beacon: plan.and_then(|plan| plan.beacon),
            // Before the draw it is secret: who knows it can choose the moment to join.
            seed: plan.filter(|plan| room.opened_at.is_some() && plan.key().is_some()).map(|plan| plan.seed),
            lobby,
            as_of,
        }
    }
}

impl Position {
    /// Computes where a place stands at `now`; `chance` spreads the moments at which clients ask again.
    pub fn of(place: &Place, room: &Room, policy: &RoomPolicy, now: Timestamp, chance: u64) -> Self {
        let number = number_of(place, room, policy);
        let state = place.state.at(now);
        let ahead = if state == PlaceState::Waiting { ahead(place.id.class, number, room) } else { 0 };
        let wait = match state {
            PlaceState::Waiting if room.opened_at.is_some() => expected_wait(room, ahead),
            PlaceState::Waiting
            | PlaceState::Called { .. }
            | PlaceState::Active { .. }
            | PlaceState::Done
            | PlaceState::Left
            | PlaceState::Lapsed => None,
        };
        let poll_after = match state {
            PlaceState::Waiting => {
                poll_in_line(room, policy, now, ahead, wait).min(longest_poll(policy, ahead))
            }
            PlaceState::Called { .. } => SHORTEST_POLL,
            PlaceState::Active { .. } => (policy.session_ttl / 4).clamp(SHORTEST_POLL, LONGEST_POLL),
            PlaceState::Done | PlaceState::Left | PlaceState::Lapsed => LONGEST_POLL,
        };
        Self {
            number,
            serving: room.line(place.id.class).serving,
            ahead,
            waiting: room.waiting(),
            wait,
            poll_after: spread(poll_after, chance),
            note: (state == PlaceState::Waiting).then(|| stock_note(room.stock?, ahead)).flatten(),
        }
    }
}

/// Returns how long the line takes to get past `ahead` places; `None` if it was not measured, or stops before.
///
/// It stops where no ticket is left that can be held: how many come back, and when, is not known.
fn expected_wait(room: &Room, ahead: u64) -> Option<Duration> {
    let stops_before = room.stock.is_some_and(|stock| ahead >= stock.unsold);
    if stops_before { None } else { room.outflow.time_for(ahead.saturating_add(1)) }
}

/// Returns the number of a place; `None` until the order of its line is drawn.
fn number_of(place: &Place, room: &Room, policy: &RoomPolicy) -> Option<u64> {
    match (policy.fairness, room.draw(place.id.class, policy)) {
        (Fairness::Drawn(_), draw) => Some(draw?.number_of(place.id.arrival)),
        (Fairness::FirstCome, _) => Some(place.id.arrival),
    }
}

/// Returns the most places that are called before a waiting one.
fn ahead(class: PlaceClass, number: Option<u64>, room: &Room) -> u64 {
    let line = room.line(class);
    let earlier = PlaceClass::ALL.into_iter().take_while(|earlier| *earlier < class);
    let earlier = earlier.fold(0_u64, |sum, class| sum.saturating_add(room.line(class).waiting));
    let others = line.waiting.saturating_sub(1);
    let own = number.map_or(others, |number| number.saturating_sub(line.serving + 1).min(others));
    earlier.saturating_add(own)
}

fn poll_in_line(
    room: &Room,
    policy: &RoomPolicy,
    now: Timestamp,
    ahead: u64,
    wait: Option<Duration>,
) -> Duration {
    let until_opening = policy.opens_at.filter(|_| room.opened_at.is_none()).map(|at| at.since(now));
    if let Some(wait) = until_opening.or(wait) {
        return (wait / 10).clamp(SHORTEST_POLL, LONGEST_POLL);
    }
    let by_distance = Duration::from_millis(ahead.saturating_mul(20));
    SHORTEST_POLL.saturating_add(by_distance).min(LONGEST_POLL)
}

/// Returns the longest time between two questions of a buyer with so many ahead.
///
/// As many as may be active can be called at once, so they must ask again within a turn. Those behind them are told to
/// ask less often, because they are many.
fn longest_poll(policy: &RoomPolicy, ahead: u64) -> Duration {
    if ahead < u64::from(policy.max_active) {
        (policy.turn_window / POLLS_A_TURN).clamp(SHORTEST_POLL, LONGEST_POLL)
    } else {
        LONGEST_POLL
    }
}

/// Lengthens a pause by up to a quarter, so that clients that asked together do not stay together.
fn spread(pause: Duration, chance: u64) -> Duration {
    let share = u32::try_from(chance % 256).unwrap_or(0);
    pause.saturating_add(pause.saturating_mul(share) / 1_024)
}

fn stock_note(stock: Stock, ahead: u64) -> Option<StockNote> {
    match stock {
        Stock { unsold: 0, returning: 0 } => Some(StockNote::SoldOut),
        Stock { unsold: 0, .. } => Some(StockNote::AllHeld),
        stock if ahead >= stock.reachable() => Some(StockNote::OutOfReach),
        Stock { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{BuyerId, CommandKey};
    use crate::waiting_room::beacon::BeaconChain;
    use crate::waiting_room::outflow::Outflow;
    use crate::waiting_room::place::PlaceId;
    use crate::waiting_room::proof::ProofState;

    fn event() -> EventId {
        EventId::from_uuid(Uuid::from_u128(1))
    }

    fn place(class: PlaceClass, arrival: u64, state: PlaceState) -> Place {
        Place {
            id: PlaceId { event: event(), class, arrival },
            buyer: BuyerId::from_uuid(Uuid::from_u128(2)),
            party: 1,
            state,
            joined_at: Timestamp::EPOCH,
            joined_by: CommandKey::from_uuid(Uuid::from_u128(3)),
            proof: ProofState::NotAsked,
        }
    }

    /// 5 of priority wait; of the standard line, number 10 was called last and 100 wait.
    fn room() -> Room {
        let mut room = Room::new(event());
        room.opened_at = Some(Timestamp::EPOCH);
        (room.priority.arrivals, room.priority.waiting) = (5, 5);
        (room.standard.arrivals, room.standard.serving, room.standard.waiting) = (120, 10, 100);
        room
    }

    fn of(place: &Place, room: &Room) -> Position {
        Position::of(place, room, &RoomPolicy::default(), Timestamp::EPOCH, 0)
    }

    #[test]
    fn those_ahead_are_the_earlier_class_and_the_lower_numbers() {
        let waiting = place(PlaceClass::Standard, 20, PlaceState::Waiting);
        assert_eq!(of(&waiting, &room()).ahead, 5 + 9);
        let last = place(PlaceClass::Standard, 120, PlaceState::Waiting);
        assert_eq!(of(&last, &room()).ahead, 5 + 99, "at most those who wait");
        let first = place(PlaceClass::Priority, 1, PlaceState::Waiting);
        assert_eq!((of(&first, &room()).ahead, of(&first, &room()).number), (0, Some(1)));
    }

    #[test]
    fn the_expected_wait_follows_from_the_measured_outflow() {
        let waiting = place(PlaceClass::Standard, 20, PlaceState::Waiting);
        assert_eq!(of(&waiting, &room()).wait, None);
        let outflow = Outflow { per_minute_milli: Some(30_000), ..Outflow::default() };
        let moving = Room { outflow, ..room() };
        assert_eq!(of(&waiting, &moving).wait, Some(Duration::from_secs(30)));
    }

    #[test]
    fn no_wait_is_expected_where_the_tickets_end_before() {
        let outflow = Outflow { per_minute_milli: Some(30_000), ..Outflow::default() };
        let wait = |unsold| {
            let stock = Some(Stock { unsold, returning: 100 });
            let room = Room { outflow, stock, ..room() };
            let position = of(&place(PlaceClass::Standard, 20, PlaceState::Waiting), &room);
            assert_eq!((position.number, position.ahead), (Some(20), 14), "these are always shown");
            (position.wait, Serving::of(event(), Some(&room), &RoomPolicy::default(), Timestamp::EPOCH).wait)
        };
        assert_eq!(wait(14), (None, None), "those ahead can take all");
        assert_eq!(wait(15), (Some(Duration::from_secs(30)), None));
        assert_eq!(wait(1_000).1, Some(Duration::from_secs(2 * 106)));
    }

    #[test]
    fn clients_ask_less_often_the_farther_they_are_and_not_together() {
        let outflow = Outflow { per_minute_milli: Some(60_000), ..Outflow::default() };
        let mut room = Room { outflow, ..room() };
        room.standard.waiting = 10_000;
        let poll = |arrival, chance| {
            let waiting = place(PlaceClass::Standard, arrival, PlaceState::Waiting);
            Position::of(&waiting, &room, &RoomPolicy::default(), Timestamp::EPOCH, chance).poll_after
        };
        assert_eq!(poll(11, 0), Duration::from_secs(2));
        assert_eq!(poll(405, 0), Duration::from_secs(40));
        assert_eq!(poll(9_000, 0), Duration::from_mins(1));
        assert!(poll(9_000, 255) > Duration::from_secs(74) && poll(9_000, 255) < Duration::from_secs(75));
    }

    #[test]
    fn those_who_may_be_called_at_once_ask_three_times_within_a_turn() {
        let slow = Outflow { per_minute_milli: Some(1_000), ..Outflow::default() };
        for outflow in [slow, Outflow::default()] {
            let mut room = Room { outflow, ..room() };
            (room.standard.arrivals, room.standard.waiting) = (10_000, 9_990);
            let poll = |arrival| {
                let policy = RoomPolicy::default().turn_window(Duration::from_secs(9)).max_active(200);
                let waiting = place(PlaceClass::Standard, arrival, PlaceState::Waiting);
                Position::of(&waiting, &room, &policy, Timestamp::EPOCH, 0).poll_after
            };
            assert_eq!(poll(205), Duration::from_secs(3), "199 are ahead");
            assert_eq!(poll(9_000), Duration::from_mins(1), "many are ahead");
        }
    }

    #[test]
    fn a_lobby_that_is_drawn_has_numbers_only_once_it_is_open() {
        let seed = DrawSeed::from_bytes([7; 32]);
        let policy = RoomPolicy { fairness: Fairness::drawn(seed), ..RoomPolicy::default() };
        let waiting = place(PlaceClass::Standard, 3, PlaceState::Waiting);
        let mut room = Room { opened_at: None, ..room() };
        room.standard = crate::waiting_room::Line { arrivals: 10, waiting: 10, ..Default::default() };
        let before = Position::of(&waiting, &room, &policy, Timestamp::EPOCH, 0);
        assert_eq!((before.number, before.ahead), (None, 5 + 9));
        let serving = Serving::of(event(), Some(&room), &policy, Timestamp::EPOCH);
        assert_eq!((serving.commitment, serving.seed), (Some(DrawPlan::of(seed).commitment()), None));
        room.open_if_due(&policy, Timestamp::EPOCH);
        // The number is that of the published recipe: see the tests of the draw.
        assert_eq!(Position::of(&waiting, &room, &policy, Timestamp::EPOCH, 0).number, Some(10));
        let serving = Serving::of(event(), Some(&room), &policy, Timestamp::EPOCH);
        assert_eq!((serving.seed, serving.lobby[1].drawn), (Some(seed), 10));
    }

    #[test]
    fn a_draw_that_awaits_its_beacon_shows_neither_seed_nor_numbers() {
        let beacon = DrawBeacon { chain: BeaconChain::from_bytes([5; 32]), round: 9, signature: None };
        let plan = DrawPlan { beacon: Some(beacon), ..DrawPlan::of(DrawSeed::from_bytes([7; 32])) };
        let policy = RoomPolicy { fairness: Fairness::Drawn(plan), ..RoomPolicy::default() };
        let mut room = Room::new(event());
        (room.standard.arrivals, room.standard.waiting) = (10, 10);
        room.open_if_due(&policy, Timestamp::EPOCH);
        let waiting = place(PlaceClass::Standard, 3, PlaceState::Waiting);
        assert_eq!(Position::of(&waiting, &room, &policy, Timestamp::EPOCH, 0).number, None);
        let serving = Serving::of(event(), Some(&room), &policy, Timestamp::EPOCH);
        assert_eq!((serving.seed, serving.beacon, serving.lobby[1].drawn), (None, Some(beacon), 10));
    }

    #[test]
    fn a_buyer_sees_what_the_stock_means() {
        let note = |unsold, returning| {
            let room = Room { stock: Some(Stock { unsold, returning }), ..room() };
            of(&place(PlaceClass::Standard, 20, PlaceState::Waiting), &room).note
        };
        assert_eq!(note(0, 0), Some(StockNote::SoldOut));
        assert_eq!(note(0, 100), Some(StockNote::AllHeld));
        assert_eq!(note(10, 4), Some(StockNote::OutOfReach), "14 are ahead");
        assert_eq!(note(10, 5), None);
        let active = PlaceState::Active { since: Timestamp::EPOCH, until: Timestamp::FAR_FUTURE };
        let sold_out = Room { stock: Some(Stock::default()), ..room() };
        assert_eq!(of(&place(PlaceClass::Standard, 1, active), &sold_out).note, None);
    }
}
