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
event-status-upcoming = 판매 예정
event-status-on-sale = 판매 중
event-status-sold-out = 매진
event-status-ended = 종료
event-status-cancelled = 취소됨
price-from = { $price }부터
