//! Codes that are sent by mail and prove that an address belongs to whom it should.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::account::{Email, PasswordHash};
use crate::hex::{from_hex, write_hex};
use crate::id::{AccountId, CodeId};
use crate::language::Language;
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
use crate::random::{Random, RandomError};
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// Separates hashes of codes from any other use of the same secret.
const DOMAIN: &[u8] = b"tiketi mailed code v1";
/// Letters of a code, without those that look alike; 32 of them, so that five bits choose each evenly.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a code: 40 bits, of which a client may guess [`CODE_TRIES`] times.
const CODE_LETTERS: usize = 8;

/// How often a code may be tried; the last right try uses it up: 5.
pub const CODE_TRIES: u32 = 5;

/// A code that was asked for and is sent by mail.
///
/// A client that asks for a code gets its id, and the mail has the code. A client that sends both proves the address. The
/// id cannot be guessed, so other clients cannot try the code or use up its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct MailedCode {
    /// Id of the code.
    pub id: CodeId,
    /// The address that the code proves.
    pub email: Email,
    /// What the code is for.
    pub purpose: CodePurpose,
    /// The language of the mail.
    pub language: Language,
    /// The hash of the code; `None` until the mail is written.
    pub hash: Option<CodeHash>,
    /// How often the code may still be tried.
    pub tries_left: u32,
    /// When the code ends.
    pub expires_at: Timestamp,
}

/// What a mailed code is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store and each mail acts on every case")]
pub enum CodePurpose {
    /// To create an account.
    Register(Registration),
    /// To prove the address of an account that exists.
    Verify {
        /// The account.
        account: AccountId,
    },
    /// To set a new password.
    Reset,
}

/// An account that is created once its address is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct Registration {
    /// Name of the person.
    pub name: String,
    /// Telephone number, if given.
    pub phone: Option<String>,
    /// The password's salted hash.
    pub password: PasswordHash,
}

impl MailedCode {
    /// Checks every text; stores call it before they save one.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        match &self.purpose {
            CodePurpose::Register(Registration { name, phone, password }) => {
                check_line("name", name, 0..=MAX_NAME_CHARS)?;
                check_line("phone", phone.as_deref().unwrap_or_default(), 0..=MAX_NAME_CHARS)?;
                check_line("password", password.as_phc(), 0..=MAX_NOTE_CHARS)
            }
            CodePurpose::Verify { account: _ } | CodePurpose::Reset => Ok(()),
        }
    }

    /// Returns whether the code may be tried at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.tries_left > 0 && now < self.expires_at
    }

    /// Returns whether a hash is that of the code.
    ///
    /// Its time tells nothing: who does not have the key cannot choose the bytes that are compared.
    pub fn matches(&self, hash: &CodeHash) -> bool {
        self.hash.as_ref() == Some(hash)
    }
}

impl CodeId {
    /// Makes an id that no one can guess.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the system has no source of randomness.
    pub fn unguessable(random: &dyn Random) -> Result<Self, RandomError> {
        let bytes = random.bytes()?;
        let half = bytes.first_chunk::<16>().ok_or(RandomError)?;
        Ok(Self::from_uuid(uuid::Builder::from_random_bytes(*half).into_uuid()))
    }
}

/// The secret with which codes are hashed: a copy of the store alone reveals none.
///
/// Every server of a shop needs the same one.
#[derive(Clone)]
pub struct CodeKey(Hmac<Sha256>);

impl CodeKey {
    /// Derives the key from a secret of the shop, such as the one that signs tokens.
    pub fn of(secret: &[u8]) -> Self {
        // A key of one block fits always; the secret is hashed to that length.
        let mut block = [0; 64];
        for (byte, of_hash) in block.iter_mut().zip(Sha256::digest(secret)) {
            *byte = of_hash;
        }
        Self(Hmac::new(&block.into()))
    }

    /// Returns the hash of a code as a person typed it: letter case, spaces and hyphens do not count.
    pub fn hash(&self, id: CodeId, typed: &str) -> CodeHash {
        let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = letters.take(4 * CODE_LETTERS).collect::<String>().to_lowercase();
        let mut mac = self.0.clone();
        for part in [DOMAIN, id.as_uuid().as_bytes(), code.as_bytes()] {
            mac.update(part);
        }
        CodeHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

/// Makes a code as people type it, such as `k7mw-ad3h`.
///
/// # Errors
///
/// [`RandomError`] if the system has no source of randomness.
pub fn new_code(random: &dyn Random) -> Result<String, RandomError> {
    let bytes = random.bytes()?;
    let mut code = String::with_capacity(CODE_LETTERS + 1);
    for (place, byte) in bytes.into_iter().take(CODE_LETTERS).enumerate() {
        if place == CODE_LETTERS / 2 {
            code.push('-');
        }
        let letter = LETTERS.get(usize::from(byte % 32)).ok_or(RandomError)?;
        code.push(char::from(*letter));
    }
    Ok(code)
}

/// The keyed hash of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Reads the hexadecimal digits of a stored hash.
    pub fn from_stored(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::random::SystemRandom;

    fn id(number: u128) -> CodeId {
        CodeId::from_uuid(Uuid::from_u128(number))
    }

    fn key() -> CodeKey {
        CodeKey::of(&[7; 32])
    }

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let hash = key().hash(id(1), "k7mw-ad3h");
        for typed in ["K7MW-AD3H", " k7mwad3h ", "k7mw ad3h", "k7-mw-ad-3h"] {
            assert_eq!(key().hash(id(1), typed), hash, "{typed}");
        }
        for other in ["k7mw-ad3g", "k7mw-ad3", "", "k7mw-ad3hh"] {
            assert_ne!(key().hash(id(1), other), hash, "{other}");
        }
    }

    #[test]
    fn a_hash_is_of_one_id_and_one_secret() {
        let hash = key().hash(id(1), "k7mw-ad3h");
        assert_ne!(key().hash(id(2), "k7mw-ad3h"), hash);
        assert_ne!(CodeKey::of(&[8; 32]).hash(id(1), "k7mw-ad3h"), hash);
        assert_eq!(CodeHash::from_stored(&hash.to_string()), Some(hash));
    }

    #[test]
    fn codes_and_ids_differ_each_time() {
        let (one, other) = (new_code(&SystemRandom).unwrap(), new_code(&SystemRandom).unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.as_bytes()[4]), (9, b'-'));
        assert_ne!(CodeId::unguessable(&SystemRandom), CodeId::unguessable(&SystemRandom));
    }

    #[test]
    fn a_code_is_open_until_its_end_while_it_has_tries() {
        let at = |seconds| Timestamp::EPOCH.after(std::time::Duration::from_secs(seconds));
        let code = MailedCode {
            id: id(1),
            email: "hanbyul@mail.example".parse().unwrap(),
            purpose: CodePurpose::Reset,
            language: Language::Korean,
            hash: None,
            tries_left: 1,
            expires_at: at(60),
        };
        assert!(code.is_open(at(59)) && !code.is_open(at(60)));
        assert!(!MailedCode { tries_left: 0, ..code.clone() }.is_open(at(0)));
        assert!(!code.matches(&key().hash(id(1), "")), "no code was sent yet");
    }
}
