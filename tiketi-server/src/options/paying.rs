//! Options about payments, late payments and refunds.

use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tiketi_core::{
    CancellationPolicy,
    terms::{LatePayment, RefundedSeats},
};
use tiketi_toss::{TOSS_URL, TossMethod};

use super::cancellation;
use super::values;

/// Options about payments.
#[derive(Debug, Args)]
#[command(next_help_heading = "Paying")]
pub(crate) struct Paying {
    /// Secret key of the shop at TossPayments; if set, buyers pay through TossPayments
    #[arg(long, value_name = "KEY", value_parser = values::secret)]
    pub(crate) toss_secret_key: Option<SecretString>,
    /// Client key of the same pair; browsers open the payment window with it
    // Treated as a secret until it is checked: an operator may give the secret key here by mistake, and an error must
    // not print it.
    #[arg(long, value_name = "KEY", value_parser = values::secret)]
    pub(crate) toss_client_key: Option<SecretString>,
    /// Base URL of TossPayments, or of a stub; plain http is allowed for this machine only
    #[arg(long, value_name = "URL", default_value = TOSS_URL)]
    pub(crate) toss_base_url: String,
    /// Payment methods to offer through TossPayments, in this order, separated by commas: `card`, `transfer`,
    /// `virtual-account` and `mobile-phone`
    #[arg(long, value_name = "METHODS", default_value = "card,transfer", value_parser = toss_methods)]
    pub(crate) toss_methods: TossMethods,
    /// Time a buyer has to pay into a virtual account; the seats are held until then; at most 30 days
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = values::duration)]
    pub(crate) deposit_window: Duration,
    /// Offer the built-in payment methods, which move no money; by default only if there is no other
    #[arg(long)]
    pub(crate) test_gateway: Option<bool>,
    /// What happens to a payment that is captured after its hold ended
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    pub(crate) late_payment: LateMoney,
    /// How long after a confirm the provider's answer "no such order" stays inconclusive; then it means that no money
    /// was taken
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) not_found_grace: Duration,
    /// Shortest such time once the hold is past its cap: how much longer an order that the provider does not know may
    /// keep its seats
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = values::duration)]
    pub(crate) not_found_grace_past_cap: Duration,
    /// Pause after an inconclusive answer before the provider is asked again; the next pauses are two and five times as
    /// long
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = values::duration)]
    pub(crate) ask_again_after: Duration,
    /// Longest pause between two such requests
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) ask_again_at_most: Duration,
    /// How long a payment's outcome may be unknown before staff see the payment on their list
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) trouble_after: Duration,
    /// How many payments this server reconciles at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub(crate) reconcilers: u32,
    /// What happens to seats whose payment was refunded
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    pub(crate) refunded_seats: SeatsBack,
    /// Cancellation policy: until when buyers may return tickets, and what the shop keeps of the price; tiers of
    /// `TIME_BEFORE_THE_START:PERCENT%+FEE` separated by commas, or `none` for no refunds
    #[arg(long, value_name = "TIERS", default_value = "0s:0%", value_parser = cancellation::policy)]
    pub(crate) cancellation_policy: CancellationPolicy,
}

/// Reads payment methods, each at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TossMethods(pub(crate) Vec<TossMethod>);

fn toss_methods(text: &str) -> Result<TossMethods, String> {
    let mut methods = Vec::new();
    for word in text.split(',').map(str::trim) {
        let known = TossMethod::ALL.into_iter().find(|method| method.word() == word);
        let method = known.ok_or_else(|| {
            let words = TossMethod::ALL.map(TossMethod::word).join(", ");
            format!("unknown payment method `{word}`; there are {words}")
        })?;
        if methods.contains(&method) {
            return Err(format!("`{word}` appears twice"));
        }
        methods.push(method);
    }
    Ok(TossMethods(methods))
}

/// What happens to seats whose payment was refunded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeatsBack {
    /// They are available again at once
    #[default]
    OnSale,
    /// They are blocked until the organiser puts them back on sale
    Blocked,
}

impl From<SeatsBack> for RefundedSeats {
    fn from(policy: SeatsBack) -> Self {
        match policy {
            SeatsBack::OnSale => Self::OnSale,
            SeatsBack::Blocked => Self::Blocked,
        }
    }
}

/// What happens to a late payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LateMoney {
    /// It takes the same seats again if all are free; otherwise it is refunded
    #[default]
    TakeAgain,
    /// It is refunded
    Refund,
}

impl From<LateMoney> for LatePayment {
    fn from(policy: LateMoney) -> Self {
        match policy {
            LateMoney::TakeAgain => Self::TakeAgainElseRefund,
            LateMoney::Refund => Self::Refund,
        }
    }
}
