-- orders: found by the e-mail of their buyer, whichever way its letters are written
CREATE INDEX personal_data_email ON personal_data (lower(email), created_at DESC);
