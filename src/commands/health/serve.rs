//! HTTP for probes: `/healthz` answers with the last check. Any number of probes cost the database nothing.
//!
//! Whoever sends nothing, or garbage, is cut off: by a time limit for each connection, and a limit on how many
//! there are at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::stages::health::{Health, Status};

/// How long a connection may take from its first byte to our last.
const CONNECTION: Duration = Duration::from_secs(5);

/// How many connections at once; one more waits until another ends.
const CONNECTIONS: usize = 512;

/// Answers for ever.
pub async fn serve(listener: &TcpListener, health: &watch::Receiver<Health>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let health = health.clone();
                tokio::spawn(async move {
                    // One that takes too long, or is no HTTP, is dropped without an answer.
                    let _ = tokio::time::timeout(CONNECTION, connection(stream, health)).await;
                    drop(place);
                });
            }
            // Out of file descriptors, most likely: some come back as connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    health: watch::Receiver<Health>,
) -> Result<(), hyper::Error> {
    let answering = service_fn(|request: Request<Incoming>| {
        let response = answer(&request, &health);
        async move { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECTION)
        .max_buf_size(16 * 1024)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answering)
        .await
}

fn answer(request: &Request<Incoming>, health: &watch::Receiver<Health>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    if request.uri().path() != "/healthz" {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let health = health.borrow();
    if health.status != Status::Ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    // Five plain fields: this cannot fail.
    let body = serde_json::to_vec(&*health).unwrap_or_default();
    *response.body_mut() = Full::new(Bytes::from(body));
    response
}
