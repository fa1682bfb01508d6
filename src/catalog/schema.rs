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

diesel::table! {
    product_words (word, sku) {
        word -> Text,
        sku -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(products, product_words);
