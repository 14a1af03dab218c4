//! Options about mail.

use clap::Args;
use secrecy::SecretString;
use tiketi_mail::PublicUrl;

use super::values;

/// Options about mail.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mail")]
pub(crate) struct Mailing {
    /// SMTP server that mail is sent through: `smtp+starttls://USER:PASSWORD@HOST:587`, `smtps://USER:PASSWORD@HOST`, or
    /// `smtp://HOST` without TLS; without it, no mail is sent
    // A secret, because the address may contain a password.
    #[arg(long, value_name = "ADDRESS", value_parser = values::secret)]
    pub(crate) smtp_url: Option<SecretString>,
    /// Sender of mail, whose name is the shop's: `Lantern Tickets <shop@tickets.example>`
    #[arg(long, value_name = "SENDER")]
    pub(crate) mail_from: Option<String>,
    /// Public address of the shop, for links in mail, such as `https://tickets.example`
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,
}
