//! Which passwords are accepted, by NIST SP 800-63B.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

/// Most characters of a password; bounds the cost of hashing.
pub(crate) const MAX_PASSWORD_CHARS: usize = 128;
/// Most bytes that are looked at: a character has at most four, and one that is normalised may become several.
pub(crate) const MAX_PASSWORD_BYTES: usize = 16 * MAX_PASSWORD_CHARS;
/// Shortest part of an address or a name that a password must not be made of.
const SHORTEST_WORD: usize = 5;

/// Passwords that many people use, sorted. See `data/README.md`.
static COMMON: LazyLock<Box<[Box<str>]>> = LazyLock::new(common);

/// A password in the form in which it is hashed: NFKC.
///
/// The same password is typed as different code points on different devices: Hangul as syllables or as letters, full-width
/// or half-width Latin. All of them are one password (source: NIST SP 800-63B-4, 3.1.1.2).
#[derive(Debug, Clone)]
pub(crate) struct Password(SecretString);

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordProblem {
    /// It is shorter or longer than the limits.
    Length,
    /// Many people use it, it is one character or a row of keys, or it is the address or the name.
    Common,
}

impl Password {
    /// Normalises a password; `None` if it is so long that no account has it.
    pub(crate) fn of(typed: &SecretString) -> Option<Self> {
        let typed = typed.expose_secret();
        if typed.len() > MAX_PASSWORD_BYTES {
            return None;
        }
        let normal: String = typed.nfkc().collect();
        (count(&normal) <= MAX_PASSWORD_CHARS).then(|| Self(normal.into()))
    }

    /// Normalises a password of a new account, or of an old one that gets a new password.
    ///
    /// `words` are what an attacker tries first: the address and the name.
    ///
    /// # Errors
    ///
    /// [`PasswordProblem`]. There are no rules about digits or punctuation: they make passwords predictable.
    pub(crate) fn chosen(
        typed: &SecretString,
        least: usize,
        words: &[&str],
    ) -> Result<Self, PasswordProblem> {
        let password = Self::of(typed).ok_or(PasswordProblem::Length)?;
        let text = password.0.expose_secret();
        if count(text) < least {
            return Err(PasswordProblem::Length);
        }
        let folded = text.to_lowercase();
        let is_listed = COMMON.binary_search_by(|known| known.as_ref().cmp(folded.as_str())).is_ok();
        if is_listed || is_row(&folded) || words.iter().any(|word| is_made_of(&folded, word)) {
            return Err(PasswordProblem::Common);
        }
        Ok(password)
    }

    /// Returns the password, to be hashed.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// Counts what people see as characters, as code points.
fn count(text: &str) -> usize {
    text.chars().count()
}

/// Returns whether each character is the one before, or one more or one less: `aaaaaaaa`, `23456789`, `hgfedcba`.
fn is_row(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let step = |pair: &[i64]| match pair {
        [one, next] => next - one,
        _ => 0,
    };
    let mut steps = codes.windows(2).map(step);
    let Some(first) = steps.next() else { return true };
    (-1..=1).contains(&first) && steps.all(|step| step == first)
}

/// Returns whether a password is a word, or a word with digits and punctuation around it.
fn is_made_of(folded: &str, word: &str) -> bool {
    let word: String = word.nfkc().collect::<String>().to_lowercase();
    let parts = std::iter::once(word.as_str()).chain(word.split(|c: char| !c.is_alphanumeric()));
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    parts.filter(|part| count(part) >= SHORTEST_WORD).any(|part| folded == part || bare == part)
}

fn common() -> Box<[Box<str>]> {
    let mut text = String::new();
    let packed: &[u8] = include_bytes!("data/common_passwords.txt.gz");
    match GzDecoder::new(packed).read_to_string(&mut text) {
        Ok(_) => text.lines().map(Box::from).collect(),
        // The list is part of the program, and a test reads it.
        Err(_) => Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 2] = ["hanbyul.kim@mail.example", "김한별"];

    fn chosen(typed: &str) -> Result<(), PasswordProblem> {
        Password::chosen(&typed.to_owned().into(), 8, &WORDS).map(drop)
    }

    #[test]
    fn the_list_is_there_and_sorted() {
        assert_eq!(COMMON.len(), 11_611);
        assert!(COMMON.is_sorted());
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert_eq!(chosen("비밀번호여덟자임"), Ok(()));
        assert_eq!(chosen("비밀번호일곱자"), Err(PasswordProblem::Length));
        assert_eq!(chosen(&"🎻x".repeat(64)), Ok(()));
        assert_eq!(chosen(&"🎻x".repeat(65)), Err(PasswordProblem::Length));
        // One code point that becomes eighteen.
        assert_eq!(chosen(&"ﷺ".repeat(8)), Err(PasswordProblem::Length));
        assert_eq!(chosen(&"x".repeat(1_000_000)), Err(PasswordProblem::Length));
    }

    /// Fails without the list.
    #[test]
    fn what_many_people_use_is_refused_in_any_case() {
        for bad in
            ["password123", "PassWord123", "iloveyou", "ｐａｓｓｗｏｒｄ１２３", "qwerty123", "P@ssw0rd"]
        {
            assert_eq!(chosen(bad), Err(PasswordProblem::Common), "{bad}");
        }
    }

    #[test]
    fn rows_of_characters_are_refused() {
        for bad in ["aaaaaaaaaaaa", "abcdefghijkl", "zyxwvutsrq", "ㅋㅋㅋㅋㅋㅋㅋㅋㅋ"] {
            assert!(chosen(bad).is_err(), "{bad}");
        }
        assert_eq!(chosen("abcdefgh-ijkl"), Ok(()));
    }

    #[test]
    fn the_own_address_and_name_are_refused() {
        for bad in [
            "hanbyul.kim@mail.example",
            "Hanbyul.Kim@mail.example",
            "hanbyul1",
            "!!hanbyul2026",
            "김한별김한별김한별",
        ] {
            let expected = if bad.starts_with('김') { Ok(()) } else { Err(PasswordProblem::Common) };
            assert_eq!(chosen(bad), expected, "{bad}");
        }
        assert_eq!(chosen("hanbyul likes violins"), Ok(()));
    }

    #[test]
    fn one_password_has_one_form_on_every_keyboard() {
        let bytes = |typed: &str| Password::of(&typed.to_owned().into()).unwrap().expose_bytes().to_vec();
        // Hangul as a syllable and as its letters; full-width and half-width Latin.
        assert_eq!(
            bytes("한별의 등불"),
            bytes(
                "\u{1112}\u{1161}\u{11ab}\u{1107}\u{1167}\u{11af}\u{110b}\u{1174} \u{1103}\u{1173}\u{11bc}\u{1107}\u{116e}\u{11af}"
            )
        );
        assert_eq!(bytes("ｌａｎｔｅｒｎ"), bytes("lantern"));
        assert_ne!(bytes("Lantern"), bytes("lantern"));
        assert_ne!(bytes(" lantern "), bytes("lantern"));
    }

    #[test]
    fn a_password_is_never_shown() {
        assert!(!format!("{:?}", Password::of(&"lantern".to_owned().into())).contains("lantern"));
    }
}
