//! Codes that are mailed: asked for, and checked.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::account::{CODE_TRIES, CodeKey, CodePurpose, Email, MailedCode};
use tiketi_core::id::CodeId;
use tiketi_core::language::Language;
use tiketi_core::mail::Mail;
use tiketi_core::random::{Random, SystemRandom};
use tiketi_core::store::{CodeStore, MailStore};
use tiketi_core::{Clock, StoreError};

use crate::credentials::TokenSecret;
use crate::error::{ApiError, Code};

/// How long a code is valid: 30 minutes.
pub(crate) const CODE_TTL: Duration = Duration::from_mins(30);

/// Asks for codes by mail, and checks them.
///
/// To ask takes the same steps whether the address has an account or not: only the mail, which is written later, tells.
#[derive(Debug)]
pub(crate) struct MailedCodes {
    codes: Arc<dyn CodeStore>,
    mails: Arc<dyn MailStore>,
    key: CodeKey,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// The purpose that a code must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    /// To create an account, or to prove the address of one.
    Address,
    /// To set a password.
    Reset,
}

impl Sought {
    fn is(self, purpose: &CodePurpose) -> bool {
        match purpose {
            CodePurpose::Register(_) | CodePurpose::Verify { .. } => self == Self::Address,
            CodePurpose::Reset => self == Self::Reset,
        }
    }
}

impl MailedCodes {
    /// Uses a store of codes and a queue of mail.
    pub(super) fn new(
        codes: Arc<dyn CodeStore>,
        mails: Arc<dyn MailStore>,
        secret: &TokenSecret,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { codes, mails, key: secret.code_key(), clock, random: Arc::new(SystemRandom) }
    }

    /// Queues a mail with a code, and returns the code's record.
    pub(crate) async fn ask(
        &self,
        email: Email,
        purpose: CodePurpose,
        language: Language,
    ) -> Result<MailedCode, StoreError> {
        let now = self.clock.now();
        let code = MailedCode {
            id: CodeId::unguessable(self.random.as_ref())?,
            email,
            purpose,
            language,
            hash: None,
            tries_left: CODE_TRIES,
            expires_at: now.after(CODE_TTL),
        };
        self.codes.put_code(code.clone()).await?;
        self.mails.queue_mail(&[Mail::with_code(code.id, now)]).await?;
        Ok(code)
    }

    /// Checks a code and uses it up.
    ///
    /// Refuses one that is wrong, was used, has ended or is for something else, all with the same code.
    pub(crate) async fn redeem(
        &self,
        id: CodeId,
        typed: &str,
        sought: Sought,
    ) -> Result<MailedCode, ApiError> {
        let refused = || ApiError::new(Code::MailedCodeRefused);
        // The try counts before the code is compared, so that guesses at once are all counted.
        let code = self.codes.take_try(id, self.clock.now()).await?.ok_or_else(refused)?;
        if !sought.is(&code.purpose) || !code.matches(&self.key.hash(id, typed)) {
            return Err(refused().detail("triesLeft", code.tries_left));
        }
        if self.codes.use_code(id).await? { Ok(code) } else { Err(refused()) }
    }
}
