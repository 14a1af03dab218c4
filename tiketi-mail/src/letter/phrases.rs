//! The sentences of letters, in each language.

use tiketi_core::language::Language;

/// A subject and sentences; names in braces are replaced.
type Said = (&'static str, &'static [&'static str]);

/// Everything that letters say in one language.
pub(super) struct Phrases {
    pub(super) confirmed: Said,
    pub(super) cancelled: Said,
    pub(super) event_cancelled: Said,
    pub(super) returned: Said,
    pub(super) refunded: Said,
    pub(super) called: Said,
    pub(super) verify: Said,
    pub(super) already_registered: Said,
    pub(super) reset: Said,
    pub(super) event: &'static str,
    pub(super) date: &'static str,
    pub(super) venue: &'static str,
    pub(super) number: &'static str,
    pub(super) total: &'static str,
    pub(super) price: &'static str,
    pub(super) paid: &'static str,
    pub(super) refunded_sum: &'static str,
    pub(super) seats: &'static str,
    pub(super) see_reservation: &'static str,
    pub(super) enter: &'static str,
    pub(super) to_the_shop: &'static str,
    pub(super) set_password: &'static str,
    pub(super) because_you_bought: &'static str,
    pub(super) because_of_a_request: &'static str,
}

impl Phrases {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Korean => &KOREAN,
        }
    }
}

/// Replaces names in braces, once: a value is never searched for names.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

const ENGLISH: Phrases = Phrases {
    confirmed: (
        "Your tickets for {event} ({number})",
        &["Your reservation {number} is confirmed. These are your tickets:"],
    ),
    cancelled: (
        "Your reservation {number} was cancelled",
        &[
            "Your reservation {number} was cancelled, and these tickets are no longer valid.",
            "If you paid for them, what is refunded goes back the way you paid. We will write to you when it is on its way.",
        ],
    ),
    event_cancelled: (
        "{event} was cancelled",
        &[
            "{event} was cancelled by its organiser. We are sorry.",
            "Your reservation {number} has ended. If you paid for it, the whole price goes back the way you paid, and you need to do nothing. We will write to you when it is on its way.",
        ],
    ),
    returned: (
        "Returned tickets of your reservation {number}",
        &["These tickets of your reservation {number} were returned. The others stay valid."],
    ),
    refunded: (
        "{amount} was refunded ({number})",
        &[
            "{amount} of your payment for reservation {number} has been refunded in all. Your bank may need some days to show it.",
        ],
    ),
    called: (
        "It is your turn: {event}",
        &[
            "Your turn in the line for {event} has come. Enter before {until}, or your turn passes to the next in line.",
        ],
    ),
    verify: (
        "Your code",
        &[
            "Type this code on the page where you were asked for it, to prove that this address is yours.",
            "It is valid until {until}. Give it to nobody. If you did not ask for it, you need to do nothing.",
        ],
    ),
    already_registered: (
        "You already have an account",
        &[
            "Somebody, perhaps you, wanted to create an account with this address. It has an account already, and nothing was changed.",
            "Sign in with it. If you do not know the password any more, ask for a new one at the sign-in. If it was not you, you need to do nothing.",
        ],
    ),
    reset: (
        "Set a new password",
        &[
            "Somebody, perhaps you, asked for a new password of your account. Open the link and type this code there.",
            "It is valid until {until}, once, and signs you out everywhere. Give it to nobody. If you did not ask for it, you need to do nothing: your password stays.",
        ],
    ),
    event: "Event",
    date: "Date",
    venue: "Venue",
    number: "Reservation",
    total: "Total",
    price: "Price of the returned tickets",
    paid: "Paid",
    refunded_sum: "Refunded",
    seats: "Seats × {count}",
    see_reservation: "See the reservation",
    enter: "Enter now",
    to_the_shop: "To the shop",
    set_password: "Set a new password",
    because_you_bought: "You get this mail because of your reservation or your place in a line.",
    because_of_a_request: "You get this mail because somebody typed this address at the shop.",
};

const KOREAN: Phrases = Phrases {
    confirmed: (
        "{event} 예매가 완료되었습니다 ({number})",
        &["예매번호 {number}의 예매가 확정되었습니다. 예매하신 내역은 다음과 같습니다."],
    ),
    cancelled: (
        "예매 {number}이(가) 취소되었습니다",
        &[
            "예매번호 {number}의 예매가 취소되어 아래 티켓은 더 이상 사용할 수 없습니다.",
            "결제하신 예매라면 환불 금액은 결제하신 수단으로 돌려드리며, 환불이 처리되면 다시 알려드립니다.",
        ],
    ),
    event_cancelled: (
        "{event} 공연이 취소되었습니다",
        &[
            "주최 측 사정으로 {event} 공연이 취소되었습니다. 불편을 드려 죄송합니다.",
            "예매번호 {number}의 예매도 함께 취소되었습니다. 결제하신 경우 전액이 결제 수단으로 환불되며, 따로 하실 일은 없습니다. 환불이 처리되면 다시 알려드립니다.",
        ],
    ),
    returned: (
        "예매 {number}의 일부 티켓이 취소되었습니다",
        &["예매번호 {number} 중 아래 티켓이 취소되었습니다. 나머지 티켓은 그대로 사용하실 수 있습니다."],
    ),
    refunded: (
        "{amount}이(가) 환불되었습니다 ({number})",
        &[
            "예매번호 {number}의 결제 금액 중 지금까지 모두 {amount}이(가) 환불되었습니다. 금융기관에 따라 확인까지 며칠이 걸릴 수 있습니다.",
        ],
    ),
    called: (
        "입장하실 차례입니다: {event}",
        &[
            "{event} 대기열에서 입장하실 차례가 되었습니다. {until}까지 입장해 주세요. 시간이 지나면 다음 분께 차례가 넘어갑니다.",
        ],
    ),
    verify: (
        "인증 코드 안내",
        &[
            "이메일 주소를 확인하기 위해 아래 코드를 요청하신 화면에 입력해 주세요.",
            "코드는 {until}까지 사용할 수 있습니다. 다른 사람에게 알려주지 마세요. 요청하신 적이 없다면 이 메일을 무시하셔도 됩니다.",
        ],
    ),
    already_registered: (
        "이미 가입된 계정이 있습니다",
        &[
            "이 이메일 주소로 회원 가입이 요청되었습니다. 이미 가입된 주소이므로 변경된 내용은 없습니다.",
            "기존 계정으로 로그인해 주세요. 비밀번호를 잊으셨다면 로그인 화면에서 비밀번호를 다시 설정할 수 있습니다. 요청하신 적이 없다면 이 메일을 무시하셔도 됩니다.",
        ],
    ),
    reset: (
        "비밀번호 재설정 안내",
        &[
            "계정의 비밀번호 재설정이 요청되었습니다. 아래 링크를 열고 코드를 입력해 주세요.",
            "코드는 {until}까지 한 번만 사용할 수 있으며, 재설정하면 모든 기기에서 로그아웃됩니다. 다른 사람에게 알려주지 마세요. 요청하신 적이 없다면 무시하셔도 되며, 비밀번호는 바뀌지 않습니다.",
        ],
    ),
    event: "공연",
    date: "일시",
    venue: "장소",
    number: "예매번호",
    total: "합계",
    price: "취소된 티켓 금액",
    paid: "결제 금액",
    refunded_sum: "환불 금액",
    seats: "좌석 × {count}",
    see_reservation: "예매 내역 보기",
    enter: "지금 입장하기",
    to_the_shop: "예매 사이트로 이동",
    set_password: "새 비밀번호 설정",
    because_you_bought: "예매 또는 대기열 이용에 따라 발송된 메일입니다.",
    because_of_a_request: "예매 사이트에 이 이메일 주소가 입력되어 발송된 메일입니다.",
};
