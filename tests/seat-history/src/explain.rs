//! The search for moments at which each request took effect.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::request::{Act, Answer, Request};
use crate::seat::Seat;

/// Everything that was asked about one seat.
#[derive(Debug, Clone)]
pub struct SeatHistory {
    requests: Vec<Request>,
}

/// A request whose answer cannot be true, given all answers before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained {
    /// The request.
    pub request: Request,
    /// How the seat may have been until then, whichever of the unknown requests took effect.
    pub states: Vec<Seat>,
    /// The requests about the seat until then, in the order of their starts.
    pub before: Vec<Request>,
}

impl fmt::Display for Unexplained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} cannot be true: the seat was {:?}", self.request, self.states)?;
        self.before.iter().try_for_each(|request| writeln!(f, "  {request:?}"))
    }
}

impl std::error::Error for Unexplained {}

/// Requests by their place in the history.
type Places = BTreeSet<usize>;

/// One way in which everything answered so far can have happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    seat: Seat,
    /// Requests that took effect, and whose answer is still to come.
    early: Places,
}

/// All ways; for each, the smallest sets of requests without an answer that took effect.
type Ways = BTreeMap<Way, Vec<Places>>;

/// Requests that have started, and may take effect.
#[derive(Debug, Default)]
struct Open {
    /// Those whose answer is still to come.
    answered: Places,
    /// Holds without an answer.
    unknown_holds: Places,
    /// Everything else without an answer, by buyer.
    unknown: BTreeMap<u64, Places>,
}

impl Open {
    fn insert(&mut self, at: usize, request: &Request) {
        let places = match (request.answer, request.act) {
            (Answer::Yes | Answer::No, _) => &mut self.answered,
            (Answer::Unknown, Act::Hold) => &mut self.unknown_holds,
            (Answer::Unknown, _) => self.unknown.entry(request.buyer).or_default(),
        };
        places.insert(at);
    }

    /// Lists those that may take effect on a seat: without an answer, only holds of a free seat and acts of its owner.
    fn that_may_change(&self, seat: Seat) -> impl Iterator<Item = usize> {
        let unknown = match seat {
            Seat::Free => Some(&self.unknown_holds),
            Seat::Held(owner) | Seat::Sold(owner) => self.unknown.get(&owner),
        };
        self.answered.iter().chain(unknown.into_iter().flatten()).copied()
    }
}

/// A request starts, or its answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Start(usize),
    Answer(usize),
}

impl SeatHistory {
    /// Makes a history of requests in any order.
    pub fn new(mut requests: Vec<Request>) -> Self {
        requests.sort_by_key(|request| request.start);
        Self { requests }
    }

    /// Looks for an explanation with one owner at a time.
    ///
    /// # Errors
    ///
    /// [`Unexplained`] naming the first answer that cannot be true.
    pub fn explain(&self) -> Result<(), Unexplained> {
        let mut ways = Ways::from([(Way { seat: Seat::Free, early: Places::new() }, vec![Places::new()])]);
        let mut open = Open::default();
        for (_, event) in self.events() {
            match event {
                Event::Start(at) => {
                    open.insert(at, &self.requests[at]);
                }
                Event::Answer(at) => {
                    let after = self.answered(&ways, &open, at);
                    if after.is_empty() {
                        return Err(self.unexplained(&ways, at));
                    }
                    ways = after;
                    open.answered.remove(&at);
                }
            }
        }
        Ok(())
    }

    /// Lists starts and answers by time; of the same moment, starts come first, so that both requests overlap.
    fn events(&self) -> Vec<(u64, Event)> {
        let mut events = Vec::new();
        for (at, request) in self.requests.iter().enumerate() {
            events.push((request.start, Event::Start(at)));
            if request.answer != Answer::Unknown {
                events.push((request.end.max(request.start), Event::Answer(at)));
            }
        }
        events.sort_unstable();
        events
    }

    /// Returns the ways in which a request took effect before its answer, at the latest now.
    fn answered(&self, ways: &Ways, open: &Open, at: usize) -> Ways {
        let mut done = Ways::new();
        let mut seen = Ways::new();
        let mut next: Vec<(Way, Places)> = Vec::new();
        for (way, sets) in ways {
            next.extend(sets.iter().map(|used| (way.clone(), used.clone())));
        }
        // Ways that need least come first, so that those that need more are dropped early.
        next.sort_by_key(|(_, used)| std::cmp::Reverse(used.len()));
        while let Some((way, used)) = next.pop() {
            if way.early.contains(&at) {
                let mut way = way;
                way.early.remove(&at);
                add(&mut done, way, used);
                continue;
            }
            if !add(&mut seen, way.clone(), used.clone()) {
                continue;
            }
            for one in open.that_may_change(way.seat) {
                if let Some(step) = self.step(&way, &used, one) {
                    next.push(step);
                }
            }
        }
        done
    }

    /// Lets one open request take effect, if it has not yet and can.
    fn step(&self, way: &Way, used: &Places, one: usize) -> Option<(Way, Places)> {
        if way.early.contains(&one) || used.contains(&one) {
            return None;
        }
        let request = self.requests.get(one)?;
        let mut next = Way { seat: way.seat.after(request)?, early: way.early.clone() };
        let mut used = used.clone();
        if request.answer == Answer::Unknown {
            used.insert(one);
        } else {
            next.early.insert(one);
        }
        Some((next, used))
    }

    fn unexplained(&self, ways: &Ways, at: usize) -> Unexplained {
        let states: BTreeSet<Seat> = ways.keys().map(|way| way.seat).collect();
        let request = self.requests[at];
        let before = self.requests.iter().filter(|other| other.start <= request.end).copied().collect();
        Unexplained { request, states: states.into_iter().collect(), before }
    }
}

/// Adds a way, unless one that needed no more is there; drops those that needed more.
fn add(ways: &mut Ways, way: Way, used: Places) -> bool {
    let sets = ways.entry(way).or_default();
    if sets.iter().any(|known| known.is_subset(&used)) {
        return false;
    }
    sets.retain(|known| !used.is_subset(known));
    sets.push(used);
    true
}
