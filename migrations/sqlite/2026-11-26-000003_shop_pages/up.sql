-- catalog: the shop's own order of products, and words to find them by ------------------------------

CREATE INDEX products_name ON products (name, sku);
CREATE INDEX products_department ON products (department, name, sku);

-- The words of a product's search text, so that a search is a range of a key. In the order of their
-- bytes, on both databases: whatever begins with a prefix lies together.
CREATE TABLE product_words (
    word TEXT NOT NULL,
    sku TEXT NOT NULL REFERENCES products (sku),
    PRIMARY KEY (word, sku)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_words_sku ON product_words (sku);

-- carts: what visitors of the shop are about to order -------------------------------------------------

-- Known by the digest of a secret that the visitor's browser keeps.
CREATE TABLE carts (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX carts_updated ON carts (updated_at);

CREATE TABLE cart_lines (
    cart_id TEXT NOT NULL REFERENCES carts (id),
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (cart_id, sku)
) STRICT, WITHOUT ROWID;

-- orders: those that were placed from a cart ----------------------------------------------------------

-- Of the orders of a cart one stands at most; the others were cancelled. The cart itself is removed
-- some day. `link` is the secret part of the address at which the buyer sees the order.
CREATE TABLE cart_orders (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES orders (id),
    cart_id TEXT NOT NULL,
    link TEXT NOT NULL UNIQUE,
    stands INTEGER NOT NULL CHECK (stands IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX cart_orders_one_stands ON cart_orders (cart_id) WHERE stands = 1;
CREATE INDEX cart_orders_cart ON cart_orders (cart_id);

-- inventory: products from files, as they get on --------------------------------------------------

CREATE TABLE product_imports (
    id TEXT NOT NULL PRIMARY KEY,
    file TEXT NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed')),
    counts TEXT NOT NULL,
    bad_rows TEXT NOT NULL,
    failure TEXT,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
