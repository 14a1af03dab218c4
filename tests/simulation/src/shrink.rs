//! Makes a failing run smaller: fewer faults, fewer people, shorter.

use std::time::Duration;

use crate::planted::Planted;
use crate::run::{Run, run};
use crate::setting::Setting;

/// A failing run that was made smaller.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// What is left of it, in words.
    pub left: String,
    /// The run, with its story.
    pub run: Run,
}

/// Makes a failing seed smaller, as long as it fails; the reason may become another.
///
/// It returns `None` for a seed that does not fail.
pub fn shrink(seed: u64, planted: Option<Planted>) -> Option<Shrunk> {
    let mut setting = Setting::of(seed);
    let fails = |setting: &Setting| run(setting.clone(), planted, false).violation.is_some();
    if !fails(&setting) {
        return None;
    }
    loop {
        let smaller = candidates(&setting).into_iter().find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => setting = smaller,
            None => break,
        }
    }
    let names: Vec<&str> = setting.plan.kinds().iter().map(|kind| kind.name()).collect();
    let Setting { servers, buyers, seats, units, has_organiser, lasts, .. } = &setting;
    let left = format!(
        "{servers} servers, {buyers} buyers, {seats} seats, units {units:?}, organiser {has_organiser}, {} s, faults: {}",
        lasts.as_secs(),
        if names.is_empty() { "none".to_owned() } else { names.join(", ") },
    );
    Some(Shrunk { left, run: run(setting, planted, true) })
}

/// Returns settings that are a little smaller, the boldest first.
fn candidates(setting: &Setting) -> Vec<Setting> {
    let mut smaller = Vec::new();
    let mut try_with = |change: &dyn Fn(&mut Setting)| {
        let mut changed = setting.clone();
        change(&mut changed);
        smaller.push(changed);
    };
    for kind in setting.plan.kinds() {
        try_with(&|it| it.plan.remove(kind));
    }
    if setting.buyers > 1 {
        try_with(&|it| it.buyers /= 2);
        try_with(&|it| it.buyers -= 1);
    }
    if setting.servers > 1 {
        try_with(&|it| it.servers -= 1);
    }
    if setting.has_organiser {
        try_with(&|it| it.has_organiser = false);
    }
    if setting.lasts > Duration::from_secs(20) {
        try_with(&|it| it.lasts /= 2);
        try_with(&|it| it.lasts = it.lasts.mul_f64(0.9));
    }
    if setting.seats > 1 {
        try_with(&|it| it.seats -= 1);
    }
    if setting.units.len() > 1 || setting.seats > 0 && !setting.units.is_empty() {
        try_with(&|it| {
            it.units.pop();
        });
    }
    smaller
}
