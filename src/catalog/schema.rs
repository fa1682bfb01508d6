//! The tables of this room.

diesel::table! {
    products (sku) {
        sku -> Text,
        name -> Text,
        search_text -> Text,
        department -> Nullable<Text>,
        category -> Nullable<Text>,
        brand -> Nullable<Text>,
        package_size -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    prices (sku, currency) {
        sku -> Text,
        currency -> Text,
        amount -> BigInt,
    }
}
