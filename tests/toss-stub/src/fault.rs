//! Faults that a test sets before the request that they concern.

use serde::Deserialize;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// `POST /v1/payments/confirm`.
    Confirm,
    /// `POST /v1/payments/{paymentKey}/cancel`.
    Cancel,
    /// Both ways of reading a payment.
    Lookup,
}

/// Whether a failing request takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Effect {
    /// The request has no effect.
    #[default]
    None,
    /// The request takes effect, and then fails.
    First,
}

/// How a failing request is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// With this error code, which is stored under the idempotency key like any other answer.
    Code(String),
    /// With this status and a body that is not JSON.
    Unreadable(u16),
    /// Not before [`crate::TossStub::release_hanging`]; until then the idempotency key is in flight.
    Hang,
    /// With a connection that is closed before an answer.
    Cut,
    /// With the payment of this order, whichever order the request names.
    Crossed(String),
    /// With two answers, one directly after the other. The request always takes effect.
    Twice,
}

/// One way in which one request fails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    pub(crate) call: Call,
    #[serde(default)]
    pub(crate) effect: Effect,
    pub(crate) reply: Reply,
}

impl Fault {
    fn new(call: Call, reply: Reply) -> Self {
        Self { call, effect: Effect::None, reply }
    }

    /// Answers with an error code; the request has no effect.
    pub fn code(call: Call, code: impl Into<String>) -> Self {
        Self::new(call, Reply::Code(code.into()))
    }

    /// Answers with a status and a body that is not JSON; the request has no effect.
    pub fn unreadable(call: Call, status: u16) -> Self {
        Self::new(call, Reply::Unreadable(status))
    }

    /// Never answers; the request has no effect.
    pub fn hang(call: Call) -> Self {
        Self::new(call, Reply::Hang)
    }

    /// Closes the connection; the request has no effect.
    pub fn cut(call: Call) -> Self {
        Self::new(call, Reply::Cut)
    }

    /// Answers with the payment of another order; the request has no effect.
    pub fn crossed(call: Call, order_id: impl Into<String>) -> Self {
        Self::new(call, Reply::Crossed(order_id.into()))
    }

    /// Sends the answer twice.
    pub fn twice(call: Call) -> Self {
        Self::new(call, Reply::Twice).after_effect()
    }

    /// Makes the request take effect before it fails.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.effect = Effect::First;
        self
    }
}
