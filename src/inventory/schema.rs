//! The tables of this room.

diesel::table! {
    stock_locations (id) {
        id -> Text,
        name -> Text,
    }
}

diesel::table! {
    stock_levels (sku, location) {
        sku -> Text,
        location -> Text,
        on_hand -> BigInt,
        reserved -> BigInt,
    }
}

diesel::table! {
    stock_transfers (id) {
        id -> Text,
        kind -> Text,
        status -> Text,
        order_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        deadline_at -> Nullable<BigInt>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stock_movements (transfer_id, sku, location) {
        transfer_id -> Text,
        sku -> Text,
        location -> Text,
        delta -> BigInt,
        stretch -> BigInt,
    }
}

diesel::joinable!(stock_movements -> stock_transfers (transfer_id));
diesel::allow_tables_to_appear_in_same_query!(stock_movements, stock_transfers);

diesel::table! {
    product_imports (id) {
        id -> Text,
        file -> Text,
        actor -> Text,
        state -> Text,
        counts -> Text,
        bad_rows -> Text,
        failure -> Nullable<Text>,
        started_at -> BigInt,
        updated_at -> BigInt,
    }
}
