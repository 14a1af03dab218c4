//! TossPayments: its options, and the gateway built from them.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::{
    BuyerId, Currency, IdSource, Money, PaymentGateway, PaymentId,
    clock::TimeOrderedIds,
    gateway::{GuardSettings, LookupAnswer, LookupRequest},
};
use tiketi_toss::{TossGateway, TossLimits, TossSettings, TossSettingsError};

use crate::failure::Failure;
use crate::options::Paying;

/// The kinds of keys (source: TossPayments, API keys): how a secret key begins, and the client key of its pair.
const PAIRS: [(&str, &str); 4] = [
    ("test_sk_", "test_ck_"),
    ("test_gsk_", "test_gck_"),
    ("live_sk_", "live_ck_"),
    ("live_gsk_", "live_gck_"),
];

/// Most calls that the gateway makes for one request.
const QUESTIONS: u32 = 2;
/// Time for work that is neither a call nor a pause.
const SLACK: Duration = Duration::from_secs(2);

/// The shop's account at TossPayments.
#[derive(Debug)]
pub(crate) struct Toss {
    settings: TossSettings,
}

impl Toss {
    /// Reads the account, if there is one; refuses two keys that are not a pair, without showing them.
    pub(crate) fn of(options: Paying) -> Result<Option<Self>, Failure> {
        let (secret, client) = match (options.toss_secret_key, options.toss_client_key) {
            (None, None) => return Ok(None),
            (Some(secret), Some(client)) => (secret, client),
            (Some(_), None) => return Err(lonely("--toss-secret-key", "--toss-client-key")),
            (None, Some(_)) => return Err(lonely("--toss-client-key", "--toss-secret-key")),
        };
        check_pair(&secret, &client)?;
        let settings = TossSettings::new(secret, client.expose_secret())
            .base_url(options.toss_base_url)
            .methods(options.toss_methods.0);
        let toss = Self { settings };
        toss.gateway().map(|_| Some(toss))
    }

    /// Builds the gateway; makes no call yet.
    pub(crate) fn gateway(&self) -> Result<TossGateway, Failure> {
        TossGateway::new(self.settings.clone()).map_err(|error| {
            let told = match error {
                TossSettingsError::SecretKey => "--toss-secret-key",
                TossSettingsError::BaseUrl | TossSettingsError::PlainHttp => "--toss-base-url",
                _ => "cannot pay at TossPayments",
            };
            Failure::during(told, &error)
        })
    }

    /// Returns how long a call may take before the breaker counts it as a failure.
    ///
    /// It is longer than the gateway's own limits.
    pub(crate) fn guard(&self) -> GuardSettings {
        let TossLimits { change, read, .. } = self.settings.limits;
        let question_within = read * QUESTIONS + SLACK;
        GuardSettings::default().money_within(change + question_within).question_within(question_within)
    }

    /// Looks up an order that does not exist, to check that the provider accepts the shop's key.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        let (payment, amount) = (PaymentId::from_uuid(TimeOrderedIds.next()), Money::zero(Currency::KRW));
        let question = LookupRequest::new(payment, BuyerId::from_uuid(TimeOrderedIds.next()), amount);
        let url = &self.settings.base_url;
        match self.gateway()?.lookup(question).await {
            LookupAnswer::NotFound => Ok(format!("{url} accepts the secret key")),
            LookupAnswer::Unknown { reason, response: _ } => {
                Err(Failure::new(format!("--toss-base-url {url}: {reason}")))
            }
            _ => {
                let problem = "it reports an order that does not exist";
                Err(Failure::new(format!("--toss-base-url {url}: {problem}")))
            }
        }
    }
}

fn lonely(given: &str, missing: &str) -> Failure {
    Failure::new(format!("{given} needs {missing}"))
}

/// Refuses keys that are not a pair, above all a secret key given as the client key: browsers would receive it.
fn check_pair(secret: &SecretString, client: &SecretString) -> Result<(), Failure> {
    let starts = |key: &SecretString, begin: &str| {
        key.expose_secret().strip_prefix(begin).is_some_and(|rest| !rest.is_empty())
    };
    let wrong = |sentence: &str| Err(Failure::new(sentence));
    let Some((_, of_pair)) = PAIRS.iter().find(|(begin, _)| starts(secret, begin)) else {
        return wrong(
            "--toss-secret-key is not a secret key: it must begin with test_sk_, live_sk_, test_gsk_ or live_gsk_",
        );
    };
    if starts(client, of_pair) {
        return Ok(());
    }
    if PAIRS.iter().any(|(begin, _)| starts(client, begin)) {
        return wrong("--toss-client-key is a secret key, which every browser would receive");
    }
    Err(Failure::new(format!(
        "--toss-client-key does not belong to the secret key: it must begin with {of_pair}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(secret: &str, client: &str) -> Result<(), String> {
        let pair = check_pair(&SecretString::from(secret), &SecretString::from(client));
        pair.map_err(|failure| failure.sentence().to_owned())
    }

    #[test]
    fn keys_of_one_pair_are_taken() {
        for (secret, client) in [("test_sk_a", "test_ck_b"), ("live_gsk_a", "live_gck_b")] {
            assert_eq!(checked(secret, client), Ok(()));
        }
    }

    #[test]
    fn keys_that_are_no_pair_are_refused_without_being_shown() {
        for (secret, client, words) in [
            ("hush", "test_ck_b", "is not a secret key"),
            ("test_sk_", "test_ck_b", "is not a secret key"),
            ("test_ck_hush", "test_sk_hush", "is not a secret key"),
            ("test_sk_hush", "test_sk_hush", "every browser"),
            ("test_sk_hush", "live_ck_hush", "begin with test_ck_"),
            ("test_sk_hush", "test_gck_hush", "begin with test_ck_"),
            ("live_sk_hush", "hush", "begin with live_ck_"),
        ] {
            let sentence = checked(secret, client).unwrap_err();
            assert!(sentence.contains(words) && !sentence.contains("hush"), "{sentence}");
        }
    }
}
