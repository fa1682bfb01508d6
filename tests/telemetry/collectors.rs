//! Collectors that the tests start: they take OTLP over HTTP and gRPC and Zipkin's JSON, and keep
//! what they were sent; or they refuse, fall silent, dawdle or fail, as collectors do.

#![allow(dead_code, reason = "not everybody who includes this file needs all of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;

/// A span as a collector got it, whatever the protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Received {
    pub service: String,
    pub trace_id: String,
    pub span_id: String,
    pub parent_id: String,
    pub name: String,
}

/// What a collector was sent.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    spans: Arc<Mutex<Vec<Received>>>,
    otlp: Arc<Mutex<Vec<Span>>>,
    resources: Arc<Mutex<BTreeSet<BTreeMap<String, String>>>>,
    raw: Arc<Mutex<Vec<u8>>>,
    schema_urls: Arc<Mutex<BTreeSet<String>>>,
    recovered: Arc<AtomicBool>,
}

impl Sink {
    pub fn spans(&self) -> Vec<Received> {
        self.spans.lock().unwrap().clone()
    }

    /// Every span that came as OTLP, with all there is to it.
    pub fn otlp(&self) -> Vec<Span> {
        self.otlp.lock().unwrap().clone()
    }

    pub fn trace_ids(&self) -> BTreeSet<String> {
        self.spans().into_iter().map(|span| span.trace_id).collect()
    }

    /// The attributes of every process that sent something.
    pub fn resources(&self) -> Vec<BTreeMap<String, String>> {
        self.resources.lock().unwrap().iter().cloned().collect()
    }

    /// Every byte that came, unpacked, for whoever looks for what must not be there.
    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    /// The conventions that spans say they follow.
    pub fn schema_urls(&self) -> Vec<String> {
        self.schema_urls.lock().unwrap().iter().cloned().collect()
    }

    /// From now on a failing collector works.
    pub fn recover(&self) {
        self.recovered.store(true, Ordering::SeqCst);
    }

    fn take_otlp(&self, request: &ExportTraceServiceRequest) {
        self.raw.lock().unwrap().extend(request.encode_to_vec());
        for resource_spans in &request.resource_spans {
            let resource = resource_spans.resource.as_ref();
            let attributes = texts(resource.map_or(&[], |resource| &resource.attributes[..]));
            let service = attributes.get("service.name").cloned().unwrap_or_default();
            self.resources.lock().unwrap().insert(attributes);
            let urls = resource_spans.scope_spans.iter().map(|scope| scope.schema_url.clone());
            self.schema_urls.lock().unwrap().extend(urls);
            for span in resource_spans.scope_spans.iter().flat_map(|scope| &scope.spans) {
                self.otlp.lock().unwrap().push(span.clone());
                self.spans.lock().unwrap().push(Received {
                    service: service.clone(),
                    trace_id: hex::encode(&span.trace_id),
                    span_id: hex::encode(&span.span_id),
                    parent_id: hex::encode(&span.parent_span_id),
                    name: span.name.clone(),
                });
            }
        }
    }

    fn take_zipkin(&self, body: &[u8]) {
        self.raw.lock().unwrap().extend(body);
        let spans: Vec<Value> = serde_json::from_slice(body).expect("Zipkin's JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for span in spans {
            self.spans.lock().unwrap().push(Received {
                service: text(&span["localEndpoint"]["serviceName"]),
                trace_id: text(&span["traceId"]),
                span_id: text(&span["id"]),
                parent_id: text(&span["parentId"]),
                name: text(&span["name"]),
            });
        }
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    };
    attributes.iter().filter_map(|one| Some((one.key.clone(), text(one)?))).collect()
}

/// How a collector behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Well,
    /// Nobody listens.
    Refused,
    /// It takes connections and never answers.
    Silent,
    /// It answers after 2 s.
    Slow,
    /// It answers 500, until it has recovered.
    Failing,
}

/// Takes OTLP at `/v1/traces` and Zipkin's JSON at `/api/v2/spans`; answers where it is.
pub fn over_http(manner: Manner) -> (String, Sink) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let sink = Sink::default();
    match manner {
        Manner::Refused => drop(listener),
        Manner::Silent => {
            std::thread::spawn(move || {
                let taken: Vec<_> = listener.incoming().collect();
                drop(taken);
            });
        }
        _ => serve(listener, sink.clone(), manner),
    }
    (address, sink)
}

fn serve(listener: TcpListener, sink: Sink, manner: Manner) {
    let factory = move || {
        let sink = sink.clone();
        let limit = web::PayloadConfig::new(64 << 20);
        App::new().app_data(web::Data::new(sink)).app_data(limit).default_service(web::to(
            move |request: HttpRequest, body: web::Bytes, sink: web::Data<Sink>| async move {
                match manner {
                    Manner::Failing if !sink.recovered.load(Ordering::SeqCst) => {
                        return HttpResponse::InternalServerError().finish();
                    }
                    Manner::Slow => tokio::time::sleep(Duration::from_secs(2)).await,
                    _ => {}
                }
                let body = unpacked(&request, &body);
                match request.path() {
                    "/v1/traces" => sink.take_otlp(&Message::decode(&body[..]).expect("OTLP")),
                    _ => sink.take_zipkin(&body),
                }
                HttpResponse::Ok().finish()
            },
        ))
    };
    std::thread::spawn(move || {
        let server = HttpServer::new(factory).workers(1).disable_signals();
        actix_web::rt::System::new().block_on(server.listen(listener).unwrap().run()).unwrap();
    });
}

/// actix decompresses when it has the feature and the header says so; older bodies come as sent.
fn unpacked(request: &HttpRequest, body: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let gzipped =
        request.headers().contains_key("content-encoding") && body.starts_with(&[31, 139]);
    if !gzipped {
        return body.to_vec();
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    plain
}

struct Grpc(Sink);

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.0.take_otlp(request.get_ref());
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Takes OTLP over gRPC; answers where it is.
pub fn over_grpc() -> (String, Sink) {
    let sink = Sink::default();
    let service = TraceServiceServer::new(Grpc(sink.clone()))
        .accept_compressed(tonic::codec::CompressionEncoding::Gzip);
    let (found, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let any = "127.0.0.1:0".parse().unwrap();
            let incoming = tonic::transport::server::TcpIncoming::bind(any).unwrap();
            found.send(incoming.local_addr().unwrap()).unwrap();
            let server = tonic::transport::Server::builder().add_service(service);
            server.serve_with_incoming(incoming).await.unwrap();
        });
    });
    (format!("http://{}", address.recv().unwrap()), sink)
}
