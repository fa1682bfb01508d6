//! The tables of this room.

diesel::table! {
    carts (id) {
        id -> Text,
        secret_hash -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    cart_lines (cart_id, sku) {
        cart_id -> Text,
        sku -> Text,
        quantity -> BigInt,
        added_at -> BigInt,
    }
}
