-- Offices of agencies that report to BSP, and who sits there.
CREATE TABLE bsp_offices (
    id TEXT NOT NULL PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    code TEXT NOT NULL UNIQUE,
    iata_number TEXT NOT NULL,
    currency TEXT NOT NULL,
    -- In which its sales day begins and ends.
    zone_name TEXT NOT NULL,
    devices BIGINT NOT NULL CHECK (devices BETWEEN 1 AND 99),
    -- Whether a second person releases each form.
    four_eyes BIGINT NOT NULL CHECK (four_eyes IN (0, 1)),
    created_at TEXT NOT NULL
);
CREATE INDEX bsp_offices_of_agency ON bsp_offices (agency_id, code);

CREATE TABLE bsp_agents (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    office_id TEXT NOT NULL REFERENCES bsp_offices (id),
    agent TEXT NOT NULL
);
-- One person works under a sign.
CREATE UNIQUE INDEX bsp_agents_of_office ON bsp_agents (office_id, agent);

-- Ticket records, a conjunction set as one.
CREATE TABLE bsp_tickets (
    id TEXT NOT NULL PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    office_id TEXT NOT NULL REFERENCES bsp_offices (id),
    number TEXT NOT NULL UNIQUE,
    device BIGINT NOT NULL,
    issued_on TEXT NOT NULL,
    document TEXT NOT NULL,
    document_digest TEXT NOT NULL,
    -- The Z value, which only the calculation opens.
    sealed TEXT,
    -- Whether a Z value or a tour code is behind it.
    hidden BIGINT NOT NULL CHECK (hidden IN (0, 1)),
    commission_minor BIGINT NOT NULL,
    imported_at TEXT NOT NULL
);
CREATE INDEX bsp_tickets_sold ON bsp_tickets (office_id, issued_on, device, number);

CREATE TABLE bsp_ticket_numbers (
    number TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES bsp_tickets (id)
);
CREATE INDEX bsp_ticket_numbers_of_ticket ON bsp_ticket_numbers (ticket_id);
-- The airlines whose tickets are known by their three digits.
CREATE TABLE bsp_airlines (code TEXT NOT NULL PRIMARY KEY);

-- Files of ticket numbers from which forms were prepared.
CREATE TABLE bsp_batches (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    office_id TEXT NOT NULL REFERENCES bsp_offices (id),
    file_name TEXT NOT NULL,
    -- Each row's text, and its form or the host's code.
    rows_read TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX bsp_batches_newest ON bsp_batches (created_at, id);
CREATE INDEX bsp_batches_of_agency ON bsp_batches (agency_id, created_at, id);

CREATE TABLE bsp_forms (
    id TEXT NOT NULL PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agencies (id),
    office_id TEXT NOT NULL REFERENCES bsp_offices (id),
    device BIGINT NOT NULL,
    agent TEXT NOT NULL,
    journey TEXT NOT NULL CHECK (journey IN ('D', 'I')),
    status TEXT NOT NULL,
    -- The number that the agent gave, until it is saved under it.
    wanted_no TEXT,
    refund_no TEXT,
    ticket_id TEXT REFERENCES bsp_tickets (id),
    number TEXT NOT NULL,
    hidden BIGINT NOT NULL CHECK (hidden IN (0, 1)),
    currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor >= 0),
    tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0),
    deduction_minor BIGINT NOT NULL CHECK (deduction_minor >= 0),
    rate_points BIGINT,
    commission_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL CHECK (net_minor >= 0),
    content TEXT NOT NULL,
    pnr TEXT NOT NULL,
    sales_day TEXT,
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    saved_at TEXT,
    answer_due TEXT,
    -- Whether the airline was asked first.
    asked BIGINT NOT NULL CHECK (asked IN (0, 1)),
    batch_id TEXT REFERENCES bsp_batches (id),
    -- What is settled always adds up.
    CHECK (refund_no IS NULL OR net_minor = gross_minor + tax_minor - deduction_minor - commission_minor),
    CHECK ((status IN ('draft', 'abandoned')) = (refund_no IS NULL))
);
CREATE UNIQUE INDEX one_form_per_refund_no ON bsp_forms (office_id, refund_no) WHERE refund_no IS NOT NULL;
CREATE INDEX bsp_forms_newest ON bsp_forms (created_at, id);
CREATE INDEX bsp_forms_of_agency_newest ON bsp_forms (agency_id, created_at, id);
CREATE INDEX bsp_forms_by_status ON bsp_forms (status, created_at, id);
CREATE INDEX bsp_forms_of_agency_by_status ON bsp_forms (agency_id, status, created_at, id);
CREATE INDEX bsp_forms_of_ticket ON bsp_forms (ticket_id);
CREATE INDEX bsp_forms_by_number ON bsp_forms (number, created_at, id);
CREATE INDEX bsp_forms_sold ON bsp_forms (office_id, sales_day, device, refund_no);
CREATE INDEX bsp_forms_unreported ON bsp_forms (sales_day) WHERE status IN ('saved', 'printed');
CREATE INDEX bsp_forms_of_batch ON bsp_forms (batch_id, created_at, id) WHERE batch_id IS NOT NULL;
CREATE INDEX bsp_forms_due ON bsp_forms (answer_due, id) WHERE answer_due IS NOT NULL;
CREATE INDEX bsp_forms_left ON bsp_forms (created_by) WHERE status = 'draft' AND hidden = 1;

-- Which coupons a form refunds. A coupon is on one form that stands, whoever was second.
CREATE TABLE bsp_form_coupons (
    form_id TEXT NOT NULL REFERENCES bsp_forms (id),
    agency_id TEXT NOT NULL,
    number TEXT NOT NULL,
    coupon_no BIGINT NOT NULL CHECK (coupon_no BETWEEN 1 AND 4),
    stands BIGINT NOT NULL CHECK (stands IN (0, 1)),
    PRIMARY KEY (form_id, number, coupon_no)
);
CREATE UNIQUE INDEX one_form_per_coupon ON bsp_form_coupons (agency_id, number, coupon_no) WHERE stands = 1;

-- What was typed on the command line, and what came of it.
CREATE TABLE bsp_commands (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    command TEXT NOT NULL,
    -- The host's code; nothing when it was done.
    code TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX bsp_commands_of_user ON bsp_commands (user_id, created_at, id);
