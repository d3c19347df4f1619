-- The document of an order is read as a whole and on few pages. Beside the columns that are searched it made them eight
-- times as wide: a page of a list was spread over as many pages of the file, and an order that only learnt that it has a
-- refund was written anew with its document.
CREATE TABLE order_documents (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES orders (id),
    document TEXT NOT NULL
);
INSERT INTO order_documents (order_id, document) SELECT id, document FROM orders;
ALTER TABLE orders DROP COLUMN document;

-- Nobody looks for open refunds by airline and expected date.
DROP INDEX refunds_open_by_airline;
