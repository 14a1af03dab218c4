//! Deposits: the buyer's money comes late or never, and is withdrawn in some runs.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::PaymentId;

use crate::fault::Fault;
use crate::story::Short;
use crate::world::{OUTSIDE, World};

/// How often buyers look for the account that the provider made.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Lets each buyer for whom the provider made an account deposit later, or never, until the run is over.
pub(crate) async fn deposit(world: Arc<World>) {
    loop {
        world.executor.sleep(LOOK_EVERY).await;
        let accounts = std::mem::take(&mut world.provider().accounts);
        for payment in accounts {
            world.executor.spawn(OUTSIDE, deposit_for(Arc::clone(&world), payment));
        }
    }
}

async fn deposit_for(world: Arc<World>, payment: PaymentId) {
    if world.delay(0, 3).is_zero() {
        return;
    }
    let name = Short(payment.as_uuid());
    let longest = world.setting.terms.deposit_window.mul_f64(1.2).as_secs() * 1_000;
    world.executor.sleep(world.delay(1_000, longest)).await;
    let is_taken = world.provider().deposit(payment);
    world.tell(format_args!("the deposit for {name} comes: {is_taken}"));
    if !is_taken || !world.strikes(Fault::DepositWithdrawn) {
        return;
    }
    world.executor.sleep(world.delay(1_000, 120_000)).await;
    if world.provider().withdraw(payment) {
        world.tell(format_args!("the deposit for {name} is withdrawn"));
        world.executor.sleep(world.delay(1_000, 600_000)).await;
        world.provider().deposit(payment);
        world.tell(format_args!("the deposit for {name} is back"));
    }
}
