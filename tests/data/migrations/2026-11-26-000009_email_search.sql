-- A buyer who is found by an e-mail.

INSERT INTO personal_data (id, customer_id, order_id, email, name, shipping_address, created_at)
VALUES ('d9', 'c1', 'o1', 'Buyer@example.com', NULL, NULL, 1);
