//! Proof of work: what a place with and without it may do.

use super::*;
use crate::waiting_room::{ProofOfWork, ProofState};

/// A hall that asks for a proof within a minute.
fn hall() -> Hall {
    Hall::new(&RoomPolicy { proof: Some(ProofOfWork::default()), ..policy() })
}

impl Hall {
    fn prove(&mut self, now: Timestamp, id: u128) -> Result<Place, PlaceRefused> {
        let ask = Prove::new(now, self.request(), event(), buyer(id));
        let change = prove(&self.room, self.of(id).as_ref(), &ask);
        change.map(|change| self.write(&change)).map_err(|error| error.refusal().unwrap())
    }

    fn entered(&mut self, now: Timestamp, id: u128) -> Result<Place, PlaceRefused> {
        let ask = Enter::new(now, self.request(), event(), buyer(id), self.policy);
        let change = enter(&self.room, self.of(id).as_ref(), &ask);
        change.map(|change| self.write(&change)).map_err(|error| error.refusal().unwrap())
    }

    fn admission(&mut self, now: Timestamp) -> Admission {
        let ask = Admit::new(now, self.request(), event(), self.policy);
        let admission = admit(self, &ask).unwrap();
        self.room = admission.room;
        for place in admission.lapsed.iter().chain(&admission.called) {
            self.places.insert((place.id.class, place.id.arrival), *place);
        }
        admission
    }
}

fn buyers(places: &[Place]) -> Vec<u128> {
    places.iter().map(|place| place.buyer.as_uuid().as_u128()).collect()
}

/// Seen to fail with `enter` not asking for the proof.
#[test]
fn a_called_buyer_enters_only_with_the_proof() {
    let mut hall = hall();
    assert_eq!(hall.join(at(0), 1).proof, ProofState::Missing);
    assert_eq!(buyers(&hall.admission(at(1)).called), [1]);
    assert_eq!(hall.entered(at(2), 1), Err(PlaceRefused::ProofMissing));
    assert_eq!(hall.prove(at(3), 1).unwrap().proof, ProofState::Solved);
    assert!(matches!(hall.entered(at(4), 1).unwrap().state, PlaceState::Active { .. }));
}

/// Seen to fail with places called whatever their proof.
#[test]
fn an_overdue_place_is_passed_over_and_takes_no_capacity() {
    let mut hall = hall();
    for id in 1..=5 {
        hall.join(at(0), id);
    }
    hall.prove(at(5), 3).unwrap();
    hall.prove(at(6), 5).unwrap();
    let admission = hall.admission(at(60));
    assert_eq!((buyers(&admission.called), buyers(&admission.lapsed)), (vec![3, 5], vec![1, 2, 4]));
    assert_eq!((hall.room.called, hall.room.waiting(), hall.room.standard.serving), (2, 0, 5));
    assert_eq!(hall.of(1).unwrap().state, PlaceState::Lapsed);
    assert_eq!(hall.prove(at(61), 1), Err(PlaceRefused::Over { state: PlaceState::Lapsed }));
    // Who joins again gets a place at the back, which needs a proof of its own.
    let again = hall.join(at(62), 1);
    assert_eq!((again.id.arrival, again.proof), (6, ProofState::Missing));
}

#[test]
fn before_it_is_overdue_a_missing_proof_costs_nothing() {
    let mut hall = hall();
    hall.join(at(0), 1);
    let early = at(60).before(Duration::from_micros(1));
    assert_eq!(buyers(&hall.admission(early).called), [1]);
}

#[test]
fn who_joined_before_it_was_asked_for_or_was_invited_needs_none() {
    let mut hall = Hall::new(&policy());
    hall.join(at(0), 1);
    hall.policy.proof = Some(ProofOfWork::default());
    assert_eq!(hall.prove(at(1), 1).unwrap().proof, ProofState::NotAsked);
    assert_eq!(buyers(&hall.admission(at(100)).called), [1]);
    let ask = Join {
        class: PlaceClass::Priority,
        ..Join::new(at(100), hall.request(), event(), buyer(2), hall.policy)
    };
    assert_eq!(join(&hall.room, None, &ask).unwrap().place.proof, ProofState::NotAsked);
}

#[test]
fn a_policy_that_asks_no_longer_lets_everyone_in() {
    let mut hall = hall();
    hall.join(at(0), 1);
    hall.policy.proof = None;
    assert_eq!(buyers(&hall.admission(at(100)).called), [1]);
    assert!(hall.entered(at(101), 1).is_ok());
}

#[test]
fn a_proof_that_cannot_work_is_refused_by_name() {
    for (proof, name) in [
        (ProofOfWork::default().memory_kib(7), "memory_kib"),
        (ProofOfWork::default().passes(11), "passes"),
        (ProofOfWork::default().zero_digits(0), "zero_digits"),
    ] {
        let refused = RoomPolicy::default().proof(proof).validate();
        assert_eq!(refused, Err(crate::waiting_room::RoomPolicyError::ProofOutOfRange { name }));
    }
}
