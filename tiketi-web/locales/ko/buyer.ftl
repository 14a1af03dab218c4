# 관객용 페이지.

events-title = 공연
events-search = 공연명, 아티스트, 공연장
events-search-do = 검색
events-filter = 판매 상태
events-all = 전체
events-none = 조건에 맞는 공연이 없습니다.
events-show-all = 전체 공연 보기
events-count = { $count ->
   *[other] 공연 { $count }개
  }
events-count-more = 공연 { $count }개 이상
event-status-upcoming = 판매 예정
event-status-on-sale = 판매 중
event-status-sold-out = 매진
event-status-ended = 종료
event-status-cancelled = 취소됨
price-from = { $price }부터

countdown-days = { $days }일 { $time }
countdown-warn = 1분 남았습니다.
stock-left = { $n }석 남음
stock-none = 매진

event-when = 일시
event-where = 장소
event-sale = 판매 기간
event-sale-window = { $from } ~ { $to }
event-opens-in = 판매 시작까지
event-opens-note = 판매가 시작되면 이 페이지가 자동으로 열립니다.
event-lobby-note = 대기실이 있는 공연입니다. 지금 입장하실 수 있습니다.
event-line-note = 대기실이 있는 공연입니다. 순서대로 티켓을 선택합니다.
event-to-line = 대기실로
event-choose-seats = 좌석 선택
event-choose-tickets = 티켓 선택
event-sold-out-note = 모든 티켓이 판매되었거나 선점되었습니다. 결제되지 않은 티켓은 다시 나오며, 이 페이지에 바로 표시됩니다.
event-over-note = 판매가 종료되었습니다.
event-cancelled-note = 취소된 공연입니다. 구매하신 분께는 자동으로 환불되며, 따로 하실 일은 없습니다.
event-to-reservations = 예매 내역
event-others = 판매 중인 공연
event-held = { $count ->
   *[other] 이 공연의 티켓 { $count }장을 선점하고 있습니다.
  }
event-prices = 티켓
event-ticket = 티켓
event-price = 가격
event-left = 잔여
event-limit = { $count ->
   *[other] 1인당 최대 { $count }장까지 구매하실 수 있습니다.
  }
event-hold = { $minutes ->
   *[other] 선택한 티켓은 { $minutes }분 동안 선점됩니다.
  }
event-about = 공연 소개
event-policy = 취소와 환불
policy-none = 이 공연의 티켓은 취소할 수 없습니다.
policy-line = { $until }: { $kept }
policy-until-start = 공연 시작 전까지
policy-until-days = { $days ->
   *[other] 공연 { $days }일 전까지
  }
policy-until-hours = { $hours ->
   *[other] 공연 { $hours }시간 전까지
  }
policy-all-back = 전액 환불
policy-share = 티켓 금액의 { $share }% 공제
policy-fee = 티켓 한 장당 { $fee } 공제
policy-share-and-fee = 티켓 금액의 { $share }%와 한 장당 { $fee } 공제

line-title = 대기실: { $event }
line-heading = 대기실
line-why = 많은 분이 이 티켓을 기다리고 있습니다. 줄을 서면 순번이 유지되고, 차례가 되면 알려 드립니다.
line-join = 줄 서기
line-join-note = 로그인이 필요합니다. 다시 누르거나 다른 탭에서 들어와도 순번은 그대로입니다.
line-join-again = 맨 뒤에 다시 서기
line-position = 내 대기 순서
line-progress = 진행 상황
line-ahead = 내 앞의 인원
line-eta = 예상 대기 시간
line-eta-seconds = 약 { $n }초
line-eta-minutes = 약 { $n }분
line-eta-unknown = 아직 알 수 없음
line-waiting = 전체 대기 인원
line-number = 내 번호
line-opens = 대기 시작
line-paused = 지금은 남은 티켓이 없어 입장이 멈춰 있습니다. 티켓이 다시 나오면 이어서 진행됩니다.
line-note-sold-out = 모든 티켓이 판매되었습니다. 취소된 티켓이 나오면 이어서 진행됩니다.
line-note-all-held = 지금은 모든 티켓을 다른 분들이 선점하고 있습니다. 결제되지 않은 티켓은 다시 나옵니다.
line-note-out-of-reach = 앞에 계신 분들이 남은 티켓을 모두 살 수 있습니다. 결제되지 않은 티켓이 나오면 기회가 있습니다.
line-keep = 이 페이지를 닫아도 순번은 유지되며, 다른 기기에서도 이어집니다.
line-reloads = 기다리는 동안 이 페이지는 자동으로 새로 고쳐집니다.
line-leave = 줄에서 나가기
line-called = 입장할 차례입니다
line-called-say = 입장할 차례입니다.
line-called-until = { $time }까지 입장해 주세요. 지나면 다음 분께 차례가 넘어갑니다.
line-enter = 지금 입장하기
line-active = 입장하셨습니다
line-active-until = { $time }까지 티켓을 선택하실 수 있으며, 선택하는 동안 시간이 늘어납니다.
line-done = 이미 입장하셨고, 차례가 끝났습니다.
line-left = 줄에서 나가셨습니다.
line-lapsed = 제때 입장하지 않아 차례가 지나갔습니다.
line-proof = 이 대기실은 이 페이지에서 할 수 없는 계산을 요구합니다. 주최자의 앱으로 입장하거나 주최자에게 문의하세요.
draw-title = 순서를 정하는 방법
draw-why = 대기가 시작되기 전에 줄을 선 모든 분의 순서를 무작위로 정합니다. 무작위 값의 해시를 미리, 값 자체는 나중에 공개하므로 누구나 순서가 조작되지 않았음을 확인할 수 있습니다.
draw-commitment = 무작위 값의 해시
draw-seed = 무작위 값
draw-seed-later = 대기가 시작되면 공개
draw-check = 확인 방법: 공개 비컨을 함께 쓰지 않았다면 “tiketi draw commitment v1”과 무작위 값의 SHA-256이 위의 해시입니다. 전체 순서는 tiketi-server verify-draw 프로그램으로 계산할 수 있습니다.

seats-title = 티켓 선택: { $event }
list-title = 목록에서 좌석 선택
list-party = 나란히 앉을 인원
list-party-size = { $count ->
   *[other] { $count }명
  }
list-party-set = 보기
list-steps = 단계
list-all-sections = 전체 구역
list-section = { $section } 구역
list-choose-section = 구역을 선택하세요
list-choose-row = { $section } 구역의 열을 선택하세요
list-choose-seat = { $row }열의 좌석을 선택하세요
list-row = { $row }열
list-together = 나란히 { $n }석
list-no-row = 지금은 이 구역에 남은 좌석이 없습니다. 결제되지 않은 좌석은 다시 나옵니다.
list-no-row-together = { $count ->
   *[other] 이 구역에는 나란히 { $count }석이 남은 열이 없습니다. 인원을 줄이거나 다른 구역을 선택해 주세요.
  }
list-no-seat = 지금은 이 열에서 선택할 수 있는 좌석이 없습니다. 다른 열을 선택해 주세요.
list-hold = { $seat } 선점, 좌석
list-limit = { $count ->
   *[other] 1인당 최대 매수인 { $count }장을 모두 선택하셨습니다.
  }
quantities-title = 지정석이 아닌 티켓
quantities-hold = 이 티켓 선점하기
basket-title = 내 티켓
basket-held-until = 선점 시간:
basket-release = 빼기
basket-release-all = 모두 빼기
basket-extend = 시간 연장
basket-total = 합계
basket-to-checkout = 결제하기
basket-empty = 아직 선택한 티켓이 없습니다.
basket-sign-in = 티켓을 선택하면 로그인 화면으로 이동합니다.
hall-held = { $seat } 좌석을 { $time } 동안 선점했습니다.
hall-released = { $seat } 좌석을 내놓았습니다.
hall-taken = { $seat } 좌석은 방금 다른 분이 선택했습니다. 다른 좌석을 골라 주세요.
hall-loading = 좌석 배치도를 불러오고 있습니다.
hall-failed = 좌석 배치도를 표시할 수 없습니다. 목록에서 모든 좌석을 선택하실 수 있습니다.
hall-zoom-in = 확대
hall-zoom-out = 축소
hall-whole = 전체 보기
hall-stage = 무대
hall-state-available = 선택 가능
hall-state-held = 다른 분이 선점
hall-state-taken = 판매됨
hall-state-mine = 내 좌석
hall-state-blocked = 판매 안 함
hall-state-accessible = 휠체어석
hall-list-hint = 화면이 작아 누르기 어렵습니다. 목록에서 { $section } 구역 { $row }열을 보여 드립니다.

checkout-title = 결제
checkout-back = 티켓 선택으로 돌아가기
checkout-method = 결제 수단을 선택하세요
checkout-pay = { $amount } 결제하기
checkout-free = 결제할 금액이 없습니다.
checkout-take = 티켓 받기
checkout-once = 여러 번 눌러도 한 번만 결제됩니다.
checkout-not-paid = 결제되지 않았습니다. 티켓은 아직 선점 중이니 다시 시도하거나 다른 결제 수단을 선택해 주세요.
provider-title = 토스페이먼츠 결제
provider-amount = 토스페이먼츠 결제창에서 { $amount }을 결제합니다.
provider-open = 결제창 열기
provider-failed = 결제창이 열리지 않았습니다. 다시 시도하거나 다른 결제 수단을 선택해 주세요.
provider-needs-script = 이 결제창에는 자바스크립트가 필요합니다. 이 사이트에서 자바스크립트를 켜거나, 돌아가서 다른 결제 수단을 선택해 주세요.
provider-other = 다른 결제 수단 선택

result-confirmed = 예매가 완료되었습니다
result-confirmed-note = 결제가 완료되었습니다. 예매 번호는 { $number }입니다.
result-pending = 결제를 확인하고 있습니다
result-pending-note = 결제사의 응답을 기다리고 있습니다. 응답이 올 때까지 티켓은 그대로 유지되며, 결과는 이 페이지에 표시됩니다. 다시 결제하지 마세요.
result-deposit = 입금을 기다리고 있습니다
result-deposit-note = 이 주문 전용 계좌로 금액을 보내 주세요. 그때까지 티켓은 유지됩니다.
deposit-bank = 은행
deposit-number = 계좌번호
deposit-amount = 금액
deposit-due = 입금 기한
result-declined = 결제가 거절되었습니다
result-declined-note = 청구된 금액은 없으며, 티켓은 아직 선점 중입니다. 같은 수단이나 다른 수단으로 다시 시도해 주세요.
result-unpaid = 아직 결제하지 않았습니다
result-unpaid-note = 티켓은 선점 중이지만 결제되지 않았습니다.
result-ended = 종료된 예매입니다
result-expired-note = 결제 시간이 지나 티켓이 다시 판매됩니다. 만약 결제되었다면 자동으로 환불됩니다.
result-cancelled-note = 취소된 예매입니다.
result-try-again = 결제하기
result-to-event = 다시 선택하기
result-ask-again = 다시 확인
result-to-reservation = 내 티켓 보기

reservations-none = 아직 예매 내역이 없습니다.
reservation-title = 예매 { $number }
reservation-number = 예매 번호
reservation-made = 예매 일시
reservation-payment = 결제
reservation-refunded = { $amount } 환불됨
reservation-to-result = 결제 상태 보기
reservation-to-event = 공연 보기
reservation-cancelled = 예매가 취소되었습니다.
reservation-refund-queued = 취소가 진행 중입니다. 결제사가 아직 환불을 확인하지 않았습니다.
reservation-status-pending = 결제 전
reservation-status-confirmed = 예매 완료
reservation-status-cancelled = 취소됨
reservation-status-expired = 만료됨
payment-status-pending = 진행 중
payment-status-completed = 결제 완료
payment-status-failed = 거절됨
payment-status-cancelled = 종료됨
payment-status-refunded = 환불 완료
payment-status-partly-refunded = 부분 환불
cancel-title = 예매 취소
cancel-back = 환불 금액
cancel-kept = 취소 수수료
cancel-until = 이 금액의 적용 기한
cancel-closes = 취소 가능 기한
cancel-held = 결제하지 않은 티켓입니다. 취소하면 바로 다른 분이 선택할 수 있습니다.
cancel-do = 모든 티켓 취소하기
cancel-closed = 취소할 수 있는 기간이 지났습니다.
refund-account = 계좌 이체로 결제하셔서 환불받을 계좌가 필요합니다. 환불이 끝나면 바로 삭제됩니다.
refund-holder = 예금주
refund-wrong-number = 계좌번호는 숫자로만 20자리 이내로 입력해 주세요.
refund-wrong-holder = 은행에 등록된 예금주 이름을 입력해 주세요.
refund-reason = 구매자가 예매를 취소함

news-title = 공지사항
news-none = 공지사항이 없습니다.
news-pinned = 중요
news-all = 전체 공지사항
