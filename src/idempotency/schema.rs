//! The table of this room.

diesel::table! {
    idempotency_keys (id) {
        id -> Text,
        holder -> Text,
        endpoint -> Text,
        key -> Text,
        fingerprint -> Text,
        state -> Text,
        subject -> Nullable<Text>,
        locked_until -> BigInt,
        status -> Nullable<BigInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}
