# What every page has.

shop-description = Tickets of { $shop }: find an event, choose your seats, and pay.
skip-to-content = Skip to the content
nav-main = Main
nav-events = Events
nav-news = News
nav-reservations = My reservations
nav-staff = Organise
nav-profile = Account
nav-sign-in = Sign in
times-in-zone = All times are in the time zone { $zone }.
theme-now = Theme: { $theme ->
    [light] light
    [dark] dark
   *[auto] as the device
  }
connection-online = Connected
connection-lost = The live connection is lost. What you see may be out of date; it is being opened again.
connection-back = The live connection is back.
connection-offline = You are offline. Your place and your tickets stay as they are; this page goes on when you are back.

form-wrong = { $count ->
    [one] One thing has to be corrected:
   *[other] { $count } things have to be corrected:
  }

pager = Pages
pager-before = Previous
pager-after = Next
pager-at = Page { $page } of { $pages }

error-title-not-found = There is nothing here
error-title-forbidden = This is not allowed
error-title-busy = Too much at once
error-title-internal = Something went wrong
error-title-refused = This did not work
error-not-found = There is no page at this address.
error-bad-request = The shop does not understand what was sent.
error-too-large = What was sent is too large.
error-foreign-page = This was sent by a page of another site, so nothing was done.
error-internal = The shop made a mistake. Nothing was bought or changed by this.
error-way-not-found = It may have been removed, or the address may be mistyped. The events are a good place to go on.
error-way-forbidden = Go back to the page in this shop and try it there.
error-way-busy = Wait a moment, then load this page again. Tickets that you hold stay yours until their time ends.
error-way-internal = Try again in a moment. If you were paying, look at your reservations first: they say what is paid.
error-way-refused = Go back, correct it, and try again.
error-retry-after = Try again in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
  }.
error-to-events = To the events
error-request-id = If you ask for help, name this request: { $id }

# Dates. Weekdays count from Monday; numbers come as text, those to choose by with an n before them.
moment-full = { $date }, { $time }
moment-date = { $weekday ->
    [n1] Mon
    [n2] Tue
    [n3] Wed
    [n4] Thu
    [n5] Fri
    [n6] Sat
   *[n7] Sun
  } { $day } { $month ->
    [n1] January
    [n2] February
    [n3] March
    [n4] April
    [n5] May
    [n6] June
    [n7] July
    [n8] August
    [n9] September
    [n10] October
    [n11] November
   *[n12] December
  } { $year }
moment-day = { $day } { $month ->
    [n1] Jan
    [n2] Feb
    [n3] Mar
    [n4] Apr
    [n5] May
    [n6] Jun
    [n7] Jul
    [n8] Aug
    [n9] Sep
    [n10] Oct
    [n11] Nov
   *[n12] Dec
  }
moment-time = { $hour }:{ $minute } { $zone }
