//! Accounts that money goes back to when it cannot go where it came from.

use std::fmt;

/// Most digits of an account's number (source: TossPayments core API, cancel).
const MAX_NUMBER_DIGITS: usize = 20;
/// Most letters of its holder's name (source: the same).
const MAX_HOLDER_CHARS: usize = 60;
/// Most letters of a bank's code or name; the longest that TossPayments lists has half of it.
const MAX_BANK_CHARS: usize = 40;

/// A buyer's account, for money that was paid in by transfer; `Debug` shows nothing of it.
///
/// ```
/// use tiketi_core::refund_account::RefundAccount;
///
/// let account = RefundAccount::new("88", "110123456789", "Hong Gildong")?;
/// assert_eq!(account.number(), "110123456789");
/// assert!(RefundAccount::new("88", "110-123-456789", "Hong Gildong").is_err());
/// # Ok::<(), tiketi_core::refund_account::RefundAccountError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RefundAccount {
    bank: String,
    number: String,
    holder: String,
}

/// What cannot be an account; none of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefundAccountError {
    /// The bank is missing, too long, or neither letters nor digits.
    #[error("the bank must have from 1 to {MAX_BANK_CHARS} letters or digits")]
    Bank,
    /// The number is missing, too long, or has something else than digits.
    #[error("the account's number must have from 1 to {MAX_NUMBER_DIGITS} digits and nothing else")]
    Number,
    /// The holder's name is missing, too long, or has what no name has.
    #[error("the holder's name must have from 1 to {MAX_HOLDER_CHARS} characters")]
    Holder,
}

impl RefundAccount {
    /// Takes an account by its bank, in the provider's code or word, its number and its holder's name.
    ///
    /// # Errors
    ///
    /// [`RefundAccountError`] naming the part that cannot be.
    pub fn new(bank: &str, number: &str, holder: &str) -> Result<Self, RefundAccountError> {
        let (bank, number, holder) = (bank.trim(), number.trim(), holder.trim());
        let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        if !fits(bank, MAX_BANK_CHARS) || !bank.chars().all(char::is_alphanumeric) {
            return Err(RefundAccountError::Bank);
        }
        if !fits(number, MAX_NUMBER_DIGITS) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RefundAccountError::Number);
        }
        if !fits(holder, MAX_HOLDER_CHARS) || holder.chars().any(char::is_control) {
            return Err(RefundAccountError::Holder);
        }
        Ok(Self { bank: bank.to_owned(), number: number.to_owned(), holder: holder.to_owned() })
    }

    /// Returns the bank, in the provider's code or word.
    pub fn bank(&self) -> &str {
        &self.bank
    }

    /// Returns the account's number, digits only.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Returns the holder's name.
    pub fn holder(&self) -> &str {
        &self.holder
    }
}

impl fmt::Debug for RefundAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefundAccount").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_account_is_refused_by_its_part() {
        let long = "1".repeat(21);
        for number in ["", "110-123", "110 123", "\u{0661}", "abc", long.as_str()] {
            assert_eq!(RefundAccount::new("88", number, "Hong"), Err(RefundAccountError::Number), "{number}");
        }
        for bank in ["", "8/8", "8\n8", &"k".repeat(41)] {
            assert_eq!(RefundAccount::new(bank, "1", "Hong"), Err(RefundAccountError::Bank), "{bank}");
        }
        for holder in ["", "  ", "Ho\nng", &"h".repeat(61)] {
            assert_eq!(RefundAccount::new("88", "1", holder), Err(RefundAccountError::Holder), "{holder}");
        }
        assert!(RefundAccount::new("신한", "1", "홍길동").is_ok());
    }

    #[test]
    fn an_account_shows_nothing_of_itself() {
        let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
        assert_eq!(format!("{account:?}"), "RefundAccount { .. }");
    }
}
