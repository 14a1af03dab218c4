//! Ways to fail, told to the stub before they happen.

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
    /// Nothing happens.
    #[default]
    None,
    /// It takes effect, and then fails.
    First,
}

/// How a failing request is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// With this error code; kept under the idempotency key as any other answer.
    Code(String),
    /// With this status and a body that is no JSON.
    Unreadable(u16),
    /// Not at all, until [`crate::TossStub::release_hanging`]; meanwhile its idempotency key is in flight.
    Hang,
    /// With a broken connection.
    Cut,
    /// With the record of this order, whatever was asked.
    Crossed(String),
    /// Twice, one answer right behind the other. The request always takes effect.
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

    /// Answers with an error code and does nothing.
    pub fn code(call: Call, code: impl Into<String>) -> Self {
        Self::new(call, Reply::Code(code.into()))
    }

    /// Answers with a status and something that is no JSON, and does nothing.
    pub fn unreadable(call: Call, status: u16) -> Self {
        Self::new(call, Reply::Unreadable(status))
    }

    /// Does nothing and never answers.
    pub fn hang(call: Call) -> Self {
        Self::new(call, Reply::Hang)
    }

    /// Does nothing and breaks the connection.
    pub fn cut(call: Call) -> Self {
        Self::new(call, Reply::Cut)
    }

    /// Answers with the record of another order, and does nothing.
    pub fn crossed(call: Call, order_id: impl Into<String>) -> Self {
        Self::new(call, Reply::Crossed(order_id.into()))
    }

    /// Answers twice.
    pub fn twice(call: Call) -> Self {
        Self::new(call, Reply::Twice).after_effect()
    }

    /// Lets the request take effect before it fails.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.effect = Effect::First;
        self
    }
}
