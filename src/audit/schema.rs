//! The tables of this room.

diesel::table! {
    journal_entries (id) {
        id -> Text,
        #[sql_name = "type"]
        kind -> Text,
        version -> BigInt,
        subject -> Text,
        actor -> Text,
        outcome -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        request_id -> Nullable<Text>,
        trace_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    journal_sequence (seq) {
        seq -> BigInt,
        entry_id -> Text,
    }
}

diesel::table! {
    journal_unsequenced (position) {
        position -> BigInt,
        entry_id -> Text,
    }
}

diesel::table! {
    journal_seals (number) {
        number -> BigInt,
        first_seq -> BigInt,
        last_seq -> BigInt,
        root -> Text,
        chain -> Text,
        key_id -> Text,
        public_key -> Text,
        signature -> Text,
        sealed_at -> BigInt,
    }
}

diesel::joinable!(journal_sequence -> journal_entries (entry_id));
diesel::allow_tables_to_appear_in_same_query!(
    journal_entries,
    journal_sequence,
    journal_unsequenced,
    journal_seals,
);
