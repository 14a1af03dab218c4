//! Sends mail to an SMTP server.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as TransportError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::{Host, Url};

use crate::mailer::{Mailer, Message, SendError};

/// Longest wait for an answer of the server to one command.
const COMMAND: Duration = Duration::from_secs(10);
/// Longest time of one mail.
const MAIL: Duration = Duration::from_secs(25);
/// Most connections to the server.
const CONNECTIONS: u32 = 4;
/// How long a connection is kept that is not used.
const IDLE: Duration = Duration::from_secs(30);
/// The answers after which another try is useless: the address is malformed or does not exist (source: RFC 5321, 4.2.3,
/// and RFC 7504).
const NO_SUCH_ADDRESS: [u16; 5] = [501, 550, 551, 553, 556];

/// Sends mail to an SMTP server over rustls, with the provider that the program installed.
pub struct SmtpMailer {
    settings: AsyncSmtpTransportBuilder,
    /// Made by the first mail: its pool needs a runtime.
    transport: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
    /// The address without its password.
    shown: String,
}

/// Why the settings of a mail server are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The address is not a URL.
    #[error("the address of the mail server is not a URL")]
    NotAUrl,
    /// The URL begins with another word.
    #[error("the address of the mail server begins with smtp://, smtps:// or smtp+starttls://")]
    Scheme,
    /// The URL has no host.
    #[error("the address of the mail server has no host")]
    NoHost,
    /// A password would cross a network in plain text.
    #[error("a password is sent over TLS only: use smtps:// or smtp+starttls://")]
    PlainPassword,
    /// A user without a password, or the other way round.
    #[error("the address of the mail server needs both a user and a password, or neither")]
    HalfCredentials,
    /// The sender is not an address.
    #[error("the sender is not an address such as `Tickets <shop@tickets.example>`")]
    From,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] TransportError),
}

impl SmtpMailer {
    /// Sends to a server as a sender such as `Tickets <shop@tickets.example>`.
    ///
    /// `smtps://USER:PASSWORD@HOST:PORT` speaks TLS from the first byte, port 465 by default; `smtp+starttls://` changes to
    /// TLS before anything else, port 587 by default, and refuses a server that cannot; `smtp://` is plain, port 25 by
    /// default, and takes a password only on this machine. User and password are percent-encoded.
    ///
    /// # Errors
    ///
    /// [`SmtpError`] naming what is wrong; it never shows the address.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, SmtpError> {
        let url: Url = url.expose_secret().parse().map_err(|_| SmtpError::NotAUrl)?;
        let from: Mailbox = from.parse().map_err(|_| SmtpError::From)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpError::NoHost)?.to_owned();
        let tls = |host: &str| TlsParameters::new_rustls(host.to_owned()).map_err(SmtpError::Tls);
        let (tls, default_port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(tls(&host)?), 465),
            "smtp+starttls" => (Tls::Required(tls(&host)?), 587),
            "smtp" => (Tls::None, 25),
            _ => return Err(SmtpError::Scheme),
        };
        let credentials = credentials(&url)?;
        if matches!(tls, Tls::None) && credentials.is_some() && !is_this_machine(&url) {
            return Err(SmtpError::PlainPassword);
        }
        let port = url.port().unwrap_or(default_port);
        let shown = format!("{}://{host}:{port}", url.scheme());
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE);
        let mut settings =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.trim_matches(['[', ']']))
                .port(port)
                .tls(tls)
                .timeout(Some(COMMAND))
                .pool_config(pool)
                .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some(credentials) = credentials {
            settings = settings.credentials(credentials);
        }
        Ok(Self { settings, transport: OnceLock::new(), from, shown })
    }

    /// Returns the sender's name, if it has one.
    pub fn sender_name(&self) -> Option<&str> {
        self.from.name.as_deref()
    }

    fn transport(&self) -> &AsyncSmtpTransport<Tokio1Executor> {
        self.transport.get_or_init(|| self.settings.clone().build())
    }

    /// Writes a mail as it crosses the network.
    fn written(&self, message: &Message) -> Result<Mail, String> {
        let failed = |error: &dyn fmt::Display| format!("the mail cannot be written: {error}");
        let to = message.to.as_str().parse().map_err(|error| failed(&error))?;
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        let body = MultiPart::alternative_plain_html(message.text.clone(), message.html.clone());
        Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(id))
            .subject(message.subject.clone())
            .header(ContentLanguage(message.language.to_owned()))
            .header(AutoSubmitted)
            .multipart(body)
            .map_err(|error| failed(&error))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = self.written(message).map_err(|problem| SendError { problem, is_final: true })?;
        match timeout(MAIL, self.transport().send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(&error)),
            Err(_) => {
                let problem = format!("the server did not take the mail within {} s", MAIL.as_secs());
                Err(SendError { problem, is_final: false })
            }
        }
    }

    async fn check(&self) -> Result<(), SendError> {
        match timeout(MAIL, self.transport().test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(error)) => Err(failed(&error)),
            Ok(Ok(false)) | Err(_) => {
                Err(SendError { problem: "the server does not answer".to_owned(), is_final: false })
            }
        }
    }
}

impl fmt::Display for SmtpMailer {
    /// Shows the server's address without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("server", &self.shown).finish_non_exhaustive()
    }
}

/// `Content-Language` (source: RFC 3282).
#[derive(Debug, Clone)]
struct ContentLanguage(String);

/// `Auto-Submitted: auto-generated`, so that no machine answers (source: RFC 3834, 5).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Reads user and password from a URL.
fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpError> {
    let plain = |text: &str| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(SmtpError::HalfCredentials),
        (user, Some(password)) => {
            let (user, password) = (plain(user), plain(password));
            let not_text = |_| SmtpError::NotAUrl;
            Ok(Some(Credentials::new(user.map_err(not_text)?, password.map_err(not_text)?)))
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Describes a failure with its causes, for an operator.
fn failed(error: &TransportError) -> SendError {
    let mut problem = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !problem.contains(&next_text) {
            problem = format!("{problem}: {next_text}");
        }
        cause = next.source();
    }
    let code = error.status().map(u16::from);
    SendError { problem, is_final: code.is_some_and(|code| NO_SUCH_ADDRESS.contains(&code)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, from: &str) -> Option<String> {
        SmtpMailer::new(&url.to_owned().into(), from).err().map(|error| error.to_string())
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        let url = "smtp://shop:hush%2Bhush@127.0.0.1:2525".to_owned().into();
        let mailer = SmtpMailer::new(&url, "Tickets <shop@tickets.example>").unwrap();
        assert_eq!(mailer.to_string(), "smtp://127.0.0.1:2525");
        assert!(!format!("{mailer:?}").contains("hush"));
        let six = SmtpMailer::new(&"smtp://[::1]".to_owned().into(), "shop@tickets.example").unwrap();
        assert_eq!(six.to_string(), "smtp://[::1]:25");
    }

    /// Fails with plain passwords to any host.
    #[test]
    fn a_password_crosses_no_network_in_plain_text() {
        let from = "shop@tickets.example";
        assert!(refused("smtp://shop:hush@mail.example", from).unwrap().contains("over TLS only"));
        assert_eq!(refused("smtp://mail.example", from), None);
        assert_eq!(refused("smtp://shop:hush@localhost", from), None);
    }

    #[test]
    fn what_is_no_server_is_refused_without_being_shown() {
        let from = "shop@tickets.example";
        let cases = [
            "hush",
            "https://hush.example",
            "smtp://",
            "smtp://hush@mail.example",
            "smtp://:hush@mail.example",
        ];
        for url in cases {
            let sentence = refused(url, from).unwrap();
            assert!(!sentence.contains("hush"), "{sentence}");
        }
        assert!(refused("smtp://mail.example", "no address").unwrap().contains("the sender"));
    }
}
