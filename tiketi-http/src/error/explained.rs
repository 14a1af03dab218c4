//! Says in each language why a value was refused. English is what the error itself says.

use std::error::Error;

use tiketi_core::account::ParseEmailError;
use tiketi_core::box_office::BeaconRefused;
use tiketi_core::cancellation_policy::{CancellationPolicyError, MAX_CANCELLATION_TIERS, WHOLE_SHARE};
use tiketi_core::catalog::{CatalogError, MAX_KEYWORDS};
use tiketi_core::figures::{DayRangeError, MAX_DAYS, ParseDayError};
use tiketi_core::gateway::{InvalidReturnUrl, MAX_RETURN_URL_BYTES};
use tiketi_core::id::ParseIdError;
use tiketi_core::limits::{
    MAX_CAPACITY, MAX_LINES_PER_COMMAND, MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_PAGE, MAX_PRICE_MINOR,
    MAX_SEATS_PER_LAYOUT,
};
use tiketi_core::metadata::MetadataError;
use tiketi_core::money::ParseCurrencyError;
use tiketi_core::notice::{InvalidLanguageTag, ParseNoticePositionError};
use tiketi_core::poster_url::{InvalidPosterUrl, MAX_POSTER_URL_CHARS};
use tiketi_core::refund_account::{MAX_BANK_CHARS, MAX_HOLDER_CHARS, MAX_NUMBER_DIGITS, RefundAccountError};
use tiketi_core::seat_layout::LayoutError;
use tiketi_core::store::PageOutOfRange;
use tiketi_core::text::{TextError, TextProblem};
use tiketi_core::time::{EmptySaleWindow, ParseTimestampError};
use tiketi_core::transition::IllegalTransition;
use tiketi_core::waiting_room::{ParseBeaconError, RoomPolicyError};

use crate::layout_file::LayoutFileError;
use crate::reason::{Reason, shape_reason};
use tiketi_core::language::Language;

/// An error whose message is shown to clients.
pub(crate) trait Explained: Error {
    /// Returns the message in Korean.
    fn korean(&self) -> String;
}

impl Reason {
    /// Makes the reason of an error that is still needed.
    pub(crate) fn of(error: &impl Explained) -> Self {
        Self::new(error.to_string(), error.korean())
    }
}

impl<E: Explained> From<E> for Reason {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

/// Expands to an error that has one message.
macro_rules! explained {
    ($($error:ty => $korean:expr),+ $(,)?) => {
        $(impl Explained for $error {
            fn korean(&self) -> String {
                $korean.to_owned()
            }
        })+
    };
}
explained! {
    EmptySaleWindow => "판매 시작은 판매 종료보다 앞서야 합니다.",
    InvalidLanguageTag => "언어 태그가 아닙니다. ko 또는 en-GB와 같은 형식이어야 합니다.",
    ParseBeaconError => "올바른 16진수 값이 아닙니다.",
    ParseCurrencyError => "통화가 아닙니다. KRW 또는 EUR와 같은 ISO 4217 코드여야 합니다.",
    ParseDayError => "날짜가 아닙니다. 2026-01-05와 같은 형식이어야 합니다.",
    ParseEmailError => "올바른 이메일 주소가 아닙니다.",
    ParseIdError => "올바른 식별자가 아닙니다. 01890a5d-ac96-774b-bcce-b302099a8057과 같은 UUID여야 합니다.",
    ParseNoticePositionError => "공지 목록의 위치가 아닙니다.",
    ParseTimestampError => "올바른 시각이 아닙니다. 2026-01-05T19:00:00Z와 같이 시차가 있는 RFC 3339 형식이어야 합니다.",
}

impl Explained for InvalidPosterUrl {
    fn korean(&self) -> String {
        format!("쇼핑몰의 이미지(/images/…)이거나 {MAX_POSTER_URL_CHARS}자 이하의 https 주소여야 합니다.")
    }
}

impl Explained for PageOutOfRange {
    fn korean(&self) -> String {
        format!("페이지 번호는 1 이상, 페이지 크기는 1부터 {MAX_PAGE}까지여야 합니다.")
    }
}

impl Explained for DayRangeError {
    fn korean(&self) -> String {
        format!("기간은 1일부터 {MAX_DAYS}일까지여야 합니다.")
    }
}

impl Explained for TextProblem {
    fn korean(&self) -> String {
        match self {
            Self::Length { least, most } => format!("{least}자부터 {most}자까지여야 합니다."),
            Self::ControlCharacter { character } => {
                format!("허용되지 않는 제어 문자 U+{:04X}이(가) 있습니다.", u32::from(*character))
            }
            _ => self.to_string(),
        }
    }
}

impl Explained for TextError {
    fn korean(&self) -> String {
        format!("{}: {}", self.field, self.problem.korean())
    }
}

impl Explained for MetadataError {
    fn korean(&self) -> String {
        match self {
            Self::NotAnObject => "JSON 객체여야 합니다.".to_owned(),
            Self::TooLong { bytes } => {
                format!("{bytes}바이트로, 한도인 {MAX_METADATA_BYTES}바이트를 넘습니다.")
            }
            Self::TooDeep => format!("{MAX_METADATA_DEPTH}단계보다 깊게 중첩되었습니다."),
            Self::Malformed { at } => format!("{at}번째 바이트부터 JSON이 아닙니다."),
            _ => self.to_string(),
        }
    }
}

impl Explained for CancellationPolicyError {
    fn korean(&self) -> String {
        match self {
            Self::TooManyTiers => format!("취소 규정은 최대 {MAX_CANCELLATION_TIERS}단계입니다."),
            Self::TiersOutOfOrder => "각 단계는 앞 단계보다 시작 시각에 더 가까워야 합니다.".to_owned(),
            Self::LeadOutOfRange => "단계는 시작 전 정수 초에 끝나야 하며, 최대 3650일 전입니다.".to_owned(),
            Self::ShareOutOfRange => format!("수수료율은 0부터 {WHOLE_SHARE}(0.01% 단위)까지여야 합니다."),
            Self::FeeOutOfRange => format!("수수료는 0부터 {MAX_PRICE_MINOR}까지여야 합니다."),
            _ => self.to_string(),
        }
    }
}

impl Explained for CatalogError {
    fn korean(&self) -> String {
        match self {
            Self::Text(error) => error.korean(),
            Self::TooManyKeywords => format!("키워드는 최대 {MAX_KEYWORDS}개입니다."),
            Self::PriceOutOfRange => format!("가격은 0부터 {MAX_PRICE_MINOR}까지여야 합니다."),
            Self::WrongCurrency { expected } => {
                format!("가격은 공연의 통화인 {expected}(으)로 정해야 합니다.")
            }
            Self::CapacityOutOfRange => format!("수량은 1부터 {MAX_CAPACITY}까지여야 합니다."),
            Self::LayoutNotFound => "그런 좌석 배치도가 없습니다.".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl Explained for RoomPolicyError {
    fn korean(&self) -> String {
        match self {
            Self::BeaconUnknown => "이 쇼핑몰은 그 체인의 해당 라운드를 검증할 수 없습니다.".to_owned(),
            Self::BeaconTooEarly { published_at } => {
                format!("라운드는 대기열이 열린 뒤에 공개되어야 합니다. 공개 시각: {published_at}")
            }
            Self::PartyOutOfRange => format!("1부터 {MAX_LINES_PER_COMMAND}까지여야 합니다."),
            _ => self.to_string(),
        }
    }
}

impl Explained for BeaconRefused {
    fn korean(&self) -> String {
        match self {
            Self::WrongRound { expected } => format!("이 공연의 추첨은 {expected} 라운드를 따릅니다."),
            Self::Forged => "그 라운드의 서명이 아닙니다.".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl Explained for RefundAccountError {
    fn korean(&self) -> String {
        match self {
            Self::Bank => format!("은행은 영문자나 숫자, 한글 1자부터 {MAX_BANK_CHARS}자까지여야 합니다."),
            Self::Number => format!("계좌번호는 숫자만 1자리부터 {MAX_NUMBER_DIGITS}자리까지여야 합니다."),
            Self::Holder => format!("예금주는 1자부터 {MAX_HOLDER_CHARS}자까지여야 합니다."),
            _ => self.to_string(),
        }
    }
}

impl Explained for InvalidReturnUrl {
    fn korean(&self) -> String {
        format!("{MAX_RETURN_URL_BYTES}바이트 이하의 https 또는 http 주소여야 합니다.")
    }
}

impl Explained for IllegalTransition {
    fn korean(&self) -> String {
        let state = match self.state() {
            "published" => "이미 공개된",
            "cancelled" => "취소된",
            state => state,
        };
        let step = match self.step() {
            "publish" => "공개할",
            "cancel" => "취소할",
            step => step,
        };
        format!("{state} 공연은 {step} 수 없습니다.")
    }
}

impl Explained for LayoutError {
    fn korean(&self) -> String {
        match self {
            Self::Empty => "배치도에 좌석이 없습니다.".to_owned(),
            Self::TooManySeats { seats } => {
                format!("배치도의 좌석이 {seats}석으로, 한도인 {MAX_SEATS_PER_LAYOUT}석을 넘습니다.")
            }
            Self::Text(error) => error.korean(),
            Self::Duplicate { what } => format!("{what}: 두 번 나옵니다."),
            Self::SameColumn { row, column } => format!("{row}의 두 좌석이 같은 열({column})에 있습니다."),
            Self::BadPrice { section } => {
                format!("{section} 구역의 가격은 0부터 {MAX_PRICE_MINOR}까지여야 합니다.")
            }
            Self::MixedCurrencies { section } => {
                format!("{section} 구역의 통화가 첫 구역의 통화와 다릅니다.")
            }
            _ => self.to_string(),
        }
    }
}

impl Explained for LayoutFileError {
    fn korean(&self) -> String {
        match self {
            Self::Syntax { problem } => format!("올바른 JSON이 아닙니다: {problem}"),
            Self::UnknownShape => {
                "좌석 배치도가 아닙니다. `sections`가 있거나 `zones`와 `categories`가 있는 객체여야 합니다."
                    .to_owned()
            }
            Self::Shape { path, problem } => {
                format!("{path}: {}", shape_reason(problem).sentence(Language::Korean))
            }
            Self::Currency(error) => format!("currency: {}", error.korean()),
            Self::Empty { path } => format!("{path}: 비어 있습니다."),
            Self::Duplicate { path, name } => format!("{path}: {name:?} 이름이 두 번 나옵니다."),
            Self::UnknownSeat { path, name } => format!("{path}: 이 줄에 {name:?} 좌석이 없습니다."),
            Self::UnknownCategory { path, name } => format!("{path}: 배치도에 {name:?} 등급이 없습니다."),
            Self::Unpriced { categories } => format!("가격이 없는 등급: {}", categories.join(", ")),
            Self::UnknownPrice { name, known } => {
                format!("배치도에 가격을 매길 {name:?} 등급이 없습니다. 있는 등급: {}", known.join(", "))
            }
            Self::CurrencyMissing => "배치도에 통화가 없습니다.".to_owned(),
            Self::CurrencyDiffers { plan, asked } => {
                format!("배치도의 통화는 {asked}가 아니라 {plan}입니다.")
            }
            Self::Layout(error) => error.korean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::{Currency, Timestamp};

    use super::*;

    fn errors() -> Vec<Reason> {
        let name = || "R석".to_owned();
        let length = TextProblem::Length { least: 1, most: 9 };
        let sentences: [Reason; 12] = [
            Reason::of(&"x".parse::<Currency>().unwrap_err()),
            Reason::of(&"x".parse::<Timestamp>().unwrap_err()),
            Reason::of(&"x".parse::<tiketi_core::EventId>().unwrap_err()),
            Reason::of(&"[]".parse::<tiketi_core::metadata::Metadata>().unwrap_err()),
            Reason::of(&length),
            Reason::of(&CatalogError::TooManyKeywords),
            Reason::of(&CatalogError::WrongCurrency { expected: Currency::KRW }),
            Reason::of(&RoomPolicyError::PartyOutOfRange),
            Reason::of(&RefundAccountError::Number),
            Reason::of(&InvalidReturnUrl::Fail),
            Reason::of(&LayoutError::SameColumn { row: name(), column: 4 }),
            Reason::of(&LayoutFileError::Unpriced { categories: vec![name()] }),
        ];
        sentences.to_vec()
    }

    #[test]
    fn a_reason_is_said_in_each_language() {
        let hangul = |letter: char| ('가'..='힣').contains(&letter);
        for reason in errors() {
            let (english, korean) = (reason.sentence(Language::English), reason.sentence(Language::Korean));
            assert_ne!(english, korean);
            assert!(korean.ends_with("니다.") || korean.contains(':'), "{korean}");
            assert!(korean.contains(hangul), "{korean}");
        }
    }
}
