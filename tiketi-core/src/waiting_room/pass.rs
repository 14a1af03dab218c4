//! Admission passes: signed proofs that a buyer may hold tickets of an event until a moment.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex::{from_hex, write_hex};
use crate::id::{BuyerId, EventId};
use crate::time::Timestamp;

/// Separates these signatures from any other use of the same key.
const DOMAIN: &[u8] = b"tiketi admission v1";
/// Separates secrets that are derived from a key from its signatures.
const DERIVED: &[u8] = b"tiketi derived v1";
/// Shortest secret of a key, in bytes.
const SHORTEST_SECRET: usize = 32;
/// Length of a signature, in bytes.
const SIGNATURE: usize = 32;
/// Length of a block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// The secret with which servers sign admission passes and check them.
///
/// All servers of a shop need the same one. The signature is HMAC-SHA256 over the event, the buyer and the end.
///
/// ```
/// use std::time::Duration;
/// use tiketi_core::{BuyerId, EventId, Timestamp, waiting_room::AdmissionKey};
/// # let event: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// # let buyer: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8058".parse()?;
///
/// let key = AdmissionKey::new(&[7; 32])?;
/// let now = Timestamp::EPOCH;
/// let pass = key.sign(event, buyer, now.after(Duration::from_mins(10)));
/// let admitted = key.verify(&pass, event, buyer).ok_or("signed with another key")?;
/// assert!(admitted.admits(event, buyer, now));
/// assert!(!admitted.admits(event, buyer, pass.until()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AdmissionKey(Hmac<Sha256>);

/// A secret that is too short to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an admission secret has at least 32 bytes")]
#[non_exhaustive]
pub struct AdmissionKeyTooShort;

impl AdmissionKey {
    /// Makes a key from at least 32 secret bytes.
    ///
    /// # Errors
    ///
    /// [`AdmissionKeyTooShort`] for fewer.
    pub fn new(secret: &[u8]) -> Result<Self, AdmissionKeyTooShort> {
        if secret.len() < SHORTEST_SECRET {
            return Err(AdmissionKeyTooShort);
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| AdmissionKeyTooShort)
    }

    /// Makes a key from 32 secret bytes.
    pub fn of(secret: &[u8; 32]) -> Self {
        let mut block = [0; BLOCK];
        for (byte, secret) in block.iter_mut().zip(secret) {
            *byte = *secret;
        }
        // HMAC fills a shorter secret up to a block with zeros (RFC 2104), so this is the same key as by `new`.
        Self(Hmac::new(&block.into()))
    }

    /// Signs a pass that ends at `until`.
    pub fn sign(&self, event: EventId, buyer: BuyerId, until: Timestamp) -> AdmissionPass {
        AdmissionPass { until, signature: self.mac(event, buyer, until).finalize().into_bytes().into() }
    }

    /// Checks that a pass was signed with this key for this buyer and event; `None` if not.
    ///
    /// The comparison takes the same time for every signature. [`Admitted::admits`] returns whether the pass has ended.
    pub fn verify(&self, pass: &AdmissionPass, event: EventId, buyer: BuyerId) -> Option<Admitted> {
        let until = pass.until;
        self.mac(event, buyer, until).verify_slice(&pass.signature).ok()?;
        Some(Admitted { event, buyer, until })
    }

    /// Returns a secret for another purpose, the same on every server that has the key.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(DERIVED);
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, event: EventId, buyer: BuyerId, until: Timestamp) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(DOMAIN);
        mac.update(event.as_uuid().as_bytes());
        mac.update(buyer.as_uuid().as_bytes());
        mac.update(&until.as_micros().to_be_bytes());
        mac
    }
}

/// Hides the secret.
impl fmt::Debug for AdmissionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdmissionKey(…)")
    }
}

/// A signed proof that one buyer may hold tickets of one event until a moment.
///
/// Its text is the end in microseconds and the signature, both in hexadecimal: 80 characters and a dot. It names
/// neither buyer nor event; both are under the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AdmissionPass {
    until: Timestamp,
    signature: [u8; SIGNATURE],
}

impl AdmissionPass {
    /// Returns the first moment at which the pass admits no more.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Parses a pass; `None` if the text is not a pass. Only [`AdmissionKey::verify`] checks the signature.
    pub fn parse(text: &str) -> Option<Self> {
        let (until, signature) = text.split_once('.')?;
        let until = i64::from_be_bytes(from_hex(until)?);
        if until < 0 {
            return None;
        }
        Some(Self { until: Timestamp::from_micros(until), signature: from_hex(signature)? })
    }
}

/// Proof that a pass was checked; only [`AdmissionKey::verify`] makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    event: EventId,
    buyer: BuyerId,
    until: Timestamp,
}

impl Admitted {
    /// Returns whether it admits this buyer to this event at `now`.
    pub fn admits(&self, event: EventId, buyer: BuyerId, now: Timestamp) -> bool {
        self.event == event && self.buyer == buyer && now < self.until
    }
}

impl fmt::Display for AdmissionPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.", self.until.as_micros())?;
        write_hex(f, &self.signature)
    }
}

/// Hides the signature, with which anyone could act as the buyer.
impl fmt::Debug for AdmissionPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionPass").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn key() -> AdmissionKey {
        AdmissionKey::new(&[7; 32]).unwrap()
    }

    fn event(id: u128) -> EventId {
        EventId::from_uuid(Uuid::from_u128(id))
    }

    fn buyer(id: u128) -> BuyerId {
        BuyerId::from_uuid(Uuid::from_u128(id))
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn admits(
        key: &AdmissionKey,
        pass: &AdmissionPass,
        event: EventId,
        buyer: BuyerId,
        now: Timestamp,
    ) -> bool {
        key.verify(pass, event, buyer).is_some_and(|admitted| admitted.admits(event, buyer, now))
    }

    #[test]
    fn a_pass_admits_its_buyer_to_its_event_before_its_end() {
        let pass = key().sign(event(1), buyer(2), at(100));
        assert!(admits(&key(), &pass, event(1), buyer(2), at(99)));
        assert!(!admits(&key(), &pass, event(1), buyer(2), at(100)), "it has ended");
        assert!(!admits(&key(), &pass, event(3), buyer(2), at(99)), "another event");
        assert!(!admits(&key(), &pass, event(1), buyer(3), at(99)), "another buyer");
        assert!(
            !admits(&AdmissionKey::new(&[8; 32]).unwrap(), &pass, event(1), buyer(2), at(99)),
            "another key"
        );
    }

    #[test]
    fn a_pass_with_a_later_end_than_was_signed_admits_no_one() {
        let pass = key().sign(event(1), buyer(2), at(100));
        let longer = AdmissionPass { until: at(101), ..pass };
        assert!(!admits(&key(), &longer, event(1), buyer(2), at(99)));
    }

    #[test]
    fn a_checked_pass_is_no_proof_for_another_buyer_or_event() {
        let admitted = key().verify(&key().sign(event(1), buyer(2), at(100)), event(1), buyer(2)).unwrap();
        assert!(admitted.admits(event(1), buyer(2), at(99)));
        assert!(!admitted.admits(event(3), buyer(2), at(99)) && !admitted.admits(event(1), buyer(3), at(99)));
    }

    #[test]
    fn a_pass_survives_being_written_and_read() {
        let pass = key().sign(event(1), buyer(2), Timestamp::FAR_FUTURE);
        assert_eq!(AdmissionPass::parse(&pass.to_string()), Some(pass));
        assert_eq!(pass.to_string().len(), 81);
    }

    #[test]
    fn a_text_that_is_no_pass_is_not_read() {
        let text = key().sign(event(1), buyer(2), at(100)).to_string();
        for wrong in ["", ".", "x", &text[1..], &text[..80], &format!("{text}0"), &text.replace('.', ":")] {
            assert_eq!(AdmissionPass::parse(wrong), None, "{wrong}");
        }
        assert_eq!(AdmissionPass::parse(&text.to_uppercase()), None);
    }

    #[test]
    fn a_key_of_32_bytes_is_the_same_however_it_is_made() {
        let pass = AdmissionKey::of(&[7; 32]).sign(event(1), buyer(2), at(100));
        assert_eq!(pass, key().sign(event(1), buyer(2), at(100)));
    }

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_logged() {
        assert_eq!(AdmissionKey::new(&[7; 31]).unwrap_err(), AdmissionKeyTooShort);
        assert_eq!(format!("{:?}", key()), "AdmissionKey(…)");
        let pass = key().sign(event(1), buyer(2), at(100));
        let signature = &pass.to_string()[17..];
        assert!(!format!("{pass:?}").contains(signature));
    }

    proptest! {
        #[test]
        fn a_pass_with_one_changed_character_admits_no_one(at_char in 0_usize..81, with in "[0-9a-f]") {
            let pass = key().sign(event(1), buyer(2), at(1 << 50));
            let mut text = pass.to_string();
            text.replace_range(at_char..=at_char, &with);
            if let Some(changed) = AdmissionPass::parse(&text).filter(|changed| *changed != pass) {
                prop_assert!(!admits(&key(), &changed, event(1), buyer(2), at(1)));
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC*") {
            let _ = AdmissionPass::parse(&text);
        }
    }
}
