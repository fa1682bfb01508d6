//! The window into the shop: from any id to everything, and from each part to the others.

use std::time::Duration;

use docket::audit::{Readings, Subject};
use docket::config::Config;
use docket::identity::Role;
use docket::kernel::{Actor, Origin, StaffId};
use serde_json::{Value, json};

use crate::support::{TestApp, Visitor, between, both, card, line, order_of};

const HEALTH: &str = "/admin/telemetry/health";
const FILTER: &str = "/admin/telemetry/log-filter";

/// Which lines are written is a matter of the whole process.
static LEVEL: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Who looks through the window.
async fn reader(app: &TestApp) -> Visitor {
    app.at_desk(Role::Auditor).await
}

/// The page at this address once it has what is awaited: traces end after their answers.
async fn page_with(reader: &Visitor, path: &str, awaited: &str) -> String {
    for _ in 0..200 {
        let answer = reader.get(path).await;
        if answer.status == 200 && answer.body.contains(awaited) {
            return answer.body;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{path} never had {awaited}: {:?}", reader.get(path).await);
}

/// The most that recent traces may take, as the window says it.
fn limit_of_the_store() -> String {
    let bytes = Config::load(None, []).unwrap().traces.store_bytes;
    format!("{}.0 MiB", bytes >> 20)
}

async fn placed(app: &TestApp) -> Value {
    app.product("tea", 349, 10).await;
    let body = order_of(json!([line("tea", 2)]), card("tok_visa"));
    app.owner().post("/v1/orders", &body).await.expect(201)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

both! {
    async fn any_id_of_an_order_leads_to_its_waterfall(app: &TestApp) {
        let order = placed(app).await;
        let (id, trace) = (text(&order["id"]), text(&order["trace_id"]));
        let reader = reader(app).await;
        for any in [id, text(&order["number"]), text(&order["payments"][0]["id"]), trace] {
            let found = reader.get(&format!("/admin/telemetry?id=+{any}")).await;
            let address = format!("/admin/telemetry/{any}");
            assert_eq!((found.status, found.header("location")), (303, address.as_str()));
            // On PostgreSQL an entry is seen once it has its number.
            page_with(&reader, &address, "href=\"/admin/audit/").await;
            let page = page_with(&reader, &address, "orders.place").await;
            assert!(page.contains(&format!("href=\"/admin/orders/{id}\"")), "{page}");
            assert!(page.contains("href=\"/admin/audit/"), "{page}");
            assert!(page.contains(&format!("id=\"t-{trace}\"")), "{page}");
        }
        let page = reader.page(&format!("/admin/telemetry/{id}")).await;
        for drawn in ["class=\"ran\"", "class=\"own\"", "class=\"path\"", "inventory.reserve", "wait_us"] {
            assert!(page.contains(drawn), "no {drawn} in {page}");
        }
        assert!(!page.contains("style=") && !page.contains("<script>"), "the policy forbids it");
    }

    async fn an_entry_is_found_by_its_number(app: &TestApp) {
        placed(app).await;
        let entry = app.journal("order.placed").await[0].clone();
        let reader = reader(app).await;
        let link = format!("href=\"/admin/audit/{}\"", text(&entry["id"]));
        for number in [entry["seq"].to_string(), format!("entry:{}", entry["seq"])] {
            let page = reader.page(&format!("/admin/telemetry/{number}")).await;
            assert!(page.contains("Journal entry") && page.contains(&link), "{page}");
        }
        assert_eq!(reader.get("/admin/telemetry/entry:999999").await.status, 404);
    }

    async fn an_id_of_nobody_is_told_in_words(app: &TestApp) {
        let reader = reader(app).await;
        let page = reader.get("/admin/telemetry/%3Cb%3Enobody").await;
        assert_eq!(page.status, 404);
        assert!(page.body.contains("Nothing is known of this id"), "{}", page.body);
        // The menu stays, and the field to look for something else.
        assert!(page.body.contains("href=\"/admin/orders\"") && page.body.contains("any-id"));
        let gone = reader.get("/admin/telemetry/traces/4bf92f3577b34da6a3ce929d0e0e4736.json").await;
        assert_eq!(gone.status, 404);
    }

    async fn a_trace_that_is_not_here_is_said_to_be_missing(app: &TestApp) {
        let order = placed(app).await;
        let id = text(&order["id"]).to_owned();
        let gone = "0190163d8694739b69aea5af26f8d77e";
        let sql = format!("UPDATE orders SET trace_id = '{gone}' WHERE id = '{id}'");
        app.at_command_line(move |tx| docket::db::Statement::new(&sql).execute(tx.conn()).map(|_| ())).await;
        let page = reader(app).await.page(&format!("/admin/telemetry/{id}")).await;
        assert!(page.contains(gone) && page.contains("before the server was started"), "{page}");
    }

    async fn recent_traces_are_filtered(app: &TestApp) {
        // All tests of the process share its traces: this one looks for one of its own, of a route
        // that few others ask.
        let order = placed(app).await;
        let asked = app.owner().get(&format!("/v1/payments/{}", text(&order["payments"][0]["id"]))).await;
        let trace = asked.header("x-trace-id");
        let row = format!("<a href=\"/admin/telemetry/{trace}\">GET /v1/payments/{{id}}</a>");
        let reader = reader(app).await;
        let page = page_with(&reader, "/admin/telemetry?name=get+%2Fv1%2FPAYMENTS", &row).await;
        assert!(!page.contains(">PUT /v1/products"), "{page}");
        for (query, shown) in [
            ("name=no-such-route", false),
            ("name=GET+%2Fv1%2Fpayments&outcome=ok&slower=0", true),
            ("name=GET+%2Fv1%2Fpayments&slower=3600000", false),
            ("name=GET+%2Fv1%2Fpayments&outcome=error", false),
            ("name=GET+%2Fv1%2Fpayments&because=compensated", false),
            ("name=GET+%2Fv1%2Fpayments&slower=x&because=%3Cb%3E", true),
        ] {
            let page = reader.page(&format!("/admin/telemetry?{query}")).await;
            assert_eq!(page.contains(&row), shown, "{query}: {page}");
        }
    }

    async fn a_dot_of_a_histogram_leads_to_its_trace(app: &TestApp) {
        placed(app).await;
        let reader = reader(app).await;
        let page = page_with(&reader, "/admin/telemetry/latency", "class=\"exemplar\"").await;
        assert!(page.contains("Orders, from the request"), "{page}");
        let dots = page.split("<a href=\"/admin/telemetry/").skip(1);
        let mut dots = dots.filter_map(|rest| rest.split('"').next().unwrap().split_once('#'));
        let (trace, anchor) = dots.next().unwrap();
        page_with(&reader, &format!("/admin/telemetry/{trace}"), &format!("id=\"{anchor}\"")).await;
    }

    async fn the_log_is_followed_as_it_is_written(app: &TestApp) {
        let reader = reader(app).await;
        let page = reader.page("/admin/telemetry/logs?text=window-mark").await;
        let follow = between(&page, "data-follow=\"", "\"").replace("&#38;", "&");
        let mut events = reader.stream(&follow).await;
        let mark = format!("window-mark {:p} <b>\"&", app);
        tracing::warn!(target: "docket::window", note = "a\nb", "{mark}");
        tracing::warn!(target: "docket::window", "not this one");
        let mut told = String::new();
        while !told.contains("window-mark") {
            let chunk = tokio::time::timeout(Duration::from_secs(10), events.chunk()).await;
            told += std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap();
        }
        assert!(told.contains("event: lines\nid: ") && told.contains("&#60;b&#62;"), "{told}");
        assert!(!told.contains("<b>\"&") && !told.contains("not this one"), "{told}");
        let page = reader.page("/admin/telemetry/logs?level=warn&target=docket::window").await;
        assert!(page.contains("&#60;b&#62;") && page.contains("not this one"), "{page}");
        let page = reader.page("/admin/telemetry/logs?level=error&target=docket::window").await;
        assert!(!page.contains("not this one"), "{page}");
    }

    async fn who_is_signed_out_follows_the_log_no_longer(app: &TestApp) {
        let reader = reader(app).await;
        let mut events = reader.stream("/admin/telemetry/logs/events?text=no-such-words").await;
        assert!(events.chunk().await.unwrap().is_some());
        let other_tab = reader.clone();
        other_tab.acts("/admin/telemetry/logs", "/admin/sign-out", &[]).await;
        let end = tokio::time::timeout(Duration::from_secs(10), events.chunk()).await;
        assert_eq!(end.expect("the stream goes on").unwrap(), None);
    }

    async fn the_map_has_the_arrows_of_an_order(app: &TestApp) {
        placed(app).await;
        let arrow = "<td>orders</td><td>inventory</td>";
        let page = page_with(&reader(app).await, "/admin/telemetry/modules", arrow).await;
        assert!(page.contains("<td>clients</td><td>http</td>"), "{page}");
        assert!(page.contains("class=\"arrow "), "{page}");
    }

    async fn the_level_of_the_log_is_changed_for_a_while_and_on_record(app: &TestApp) {
        let _alone = LEVEL.lock().await;
        let clerk = app.at_desk(Role::Clerk).await;
        let page = clerk.page(HEALTH).await;
        assert!(page.contains("trace_store") && page.contains(&limit_of_the_store()), "{page}");
        let wrong = clerk.acts(HEALTH, FILTER, &[("filter", "inof"), ("minutes", "15")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("is neither a level") && wrong.body.contains("value=\"inof\""), "{wrong:?}");
        let never = clerk.acts(HEALTH, FILTER, &[("filter", "warn"), ("minutes", "0")]).await;
        assert_eq!(never.status, 422);
        let wanted = [("filter", "warn,docket::no_such=debug"), ("minutes", "5")];
        let done = clerk.acts(HEALTH, FILTER, &wanted).await;
        assert_eq!((done.status, done.header("location")), (303, HEALTH));
        let page = clerk.page(HEALTH).await;
        assert!(page.contains("docket::no_such=debug") && page.contains("until "), "{page}");
        let noted = app.journal("server.log_filter_changed").await;
        assert_eq!(noted[0]["after"]["for_s"], 300);
        assert!(text(&noted[0]["actor"]).starts_with("staff:"), "{noted:?}");
        let reset = clerk.acts(HEALTH, FILTER, &[("reset", "1")]).await;
        assert_eq!(reset.status, 303);
        assert!(!clerk.page(HEALTH).await.contains("until "));
    }

    async fn nobody_looks_who_is_not_signed_in_and_auditors_change_nothing(app: &TestApp) {
        let order = placed(app).await;
        let trace = text(&order["trace_id"]);
        let stranger = app.visitor();
        for path in [
            "/admin/telemetry".to_owned(),
            format!("/admin/telemetry?id={trace}"),
            format!("/admin/telemetry/{trace}"),
            format!("/admin/telemetry/traces/{trace}.json"),
            format!("/admin/telemetry/traces/{trace}.html"),
            "/admin/telemetry/latency".into(),
            "/admin/telemetry/logs".into(),
            "/admin/telemetry/logs/events".into(),
            "/admin/telemetry/modules".into(),
            HEALTH.into(),
        ] {
            let turned = stranger.get(&path).await;
            assert_eq!(turned.status, 303, "{path}");
            assert!(turned.header("location").starts_with("/admin/sign-in?next="), "{path}");
        }
        let form = [("filter", "warn"), ("minutes", "5")];
        assert_eq!(stranger.submit(FILTER, &form).await.status, 401);
        let auditor = app.at_desk(Role::Auditor).await;
        assert!(!auditor.page(HEALTH).await.contains("name=\"minutes\""));
        assert_eq!(auditor.acts(HEALTH, FILTER, &form).await.status, 403);
        let clerk = app.at_desk(Role::Clerk).await;
        assert_eq!(clerk.submit(FILTER, &form).await.status, 403, "without the session's token");
    }

    async fn a_person_who_reads_the_log_is_on_record(app: &TestApp) {
        let db = app.database();
        let (readings, person) = (Readings::new(db.clone()), Subject::Staff(StaffId::generate()));
        readings.note(person.clone(), "telemetry.read", json!({ "tail": true }));
        readings.note(person.clone(), "telemetry.read", json!({ "tail": true }));
        assert_eq!(readings.record_waiting(&Origin::of(Actor::Job("readings"))).await.unwrap(), 1);
        db.close().await;
        let noted = app.journal("telemetry.read").await;
        assert_eq!(noted[0]["subject"], person.to_string());
        assert_eq!(noted[0]["after"]["times"], 2);
    }

    async fn a_trace_is_taken_away_as_otlp_and_as_a_page(app: &TestApp) {
        let order = placed(app).await;
        let trace = text(&order["trace_id"]);
        let reader = reader(app).await;
        page_with(&reader, &format!("/admin/telemetry/{trace}"), "orders.place").await;
        let otlp = reader.get(&format!("/admin/telemetry/traces/{trace}.json")).await;
        assert_eq!((otlp.status, otlp.header("content-type")), (200, "application/json"));
        let request: opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest =
            serde_json::from_str(&otlp.body).unwrap();
        let spans = &request.resource_spans[0].scope_spans[0].spans;
        assert!(spans.iter().all(|span| hex::encode(&span.trace_id) == trace));
        assert!(spans.iter().any(|span| span.name == "orders.place"));
        let resource = request.resource_spans[0].resource.as_ref().unwrap();
        assert!(resource.attributes.iter().any(|pair| pair.key == "service.name"));

        let page = reader.get(&format!("/admin/telemetry/traces/{trace}.html")).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-disposition").contains(&format!("trace-{trace}.html")));
        assert!(page.body.contains("orders.place") && page.body.contains("--paper"), "{}", page.body);
        for outside in ["href=\"/", "src=\"", "<script", "<link"] {
            assert!(!page.body.contains(outside), "{outside} leads out of the file");
        }
    }
}
