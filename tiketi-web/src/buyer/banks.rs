//! Banks of virtual accounts and of refunds, by the codes of TossPayments (source: its table of institution codes).

/// The codes with the names that the banks have.
pub(super) const BANKS: [(&str, &str); 22] = [
    ("06", "KB국민은행 KB Kookmin"),
    ("88", "신한은행 Shinhan"),
    ("20", "우리은행 Woori"),
    ("81", "하나은행 Hana"),
    ("11", "NH농협은행 NongHyup"),
    ("03", "IBK기업은행 IBK"),
    ("90", "카카오뱅크 Kakao Bank"),
    ("92", "토스뱅크 Toss Bank"),
    ("89", "케이뱅크 K bank"),
    ("23", "SC제일은행 SC First"),
    ("27", "씨티은행 Citibank Korea"),
    ("31", "iM뱅크 iM Bank"),
    ("32", "부산은행 Busan"),
    ("34", "광주은행 Gwangju"),
    ("35", "제주은행 Jeju"),
    ("37", "전북은행 Jeonbuk"),
    ("39", "경남은행 Kyongnam"),
    ("07", "Sh수협은행 Suhyup"),
    ("02", "KDB산업은행 KDB"),
    ("45", "새마을금고 MG"),
    ("48", "신협 Shinhyup"),
    ("71", "우체국 Korea Post"),
];

/// Returns the name of a bank; its code if it is not in the list.
pub(super) fn name(code: &str) -> &str {
    BANKS.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}
