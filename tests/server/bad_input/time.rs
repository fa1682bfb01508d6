//! Requests that never end.

use std::time::Duration;

use super::Raw;
use crate::support::{TestApp, Wire, both};

/// Sends something now and then until the server has ended the connection; whether it has.
async fn outlasted(app: &TestApp, start: Vec<u8>, drop: &'static [u8]) -> bool {
    let address = app.address();
    tokio::task::spawn_blocking(move || {
        let mut wire = Wire::open(address);
        wire.send(&start);
        // The kernel asks whether there is room again after 200 ms of silence; who sends more often
        // than that keeps it from noticing.
        (0..25).any(|_| {
            std::thread::sleep(Duration::from_millis(400));
            !wire.send(drop)
        })
    })
    .await
    .unwrap()
}

/// Sends a byte now and then until an answer comes.
async fn drip(
    app: &TestApp,
    start: Vec<u8>,
    drop: &'static [u8],
) -> Option<crate::support::Answer> {
    let address = app.address();
    tokio::task::spawn_blocking(move || {
        let mut wire = Wire::open(address);
        wire.send(&start);
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(100));
            wire.send(drop);
        }
        wire.answer()
    })
    .await
    .unwrap()
}

both! {
    with [("DOCKET_SERVER__REQUEST_TIMEOUT_S", "1")];

    async fn a_request_that_comes_too_slowly_is_refused(app: &TestApp) {
        let mut half_a_head = Wire::open(app.address());
        half_a_head.send(b"GET /v1/orders HTTP/1.1\r\nhost: x\r\n");

        let mut post = Raw::post("/v1/orders", "{").without_length();
        post = post.header("content-length", "1000");
        let answer = drip(app, post.bytes(), b" ").await.unwrap();
        answer.refused(408, "request_timeout");
        assert_eq!(answer.header("connection"), "close");

        let mut post = Raw::post("/v1/orders", "1\r\n{\r\n").without_length();
        post = post.header("transfer-encoding", "chunked");
        drip(app, post.bytes(), b"1\r\n \r\n").await.unwrap().refused(408, "request_timeout");
        app.owner().get("/v1/orders").await.expect(200);

        // No head, no handler: the connection layer says so, without a document.
        let late = tokio::task::spawn_blocking(move || half_a_head.answer()).await.unwrap().unwrap();
        assert_eq!((late.status, late.body.as_str()), (408, ""));
    }

    async fn many_that_never_end_do_not_keep_others_out(app: &TestApp) {
        let post = Raw::post("/v1/orders", "{").without_length().header("content-length", "1000");
        let mut hanging = Vec::new();
        for _ in 0..200 {
            let mut wire = Wire::open(app.address());
            wire.send(&post.bytes());
            hanging.push(wire);
        }
        app.owner().get("/v1/orders").await.expect(200);
        let mut wire = hanging.pop().unwrap();
        let answer = tokio::task::spawn_blocking(move || wire.answer()).await.unwrap();
        answer.unwrap().refused(408, "request_timeout");
    }
}

both! {
    with [("DOCKET_SERVER__BODY_TIMEOUT_S", "1"), ("DOCKET_SERVER__UNREAD_TIMEOUT_S", "1")];

    async fn a_body_that_comes_too_slowly_costs_the_connection(app: &TestApp) {
        let post = Raw::post("/v1/orders", "{").without_length().without("connection");
        let sized = post.clone().header("content-length", "1000");
        let chunked = Raw { body: b"1\r\n{\r\n".into(), ..post }.header("transfer-encoding", "chunked");
        for (slow, drop) in [(&sized, &b" "[..]), (&chunked, &b"1\r\n \r\n"[..])] {
            let answer = drip(app, slow.bytes(), drop).await.unwrap();
            answer.refused(408, "request_timeout");
            assert!(outlasted(app, slow.bytes(), drop).await, "{drop:?}");
        }
        app.owner().get("/v1/orders").await.expect(200);
    }

    async fn a_body_that_nobody_reads_costs_the_connection(app: &TestApp) {
        for target in ["/v1/orders", "/v1/nowhere"] {
            let get = Raw::get(target).without("connection").header("transfer-encoding", "chunked");
            assert!(outlasted(app, get.bytes(), b"1\r\n \r\n").await, "{target}");
        }
    }

    async fn a_client_that_never_reads_is_cut_off(app: &TestApp) {
        let get = Raw::get("/openapi.json").without("connection").bytes();
        let deaf: Vec<_> = (0..4).map(|_| outlasted(app, get.repeat(400), b"GET")).collect();
        for cut_off in futures_util::future::join_all(deaf).await {
            assert!(cut_off, "its connection is still open");
        }
        app.owner().get("/v1/orders").await.expect(200);
    }
}
