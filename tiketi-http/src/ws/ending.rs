//! Why the server closes a socket, and the close frame that says so.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::channels::{Ending, Restarting, Sockets};

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client closed it, or is gone.
    ByClient,
    /// The client does not answer, or does not read: there is no one to tell.
    Gone,
    /// The client sent nothing in the time for its first message.
    Silent,
    /// The client sent too many messages.
    TooManyMessages,
    /// The client sent a message that is too long.
    TooLong,
    /// The client sent a message that is no text.
    NoText,
    /// The client breaks the rules of `WebSockets`.
    Malformed,
    /// The network of the client has too many anonymous sockets.
    TooManyAnonymous,
    /// The server ends it.
    ByServer(Ending),
}

impl Closing {
    /// Returns the close frame; `None` if there is no one to tell.
    pub(super) fn frame(self, sockets: &Sockets) -> Option<CloseFrame> {
        let (code, reason): (_, Cow<'static, str>) = match self {
            Self::ByClient | Self::Gone => return None,
            Self::Silent => (CloseCode::Policy, "no message came in time".into()),
            Self::TooManyMessages => (CloseCode::Policy, "too many messages".into()),
            Self::TooLong => (CloseCode::Size, "the message is too long".into()),
            Self::NoText => (CloseCode::Unsupported, "messages are texts".into()),
            Self::Malformed => (CloseCode::Protocol, "the frame is malformed".into()),
            Self::TooManyAnonymous => {
                (CloseCode::Again, "too many sockets without a user; sign in, or try again later".into())
            }
            Self::ByServer(Ending::Replaced) => (CloseCode::Policy, "newer sockets took its place".into()),
            Self::ByServer(Ending::Restart) => {
                let after = u64::try_from(sockets.reconnect_after().as_millis()).unwrap_or(u64::MAX);
                let reason = serde_json::to_string(&Restarting { reconnect_after_ms: after });
                (CloseCode::Restart, reason.unwrap_or_default().into())
            }
        };
        Some(CloseFrame { code, reason: reason.into_owned().into() })
    }
}
