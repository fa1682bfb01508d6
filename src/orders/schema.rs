//! The tables of this room.

diesel::table! {
    customers (id) {
        id -> Text,
        reference -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        number -> BigInt,
        reference -> Nullable<Text>,
        customer_id -> Text,
        status -> Text,
        payment_status -> Text,
        fulfilment_status -> Text,
        cancel_reason -> Nullable<Text>,
        currency -> Text,
        subtotal -> BigInt,
        discount_total -> BigInt,
        shipping_total -> BigInt,
        tax_total -> BigInt,
        total -> BigInt,
        metadata -> Text,
        trace_id -> Nullable<Text>,
        idempotency_id -> Nullable<Text>,
        deadline_at -> Nullable<BigInt>,
        revision -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        span_id -> Nullable<Text>,
    }
}

diesel::table! {
    order_lines (order_id, id) {
        order_id -> Text,
        id -> Text,
        sku -> Text,
        name -> Text,
        quantity -> BigInt,
        unit_price -> BigInt,
        total -> BigInt,
        quantity_fulfilled -> BigInt,
        quantity_returned -> BigInt,
    }
}

diesel::table! {
    order_adjustments (order_id, position) {
        order_id -> Text,
        position -> BigInt,
        kind -> Text,
        label -> Text,
        amount -> BigInt,
        included -> BigInt,
    }
}

diesel::table! {
    order_fulfilments (order_id, id) {
        order_id -> Text,
        id -> Text,
        tracking -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    order_fulfilment_lines (order_id, fulfilment_id, line_id) {
        order_id -> Text,
        fulfilment_id -> Text,
        line_id -> Text,
        quantity -> BigInt,
    }
}

diesel::table! {
    personal_data (id) {
        id -> Text,
        customer_id -> Text,
        order_id -> Text,
        email -> Nullable<Text>,
        name -> Nullable<Text>,
        shipping_address -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::joinable!(orders -> customers (customer_id));
diesel::allow_tables_to_appear_in_same_query!(orders, customers);

diesel::table! {
    cart_orders (order_id) {
        order_id -> Text,
        cart_id -> Text,
        link -> Text,
        stands -> BigInt,
    }
}
