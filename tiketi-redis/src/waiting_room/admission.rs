//! Admissions: they read only the first places of the line.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use tiketi_core::decide::waiting_room::{Admission, Admit, MAX_ADMISSION, RoomScope, admission_reads, admit};
use tiketi_core::waiting_room::{Place, PlaceClass, Room};
use tiketi_core::{StoreError, StoreErrorKind, Timestamp};

use crate::codec::{Pointer, encode_admitted};
use crate::keys::{Block, block_of};
use crate::waiting_room::ask::Answer;
use crate::waiting_room::batch::{Attempt, Rooms};
use crate::waiting_room::changes::Changes;
use crate::waiting_room::rows::{AdmissionRows, StoredRoom};
use crate::waiting_room::sweep;

/// How many times an admission reads more places, because the line has moved or many places were left.
const MOST_READS: u32 = 32;
/// Places that are read beyond those that may be called, in case some were left.
const SPARE: u32 = 64;
/// Most blocks whose keys an admission prolongs.
const MOST_KEPT: u64 = 64;

impl Rooms {
    pub(crate) async fn admit(&self, ask: &Admit, lost: u32) -> Result<Attempt, StoreError> {
        let mut wanted = BTreeSet::new();
        for _ in 0..MOST_READS {
            let rows = self.reader.of_admission(&self.redis, ask, &wanted).await?;
            let Some(stored) = rows.stored else { return Ok(done(nothing(ask))) };
            let replay = rows.admissions.iter().find(|(request, _)| *request == ask.request);
            if let Some((_, called)) = replay {
                if called.iter().all(|pointer| wanted.contains(pointer)) {
                    let called =
                        called.iter().filter_map(|pointer| rows.places.get(pointer)).copied().collect();
                    let room = stored.room;
                    return Ok(done(Admission {
                        room,
                        called,
                        lapsed: Vec::new(),
                        more: false,
                        replayed: true,
                    }));
                }
                wanted.extend(called);
                continue;
            }
            let room = self.floors.secure(ask.event, Some(&stored.room));
            let mut expected = expected_reads(&room, ask, &rows.due);
            expected.extend(sweep::reads(&stored));
            if !expected.is_subset(&wanted) {
                wanted.extend(expected);
                continue;
            }
            let scope = Scope { room, rows: &rows, wanted: &wanted, missing: RefCell::default() };
            let admission = admit(&scope, ask)?;
            let missing = scope.missing.into_inner();
            if missing.is_empty() {
                let changes = changes(&stored, &rows.places, &admission, ask);
                return self.write(Some(&stored), &changes, lost, vec![Answer::Admitted(admission)]).await;
            }
            wanted.extend(missing);
        }
        Err(StoreError::new(StoreErrorKind::Contention, "the line moves too fast to be read"))
    }
}

fn done(admission: Admission) -> Attempt {
    Attempt::Done(vec![Answer::Admitted(admission)])
}

fn nothing(ask: &Admit) -> Admission {
    let room = Room::new(ask.event);
    Admission { room, called: Vec::new(), lapsed: Vec::new(), more: false, replayed: false }
}

/// Returns the places that an admission probably reads: due ones, and as many of the line as may be called.
///
/// The rule may read four times its limit. Most are not read, and each drawn number takes time to compute.
fn expected_reads(room: &Room, ask: &Admit, due: &[Pointer]) -> BTreeSet<Pointer> {
    let freed = u32::try_from(due.len()).unwrap_or(u32::MAX);
    let free = ask.policy.max_active.saturating_sub(room.in_flight().saturating_sub(freed));
    let mut reads: BTreeSet<Pointer> = due.iter().copied().collect();
    if free > 0 && room.waiting() > 0 {
        let wanted = free.min(ask.limit.clamp(1, MAX_ADMISSION)).saturating_add(SPARE);
        let limit = wanted.div_ceil(4).min(ask.limit.clamp(1, MAX_ADMISSION));
        let mut ask = ask.clone();
        ask.limit = limit;
        reads.extend(admission_reads(room, &ask));
    }
    reads
}

/// The rows that were read; records which others the rule asked for.
struct Scope<'r> {
    room: Room,
    rows: &'r AdmissionRows,
    wanted: &'r BTreeSet<Pointer>,
    missing: RefCell<BTreeSet<Pointer>>,
}

impl RoomScope for Scope<'_> {
    fn room(&self) -> &Room {
        &self.room
    }

    fn place(&self, class: PlaceClass, arrival: u64) -> Option<&Place> {
        let pointer = (class, arrival);
        if !self.wanted.contains(&pointer) {
            self.missing.borrow_mut().insert(pointer);
        }
        self.rows.places.get(&pointer)
    }

    /// The script has selected them with the same time and limit.
    fn due(&self, _now: Timestamp, _limit: u32) -> Vec<Place> {
        self.rows.due.iter().filter_map(|(class, arrival)| self.place(*class, *arrival)).copied().collect()
    }
}

fn changes(
    room: &StoredRoom,
    stored: &HashMap<Pointer, Place>,
    admission: &Admission,
    ask: &Admit,
) -> Changes {
    let mut changes = Changes::new(&admission.room, Some(room));
    (changes.swept, changes.forgotten) = sweep::decide(room, stored, ask.now);
    for place in admission.lapsed.iter().chain(&admission.called) {
        let before = stored.get(&(place.id.class, place.id.arrival));
        changes.put(*place, before.and_then(|before| before.state.until()));
    }
    if !admission.called.is_empty() {
        changes.admitted = Some(encode_admitted(ask.request, &admission.called));
    }
    changes.keep = kept(&admission.room, ask);
    changes
}

/// Returns blocks of waiting places, different ones each second, so that all are prolonged in turn.
fn kept(room: &Room, ask: &Admit) -> BTreeSet<Block> {
    let spans: Vec<(PlaceClass, u64, u64)> = PlaceClass::ALL
        .into_iter()
        .filter_map(|class| {
            let line = room.line(class);
            // A drawn lobby is not called in the order of its arrival numbers.
            let first = if line.serving < line.lobby { line.cleared } else { line.serving };
            let (_, from) = block_of((class, first + 1)).0;
            let (_, upto) = block_of((class, line.arrivals)).0;
            (line.waiting > 0 && from <= upto).then_some((class, from, upto))
        })
        .collect();
    let total: u64 = spans.iter().map(|(_, from, upto)| upto - from + 1).sum();
    if total == 0 {
        return BTreeSet::new();
    }
    let second = ask.now.as_micros().unsigned_abs() / 1_000_000;
    let start = second.wrapping_mul(MOST_KEPT) % total;
    (0..total.min(MOST_KEPT)).filter_map(|step| nth(&spans, (start + step) % total)).collect()
}

fn nth(spans: &[(PlaceClass, u64, u64)], mut index: u64) -> Option<Block> {
    for (class, from, upto) in spans {
        let length = upto - from + 1;
        if index < length {
            return Some((*class, from + index));
        }
        index -= length;
    }
    None
}
