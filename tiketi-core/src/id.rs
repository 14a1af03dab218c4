//! Ids: one newtype for each kind of row, all of them UUIDs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use uuid::Uuid;

/// A text that is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
#[non_exhaustive]
pub struct ParseIdError;

/// Orders and hashes an id as one number, in the order of its bytes. Every command looks up several ids, and sixteen
/// bytes compared as a slice take a call each time.
macro_rules! number_ordered {
    ($name:ident) => {
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.as_u128().cmp(&other.0.as_u128())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u128(self.0.as_u128());
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(Uuid);

        number_ordered!($name);

        impl $name {
            /// Wraps an existing UUID, such as one read from a database.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError)
            }
        }
    )*};
}

ids! {
    /// Id of an event.
    EventId;
    /// Id of a ticket type of an event.
    TicketTypeId;
    /// Id of a seat *of one event*; the same chair has another id at the next event.
    SeatId;
    /// Id of a seat layout.
    LayoutId;
    /// Id of a reservation.
    ReservationId;
    /// Id of a payment attempt; also the provider's idempotency key.
    PaymentId;
    /// Id of a refund; also the provider's idempotency key.
    RefundId;
    /// Id of a buyer: one of the host's users, or of the built-in accounts.
    BuyerId;
    /// Id of an account of the reference server.
    AccountId;
    /// Id of a session of an account, new for each sign-in.
    SessionId;
    /// Id of one entry of the log of what staff did.
    LogEntryId;
    /// Id of a notice.
    NoticeId;
    /// Id of a code that is sent by mail; it cannot be guessed.
    CodeId;
    /// Id of a mail, the same each time the mail is queued or sent.
    MailId;
    /// Id of one holder of a lease, new for each lease.
    LeaseOwner;
}

impl RefundId {
    /// Derives the id of a refund from its payment and reason, so that it is queued once.
    pub fn derived(payment: PaymentId, why: &str) -> Self {
        Self(Uuid::new_v5(&payment.0, why.as_bytes()))
    }
}

impl From<AccountId> for BuyerId {
    fn from(account: AccountId) -> Self {
        Self(account.0)
    }
}

/// The key under which a command takes effect at most once.
///
/// A command repeated with its key returns the result as it is now and changes nothing, for as long as the store has
/// the key (24 hours, unless the host deletes it sooner). Make a new key for each new command, not for each try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CommandKey(Uuid);

number_ordered!(CommandKey);

impl CommandKey {
    /// Wraps a UUID made for one command.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Derives a key from a text of the caller, such as an HTTP `Idempotency-Key`.
    ///
    /// `scope` separates equal texts of different buyers or operations. The key is a name-based UUID (RFC 9562, version
    /// 5), so every server derives the same key.
    pub fn from_text(scope: &str, text: &str) -> Self {
        let scope = Uuid::new_v5(&Uuid::NAMESPACE_URL, scope.as_bytes());
        Self(Uuid::new_v5(&scope, text.as_bytes()))
    }

    /// Derives the key of a command that must apply at most once to a row, from the row's id.
    ///
    /// It begins like the id, which for UUIDs of version 7 is the time of creation: keys of the same time are adjacent,
    /// so a database that stores them in order writes few pages.
    pub fn of(thing: Uuid, what: &str) -> Self {
        const TIME: u128 = u128::MAX << 80;
        let hashed = Uuid::new_v5(&thing, what.as_bytes()).as_u128();
        let key = thing.as_u128() & TIME | hashed & !TIME;
        Self(uuid::Builder::from_custom_bytes(key.to_be_bytes()).into_uuid())
    }

    /// Derives the key of one step of an operation that takes several commands.
    #[must_use]
    pub fn step(self, name: &str) -> Self {
        Self::of(self.0, name)
    }

    /// Returns the UUID.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Debug for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandKey({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        let id = EventId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn ids_are_in_the_order_of_their_bytes() {
        let of = |bytes: [u8; 16]| EventId::from_uuid(Uuid::from_bytes(bytes));
        let (mut low, mut high) = ([0xff; 16], [0; 16]);
        (low[0], high[0]) = (1, 2);
        assert!(of(low) < of(high), "the first byte counts most");
        assert!(of([0; 16]) < of(high));
        high[15] = 1;
        assert!(of([2; 16]) > of(high), "the last counts least");
    }

    #[test]
    fn a_text_that_is_no_uuid_is_refused() {
        assert_eq!("seat-1".parse::<SeatId>(), Err(ParseIdError));
    }

    #[test]
    fn each_step_of_an_intent_has_a_key_of_its_own() {
        let key = CommandKey::from_text("a", "x");
        assert_eq!(key.step("cancel"), key.step("cancel"));
        assert!(key.step("cancel") != key.step("refund") && key.step("cancel") != key);
    }

    #[test]
    fn derived_keys_of_one_time_are_adjacent() {
        let thing = |random: u128| Uuid::from_u128(0x0190_1234_5678 << 80 | random);
        let key = CommandKey::of(thing(1), "confirm");
        assert_eq!(key.as_uuid().as_u128() >> 80, 0x0190_1234_5678);
        assert_eq!(key.as_uuid().get_version_num(), 8);
        assert_eq!(key, CommandKey::of(thing(1), "confirm"));
        assert!(key != CommandKey::of(thing(2), "confirm") && key != CommandKey::of(thing(1), "refund"));
    }

    #[test]
    fn keys_of_two_scopes_differ_for_the_same_text() {
        assert_ne!(CommandKey::from_text("a", "x"), CommandKey::from_text("b", "x"));
        assert_eq!(CommandKey::from_text("a", "x"), CommandKey::from_text("a", "x"));
    }
}
