//! What is measured: who buys what, and under which settings.

use serde_json::Value;

use crate::database::Database;
use crate::postgresql::Postgres;
use crate::shop::{ALL_ON, Requests, Shop, new_key};
use crate::sqlite::Sqlite;

/// The scenario that runs when none is asked for.
pub const MAIN: &str = "baskets-64";

/// One way of using a shop.
pub struct Scenario {
    pub name: &'static str,
    pub what: &'static str,
    pub database: &'static dyn Database,
    /// Buyers at once.
    pub clients: usize,
    /// Settings of the server beyond its defaults.
    pub settings: &'static [(&'static str, &'static str)],
    /// The requests of a run with so many orders.
    pub requests: fn(&Shop, usize) -> Requests,
    /// The floors are measured in turns with it.
    pub with_floors: bool,
}

const LOGS_ONLY: &[(&str, &str)] = &[
    ("DOCKET_LOGS__FILTER", "info"),
    ("DOCKET_TRACES__ENABLED", "false"),
    ("DOCKET_SERVER__WORKERS", "0"),
];
const OFF: &[(&str, &str)] = &[
    ("DOCKET_LOGS__ENABLED", "false"),
    ("DOCKET_TRACES__ENABLED", "false"),
    ("DOCKET_SERVER__WORKERS", "0"),
];

const BASKETS: Scenario = Scenario {
    name: MAIN,
    what: "real baskets, 64 buyers",
    database: &Sqlite,
    clients: 64,
    settings: ALL_ON,
    requests: baskets,
    with_floors: true,
};

pub const SCENARIOS: &[Scenario] = &[
    BASKETS,
    Scenario { name: "baskets-1", what: "real baskets, one buyer", clients: 1, ..BASKETS },
    Scenario {
        name: "baskets-8",
        what: "real baskets, 8 buyers",
        clients: 8,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "baskets-256",
        what: "real baskets, 256 buyers",
        clients: 256,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "hot-product",
        what: "64 buyers who all want the same product",
        requests: hot_product,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "declines",
        what: "64 buyers, every fifth card is declined",
        requests: declines,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "replays",
        what: "64 buyers who send every request twice",
        requests: replays,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "reads",
        what: "64 buyers, four reads of the order list to every order",
        requests: reads,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "telemetry-logs",
        what: "real baskets, 64 buyers, logs and no traces",
        settings: LOGS_ONLY,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "telemetry-off",
        what: "real baskets, 64 buyers, neither logs nor traces",
        settings: OFF,
        with_floors: false,
        ..BASKETS
    },
    Scenario {
        name: "postgres-64",
        what: "real baskets, 64 buyers, on PostgreSQL",
        database: &Postgres,
        ..BASKETS
    },
    Scenario {
        name: "postgres-1",
        what: "real baskets, one buyer, on PostgreSQL",
        database: &Postgres,
        clients: 1,
        ..BASKETS
    },
];

fn each_once(bodies: Vec<String>) -> Requests {
    let mut requests = Requests::default();
    bodies.iter().for_each(|body| requests.order(&new_key(), body));
    requests
}

fn baskets(shop: &Shop, count: usize) -> Requests {
    each_once(shop.orders(count, |_, _| {}))
}

fn hot_product(shop: &Shop, count: usize) -> Requests {
    let hot = shop.orders(1, |_, _| {});
    let order: Value = serde_json::from_str(&hot[0]).unwrap();
    let sku = order["lines"][0]["sku"].clone();
    each_once(shop.orders(count, |_, order| {
        order["lines"] = serde_json::json!([{ "sku": sku, "quantity": 1 }]);
    }))
}

fn declines(shop: &Shop, count: usize) -> Requests {
    each_once(shop.orders(count, |number, order| {
        if number % 5 == 4 {
            order["payment"]["token"] = "tok_chargeDeclined".into();
        }
    }))
}

fn replays(shop: &Shop, count: usize) -> Requests {
    let mut requests = Requests::default();
    // The repetition comes when the first one has been answered, as a rule.
    for bodies in shop.orders(count / 2, |_, _| {}).chunks(500) {
        let keys: Vec<String> = bodies.iter().map(|_| new_key()).collect();
        for _ in 0..2 {
            keys.iter().zip(bodies).for_each(|(key, body)| requests.order(key, body));
        }
    }
    requests
}

fn reads(shop: &Shop, count: usize) -> Requests {
    let mut requests = Requests::default();
    for body in shop.orders(count / 5, |_, _| {}) {
        requests.order(&new_key(), &body);
        (0..4).for_each(|_| requests.read("/v1/orders?limit=20"));
    }
    requests
}
