//! Waiting rooms: joining, status, sessions and policy.

use std::net::IpAddr;

use crate::box_office::BoxOffice;
use crate::box_office::room_cache::RoomFacts;
use crate::box_office::together::together;
use crate::decide::EditRefused;
use crate::decide::waiting_room::{Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove};
use crate::error::{CommandError, StoreError};
use crate::event::{Event, EventDetails};
use crate::id::{BuyerId, CommandKey, EventId};
use crate::reservation::{Reservation, ReservationState};
use crate::setters::setters;
use crate::store::Standing;
use crate::waiting_room::{
    AdmissionPass, DrawSeed, JoinAttempt, JoinVerdict, Place, PlaceClass, PlaceId, PlaceState, Position,
    ProofOfWork, ProofState, Room, RoomPolicy, Serving, StoreFailure,
};

/// How often a change of policy is tried again when another edit came first.
const EDIT_TRIES: u32 = 5;
/// Most rooms that are read at the same time.
const ROOMS_AT_ONCE: usize = 16;

/// A buyer who wants a place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JoinRequest {
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The class of the place; only the host may ask for another than the standard one.
    pub class: PlaceClass,
    /// How many people the buyer buys for.
    pub party: u32,
    /// The client's address, for join guards.
    pub address: Option<IpAddr>,
    /// The key under which at most one place is given.
    pub key: Option<CommandKey>,
}

impl JoinRequest {
    /// Makes a request for one person, of the standard class.
    pub const fn new(event: EventId, buyer: BuyerId) -> Self {
        Self { event, buyer, class: PlaceClass::Standard, party: 1, address: None, key: None }
    }

    setters! {
        class: PlaceClass,
        party: u32,
        address: impl Into<Option<IpAddr>>,
        key: impl Into<Option<CommandKey>>,
    }
}

/// Where a buyer stands, and the pass if it is their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turn {
    /// The buyer has a place.
    InRoom {
        /// The place, as it is now: a turn or session that is over is lapsed.
        place: Place,
        /// Where the place stands.
        position: Position,
        /// The pass of an active place; it ends with the session.
        pass: Option<AdmissionPass>,
    },
    /// The store of waiting rooms failed, and the policy lets buyers in.
    LetIn {
        /// The pass.
        pass: AdmissionPass,
    },
}

impl Turn {
    /// Returns the pass, if the buyer may hold tickets.
    pub const fn pass(&self) -> Option<AdmissionPass> {
        match self {
            Self::InRoom { pass, .. } => *pass,
            Self::LetIn { pass } => Some(*pass),
        }
    }
}

/// Handle for waiting rooms.
///
/// [`BoxOffice::waiting_room`] makes it; it is cheap to make and to clone. Buyers are called by
/// [`Jobs::run_once`](crate::box_office::Jobs::run_once).
///
/// ```
/// # use tiketi_core::{BoxOffice, BuyerId, EventId, HoldRequest, SeatId, box_office::JoinRequest};
/// # async fn wait(shop: BoxOffice, event: EventId, buyer: BuyerId, seat: SeatId)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// let rooms = shop.waiting_room();
/// rooms.join(JoinRequest::new(event, buyer)).await?;
/// // Later, and as often as the position's `poll_after` says:
/// let turn = rooms.heartbeat(event, buyer, None).await?;
/// if let Some(pass) = turn.pass() {
///     shop.sales().hold(HoldRequest::new(event, buyer).seats([seat]).pass(pass)).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct WaitingRooms {
    pub(super) office: BoxOffice,
}

impl WaitingRooms {
    /// Gives the buyer a place, or returns the one they have; a called buyer enters.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`JoinRefused`]. [`CommandError::Store`] if the store of waiting rooms fails
    /// and the policy is [`StoreFailure::Closed`].
    pub async fn join(&self, request: JoinRequest) -> Result<Turn, CommandError<JoinRefused>> {
        let JoinRequest { event, buyer, .. } = request;
        let facts = self.office.room_facts(event).await?.filter(|facts| facts.is_public);
        let facts = facts.ok_or(CommandError::Refused(JoinRefused::EventNotFound))?;
        if facts.is_over(self.office.now()) {
            return Err(CommandError::Refused(JoinRefused::SaleOver));
        }
        match self.join_here(request, &facts).await {
            Err(CommandError::Store(error)) => {
                self.on_failure(event, buyer, &facts, error).map_err(Into::into)
            }
            other => other,
        }
    }

    async fn join_here(
        &self,
        request: JoinRequest,
        facts: &RoomFacts,
    ) -> Result<Turn, CommandError<JoinRefused>> {
        let JoinRequest { event, buyer, party, .. } = request;
        let class = self.class_for(&request).await?;
        let key = self.office.key_or_new(request.key);
        let ask = Join { class, party, ..Join::new(self.office.now(), key, event, buyer, facts.policy) };
        let standing = self.office.inner.waiting_rooms.join(ask).await?;
        if !matches!(standing.place.state.at(self.office.now()), PlaceState::Called { .. }) {
            return Ok(self.turn(&standing, facts));
        }
        match self.enter(event, buyer, Some(key.step("enter"))).await {
            Err(CommandError::Store(error)) => Err(error.into()),
            Ok(turn) => Ok(turn),
            // The turn has ended in between: the place is shown as it was.
            Err(_) => Ok(self.turn(&standing, facts)),
        }
    }

    /// Asks the guards, unless the buyer has a place.
    async fn class_for(&self, request: &JoinRequest) -> Result<PlaceClass, CommandError<JoinRefused>> {
        let guards = &self.office.inner.join_guards;
        if guards.is_empty() {
            return Ok(request.class);
        }
        let now = self.office.now();
        let standing = self.office.inner.waiting_rooms.standing(request.event, request.buyer).await?;
        if standing.is_some_and(|standing| standing.place.state.at(now).is_live()) {
            return Ok(request.class);
        }
        let mut attempt = JoinAttempt::new(request.event, request.buyer, now);
        (attempt.class, attempt.address) = (request.class, request.address);
        for guard in guards {
            match guard.judge(&attempt).await {
                JoinVerdict::Accept => {}
                JoinVerdict::Prefer => attempt.class = PlaceClass::Priority,
                JoinVerdict::Demote => attempt.class = PlaceClass::Demoted,
                JoinVerdict::Refuse { reason } => {
                    return Err(CommandError::Refused(JoinRefused::Guarded { reason }));
                }
            }
        }
        Ok(attempt.class)
    }

    /// Lets a buyer in if the policy says so, or returns the failure.
    fn on_failure(
        &self,
        event: EventId,
        buyer: BuyerId,
        facts: &RoomFacts,
        error: StoreError,
    ) -> Result<Turn, StoreError> {
        let now = self.office.now();
        let lets_in = facts.policy.on_failure == StoreFailure::Open && facts.policy.requires_pass();
        if !lets_in || !facts.is_on_sale(now) {
            return Err(error);
        }
        let until = facts.policy.session_until(now, now);
        Ok(Turn::LetIn { pass: self.office.inner.admission_key.sign(event, buyer, until) })
    }

    /// Returns where the buyer stands; `None` without a place. It changes nothing.
    pub async fn status(&self, event: EventId, buyer: BuyerId) -> Result<Option<Turn>, StoreError> {
        let Some(facts) = self.office.room_facts(event).await? else { return Ok(None) };
        let standing = self.office.inner.waiting_rooms.standing(event, buyer).await?;
        Ok(standing.map(|standing| self.turn(&standing, &facts)))
    }

    /// Returns where a place stands, if it is this buyer's. It changes nothing.
    pub async fn status_of(&self, id: PlaceId, buyer: BuyerId) -> Result<Option<Turn>, StoreError> {
        let Some(facts) = self.office.room_facts(id.event).await? else { return Ok(None) };
        let standing = self.office.inner.waiting_rooms.place(id).await?;
        let standing = standing.filter(|standing| standing.place.buyer == buyer);
        Ok(standing.map(|standing| self.turn(&standing, &facts)))
    }

    /// Makes a called buyer active, and returns the pass.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`PlaceRefused`].
    pub async fn enter(
        &self,
        event: EventId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Turn, CommandError<PlaceRefused>> {
        let facts = self.facts_of_room(event).await?;
        let key = self.office.key_or_new(key);
        let ask = Enter::new(self.office.now(), key, event, buyer, facts.policy);
        let standing = self.office.inner.waiting_rooms.enter(ask).await?;
        Ok(self.turn(&standing, &facts))
    }

    /// Keeps the buyer's session alive and renews the pass; a called buyer enters.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with [`PlaceRefused::NoPlace`] or [`PlaceRefused::Over`].
    pub async fn heartbeat(
        &self,
        event: EventId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Turn, CommandError<PlaceRefused>> {
        let facts = self.facts_of_room(event).await?;
        let key = self.office.key_or_new(key);
        let ask = Heartbeat::new(self.office.now(), key, event, buyer, facts.policy);
        let standing = self.office.inner.waiting_rooms.heartbeat(ask).await?;
        match standing.place.state {
            PlaceState::Called { .. } if facts.policy.missing_proof(&standing.place).is_none() => {
                self.enter(event, buyer, Some(key.step("enter"))).await
            }
            PlaceState::Waiting
            | PlaceState::Called { .. }
            | PlaceState::Active { .. }
            | PlaceState::Done
            | PlaceState::Left
            | PlaceState::Lapsed => Ok(self.turn(&standing, &facts)),
        }
    }

    /// Records that the buyer's proof of work is right, and lets a called buyer enter.
    ///
    /// The caller has checked it: that it is for this buyer and place, and not too old. A place that needs no proof does
    /// not change.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with [`PlaceRefused::NoPlace`] or [`PlaceRefused::Over`].
    pub async fn prove(
        &self,
        event: EventId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Turn, CommandError<PlaceRefused>> {
        self.facts_of_room(event).await?;
        let key = self.office.key_or_new(key);
        self.office.inner.waiting_rooms.prove(Prove::new(self.office.now(), key, event, buyer)).await?;
        self.heartbeat(event, buyer, Some(key.step("heartbeat"))).await
    }

    /// Returns the buyer's place with the proof of work that it still needs; `None` if none is missing.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with [`PlaceRefused::NoPlace`].
    pub async fn missing_proof(
        &self,
        event: EventId,
        buyer: BuyerId,
    ) -> Result<Option<(Place, ProofOfWork)>, CommandError<PlaceRefused>> {
        let facts = self.facts_of_room(event).await?;
        let standing = self.office.inner.waiting_rooms.standing(event, buyer).await?;
        let place = standing.ok_or(CommandError::Refused(PlaceRefused::NoPlace))?.place;
        let is_live = place.state.at(self.office.now()).is_live();
        Ok(facts.policy.missing_proof(&place).filter(|_| is_live).map(|proof| (place, proof)))
    }

    /// Returns a secret for another purpose, derived from the key of admission passes.
    ///
    /// Servers with the same key have the same secret.
    pub fn derived_secret(&self, purpose: &str) -> [u8; 32] {
        self.office.inner.admission_key.derived(purpose)
    }

    /// Ends the buyer's place, if there is one.
    pub async fn leave(
        &self,
        event: EventId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<(), StoreError> {
        let ask = Leave::new(self.office.now(), self.office.key_or_new(key), event, buyer);
        self.office.inner.waiting_rooms.leave(ask).await.map(|_| ())
    }

    /// Returns the public state of an event's waiting room; `None` without a public event.
    ///
    /// It is at most a second old, and says when it was read ([`Serving::as_of`]).
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store of waiting rooms fails and what was read before is older.
    pub async fn serving(&self, event: EventId) -> Result<Option<Serving>, StoreError> {
        let facts = self.office.room_facts(event).await?.filter(|facts| facts.is_public);
        let Some(facts) = facts else { return Ok(None) };
        let (room, as_of) = self.office.recent_room(event).await?;
        Ok(Some(Serving::of(event, room.as_ref(), &facts.policy, as_of)))
    }

    /// Returns the room's row, for staff; `None` if no one has joined it.
    pub async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        self.office.inner.waiting_rooms.room(event).await
    }

    /// Returns rooms with a live place, in the order of their events' ids, at most `limit`, for monitoring.
    pub async fn busy_rooms(&self, limit: usize) -> Result<Vec<Room>, StoreError> {
        let store = &self.office.inner.waiting_rooms;
        let events = store.busy_rooms(None, limit).await?;
        let rooms = together(events.into_iter().map(|event| store.room(event)), ROOMS_AT_ONCE).await;
        let mut rooms: Vec<Room> =
            rooms.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        rooms.sort_by_key(|room| room.event);
        Ok(rooms)
    }

    /// Returns an event's policy, for staff; `None` without such an event.
    pub async fn policy(&self, event: EventId) -> Result<Option<RoomPolicy>, StoreError> {
        let view = self.office.inner.catalog.event(event).await?;
        Ok(view.map(|view| view.event.details.waiting_room))
    }

    /// Replaces an event's policy, and nothing else of the event.
    ///
    /// Other servers follow within a second. Holds require a pass at once.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EditRefused`]: [`EditRefused::DrawIsFixed`] if buyers can see the hash of a
    /// draw that would change, [`EditRefused::Invalid`] for a policy that cannot work, such as one that names a beacon
    /// which the shop cannot verify.
    pub async fn set_policy(
        &self,
        event: EventId,
        policy: RoomPolicy,
    ) -> Result<Event, CommandError<EditRefused>> {
        self.edit_policy(event, |_| Ok(policy)).await
    }

    /// Replaces a policy by what `edit` makes of it, again if another edit came in between.
    pub(super) async fn edit_policy<R: From<EditRefused>>(
        &self,
        event: EventId,
        edit: impl Fn(&RoomPolicy) -> Result<RoomPolicy, R> + Send + Sync,
    ) -> Result<Event, CommandError<R>> {
        let mut tries = 0;
        loop {
            let view = self.office.inner.catalog.event(event).await?;
            let known = view.ok_or_else(|| CommandError::Refused(EditRefused::EventNotFound.into()))?.event;
            let policy = edit(&known.details.waiting_room).map_err(CommandError::Refused)?;
            let details = EventDetails { waiting_room: policy, ..known.details };
            let edited = self.office.edit_event(event, details, Some(known.version)).await;
            tries += 1;
            match edited {
                Err(CommandError::Refused(EditRefused::VersionMismatch { .. })) if tries < EDIT_TRIES => {}
                edited => return edited.map_err(|error| error.map(R::from)),
            }
        }
    }

    /// Makes a secret seed for a drawn lobby.
    pub fn new_seed(&self) -> Result<DrawSeed, StoreError> {
        Ok(DrawSeed::from_bytes(self.office.inner.random.bytes()?))
    }

    /// Deletes all places of an event's waiting room, and returns how many were live.
    ///
    /// Passes that were given remain valid until their ends.
    pub async fn clear(&self, event: EventId, key: Option<CommandKey>) -> Result<u64, StoreError> {
        let key = self.office.key_or_new(key);
        let cleared = self.office.inner.waiting_rooms.clear(event, key, self.office.now()).await;
        self.office.inner.room_cache.forget(event);
        cleared
    }

    async fn facts_of_room(&self, event: EventId) -> Result<RoomFacts, CommandError<PlaceRefused>> {
        let facts = self.office.room_facts(event).await?.filter(|facts| facts.policy.requires_pass());
        facts.ok_or(CommandError::Refused(PlaceRefused::RoomOff))
    }

    fn turn(&self, standing: &Standing, facts: &RoomFacts) -> Turn {
        let now = self.office.now();
        let Standing { place, room, .. } = standing;
        let position = Position::of(place, room, &facts.policy, now, chance(place, now.as_micros()));
        // A policy that asks for no proof any more is shown as such.
        let proof = facts.policy.proof.map_or(ProofState::NotAsked, |_| place.proof);
        let place = Place { state: place.state.at(now), proof, ..*place };
        let pass = match place.state {
            PlaceState::Active { until, .. } => {
                Some(self.office.inner.admission_key.sign(place.id.event, place.buyer, until))
            }
            PlaceState::Waiting
            | PlaceState::Called { .. }
            | PlaceState::Done
            | PlaceState::Left
            | PlaceState::Lapsed => None,
        };
        Turn::InRoom { place, position, pass }
    }
}

impl BoxOffice {
    /// Edits an event, and forgets what is known of its waiting room.
    pub(super) async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        let checked = self.check_beacon(&details);
        checked.map_err(|error| CommandError::Refused(EditRefused::Invalid(error.into())))?;
        let edited = self.inner.catalog.edit_event(id, details, read_version).await;
        self.inner.room_cache.forget(id);
        edited
    }

    /// Ends the waiting-room session of a buyer whose reservation was confirmed or ended.
    ///
    /// The session ends by itself if this fails, so a failing waiting room stops no sale.
    pub(super) async fn end_session(&self, reservation: &Reservation) {
        match reservation.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => return,
            ReservationState::Confirmed { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => {}
        }
        let (event, buyer) = (reservation.event, reservation.buyer);
        if let Ok(Some(facts)) = self.room_facts(event).await
            && facts.policy.requires_pass()
        {
            let ask = Finish::new(self.now(), self.key_or_new(None), event, buyer);
            // The session lapses by its own end, so a failure here only delays the next buyer.
            let _ = self.inner.waiting_rooms.finish(ask).await;
        }
    }
}

/// Returns a number that differs between buyers and moments, to spread their questions.
fn chance(place: &Place, now: i64) -> u64 {
    let (high, low) = place.buyer.as_uuid().as_u64_pair();
    let mixed = (high ^ low ^ now.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed >> 56
}
