//! Requests that never end.

use std::time::Duration;

use super::Raw;
use crate::support::{TestApp, Wire, both};

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
