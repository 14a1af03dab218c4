//! Notices: what the organiser tells everyone, such as changes of an event or of opening hours.

use std::fmt;
use std::str::FromStr;

use crate::id::NoticeId;
use crate::limits::MAX_NAME_CHARS;
use crate::text::{TextError, check_line, check_lines};
use crate::time::Timestamp;

/// Most characters of a notice's body.
pub const MAX_NOTICE_CHARS: usize = 10_000;

/// A notice of the organiser, which everyone may read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Notice {
    /// Id of the notice.
    pub id: NoticeId,
    /// The title.
    pub title: String,
    /// The text, of several lines; not HTML.
    pub body: String,
    /// The language of both.
    pub language: LanguageTag,
    /// Whether it is listed before those that are not pinned.
    pub pinned: bool,
    /// How often it was read, about.
    pub views: u64,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Grows by one with each change by staff.
    pub version: u64,
}

impl Notice {
    /// Checks every text of the notice.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        check_line("title", &self.title, 1..=MAX_NAME_CHARS)?;
        check_lines("body", &self.body, 1..=MAX_NOTICE_CHARS)
    }

    /// Returns where the notice is in the list.
    pub const fn position(&self) -> NoticePosition {
        NoticePosition { pinned: self.pinned, created_at: self.created_at, id: self.id }
    }
}

/// Where a notice is in the list: pinned ones first, then the newest first; among equals, the greatest id first.
///
/// A position stays valid when its notice is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a key: each store reads every field")]
pub struct NoticePosition {
    /// Whether the notice is pinned.
    pub pinned: bool,
    /// When it was published.
    pub created_at: Timestamp,
    /// Its id.
    pub id: NoticeId,
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position in the list of notices")]
#[non_exhaustive]
pub struct ParseNoticePositionError;

/// Shown as a short text, which is read back: `1.1767607200000000.01890a5d-ac96-774b-bcce-b302099a8057`.
impl fmt::Display for NoticePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", u8::from(self.pinned), self.created_at.as_micros(), self.id)
    }
}

impl FromStr for NoticePosition {
    type Err = ParseNoticePositionError;

    fn from_str(text: &str) -> Result<Self, ParseNoticePositionError> {
        let mut parts = text.splitn(3, '.');
        let (Some(pinned), Some(micros), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseNoticePositionError);
        };
        let pinned = match pinned {
            "0" => false,
            "1" => true,
            _ => return Err(ParseNoticePositionError),
        };
        let created_at = micros.parse().map(Timestamp::from_micros).map_err(|_| ParseNoticePositionError)?;
        Ok(Self { pinned, created_at, id: id.parse().map_err(|_| ParseNoticePositionError)? })
    }
}

/// A language tag such as `ko` or `en-GB`: a language of 2 or 3 letters, then parts of 1 to 8 letters and digits.
///
/// At most 35 characters. Its form is that of BCP 47; whether there is such a language is not checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LanguageTag(String);

/// A text that is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language tag: expected one such as ko or en-GB")]
#[non_exhaustive]
pub struct InvalidLanguageTag;

impl LanguageTag {
    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LanguageTag {
    type Err = InvalidLanguageTag;

    fn from_str(text: &str) -> Result<Self, InvalidLanguageTag> {
        let mut parts = text.split('-');
        let is_language =
            |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_tag = text.len() <= 35 && parts.next().is_some_and(is_language) && parts.all(is_part);
        if is_tag { Ok(Self(text.to_owned())) } else { Err(InvalidLanguageTag) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_shown() {
        for pinned in [false, true] {
            let (created_at, id) = (Timestamp::from_micros(-7), NoticeId::from_uuid(Uuid::from_u128(9)));
            let position = NoticePosition { pinned, created_at, id };
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for wrong in ["", "1", "1.2", "2.3.01890a5d-ac96-774b-bcce-b302099a8057", "1.x.y", "1.2.3"] {
            assert_eq!(wrong.parse::<NoticePosition>(), Err(ParseNoticePositionError), "{wrong}");
        }
    }

    #[test]
    fn pinned_notices_have_the_greatest_positions_and_then_the_newest() {
        let at = |pinned, micros| NoticePosition {
            pinned,
            created_at: Timestamp::from_micros(micros),
            id: NoticeId::from_uuid(Uuid::nil()),
        };
        assert!(at(true, 1) > at(false, 2) && at(false, 2) > at(false, 1));
    }

    #[test]
    fn a_language_tag_has_the_form_of_bcp_47() {
        for good in ["ko", "en-GB", "zh-Hant-TW", "de-CH-1901", "sgn"] {
            assert_eq!(good.parse::<LanguageTag>().unwrap().as_str(), good);
        }
        for wrong in
            ["", "k", "korean", "en_GB", "en-", "en--GB", "한국", "en-123456789", &"en-abcdefgh".repeat(4)]
        {
            assert_eq!(wrong.parse::<LanguageTag>(), Err(InvalidLanguageTag), "{wrong}");
        }
    }
}
