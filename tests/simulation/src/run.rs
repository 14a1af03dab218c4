//! One run: the sale is set up, people act while faults strike, then faults stop and everything must come to rest.

mod rest;
mod setup;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::simulated::Simulated;

use crate::executor::Turn;
use crate::people::Person;
use crate::planted::Planted;
use crate::provider::{deposit, send_webhooks};
use crate::setting::{Page, Setting};
use crate::shop::Shop;
use crate::staff::{organise, refund_by_hand};
use crate::tally::Tally;
use crate::world::{OUTSIDE, World};

/// Most turns of one run: more shows that something runs without a pause.
const MOST_TURNS: u64 = 3_000_000;
/// How long everything may take to come to rest once faults have stopped.
const REST_WITHIN: Duration = Duration::from_hours(1);
/// How long a page may take to show what is at rest: a message that was lost is made up for by the next look.
const SHOWN_WITHIN: Duration = Duration::from_mins(2);

/// What came of one run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// What happened and must not; `None` if nothing did.
    pub violation: Option<String>,
    /// The hash of everything that happened.
    pub hash: u64,
    /// The simulated time.
    pub simulated: Duration,
    /// How often tasks ran.
    pub turns: u64,
    /// What struck and what was reached.
    pub tally: Tally,
    /// The story, if it was asked for.
    pub story: Vec<String>,
}

/// Runs a setting.
pub(crate) fn run(setting: Setting, planted: Option<Planted>, is_told: bool) -> Run {
    let (seed, world) = (setting.seed, World::new(setting, planted, is_told));
    let shop = Shop::new(Arc::clone(&world));
    let mut turns = 0;
    // Whatever asks the machine for the time, an id or a random byte panics from here on.
    let simulated = Simulated::begin();
    match catch_unwind(AssertUnwindSafe(|| act_and_rest(&world, &shop, &mut turns))) {
        Ok(Ok(())) => {}
        Ok(Err(why)) => world.break_off(why),
        Err(panic) => world.break_off(format!("a panic: {}", words(&*panic))),
    }
    drop(simulated);
    world.executor.clear();
    let violation = world.broken();
    let (tally, hash, story) = world.report();
    Run { seed, violation, hash, simulated: world.passed(), turns, tally, story }
}

/// Returns what a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn act_and_rest(world: &Arc<World>, shop: &Arc<Shop>, turns: &mut u64) -> Result<(), String> {
    let stock = setup::set_up(world, shop)?;
    for server in 0..world.setting.servers {
        shop.start(server);
    }
    let executor = &world.executor;
    for number in 0..world.setting.buyers {
        executor.spawn(OUTSIDE, Person::new(shop, &stock, number).live());
    }
    if world.setting.has_organiser {
        executor.spawn(OUTSIDE, organise(Arc::clone(shop), stock.clone()));
    }
    executor.spawn(OUTSIDE, refund_by_hand(Arc::clone(shop)));
    executor.spawn(OUTSIDE, send_webhooks(Arc::clone(shop)));
    if world.setting.page == Page::Account {
        executor.spawn(OUTSIDE, deposit(Arc::clone(world)));
    }
    go_on(world, turns, |world| world.passed() >= world.setting.lasts)?;

    world.tell(format_args!("faults stop"));
    world.calm_down();
    for server in 0..world.setting.servers {
        shop.stop(server);
        shop.start(server);
    }
    let mut until = world.now().after(REST_WITHIN);
    let (mut look_at, mut rests) = (world.now(), false);
    go_on(world, turns, |world| {
        if world.now() < look_at {
            return false;
        }
        look_at = world.now().after(Duration::from_secs(30));
        if !rests && rest::unrest(world).is_none() {
            rests = true;
            until = world.now().after(SHOWN_WITHIN);
        }
        world.now() >= until || rests && rest::check_page(world).is_ok()
    })?;
    rest::check(world)
}

/// Runs tasks until something is reached.
fn go_on(world: &World, turns: &mut u64, mut is_reached: impl FnMut(&World) -> bool) -> Result<(), String> {
    loop {
        let turn = world.executor.turn();
        *turns += 1;
        if world.broken().is_some() || turn == Turn::Idle {
            return Ok(());
        }
        if *turns > MOST_TURNS {
            return Err(format!("more than {MOST_TURNS} turns: something runs without a pause"));
        }
        if turn == Turn::Waited && is_reached(world) {
            return Ok(());
        }
    }
}
