//! What the database says, read past the server: orders, stock, and the test gateway's own record
//! held against our payments.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use docket::db::{Db, Statement};
use docket::kernel::Stopwatch;

use crate::process::Home;

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Order {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Text)]
    pub payment_status: String,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

#[derive(QueryableByName)]
struct Level {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = BigInt)]
    on_hand: i64,
    #[diesel(sql_type = BigInt)]
    reserved: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(Debug, QueryableByName)]
struct Fault {
    #[diesel(sql_type = Text)]
    fault: String,
}

/// Orders whose outcome is not known, and operations that a gateway is still asked for.
const UNSETTLED: &str = "SELECT COUNT(*) AS count FROM (
    SELECT id FROM orders WHERE status = 'pending'
    UNION ALL SELECT id FROM payment_operations WHERE status = 'pending') AS unsettled";

/// Journal entries without a number: after a copy died, another waits until its lease ends.
const UNNUMBERED: &str = "SELECT COUNT(*) AS count FROM journal_unsequenced";

/// Operations without their record, records without their operation, and those that disagree. One
/// to one: both go by the same key.
const OPERATIONS_APART: &str = "SELECT 'operation ' || COALESCE(o.id, r.id) AS fault
    FROM (SELECT d.* FROM payment_operations d
        JOIN payments p ON p.id = d.payment_id AND p.gateway = 'test') o
    FULL JOIN test_gateway_records r ON r.id = o.id
    WHERE o.id IS NULL OR r.id IS NULL OR o.payment_id <> r.payment_reference
        OR o.kind <> r.kind OR o.amount <> r.amount
        OR r.outcome <> CASE o.status WHEN 'succeeded' THEN 'approved'
            WHEN 'failed' THEN o.failure_code ELSE '' END";

/// Payments whose money is not what the gateway moved, and orders that were charged twice.
const PAYMENTS_APART: &str = "SELECT 'payment ' || COALESCE(p.id, r.payment_reference) AS fault
    FROM (SELECT * FROM payments WHERE gateway = 'test') p
    FULL JOIN (
        SELECT payment_reference,
            SUM(CASE WHEN kind = 'authorize' THEN 1 ELSE 0 END) AS authorizations,
            SUM(captured) AS captured,
            SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunded,
            SUM(CASE WHEN kind = 'void' THEN amount ELSE 0 END) AS voided
        FROM test_gateway_records WHERE outcome = 'approved' GROUP BY payment_reference
    ) r ON r.payment_reference = p.id
    WHERE p.id IS NULL OR COALESCE(r.authorizations, 0) > 1
        OR p.amount_captured <> COALESCE(r.captured, 0)
        OR p.amount_refunded <> COALESCE(r.refunded, 0)
        OR p.amount_voided <> COALESCE(r.voided, 0)
    UNION ALL
    SELECT 'order ' || order_id FROM payments GROUP BY order_id HAVING COUNT(*) > 1";

/// The books of a home, open for reading.
pub struct Books {
    db: Db,
}

impl Books {
    pub fn of(home: &Home) -> Self {
        Self { db: home.database() }
    }

    /// Lets go of the database at once; dropping does so a little later. The last one to leave a
    /// SQLite database writes its log into it.
    pub async fn close(self) {
        self.db.close().await;
    }

    async fn load<Row>(&self, sql: &'static str) -> Vec<Row>
    where
        Row: QueryableByName<diesel::sqlite::Sqlite>
            + QueryableByName<diesel::pg::Pg>
            + Send
            + 'static,
    {
        self.db.read(move |conn| Statement::new(sql).load(conn)).await.unwrap()
    }

    /// Every order, oldest first.
    pub async fn orders(&self) -> Vec<Order> {
        self.load("SELECT id, reference, status, payment_status, total FROM orders ORDER BY id")
            .await
    }

    /// Every order by its reference, which no two may share.
    #[track_caller]
    pub fn by_reference(orders: Vec<Order>) -> BTreeMap<String, Order> {
        let mut found = BTreeMap::new();
        for order in orders {
            let twice = found.insert(order.reference.clone().unwrap(), order);
            assert_eq!(twice, None, "two orders for one key");
        }
        found
    }

    /// What is on hand and reserved, by product.
    pub async fn levels(&self) -> BTreeMap<String, (i64, i64)> {
        let levels: Vec<Level> = self.load("SELECT sku, on_hand, reserved FROM stock_levels").await;
        levels.into_iter().map(|level| (level.sku, (level.on_hand, level.reserved))).collect()
    }

    /// How many orders and operations wait for their outcome.
    pub async fn unsettled(&self) -> i64 {
        self.load::<Count>(UNSETTLED).await[0].count
    }

    /// Waits until nothing waits for its outcome; answers how long that took. No order may take
    /// longer than 60 s to come to rest.
    pub async fn come_to_rest(&self) -> Duration {
        let waited = Stopwatch::start();
        loop {
            match self.unsettled().await {
                0 => return waited.elapsed(),
                open => assert!(waited.elapsed().as_secs() < 60, "{open} are not at rest"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the journal has numbers for all that was written, so that a stop seals it all.
    pub async fn come_to_number(&self) {
        let waited = Stopwatch::start();
        while self.load::<Count>(UNNUMBERED).await[0].count > 0 {
            assert!(waited.elapsed().as_secs() < 60, "the journal is not numbered");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The test gateway's own record and our payments agree, one to one.
    pub async fn agree_with_the_gateway(&self) {
        for sql in [OPERATIONS_APART, PAYMENTS_APART] {
            let faults: Vec<Fault> = self.load(sql).await;
            assert!(faults.is_empty(), "we and the gateway disagree: {faults:?}");
        }
    }

    /// What `docket check` finds now.
    pub async fn findings(&self) -> Vec<docket::check::Finding> {
        let now = self.db.clock().now();
        self.db.read(move |conn| docket::check::run(conn, now)).await.unwrap()
    }
}
