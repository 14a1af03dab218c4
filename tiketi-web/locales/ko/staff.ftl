# 직원용 페이지.

# 메뉴
staff-nav = 관리자 메뉴
staff-nav-dashboard = 대시보드
staff-nav-events = 공연
staff-nav-layouts = 좌석 배치
staff-nav-rooms = 대기실
staff-nav-reservations = 예매
staff-nav-payments = 결제
staff-nav-notices = 공지
staff-nav-people = 직원과 권한
staff-nav-mail = 미발송 메일
staff-nav-log = 작업 기록
staff-role = { $role ->
    [read_only] 읽기 전용
    [box_office] 매표소
    [finance] 재무
    [admin] 관리자
   *[buyer] 구매자
  }
staff-role-name = { $role ->
    [read_only] 읽기 전용
    [box_office] 매표소
    [finance] 재무
    [admin] 관리자
   *[user] 구매자
  }
staff-forbidden = 현재 권한({ $role ->
    [read_only] 읽기 전용
    [box_office] 매표소
    [finance] 재무
   *[admin] 관리자
  })으로는 이 페이지를 볼 수 없습니다. 관리자에게 권한 변경을 요청하세요.
staff-forbidden-buyer = 주최 측 직원용 페이지입니다. 이 계정({ $role })으로는 볼 수 없습니다.
staff-done = { $what ->
    [created] 만들었습니다.
    [saved] 저장했습니다.
    [published] 공개했습니다.
    [cancelled] 취소했습니다.
    [archived] 보관했습니다.
    [unarchived] 보관을 해제했습니다.
    [deleted] 삭제했습니다.
    [blocked] 좌석 판매를 막았습니다.
    [unblocked] 좌석을 다시 판매합니다.
    [refunding] 환불을 요청했습니다. 결제사 확인을 기다리고 있습니다.
    [refunded] 환불했습니다.
    [asked] 결제사에 확인했습니다.
    [noted] 메모를 추가했습니다.
    [ended] 결제를 종료했습니다.
    [retried] 메일을 다시 보내고 있습니다.
   *[other] 처리했습니다.
  }

# 공통
staff-all = 전체
staff-all-events = 모든 공연
staff-amount = 금액
staff-available = 판매 가능
staff-back = 공연으로 돌아가기
staff-blocked = 판매 중지
staff-buyer = 구매자
staff-capacity = 총 수량
staff-captured = 승인 금액
staff-count = 총 { $count }건
staff-count-more = { $count }건 이상
staff-create = 만들기
staff-created-at = 생성
staff-currency = 통화
staff-currency-hint = KRW처럼 세 글자로 씁니다. 나중에 바꿀 수 없습니다.
staff-csv = CSV로 내려받기
staff-empty-no-limit = 비워 두면 제한이 없습니다.
staff-event = 공연
staff-expires-at = 선점 만료
staff-figures = 통계
staff-first-page = 첫 페이지
staff-from = 시작일
staff-held = 선점
staff-history = 처리 내역
staff-hours = { $count }시간
staff-method = 결제 수단
staff-minutes = { $count }분
staff-no = 아니요
staff-none = 찾은 항목이 없습니다.
staff-notice = 공지
staff-payment = 결제
staff-price = 가격
staff-reason = 사유
staff-reason-hint = 결제사와 구매자가 볼 수 있습니다.
staff-refund = 환불
staff-refunded = 환불 금액
staff-remove = 삭제
staff-reservation = 예매
staff-sale = 판매 기간
staff-save = 저장
staff-search = 제목, 출연자, 공연장
staff-seats = 좌석
staff-seat-count = { $count }석
staff-seconds = { $count }초
staff-section = 구역
staff-sections = 구역
staff-show = 보기
staff-sold = 판매
staff-stage = 무대
staff-status = 상태
staff-sum = 전체 구역
staff-taken = 판매·선점
staff-tickets = 티켓
staff-to = 종료일
staff-total = 합계
staff-updated-at = 수정
staff-upload = 올리기
staff-views = 조회
staff-yes = 예

# 입력 오류
staff-wrong-file = 먼저 파일을 선택하세요.
staff-wrong-limits = { $reason }
staff-wrong-missing = 꼭 입력해야 합니다.
staff-wrong-number = 올바른 숫자를 입력하세요.
staff-wrong-reason = { $sentence } ({ $reason })
staff-wrong-time = 올바른 날짜와 시간을 입력하세요.
staff-wrong-unsure = 확인란을 선택하세요.

# 대시보드
staff-dashboard-title = 대시보드
staff-today = 오늘
staff-tile-all-time = 누적 판매
staff-tile-attention = 확인할 결제
staff-tile-confirmed = 결제 완료율
staff-tile-net = 순매출
staff-tile-on-sale = 판매 중인 공연
staff-tile-reservations = 예매
staff-tile-returned = 반환된 티켓
staff-tile-sold = 판매된 티켓
staff-stock = 판매 중인 공연의 잔여 수량
staff-queues = 대기실
staff-range = 일별 통계
staff-range-choose = 기간
staff-range-days = { $days }일
staff-figures-of = { $from } ~ { $to } ({ $zone } 기준). { $as-of }까지 집계했습니다.
staff-chart-by-buyer = 구매자 취소
staff-chart-by-organiser = 주최 측 취소
staff-chart-came-back = 반환 { $count }
staff-chart-conversion = 예매 전환
staff-chart-conversion-hint = 각 단계는 이 기간에 일어난 건수이며, 비율은 예매 건수 대비입니다.
staff-chart-day = 날짜
staff-chart-empty = 이 기간에는 없습니다.
staff-chart-ended = 만료·취소된 예매
staff-chart-events = 공연별 판매
staff-chart-events-hint = 최근 공연입니다. 공연을 고르면 구역별로 볼 수 있습니다.
staff-chart-expired = 만료
staff-chart-gross = 승인
staff-chart-hour = 시
staff-chart-hours = 시간대별
staff-chart-method-note = 순매출 { $net } · 시도 { $attempts }, 거절 { $declined }, 환불 { $refunds }
staff-chart-methods = 결제 수단별
staff-chart-of-capacity = / { $capacity }
staff-chart-paid-back = 결제 후 환불
staff-chart-refunded = 환불
staff-chart-reservations = 예매
staff-chart-returned = 반환
staff-chart-revenue = 매출({ $currency })
staff-chart-sales = 일별 티켓
staff-chart-sections = 구역별 판매
staff-chart-sold = 판매
staff-chart-table = 표로 보기
staff-step-attempts = 결제 시도
staff-step-confirmed = 확정
staff-step-declined = 결제 거절
staff-step-expired = 미결제 만료
staff-step-given-up = 미결제 취소
staff-step-reservations = 예매 시작

# 공연
staff-event-status = { $status ->
    [draft] 초안
    [upcoming] 판매 예정
    [on_sale] 판매 중
    [sold_out] 매진
    [ended] 종료
    [cancelled] 취소됨
    [archived] 보관됨
   *[other] { $status }
  }
staff-event-new = 공연 만들기
staff-event-edit = 공연 수정
staff-event-what = 공연 정보
staff-event-title = 제목
staff-event-artist = 출연자
staff-event-venue = 공연장
staff-event-description = 소개
staff-event-keywords = 다른 언어 이름과 검색어
staff-event-keywords-hint = 영어 제목처럼 한 줄에 하나씩 씁니다. 구매자가 이 말로도 찾을 수 있습니다.
staff-event-keywords-short = 검색어
staff-event-times = 일시
staff-event-date = 공연 일시
staff-event-sells = 판매 방식
staff-event-layout = 좌석 배치
staff-event-layout-hint = 구역마다 티켓 종류가 만들어집니다. 비지정석은 나중에 추가합니다.
staff-event-no-layout = 좌석 없음
staff-event-pages = 이 공연의 페이지
staff-event-public = 구매자 화면
staff-event-steps = 공개·취소·삭제
staff-times-zone = 시간은 { $zone } 기준입니다.
staff-sale-start = 판매 시작
staff-sale-start-hint = 비워 두면 바로 시작합니다.
staff-sale-end = 판매 종료
staff-sale-end-hint = 비워 두면 공연 시작까지입니다.
staff-limits = 예매 제한
staff-limits-hint = 비워 둔 항목은 상점의 기본값을 따릅니다.
staff-limits-hint-edit = 지금 적용되는 값입니다. 하나라도 바꾸면 모두 이 공연의 값으로 저장됩니다.
staff-limit-most = 1인당 최대 매수
staff-limit-hold = 선점 시간(초)
staff-limit-hold-cap = 최대 선점 시간(초)
staff-limit-payment = 결제 시간(초)
staff-limit-deposit = 입금 기한(초)
staff-limit-late = 늦은 결제
staff-limit-late-again = 비어 있으면 같은 좌석
staff-limit-late-refund = 환불
staff-limit-seats = 환불된 좌석
staff-limit-seats-on-sale = 바로 다시 판매
staff-limit-seats-blocked = 판매 중지로 유지
staff-limit-shop = 상점 기본값
staff-limit-no-refunds = 환불 불가
staff-fact-most = 1인당 최대 매수
staff-fact-hold = 선점 시간과 최대 시간
staff-fact-payment = 결제 시간
staff-fact-deposit = 입금 기한
staff-refund-policy = 환불 규정
staff-refund-policy-hint = 공연 몇 시간 전까지 반환된 티켓에서 상점이 공제하는 금액입니다. 마지막 줄의 기한이 지나면 환불되지 않습니다. 이미 확정된 예매에는 예매 당시의 규정이 적용됩니다.
staff-tier = { $hours ->
    [0] 공연 시작 전까지
   *[other] 공연 { $hours }시간 전까지
  }: { $percent }%와 { $fee } 공제
staff-tier-number = 규정 { $number }행
staff-tier-hours = 공연 전(시간)
staff-tier-percent = 공제율(%)
staff-tier-fee = 매당 공제액({ $currency })
staff-room-of-event = { $state ->
    [off] 대기실 없음
    [lobby] 대기 접수 중
    [open] 순서대로 입장 중
   *[closed] 판매 종료
  }
staff-ticket-name = 이름
staff-ticket-price = 가격({ $currency })
staff-ticket-new = 비지정석 티켓 추가
staff-ticket-add = 추가
staff-tickets-none = 아직 티켓이 없습니다.
staff-poster = 포스터
staff-poster-file = 이미지
staff-poster-hint = PNG, JPEG, WebP 형식, 5MiB 이하.
staff-publish = 공개
staff-publish-hint = 공개하면 구매자가 볼 수 있습니다.
staff-cancel-event = 공연 취소
staff-cancel-hint = 판매가 중단되고 모든 구매자에게 전액 환불됩니다. 되돌릴 수 없습니다.
staff-cancel-sure = 이 공연을 취소하고 모두 환불합니다
staff-archive = 보관
staff-archive-hint = 보관된 공연은 조회만 할 수 있고 변경할 수 없으며, 보관함 외의 목록에는 나오지 않습니다.
staff-unarchive = 보관 해제
staff-unarchive-hint = 보관된 공연입니다. 판매와 환불 내역은 볼 수 있지만 변경할 수 없습니다.
staff-delete-event = 공연 삭제
staff-delete-hint = 예매가 한 번도 없었던 공연만 삭제할 수 있습니다.
staff-delete-sure = 삭제하겠습니다
staff-refunds = 환불 진행
staff-refunds-done = 모든 예매가 처리되었습니다.
staff-refunds-running = 구매자에게 환불하고 있습니다.
staff-refunds-to-do = 남은 예매
staff-refunds-count-done = 완료
staff-refunds-refused = 결제사 거절

# 좌석 현황
staff-hall = 좌석 현황
staff-hall-title = { $event } 좌석 현황
staff-hall-counts = 구역별 좌석
staff-hall-draft = 공연을 공개하면 좌석이 표시됩니다.
staff-hall-none = 좌석이 없는 공연입니다.
staff-hall-block = 좌석 판매 중지
staff-hall-block-hint = 구역과 열, 좌석을 고르세요. 선점되거나 판매된 좌석은 막을 수 없습니다.
staff-hall-rows = 열
staff-hall-rows-hint = 예: A, C-E. 비워 두면 전체.
staff-hall-seats-hint = 예: 1-10, 15. 비워 두면 전체.
staff-hall-reason-hint = 구매자에게는 보이지 않습니다.
staff-hall-do-block = 판매 중지
staff-hall-do-unblock = 판매 재개
staff-hall-no-seats = 해당하는 좌석이 없습니다.
staff-hall-no-row = 이 구역에 { $part }열이 없습니다.
staff-hall-no-seat = 고른 열에 { $part }번 좌석이 없습니다.
staff-hall-backwards = { $part }의 순서가 거꾸로입니다.
staff-hall-taken = 선점되거나 판매된 좌석 { $count }석: { $seats }

# 좌석 배치
staff-layout = 좌석 배치
staff-layout-new = 배치 만들기
staff-layout-hint = 좌석 배치는 JSON으로 씁니다. 무대에서 가까운 구역부터 가격과 열을 적습니다. pretix 편집기의 배치도는 서버 명령 import-layout으로 가져옵니다.
staff-layout-text = 배치(JSON)
staff-layout-check = 확인하고 그리기
staff-layout-picture = 미리 보기
staff-layout-file = 또는 파일
staff-layout-file-hint = 파일 내용을 위 입력란에 넣고 확인합니다. 아직 저장하지 않습니다.
staff-layout-complaints = 고칠 곳이 { $count }군데 있습니다.
staff-layout-line = { $line }행:
staff-layout-refused = 저장하지 않았습니다. 아래 목록에서 고칠 곳을 확인하세요.
staff-layout-made = { $at }에 만들었습니다.
staff-layout-delete = 배치 삭제
staff-layout-delete-hint = 이 배치로 만든 공연의 좌석은 그대로 남습니다.
staff-rows = { $count ->
    [one] { $first }열
   *[other] { $count }개 열({ $first } ~ { $last })
  }
staff-accessible = 휠체어석 { $count }

# 대기실
staff-rooms-hint = 판매 중이거나 판매 예정인 공연입니다. 공연을 열면 대기 현황을 보고 설정을 바꿀 수 있습니다.
staff-room-title = { $event } 대기실
staff-room-now = 현재
staff-room-waiting = 대기
staff-room-called = 호출
staff-room-active = 입장
staff-room-serving = 마지막 호출 번호
staff-room-served = 분당 처리
staff-room-paused = 일시 정지
staff-room-is-paused = 선점할 수 있는 티켓이 없어 호출을 멈췄습니다. 티켓이 반환되면 다시 시작합니다.
staff-room-empty = 아직 대기자가 없거나 대기실 저장소가 응답하지 않습니다.
staff-room-policy = 설정
staff-room-mode = 대기실
staff-room-off = 사용 안 함
staff-room-on = 사용: 모두 대기
staff-room-auto = 자동: 많아지면 대기
staff-room-threshold = 대기를 시작할 입장 인원
staff-room-threshold-hint = 자동일 때만 씁니다.
staff-room-max-active = 최대 동시 입장
staff-room-queue-limit = 최대 대기 인원
staff-room-party = 한 자리를 함께 쓰는 최대 인원
staff-room-opens = 입장 시작
staff-room-opens-hint = { $zone } 기준. 비워 두면 판매 시작과 같습니다.
staff-room-pace = 입장 속도
staff-room-rate = 분당 호출
staff-room-rate-unlimited = 제한 없음
staff-room-rate-fixed = 고정
staff-room-rate-adaptive = 적응형(측정)
staff-room-per-minute = 분당 인원
staff-room-per-minute-hint = 적응형일 때는 최저 속도입니다.
staff-room-per-minute-most = 분당 최대 인원(적응형)
staff-room-turn = 호출 후 입장 시간(초)
staff-room-session = 응답 없을 때 유지 시간(초)
staff-room-session-cap = 최대 유지 시간(초)
staff-room-order = 순서와 장애
staff-room-fairness = 입장 시작 전 대기자의 순서
staff-room-fifo = 도착한 순서
staff-room-draw = 추첨(검증 가능)
staff-room-on-failure = 대기실 저장소 장애 시
staff-room-closed = 입장 중지
staff-room-open = 모두 입장
staff-room-clear = 대기실 비우기
staff-room-clear-hint = 모든 대기 순번이 삭제됩니다. 구매자는 다시 줄을 설 수 있습니다. 이미 발급된 입장 허가는 끝날 때까지 유효합니다.
staff-room-clear-sure = 이 대기실의 모든 순번을 삭제합니다
staff-rate-title = 적응형 속도
staff-rate-decided = { $at } 결정: 분당 { $rate }명.
staff-rate-reason = { $reason ->
    [started] 막 시작했습니다.
    [raised] 선점이 빠르고 대기자가 있어 올렸습니다.
    [kept] 그대로 유지했습니다.
    [slow] 선점이 느려져 낮췄습니다.
    [contended] 선점이 서로 충돌해 낮췄습니다.
    [unavailable] 저장소가 더 처리하지 못해 낮췄습니다.
   *[other] { $reason }
  }
staff-rate-holds = 5초간 선점 처리
staff-rate-latency = 선점 100건 중 95건의 처리 시간
staff-rate-contended = 충돌로 실패
staff-rate-unavailable = 과부하로 실패
staff-rate-saturated = 속도 제한으로 대기 발생
staff-beacon = 추첨용 공개 난수
staff-beacon-chain = drand 체인
staff-beacon-round = 라운드
staff-beacon-signature = 서명
staff-beacon-missing = 아직 없음. 입력해야 호출을 시작합니다
staff-beacon-hint = 선택 사항: 입장 시작 뒤 공개되는 난수를 추첨에 더할 수 있습니다.
staff-beacon-supply = 라운드의 서명
staff-beacon-supply-hint = drand가 공개한 16진수 96자리입니다. 서버가 검증합니다.
staff-beacon-do = 입력
staff-proof = 작업 증명
staff-proof-on = 대기 중 구매자의 클라이언트가 계산을 합니다
staff-proof-note = 이 웹페이지는 계산을 하지 않습니다. 구매자는 계산을 하는 클라이언트(예: 자체 앱)로만 입장할 수 있습니다.
staff-proof-memory = 해시 메모리(KiB)
staff-proof-passes = 반복
staff-proof-digits = 앞자리 0의 개수
staff-proof-within = 순번을 건너뛰지 않는 시간(초)

# 예매
staff-reservation-title = 예매 { $number }
staff-reservation-status = { $status ->
    [pending] 진행 중
    [confirmed] 확정
    [expired] 만료
    [cancelled] 취소
   *[other] { $status }
  }
staff-payment-status = { $status ->
    [pending] 결제 대기
    [completed] 결제 완료
    [failed] 결제 실패
    [cancelled] 결제 취소
    [refunded] 환불
    [partially_refunded] 부분 환불
   *[other] { $status }
  }
staff-reservations-search = 예매 번호, 이메일, 구매자 ID
staff-reservations-search-wrong = 예매 번호, 이메일 주소, ID를 정확히 입력하세요.
staff-reservation-cancel = 예매 취소
staff-reservation-do-cancel = 취소하기
staff-cancellation-open = 규정에 따라 { $refund }을 환불하고 { $kept }을 공제합니다.
staff-cancellation-closed = 규정에 따라 더 이상 환불되지 않습니다.
staff-cancellation-unpaid = 결제되지 않은 예매입니다. 취소하면 티켓이 바로 풀립니다.
staff-refund-by-policy = 규정에 따라
staff-refund-full = 전액
staff-refund-none = 환불 없음
staff-refund-account = 환불 계좌
staff-refund-account-hint = 가상 계좌로 결제한 경우에만 입력합니다.
staff-bank = 은행(결제사 코드)
staff-account-number = 계좌 번호
staff-holder = 예금주
staff-payment-open = 결제 보기
staff-payment-none = 결제가 없습니다.

# 결제
staff-payments-title = 확인이 필요한 결제
staff-payments-hint = 자동으로 처리할 수 없는 결제입니다. 결과를 알 수 없거나, 환불이 거절되었거나, 금액이 다른 경우입니다.
staff-payments-none = 확인할 결제가 없습니다.
staff-payment-title = 결제 { $amount }
staff-payment-key = 결제사 키
staff-deposit-due = 입금 기한
staff-last-answer = 결제사의 마지막 응답
staff-asked-again = 다시 확인할 시각
staff-trouble-label = 이유
staff-trouble = { $trouble ->
    [amount_mismatch] 요청한 금액과 다른 금액이 승인되었습니다.
    [order_mismatch] 결제사의 주문 정보가 다릅니다.
    [refund_refused] 결제사가 환불을 거절했습니다.
    [deposit_withdrawn] 입금이 취소되었습니다.
    [unknown_for_long] 오랫동안 결과를 알 수 없습니다.
    [refund_unstated] 결제사에서 직접 부분 환불했습니다.
   *[none] 확인할 것이 없습니다.
  }
staff-refunds-of-payment = 환불 내역
staff-refund-status = { $status ->
    [queued] 진행 중
    [done] 완료
    [refused] 거절
   *[other] { $status }
  }
staff-refund-tickets-of = { $tickets ->
    [returned] 티켓 반환
    [kept] 티켓 유지
    [none] 티켓 없음
   *[unstated] 티켓 미정
  }
staff-refund-kept = { $amount } 공제
staff-notes = 메모
staff-note = 메모
staff-note-new = 메모 추가
staff-note-add = 추가
staff-note-settles = 처리 완료로 보고 목록에서 뺍니다
staff-note-settled = 처리 완료
staff-payment-ask = 결제사에 다시 확인
staff-payment-ask-hint = 거절된 환불은 다시 요청합니다.
staff-payment-ask-do = 지금 확인
staff-refund-hint = 환불 규정이 적용되지 않습니다.
staff-refund-amount = 금액({ $currency })
staff-refund-amount-hint = 비워 두면 티켓 전액입니다.
staff-refund-tickets = 구매자의 티켓
staff-refund-tickets-hint = 티켓을 유지하려면 금액을 입력하세요.
staff-refund-take-back = 회수
staff-refund-keep = 유지
staff-refund-do = 환불하기
staff-payment-end = 결제 종료
staff-payment-end-hint = 실패한 결제로 처리합니다. 나중에 승인된 것으로 확인되면 같은 좌석을 배정하거나 환불합니다.
staff-payment-end-do = 종료하기

# 공지
staff-notice-new = 공지 쓰기
staff-notice-edit = 공지 수정
staff-notice-title = 제목
staff-notice-body = 내용
staff-notice-language = 언어
staff-notice-pinned = 맨 위에 고정
staff-notice-is-pinned = 고정
staff-notice-delete = 공지 삭제
staff-notice-views = { $count }번 조회했습니다.

# 작업 기록
staff-log-hint = 직원이 변경한 모든 기록입니다. 최신순입니다.
staff-log-action = 작업
staff-log-actor = 작업자 ID
staff-log-subject = 대상 ID
staff-log-operator = 서버 운영자
staff-log-request = 요청
staff-log-result = { $result ->
    [done] 완료
    [refused] 거부
    [failed] 실패
   *[unknown] 알 수 없음
  }
staff-log-changes = 변경된 값 { $count }개
staff-log-what = 항목
staff-log-before = 이전
staff-log-after = 이후

# 직원
staff-people-hint = 권한은 바로 적용됩니다. 마지막 관리자의 권한은 바꿀 수 없습니다.
staff-people-search = 이메일 앞부분
staff-role-label = 권한
staff-role-change = 변경

# 메일
staff-mail-hint = 하루 정도 시도했지만 보내지 못한 메일입니다.
staff-mail-none = 보내지 못한 메일이 없습니다.
staff-mail-kind = 메일
staff-mail-kind-name = { $kind ->
    [reservation_confirmed] 예매 확정
    [reservation_cancelled] 예매 취소
    [tickets_returned] 티켓 반환
    [payment_updated] 결제 변경
    [called] 입장 순서
    [code] 인증 코드
   *[other] { $kind }
  }
staff-mail-problem = 문제
staff-mail-tries = 시도
staff-mail-queued = 등록
staff-mail-given-up = 중단
staff-mail-retry = 다시 보내기
staff-hall-select = 사각형으로 선택
staff-hall-clear = 선택 해제
staff-hall-chosen = { $n }석을 선택했습니다.
staff-hall-chosen-one = 선택됨
