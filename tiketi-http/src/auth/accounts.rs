//! Creates accounts, by registration or by the host.

use secrecy::SecretString;
use serde_json::json;
use tiketi_core::language::Language;
use tiketi_core::{
    AccountId, CommandError, StoreError, StoreErrorKind,
    account::{Account, Email, ParseEmailError, Role},
    id::LogEntryId,
    limits::MAX_NAME_CHARS,
    staff_log::{LogEntry, LogOutcome, LogSubject},
    store::{CreateAccountRefused, recorded},
};

use crate::auth::input::checked_name;
use crate::credentials::{
    Accounts, Lane, MAX_PASSWORD_CHARS, Password, PasswordError, PasswordProblem, role_name,
};
use crate::state::AppState;

/// Most sessions that one call forgets, so that it does not occupy the store for long.
const FORGOTTEN_SESSIONS: u32 = 1_000;

/// The data of a new account.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewAccount {
    /// The address to sign in with.
    pub email: String,
    /// The password, of [`HttpLimits::min_password_chars`](crate::HttpLimits::min_password_chars) to 128 characters.
    pub password: SecretString,
    /// The owner's name.
    pub name: String,
    /// What the account may do.
    pub role: Role,
}

impl NewAccount {
    /// Makes the data of an account.
    pub fn new(
        email: impl Into<String>,
        password: SecretString,
        name: impl Into<String>,
        role: Role,
    ) -> Self {
        Self { email: email.into(), password, name: name.into(), role }
    }
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnsureAccountError {
    /// The users sign in at the host: there is no account store.
    #[error("the shop has no accounts: its users sign in at the host")]
    NoAccounts,
    /// The e-mail address is not valid.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// The password is too short or too long.
    #[error("a password must have from {least} to {MAX_PASSWORD_CHARS} characters")]
    PasswordLength {
        /// Fewest characters.
        least: usize,
    },
    /// Many people use the password, or it is the address or the name.
    #[error("the password is too easy to guess")]
    PasswordCommon,
    /// The name is empty or too long.
    #[error("a name must have from 1 to {MAX_NAME_CHARS} characters")]
    NameLength,
    /// An account with the address has another role.
    #[error("an account with this address exists, with another role")]
    OtherRole,
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AppState {
    /// Creates an account unless its address has one; returns whether it did.
    ///
    /// An existing account is not changed, nor is its password.
    ///
    /// # Errors
    ///
    /// [`EnsureAccountError::NoAccounts`] with [`SignIn::Host`](crate::SignIn::Host);
    /// [`EnsureAccountError::OtherRole`] if the address belongs to an account of another role; the others name what
    /// is wrong.
    pub async fn ensure_account(&self, new: NewAccount) -> Result<bool, EnsureAccountError> {
        let accounts = self.accounts().ok_or(EnsureAccountError::NoAccounts)?;
        let email: Email = new.email.parse()?;
        let name = checked_name(&new.name).ok_or(EnsureAccountError::NameLength)?;
        let least = self.limits().min_password_chars;
        let chosen = Password::chosen(&new.password, least, &[email.as_str(), &name]);
        let password = chosen.map_err(|problem| match problem {
            PasswordProblem::Length => EnsureAccountError::PasswordLength { least },
            PasswordProblem::Common => EnsureAccountError::PasswordCommon,
        })?;
        if has_account(accounts, &email, new.role).await? {
            return Ok(false);
        }
        let hashed = accounts.passwords.hash(password, Lane::Of(None)).await;
        let password = hashed.map_err(|error: PasswordError| EnsureAccountError::Hash(error.into()))?;
        let account = Account {
            id: AccountId::from_uuid(self.new_id()),
            email: email.clone(),
            name,
            phone: None,
            role: new.role,
            password: Some(password),
            google: None,
            language: Language::default(),
            // The operator vouches for the address.
            verified_at: Some(self.now()),
            created_at: self.now(),
            version: 1,
        };
        match self.create_ensured(accounts, account).await {
            Ok(()) => Ok(true),
            // Another server created it between the read and the write.
            Err(CommandError::Refused(_) | CommandError::KeyReused) => {
                has_account(accounts, &email, new.role).await?;
                Ok(false)
            }
            Err(CommandError::Text(error)) => Err(StoreError::from(error).into()),
            Err(CommandError::Store(failure)) => Err(failure.into()),
            Err(other) => Err(StoreError::new(StoreErrorKind::Internal, other.to_string()).into()),
        }
    }

    /// Stores an account; one of staff is recorded in their log.
    async fn create_ensured(
        &self,
        accounts: &Accounts,
        account: Account,
    ) -> Result<(), CommandError<CreateAccountRefused>> {
        if account.role == Role::Buyer {
            return accounts.store.create_account(account).await;
        }
        let id = LogEntryId::from_uuid(self.new_id());
        let mut entry = LogEntry::of_operator(id, self.now(), "create-account");
        entry.subject = Some(LogSubject::new("accounts", account.id.as_uuid()));
        let after = json!({"email": account.email.as_str(), "role": role_name(account.role)});
        let created = async {
            accounts.store.create_account(account).await?;
            Ok(((), LogOutcome { after: Some(after.to_string()), ..LogOutcome::done(self.now()) }))
        };
        recorded(self.staff_log().as_ref(), self.clock(), entry, created).await
    }

    /// Deletes sessions that have ended, at most 1,000, and returns how many; none if users sign in at the host.
    ///
    /// Call it about every minute.
    pub async fn forget_sessions_once(&self) -> Result<u64, StoreError> {
        match self.accounts() {
            Some(accounts) => accounts.store.forget_sessions(self.now(), FORGOTTEN_SESSIONS).await,
            None => Ok(0),
        }
    }
}

async fn has_account(accounts: &Accounts, email: &Email, role: Role) -> Result<bool, EnsureAccountError> {
    match accounts.store.account_by_email(email).await? {
        None => Ok(false),
        Some(known) if known.role == role => Ok(true),
        Some(_) => Err(EnsureAccountError::OtherRole),
    }
}
