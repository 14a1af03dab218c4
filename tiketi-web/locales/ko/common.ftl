# 모든 페이지에 있는 문구.

shop-description = { $shop } 예매: 공연을 찾고 좌석을 골라 결제하세요.
skip-to-content = 본문으로 건너뛰기
nav-main = 주 메뉴
nav-events = 공연
nav-news = 공지사항
nav-reservations = 예매 내역
nav-staff = 운영
nav-profile = 내 계정
nav-sign-in = 로그인
times-in-zone = 모든 시각은 { $zone } 시간대 기준입니다.
theme-now = 테마: { $theme ->
    [light] 밝게
    [dark] 어둡게
   *[auto] 기기 설정
  }
connection-online = 연결됨
connection-lost = 실시간 연결이 끊겼습니다. 화면의 정보가 최신이 아닐 수 있으며, 다시 연결하고 있습니다.
connection-back = 실시간 연결이 복구되었습니다.
connection-offline = 오프라인 상태입니다. 대기 순번과 티켓은 그대로 유지되며, 다시 연결되면 이어서 진행됩니다.

form-wrong = { $count ->
   *[other] 고쳐야 할 항목이 { $count }개 있습니다.
  }

pager = 페이지
pager-before = 이전
pager-after = 다음
pager-at = { $pages }쪽 중 { $page }쪽

error-title-not-found = 페이지를 찾을 수 없습니다
error-title-forbidden = 허용되지 않은 요청입니다
error-title-busy = 요청이 몰리고 있습니다
error-title-internal = 문제가 발생했습니다
error-title-refused = 처리하지 못했습니다
error-not-found = 이 주소에는 페이지가 없습니다.
error-bad-request = 보낸 내용을 이해할 수 없습니다.
error-too-large = 보낸 내용이 너무 큽니다.
error-foreign-page = 다른 사이트의 페이지에서 보낸 요청이라 아무것도 처리하지 않았습니다.
error-internal = 서버에서 오류가 발생했습니다. 이 오류로 구매되거나 변경된 것은 없습니다.
error-way-not-found = 삭제되었거나 주소가 잘못되었을 수 있습니다. 공연 목록에서 다시 시작해 보세요.
error-way-forbidden = 이 사이트의 페이지로 돌아가 다시 시도해 주세요.
error-way-busy = 잠시 기다린 뒤 페이지를 새로 고쳐 주세요. 선점한 티켓은 남은 시간 동안 그대로 유지됩니다.
error-way-internal = 잠시 후 다시 시도해 주세요. 결제 중이었다면 먼저 예매 내역에서 결제 여부를 확인해 주세요.
error-way-refused = 돌아가서 내용을 고친 뒤 다시 시도해 주세요.
error-retry-after = { $seconds ->
   *[other] { $seconds }초 후에 다시 시도해 주세요.
  }
error-to-events = 공연 목록으로
error-request-id = 문의하실 때 이 요청 번호를 알려 주세요: { $id }

# 날짜. 요일은 월요일부터 셉니다.
moment-full = { $date } { $time }
moment-date = { $year }년 { $month-number }월 { $day }일 ({ $weekday ->
    [n1] 월
    [n2] 화
    [n3] 수
    [n4] 목
    [n5] 금
    [n6] 토
   *[n7] 일
  })
moment-day = { $month-number }월 { $day }일
moment-time = { $half ->
    [am] 오전
   *[pm] 오후
  } { $hour12 }:{ $minute } { $zone }
