//! Checks what users write about their accounts.

use secrecy::SecretString;
use tiketi_core::account::{Email, ParseEmailError};
use tiketi_core::language::Language;
use tiketi_core::limits::MAX_NAME_CHARS;
use tiketi_core::text::check_line;

use crate::credentials::{MAX_PASSWORD_CHARS, Password, PasswordProblem};
use crate::error::ApiError;
use crate::reason::Reason;
use crate::state::AppState;

/// Most characters of a telephone number, separators included.
pub(crate) const MAX_PHONE_CHARS: usize = 32;

/// Trims a name; returns it if its length is allowed and it fits on one line.
pub(super) fn checked_name(name: &str) -> Option<String> {
    let name = name.trim();
    check_line("name", name, 1..=MAX_NAME_CHARS).is_ok().then(|| name.to_owned())
}

pub(super) fn valid_name(name: &str) -> Result<String, ApiError> {
    checked_name(name).ok_or_else(|| {
        ApiError::invalid(
            "name",
            Reason::new(
                format!("must have from 1 to {MAX_NAME_CHARS} characters on one line"),
                format!("한 줄에 1자부터 {MAX_NAME_CHARS}자까지여야 합니다."),
            ),
        )
    })
}

pub(super) fn valid_email(email: &str) -> Result<Email, ApiError> {
    email.parse().map_err(|error: ParseEmailError| ApiError::invalid("email", error))
}

pub(super) fn valid_phone(phone: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(phone) = phone.map(str::trim).filter(|phone| !phone.is_empty()) else { return Ok(None) };
    let fits = phone.len() <= MAX_PHONE_CHARS
        && phone.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.'));
    if fits {
        Ok(Some(phone.to_owned()))
    } else {
        Err(ApiError::invalid(
            "phone",
            Reason::new(
                format!("must have at most {MAX_PHONE_CHARS} digits and separators"),
                format!("숫자와 구분 기호로 {MAX_PHONE_CHARS}자 이하여야 합니다."),
            ),
        ))
    }
}

pub(super) fn valid_language(tag: Option<&str>) -> Result<Option<Language>, ApiError> {
    let Some(tag) = tag else { return Ok(None) };
    let known = Language::named(tag).map(Some);
    known.ok_or_else(|| ApiError::invalid("language", Reason::one_of("en, ko")))
}

/// Checks a password that somebody chose. `words` are the address and the name.
pub(super) fn valid_password(
    state: &AppState,
    typed: &SecretString,
    words: &[&str],
) -> Result<Password, ApiError> {
    let least = state.limits().min_password_chars;
    Password::chosen(typed, least, words).map_err(|problem| {
        let reason = match problem {
            PasswordProblem::Length => Reason::new(
                format!("must have from {least} to {MAX_PASSWORD_CHARS} characters"),
                format!("{least}자부터 {MAX_PASSWORD_CHARS}자까지여야 합니다."),
            ),
            PasswordProblem::Common => Reason::fixed(
                "is too easy to guess: many people use it, or it is your address or name",
                "쉽게 짐작할 수 있는 비밀번호입니다. 많은 사람이 쓰거나, 이메일 주소나 이름과 같습니다.",
            ),
        };
        ApiError::invalid("password", reason)
    })
}
