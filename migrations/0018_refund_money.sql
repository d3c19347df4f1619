-- The airline's reference as it is compared: without blanks and case.
ALTER TABLE refunds ADD COLUMN airline_reference_key TEXT;
UPDATE refunds SET airline_reference_key = UPPER(REPLACE(airline_reference, ' ', '')) WHERE airline_reference IS NOT NULL;
DROP INDEX refunds_by_airline_reference;
CREATE INDEX refunds_by_airline_reference ON refunds (airline_reference_key) WHERE airline_reference_key IS NOT NULL;

-- What lines of remittances brought of a refund's money before all of it is there.
ALTER TABLE refunds ADD COLUMN held_minor BIGINT NOT NULL DEFAULT 0;
CREATE INDEX refunds_holding ON refunds (registered_at, id) WHERE held_minor > 0;
-- 1 when nobody but the money itself said that the airline pays.
ALTER TABLE refunds ADD COLUMN confirmed_by_money BIGINT NOT NULL DEFAULT 0;
