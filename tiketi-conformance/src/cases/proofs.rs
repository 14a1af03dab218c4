//! Proof of work: places that have it, and places that are passed over.

use tiketi_core::decide::waiting_room::PlaceRefused;
use tiketi_core::waiting_room::{PlaceState, ProofOfWork, ProofState};

use crate::room::TestRoom;

/// Fails if a called buyer enters without the proof, or a store forgets it.
pub async fn a_called_buyer_enters_with_the_proof_only(mut room: TestRoom) {
    room.policy = room.policy.proof(ProofOfWork::default());
    assert_eq!(room.join(1).await.proof, ProofState::Missing);
    assert_eq!(room.admit().await, [1]);
    assert_eq!(room.enter(1).await.unwrap_err(), PlaceRefused::ProofMissing);
    let proven = room.prove(1).await.unwrap();
    assert!(!proven.replayed && proven.place.proof == ProofState::Solved);
    assert!(room.prove(1).await.unwrap().replayed, "once is enough");
    assert_eq!(room.of_buyer(1).await.unwrap().proof, ProofState::Solved);
    assert!(matches!(room.enter(1).await.unwrap().place.state, PlaceState::Active { .. }));
    assert_eq!(room.prove(9).await.unwrap_err(), PlaceRefused::NoPlace);
}

/// Fails if a place whose proof is overdue is called, counts as waiting afterwards, or keeps others from being called.
pub async fn a_place_without_its_proof_is_passed_over(mut room: TestRoom) {
    room.policy = room.policy.proof(ProofOfWork::default());
    room.join_all(1..=300).await;
    for id in [150, 299] {
        room.prove(id).await.unwrap();
    }
    room.wait(60);
    let admission = room.admit_as(room.ask_admit()).await;
    assert_eq!(crate::room::called(&admission), [150, 299]);
    assert_eq!(admission.lapsed.len(), 298);
    let room_now = room.room().await;
    assert_eq!((room_now.called, room_now.standard.waiting), (2, 0));
    assert_eq!(room.of_buyer(1).await.unwrap().state, PlaceState::Lapsed);
    assert_eq!(room.prove(1).await.unwrap_err(), PlaceRefused::Over { state: PlaceState::Lapsed });
}
