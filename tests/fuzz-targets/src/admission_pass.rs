//! The text of an admission pass, as a buyer sends it.

use tiketi_core::{AdmissionKey, AdmissionPass, BuyerId, EventId, Timestamp};
use uuid::Uuid;

const SECRET: &[u8; 32] = b"thirty-two bytes that sign tests";

/// Parses a pass. What is parsed is shown as it came, and only what the key signed admits.
pub fn admission_pass(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(pass) = AdmissionPass::parse(text) else { return };
    assert_eq!(AdmissionPass::parse(&pass.to_string()), Some(pass), "its own text is a pass");
    let (key, event, buyer) =
        (AdmissionKey::of(SECRET), EventId::from_uuid(Uuid::max()), BuyerId::from_uuid(Uuid::nil()));
    let signed = key.sign(event, buyer, pass.until());
    let admitted = key.verify(&pass, event, buyer);
    assert_eq!(admitted.is_some(), pass == signed, "only what the key signed admits");
    if let Some(admitted) = admitted {
        assert!(!admitted.admits(event, buyer, pass.until()), "it has ended");
        assert!(
            !admitted.admits(EventId::from_uuid(Uuid::nil()), buyer, Timestamp::EPOCH),
            "of another event"
        );
    }
}
