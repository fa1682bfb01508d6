-- Work that goes on in a trace of its own (settlement, expiry) links back to the span that began it;
-- the test gateway writes down in which trace it was asked, as the log of a real one would.
ALTER TABLE orders ADD COLUMN span_id TEXT;
ALTER TABLE payment_operations ADD COLUMN span_id TEXT;
ALTER TABLE test_gateway_records ADD COLUMN traceparent TEXT;
