//! Prints what a rehearsal measured.

use std::time::Duration;

use crate::failure::Failure;
use crate::options::Rehearse;
use crate::output::print_line;
use crate::rehearse::figures::{Recommended, Step, best, recommended};

/// Prints a line for each step, and the recommendation.
///
/// It fails if no step served its buyers well.
pub(super) fn print(steps: &[Step], plan: &Rehearse) -> Result<(), Failure> {
    print_line(&format!(
        "{:>7}  {:>16}  {:>9}  {:>9}  {:>7}  {:>6}",
        "at once", "buyers a minute", "p50 hold", "p99 hold", "refused", "failed"
    ))?;
    for step in steps {
        print_line(&line(step))?;
    }
    if let Some(failure) = steps.iter().find_map(|step| step.counted.failure.as_deref()) {
        print_line(&format!("a failure: {failure}"))?;
    }
    let within = humantime::format_duration(plan.hold_within);
    let Some(step) = best(steps, plan.hold_within) else {
        return Err(Failure::new(format!(
            "no rate can be recommended: at no step were 99 of 100 holds answered within {within} and without failure"
        )));
    };
    let Recommended { admit_per_minute, max_active } = recommended(step.per_minute(), plan.visit);
    print_line(&format!("recommended: admitPerMinute {admit_per_minute}, maxActive {max_active}"))?;
    print_line(&format!(
        "that is 70 % of the rate with {} at once, the highest with holds within {within}, and a stay of {} for each \
         buyer",
        step.at_once,
        humantime::format_duration(plan.visit)
    ))
}

fn line(step: &Step) -> String {
    format!(
        "{:>7}  {:>16}  {:>9}  {:>9}  {:>7}  {:>6}",
        step.at_once,
        step.per_minute(),
        milliseconds(step.hold_within(50)),
        milliseconds(step.hold_within(99)),
        step.counted.refused,
        step.counted.failed
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}
