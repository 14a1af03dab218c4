//! Accounts for refunds that cannot go back to where the money came from.

use std::fmt;

/// Most digits of an account number (source: TossPayments core API, cancel).
pub const MAX_NUMBER_DIGITS: usize = 20;
/// Most characters of the holder's name (source: the same).
pub const MAX_HOLDER_CHARS: usize = 60;
/// Most characters of a bank's code or name; twice the longest that TossPayments lists.
pub const MAX_BANK_CHARS: usize = 40;

/// A buyer's account, for money that was paid by transfer; `Debug` hides its contents.
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

/// Why something is not an account; the message repeats none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefundAccountError {
    /// The bank is missing, too long, or neither letters nor digits.
    #[error("the bank must have from 1 to {MAX_BANK_CHARS} letters or digits")]
    Bank,
    /// The number is missing, too long, or has something other than digits.
    #[error("the account's number must have from 1 to {MAX_NUMBER_DIGITS} digits and nothing else")]
    Number,
    /// The holder's name is missing, too long, or has characters that no name has.
    #[error("the holder's name must have from 1 to {MAX_HOLDER_CHARS} characters")]
    Holder,
}

impl RefundAccount {
    /// Makes an account of a bank's code or name at the provider, a number and a holder.
    ///
    /// # Errors
    ///
    /// [`RefundAccountError`] naming the invalid part.
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

    /// Returns the bank's code or name at the provider.
    pub fn bank(&self) -> &str {
        &self.bank
    }

    /// Returns the account number, digits only.
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
