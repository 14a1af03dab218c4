//! Settings: options that were checked together.

use secrecy::SecretString;
use tiketi_core::{Terms, account::Email};
use tiketi_http::{HttpLimits, TimeZone, TokenSecret};
use tiketi_postgres::Durability;

use crate::background_jobs::JobSettings;
use crate::connections::ConnectionSettings;
use crate::failure::Failure;
use crate::google::GoogleSettings;
use crate::guards::GuardSettings;
use crate::images::ImagePlace;
use crate::mail::MailSettings;
use crate::options::Options;
use crate::sockets::SocketSettings;
use crate::store::StoreKind;
use crate::toss::Toss;
use crate::waiting_rooms::WaitingSettings;
use crate::web::WebSettings;

/// The server's checked settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: String,
    pub(crate) limits: HttpLimits,
    pub(crate) store: StoreKind,
    /// Most connections to a store that is a database.
    pub(crate) store_connections: u32,
    /// Whether to migrate such a store to the schema of this release first.
    pub(crate) migrate: bool,
    /// Where images are stored; `None` if they are not.
    pub(crate) images: Option<ImagePlace>,
    pub(crate) demo: bool,
    pub(crate) jobs: JobSettings,
    pub(crate) admin: Option<Admin>,
    /// The secret that signs tokens, if one was given.
    pub(crate) jwt_secret: Option<TokenSecret>,
    pub(crate) terms: Terms,
    /// The zone of the days in figures.
    pub(crate) time_zone: TimeZone,
    /// The shop's account at TossPayments, if it has one.
    pub(crate) toss: Option<Toss>,
    /// Whether the built-in payment methods, which move no money, are offered.
    pub(crate) test_gateway: bool,
    pub(crate) waiting: WaitingSettings,
    pub(crate) connections: ConnectionSettings,
    pub(crate) guards: GuardSettings,
    pub(crate) sockets: SocketSettings,
    pub(crate) web: WebSettings,
    /// How mail is sent, if it is.
    pub(crate) mail: Option<MailSettings>,
    pub(crate) accounts: AccountSettings,
}

/// How users sign in, and what they need.
#[derive(Debug)]
pub(crate) struct AccountSettings {
    /// How they sign in with Google, if they do.
    pub(crate) google: Option<GoogleSettings>,
    /// Whether they may hold tickets before their address is verified.
    pub(crate) unverified_holds: bool,
}

/// The first administrator.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) email: Email,
    pub(crate) password: Option<SecretString>,
}

impl Settings {
    /// Checks the options.
    pub(crate) fn of(options: Options) -> Result<Self, Failure> {
        let durability =
            if options.allow_unsafe_durability { Durability::Relaxed } else { Durability::Required };
        let store = StoreKind::of(&options.store, options.postgres_schema.clone(), durability)?;
        let images = match &options.images {
            Some(place) => Some(ImagePlace::of(place)?),
            None => ImagePlace::usual(&store),
        };
        let terms = terms(&options)?;
        let limits = limits(&options)?;
        let jobs = JobSettings::of(&options)?;
        let jwt_secret = options.jwt_secret.map(|secret| token_secret(secret, "--jwt-secret")).transpose()?;
        let admin = admin(options.admin_email, options.admin_password)?;
        let waiting = WaitingSettings::of(&options.waiting, &store)?;
        let connections = ConnectionSettings::of(&options.connections)?;
        let guards = GuardSettings::of(&options.guards)?;
        let sockets = SocketSettings::of(&options.sockets)?;
        let web = WebSettings::of(&options.web)?;
        let mail = MailSettings::of(options.mail, options.time_zone)?;
        let accounts = AccountSettings {
            google: GoogleSettings::of(&options.signing_in)?,
            unverified_holds: options.signing_in.unverified_holds,
        };
        let Options { listen, demo, migrate, store_connections, time_zone, .. } = options;
        let test_gateway = options.paying.test_gateway;
        let toss = Toss::of(options.paying)?;
        let test_gateway = test_gateway.unwrap_or(toss.is_none());
        Ok(Self {
            listen,
            limits,
            store,
            store_connections,
            migrate,
            images,
            demo,
            jobs,
            admin,
            jwt_secret,
            terms,
            time_zone,
            toss,
            test_gateway,
            waiting,
            connections,
            guards,
            sockets,
            web,
            mail,
            accounts,
        })
    }
}

fn terms(options: &Options) -> Result<Terms, Failure> {
    let terms = Terms::default()
        .hold_ttl(options.hold_ttl)
        .hold_cap(options.hold_cap)
        .hold_allowance(options.hold_allowance)
        .payment_window(options.payment_window)
        .max_seats_per_buyer(options.max_seats_per_buyer)
        .late_payment(options.paying.late_payment.into())
        .not_found_grace(options.paying.not_found_grace)
        .not_found_grace_past_cap(options.paying.not_found_grace_past_cap)
        .refunded_seats(options.paying.refunded_seats.into())
        .cancellation(options.paying.cancellation_policy)
        .deposit_window(options.paying.deposit_window)
        .ask_again_after(options.paying.ask_again_after)
        .ask_again_at_most(options.paying.ask_again_at_most)
        .trouble_after(options.paying.trouble_after);
    // The rules name their fields; the operator knows them as flags.
    let named_as_flags = |text: String| text.replace('_', "-");
    terms.validate().map_err(|error| Failure::new(format!("--{}", named_as_flags(error.to_string()))))?;
    Ok(terms)
}

fn limits(options: &Options) -> Result<HttpLimits, Failure> {
    let positive = |name: &str, zero: bool| {
        if zero { Err(Failure::new(format!("--{name} must be more than zero"))) } else { Ok(()) }
    };
    positive("request-timeout", options.request_timeout.is_zero())?;
    positive("body-limit", options.body_limit == 0)?;
    positive("store-connections", options.store_connections == 0)?;
    let mut limits = HttpLimits::default();
    limits.request_timeout = options.request_timeout;
    limits.body_bytes = options.body_limit;
    limits.min_password_chars = options.signing_in.min_password_length.into();
    Ok(limits)
}

/// Refuses a secret that could be guessed; the failure names its source.
pub(crate) fn token_secret(secret: SecretString, named: &str) -> Result<TokenSecret, Failure> {
    TokenSecret::new(secret).map_err(|error| Failure::new(format!("{named}: {error}")))
}

fn admin(email: Option<String>, password: Option<SecretString>) -> Result<Option<Admin>, Failure> {
    match (email, password) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Failure::new("--admin-password needs --admin-email")),
        (Some(email), password) => {
            let email = email.parse();
            let email = email.map_err(|error| Failure::new(format!("--admin-email: {error}")))?;
            Ok(Some(Admin { email, password }))
        }
    }
}
