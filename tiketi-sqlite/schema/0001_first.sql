-- Ids are 16-byte UUIDs, moments are UTC microseconds, amounts are minor units of the event's currency.

CREATE TABLE events (
    id          BLOB PRIMARY KEY,
    title       TEXT NOT NULL,
    artist      TEXT NOT NULL,
    venue       TEXT NOT NULL,
    description TEXT NOT NULL,
    keywords    TEXT NOT NULL,             -- a JSON array of texts
    poster      TEXT,                      -- a URL
    starts_at   INTEGER NOT NULL,
    opens_at    INTEGER NOT NULL,
    closes_at   INTEGER NOT NULL,
    terms       TEXT NOT NULL,             -- a JSON object, microseconds
    metadata    TEXT,                      -- the host's JSON object; NULL if it is empty
    currency    TEXT NOT NULL,
    layout      BLOB,
    state       TEXT NOT NULL CHECK (state IN ('draft', 'published', 'cancelled')),
    state_at    INTEGER,
    announced   TEXT NOT NULL,
    listing     TEXT NOT NULL,             -- the list that shows it: 'draft', 'archived', or the announced status
    archived_at INTEGER,                   -- NULL unless it is archived
    any_left    INTEGER NOT NULL,          -- whether a ticket type is available
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    map_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The orders of lists. Statuses that are not announced yet are found by a range of the first or the last of these, or in
-- the small indexes after them.
CREATE INDEX events_by_opening ON events (listing, opens_at, id);
CREATE INDEX events_by_start ON events (listing, starts_at, id);
CREATE INDEX events_by_creation ON events (listing, created_at, id);
CREATE INDEX events_by_title ON events (listing, title, id);
CREATE INDEX events_by_closing ON events (listing, closes_at, opens_at, state, any_left, id);
CREATE INDEX events_newly_sold_out ON events (id) WHERE listing = 'on_sale' AND NOT any_left;
CREATE INDEX events_left_again ON events (id) WHERE listing = 'sold_out' AND any_left;
CREATE INDEX events_newly_cancelled ON events (id) WHERE state = 'cancelled' AND listing <> 'cancelled' AND listing <> 'archived';

-- Cancelled events that may have reservations which are not ended, so that the job that refunds looks at no other.
CREATE TABLE call_offs (
    event BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The texts in which events are searched. The index has their grams, under the number of the text.
CREATE TABLE event_searches (
    number INTEGER PRIMARY KEY,            -- grows with the second in which the event starts
    event  BLOB NOT NULL UNIQUE,
    folded TEXT NOT NULL                   -- title, artist, venue and keywords in lower case, a line for each
) STRICT;
CREATE VIRTUAL TABLE event_grams USING fts5 (
    grams,                                 -- runs of one to three characters in hexadecimal, with spaces between them
    content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

CREATE TABLE ticket_types (
    id       BLOB PRIMARY KEY,
    event    BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    price    INTEGER NOT NULL CHECK (price >= 0),
    section  TEXT,                         -- NULL for general admission
    capacity INTEGER NOT NULL,
    held     INTEGER NOT NULL CHECK (held >= 0),
    sold     INTEGER NOT NULL CHECK (sold >= 0),
    blocked  INTEGER NOT NULL CHECK (blocked >= 0),
    position INTEGER NOT NULL,
    CHECK (held + sold + blocked <= capacity)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_types_of_event ON ticket_types (event, position);

-- One row for each seat of an event, so a second owner is impossible.
CREATE TABLE seats (
    event       BLOB NOT NULL,             -- without a reference: seats are written before their event and deleted after it
    id          BLOB NOT NULL,
    position    INTEGER NOT NULL,
    ticket_type BLOB NOT NULL,
    section     TEXT NOT NULL,
    row         TEXT NOT NULL,
    number      TEXT NOT NULL,
    label       TEXT NOT NULL,
    col         INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    accessible  INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('available', 'held', 'sold', 'blocked')),
    owner       BLOB,
    until       INTEGER,
    reason      TEXT,
    version     INTEGER NOT NULL,
    map_version INTEGER NOT NULL,
    former_buyer BLOB,                     -- who gave the seat back unpaid
    former_since INTEGER,                  -- from when their hold cap counted
    former_until INTEGER,                  -- when the seat became available
    PRIMARY KEY (event, id),
    CHECK ((owner IS NOT NULL) = (state IN ('held', 'sold')))
) STRICT, WITHOUT ROWID;
CREATE INDEX seats_by_change ON seats (event, map_version);

-- Events that have seats and no row: their seats are being written, or are to be deleted.
CREATE TABLE partial_events (
    event BLOB PRIMARY KEY,
    at    INTEGER NOT NULL                 -- when the creation began; 0 if the seats are to be deleted
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
    id             BLOB PRIMARY KEY,
    event          BLOB NOT NULL REFERENCES events (id),
    buyer          BLOB NOT NULL,
    date           INTEGER NOT NULL,       -- YYYYMMDD, with the serial the number people read
    serial         INTEGER NOT NULL UNIQUE,
    seats          TEXT NOT NULL,          -- a JSON array of [seat, ticket type, label, price]
    items          TEXT NOT NULL,          -- a JSON array of [ticket type, name, quantity, unit price]
    total          INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('held', 'paying', 'confirmed', 'expired', 'cancelled')),
    state_at       INTEGER NOT NULL,       -- the end, the deadline, or the time of the change
    cancel_reason  TEXT,
    payment        BLOB,
    window_granted INTEGER NOT NULL,
    cancellation   TEXT,                   -- a JSON object: the policy it was confirmed under; NULL before
    metadata       TEXT,                   -- the host's JSON object; NULL if it is empty
    created_at     INTEGER NOT NULL,
    confirmed_at   INTEGER,                -- stays after a cancellation
    held_since     INTEGER NOT NULL,       -- from when the hold cap counts
    hold_used      INTEGER NOT NULL CHECK (hold_used >= 0), -- hold time that the buyer had used of the event
    hold_used_at   INTEGER NOT NULL,       -- when
    version        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_pending_reservation ON reservations (event, buyer) WHERE state IN ('held', 'paying');
CREATE INDEX live_reservations ON reservations (event, buyer) WHERE state IN ('held', 'paying', 'confirmed');
CREATE INDEX latest_reservations ON reservations (event, buyer, serial);
CREATE INDEX due_reservations ON reservations (state_at, event) WHERE state = 'held';
CREATE INDEX reservations_of_buyer ON reservations (buyer, serial);
CREATE INDEX reservations_of_event ON reservations (event, state, created_at, serial);
CREATE INDEX reservations_by_state ON reservations (state, created_at, serial);

CREATE TABLE payments (
    id           BLOB PRIMARY KEY,
    reservation  BLOB NOT NULL REFERENCES reservations (id),
    event        BLOB NOT NULL,
    buyer        BLOB NOT NULL,
    amount       INTEGER NOT NULL,
    refunded     INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    gateway      TEXT NOT NULL,
    method       TEXT NOT NULL,
    provider_key TEXT,
    deposit_secret TEXT,                   -- a hash, in hexadecimal digits
    state        TEXT NOT NULL,
    state_at     INTEGER,
    detail       TEXT,                     -- a provider's code, or the mismatch
    refunds      TEXT NOT NULL,            -- a JSON array
    captured     INTEGER,                  -- the captured amount, once it is known
    captured_at  INTEGER,                  -- when the shop learned of the capture
    taken_in     TEXT,                     -- the currency of captured and refunded
    reconcile_at INTEGER,                  -- when to ask the provider; NULL if no outcome is awaited
    reconciliation TEXT,                     -- a JSON object: since when, how often, the last answer
    awaited_since INTEGER,                 -- NULL unless the outcome of a capture or refund is unknown
    notes        TEXT NOT NULL,            -- a JSON array
    metadata     TEXT,                     -- the host's JSON object; NULL if it is empty
    needs_attention INTEGER NOT NULL,
    call_off_refused INTEGER NOT NULL,     -- whether the refund of the whole rest for the call-off was refused
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    CHECK (refunded BETWEEN 0 AND coalesce(captured, 0)),
    CHECK ((captured IS NULL) = (taken_in IS NULL)),
    CHECK ((captured IS NULL) = (captured_at IS NULL)),
    CHECK ((reconcile_at IS NULL) = (reconciliation IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_of_event ON payments (event);
CREATE INDEX payments_of_reservation ON payments (reservation);
CREATE INDEX payments_by_key ON payments (provider_key) WHERE provider_key IS NOT NULL;
CREATE INDEX payments_to_reconcile ON payments (reconcile_at, id) WHERE reconcile_at IS NOT NULL;
CREATE INDEX payments_needing_attention ON payments (id) WHERE needs_attention;
CREATE INDEX payments_awaited ON payments (awaited_since) WHERE awaited_since IS NOT NULL;
-- At most one attempt of a reservation is confirmed at a time; a second capture is refunded.
CREATE UNIQUE INDEX one_capture ON payments (reservation) WHERE state = 'confirming';

CREATE TABLE commands (
    key         BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    reservation BLOB NOT NULL,
    payment     BLOB,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_by_age ON commands (at);

-- The objects that requests of administrators created, so that a repeated request creates nothing.
CREATE TABLE creations (
    key         BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    made        BLOB NOT NULL,             -- the id of an event, a ticket type or a layout
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX creations_by_age ON creations (at);

CREATE TABLE subscribers (
    id         INTEGER PRIMARY KEY,        -- a new one for a name that is registered again after its removal
    name       TEXT NOT NULL,
    kinds      TEXT NOT NULL,              -- names of kinds of facts, separated by spaces
    since      INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,           -- when a server registered it last
    removed_at INTEGER                     -- its facts are being deleted
) STRICT;
CREATE UNIQUE INDEX one_subscriber_a_name ON subscribers (name) WHERE removed_at IS NULL;

-- The facts that wait for each subscriber, in the order of their delivery.
CREATE TABLE outbox (
    subscriber    INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    event         BLOB NOT NULL,
    at            INTEGER NOT NULL,
    reservation   BLOB,                    -- whose facts are delivered in their order
    claimed_until INTEGER,                 -- also until when a failed fact waits
    tries         INTEGER NOT NULL DEFAULT 0, -- how often its delivery failed
    body          TEXT NOT NULL,           -- a JSON object
    PRIMARY KEY (subscriber, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_of_reservation ON outbox (subscriber, reservation, id) WHERE reservation IS NOT NULL;

CREATE TABLE inbox (
    gateway       TEXT NOT NULL,
    delivery      TEXT NOT NULL,
    payment       BLOB NOT NULL,
    provider_key  TEXT,
    received_at   INTEGER NOT NULL,
    claimed_until INTEGER,
    done          INTEGER NOT NULL DEFAULT 0,
    tries         INTEGER NOT NULL DEFAULT 0, -- how often it was postponed
    PRIMARY KEY (gateway, delivery)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_to_do ON inbox (received_at) WHERE done = 0;
CREATE INDEX inbox_by_age ON inbox (received_at);
CREATE INDEX inbox_of_payment ON inbox (payment);

CREATE TABLE layouts (
    id         BLOB PRIMARY KEY,
    venue      TEXT NOT NULL,
    name       TEXT NOT NULL,
    outline    TEXT NOT NULL,              -- a JSON array of [section, price, currency, seats]
    created_at INTEGER NOT NULL,
    sections   TEXT NOT NULL               -- a JSON array; last, since a list does not read it
) STRICT, WITHOUT ROWID;
CREATE INDEX layouts_by_venue ON layouts (venue, name, id);

CREATE TABLE accounts (
    id         BLOB PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    phone      TEXT,
    role       TEXT NOT NULL CHECK (role IN ('buyer', 'read_only', 'box_office', 'finance', 'admin')),
    password   TEXT,
    google     TEXT,                      -- the id that Google gives the owner
    language   TEXT NOT NULL,
    verified_at INTEGER,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_accounts ON accounts (role, email) WHERE role <> 'buyer';

CREATE TABLE sessions (
    session      BLOB PRIMARY KEY,
    account      BLOB NOT NULL REFERENCES accounts,
    generation   INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- What staff did: an entry is written before its action, and once more after it.
CREATE TABLE staff_log (
    id           BLOB PRIMARY KEY,
    at           INTEGER NOT NULL,         -- when the action began
    actor        BLOB,                     -- NULL for the operator of the server
    role         TEXT,                     -- of the actor at that moment
    action       TEXT NOT NULL,
    request      TEXT,
    subject_kind TEXT,
    subject      BLOB,
    ended_at     INTEGER,                  -- NULL while the outcome is not known
    result       TEXT CHECK (result IN ('done', 'refused', 'failed')),
    code         TEXT,
    before       TEXT,                     -- a JSON object
    after        TEXT,                     -- a JSON object
    reason       TEXT,
    CHECK ((actor IS NULL) = (role IS NULL)),
    CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_log_by_time ON staff_log (at, id);
CREATE INDEX staff_log_by_actor ON staff_log (actor, at, id) WHERE actor IS NOT NULL;
CREATE INDEX staff_log_by_subject ON staff_log (subject, at, id) WHERE subject IS NOT NULL;
CREATE INDEX staff_log_by_action ON staff_log (action, at, id);

-- Figures by day in the organiser's time zone. A count begins again beside the one that is read.
CREATE TABLE figure_counts (
    number     INTEGER PRIMARY KEY,
    zone       TEXT NOT NULL,
    begun_at   INTEGER NOT NULL,
    counted_to BLOB,                       -- the last earlier reservation that is counted
    complete   INTEGER NOT NULL
) STRICT;
CREATE TABLE figure_sources (
    number      INTEGER NOT NULL,
    reservation BLOB NOT NULL,
    event       BLOB NOT NULL,
    version     INTEGER NOT NULL,          -- the sum of the versions of the reservation and its payments
    entries     TEXT NOT NULL,             -- a JSON array of what the reservation adds
    PRIMARY KEY (number, reservation)
) STRICT, WITHOUT ROWID;
CREATE TABLE figures (
    number                 INTEGER NOT NULL,
    scope                  BLOB NOT NULL,  -- an event; zeros for the whole shop
    day                    INTEGER NOT NULL, -- days since 1970-01-01; the least number for all days
    started                INTEGER NOT NULL,
    confirmed              INTEGER NOT NULL,
    expired                INTEGER NOT NULL,
    cancelled_by_buyer     INTEGER NOT NULL,
    cancelled_by_organiser INTEGER NOT NULL,
    cancelled_refunded     INTEGER NOT NULL,
    tickets_sold           INTEGER NOT NULL,
    tickets_returned       INTEGER NOT NULL,
    methods                TEXT NOT NULL,  -- a JSON array
    types                  TEXT NOT NULL,  -- a JSON array
    quarters               TEXT NOT NULL,  -- a JSON array
    PRIMARY KEY (number, scope, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX busiest_figures ON figures (number, day, tickets_sold);

CREATE TABLE notices (
    id         BLOB PRIMARY KEY,
    title      TEXT NOT NULL,
    body       TEXT NOT NULL,
    language   TEXT NOT NULL,              -- a BCP 47 tag
    pinned     INTEGER NOT NULL,
    views      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_in_order ON notices (pinned, created_at, id);

CREATE TABLE codes (
    id         BLOB PRIMARY KEY,
    email      TEXT NOT NULL,
    purpose    TEXT NOT NULL,             -- a JSON object
    language   TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    hash       TEXT,
    tries_left INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_end ON codes (expires_at);

CREATE TABLE mails (
    id        BLOB PRIMARY KEY,
    content   TEXT NOT NULL,              -- a JSON object
    queued_at INTEGER NOT NULL,
    stage     TEXT NOT NULL CHECK (stage IN ('waiting', 'done', 'dead')),
    at        INTEGER NOT NULL,
    tries     INTEGER NOT NULL,
    problem   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_by_stage ON mails (stage, at, id);

CREATE TABLE answers (
    key           BLOB PRIMARY KEY,
    fingerprint   BLOB NOT NULL,
    claimed_until INTEGER NOT NULL,
    answered_at   INTEGER,
    status        INTEGER,
    content_type  TEXT,
    body          BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (coalesce(answered_at, claimed_until));

-- The journal of waiting rooms that are served from memory.
CREATE TABLE waiting_rooms (
    event   BLOB PRIMARY KEY,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL                  -- a JSON object, microseconds
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting_places (
    event   BLOB NOT NULL,
    class   TEXT NOT NULL CHECK (class IN ('priority', 'standard', 'demoted')),
    arrival INTEGER NOT NULL,
    version INTEGER NOT NULL,              -- that of the room when the place was saved
    state   TEXT NOT NULL,                 -- a JSON object, microseconds
    PRIMARY KEY (event, class, arrival)
) STRICT, WITHOUT ROWID;

-- The process that may save waiting rooms; one row.
CREATE TABLE waiting_room_owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    owner    BLOB NOT NULL,
    token    INTEGER NOT NULL,             -- grows with each other owner
    until    INTEGER NOT NULL              -- microseconds
) STRICT;

-- Numbers that only increase: the last serial of a reservation and the id of the last fact.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('reservation', 0), ('fact', 0);

-- What a readiness check writes; one row.
CREATE TABLE probe (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    written_at INTEGER NOT NULL,           -- microseconds
    space      BLOB                        -- always empty: taken and given back within a transaction
) STRICT;
INSERT INTO probe (only_row, written_at) VALUES (1, 0);
