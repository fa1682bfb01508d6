//! What the database itself allows: a bare loop, statements prepared once, row by row, that writes
//! for each order the very rows that docket wrote, first as they were when the order came in, then
//! as they became, under the same settings.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use docket::kernel::Stopwatch;

use crate::rows::{OrderRows, POST, RESERVE, Row, Table, Value, Written};

/// One way of writing the orders.
pub struct Floor {
    /// Its name among the figures: orders per second.
    pub figure: &'static str,
    /// The name of docket's ratio to it.
    pub ratio: &'static str,
    /// Connections at once, a thread each.
    pub connections: usize,
    /// Orders in each commit.
    pub batch: usize,
    /// What is known before a gateway is asked is committed by itself, as it must be.
    pub in_two_steps: bool,
    /// Fewer will do where every order waits for the disk.
    pub orders_most: usize,
}

/// A connection with its prepared statements, which go by their place.
pub trait Bare {
    fn begin(&mut self);
    fn commit(&mut self);
    /// Answers how many rows were changed.
    fn execute<'v>(&mut self, statement: usize, values: impl Iterator<Item = &'v Value>) -> usize;
}

/// The statements of the loop, and what they are given.
pub struct Script {
    /// Their text: levels first, then each table's insertion and update.
    pub statements: Vec<String>,
    writings: Vec<Writing>,
    movements: (usize, usize, usize),
}

const RESERVING: usize = 0;
const POSTING: usize = 1;

/// A table's insertion, and its later update with the places of the columns that it sets.
struct Writing {
    insert: usize,
    update: Option<usize>,
    later: Vec<(usize, Value)>,
}

impl Script {
    /// `insert_more` stands at the end of every insertion into the table that it names.
    pub fn of(written: &Written, insert_more: &[(&str, &str)]) -> Self {
        let mut statements = vec![RESERVE.to_owned(), POST.to_owned()];
        let mut writings = Vec::new();
        for (table, columns) in &written.tables {
            let more = insert_more.iter().find(|(name, _)| *name == table.name);
            statements.push(insertion(table, columns) + more.map_or("", |(_, more)| more));
            let insert = statements.len() - 1;
            let update = (!table.later.is_empty()).then(|| {
                statements.push(update(table));
                statements.len() - 1
            });
            let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
            let later = table.later.iter().map(|(name, first)| (place(name), first.clone()));
            writings.push(Writing { insert, update, later: later.collect() });
        }
        Self { statements, writings, movements: written.movements() }
    }

    fn intend(&self, bare: &mut impl Bare, order: &OrderRows) {
        for (writing, rows) in self.writings.iter().zip(order) {
            rows.iter().for_each(|row| writing.insert(bare, row));
        }
        self.move_stock(RESERVING, bare, order);
    }

    fn finish(&self, bare: &mut impl Bare, order: &OrderRows) {
        self.move_stock(POSTING, bare, order);
        for (writing, rows) in self.writings.iter().zip(order) {
            rows.iter().for_each(|row| writing.update(bare, row));
        }
    }

    /// Levels are taken in the order of their keys, so that connections never wait in a circle.
    fn move_stock(&self, statement: usize, bare: &mut impl Bare, order: &OrderRows) {
        let (movements, delta, sku) = self.movements;
        for row in &order[movements] {
            assert_eq!(bare.execute(statement, [&row[delta], &row[sku]].into_iter()), 1);
        }
    }

    fn write(&self, bare: &mut impl Bare, orders: &[OrderRows], in_two_steps: bool) {
        bare.begin();
        if in_two_steps {
            orders.iter().for_each(|order| self.intend(bare, order));
            bare.commit();
            bare.begin();
            orders.iter().for_each(|order| self.finish(bare, order));
        } else {
            for order in orders {
                self.intend(bare, order);
                self.finish(bare, order);
            }
        }
        bare.commit();
    }
}

fn insertion(table: &Table, columns: &[String]) -> String {
    let marks: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(","), marks.join(","))
}

/// The identifier is the first column of every table that is updated.
fn update(table: &Table) -> String {
    let set = |(place, (name, _)): (usize, &(&str, Value))| format!("{name} = ${}", place + 1);
    let set: Vec<String> = table.later.iter().enumerate().map(set).collect();
    format!("UPDATE {} SET {} WHERE id = ${}", table.name, set.join(","), set.len() + 1)
}

impl Writing {
    fn insert(&self, bare: &mut impl Bare, row: &Row) {
        let values = row.iter().enumerate().map(|(place, value)| {
            let later = self.later.iter().find(|(later, _)| *later == place);
            later.map_or(value, |(_, first)| first)
        });
        bare.execute(self.insert, values);
    }

    fn update(&self, bare: &mut impl Bare, row: &Row) {
        if let Some(update) = self.update {
            let values = self.later.iter().map(|(place, _)| &row[*place]).chain([&row[0]]);
            assert_eq!(bare.execute(update, values), 1);
        }
    }
}

/// The orders that wait to be written, for all connections to take from.
pub struct Waiting<'a> {
    script: &'a Script,
    orders: &'a [OrderRows],
    floor: &'a Floor,
    next: AtomicUsize,
    began: OnceLock<Stopwatch>,
}

impl Waiting<'_> {
    /// Writes one batch after the other until there are none.
    pub fn write(&self, bare: &mut impl Bare) {
        self.began.get_or_init(Stopwatch::start);
        let batch = self.floor.batch;
        let take = || self.next.fetch_add(batch, Ordering::Relaxed);
        while let Some(rest) = self.orders.get(take()..).filter(|rest| !rest.is_empty()) {
            let orders = &rest[..rest.len().min(batch)];
            self.script.write(bare, orders, self.floor.in_two_steps);
        }
    }
}

/// Writes the orders with each connection on a thread of its own, where `connection` makes it ready
/// and lets it write; answers orders per second, since the first was ready.
pub fn rate(
    floor: &Floor,
    script: &Script,
    orders: &[OrderRows],
    connection: impl Fn(&Waiting<'_>) + Sync,
) -> f64 {
    let orders = &orders[..orders.len().min(floor.orders_most)];
    let (next, began) = (AtomicUsize::new(0), OnceLock::new());
    let waiting = Waiting { script, orders, floor, next, began };
    std::thread::scope(|scope| {
        for _ in 0..floor.connections {
            scope.spawn(|| connection(&waiting));
        }
    });
    orders.len() as f64 / waiting.began.get().unwrap().elapsed().as_secs_f64()
}
