//! `verify-draw`: recomputes the number of a buyer from what a waiting room has published.

use tiketi_core::waiting_room::{Draw, DrawSeed};

use crate::failure::Failure;
use crate::options::VerifyDraw;
use crate::output::print_line;

/// Checks the seed against its hash, and prints the number of a place. It needs neither store nor server.
pub(crate) fn run(published: &VerifyDraw) -> Result<(), Failure> {
    let place = published.queue_id;
    let seed = DrawSeed::from_bytes(published.seed.0);
    let commitment = seed.commitment();
    if commitment.as_bytes() != &published.commitment.0 {
        return Err(Failure::new(format!(
            "the hash of this seed is {commitment}, which is not the commitment"
        )));
    }
    let Some(index) = place.arrival.checked_sub(published.cleared).filter(|index| *index > 0) else {
        return Err(Failure::new(format!("place {place} was cleared")));
    };
    print_line("the seed is the one whose hash was published")?;
    if index > published.drawn {
        return print_line(&format!("place {place} joined after the draw, and has number {}", place.arrival));
    }
    let draw = Draw::new(&seed, place.class, published.cleared, published.drawn);
    print_line(&format!("place {place} has number {}", draw.number_of(place.arrival)))
}
