//! The common error of all state machines.

/// A step that the state machine does not allow from the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {state} {machine} cannot {step}")]
pub struct IllegalTransition {
    machine: &'static str,
    state: &'static str,
    step: &'static str,
}

impl IllegalTransition {
    pub(crate) const fn new(machine: &'static str, state: &'static str, step: &'static str) -> Self {
        Self { machine, state, step }
    }

    /// Returns the machine: `event`, `seat`, `reservation`, `payment` or `place`.
    pub const fn machine(&self) -> &'static str {
        self.machine
    }

    /// Returns the name of the state that did not allow the step.
    pub const fn state(&self) -> &'static str {
        self.state
    }

    /// Returns the name of the step that was not allowed.
    pub const fn step(&self) -> &'static str {
        self.step
    }
}
