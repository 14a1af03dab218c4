//! Admission to waiting rooms: a background job that any number of servers run.

use std::time::Duration;

use crate::box_office::room_cache::RoomFacts;
use crate::box_office::together::caught;
use crate::box_office::{BoxOffice, Jobs};
use crate::broadcast::{BuyerOnly, EventRoom, Message, PrivateNews, PublicNews};
use crate::decide::waiting_room::{Admission, Admit};
use crate::error::StoreError;
use crate::id::{CommandKey, EventId};
use crate::metrics::AdmissionMeasured;
use crate::store::Swept;
use crate::time::Timestamp;
use crate::waiting_room::{AdaptiveRate, AdmissionRate, Place, PlaceState, Room, RoomMode, Serving, adapt};

/// Most rooms read from the store in one step.
const ROOMS: usize = 256;
/// Most admissions of one room in one run, so that a long line does not delay other rooms.
const ADMISSIONS: usize = 4;
/// Latency of holds above which an adaptive rate falls.
const HOLD_LATENCY_TARGET: Duration = Duration::from_millis(200);

/// What one run of admission did.
pub(super) struct Admitted {
    pub(super) swept: Swept<Place>,
    pub(super) more: bool,
}

impl Jobs {
    /// Calls the next buyers of every waiting room, and returns them.
    ///
    /// Call it about every second. A room whose event is cancelled or no longer on sale is cleared. A room that fails
    /// is skipped and does not delay the others.
    pub async fn admit_once(&self) -> Result<Swept<Place>, StoreError> {
        self.office.admit_some().await.map(|admitted| admitted.swept)
    }
}

impl BoxOffice {
    pub(super) async fn admit_some(&self) -> Result<Admitted, StoreError> {
        let mut admitted = Admitted { swept: Swept::all(Vec::new()), more: false };
        let mut after = None;
        loop {
            let rooms = self.inner.waiting_rooms.busy_rooms(after, ROOMS).await?;
            for event in &rooms {
                if let Err(error) = self.admit_to(*event, &mut admitted).await {
                    admitted.swept.skipped.push((*event, error));
                }
            }
            match rooms.last() {
                Some(last) if rooms.len() >= ROOMS => after = Some(*last),
                Some(_) | None => return Ok(admitted),
            }
        }
    }

    async fn admit_to(&self, event: EventId, admitted: &mut Admitted) -> Result<(), StoreError> {
        let facts = self.fresh_room_facts(event).await?.filter(|facts| !facts.is_over(self.now()));
        let Some(facts) = facts else {
            // A new key each time: buyers may have joined again after an earlier sale of the event.
            self.waiting_room().clear(event, None).await?;
            return Ok(());
        };
        if facts.policy.mode == RoomMode::Off {
            return Ok(());
        }
        for _ in 0..ADMISSIONS {
            let ask = self.ask_admission(event, &facts).await?;
            let (asked_at, rate) = (ask.now, ask.rate);
            let admission = self.inner.waiting_rooms.admit(ask).await?;
            if let Some(metrics) = &self.inner.metrics {
                let Admission { room, called, lapsed, .. } = &admission;
                let decided = rate.as_ref().filter(|rate| rate.decided_at == asked_at);
                let took = self.now().since(asked_at);
                metrics.admission(&AdmissionMeasured::new(room, called.len(), lapsed.len(), decided, took));
            }
            self.inner.room_cache.keep_room(event, self.now(), &admission.room);
            self.publish_admission(
                &Serving::of(event, Some(&admission.room), &facts.policy, self.now()),
                &admission.called,
            );
            self.tell_of(&admission.called).await;
            admitted.swept.done.extend(admission.called);
            if !admission.more {
                return Ok(());
            }
        }
        admitted.more = true;
        Ok(())
    }

    /// Tells the host which buyers were called.
    async fn tell_of(&self, called: &[Place]) {
        let Some(told) = self.inner.called_buyers.as_ref().filter(|_| !called.is_empty()) else { return };
        let problem: Option<Box<dyn std::error::Error>> = match caught(told.called(called, self.now())).await
        {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.into()),
            None => Some("it panicked".into()),
        };
        if let Some(error) = problem {
            tracing::warn!(error = &*error, "the host was not told of called buyers");
        }
    }

    /// Sends the room's public state to everyone who follows the event, and to each called buyer that it is their turn.
    ///
    /// A message may be lost, if the process ends between the admission and this: a buyer's own status says the same.
    fn publish_admission(&self, serving: &Serving, called: &[Place]) {
        let broadcast = &self.inner.broadcast;
        for place in called {
            if let PlaceState::Called { until } = place.state {
                let news = PrivateNews::Called { place: place.id, until };
                broadcast.publish(Message::new(BuyerOnly(place.buyer), news).into());
            }
        }
        let room = EventRoom(serving.event);
        if broadcast.has_listener(room) {
            broadcast.publish(Message::new(room, PublicNews::Serving(Box::new(*serving))).into());
        }
    }

    async fn ask_admission(&self, event: EventId, facts: &RoomFacts) -> Result<Admit, StoreError> {
        let key = CommandKey::from_uuid(self.new_id());
        let mut ask = Admit::new(self.now(), key, event, facts.policy);
        ask.stock = Some(facts.stock);
        match facts.policy.rate {
            AdmissionRate::Unlimited => {}
            AdmissionRate::Fixed { per_minute } => ask.per_minute = Some(per_minute),
            AdmissionRate::Adaptive { at_least, at_most } => {
                let room = self.inner.waiting_rooms.room(event).await?;
                let rate = self.adapted(room.as_ref(), facts, (at_least, at_most), ask.now);
                ask.per_minute = Some(rate.per_minute);
                ask.rate = Some(rate);
            }
        }
        Ok(ask)
    }

    /// Decides an adaptive rate from the room's present one and this server's holds.
    fn adapted(
        &self,
        room: Option<&Room>,
        facts: &RoomFacts,
        bounds: (u32, u32),
        now: Timestamp,
    ) -> AdaptiveRate {
        let mut sample = self.inner.load.sample(now);
        // If capacity is left while buyers wait, it is the rate that holds them back.
        sample.is_saturated =
            room.is_some_and(|room| room.waiting() > 0 && room.in_flight() < facts.policy.max_active);
        adapt(room.and_then(|room| room.rate), &sample, bounds, HOLD_LATENCY_TARGET, now)
    }
}
