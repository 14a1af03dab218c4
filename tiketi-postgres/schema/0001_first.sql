-- Moments are UTC microseconds, amounts are minor units of the event's currency.
--
-- Every row that is sold has the event in its key, so that the tables can be distributed by event.
-- Rows of an event change only under a lock on its row in tiketi.events. There are no foreign keys: the commands check
-- the references once for each batch, and the audit verifies them.
--
-- No index of seats, reservations or payments has the event, except the key and partial ones. Without statistics, and as
-- long as a table is small, the planner would scan a whole index that has the event instead of finding each row by its
-- key, and a connection keeps that plan while the table grows. It can use a partial index only for a statement that
-- repeats its condition.

-- Texts in indexes that each sale writes are compared by bytes: the order of a language costs more than the rest of the entry.

-- A batch writes a new version of its event's row and of each ticket type that it sold. None of the changed columns is
-- in an index, and pages have free space, so that a new version needs no index entry and replaces a dead one. Tables
-- with many dead rows (the outbox, and those that each batch updates) are vacuumed before a fifth of their rows is dead.

CREATE TABLE tiketi.events (
    id          uuid PRIMARY KEY,
    title       text NOT NULL COLLATE "C", -- listed in the order of the code points, whatever the database's language
    artist      text NOT NULL,
    venue       text NOT NULL,
    description text NOT NULL,
    keywords    text NOT NULL,             -- a JSON array of texts
    poster      text,                      -- a URL
    starts_at   bigint NOT NULL,
    opens_at    bigint NOT NULL,
    closes_at   bigint NOT NULL,
    terms       text NOT NULL,             -- a JSON object, microseconds
    metadata    text,                      -- the host's JSON object; NULL if it is empty
    currency    text NOT NULL,
    layout      uuid,
    state       text NOT NULL CHECK (state IN ('draft', 'published', 'cancelled')),
    state_at    bigint,
    announced   text NOT NULL,
    listing     text NOT NULL,             -- the list that shows it: 'draft', 'archived', or the announced status
    archived_at bigint,                    -- NULL unless it is archived
    any_left    boolean NOT NULL,          -- whether a ticket type is available
    created_at  bigint NOT NULL,
    version     bigint NOT NULL,
    map_version bigint NOT NULL,
    revision    bigint NOT NULL DEFAULT 1  -- grows with each commit that changes anything of the event
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- The orders of lists. Statuses that are not announced yet are found by a range of the first or the last of these, or in
-- the small indexes after them.
CREATE INDEX events_by_opening ON tiketi.events (listing, opens_at, id);
CREATE INDEX events_by_start ON tiketi.events (listing, starts_at, id);
CREATE INDEX events_by_creation ON tiketi.events (listing, created_at, id);
CREATE INDEX events_by_title ON tiketi.events (listing, title, id);
CREATE INDEX events_by_closing ON tiketi.events (listing, closes_at, opens_at, state, any_left, id);
CREATE INDEX events_newly_sold_out ON tiketi.events (id) WHERE listing = 'on_sale' AND NOT any_left;
CREATE INDEX events_left_again ON tiketi.events (id) WHERE listing = 'sold_out' AND any_left;
CREATE INDEX events_newly_cancelled ON tiketi.events (id) WHERE state = 'cancelled' AND listing <> 'cancelled' AND listing <> 'archived';

-- Cancelled events that may have reservations which are not ended, so that the job that refunds looks at no other.
CREATE TABLE tiketi.call_offs (
    event uuid PRIMARY KEY
);

-- The texts in which events are searched, apart from rows that each sale writes. The index has their grams.
CREATE TABLE tiketi.event_searches (
    event     uuid PRIMARY KEY,
    starts_at bigint NOT NULL,             -- of the event: what a search finds is sorted before events are read
    folded    text NOT NULL COLLATE "C",   -- title, artist, venue and keywords in lower case, a line for each
    grams     text NOT NULL COLLATE "C"    -- runs of one to three characters in hexadecimal, with spaces between them
);
CREATE INDEX event_grams ON tiketi.event_searches USING gin (string_to_array(grams, ' ')) WITH (fastupdate = off);

CREATE TABLE tiketi.ticket_types (
    event    uuid NOT NULL,
    id       uuid NOT NULL,
    name     text NOT NULL,
    price    bigint NOT NULL CHECK (price >= 0),
    section  text,                         -- NULL for general admission
    capacity bigint NOT NULL,
    held     bigint NOT NULL CHECK (held >= 0),
    sold     bigint NOT NULL CHECK (sold >= 0),
    blocked  bigint NOT NULL CHECK (blocked >= 0),
    position bigint NOT NULL,
    PRIMARY KEY (id, event),
    CHECK (held + sold + blocked <= capacity)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX ticket_types_of_event ON tiketi.ticket_types (event, position);

-- One row for each seat of an event, so a second owner is impossible.
CREATE TABLE tiketi.seats (
    event       uuid NOT NULL,
    id          uuid NOT NULL,
    ticket_type uuid NOT NULL,
    owner       uuid,
    former_buyer uuid,                     -- who gave the seat back unpaid
    until       bigint,
    former_since bigint,                   -- from when their hold cap counted
    former_until bigint,                   -- when the seat became available
    version     bigint NOT NULL,
    map_version bigint NOT NULL,
    position    bigint NOT NULL,
    col         bigint NOT NULL,
    line        bigint NOT NULL,
    accessible  boolean NOT NULL,
    state       text NOT NULL CHECK (state IN ('available', 'held', 'sold', 'blocked')),
    section     text NOT NULL,
    row         text NOT NULL,
    number      text NOT NULL,
    label       text NOT NULL,
    reason      text,
    PRIMARY KEY (id, event),
    CHECK ((owner IS NOT NULL) = (state IN ('held', 'sold')))
);
CREATE INDEX seats_by_change ON tiketi.seats (event, map_version) WHERE map_version > 0;

-- Events that have seats and no row: their seats are being written, or are to be deleted.
CREATE TABLE tiketi.partial_events (
    event uuid PRIMARY KEY,
    at    bigint NOT NULL                  -- when the creation began; 0 if the seats are to be deleted
);

CREATE TABLE tiketi.reservations (
    event          uuid NOT NULL,
    id             uuid NOT NULL,
    buyer          uuid NOT NULL,
    payment        uuid,
    serial         bigint NOT NULL,        -- with the date the number people read
    date           bigint NOT NULL,        -- YYYYMMDD
    total          bigint NOT NULL,
    state_at       bigint NOT NULL,        -- until, deadline, or when
    created_at     bigint NOT NULL,
    confirmed_at   bigint,                 -- stays after a cancellation
    held_since     bigint NOT NULL,        -- from when the hold cap counts
    hold_used      bigint NOT NULL CHECK (hold_used >= 0), -- hold time that the buyer had used of the event
    hold_used_at   bigint NOT NULL,        -- when
    version        bigint NOT NULL,
    window_granted boolean NOT NULL,
    cancellation   text,                           -- a JSON object: the policy it was confirmed under; NULL before
    currency       text NOT NULL,
    state          text COLLATE "C" NOT NULL CHECK (state IN ('held', 'paying', 'confirmed', 'expired', 'cancelled')),
    cancel_reason  text,
    seats          text NOT NULL,          -- a JSON array of [seat, ticket type, label, price]
    items          text NOT NULL,          -- a JSON array of [ticket type, name, quantity, unit price]
    metadata       text,                   -- the host's JSON object; NULL if it is empty
    PRIMARY KEY (id, event)
);
CREATE UNIQUE INDEX one_pending_reservation ON tiketi.reservations (buyer, event) WHERE state IN ('held', 'paying');
CREATE INDEX reservations_of_buyer ON tiketi.reservations (buyer, event, serial) WHERE serial > 0;
-- Each of an event's reservations is in one of these; all but the first are in the order of lists.
CREATE INDEX due_reservations ON tiketi.reservations (event, state_at) WHERE state = 'held';
-- For the sweep, which passes over locked events without reading their reservations. Only this index has the
-- expression: by `state = 'held'` the planner may choose another index and read all holds, as long as its statistics
-- are from before the sale.
CREATE INDEX due_holds ON tiketi.reservations ((CASE WHEN state = 'held' THEN state_at END), id, event)
    WHERE (CASE WHEN state = 'held' THEN state_at END) IS NOT NULL;
CREATE INDEX paying_reservations ON tiketi.reservations (event, created_at, serial) WHERE state = 'paying';
CREATE INDEX sold_reservations ON tiketi.reservations (event, created_at, serial) WHERE state = 'confirmed';
CREATE INDEX expired_reservations ON tiketi.reservations (event, created_at, serial) WHERE state = 'expired';
CREATE INDEX cancelled_reservations ON tiketi.reservations (event, created_at, serial) WHERE state = 'cancelled';
-- For lists of all events, and for numbers that buyers say on the telephone. `lower` changes no state; it keeps this
-- index from the statements of a sale, which the planner would read all sales for, as above.
CREATE INDEX reservations_by_state ON tiketi.reservations (lower(state), created_at, serial);
CREATE INDEX reservations_by_serial ON tiketi.reservations (serial);

CREATE TABLE tiketi.payments (
    event          uuid NOT NULL,
    id             uuid NOT NULL,
    reservation    uuid NOT NULL,
    buyer          uuid NOT NULL,
    amount         bigint NOT NULL,
    captured       bigint,                 -- what the provider took, once it said so
    captured_at    bigint,                 -- when the shop learned of the capture
    refunded       bigint NOT NULL,
    state_at       bigint,
    reconcile_at   bigint,                 -- when the provider is to be asked; NULL while nothing is awaited
    awaited_since  bigint,                 -- NULL unless an outcome has been unknown since then
    created_at     bigint NOT NULL,
    version        bigint NOT NULL,
    needs_attention boolean NOT NULL,
    call_off_refused boolean NOT NULL,     -- whether a refund of just what is left was, for the event's cancellation
    currency       text NOT NULL,
    gateway        text NOT NULL,
    method         text NOT NULL,
    provider_key   text COLLATE "C",
    deposit_secret text,                   -- a hash, in hexadecimal digits
    state          text NOT NULL,
    detail         text,                   -- a provider's code, or what does not fit
    taken_in       text,                   -- the currency of captured and refunded
    reconciliation text,                   -- a JSON object: since when, how often, what it said
    refunds        text NOT NULL,          -- a JSON array
    notes          text NOT NULL,          -- a JSON array
    metadata       text,                   -- the host's JSON object; NULL if it is empty
    PRIMARY KEY (id, event),
    CHECK (refunded BETWEEN 0 AND coalesce(captured, 0)),
    CHECK ((captured IS NULL) = (taken_in IS NULL)),
    CHECK ((captured IS NULL) = (captured_at IS NULL)),
    CHECK ((reconcile_at IS NULL) = (reconciliation IS NULL))
);
CREATE INDEX payments_of_event ON tiketi.payments (event) WHERE version > 0;
CREATE INDEX payments_of_reservation ON tiketi.payments (reservation);
CREATE INDEX payments_by_key ON tiketi.payments (provider_key) WHERE provider_key IS NOT NULL;
CREATE INDEX payments_to_reconcile ON tiketi.payments (reconcile_at, id) WHERE reconcile_at IS NOT NULL;
CREATE INDEX payments_not_returned ON tiketi.payments (event) WHERE call_off_refused;
CREATE INDEX payments_needing_attention ON tiketi.payments (id) WHERE needs_attention;
CREATE INDEX payments_awaited ON tiketi.payments (awaited_since) WHERE awaited_since IS NOT NULL;
-- At most one attempt of a reservation is confirmed at a time; a second capture is refunded.
CREATE UNIQUE INDEX one_capture ON tiketi.payments (reservation, event) WHERE state = 'confirming';

CREATE TABLE tiketi.commands (
    event       uuid NOT NULL,
    key         uuid NOT NULL,
    fingerprint uuid NOT NULL,
    reservation uuid NOT NULL,
    payment     uuid,
    at          bigint NOT NULL,
    PRIMARY KEY (key, event)
);
CREATE INDEX commands_by_age ON tiketi.commands (at);

-- The objects that requests of administrators created, so that a repeated request creates nothing.
CREATE TABLE tiketi.creations (
    key         uuid NOT NULL,
    fingerprint uuid NOT NULL,
    made        uuid NOT NULL,             -- the id of an event, a ticket type or a layout
    at          bigint NOT NULL,
    CONSTRAINT one_creation_a_key PRIMARY KEY (key)
);
CREATE INDEX creations_by_age ON tiketi.creations (at);

CREATE TABLE tiketi.subscribers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- never used again: a name registered again has another
    name       text NOT NULL COLLATE "C",
    kinds      text NOT NULL,              -- names of kinds of facts, with spaces between them
    since      bigint NOT NULL,
    seen_at    bigint NOT NULL,            -- when a server registered it last
    removed_at bigint                      -- its facts are being deleted; those of commits under way come later
);
CREATE UNIQUE INDEX one_subscriber_a_name ON tiketi.subscribers (name) WHERE removed_at IS NULL;

-- The facts that wait for each subscriber, in the order of their delivery.
CREATE TABLE tiketi.outbox (
    subscriber    bigint NOT NULL,
    id            bigint NOT NULL,
    event         uuid NOT NULL,
    at            bigint NOT NULL,
    claimed_until bigint,                  -- also until when a fact waits that could not be delivered
    tries         bigint NOT NULL,         -- how often its delivery failed
    reservation   uuid,                    -- whose facts are delivered in their order
    body          text NOT NULL,           -- a JSON object
    PRIMARY KEY (subscriber, id, event)
);
ALTER TABLE tiketi.outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_of_reservation ON tiketi.outbox (event, subscriber, reservation, id) WHERE reservation IS NOT NULL;

CREATE TABLE tiketi.inbox (
    gateway       text COLLATE "C" NOT NULL,
    delivery      text COLLATE "C" NOT NULL,
    payment       uuid NOT NULL,
    received_at   bigint NOT NULL,
    claimed_until bigint,
    tries         bigint NOT NULL,         -- how often it was postponed
    done          boolean NOT NULL DEFAULT false,
    provider_key  text,
    PRIMARY KEY (gateway, delivery)
);
CREATE INDEX inbox_to_do ON tiketi.inbox (received_at) WHERE NOT done;
CREATE INDEX inbox_by_age ON tiketi.inbox (received_at);
CREATE INDEX inbox_of_payment ON tiketi.inbox (payment);

CREATE TABLE tiketi.layouts (
    id         uuid PRIMARY KEY,
    venue      text NOT NULL COLLATE "C",  -- listed in the order of the bytes, whatever the database's language
    name       text NOT NULL COLLATE "C",
    outline    text NOT NULL,              -- a JSON array of [section, price, currency, seats]
    created_at bigint NOT NULL,
    sections   text NOT NULL               -- a JSON array
);
CREATE INDEX layouts_by_venue ON tiketi.layouts (venue, name, id);

CREATE TABLE tiketi.accounts (
    id         uuid PRIMARY KEY,
    email      text COLLATE "C" NOT NULL,  -- ordered by bytes, so that an index finds the start of an address
    name       text NOT NULL,
    phone      text,
    role       text NOT NULL CHECK (role IN ('buyer', 'read_only', 'box_office', 'finance', 'admin')),
    password   text,
    google     text,                      -- the id that Google gives the owner
    language   text NOT NULL,
    verified_at bigint,
    created_at bigint NOT NULL,
    version    bigint NOT NULL,
    CONSTRAINT one_account_an_address UNIQUE (email)
);
CREATE INDEX staff_accounts ON tiketi.accounts (role, email) WHERE role <> 'buyer';

CREATE TABLE tiketi.sessions (
    session      uuid PRIMARY KEY,
    account      uuid NOT NULL REFERENCES tiketi.accounts,
    generation   bigint NOT NULL,
    started_at   bigint NOT NULL,
    refreshed_at bigint NOT NULL,
    ends_at      bigint NOT NULL
);
CREATE INDEX sessions_of_account ON tiketi.sessions (account);
CREATE INDEX sessions_by_end ON tiketi.sessions (ends_at);

-- What staff did: an entry is written before its action, and once more after it.
CREATE TABLE tiketi.staff_log (
    id           uuid PRIMARY KEY,
    at           bigint NOT NULL,          -- when the action began
    actor        uuid,                     -- NULL for the operator of the server
    role         text,                     -- of the actor at that moment
    action       text NOT NULL,
    request      text,
    subject_kind text,
    subject      uuid,
    ended_at     bigint,                   -- NULL while the outcome is not known
    result       text CHECK (result IN ('done', 'refused', 'failed')),
    code         text,
    before       text,                     -- a JSON object
    after        text,                     -- a JSON object
    reason       text,
    CHECK ((actor IS NULL) = (role IS NULL)),
    CHECK ((ended_at IS NULL) = (result IS NULL))
);
CREATE INDEX staff_log_by_time ON tiketi.staff_log (at, id);
CREATE INDEX staff_log_by_actor ON tiketi.staff_log (actor, at, id) WHERE actor IS NOT NULL;
CREATE INDEX staff_log_by_subject ON tiketi.staff_log (subject, at, id) WHERE subject IS NOT NULL;
CREATE INDEX staff_log_by_action ON tiketi.staff_log (action, at, id);

-- Figures by day in the organiser's time zone. A count begins again beside the one that is read. Writers of figures
-- lock the row of the newest count.
CREATE TABLE tiketi.figure_counts (
    number     bigint PRIMARY KEY,
    zone       text NOT NULL,
    begun_at   bigint NOT NULL,
    counted_to uuid,                       -- the last earlier reservation that is counted
    complete   boolean NOT NULL
);
CREATE TABLE tiketi.figure_sources (
    number      bigint NOT NULL,
    reservation uuid NOT NULL,
    event       uuid NOT NULL,
    version     bigint NOT NULL,           -- the sum of the versions of the reservation and its payments
    entries     text NOT NULL,             -- a JSON array of what the reservation adds
    PRIMARY KEY (number, reservation)
);
CREATE TABLE tiketi.figures (
    number                 bigint NOT NULL,
    scope                  uuid NOT NULL,  -- an event; zeros for the whole shop
    day                    bigint NOT NULL, -- days since 1970-01-01; the least number for all days
    started                bigint NOT NULL,
    confirmed              bigint NOT NULL,
    expired                bigint NOT NULL,
    cancelled_by_buyer     bigint NOT NULL,
    cancelled_by_organiser bigint NOT NULL,
    cancelled_refunded     bigint NOT NULL,
    tickets_sold           bigint NOT NULL,
    tickets_returned       bigint NOT NULL,
    methods                text NOT NULL,  -- a JSON array
    types                  text NOT NULL,  -- a JSON array
    quarters               text NOT NULL,  -- a JSON array
    PRIMARY KEY (number, scope, day)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX busiest_figures ON tiketi.figures (number, day, tickets_sold);

CREATE TABLE tiketi.notices (
    id         uuid PRIMARY KEY,
    title      text NOT NULL,
    body       text NOT NULL,
    language   text NOT NULL,              -- a BCP 47 tag
    pinned     boolean NOT NULL,
    views      bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    version    bigint NOT NULL
);
CREATE INDEX notices_in_order ON tiketi.notices (pinned, created_at, id);

CREATE TABLE tiketi.codes (
    id         uuid PRIMARY KEY,
    email      text NOT NULL,
    purpose    text NOT NULL,             -- a JSON object
    language   text NOT NULL,
    expires_at bigint NOT NULL,
    hash       text,
    tries_left bigint NOT NULL
);
CREATE INDEX codes_by_end ON tiketi.codes (expires_at);

CREATE TABLE tiketi.mails (
    id        uuid PRIMARY KEY,
    content   text NOT NULL,              -- a JSON object
    queued_at bigint NOT NULL,
    stage     text NOT NULL CHECK (stage IN ('waiting', 'done', 'dead')),
    at        bigint NOT NULL,
    tries     bigint NOT NULL,
    problem   text
);
CREATE INDEX mails_by_stage ON tiketi.mails (stage, at, id);

CREATE TABLE tiketi.answers (
    key           uuid PRIMARY KEY,
    fingerprint   uuid NOT NULL,
    claimed_until bigint NOT NULL,
    answered_at   bigint,
    status        bigint,
    content_type  text,
    body          bytea
);
CREATE INDEX answers_by_age ON tiketi.answers ((coalesce(answered_at, claimed_until)));

-- The journal of waiting rooms that are served from the memory of one server.
CREATE TABLE tiketi.waiting_rooms (
    event   uuid PRIMARY KEY,
    version bigint NOT NULL,
    state   text NOT NULL                  -- a JSON object, microseconds
);
CREATE TABLE tiketi.waiting_places (
    event   uuid NOT NULL,
    class   text NOT NULL CHECK (class IN ('priority', 'standard', 'demoted')),
    arrival bigint NOT NULL,
    version bigint NOT NULL,               -- that of the room when the place was saved
    state   text NOT NULL,                 -- a JSON object, microseconds
    PRIMARY KEY (event, class, arrival)
);

-- The server that may save waiting rooms; one row.
CREATE TABLE tiketi.waiting_room_owner (
    only_row boolean PRIMARY KEY CHECK (only_row),
    owner    uuid NOT NULL,
    token    bigint NOT NULL,              -- grows with each other owner
    until    bigint NOT NULL               -- microseconds
);

-- Numbers that only increase, taken under the lock of an event: a later number of an event is greater.
CREATE SEQUENCE tiketi.serials;
CREATE SEQUENCE tiketi.facts;

-- What readiness checks write: a row for each of 64 slots, one of which each server takes.
CREATE TABLE tiketi.probes (
    slot       bigint PRIMARY KEY CHECK (slot >= 0 AND slot < 64),
    written_at bigint NOT NULL             -- microseconds
);
