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
event-status-upcoming = Upcoming
event-status-on-sale = On sale
event-status-sold-out = Sold out
event-status-ended = Ended
event-status-cancelled = Cancelled
price-from = from { $price }
