//! `verify-draw`: recomputes the number of a buyer from what a waiting room has published.

use tiketi_core::waiting_room::{BeaconVerifier, Draw, DrawBeacon, DrawPlan, DrawSeed};
use tiketi_drand::Drand;

use crate::failure::Failure;
use crate::options::VerifyDraw;
use crate::output::print_line;

/// Checks the seed and the beacon against the hash, and prints the number of a place. It needs neither store nor server.
pub(crate) fn run(published: &VerifyDraw) -> Result<(), Failure> {
    let place = published.queue_id;
    let plan = DrawPlan { seed: DrawSeed::from_bytes(published.seed.0), beacon: beacon(published) };
    let commitment = plan.commitment();
    if commitment.as_bytes() != &published.commitment.0 {
        return Err(Failure::new(format!(
            "the hash of this seed and beacon is {commitment}, which is not the commitment"
        )));
    }
    if let Some(DrawBeacon { chain, round, signature: Some(signature) }) = plan.beacon
        && !Drand.is_genuine(chain, round, &signature)
    {
        return Err(Failure::new(format!("the signature is not that of round {round} of chain {chain}")));
    }
    let Some(index) = place.arrival.checked_sub(published.cleared).filter(|index| *index > 0) else {
        return Err(Failure::new(format!("place {place} was cleared")));
    };
    print_line("the seed is the one whose hash was published")?;
    if index > published.drawn {
        return print_line(&format!("place {place} joined after the draw, and has number {}", place.arrival));
    }
    let key = plan.key().ok_or_else(|| Failure::new("the signature of the beacon's round is missing"))?;
    let draw = Draw::new(&key, place.class, published.cleared, published.drawn);
    print_line(&format!("place {place} has number {}", draw.number_of(place.arrival)))
}

/// Returns the beacon, of which the options name all parts or none.
fn beacon(published: &VerifyDraw) -> Option<DrawBeacon> {
    let (chain, round) = (published.beacon_chain?, published.beacon_round?);
    Some(DrawBeacon { chain, round, signature: published.beacon_signature })
}
