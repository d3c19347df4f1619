-- The ledger only grows: transfers between accounts, each from one to another, so that the sum is always zero.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'refund-payable', 'airline-receivable', 'airline-cash', 'service-fee-income', 'unallocated', 'top-up-source')),
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance_minor BIGINT NOT NULL,
    floor_minor BIGINT,
    CHECK (floor_minor IS NULL OR balance_minor >= floor_minor),
    UNIQUE (kind, owner, currency)
);

CREATE TABLE transfers (
    id TEXT NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL,
    debit_account_id TEXT NOT NULL REFERENCES accounts (id),
    credit_account_id TEXT NOT NULL REFERENCES accounts (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    refund_id TEXT,
    refund_channel TEXT,
    reverses_id TEXT REFERENCES transfers (id),
    actor_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CHECK (debit_account_id <> credit_account_id),
    CHECK ((refund_id IS NULL) = (refund_channel IS NULL)),
    -- Together with the rule above the database itself refuses a credit for a refund that the airline pays to a card.
    FOREIGN KEY (refund_id, refund_channel) REFERENCES refunds (id, payment_channel),
    CHECK (kind <> 'refund-credit' OR (refund_id IS NOT NULL AND refund_channel = 'deposit'))
);
CREATE UNIQUE INDEX one_credit_per_refund ON transfers (refund_id) WHERE kind = 'refund-credit';
CREATE UNIQUE INDEX one_fee_per_refund ON transfers (refund_id) WHERE kind = 'service-fee';
CREATE UNIQUE INDEX one_reversal_per_transfer ON transfers (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX transfers_by_refund ON transfers (refund_id);
CREATE INDEX transfers_by_debit ON transfers (debit_account_id, created_at, id);
CREATE INDEX transfers_by_credit ON transfers (credit_account_id, created_at, id);
