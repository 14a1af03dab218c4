//! What a client may do on a socket: a state machine without input or output.
//!
//! A socket is silent until its first message. That message signs a user in, or joins a channel without a user. Each
//! message is counted: a client that sends too many is closed.

use tiketi_core::BuyerId;
use tokio::time::Instant;

use crate::channels::{Auth, Channel, ClientMessage, Join, MessageBudget, SocketLimits};
use crate::error::Code;

/// The state of one socket.
#[derive(Debug)]
pub(super) struct Session {
    user: Option<BuyerId>,
    channels: Vec<Channel>,
    most_channels: usize,
    budget: MessageBudget,
}

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Find the user.
    SignIn(Auth),
    /// Follow a channel, or begin again with one that is followed.
    Join(Join),
    /// Follow a channel no longer.
    Leave(Channel),
    /// Tell the client why nothing happens.
    Refuse(Channel, Code),
    /// Close the socket: the client sends too many messages.
    Close,
}

impl Session {
    /// Starts without a user and without channels.
    pub(super) fn new(limits: &SocketLimits, now: Instant) -> Self {
        let budget = MessageBudget::new(limits, now);
        Self { user: None, channels: Vec::new(), most_channels: limits.channels, budget }
    }

    /// Returns the user.
    pub(super) const fn user(&self) -> Option<BuyerId> {
        self.user
    }

    /// Sets the user, after a sign-in or at its end.
    pub(super) fn set_user(&mut self, user: Option<BuyerId>) {
        self.user = user;
    }

    /// Decides about a message.
    pub(super) fn receive(&mut self, text: &str, now: Instant) -> Step {
        if !self.budget.take(now) {
            return Step::Close;
        }
        match serde_json::from_str::<ClientMessage>(text) {
            // Serde reads a message from an array, too.
            Ok(_) if !text.trim_start().starts_with('{') => {
                Step::Refuse(Channel::Personal, Code::InvalidMessage)
            }
            Ok(ClientMessage::Auth(auth)) => Step::SignIn(auth),
            Ok(ClientMessage::Join(join)) => self.join(join),
            Ok(ClientMessage::Leave(leave)) => {
                self.channels.retain(|known| *known != leave.channel);
                Step::Leave(leave.channel)
            }
            Err(error) if error.is_data() => Step::Refuse(Channel::Personal, Code::InvalidMessage),
            Err(_) => Step::Refuse(Channel::Personal, Code::MalformedJson),
        }
    }

    fn join(&mut self, join: Join) -> Step {
        let channel = join.channel;
        if channel == Channel::Personal {
            return Step::Refuse(channel, Code::InvalidMessage);
        }
        if !self.channels.contains(&channel) {
            if self.channels.len() >= self.most_channels {
                return Step::Refuse(channel, Code::TooManyChannels);
            }
            self.channels.push(channel);
        }
        Step::Join(join)
    }

    /// Forgets a channel that could not be joined.
    pub(super) fn did_not_join(&mut self, channel: Channel) {
        self.channels.retain(|known| *known != channel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const EVENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn session(change: impl FnOnce(&mut SocketLimits)) -> (Session, Instant) {
        let mut limits = SocketLimits::default();
        change(&mut limits);
        let now = Instant::now();
        (Session::new(&limits, now), now)
    }

    fn join(number: u8) -> String {
        format!(r#"{{"type":"join","channel":"seats:01890a5d-ac96-774b-bcce-b302099a80{number:02}"}}"#)
    }

    #[test]
    fn messages_become_steps() {
        let (mut session, now) = session(|_| {});
        let auth = session.receive(r#"{"type":"auth","token":"abc"}"#, now);
        assert!(matches!(auth, Step::SignIn(Auth { token: Some(token) }) if token.0 == "abc"));
        assert!(matches!(session.receive(r#"{"type":"auth"}"#, now), Step::SignIn(Auth { token: None })));
        let text = format!(r#"{{"type":"join","channel":"queue:{EVENT}","since":7,"encoding":"compact"}}"#);
        let Step::Join(join) = session.receive(&text, now) else { panic!() };
        assert_eq!((join.channel.to_string(), join.since), (format!("queue:{EVENT}"), Some(7)));
        let left = session.receive(&format!(r#"{{"type":"leave","channel":"queue:{EVENT}"}}"#), now);
        assert_eq!(left, Step::Leave(join.channel));
    }

    #[test]
    fn what_is_no_message_is_refused_and_the_socket_stays_open() {
        let (mut session, now) = session(|_| {});
        for text in ["", "{", "\u{0}", r#"{"type":"join""#] {
            assert_eq!(
                session.receive(text, now),
                Step::Refuse(Channel::Personal, Code::MalformedJson),
                "{text}"
            );
        }
        let others = [
            "{}",
            "[]",
            "7",
            r#"{"type":"shout"}"#,
            r#"{"type":"join"}"#,
            r#"{"type":"join","channel":"seats:7"}"#,
            r#"{"type":"join","channel":7}"#,
            r#"{"type":"join","channel":"personal"}"#,
            r#"{"type":"auth","token":7}"#,
            r#"["auth",{"token":"t"}]"#,
            r#"["auth","t"]"#,
        ];
        for text in others {
            assert_eq!(
                session.receive(text, now),
                Step::Refuse(Channel::Personal, Code::InvalidMessage),
                "{text}"
            );
        }
    }

    #[test]
    fn a_socket_follows_a_limited_number_of_channels() {
        let (mut session, now) = session(|limits| limits.channels = 2);
        assert!(matches!(session.receive(&join(1), now), Step::Join(_)));
        assert!(matches!(session.receive(&join(2), now), Step::Join(_)));
        assert!(matches!(session.receive(&join(3), now), Step::Refuse(_, Code::TooManyChannels)));
        // Joining again is no further channel, and leaving one makes room.
        let Step::Join(again) = session.receive(&join(1), now) else { panic!() };
        session.did_not_join(again.channel);
        assert!(matches!(session.receive(&join(3), now), Step::Join(_)));
    }

    /// Seen to fail without the budget.
    #[test]
    fn a_client_that_sends_too_many_messages_is_closed() {
        let (mut session, now) = session(|limits| limits.message_burst = 3);
        (0..3).for_each(|_| assert!(!matches!(session.receive(&join(1), now), Step::Close)));
        assert_eq!(session.receive(&join(1), now), Step::Close);
        let later = now + Duration::from_millis(250);
        assert!(matches!(session.receive(&join(1), later), Step::Join(_)));
        assert_eq!(session.receive(&join(1), later), Step::Close);
    }
}
