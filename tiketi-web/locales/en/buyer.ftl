# The buyer's pages.

events-title = Events
events-search = Title, artist or venue
events-search-do = Search
events-filter = Status
events-all = All
events-none = No event matches.
events-show-all = Show all events
events-count = { $count ->
    [one] One event
   *[other] { $count } events
  }
events-count-more = More than { $count } events
event-status-upcoming = Upcoming
event-status-on-sale = On sale
event-status-sold-out = Sold out
event-status-ended = Ended
event-status-cancelled = Cancelled
price-from = from { $price }

countdown-days = { $days } d { $time }
countdown-warn = One minute is left.
stock-left = { $n } left
stock-none = Sold out

event-when = When
event-where = Where
event-sale = Sale
event-sale-window = { $from } to { $to }
event-opens-in = The sale opens in
event-opens-note = This page opens by itself when the sale does.
event-lobby-note = This sale has a waiting room, and you can join it now.
event-line-note = This sale has a waiting room: everyone chooses tickets in their turn.
event-to-line = To the waiting room
event-choose-seats = Choose seats
event-choose-tickets = Choose tickets
event-sold-out-note = All tickets are sold or held. Held tickets come back if they are not paid; this page shows it at once.
event-over-note = The sale is over.
event-cancelled-note = This event was cancelled. Whoever bought tickets gets the money back; nothing has to be done for that.
event-to-reservations = My reservations
event-others = Events on sale
event-held = { $count ->
    [one] You hold one ticket of this event.
   *[other] You hold { $count } tickets of this event.
  }
event-prices = Tickets
event-ticket = Ticket
event-price = Price
event-left = Available
event-limit = { $count ->
    [one] One ticket for each buyer.
   *[other] At most { $count } tickets for each buyer.
  }
event-hold = { $minutes ->
    [one] What you choose is held for one minute.
   *[other] What you choose is held for { $minutes } minutes.
  }
event-about = About the event
event-policy = Giving tickets back
policy-none = Tickets of this event cannot be given back.
policy-line = { $until }: { $kept }
policy-until-start = Until it begins
policy-until-days = { $days ->
    [one] Until one day before
   *[other] Until { $days } days before
  }
policy-until-hours = { $hours ->
    [one] Until one hour before
   *[other] Until { $hours } hours before
  }
policy-all-back = the whole price back
policy-share = { $share } % of the price are kept
policy-fee = { $fee } a ticket are kept
policy-share-and-fee = { $share } % of the price and { $fee } a ticket are kept

line-title = Waiting room: { $event }
line-heading = Waiting room
line-why = Many people want these tickets. Join the line: you keep your place, and you are called when it is your turn.
line-join = Join the line
line-join-note = You need to be signed in. Joining again, or in another tab, keeps the place that you have.
line-join-again = Join again, at the end
line-position = Your place in the line
line-progress = How far the line has come
line-ahead = People ahead of you
line-eta = Expected wait
line-eta-seconds = about { $n } s
line-eta-minutes = about { $n } min
line-eta-unknown = not known yet
line-waiting = People waiting
line-number = Your number
line-opens = The line opens
line-paused = No one is called at the moment, because no ticket is free. The line goes on when tickets come back.
line-note-sold-out = All tickets are sold. If some are given back, the line goes on.
line-note-all-held = All tickets are held by others at the moment. Those that are not paid come back.
line-note-out-of-reach = Those ahead of you can buy all that is left. You may still get tickets if some are not paid.
line-keep = You may close this page: your place stays, also on your other devices.
line-reloads = This page loads itself again while you wait.
line-leave = Leave the line
line-called = It is your turn
line-called-say = It is your turn.
line-called-until = Enter until { $time }, or the place goes to the next one.
line-enter = Enter now
line-active = You are in
line-active-until = You can choose tickets until { $time }; choosing keeps you in.
line-done = You have been through the line, and your turn is over.
line-left = You have left the line.
line-lapsed = Your turn has passed, because you did not enter in time.
line-proof = This waiting room asks for a computation that this page cannot do. Enter with the organiser’s app, or ask the organiser.
draw-title = How the order is drawn
draw-why = All who join before the line opens are put in a random order. The hash of the random seed is published before, the seed itself afterwards, so everyone can check that nobody chose the order.
draw-commitment = Hash of the seed
draw-seed = Seed
draw-seed-later = published when the line opens
draw-check = To check it: the SHA-256 of “tiketi draw commitment v1” and the seed is the hash above, unless a public beacon is part of the draw; the program tiketi-server verify-draw computes the whole order.

seats-title = Choose tickets: { $event }
list-title = Seats as a list
list-party = Side by side
list-party-size = { $count ->
    [one] One seat
   *[other] { $count } seats
  }
list-party-set = Show
list-steps = Steps
list-all-sections = All sections
list-section = Section { $section }
list-choose-section = Choose a section
list-choose-row = Choose a row in section { $section }
list-choose-seat = Choose a seat in row { $row }
list-row = Row { $row }
list-together = { $n } side by side
list-no-row = No seat of this section is free at the moment. Held seats come back if they are not paid.
list-no-row-together = { $count ->
    [one] No seat of this section is free at the moment.
   *[other] No row of this section has { $count } free seats side by side. Choose fewer seats, or another section.
  }
list-no-seat = Nothing in this row can be chosen at the moment. Choose another row.
list-hold = Hold { $seat }, seat
list-limit = { $count ->
    [one] You hold the one ticket that a buyer may have.
   *[other] You have { $count } tickets, as many as one buyer may have.
  }
quantities-title = Tickets without a seat
quantities-hold = Hold these tickets
basket-title = Your tickets
basket-held-until = Held for you:
basket-release = Give back
basket-release-all = Give all back
basket-extend = More time
basket-total = Total
basket-to-checkout = To the payment
basket-empty = Nothing is chosen yet.
basket-sign-in = You are asked to sign in when you choose.
hall-held = { $seat } is yours for { $time }.
hall-released = { $seat } is free again.
hall-taken = { $seat } was just taken. Choose another one.
hall-loading = The picture of the hall is loading.
hall-failed = The picture of the hall cannot be shown. The list has every seat.
hall-zoom-in = Closer
hall-zoom-out = Farther
hall-whole = Whole hall
hall-stage = Stage
hall-state-available = Free
hall-state-held = Held by others
hall-state-taken = Sold
hall-state-mine = Yours
hall-state-blocked = Not for sale
hall-state-accessible = Wheelchair place
hall-list-hint = Too small to tap: the list shows row { $row } of section { $section }.

checkout-title = Payment
checkout-back = Back to the tickets
checkout-method = How do you want to pay?
checkout-pay = Pay { $amount }
checkout-free = There is nothing to pay.
checkout-take = Take the tickets
checkout-once = You pay once, however often you press.
checkout-not-paid = You have not paid. Your tickets are still held: try again, or choose another method.
provider-title = Payment at TossPayments
provider-amount = You pay { $amount } in the payment window of TossPayments.
provider-open = Open the payment window
provider-failed = The payment window did not open. Try again, or choose another method.
provider-needs-script = This payment window needs JavaScript. Switch it on for this site, or go back and choose a method that works without it.
provider-other = Choose another method

result-confirmed = The tickets are yours
result-confirmed-note = It is paid. The number of your reservation is { $number }.
result-pending = One moment: the payment is being checked
result-pending-note = The payment provider has not answered yet. Nothing is lost: your tickets are kept until it does, and this page shows the answer. Do not pay again.
result-deposit = Waiting for your transfer
result-deposit-note = Transfer the amount to this account, which is for this order only. Your tickets are kept until then.
deposit-bank = Bank
deposit-number = Account number
deposit-amount = Amount
deposit-due = Transfer until
result-declined = The payment was declined
result-declined-note = Nothing was charged, and your tickets are still held. Try again with the same or another method.
result-unpaid = Not paid yet
result-unpaid-note = Your tickets are held, but they are not paid.
result-ended = This reservation has ended
result-expired-note = The time to pay is over, so the tickets are free again. If money was taken after all, it goes back by itself.
result-cancelled-note = The reservation was cancelled.
result-try-again = To the payment
result-to-event = Choose tickets again
result-ask-again = Ask again
result-to-reservation = To the tickets

reservations-none = You have no reservations yet.
reservation-title = Reservation { $number }
reservation-number = Number
reservation-made = Made
reservation-payment = Payment
reservation-refunded = { $amount } went back
reservation-to-result = How the payment stands
reservation-to-event = To the event
reservation-cancelled = The reservation is cancelled.
reservation-refund-queued = The cancellation is on its way: the payment provider has not confirmed the refund yet.
reservation-status-pending = Not paid yet
reservation-status-confirmed = Confirmed
reservation-status-cancelled = Cancelled
reservation-status-expired = Expired
payment-status-pending = open
payment-status-completed = paid
payment-status-failed = declined
payment-status-cancelled = ended
payment-status-refunded = refunded
payment-status-partly-refunded = partly refunded
cancel-title = Give the tickets back
cancel-back = Goes back to you
cancel-kept = The shop keeps
cancel-until = This holds until
cancel-closes = Possible until
cancel-held = The tickets are not paid. They are free for others at once.
cancel-do = Give all tickets back
cancel-closed = These tickets can no longer be given back.
refund-account = You paid by transfer, so the refund needs an account. It is kept only until the refund is done.
refund-holder = Account holder
refund-wrong-number = Write the account number with digits only, at most 20.
refund-wrong-holder = Write the name of the account holder as the bank has it.
refund-reason = The buyer gave the tickets back

news-title = News
news-none = There is no news.
news-pinned = Important
news-all = All news
