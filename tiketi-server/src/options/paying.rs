//! How buyers pay, and what becomes of money that goes astray.

use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tiketi_core::{CancellationPolicy, LatePayment, RefundedSeats};
use tiketi_toss::{TOSS_URL, TossMethod};

use super::cancellation;
use super::values;

/// The options about payments.
#[derive(Debug, Args)]
#[command(next_help_heading = "Paying")]
pub(crate) struct Paying {
    /// Secret key of the shop at TossPayments; with it buyers pay there
    #[arg(long, value_name = "KEY", value_parser = values::secret)]
    pub(crate) toss_secret_key: Option<SecretString>,
    /// Client key of the same pair, which browsers open the payment window with
    // Kept as a secret until it is known to be none: whoever mixes the two up shall not see it printed.
    #[arg(long, value_name = "KEY", value_parser = values::secret)]
    pub(crate) toss_client_key: Option<SecretString>,
    /// Where TossPayments answers, such as a stub; plain http only on this machine
    #[arg(long, value_name = "URL", default_value = TOSS_URL)]
    pub(crate) toss_base_url: String,
    /// Ways of paying to offer at TossPayments, in this order, with commas between: `card`, `transfer`,
    /// `virtual-account` and `mobile-phone`
    #[arg(long, value_name = "METHODS", default_value = "card,transfer", value_parser = toss_methods)]
    pub(crate) toss_methods: TossMethods,
    /// How long a buyer who pays into a virtual account may take, and keeps the seats; at most 30 days
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = values::duration)]
    pub(crate) deposit_window: Duration,
    /// Offer the built-in ways of paying, which move no money; by default only while there is no other
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new(),
        hide_possible_values = true
    )]
    pub(crate) test_gateway: Option<bool>,
    /// What becomes of money that comes when its hold has run out
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    pub(crate) late_payment: LateMoney,
    /// How long a provider may not know an order that is being confirmed, before it is believed
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) not_found_grace: Duration,
    /// The same once the hold is past its cap: how much longer an order the provider does not know may keep its seats
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = values::duration)]
    pub(crate) not_found_grace_past_cap: Duration,
    /// How long to wait before a provider that did not say what became of money is asked again; then twice and five
    /// times as long
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = values::duration)]
    pub(crate) ask_again_after: Duration,
    /// How long to wait at most between two such questions
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) ask_again_at_most: Duration,
    /// How long a provider's word may be awaited before the payment is listed for a person
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) attention_after: Duration,
    /// How many payments this server asks after at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub(crate) reconcilers: u32,
    /// What becomes of seats whose money went back
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    pub(crate) refunded_seats: SeatsBack,
    /// Until when buyers may give tickets back, and what the shop keeps of the price: tiers of
    /// `TIME_BEFORE_THE_START:PERCENT%+FEE` with commas between, or `none` for no refunds
    #[arg(long, value_name = "TIERS", default_value = "0s:0%", value_parser = cancellation::policy)]
    pub(crate) cancellation_policy: CancellationPolicy,
}

/// Ways of paying, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TossMethods(pub(crate) Vec<TossMethod>);

fn toss_methods(text: &str) -> Result<TossMethods, String> {
    let mut methods = Vec::new();
    for word in text.split(',').map(str::trim) {
        let known = TossMethod::ALL.into_iter().find(|method| method.word() == word);
        let method = known.ok_or_else(|| {
            let words = TossMethod::ALL.map(TossMethod::word).join(", ");
            format!("there is no way of paying called `{word}`; there are {words}")
        })?;
        if methods.contains(&method) {
            return Err(format!("`{word}` is there twice"));
        }
        methods.push(method);
    }
    Ok(TossMethods(methods))
}

/// What becomes of seats whose money went back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeatsBack {
    /// They are for sale again at once
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

/// What becomes of money that comes too late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LateMoney {
    /// It takes the same seats again if all are free, and else goes back
    #[default]
    TakeAgain,
    /// It goes back
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
