//! `rehearse`: measures how many buyers a shop can admit, by an on-sale in a scratch shop.

mod figures;
mod quiet;
mod report;
mod stage;

use std::time::Duration;

use tokio::time::timeout;

use crate::failure::Failure;
use crate::options::Rehearse;
use crate::output::print_line;
use crate::settings::Settings;
use crate::shutdown::StopSignals;
use crate::store::scratch::Scratch;

use figures::Step;
use stage::Stage;

/// Longest rehearsal.
const LONGEST: Duration = Duration::from_mins(10);
/// Time beyond that of the steps after which a rehearsal is given up: a store may have stopped answering.
const GRACE: Duration = Duration::from_mins(1);
/// Most seats of the scratch event.
const MOST_SEATS: u32 = 500_000;

/// Rehearses, prints what was measured and what follows from it, and removes the scratch shop.
pub(crate) async fn run(settings: &Settings, plan: &Rehearse) -> Result<(), Failure> {
    check(plan)?;
    if !plan.beside_sales {
        quiet::require(&settings.store, plan.time).await?;
    }
    let signals = StopSignals::listen()?;
    let scratch = Scratch::create(&settings.store).await?;
    print_line(&format!("rehearsing in a scratch shop beside {}", settings.store))?;
    let steps = in_scratch(settings, plan, &scratch, signals).await;
    let removed = scratch.remove().await;
    let steps = both(steps, removed)?;
    print_line("the scratch shop was removed")?;
    report::print(&steps, plan)
}

fn check(plan: &Rehearse) -> Result<(), Failure> {
    if plan.time < Duration::from_secs(1) || plan.time > LONGEST {
        return Err(Failure::new("--time must be from 1s to 10m"));
    }
    if plan.buyers.saturating_mul(plan.tickets) > MOST_SEATS {
        return Err(Failure::new(format!("--buyers times --tickets must be at most {MOST_SEATS}")));
    }
    if plan.hold_within.is_zero() || plan.visit.is_zero() {
        return Err(Failure::new("--hold-within and --visit must be more than zero"));
    }
    Ok(())
}

/// Opens the scratch shop, sells in it until the end or a signal, and closes it.
async fn in_scratch(
    settings: &Settings,
    plan: &Rehearse,
    scratch: &Scratch,
    signals: StopSignals,
) -> Result<Vec<Step>, Failure> {
    let stage = Stage::open(settings, plan, scratch.kind()).await?;
    let steps = tokio::select! {
        steps = timeout(plan.time + GRACE, stage.sell(plan)) => {
            steps.map_err(|_| Failure::new("the store has stopped answering; nothing can be recommended"))
        }
        () = signals.wait() => Err(Failure::new("the rehearsal was interrupted")),
    };
    let closed = stage.close().await;
    both(steps, closed)
}

/// Returns what was done, or every failure: the operator has to know what remains.
fn both<T>(done: Result<T, Failure>, cleaned: Result<(), Failure>) -> Result<T, Failure> {
    match (done, cleaned) {
        (done, Ok(())) => done,
        (Ok(_), Err(failure)) => Err(failure),
        (Err(first), Err(second)) => {
            Err(Failure::new(format!("{}; {}", first.sentence(), second.sentence())))
        }
    }
}
