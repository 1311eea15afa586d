//! The socket: who connects, how many at once, and for how long.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::problem::Problem;
use crate::time::Clock;

/// Connections at once; others wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// A question's head is there within so long, also the next one's on a connection that is kept.
const HEAD_MAX: Duration = Duration::from_secs(15);
/// Its body is there and it is answered within so long.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// When the program ends, questions under way have so long.
pub(super) const LAST_WORD_MAX: Duration = Duration::from_secs(5);
/// After a failure to accept, which is mostly the lack of a file descriptor.
const BREATH: Duration = Duration::from_millis(100);

/// Until `stopped` turns true.
pub(super) async fn open(
    listener: std::net::TcpListener,
    router: Router,
    clock: Arc<Clock>,
    mut stopped: watch::Receiver<bool>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the API cannot listen"),
    };
    let service = TowerToHyperService::new(router);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut guests = JoinSet::new();
    let for_guests = stopped.clone();
    loop {
        let next = async {
            let seat = room.clone().acquire_owned().await.expect("never closed");
            (listener.accept().await, seat)
        };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            (accepted, seat) = next => match accepted {
                Ok((stream, _)) => {
                    let (service, clock, stopped) = (service.clone(), clock.clone(), for_guests.clone());
                    guests.spawn(async move {
                        answer(stream, service, clock, stopped).await;
                        drop(seat);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the API could not accept a connection");
                    tokio::time::sleep(BREATH).await;
                }
            },
            Some(_) = guests.join_next() => {}
        }
    }
    let last = async { while guests.join_next().await.is_some() {} };
    if timeout(LAST_WORD_MAX, last).await.is_err() {
        tracing::warn!("the API ends with questions unanswered");
    }
}

async fn answer(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    clock: Arc<Clock>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (service, clock) = (service.clone(), clock.clone());
        async move { Ok::<Response, Infallible>(within_time(&service, request, &clock).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let told_to_stop = async { drop(stopped.wait_for(|stopped| *stopped).await) };
    tokio::select! {
        // Who hangs up in the middle is no error of ours, and has no name to log.
        _ = connection.as_mut() => return,
        () = told_to_stop => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// The path is not logged: ids of people's contracts stand in it.
async fn within_time(service: &TowerToHyperService<Router>, request: Request<Incoming>, clock: &Clock) -> Response {
    let (began, method) = (clock.mono(), request.method().clone());
    let response = match timeout(ANSWER_MAX, service.call(request.map(Body::new))).await {
        Ok(Ok(response)) => response,
        Err(_) => Problem::too_slow().into_response(),
    };
    let (status, took_ms) = (response.status().as_u16(), clock.mono().since(began).as_millis());
    tracing::debug!(%method, status, took_ms, "the API answered");
    response
}
