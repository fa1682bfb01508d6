//! The tables of this room.

diesel::table! {
    payments (id) {
        id -> Text,
        order_id -> Text,
        method -> Text,
        gateway -> Text,
        status -> Text,
        capture_mode -> Text,
        currency -> Text,
        amount -> BigInt,
        amount_authorized -> BigInt,
        amount_capturing -> BigInt,
        amount_captured -> BigInt,
        amount_voiding -> BigInt,
        amount_voided -> BigInt,
        amount_refunding -> BigInt,
        amount_refunded -> BigInt,
        decline_code -> Nullable<Text>,
        next_action_type -> Nullable<Text>,
        next_action_url -> Nullable<Text>,
        gateway_reference -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    payment_operations (id) {
        id -> Text,
        payment_id -> Text,
        kind -> Text,
        status -> Text,
        amount -> BigInt,
        reason -> Nullable<Text>,
        token -> Nullable<Text>,
        idempotency_id -> Nullable<Text>,
        attempts -> BigInt,
        fence -> BigInt,
        due_at -> Nullable<BigInt>,
        failure_code -> Nullable<Text>,
        trace_id -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        span_id -> Nullable<Text>,
    }
}

diesel::table! {
    ledger_transfers (id) {
        id -> Text,
        payment_id -> Text,
        operation_id -> Nullable<Text>,
        kind -> Text,
        pending_id -> Nullable<Text>,
        debit_account -> Text,
        credit_account -> Text,
        amount -> BigInt,
        currency -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    test_gateway_records (id) {
        id -> Text,
        kind -> Text,
        payment_reference -> Text,
        amount -> BigInt,
        captured -> BigInt,
        currency -> Text,
        outcome -> Text,
        requests -> BigInt,
        created_at -> BigInt,
        traceparent -> Nullable<Text>,
    }
}

diesel::table! {
    gateway_events (gateway, event_id) {
        gateway -> Text,
        event_id -> Text,
        received_at -> BigInt,
    }
}

diesel::joinable!(payment_operations -> payments (payment_id));
diesel::allow_tables_to_appear_in_same_query!(payments, payment_operations);
