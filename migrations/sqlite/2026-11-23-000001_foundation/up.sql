-- Times are microseconds since 1970 in UTC, amounts are minor units, identifiers are UUIDv7 texts.

CREATE TABLE schema_writers (
    migration TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL
) STRICT;

-- identity -------------------------------------------------------------------------------------

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    last4 TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- idempotency ----------------------------------------------------------------------------------

-- `id` is a digest of key holder, method, path and key, so that orders can point at it cheaply.
CREATE TABLE idempotency_keys (
    id TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'pending', 'finished')),
    subject TEXT,
    locked_until INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK (state <> 'finished' OR (status IS NOT NULL AND headers IS NOT NULL AND body IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- audit: the journal ---------------------------------------------------------------------------

CREATE TABLE journal_entries (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
    before TEXT,
    after TEXT,
    request_id TEXT,
    trace_id TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_entries_subject ON journal_entries (subject, id);
CREATE INDEX journal_entries_actor ON journal_entries (actor, id);

CREATE TABLE journal_sequence (
    seq INTEGER NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE REFERENCES journal_entries (id)
) STRICT;

-- Entries that wait for their number. Always empty on SQLite, where the writer lane gives it.
CREATE TABLE journal_unsequenced (
    position INTEGER NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE journal_seals (
    number INTEGER NOT NULL PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL UNIQUE,
    root TEXT NOT NULL,
    chain TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    CHECK (first_seq <= last_seq)
) STRICT;

CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_sequence_no_update BEFORE UPDATE ON journal_sequence
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_sequence_no_delete BEFORE DELETE ON journal_sequence
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_seals_no_update BEFORE UPDATE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_seals_no_delete BEFORE DELETE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- jobs -----------------------------------------------------------------------------------------

CREATE TABLE job_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- catalog --------------------------------------------------------------------------------------

CREATE TABLE products (
    sku TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    search_text TEXT NOT NULL,
    department TEXT,
    category TEXT,
    brand TEXT,
    package_size TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX products_newest ON products (created_at DESC, sku DESC);

CREATE TABLE prices (
    sku TEXT NOT NULL REFERENCES products (sku),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (sku, currency)
) STRICT, WITHOUT ROWID;

-- inventory ------------------------------------------------------------------------------------

CREATE TABLE stock_locations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO stock_locations (id, name) VALUES ('main', 'Main stock');

CREATE TABLE stock_levels (
    sku TEXT NOT NULL,
    location TEXT NOT NULL REFERENCES stock_locations (id),
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (sku, location),
    CHECK (reserved <= on_hand)
) STRICT, WITHOUT ROWID;

-- A hold is a pending transfer; posted it is a sale, voided or expired it never was.
CREATE TABLE stock_transfers (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'cancellation', 'adjustment', 'import')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'posted', 'voided', 'expired')),
    order_id TEXT,
    reason TEXT,
    deadline_at INTEGER,
    created_at INTEGER NOT NULL,
    settled_at INTEGER,
    CHECK (status <> 'pending' OR deadline_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_transfers_order ON stock_transfers (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX stock_transfers_pending ON stock_transfers (deadline_at) WHERE status = 'pending';

-- What a transfer moves; a level is the sum of its posted movements.
CREATE TABLE stock_movements (
    transfer_id TEXT NOT NULL REFERENCES stock_transfers (id),
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    delta INTEGER NOT NULL CHECK (delta <> 0),
    PRIMARY KEY (transfer_id, sku, location)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_movements_sku ON stock_movements (sku, transfer_id);

CREATE TRIGGER stock_movements_no_update BEFORE UPDATE ON stock_movements
BEGIN SELECT RAISE(ABORT, 'stock movements are append-only'); END;
CREATE TRIGGER stock_movements_no_delete BEFORE DELETE ON stock_movements
BEGIN SELECT RAISE(ABORT, 'stock movements are append-only'); END;

-- payments -------------------------------------------------------------------------------------

CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('card', 'manual')),
    gateway TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'requires_action', 'authorized',
        'partially_captured', 'captured', 'voided', 'failed')),
    capture_mode TEXT NOT NULL CHECK (capture_mode IN ('automatic', 'manual')),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    amount_authorized INTEGER NOT NULL,
    amount_capturing INTEGER NOT NULL DEFAULT 0 CHECK (amount_capturing >= 0),
    amount_captured INTEGER NOT NULL DEFAULT 0 CHECK (amount_captured >= 0),
    amount_voiding INTEGER NOT NULL DEFAULT 0 CHECK (amount_voiding >= 0),
    amount_voided INTEGER NOT NULL DEFAULT 0 CHECK (amount_voided >= 0),
    amount_refunding INTEGER NOT NULL DEFAULT 0 CHECK (amount_refunding >= 0),
    amount_refunded INTEGER NOT NULL DEFAULT 0 CHECK (amount_refunded >= 0),
    decline_code TEXT,
    next_action_type TEXT,
    next_action_url TEXT,
    gateway_reference TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (amount_authorized IN (0, amount)),
    CHECK (amount_capturing + amount_captured + amount_voiding + amount_voided <= amount_authorized),
    CHECK (amount_refunding + amount_refunded <= amount_captured)
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_order ON payments (order_id);
CREATE UNIQUE INDEX payments_gateway_reference ON payments (gateway, gateway_reference)
    WHERE gateway_reference IS NOT NULL;

-- Each request to a gateway. `id` is the idempotency key it is sent under.
CREATE TABLE payment_operations (
    id TEXT NOT NULL PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    kind TEXT NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT,
    token TEXT,
    idempotency_id TEXT,
    attempts INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    due_at INTEGER,
    failure_code TEXT,
    trace_id TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((status = 'pending') = (due_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX payment_operations_payment ON payment_operations (payment_id, id);
CREATE INDEX payment_operations_due ON payment_operations (due_at) WHERE status = 'pending';

-- Double entry, one row per transfer: what is debited is credited, so every transfer balances.
CREATE TABLE ledger_transfers (
    id TEXT NOT NULL PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    operation_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('authorization', 'capture', 'void', 'refund')),
    pending_id TEXT,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (debit_account <> credit_account)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_transfers_payment ON ledger_transfers (payment_id, id);

CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Events that gateways send us: each is taken once.
CREATE TABLE gateway_events (
    gateway TEXT NOT NULL,
    event_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (gateway, event_id)
) STRICT, WITHOUT ROWID;

-- The test gateway's own record of what it did, written apart from ours.
CREATE TABLE test_gateway_records (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payment_reference TEXT NOT NULL,
    amount INTEGER NOT NULL,
    captured INTEGER NOT NULL,
    currency TEXT NOT NULL,
    outcome TEXT NOT NULL,
    requests INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- orders ---------------------------------------------------------------------------------------

CREATE TABLE customers (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    reference TEXT,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'completed', 'cancelled')),
    payment_status TEXT NOT NULL CHECK (payment_status IN ('unpaid', 'authorized', 'partially_paid',
        'paid', 'partially_refunded', 'refunded', 'voided', 'failed')),
    fulfilment_status TEXT NOT NULL CHECK (fulfilment_status IN ('unfulfilled',
        'partially_fulfilled', 'fulfilled', 'partially_returned', 'returned')),
    cancel_reason TEXT,
    currency TEXT NOT NULL,
    subtotal INTEGER NOT NULL,
    discount_total INTEGER NOT NULL,
    shipping_total INTEGER NOT NULL,
    tax_total INTEGER NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    metadata TEXT NOT NULL,
    trace_id TEXT,
    idempotency_id TEXT,
    deadline_at INTEGER,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_newest ON orders (created_at DESC, id DESC);
CREATE INDEX orders_status ON orders (status, created_at DESC, id DESC);
CREATE INDEX orders_payment_status ON orders (payment_status, created_at DESC, id DESC);
CREATE INDEX orders_fulfilment_status ON orders (fulfilment_status, created_at DESC, id DESC);
CREATE INDEX orders_customer ON orders (customer_id, created_at DESC, id DESC);
CREATE INDEX orders_reference ON orders (reference, created_at DESC, id DESC)
    WHERE reference IS NOT NULL;
CREATE INDEX orders_deadline ON orders (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE order_lines (
    order_id TEXT NOT NULL REFERENCES orders (id),
    id TEXT NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    total INTEGER NOT NULL,
    quantity_fulfilled INTEGER NOT NULL,
    quantity_returned INTEGER NOT NULL,
    PRIMARY KEY (order_id, id),
    CHECK (total = quantity * unit_price),
    CHECK (0 <= quantity_returned AND quantity_returned <= quantity_fulfilled
        AND quantity_fulfilled <= quantity)
) STRICT, WITHOUT ROWID;

-- Discounts, shipping and tax. A discount's amount is negative; what is included in the price adds
-- nothing to the total.
CREATE TABLE order_adjustments (
    order_id TEXT NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('discount', 'shipping', 'tax')),
    label TEXT NOT NULL,
    amount INTEGER NOT NULL,
    included INTEGER NOT NULL CHECK (included IN (0, 1)),
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_fulfilments (
    order_id TEXT NOT NULL REFERENCES orders (id),
    id TEXT NOT NULL,
    tracking TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (order_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_fulfilment_lines (
    order_id TEXT NOT NULL,
    fulfilment_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, fulfilment_id, line_id),
    FOREIGN KEY (order_id, fulfilment_id) REFERENCES order_fulfilments (order_id, id),
    FOREIGN KEY (order_id, line_id) REFERENCES order_lines (order_id, id)
) STRICT, WITHOUT ROWID;

-- The one place of names, addresses and e-mails: it can be erased, and nothing else holds them.
CREATE TABLE personal_data (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    email TEXT,
    name TEXT,
    shipping_address TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX personal_data_customer ON personal_data (customer_id);
CREATE INDEX personal_data_order ON personal_data (order_id);
