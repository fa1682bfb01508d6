//! The two listeners, and what bounds their connections.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, Server};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

use super::{Failure, Rooms, api, log_filter, routes};
use crate::config::Config;
use crate::http::{self, RootSpan, RouteTable};

/// A head must have come, and a closed connection be gone, within these.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Of an answer, ahead of its reader; left alone, the kernel takes megabytes.
const UNREAD_BYTES: usize = 128 << 10;

/// Of the ops listener: scrapers, probes and operators are few.
const OPS_CONNECTIONS: usize = 128;
/// Open files that are needed besides connections: databases, logs, collectors.
const FILES_BESIDES: usize = 256;

/// The main listener: the API and the pages.
///
/// # Errors
/// When its address cannot be had.
pub(super) fn main(config: &Config, rooms: &Rooms) -> Result<(Server, SocketAddr), Failure> {
    let (rooms, api) = (rooms.clone(), api());
    let table = RouteTable::of(&api);
    let factory = move || {
        let (app, _) = App::new().into_utoipa_app().configure(routes).split_for_parts();
        app.app_data(web::Data::new(Arc::clone(&rooms.db)))
            .app_data(web::Data::new(Arc::clone(&rooms.orders)))
            .app_data(web::Data::new(Arc::clone(&rooms.insight)))
            .app_data(web::Data::new(Arc::clone(&rooms.readings)))
            .app_data(web::Data::new(Arc::clone(&rooms.gate)))
            .app_data(web::Data::new(Arc::clone(&rooms.staff)))
            .app_data(web::Data::new(rooms.limits.clone()))
            .app_data(web::Data::new(rooms.traffic.clone()))
            .app_data(web::Data::new(table.clone()))
            .service(web::redirect("/docs", "/docs/"))
            .service(http::docs_page(api.clone()))
            .app_data(web::Data::new(Arc::clone(&rooms.shop)))
            .app_data(web::Data::new(rooms.pictures.clone()))
            .app_data(web::Data::new(Arc::clone(&rooms.log_filter)))
            .app_data(web::Data::new(rooms.seal_keys.clone()))
            .configure(crate::web::routes)
            .wrap(from_fn(http::answer))
            .wrap(TracingLogger::<RootSpan>::new())
            .wrap(from_fn(http::let_in))
    };
    let workers = match config.server.workers {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        workers => workers,
    };
    let connections = connections(config.server.connections_max);
    let server = HttpServer::new(factory)
        .workers(workers)
        .max_connections(connections.div_ceil(workers))
        .on_connect(bound_unread(config.server.unread_timeout_s))
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .shutdown_timeout(1)
        .disable_signals()
        .bind((config.server.host.as_str(), config.server.port))
        .map_err(|reason| {
            cannot_listen("server", &config.server.host, config.server.port, &reason)
        })?;
    let at = server.addrs().first().copied().ok_or("the main listener has no address")?;
    Ok((server.run(), at))
}

/// The ops listener: metrics and health, on a thread of its own.
///
/// # Errors
/// When its address cannot be had.
pub(super) fn ops(config: &Config, rooms: &Rooms) -> Result<(Server, SocketAddr), Failure> {
    let rooms = rooms.clone();
    let factory = move || {
        App::new()
            .app_data(web::Data::new(Arc::clone(&rooms.readiness)))
            .app_data(web::Data::new(rooms.traffic.clone()))
            .app_data(web::Data::new(Arc::clone(&rooms.gate)))
            .app_data(web::Data::new(Arc::clone(&rooms.db)))
            .app_data(web::Data::new(Arc::clone(&rooms.log_filter)))
            .configure(http::ops_routes)
            .configure(log_filter::routes)
            .wrap(Compress::default())
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .max_connections(OPS_CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .shutdown_timeout(1)
        .disable_signals()
        .bind((config.ops.host.as_str(), config.ops.port))
        .map_err(|reason| cannot_listen("ops", &config.ops.host, config.ops.port, &reason))?;
    let at = server.addrs().first().copied().ok_or("the ops listener has no address")?;
    Ok((server.run(), at))
}

fn cannot_listen(section: &str, host: &str, port: u16, reason: &std::io::Error) -> String {
    format!(
        "cannot listen on {host}:{port}: {reason}; choose another with DOCKET_{}__PORT",
        section.to_uppercase()
    )
}

/// How many connections there may be: as many as are wanted, if the process may open files for
/// them. Beyond that limit the database could not open its own.
fn connections(wanted: usize) -> usize {
    let files = open_files_max();
    let most = files.saturating_sub(FILES_BESIDES + OPS_CONNECTIONS).max(1);
    if most < wanted {
        tracing::warn!(
            wanted,
            most,
            files,
            "fewer connections than wanted: raise the limit of open files"
        );
    }
    wanted.min(most)
}

/// How many files this process may have open, after asking for as many as it may have.
fn open_files_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    // Where it may not raise its limit, a service manager has set it.
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit, |()| raised);
    limit.current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Bounds what is done for a client that does not read its answers. The kernel takes little ahead
/// of it, and ends a connection that took nothing for so long: actix waits for it without end.
fn bound_unread(seconds: u32) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    move |connection, _| {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        let bounded = sockopt::set_socket_send_buffer_size(stream, UNREAD_BYTES);
        let timed = sockopt::set_tcp_user_timeout(stream, seconds * 1_000);
        if let Err(failure) = bounded.and(timed) {
            tracing::debug!(error = %failure, "a connection may be left unread without end");
        }
    }
}
