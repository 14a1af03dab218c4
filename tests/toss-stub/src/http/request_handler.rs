//! Handles each request: checks its key, finds an earlier answer to it, and applies the fault that a test set.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tiketi_core::Timestamp;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::answer::Answer;
use crate::clock::MovableClock;
use crate::fault::{Call, Effect, Fault, Reply};
use crate::payment_table::PaymentTable;
use crate::stored_answers::{Identity, Seen, StoredAnswers};
use crate::webhook::Webhook;

/// Longest idempotency key (source: TossPayments, idempotency keys).
const MAX_KEY_CHARS: usize = 300;

/// Handles all requests to the payments of the stub.
#[derive(Debug)]
pub(crate) struct RequestHandler {
    pub(crate) secret_key: String,
    pub(crate) clock: MovableClock,
    /// Notified when hanging requests are released.
    pub(crate) released: Notify,
    /// Notified when a request arrives.
    pub(crate) asked: Notify,
    pub(crate) sender: Option<UnboundedSender<Webhook>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) payments: PaymentTable,
    answers: StoredAnswers,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) asked: HashMap<Call, usize>,
    hanging: Vec<(Option<Identity>, Option<Answer>)>,
    pub(crate) webhooks: Vec<Webhook>,
}

/// An answer, and the fault with which it is sent.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) reply: Option<Reply>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { answer, reply: None }
    }
}

impl RequestHandler {
    pub(crate) fn new(
        secret_key: String,
        clock: MovableClock,
        sender: Option<UnboundedSender<Webhook>>,
    ) -> Self {
        let (released, asked, state) = (Notify::new(), Notify::new(), Mutex::default());
        Self { secret_key, clock, released, asked, sender, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request that changes something, once for each idempotency key.
    pub(crate) fn change(
        &self,
        call: Call,
        address: &str,
        headers: &HeaderMap,
        effect: impl FnOnce(&mut PaymentTable, Timestamp) -> Answer,
    ) -> Outcome {
        let identity = match self.identify(headers, address) {
            Ok(identity) => identity,
            Err(code) => return Answer::error(code).into(),
        };
        let mut state = self.count(call);
        let seen = identity.as_ref().map(|identity| state.answers.begin(identity, self.clock.now()));
        match seen {
            Some(Seen::Before(answer)) => answer.into(),
            Some(Seen::InFlight) => Answer::error("IDEMPOTENT_REQUEST_PROCESSING").into(),
            Some(Seen::New) | None => self.run(&mut state, call, headers, identity, effect),
        }
    }

    /// Handles a request that only reads.
    pub(crate) fn read(
        &self,
        headers: &HeaderMap,
        effect: impl FnOnce(&mut PaymentTable, Timestamp) -> Answer,
    ) -> Outcome {
        match self.authorise(headers) {
            Err(code) => Answer::error(code).into(),
            Ok(_) => self.run(&mut self.count(Call::Lookup), Call::Lookup, headers, None, effect),
        }
    }

    /// Runs an action of a buyer, a bank or a test, and sends the resulting webhooks.
    pub(crate) fn with_payments<T>(&self, work: impl FnOnce(&mut PaymentTable, Timestamp) -> T) -> T {
        let mut state = self.state();
        let done = work(&mut state.payments, self.clock.now());
        self.post(&mut state);
        done
    }

    /// Releases every hanging request. Its idempotency key now has the answer if the request took effect; otherwise
    /// the key is free again.
    pub(crate) fn release_hanging(&self) {
        let mut state = self.state();
        for (identity, answer) in std::mem::take(&mut state.hanging) {
            keep(&mut state.answers, identity.as_ref(), answer.as_ref());
        }
        drop(state);
        self.released.notify_waiters();
    }

    fn run(
        &self,
        state: &mut State,
        call: Call,
        headers: &HeaderMap,
        identity: Option<Identity>,
        effect: impl FnOnce(&mut PaymentTable, Timestamp) -> Answer,
    ) -> Outcome {
        let fault = self.test_code(call, headers).or_else(|| state.next_fault(call));
        let now = self.clock.now();
        let Some(fault) = fault else {
            let answer = effect(&mut state.payments, now);
            self.post(state);
            keep(&mut state.answers, identity.as_ref(), Some(&answer));
            return answer.into();
        };
        let truth = (fault.effect == Effect::First).then(|| effect(&mut state.payments, now));
        self.post(state);
        fail(state, fault.reply, identity, truth, now)
    }

    /// Passes the new webhooks to the sending task.
    fn post(&self, state: &mut State) {
        for message in state.payments.take_webhooks() {
            if let Some(sender) = &self.sender {
                // The receiver is closed only while the stub is ending; no test then waits for the webhook.
                let _ = sender.send(message.clone());
            }
            state.webhooks.push(message);
        }
    }

    fn count(&self, call: Call) -> MutexGuard<'_, State> {
        let mut state = self.state();
        *state.asked.entry(call).or_default() += 1;
        self.asked.notify_waiters();
        state
    }

    fn identify(&self, headers: &HeaderMap, address: &str) -> Result<Option<Identity>, &'static str> {
        let api_key = self.authorise(headers)?;
        let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
        let key = key.to_str().map_err(|_| "INVALID_IDEMPOTENCY_KEY")?.to_owned();
        if key.is_empty() || key.chars().count() > MAX_KEY_CHARS {
            return Err("INVALID_IDEMPOTENCY_KEY");
        }
        Ok(Some(Identity { key, api_key, address: address.to_owned() }))
    }

    fn authorise(&self, headers: &HeaderMap) -> Result<String, &'static str> {
        let header = headers.get("authorization").ok_or("UNAUTHORIZED_KEY")?;
        let header = header.to_str().map_err(|_| "INCORRECT_BASIC_AUTH_FORMAT")?;
        let encoded = header.strip_prefix("Basic ").ok_or("INCORRECT_BASIC_AUTH_FORMAT")?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| "INCORRECT_BASIC_AUTH_FORMAT")?;
        let text = String::from_utf8(bytes).map_err(|_| "INCORRECT_BASIC_AUTH_FORMAT")?;
        let key = text.strip_suffix(':').ok_or("INCORRECT_BASIC_AUTH_FORMAT")?;
        if key == self.secret_key { Ok(key.to_owned()) } else { Err("UNAUTHORIZED_KEY") }
    }

    /// Reads the header with which a request under a test key demands an error.
    fn test_code(&self, call: Call, headers: &HeaderMap) -> Option<Fault> {
        let code = headers.get("tosspayments-test-code")?.to_str().ok()?;
        self.secret_key.starts_with("test_").then(|| Fault::code(call, code))
    }
}

impl State {
    fn next_fault(&mut self, call: Call) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| fault.call == call)?;
        self.faults.remove(at)
    }
}

/// Applies a fault; `truth` is the regular answer, if the request took effect.
fn fail(
    state: &mut State,
    reply: Reply,
    identity: Option<Identity>,
    truth: Option<Answer>,
    now: Timestamp,
) -> Outcome {
    let answer = match &reply {
        Reply::Code(code) => Answer::error(code),
        Reply::Crossed(order_id) => state.payments.show_order(order_id, now),
        _ => truth.clone().unwrap_or_else(|| Answer::error("FAILED_INTERNAL_SYSTEM_PROCESSING")),
    };
    match reply {
        Reply::Code(_) => keep(&mut state.answers, identity.as_ref(), Some(&answer)),
        Reply::Hang => state.hanging.push((identity, truth)),
        Reply::Cut | Reply::Unreadable(_) | Reply::Crossed(_) | Reply::Twice => {
            keep(&mut state.answers, identity.as_ref(), truth.as_ref());
        }
    }
    Outcome { answer, reply: Some(reply) }
}

/// Stores an answer under its idempotency key. Without an answer, the key is free again.
fn keep(answers: &mut StoredAnswers, identity: Option<&Identity>, answer: Option<&Answer>) {
    match (identity, answer) {
        (None, _) => {}
        (Some(identity), Some(answer)) => answers.answered(identity, answer),
        (Some(identity), None) => answers.forget(identity),
    }
}
