INSERT INTO orders (id, agency_id, order_no, pnr, status, payment_channel, journey_type, currency, total_minor, airline, airlines, lead_passenger, passenger_count, origin, destination, departure_local, departure_at, document_digest, created_at, imported_at) VALUES ('o4', 'a', 'OLD4', 'PNR4', 'ticketed', 'deposit', 'one-way', 'USD', 2000, 'VN', 'VN', 'LE/AN', 1, 'SGN', 'HAN', '2026-12-02T13:25', '2026-12-02T06:25:00Z', 'd4', '2026-01-05T00:00:00Z', '2026-01-05T00:00:00Z');
INSERT INTO order_documents (order_id, document) VALUES ('o4', '{"fourth": 4}');
INSERT INTO booking_keys (kind, value, order_id, agency_id) VALUES ('name', '4c4520414e', 'o4', 'a');
INSERT INTO booking_keys (kind, value, order_id, agency_id) VALUES ('name', '414e204c45', 'o4', 'a');
INSERT INTO booking_keys (kind, value, order_id, agency_id) VALUES ('pnr', 'PNR4', 'o4', 'a');
