-- What waits at the desk is counted and listed within one index, however many refunds are open. The state leads, so that
-- SQLite prefers these to the index of all open refunds by state.
CREATE INDEX refunds_due_to_credit ON refunds (status, due_at, id) WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NOT NULL;
CREATE INDEX refunds_airline_refunding ON refunds (status, due_at, id) WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NULL;
