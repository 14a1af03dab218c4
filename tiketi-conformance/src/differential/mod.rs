//! The same sale on two stores: what people do comes from a seed, and every answer and all rows must be equal.

mod answer;
mod gate;
mod people;
mod provider;
mod request;
mod setup;
mod side;
mod story;

use std::collections::BTreeSet;
use std::time::Duration;

use tiketi_core::clock::CountedIds;
use tiketi_core::{BuyerId, Clock as _, EventId, IdSource as _};
use tiketi_workload::{Chance, Clerk, Meddler, Organiser};

use crate::differential::answer::Answer;
use crate::differential::people::{Person, Purchases, Stock};
use crate::differential::request::{Job, Request};
use crate::differential::side::{SERVERS, Setup, Side};
use crate::differential::story::Story;
use crate::factory::{CommandOrder, WholeStore};
use crate::handles::Handles;

/// Turns of one run, before everything comes to rest.
const TURNS: usize = 150;
/// How many turns lie between two comparisons of all rows.
const ROWS_EVERY: usize = 25;
/// Pauses between turns, in microseconds; a hold lasts a minute at least.
const PAUSES: [u64; 6] = [0, 0, 1, 1_000_000, 20_000_000, 60_000_000];
/// How often jobs run until everything must have come to rest.
const CALM_ROUNDS: usize = 120;
/// The pause between them.
const CALM_PAUSE: Duration = Duration::from_secs(90);

/// What a run reached: each kind of request, with whether it was granted.
pub(crate) type Reached = BTreeSet<(String, bool)>;

/// Sells the same on a store and in memory, and returns what was reached.
///
/// # Panics
///
/// With the story of the run, if the stores come to different things.
pub(crate) async fn compare(stores: Handles<dyn WholeStore>, order: CommandOrder, seed: u64) -> Reached {
    let mut run = Run::begin(stores, order, seed).await;
    for turn in 1..=TURNS {
        run.turn().await;
        if turn % ROWS_EVERY == 0 {
            run.compare_rows().await;
        }
    }
    run.come_to_rest().await;
    run.compare_rows().await;
    run.compare_lists().await;
    run.reached
}

/// Both stores, and everyone who uses them.
#[derive(Debug)]
struct Run {
    setup: Setup,
    tested: Side,
    memory: Side,
    events: Vec<EventId>,
    stocks: Vec<Stock>,
    people: Vec<Person>,
    buyers: Vec<BuyerId>,
    purchases: Purchases,
    organisers: Vec<Organiser>,
    clerk: Clerk,
    meddler: Meddler,
    /// Who acts when.
    order: Chance,
    /// Keys of requests, and ids of buyers.
    keys: CountedIds,
    sent: Vec<(usize, Request)>,
    story: Story,
    reached: Reached,
}

impl Run {
    /// Lets time pass, and lets someone act.
    async fn turn(&mut self) {
        let pause = self.order.one_of(&PAUSES).copied().unwrap_or(0);
        self.setup.clock.advance(Duration::from_micros(pause));
        match self.order.below(100) {
            0..60 => self.people_act().await,
            60..68 => self.someone_repeats().await,
            68..76 => self.meddler_acts().await,
            76..82 => self.organiser_acts().await,
            82..88 => self.clerk_acts().await,
            _ => self.job_runs().await,
        }
    }

    /// One buyer acts, or several of one server at once.
    async fn people_act(&mut self) {
        let first = self.order.place(self.people.len());
        let mut who = vec![first];
        if self.order.happens(500) {
            let others =
                (0..self.people.len()).filter(|other| *other != first && other % SERVERS == first % SERVERS);
            let others: Vec<_> = others.filter(|_| self.order.happens(700)).collect();
            who.extend(others);
            who.sort_unstable();
        }
        let mut asked = Vec::new();
        for person in who {
            match self.people[person].next_request(&self.keys) {
                Some(request) => asked.push((person, request)),
                None => self.people[person] = self.new_person(person),
            }
        }
        let answers = self.ask(&asked).await;
        for ((person, _), answer) in asked.iter().zip(&answers) {
            self.people[*person].take(answer);
        }
    }

    fn new_person(&mut self, place: usize) -> Person {
        let id = BuyerId::from_uuid(self.keys.next());
        self.buyers.push(id);
        let stock = self.order.one_of(&self.stocks).cloned().expect("there are events");
        Person::new(
            Chance::of(self.setup.seed, &format!("buyer {} at {place}", self.buyers.len())),
            stock,
            id,
        )
    }

    async fn someone_repeats(&mut self) {
        let latest = self.sent.len().saturating_sub(30);
        let Some(again) = self.order.one_of(&self.sent[latest..]).cloned() else { return };
        self.ask(&[again]).await;
    }

    async fn meddler_acts(&mut self) {
        let person = self.order.place(self.people.len());
        let stranger = (!self.meddler.is_owner()).then_some(self.people[person].id);
        let (anyone, stock) = (self.people[person].id, self.people[person].stock.clone());
        let act = self.meddler.next_act();
        let Some(request) = self.purchases.of_meddler(act, stranger, (anyone, &stock), &self.keys) else {
            return;
        };
        self.ask(&[(person, request)]).await;
    }

    async fn organiser_acts(&mut self) {
        let at = self.order.place(self.stocks.len());
        let act = self.organisers[at].next_act();
        let Some(request) = self.purchases.of_organiser(&act, &self.stocks[at], &self.keys) else { return };
        self.staff_ask(Request::Staff(request)).await;
    }

    async fn clerk_acts(&mut self) {
        let at = self.order.place(self.stocks.len());
        let act = self.clerk.next_act();
        let Some(request) = self.purchases.of_clerk(act, &self.stocks[at], &self.keys) else { return };
        self.staff_ask(Request::Staff(request)).await;
    }

    async fn job_runs(&mut self) {
        let jobs = [Job::Expire, Job::Expire, Job::Announce, Job::Reconcile, Job::Reconcile, Job::CallOff];
        let job = self.order.one_of(&jobs).copied().unwrap_or(Job::Expire);
        self.staff_ask(Request::Job(job)).await;
    }

    async fn staff_ask(&mut self, request: Request) {
        let office = self.memory.staff(self.order.place(SERVERS));
        self.ask(&[(office, request)]).await;
    }

    /// Asks both stores the same, and compares every answer and the facts.
    async fn ask(&mut self, asked: &[(usize, Request)]) -> Vec<Answer> {
        let tested = self.tested.ask(asked, &self.events).await;
        let expected = self.memory.ask(asked, &self.events).await;
        let now = self.setup.clock.now();
        for ((office, request), (tested, expected)) in asked.iter().zip(tested.iter().zip(&expected)) {
            let who = self.setup.name(*office);
            self.story.tell(now, &who, request, &expected.text);
            self.reached.insert((request.kind(), expected.text.starts_with("Ok")));
            self.story.same_text("the answer", (self.tested.name, &tested.text), &expected.text);
        }
        let (tested, told) =
            (self.tested.take_facts(&self.events).await, self.memory.take_facts(&self.events).await);
        self.story.same("what became true", (self.tested.name, &tested), &told);
        for answer in &expected {
            self.purchases.take(answer);
        }
        self.sent.extend_from_slice(asked);
        expected
    }

    /// Lets faults of the provider stop, and runs jobs until nothing is open.
    async fn come_to_rest(&mut self) {
        self.tested.calm_down();
        self.memory.calm_down();
        for round in 0..CALM_ROUNDS {
            self.setup.clock.advance(CALM_PAUSE);
            for job in [Job::Expire, Job::Reconcile, Job::CallOff, Job::Announce] {
                let office = self.memory.staff(round);
                self.ask(&[(office, Request::Job(job))]).await;
            }
            if self.memory.due(&self.events).await.is_empty() && self.memory.is_at_rest(&self.events).await {
                break;
            }
        }
        for side in [&self.memory, &self.tested] {
            let due = side.due(&self.events).await;
            assert!(due.is_empty(), "seed {}: {} is never done with {due:#?}", self.setup.seed, side.name);
        }
    }

    /// Compares all rows of both stores, which must pass the audit.
    async fn compare_rows(&self) {
        for event in &self.events {
            let (tested, expected) = (self.tested.rows(*event).await, self.memory.rows(*event).await);
            let name = self.tested.name;
            self.story.same("the event", (name, &tested.view), &expected.view);
            self.story.same("the reservations", (name, &tested.reservations), &expected.reservations);
            self.story.same("the payments", (name, &tested.payments), &expected.payments);
            self.story.same("the event with its rows", (name, &tested), &expected);
        }
    }

    /// Compares the list of each buyer's reservations.
    async fn compare_lists(&self) {
        for buyer in &self.buyers {
            let (tested, expected) = (self.tested.list_of(*buyer).await, self.memory.list_of(*buyer).await);
            self.story.same("the buyer's list", (self.tested.name, &tested), &expected);
        }
    }
}
