ALTER TABLE test_gateway_records DROP COLUMN traceparent;
ALTER TABLE payment_operations DROP COLUMN span_id;
ALTER TABLE orders DROP COLUMN span_id;
