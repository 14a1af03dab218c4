//! The round of a public beacon that keys a draw: named with the policy, supplied after the line has opened.

use crate::box_office::{BoxOffice, WaitingRooms};
use crate::decide::{EditRefused, MAX_CLOCK_SKEW};
use crate::error::CommandError;
use crate::event::{Event, EventDetails};
use crate::id::EventId;
use crate::waiting_room::{BeaconSignature, DrawBeacon, DrawPlan, Fairness, RoomPolicy, RoomPolicyError};

/// Why the round of a beacon is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconRefused {
    /// The event does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// The event's policy names no beacon.
    #[error("the draw of the event depends on no beacon")]
    NotNamed,
    /// The policy names another round.
    #[error("the draw of the event depends on round {expected}")]
    WrongRound {
        /// The round that the policy names.
        expected: u64,
    },
    /// The signature is not that of the round.
    #[error("the signature is not that of the round")]
    Forged,
    /// The policy could not be edited.
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl WaitingRooms {
    /// Supplies the published round on which an event's draw depends; the order is drawn and buyers are called from then on.
    ///
    /// Anyone can look the round up; the shop only has to be given it. Supplying it again changes nothing. Other servers
    /// follow within a second.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`BeaconRefused`]: the round or the signature is another one.
    pub async fn supply_beacon(
        &self,
        event: EventId,
        round: u64,
        signature: BeaconSignature,
    ) -> Result<Event, CommandError<BeaconRefused>> {
        let edited = self
            .edit_policy(event, |known| {
                let Fairness::Drawn(plan @ DrawPlan { beacon: Some(beacon), .. }) = known.fairness else {
                    return Err(BeaconRefused::NotNamed);
                };
                if round != beacon.round {
                    return Err(BeaconRefused::WrongRound { expected: beacon.round });
                }
                let beacon = DrawBeacon { signature: Some(signature), ..beacon };
                Ok(RoomPolicy {
                    fairness: Fairness::Drawn(DrawPlan { beacon: Some(beacon), ..plan }),
                    ..*known
                })
            })
            .await;
        edited.map_err(|error| match error {
            CommandError::Refused(BeaconRefused::Edit(EditRefused::EventNotFound)) => {
                CommandError::Refused(BeaconRefused::EventNotFound)
            }
            CommandError::Refused(BeaconRefused::Edit(EditRefused::Invalid(
                crate::catalog::CatalogError::WaitingRoom(RoomPolicyError::BeaconForged),
            ))) => CommandError::Refused(BeaconRefused::Forged),
            other => other,
        })
    }
}

impl BoxOffice {
    /// Checks that the shop can verify the beacon that an event's draw depends on, and that it is known late enough.
    pub(super) fn check_beacon(&self, details: &EventDetails) -> Result<(), RoomPolicyError> {
        let Some(beacon) = details.waiting_room.fairness.plan().and_then(|plan| plan.beacon) else {
            return Ok(());
        };
        let verifier = self.inner.beacon_verifier.as_ref().ok_or(RoomPolicyError::BeaconUnknown)?;
        let published_at =
            verifier.published_at(beacon.chain, beacon.round).ok_or(RoomPolicyError::BeaconUnknown)?;
        // A server whose clock is slow still takes buyers into the lobby after the opening.
        if published_at < details.line_opens_at().after(MAX_CLOCK_SKEW) {
            return Err(RoomPolicyError::BeaconTooEarly { published_at });
        }
        match beacon.signature {
            Some(signature) if !verifier.is_genuine(beacon.chain, beacon.round, &signature) => {
                Err(RoomPolicyError::BeaconForged)
            }
            Some(_) | None => Ok(()),
        }
    }
}
