//! A load of orders, with a journal of its own: what was sent, and what was acknowledged.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::books::Books;
use crate::buyer::{Answer, Buyer, card, order_of};

const PRODUCTS: u64 = 8;
const STOCK: i64 = 1_000_000;
const PRICE: i64 = 349;
const BUYERS: usize = 8;

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
    journal: Mutex<BTreeMap<u64, Known>>,
    /// Sent without a final answer by earlier servers: to be sent again first.
    again: Mutex<VecDeque<u64>>,
    answers: AtomicUsize,
}

fn key(number: u64) -> String {
    format!("order-{number}")
}

fn sku(number: u64) -> String {
    format!("item-{}", number % PRODUCTS)
}

fn quantity(number: u64) -> i64 {
    i64::try_from(1 + number % 3).unwrap()
}

/// A tenth is declined, a twentieth never answered by the gateway.
fn token(number: u64) -> &'static str {
    match number % 20 {
        3 | 13 => "tok_chargeDeclined",
        7 => "tok_timeout",
        _ => "tok_visa",
    }
}

fn is_declined(number: u64) -> bool {
    token(number) == "tok_chargeDeclined"
}

fn body(number: u64) -> Value {
    order_of(&key(number), &sku(number), quantity(number), card(token(number)))
}

impl Load {
    pub fn new() -> Self {
        Self {
            buyer: Buyer::new(),
            journal: Mutex::default(),
            again: Mutex::default(),
            answers: AtomicUsize::new(0),
        }
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

    pub fn sent(&self) -> usize {
        self.journal.lock().unwrap().len()
    }

    /// Buys with eight buyers at once, until each has met a server that answers no more.
    pub async fn run(self: Arc<Self>, api: String, stopping: Arc<AtomicBool>) -> Vec<Refused> {
        *self.again.lock().unwrap() = self.unanswered().into();
        let buyers = (0..BUYERS).map(|_| {
            let (load, api, stopping) = (Arc::clone(&self), api.clone(), Arc::clone(&stopping));
            tokio::spawn(async move { load.buy(&api, &stopping).await })
        });
        let refused = stream::iter(buyers).buffer_unordered(BUYERS);
        refused.map(Result::unwrap).collect().await
    }

    async fn buy(&self, api: &str, stopping: &AtomicBool) -> Refused {
        let url = format!("{api}/v1/orders");
        loop {
            let number = self.next();
            let in_time = !stopping.load(Ordering::SeqCst);
            let answer = self.buyer.post(&url, &key(number), &body(number)).await;
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
        let asking = stream::iter(unanswered).for_each_concurrent(BUYERS, |number| {
            let url = &url;
            async move {
                let (key, body) = (key(number), body(number));
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
        let asking = stream::iter(&journal).for_each_concurrent(BUYERS, |(number, known)| {
            let url = &url;
            async move {
                let Known::Final(first) = known else { panic!("order {number} has no answer") };
                let again = self.buyer.post(url, &key(*number), &body(*number)).await.unwrap();
                assert!(again.replayed, "order {number}: {again:?}");
                assert_eq!((again.status, &again.body), (first.status, &first.body));
                assert_eq!(first.status == 402, is_declined(*number), "order {number}: {first:?}");
            }
        });
        asking.await;
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
            assert_eq!(order.total, PRICE * quantity(number));
            let state = (order.status.as_str(), order.payment_status.as_str());
            if is_declined(number) {
                assert_eq!(state, ("cancelled", "failed"), "order {number}");
            } else {
                assert_eq!(state, ("confirmed", "paid"), "order {number}");
                levels.get_mut(&sku(number)).unwrap().0 -= quantity(number);
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
