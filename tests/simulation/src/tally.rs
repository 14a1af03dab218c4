//! Counts of what struck and of what was reached, over one run or many.

use std::fmt;

use crate::fault::Fault;
use crate::sometimes::Sometimes;

/// How often each fault struck and each condition was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    struck: Vec<u64>,
    reached: Vec<u64>,
    /// Runs in which each fault struck at least once.
    runs_struck: Vec<u64>,
    runs_reached: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let (faults, conditions) = (vec![0; Fault::ALL.len()], vec![0; Sometimes::ALL.len()]);
        Self {
            struck: faults.clone(),
            runs_struck: faults,
            reached: conditions.clone(),
            runs_reached: conditions,
        }
    }
}

impl Tally {
    pub(crate) fn strike(&mut self, fault: Fault) {
        if let Some(count) = self.struck.get_mut(fault as usize) {
            *count += 1;
        }
    }

    pub(crate) fn reach(&mut self, condition: Sometimes) {
        if let Some(count) = self.reached.get_mut(condition as usize) {
            *count += 1;
        }
    }

    /// Adds the counts of one run.
    pub(crate) fn add(&mut self, run: &Self) {
        let sums = [
            (&mut self.struck, &mut self.runs_struck, &run.struck),
            (&mut self.reached, &mut self.runs_reached, &run.reached),
        ];
        for (sum, runs, counts) in sums {
            for ((sum, runs), count) in sum.iter_mut().zip(runs).zip(counts) {
                *sum += count;
                *runs += u64::from(*count > 0);
            }
        }
    }

    /// Returns the names of the conditions that were never reached, and of the faults that never struck.
    pub fn never(&self) -> Vec<&'static str> {
        let conditions = Sometimes::ALL.iter().zip(&self.reached);
        let faults = Fault::ALL.iter().zip(&self.struck);
        let conditions = conditions.filter(|(_, count)| **count == 0).map(|(condition, _)| condition.name());
        conditions.chain(faults.filter(|(_, count)| **count == 0).map(|(fault, _)| fault.name())).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<52} {:>12} {:>10}", "fault", "struck", "in runs")?;
        for (fault, (struck, runs)) in Fault::ALL.iter().zip(self.struck.iter().zip(&self.runs_struck)) {
            writeln!(f, "{:<52} {struck:>12} {runs:>10}", fault.name())?;
        }
        writeln!(f, "\n{:<52} {:>12} {:>10}", "condition", "reached", "in runs")?;
        let reached = self.reached.iter().zip(&self.runs_reached);
        for (condition, (reached, runs)) in Sometimes::ALL.iter().zip(reached) {
            writeln!(f, "{:<52} {reached:>12} {runs:>10}", condition.name())?;
        }
        Ok(())
    }
}
