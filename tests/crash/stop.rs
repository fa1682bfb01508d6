//! SIGTERM under load: what is in flight is answered, what comes later is refused, nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::books::Books;
use crate::buyer::{Buyer, card, order_of};
use crate::load::Load;
use crate::process::{Home, on_both};

const STOP_MOST: Duration = Duration::from_secs(10);

on_both! {
    async fn a_stop_under_load_answers_what_is_in_flight_and_loses_nothing(home: Home) {
        let load = Arc::new(Load::new());
        let mut server = home.start(&[("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "1000")]);
        load.stock(&server.api).await;
        let stopping = Arc::new(AtomicBool::new(false));
        let running =
            tokio::spawn(Arc::clone(&load).run(server.api.clone(), Arc::clone(&stopping)));
        while load.answers() < 20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stopping.store(true, Ordering::SeqCst);
        let stopped = Stopwatch::start();
        server.ask_to_stop();
        for refused in running.await.unwrap() {
            let cut_off = refused.in_time && !refused.answered;
            assert!(!cut_off, "a request in flight got no answer");
        }
        let status = server.end(STOP_MOST);
        println!("stopped after {:.1?}, {} orders sent", stopped.elapsed(), load.sent());
        assert!(status.success(), "{status}");
        assert!(stopped.elapsed() < STOP_MOST);
        home.is_sound();

        let server = home.start(&[]);
        let books = Books::of(&home);
        load.ask_for_every_answer(&server.api).await;
        books.come_to_rest().await;
        load.is_answered_alike(&server.api).await;
        load.is_in(&books).await;
        books.agree_with_the_gateway().await;
        server.stop();
        home.is_sound();
    }

    async fn a_slow_gateway_is_waited_for_while_new_orders_are_refused(home: Home) {
        let mut server = home.start(&[]);
        let (buyer, books) = (Buyer::new(), Books::of(&home));
        let url = format!("{}/v1/orders", server.api);
        buyer.stock(&server.api, "tea", 349, 10_000).await;
        let slow = tokio::spawn({
            let (buyer, url) = (buyer.clone(), url.clone());
            let body = order_of("slow", "tea", 1, card("tok_slow"));
            async move { buyer.post(&url, "slow", &body).await }
        });
        while books.unsettled().await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ask_to_stop();
        let body = order_of("late", "tea", 1, card("tok_visa"));
        let mut number = 0;
        loop {
            number += 1;
            match buyer.post(&url, &format!("late-{number}"), &body).await {
                // The signal is on its way.
                Some(answer) if answer.status == 201 => {}
                Some(answer) => break assert_eq!(answer.expect(503)["code"], "stopping"),
                None => panic!("it hung up while an order was in flight"),
            }
        }
        let answered = slow.await.unwrap().expect("the order in flight got no answer").expect(201);
        assert_eq!(answered["payment_status"], "paid");
        assert!(server.end(STOP_MOST).success());
        home.is_sound();
    }
}
