#![doc = include_str!("README.md")]

mod contact;
mod door;
mod payment;
mod problem;
mod shape;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;

use self::problem::Problem;
use self::token::Tokens;
use crate::config::ApiSettings;
use crate::store::{Store, StoreError};
use crate::time::Clock;

/// The longest body: a list of [`payment::ROWS_MAX`] payments with long ids.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Method and path of all that is answered; `openapi.yaml` is held against it.
pub const ROUTES: [(&str, &str); 5] = [
    ("get", "/v1/health"),
    ("post", "/v1/payments"),
    ("get", "/v1/payments/{payment_id}"),
    ("post", "/v1/payments/{payment_id}/reversal"),
    ("get", "/v1/contacts/{contact_id}/account"),
];

/// The description of the API for programs.
pub const OPENAPI: &str = include_str!("openapi.yaml");

/// The API while it answers; dropped, it ends at once.
#[derive(Debug)]
pub struct Api {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What every question is answered with.
struct Desk<S> {
    store: Arc<S>,
    clock: Arc<Clock>,
    tokens: Tokens,
}

impl Api {
    /// Answers from now on, on a thread of its own: who asks much keeps no call waiting.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn start<S: Store>(settings: &ApiSettings, store: Arc<S>, clock: Arc<Clock>) -> std::io::Result<Api> {
        let listener = std::net::TcpListener::bind(settings.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tokens = Tokens::new(&settings.tokens).ok_or_else(|| std::io::Error::other("no random numbers"))?;
        let router = router(Arc::new(Desk { store, clock: clock.clone(), tokens }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("api".into()).spawn(move || {
            runtime.block_on(door::open(listener, router, clock, stopped));
        })?;
        tracing::info!(%address, "the API answers");
        Ok(Api { address, stop, thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Api {
    /// Questions under way are answered first, within [`door::LAST_WORD_MAX`].
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the API's thread broke off");
        }
    }
}

fn router<S: Store>(desk: Arc<Desk<S>>) -> Router {
    // Whose token is right is asked before a path is looked at: a stranger learns of no contact and no payment.
    let known = Router::new()
        .route("/v1/payments", post(payment::tell::<S>))
        .route("/v1/payments/{payment_id}", get(payment::look::<S>))
        .route("/v1/payments/{payment_id}/reversal", post(payment::reverse::<S>))
        .route("/v1/contacts/{contact_id}/account", get(contact::account::<S>))
        .route_layer(from_fn_with_state(desk.clone(), only_with_a_token::<S>));
    Router::new()
        .route("/v1/health", get(health::<S>))
        .merge(known)
        .fallback(async || Problem::no_route())
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk)
}

async fn only_with_a_token<S: Store>(
    State(desk): State<Arc<Desk<S>>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if desk.tokens.let_in(request.headers()) { Ok(next.run(request).await) } else { Err(Problem::no_token()) }
}

/// Whether the books can be read; for probes, which have no token.
async fn health<S: Store>(State(desk): State<Arc<Desk<S>>>) -> Result<Response, Problem> {
    desk.store.last_payment().await?;
    Ok(problem::json(200, &serde_json::json!({ "status": "ok" })).into_response())
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::NotFound(what) => Problem::not_there(&what),
            StoreError::Conflict(why) => Problem::refused(&why),
            StoreError::Unavailable(why) => {
                tracing::error!(%why, "the API could not ask the books");
                Problem::no_books()
            }
        }
    }
}
