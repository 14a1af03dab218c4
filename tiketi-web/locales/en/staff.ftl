# The pages of staff.

# Navigation
staff-nav = Organiser
staff-nav-dashboard = Dashboard
staff-nav-events = Events
staff-nav-layouts = Layouts
staff-nav-rooms = Waiting rooms
staff-nav-reservations = Reservations
staff-nav-payments = Payments
staff-nav-notices = Notices
staff-nav-people = Staff and roles
staff-nav-mail = Unsent mail
staff-nav-log = Audit log
staff-role = { $role ->
    [read_only] Read only
    [box_office] Box office
    [finance] Finance
    [admin] Administrator
   *[buyer] Buyer
  }
staff-role-name = { $role ->
    [read_only] Read only
    [box_office] Box office
    [finance] Finance
    [admin] Administrator
   *[user] Buyer
  }
staff-forbidden = Your role, { $role ->
    [read_only] read only
    [box_office] box office
    [finance] finance
   *[admin] administrator
  }, does not include this page. An administrator can change your role.
staff-forbidden-buyer = These pages are for the organiser’s staff. Your account ({ $role }) has no access to them.
staff-done = { $what ->
    [created] Created.
    [saved] Saved.
    [published] Published.
    [cancelled] Cancelled.
    [archived] Archived.
    [unarchived] Taken out of the archive.
    [deleted] Deleted.
    [blocked] The seats are off sale.
    [unblocked] The seats are on sale.
    [refunding] The refund is on its way. The provider has not confirmed it yet.
    [refunded] Refunded.
    [asked] The provider was asked.
    [noted] The note was added.
    [ended] The payment was ended.
    [retried] The mail is being sent again.
   *[other] Done.
  }

# Words
staff-all = All
staff-all-events = All events
staff-amount = Amount
staff-available = Available
staff-back = Back to the event
staff-blocked = Blocked
staff-buyer = Buyer
staff-capacity = Capacity
staff-captured = Captured
staff-count = { $count ->
    [one] One entry
   *[other] { $count } entries
  }
staff-count-more = More than { $count } entries
staff-create = Create
staff-created-at = Created
staff-currency = Currency
staff-currency-hint = Three letters, such as KRW. It cannot be changed later.
staff-csv = Download as CSV
staff-empty-no-limit = Empty for no limit.
staff-event = Event
staff-expires-at = Held until
staff-figures = Figures
staff-first-page = First page
staff-from = From
staff-held = Held
staff-history = History
staff-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
  }
staff-method = Method
staff-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
  }
staff-no = No
staff-none = Nothing was found.
staff-notice = Notice
staff-payment = Payment
staff-price = Price
staff-reason = Reason
staff-reason-hint = The provider and the buyer may read it.
staff-refund = Refund
staff-refunded = Refunded
staff-remove = Remove
staff-reservation = Reservation
staff-sale = Sale
staff-save = Save
staff-search = Title, artist or venue
staff-seats = Seats
staff-seat-count = { $count ->
    [one] 1 seat
   *[other] { $count } seats
  }
staff-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
  }
staff-section = Section
staff-sections = Sections
staff-show = Show
staff-sold = Sold
staff-stage = Stage
staff-status = Status
staff-sum = All sections
staff-taken = Taken
staff-tickets = Tickets
staff-to = To
staff-total = Total
staff-updated-at = Changed
staff-upload = Upload
staff-views = Views
staff-yes = Yes

# What is wrong with a form
staff-wrong-file = Choose a file first.
staff-wrong-limits = It { $reason }.
staff-wrong-missing = This is required.
staff-wrong-number = This is not a number that fits here.
staff-wrong-reason = { $sentence } ({ $reason })
staff-wrong-time = There is no such day or time.
staff-wrong-unsure = Tick the box to confirm it.

# Dashboard
staff-dashboard-title = Dashboard
staff-today = Today
staff-tile-all-time = Sold in all
staff-tile-attention = Payments to look at
staff-tile-confirmed = Reservations paid
staff-tile-net = Net revenue
staff-tile-on-sale = Events on sale
staff-tile-reservations = Reservations
staff-tile-returned = Tickets returned
staff-tile-sold = Tickets sold
staff-stock = Stock of the events on sale
staff-queues = Waiting rooms
staff-range = Figures by day
staff-range-choose = Length of time
staff-range-days = { $days } days
staff-figures-of = { $from } to { $to }, days of { $zone }. Counted up to { $as-of }.
staff-chart-by-buyer = Given up by the buyer
staff-chart-by-organiser = Cancelled by the organiser
staff-chart-came-back = { $count } returned
staff-chart-conversion = From reservation to sale
staff-chart-conversion-hint = Each step counts what happened in this time; the share is of the reservations.
staff-chart-day = Day
staff-chart-empty = Nothing in this time.
staff-chart-ended = Reservations that ended unpaid or came back
staff-chart-events = Tickets sold by event
staff-chart-events-hint = The latest events. Choose one to see its sections.
staff-chart-expired = Expired
staff-chart-gross = Captured
staff-chart-hour = Hour
staff-chart-hours = By hour of the day
staff-chart-method-note = { $net } net · { $attempts } tries, { $declined } declined, { $refunds } refunds
staff-chart-methods = Payments by method
staff-chart-of-capacity = of { $capacity }
staff-chart-paid-back = Paid and refunded
staff-chart-refunded = Refunded
staff-chart-reservations = Reservations
staff-chart-returned = Returned
staff-chart-revenue = Revenue in { $currency }
staff-chart-sales = Tickets by day
staff-chart-sections = Tickets sold by section
staff-chart-sold = Sold
staff-chart-table = The same as a table
staff-step-attempts = Payments tried
staff-step-confirmed = Confirmed
staff-step-declined = Payments declined
staff-step-expired = Expired unpaid
staff-step-given-up = Given up unpaid
staff-step-reservations = Reservations made

# Events
staff-event-status = { $status ->
    [draft] Draft
    [upcoming] Upcoming
    [on_sale] On sale
    [sold_out] Sold out
    [ended] Ended
    [cancelled] Cancelled
    [archived] Archived
   *[other] { $status }
  }
staff-event-new = New event
staff-event-edit = Edit event
staff-event-what = The event
staff-event-title = Title
staff-event-artist = Artist
staff-event-venue = Venue
staff-event-description = Description
staff-event-keywords = Names in other languages, and search words
staff-event-keywords-hint = One a line, such as the title in English. Buyers find the event by them.
staff-event-keywords-short = Search words
staff-event-times = Times
staff-event-date = Performance
staff-event-sells = What is sold
staff-event-layout = Seat layout
staff-event-layout-hint = Each section becomes a ticket type. General admission is added afterwards.
staff-event-no-layout = No seats
staff-event-pages = Pages of this event
staff-event-public = As buyers see it
staff-event-steps = Publish, cancel, delete
staff-times-zone = Times are in { $zone }.
staff-sale-start = Sale opens
staff-sale-start-hint = Empty for at once.
staff-sale-end = Sale closes
staff-sale-end-hint = Empty for the start of the performance.
staff-limits = Limits
staff-limits-hint = What is left empty is as the shop has it.
staff-limits-hint-edit = These are in force now. Once one is changed, all of them are the event’s own.
staff-limit-most = Most tickets a buyer may have
staff-limit-hold = Hold, in seconds
staff-limit-hold-cap = Longest hold, in seconds
staff-limit-payment = Time to pay, in seconds
staff-limit-deposit = Time for a bank transfer, in seconds
staff-limit-late = A late payment
staff-limit-late-again = same seats if free
staff-limit-late-refund = refund
staff-limit-seats = Seats of refunded tickets
staff-limit-seats-on-sale = are on sale at once
staff-limit-seats-blocked = stay blocked
staff-limit-shop = as the shop has it
staff-limit-no-refunds = No refunds
staff-fact-most = Most tickets a buyer may have
staff-fact-hold = Hold, and at most
staff-fact-payment = Time to pay
staff-fact-deposit = Time for a bank transfer
staff-refund-policy = Refund policy
staff-refund-policy-hint = What the shop keeps of a ticket that is returned until so many hours before the performance. After the last row there is no refund. Reservations keep the policy under which they were made.
staff-tier = { $hours ->
    [0] Until the start
   *[other] Until { $hours } hours before
  }: keeps { $percent }% and { $fee }
staff-tier-number = Row { $number } of the policy
staff-tier-hours = Hours before
staff-tier-percent = Kept, in percent
staff-tier-fee = Kept a ticket, in { $currency }
staff-room-of-event = { $state ->
    [off] No waiting room
    [lobby] The lobby is open; the line is not
    [open] The line moves
   *[closed] The sale is over
  }
staff-ticket-name = Name
staff-ticket-price = Price in { $currency }
staff-ticket-new = New general-admission tickets
staff-ticket-add = Add
staff-tickets-none = There are no tickets yet.
staff-poster = Poster
staff-poster-file = Picture
staff-poster-hint = PNG, JPEG or WebP, up to 5 MiB.
staff-publish = Publish
staff-publish-hint = Buyers see the event from then on.
staff-cancel-event = Cancel the event
staff-cancel-hint = No more tickets are sold, and every buyer is refunded in full. This cannot be undone.
staff-cancel-sure = Cancel this event and refund everyone
staff-archive = Archive
staff-archive-hint = An archived event can be read but not changed, and is in no list but that of archived events.
staff-unarchive = Take out of the archive
staff-unarchive-hint = This event is archived: its sales and refunds can be read, and nothing can be changed.
staff-delete-event = Delete the event
staff-delete-hint = Only an event that never had a reservation can be deleted.
staff-delete-sure = I want to delete this
staff-refunds = Refunds
staff-refunds-done = Every reservation has ended.
staff-refunds-running = Buyers are being refunded.
staff-refunds-to-do = To do
staff-refunds-count-done = Done
staff-refunds-refused = Refused by the provider

# Hall
staff-hall = Hall
staff-hall-title = Hall of { $event }
staff-hall-counts = Seats by section
staff-hall-draft = Seats are shown once the event is published.
staff-hall-none = This event has no seats.
staff-hall-block = Take seats off sale
staff-hall-block-hint = Choose a section, rows and seats. Seats that someone holds or owns are not taken away.
staff-hall-rows = Rows
staff-hall-rows-hint = Such as A, C-E. Empty for all.
staff-hall-seats-hint = Such as 1-10, 15. Empty for all.
staff-hall-reason-hint = Buyers do not see it.
staff-hall-do-block = Take off sale
staff-hall-do-unblock = Put on sale
staff-hall-no-seats = This names no seats.
staff-hall-no-row = The section has no row { $part }.
staff-hall-no-seat = None of the rows has a seat { $part }.
staff-hall-backwards = { $part } begins after its end.
staff-hall-taken = { $count ->
    [one] One seat is held or sold:
   *[other] { $count } seats are held or sold:
  } { $seats }

# Layouts
staff-layout = Layout
staff-layout-new = New layout
staff-layout-hint = A layout is JSON: sections from the stage backwards, each with its price and its rows. Plans of the free pretix editor are read by the server’s command import-layout.
staff-layout-text = The layout as JSON
staff-layout-check = Check and draw
staff-layout-picture = Picture
staff-layout-file = Or a file
staff-layout-file-hint = Its text is put into the field above and checked. Nothing is saved yet.
staff-layout-complaints = { $count ->
    [one] One thing is wrong with this layout.
   *[other] { $count } things are wrong with this layout.
  }
staff-layout-line = Line { $line }:
staff-layout-refused = The layout was not saved. The list beside the text says what is wrong.
staff-layout-made = Made on { $at }.
staff-layout-delete = Delete the layout
staff-layout-delete-hint = Events made from it keep their seats.
staff-rows = { $count ->
    [one] row { $first }
   *[other] { $count } rows, { $first } to { $last }
  }
staff-accessible = { $count ->
    [one] 1 wheelchair place
   *[other] { $count } wheelchair places
  }

# Waiting rooms
staff-rooms-hint = Events that are on sale or will be. Open one to see its line and to change its policy.
staff-room-title = Waiting room of { $event }
staff-room-now = Now
staff-room-waiting = Waiting
staff-room-called = Called
staff-room-active = Active
staff-room-serving = Number called last
staff-room-served = Served a minute
staff-room-paused = paused
staff-room-is-paused = Nobody is called at present, because no ticket can be held. It goes on when tickets come back.
staff-room-empty = Nobody has joined yet, or the store of waiting rooms does not answer.
staff-room-policy = Policy
staff-room-mode = Waiting room
staff-room-off = off
staff-room-on = on: everyone joins the line
staff-room-auto = auto: once many are active
staff-room-threshold = Active buyers from which on others wait
staff-room-threshold-hint = Only with auto.
staff-room-max-active = Most active buyers
staff-room-queue-limit = Most waiting buyers
staff-room-party = Most people that share a place
staff-room-opens = The line opens
staff-room-opens-hint = In { $zone }. Empty for the opening of the sale.
staff-room-pace = Pace
staff-room-rate = Buyers called a minute
staff-room-rate-unlimited = no limit
staff-room-rate-fixed = a fixed number
staff-room-rate-adaptive = adaptive, measured
staff-room-per-minute = A minute
staff-room-per-minute-hint = With adaptive, the lowest rate.
staff-room-per-minute-most = A minute at most, with adaptive
staff-room-turn = Time to enter once called, in seconds
staff-room-session = Session after the last sign of life, in seconds
staff-room-session-cap = Longest session, in seconds
staff-room-order = Order and failure
staff-room-fairness = Order of those who joined before the opening
staff-room-fifo = as they joined
staff-room-draw = drawn, verifiable
staff-room-on-failure = If the store of waiting rooms fails
staff-room-closed = nobody enters
staff-room-open = everybody enters
staff-room-clear = Clear the waiting room
staff-room-clear-hint = Every place is deleted. Buyers may join again. Admissions that were given stay valid until they end.
staff-room-clear-sure = Delete every place of this room
staff-rate-title = The adaptive rate
staff-rate-decided = { $rate } buyers a minute, decided at { $at }.
staff-rate-reason = { $reason ->
    [started] It has just started.
    [raised] It was raised, because holds were quick and buyers waited.
    [kept] It was kept.
    [slow] It was lowered, because holds were slow.
    [contended] It was lowered, because holds got in each other’s way.
    [unavailable] It was lowered, because the store took no more work.
   *[other] { $reason }
  }
staff-rate-holds = Holds in five seconds
staff-rate-latency = 95 of 100 holds within
staff-rate-contended = Failed by contention
staff-rate-unavailable = Failed by an overloaded store
staff-rate-saturated = The rate held buyers back
staff-beacon = Public round of the draw
staff-beacon-chain = Chain of drand
staff-beacon-round = Round
staff-beacon-signature = Signature
staff-beacon-missing = not supplied yet; nobody is called before
staff-beacon-hint = Optional: a draw may also depend on a public round that is published after the opening.
staff-beacon-supply = Signature of the round
staff-beacon-supply-hint = 96 hexadecimal digits, as drand publishes them. The server verifies it.
staff-beacon-do = Supply it
staff-proof = Proof of work
staff-proof-on = Buyers’ clients do some work while they wait
staff-proof-note = These pages do not do the work: a buyer enters this room only with a client that does, such as an app of yours.
staff-proof-memory = Memory of a hash, in KiB
staff-proof-passes = Passes
staff-proof-digits = Leading zeros
staff-proof-within = Seconds in which nobody is passed over

# Reservations
staff-reservation-title = Reservation { $number }
staff-reservation-status = { $status ->
    [pending] Pending
    [confirmed] Confirmed
    [expired] Expired
    [cancelled] Cancelled
   *[other] { $status }
  }
staff-payment-status = { $status ->
    [pending] Payment pending
    [completed] Paid
    [failed] Payment failed
    [cancelled] Payment cancelled
    [refunded] Refunded
    [partially_refunded] Partly refunded
   *[other] { $status }
  }
staff-reservations-search = Number, e-mail address or buyer’s id
staff-reservations-search-wrong = Search for a whole reservation number, an e-mail address or an id.
staff-reservation-cancel = Cancel the reservation
staff-reservation-do-cancel = Cancel it
staff-cancellation-open = By the policy, { $refund } goes back and { $kept } is kept.
staff-cancellation-closed = By the policy, there is no refund any more.
staff-cancellation-unpaid = It is not paid. Its tickets become available at once.
staff-refund-by-policy = by the policy
staff-refund-full = everything
staff-refund-none = nothing
staff-refund-account = Account for the refund
staff-refund-account-hint = Only for a payment into a virtual account.
staff-bank = Bank, in the provider’s code
staff-account-number = Account number
staff-holder = Holder
staff-payment-open = Open the payment
staff-payment-none = There is no payment.

# Payments
staff-payments-title = Payments that need attention
staff-payments-hint = What the shop cannot decide by itself: unknown outcomes, refused refunds, amounts that differ.
staff-payments-none = No payment needs attention.
staff-payment-title = Payment of { $amount }
staff-payment-key = Provider’s key
staff-deposit-due = Deposit awaited until
staff-last-answer = Provider’s last answer
staff-asked-again = Asked again at
staff-trouble-label = Why
staff-trouble = { $trouble ->
    [amount_mismatch] Another amount was captured than was asked for.
    [order_mismatch] The provider names another order.
    [refund_refused] The provider refused the refund.
    [deposit_withdrawn] The deposit was withdrawn.
    [unknown_for_long] The outcome has been unknown for long.
    [refund_unstated] A partial refund was made at the provider.
   *[none] It needs no attention.
  }
staff-refunds-of-payment = Refunds
staff-refund-status = { $status ->
    [queued] on its way
    [done] done
    [refused] refused
   *[other] { $status }
  }
staff-refund-tickets-of = { $tickets ->
    [returned] tickets returned
    [kept] tickets kept
    [none] no tickets
   *[unstated] tickets not stated
  }
staff-refund-kept = { $amount } kept
staff-notes = Notes
staff-note = Note
staff-note-new = Add a note
staff-note-add = Add the note
staff-note-settles = This settles it; take it off the list
staff-note-settled = settled
staff-payment-ask = Ask the provider again
staff-payment-ask-hint = A refused refund is sent again.
staff-payment-ask-do = Ask now
staff-refund-hint = No policy applies here.
staff-refund-amount = Amount in { $currency }
staff-refund-amount-hint = Empty for the whole price of the tickets.
staff-refund-tickets = The buyer’s tickets
staff-refund-tickets-hint = To let the buyer keep them, name an amount.
staff-refund-take-back = are taken back
staff-refund-keep = stay with the buyer
staff-refund-do = Refund
staff-payment-end = End the payment
staff-payment-end-hint = It counts as failed. If the provider turns out to have captured the money, the buyer gets the same seats or a refund.
staff-payment-end-do = End it

# Notices
staff-notice-new = New notice
staff-notice-edit = Edit notice
staff-notice-title = Title
staff-notice-body = Text
staff-notice-language = Language
staff-notice-pinned = Pin it to the top
staff-notice-is-pinned = pinned
staff-notice-delete = Delete the notice
staff-notice-views = { $count ->
    [one] Read once.
   *[other] Read { $count } times.
  }

# Log
staff-log-hint = Every write of staff, the newest first.
staff-log-action = Action
staff-log-actor = Id of who acted
staff-log-subject = Id of what was changed
staff-log-operator = operator of the server
staff-log-request = request
staff-log-result = { $result ->
    [done] done
    [refused] refused
    [failed] failed
   *[unknown] unknown
  }
staff-log-changes = { $count ->
    [one] One value changed
   *[other] { $count } values changed
  }
staff-log-what = Value
staff-log-before = Before
staff-log-after = After

# People
staff-people-hint = Roles count at once. The last administrator stays one.
staff-people-search = Address begins with
staff-role-label = Role
staff-role-change = Change

# Mail
staff-mail-hint = Mails that could not be sent after about a day of tries.
staff-mail-none = Every mail was sent.
staff-mail-kind = Mail
staff-mail-kind-name = { $kind ->
    [reservation_confirmed] Reservation confirmed
    [reservation_cancelled] Reservation cancelled
    [tickets_returned] Tickets returned
    [payment_updated] Payment changed
    [called] Your turn
    [code] Code
   *[other] { $kind }
  }
staff-mail-problem = Problem
staff-mail-tries = Tries
staff-mail-queued = Queued
staff-mail-given-up = Given up
staff-mail-retry = Send again
staff-hall-select = Choose with a rectangle
staff-hall-clear = Choose none
staff-hall-chosen = { $n } seats are chosen.
staff-hall-chosen-one = Chosen
