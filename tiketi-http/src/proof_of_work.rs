//! Proof of work in the format of ALTCHA, version 2, with Argon2id.
//!
//! A challenge is derived from the secret, the place and its end, so the server keeps none. It is signed and names its
//! place and buyer. A checked proof is a fact of the place, so it is checked once, and works for no other place.

use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tiketi_core::Timestamp;
use tiketi_core::rate_limit::{RateKey, RateLimit, RateLimits, Take, Taken};
use tiketi_core::waiting_room::{Place, ProofOfWork};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::limits::HttpLimits;

/// Names the secret among those that are derived from the key of admission passes.
pub(crate) const PURPOSE: &str = "proof of work";
const ALGORITHM: &str = "ARGON2ID";
const KEY_BYTES: usize = 32;
/// How long a challenge is valid, and what is left of it at least when it is given.
const VALID_SECONDS: u64 = 24 * 3_600;
const LEFT: Duration = Duration::from_hours(1);
/// Wrong proofs of one buyer that are hashed: 6 in a minute.
const CHECKS: (u32, Duration) = (6, Duration::from_mins(1));

/// Work for the client of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProofChallenge)]
pub(crate) struct Challenge {
    parameters: Parameters,
    /// HMAC-SHA-256 of the parameters, for the server; a client sends it back as it is.
    signature: String,
}

/// The parameters of a challenge. The fields are in the order of their names, which is the order that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProofParameters)]
struct Parameters {
    /// `ARGON2ID`, version 19.
    #[schema(example = "ARGON2ID")]
    algorithm: String,
    /// Passes over the memory.
    #[schema(example = 1)]
    cost: u32,
    data: BoundTo,
    /// Seconds since 1970 from which the challenge is too old.
    #[schema(example = 1_767_693_600)]
    expires_at: i64,
    /// Bytes of a hash.
    #[schema(example = 32)]
    key_length: usize,
    /// What a hash begins with, in hexadecimal digits.
    #[schema(example = "00")]
    key_prefix: String,
    /// Memory in KiB.
    #[schema(example = 16_384)]
    memory_cost: u32,
    /// In hexadecimal digits; the first part of the password.
    nonce: String,
    #[schema(example = 1)]
    parallelism: u32,
    /// In hexadecimal digits.
    salt: String,
}

/// Whom a challenge is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProofBinding)]
struct BoundTo {
    buyer: String,
    place: String,
}

/// What a client found.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Solution,
}

impl Challenge {
    /// Makes the challenge of a place, the same for every question within a day.
    pub(crate) fn of(place: &Place, proof: &ProofOfWork, secret: &[u8; 32], now: Timestamp) -> Self {
        let data = BoundTo { buyer: place.buyer.to_string(), place: place.id.to_string() };
        let expires_at = expires_at(place.joined_at, now);
        let key_prefix = "0".repeat(usize::try_from(proof.zero_digits).unwrap_or_default());
        let text = format!("{} {} {expires_at} {proof:?}", data.buyer, data.place);
        let random = mac(secret, &["challenge", &text]).finalize().into_bytes();
        let (nonce, salt) = random.split_at(KEY_BYTES / 2);
        let parameters = Parameters {
            algorithm: ALGORITHM.to_owned(),
            cost: proof.passes,
            data,
            expires_at,
            key_length: KEY_BYTES,
            key_prefix,
            memory_cost: proof.memory_kib,
            nonce: hex::encode(nonce),
            parallelism: 1,
            salt: hex::encode(salt),
        };
        let signature = hex::encode(signed(&parameters, secret).finalize().into_bytes());
        Self { parameters, signature }
    }

    /// Checks all but the work: the signature first, then whom it is for and its end.
    fn check(&self, place: &Place, secret: &[u8; 32], now: Timestamp) -> Result<(), ApiError> {
        let Parameters { data, expires_at, .. } = &self.parameters;
        let signature = hex::decode(&self.signature).map_err(|_| wrong("signature"))?;
        signed(&self.parameters, secret).verify_slice(&signature).map_err(|_| wrong("signature"))?;
        if data.place != place.id.to_string() || data.buyer != place.buyer.to_string() {
            return Err(wrong("place"));
        }
        if *expires_at <= now.as_micros().div_euclid(1_000_000) {
            return Err(wrong("expired"));
        }
        Ok(())
    }
}

/// Checks proofs, a few at a time.
#[derive(Debug)]
pub(crate) struct Proofs {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    counts: Arc<dyn RateLimits>,
}

impl Proofs {
    pub(crate) fn new(limits: &HttpLimits, counts: Arc<dyn RateLimits>) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        let places = limits.max_proof_checks.saturating_add(limits.max_waiting_proofs);
        Self { running: semaphore(limits.max_proof_checks), waiting: semaphore(places), counts }
    }

    /// Checks what a client sent for a place.
    ///
    /// Everything that costs little comes before the hash. Few hashes run at once, and one buyer gets few of them.
    pub(crate) async fn check(
        &self,
        payload: &str,
        place: &Place,
        secret: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let payload = STANDARD.decode(payload).ok();
        let payload = payload.and_then(|bytes| serde_json::from_slice::<Payload>(&bytes).ok());
        let Payload { challenge, solution } = payload.ok_or_else(|| wrong("format"))?;
        challenge.check(place, secret, now)?;
        if !solution.derived_key.starts_with(&challenge.parameters.key_prefix) {
            return Err(wrong("solution"));
        }
        self.count(place, now).await?;
        self.hash(challenge.parameters, solution).await
    }

    async fn count(&self, place: &Place, now: Timestamp) -> Result<(), ApiError> {
        let Ok(limit) = RateLimit::new(CHECKS.0, CHECKS.1) else { return Ok(()) };
        let key = RateKey::new("proof", &[place.buyer.as_uuid().as_bytes()]);
        match self.counts.take(Take { now, key, limit }).await {
            Ok(Taken::Exceeded { retry_at }) => {
                Err(ApiError::new(Code::TooManyAttempts).retry_after(retry_at.since(now)))
            }
            // A store of limits that fails limits no one; the number of hashes at once is limited still.
            Ok(Taken::Within { .. }) | Err(_) => Ok(()),
        }
    }

    async fn hash(&self, parameters: Parameters, solution: Solution) -> Result<(), ApiError> {
        let busy = || ApiError::new(Code::TooBusy);
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        let checked = tokio::task::spawn_blocking(move || {
            // The thread holds the permits: a client that disconnects frees none while its hash still runs.
            let _permits = (place, turn);
            is_solved(&parameters, &solution)
        });
        if checked.await.map_err(ApiError::internal)? { Ok(()) } else { Err(wrong("solution")) }
    }
}

/// Computes the one hash that the solution names.
fn is_solved(parameters: &Parameters, solution: &Solution) -> bool {
    let Parameters { memory_cost, cost, parallelism, key_length, .. } = *parameters;
    let made = Params::new(memory_cost, cost, parallelism, Some(key_length));
    let (nonce, salt) = (hex::decode(&parameters.nonce), hex::decode(&parameters.salt));
    let (Ok(made), Ok(nonce), Ok(salt)) = (made, nonce, salt) else {
        return false;
    };
    let password = [&nonce[..], &solution.counter.to_be_bytes()].concat();
    let mut key = vec![0; key_length];
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, made);
    if hasher.hash_password_into(&password, &salt, &mut key).is_err() {
        return false;
    }
    let key = hex::encode(key);
    key.starts_with(&parameters.key_prefix) && key == solution.derived_key
}

/// Returns the end of a challenge: whole days after the buyer joined, at least an hour from now.
fn expires_at(joined_at: Timestamp, now: Timestamp) -> i64 {
    let days = now.after(LEFT).since(joined_at).as_secs() / VALID_SECONDS + 1;
    let end = joined_at.after(Duration::from_secs(days.saturating_mul(VALID_SECONDS)));
    end.as_micros().div_euclid(1_000_000)
}

fn signed(parameters: &Parameters, secret: &[u8; 32]) -> Hmac<Sha256> {
    // Numbers and texts alone: writing them as JSON cannot fail.
    mac(secret, &["", &serde_json::to_string(parameters).unwrap_or_default()])
}

/// Signs texts. The first one keeps signatures apart from other uses of the secret; it is empty for ALTCHA's own.
fn mac(secret: &[u8; 32], texts: &[&str; 2]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    for (byte, secret) in block.iter_mut().zip(secret) {
        *byte = *secret;
    }
    // HMAC fills a shorter secret up to a block with zeros (RFC 2104).
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for text in texts {
        mac.update(text.as_bytes());
    }
    mac
}

fn wrong(reason: &str) -> ApiError {
    ApiError::new(Code::ProofInvalid).detail("reason", reason)
}

#[cfg(test)]
mod tests {
    use tiketi_core::waiting_room::{PlaceClass, PlaceId, PlaceState, ProofState};
    use tiketi_core::{BuyerId, CommandKey, EventId};
    use uuid::Uuid;

    use super::*;

    const SECRET: [u8; 32] = [b's'; 32];

    /// Signed and solved by ALTCHA's library for Python (2.3.0), with the same secret.
    const OF_ALTCHA: &str = r#"{"challenge": {"parameters": {"algorithm": "ARGON2ID", "cost": 1, "keyLength": 32,
        "keyPrefix": "00", "nonce": "b27a4c9b2b2ca3a0ceda67153c7e842c", "salt": "c938ab8fac290f1391dd7fc08ea5937c",
        "memoryCost": 8, "parallelism": 1, "expiresAt": 86400, "data": {
        "buyer": "00000000-0000-0000-0000-000000000002", "place": "00000000-0000-0000-0000-000000000001.s1"}},
        "signature": "99c0e05a8be54b6048f810584a028dee5e1022ab0fe361bacf03b6d76da23ca1"}, "solution": {"counter": 375,
        "derivedKey": "003cd83a6569514798d94e977a7b4dd7916ee5e259e26ab7dfdf29f44dcd22ae", "time": 314.68}}"#;

    fn at(hours: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_hours(hours))
    }

    fn place(arrival: u64) -> Place {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        Place {
            id: PlaceId { event, class: PlaceClass::Standard, arrival },
            buyer: BuyerId::from_uuid(Uuid::from_u128(2)),
            party: 1,
            state: PlaceState::Waiting,
            joined_at: at(0),
            joined_by: CommandKey::from_uuid(Uuid::from_u128(3)),
            proof: ProofState::Missing,
        }
    }

    fn challenge(arrival: u64, now: Timestamp) -> Challenge {
        Challenge::of(&place(arrival), &ProofOfWork::default(), &SECRET, now)
    }

    #[test]
    fn what_altcha_signed_and_solved_is_right() {
        let Payload { challenge, mut solution } = serde_json::from_str(OF_ALTCHA).unwrap();
        assert!(challenge.check(&place(1), &SECRET, at(0)).is_ok());
        assert!(is_solved(&challenge.parameters, &solution));
        solution.counter += 1;
        assert!(!is_solved(&challenge.parameters, &solution));
    }

    #[test]
    fn a_challenge_is_valid_until_its_end_and_then_another_is_given() {
        let first = challenge(1, at(0));
        assert!(first.check(&place(1), &SECRET, at(23)).is_ok());
        assert!(first.check(&place(1), &SECRET, at(24)).is_err());
        assert_eq!(challenge(1, at(22)), first);
        let next = challenge(1, at(23));
        assert!(next != first && next.check(&place(1), &SECRET, at(24)).is_ok());
    }

    #[test]
    fn challenges_of_two_places_share_neither_nonce_nor_salt() {
        let (one, other) = (challenge(1, at(0)).parameters, challenge(2, at(0)).parameters);
        assert!(one.nonce != other.nonce && one.salt != other.salt && one.nonce != one.salt);
        assert_eq!((one.nonce.len(), one.salt.len()), (32, 32));
    }

    #[test]
    fn a_challenge_of_another_secret_is_refused() {
        assert!(challenge(1, at(0)).check(&place(1), &[8; 32], at(0)).is_err());
    }
}
