//! The server: hyper, with a bound on everything that a request may cost.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use super::exploration::Exploration;
use super::guard::{Hosts, refuses};
use super::request::Status;
use super::routes::{Reply, answer};
use crate::diagnostic::Diagnostic;
use crate::model::Layout;

/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may last: it has one request, its answer, and a client that reads it.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections there are at once.
const MAX_CONNECTIONS: usize = 64;

/// How many answers are worked out at once.
const MAX_ANSWERS_AT_ONCE: usize = 2;

/// How long the head of a request may be, in bytes: a path of a thousand steps takes a few thousand.
const MAX_HEAD_BYTES: usize = 1 << 14;

/// How many headers a request may have.
const MAX_HEADERS: usize = 64;

/// How long nothing is accepted after a connection could not be.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The listener that browsers reach, held before anything is explored.
#[derive(Debug)]
pub struct Listening(TcpListener);

impl Listening {
    /// Listens at an address; port 0 is any that is free.
    ///
    /// # Errors
    /// If the address cannot be listened at.
    pub fn at(address: SocketAddr) -> Result<Self, Diagnostic> {
        TcpListener::bind(address).map(Self).map_err(|error| cannot_listen(address, &error))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not know it.
    pub fn address(&self) -> Result<SocketAddr, Diagnostic> {
        self.0.local_addr().map_err(|error| Diagnostic::new(format!("there is no address to listen at: {error}")))
    }
}

/// Serves an exploration from now on, until the process ends.
///
/// # Errors
/// If the system has no thread or no means to wait for sockets.
pub fn serve<L: Layout>(exploration: Exploration<L>, listening: Listening) -> Result<(), Diagnostic> {
    let cannot = |error: io::Error| Diagnostic::new(format!("requests cannot be served: {error}"));
    let hosts = Hosts::of(listening.address()?);
    listening.0.set_nonblocking(true).map_err(cannot)?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(MAX_ANSWERS_AT_ONCE)
        .build()
        .map_err(cannot)?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listening.0).map_err(cannot)?
    };
    let exploration = Arc::new(exploration);
    let serving = move || runtime.block_on(accept(&listener, &exploration, hosts));
    thread::Builder::new().name("requests".to_owned()).spawn(serving).map_err(cannot)?;
    Ok(())
}

/// A connection that is served.
struct Connection {
    task: AbortHandle,
    /// Its request has arrived.
    has_asked: Arc<AtomicBool>,
}

/// Accepts connections forever. Where there are too many, the oldest makes room that has not asked for anything
/// yet: who is slow keeps nobody out.
async fn accept<L: Layout>(listener: &tokio::net::TcpListener, exploration: &Arc<Exploration<L>>, hosts: Hosts) {
    let workers = Arc::new(Semaphore::new(MAX_ANSWERS_AT_ONCE));
    let mut open: VecDeque<Connection> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open, or the client has gone already.
            sleep(ACCEPT_RETRY_DELAY).await;
            continue;
        };
        open.retain(|connection| !connection.task.is_finished());
        if open.len() >= MAX_CONNECTIONS {
            let slow = open.iter().position(|connection| !connection.has_asked.load(Ordering::Relaxed));
            if let Some(oldest) = open.remove(slow.unwrap_or(0)) {
                oldest.task.abort();
            }
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let (exploration, workers) = (Arc::clone(exploration), Arc::clone(&workers));
        let served = converse(stream, exploration, hosts, workers, Arc::clone(&has_asked));
        open.push_back(Connection { task: tokio::spawn(served).abort_handle(), has_asked });
    }
}

/// One request and its answer. If the client has gone, that is no error.
async fn converse<L: Layout>(
    stream: TcpStream,
    exploration: Arc<Exploration<L>>,
    hosts: Hosts,
    workers: Arc<Semaphore>,
    has_asked: Arc<AtomicBool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        let (exploration, workers) = (Arc::clone(&exploration), Arc::clone(&workers));
        async move { Ok::<_, Infallible>(respond(&request, exploration, hosts, &workers).await) }
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = timeout(CONNECTION_TIMEOUT, conversation).await;
}

/// The response to a request, whose body is never read: none has one.
async fn respond<L: Layout>(
    request: &Request<Incoming>,
    exploration: Arc<Exploration<L>>,
    hosts: Hosts,
    workers: &Arc<Semaphore>,
) -> Response<Full<Bytes>> {
    if let Some(status) = refuses(hosts, request.uri(), request.headers()) {
        return nothing(status);
    }
    let is_head = match *request.method() {
        Method::GET => false,
        Method::HEAD => true,
        _ => return nothing(StatusCode::METHOD_NOT_ALLOWED),
    };
    if !request.body().is_end_stream() {
        return nothing(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    // It is held until the answer is there, also if the client goes.
    let Ok(worker) = Arc::clone(workers).acquire_owned().await else {
        return nothing(StatusCode::SERVICE_UNAVAILABLE);
    };
    let answered = spawn_blocking(move || {
        let answer = answer(&exploration, &path, &query);
        drop(worker);
        answer
    });
    match answered.await {
        Ok(reply) => response(reply, is_head),
        // The answer is a fault of lastack, and was reported where it broke; the next request has another.
        Err(_) => nothing(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn response(reply: Reply, is_head: bool) -> Response<Full<Bytes>> {
    let Reply { refused, content_type, policy, saved_as, body } = reply;
    let status = match refused {
        None => StatusCode::OK,
        Some(Status::BadRequest) => StatusCode::BAD_REQUEST,
        Some(Status::NotFound) => StatusCode::NOT_FOUND,
        Some(Status::Unprocessable) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let length = body.len();
    let bytes = if is_head { Bytes::new() } else { Bytes::from(body.into_owned()) };
    let mut response = Response::new(Full::new(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    let saved_as = saved_as.map(|name| format!("attachment; filename=\"{name}\""));
    if let Some(value) = saved_as.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    guarded(response)
}

fn nothing(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    guarded(response)
}

/// What every response says to browsers: it is for this origin, of the type that it says, and for now.
fn guarded(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    const SAID: [(HeaderName, &str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in SAID {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Diagnostic {
    let (ip, port) = (address.ip(), address.port());
    if error.kind() == io::ErrorKind::AddrInUse {
        Diagnostic::new(format!("port {port} of {ip} is in use"))
            .help("`--address 127.0.0.1:0` takes any port that is free")
    } else {
        Diagnostic::new(format!("cannot listen at port {port} of {ip}: {error}"))
    }
}
