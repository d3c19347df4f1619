-- What waits at the desk is counted and listed within one index, however many refunds are open.
CREATE INDEX refunds_due_to_credit ON refunds (due_at, id) WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NOT NULL;
CREATE INDEX refunds_airline_refunding ON refunds (due_at, id) WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NULL;
