//! The tables of this room.

diesel::table! {
    api_keys (id) {
        id -> Text,
        name -> Text,
        hash -> Text,
        last4 -> Text,
        scopes -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    staff (id) {
        id -> Text,
        login -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    staff_links (token_hash) {
        token_hash -> Text,
        staff_id -> Text,
        purpose -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    staff_sessions (token_hash) {
        token_hash -> Text,
        staff_id -> Text,
        csrf -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    staff_browsers (hash) {
        hash -> Text,
        staff_id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (login_hash) {
        login_hash -> Text,
        failures -> BigInt,
        last_at -> BigInt,
    }
}

diesel::joinable!(staff_links -> staff (staff_id));
diesel::joinable!(staff_sessions -> staff (staff_id));
diesel::allow_tables_to_appear_in_same_query!(staff, staff_links, staff_sessions);
