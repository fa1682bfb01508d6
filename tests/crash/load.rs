//! A load of orders, with a journal of its own: what was sent, and what was acknowledged.
#![allow(dead_code, reason = "not every binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docket::kernel::Stopwatch;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::books::{Books, Order};
use crate::buyer::{Answer, Buyer, card, order_of};

const PRODUCTS: u64 = 8;
const STOCK: i64 = 1_000_000;
const PRICE: i64 = 349;
/// How long a buyer waits after a refusal.
const PAUSE: Duration = Duration::from_millis(20);

/// What is known of an order that was sent.
#[derive(Debug, Clone)]
enum Known {
    /// No answer came whole.
    Nothing,
    /// It is pending (202), under this id.
    Pending(String),
    /// The final answer.
    Final(Answer),
}

/// Orders numbered from 0: each has its own key, body and card.
pub struct Load {
    buyer: Buyer,
    /// Buyers at once.
    buyers: usize,
    /// Whether the gateway leaves some orders without an answer.
    unheard: bool,
    journal: Mutex<BTreeMap<u64, Known>>,
    /// Sent without a final answer by earlier servers: to be sent again first.
    again: Mutex<VecDeque<u64>>,
    answers: AtomicUsize,
    refused: AtomicUsize,
}

fn key(number: u64) -> String {
    format!("order-{number}")
}

fn sku(number: u64) -> String {
    format!("item-{}", number % PRODUCTS)
}

/// One to three lines: products and how many of each.
fn lines(number: u64) -> impl Iterator<Item = (String, i64)> {
    (0..=number % 3).map(move |line| (sku(number + line), 1 + ((number + line) % 3).cast_signed()))
}

fn total(number: u64) -> i64 {
    lines(number).map(|(_, quantity)| PRICE * quantity).sum()
}

fn is_declined(number: u64) -> bool {
    matches!(number % 20, 3 | 13)
}

impl Load {
    /// Eight buyers; a tenth of the cards is declined, a twentieth never answered by the gateway.
    pub fn new() -> Self {
        Self { unheard: true, ..Self::of_buyers(8) }
    }

    /// So many buyers; a tenth of the cards is declined, and every order is at rest soon.
    pub fn of_buyers(buyers: usize) -> Self {
        Self {
            buyer: Buyer::new(),
            buyers,
            unheard: false,
            journal: Mutex::default(),
            again: Mutex::default(),
            answers: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }

    fn body(&self, number: u64) -> Value {
        let token = match number % 20 {
            _ if is_declined(number) => "tok_chargeDeclined",
            7 if self.unheard => "tok_timeout",
            _ => "tok_visa",
        };
        let mut order = order_of(&key(number), "", 0, card(token));
        order["lines"] = lines(number)
            .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
            .collect();
        order
    }

    /// Fills the shelves.
    pub async fn stock(&self, api: &str) {
        for number in 0..PRODUCTS {
            self.buyer.stock(api, &sku(number), PRICE, STOCK).await;
        }
    }

    /// How many whole answers came so far, of any kind.
    pub fn answers(&self) -> usize {
        self.answers.load(Ordering::SeqCst)
    }

    /// How many orders were refused by servers that were bought through.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    pub fn sent(&self) -> usize {
        self.journal.lock().unwrap().len()
    }

    /// Buys with all buyers at once, until each has met a server that answers no more.
    pub async fn run(self: Arc<Self>, api: String, stopping: Arc<AtomicBool>) -> Vec<Refused> {
        *self.again.lock().unwrap() = self.unanswered().into();
        let buyers = (0..self.buyers).map(|_| {
            let (load, api, stopping) = (Arc::clone(&self), api.clone(), Arc::clone(&stopping));
            tokio::spawn(async move { load.buy(&api, &stopping).await })
        });
        let refused = stream::iter(buyers).buffer_unordered(self.buyers);
        refused.map(Result::unwrap).collect().await
    }

    /// Buys through refusals (503), which leave an order unanswered, until told to stop.
    pub async fn run_through(self: Arc<Self>, api: String, stopping: Arc<AtomicBool>) -> Refusals {
        let buyers = (0..self.buyers).map(|_| {
            let (load, api, stopping) = (Arc::clone(&self), api.clone(), Arc::clone(&stopping));
            tokio::spawn(async move { load.buy_through(&api, &stopping).await })
        });
        let refusals = stream::iter(buyers).buffer_unordered(self.buyers).map(Result::unwrap);
        refusals.fold(Refusals::default(), async |all, one| all.and(one)).await
    }

    async fn buy_through(&self, api: &str, stopping: &AtomicBool) -> Refusals {
        let url = format!("{api}/v1/orders");
        let mut refusals = Refusals::default();
        while !stopping.load(Ordering::SeqCst) {
            let number = self.next();
            let took = Stopwatch::start();
            let answer = self.buyer.post(&url, &key(number), &self.body(number)).await;
            let answer = answer.unwrap_or_else(|| panic!("order {number} got no answer"));
            if answer.status != 503 {
                self.note(number, answer);
                continue;
            }
            assert!(answer.retry_after.is_some(), "{answer:?}");
            self.refused.fetch_add(1, Ordering::SeqCst);
            refusals = refusals.and(Refusals { count: 1, slowest: took.elapsed() });
            tokio::time::sleep(PAUSE).await;
        }
        refusals
    }

    async fn buy(&self, api: &str, stopping: &AtomicBool) -> Refused {
        let url = format!("{api}/v1/orders");
        loop {
            let number = self.next();
            let in_time = !stopping.load(Ordering::SeqCst);
            let answer = self.buyer.post(&url, &key(number), &self.body(number)).await;
            match answer {
                Some(answer) if answer.status == 503 => return Refused { in_time, answered: true },
                Some(answer) => self.note(number, answer),
                None => return Refused { in_time, answered: false },
            }
        }
    }

    /// The next order to send; the journal knows of it before the server does.
    fn next(&self) -> u64 {
        if let Some(number) = self.again.lock().unwrap().pop_front() {
            return number;
        }
        let mut journal = self.journal.lock().unwrap();
        let number = journal.len() as u64;
        journal.insert(number, Known::Nothing);
        number
    }

    fn note(&self, number: u64, answer: Answer) {
        self.answers.fetch_add(1, Ordering::SeqCst);
        let in_use = answer.status == 409 && answer.is_passing();
        let known = match answer.status {
            202 => Known::Pending(answer.order_id()),
            201 | 402 => Known::Final(answer),
            _ if in_use => return,
            _ => panic!("order {number}: {answer:?}"),
        };
        let before = self.journal.lock().unwrap().insert(number, known.clone());
        if let (Some(Known::Pending(id)), Known::Final(answer)) = (before, known) {
            assert_eq!(id, answer.order_id(), "order {number} became another one");
        }
    }

    fn unanswered(&self) -> Vec<u64> {
        let journal = self.journal.lock().unwrap();
        let open = journal.iter().filter(|(_, known)| !matches!(known, Known::Final(_)));
        open.map(|(number, _)| *number).collect()
    }

    /// Sends what has no final answer yet again, until it has; answers how many those were.
    pub async fn ask_for_every_answer(&self, api: &str) -> usize {
        let url = format!("{api}/v1/orders");
        let unanswered = self.unanswered();
        let count = unanswered.len();
        let asking = stream::iter(unanswered).for_each_concurrent(self.buyers, |number| {
            let url = &url;
            async move {
                let (key, body) = (key(number), self.body(number));
                self.note(number, self.buyer.post_until_final(url, &key, &body).await);
            }
        });
        asking.await;
        count
    }

    /// Every acknowledged answer is given again, byte by byte, and it is the right one.
    pub async fn is_answered_alike(&self, api: &str) {
        let url = format!("{api}/v1/orders");
        let journal = self.journal.lock().unwrap().clone();
        let asking = stream::iter(&journal).for_each_concurrent(self.buyers, |(number, known)| {
            let url = &url;
            async move {
                let Known::Final(first) = known else { panic!("order {number} has no answer") };
                let again = self.buyer.post(url, &key(*number), &self.body(*number)).await.unwrap();
                assert!(again.replayed, "order {number}: {again:?}");
                assert_eq!((again.status, &again.body), (first.status, &first.body));
                assert_eq!(first.status == 402, is_declined(*number), "order {number}: {first:?}");
            }
        });
        asking.await;
    }

    /// What the books have of the acknowledged orders, between two servers or before the load.
    pub async fn tally(&self, books: &Books) -> Tally {
        let mut orders: BTreeMap<String, Vec<Order>> = BTreeMap::new();
        for order in books.orders().await {
            orders.entry(order.reference.clone().unwrap()).or_default().push(order);
        }
        let doubled = orders.values().map(|alike| alike.len() - 1).sum();
        let mut tally = Tally { doubled, ..Tally::default() };
        for (number, known) in self.journal.lock().unwrap().iter() {
            let (id, states) = match known {
                Known::Nothing => continue,
                Known::Pending(id) => {
                    (id.clone(), ["pending", "confirmed", "cancelled"].as_slice())
                }
                Known::Final(answer) if answer.status == 402 => {
                    (answer.order_id(), ["cancelled"].as_slice())
                }
                Known::Final(answer) => (answer.order_id(), ["confirmed"].as_slice()),
            };
            tally.acknowledged += 1;
            let alike = orders.get(&key(*number)).map_or([].as_slice(), Vec::as_slice);
            let kept = |order: &Order| order.id == id && states.contains(&order.status.as_str());
            tally.lost += usize::from(!alike.iter().any(kept));
        }
        tally
    }

    /// The books have each order once, as it was acknowledged, and the stock that follows.
    pub async fn is_in(&self, books: &Books) {
        let journal = self.journal.lock().unwrap().clone();
        let mut orders = Books::by_reference(books.orders().await);
        let mut levels: BTreeMap<String, (i64, i64)> =
            (0..PRODUCTS).map(|number| (sku(number), (STOCK, 0))).collect();
        for (number, known) in journal {
            let order = orders.remove(&key(number)).unwrap_or_else(|| panic!("{number} is lost"));
            let Known::Final(answer) = known else { panic!("order {number} has no answer") };
            assert_eq!(order.id, answer.order_id());
            assert_eq!(order.total, total(number));
            let state = (order.status.as_str(), order.payment_status.as_str());
            if is_declined(number) {
                assert_eq!(state, ("cancelled", "failed"), "order {number}");
            } else {
                assert_eq!(state, ("confirmed", "paid"), "order {number}");
                for (sku, quantity) in lines(number) {
                    levels.get_mut(&sku).unwrap().0 -= quantity;
                }
            }
        }
        assert!(orders.is_empty(), "orders that nobody sent: {orders:?}");
        assert_eq!(books.levels().await, levels);
    }
}

/// How a buyer learnt that the server takes no more.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// Its last request was sent before the server was told to stop.
    pub in_time: bool,
    /// The server said so; otherwise the connection was lost or refused.
    pub answered: bool,
}

/// How it went for buyers who met refusals and went on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refusals {
    pub count: usize,
    /// The longest that a refusal took.
    pub slowest: Duration,
}

impl Refusals {
    fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, slowest: self.slowest.max(other.slowest) }
    }
}

/// Acknowledged orders, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: usize,
    /// Not there any more, or not as far as was said.
    pub lost: usize,
    /// There once more under the same key.
    pub doubled: usize,
}
