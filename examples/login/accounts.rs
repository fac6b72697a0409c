//! The service that knows the users: gRPC.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use throughline::tower::ServerLayer;
use throughline::{Context, Event, Logger, debug};
use tokio::net::TcpListener;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status};

use proto::accounts_server::{Accounts, AccountsServer};
use proto::{LoginRequest, LoginResponse};

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#[path = "proto/accounts.v1.rs"]
pub(crate) mod proto;

/// A login attempt was refused.
#[derive(Event)]
#[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
struct LoginFailed<'a> {
    /// Account name as typed.
    #[event(class = "personal")]
    user: &'a str,
    /// Failed attempts in the last hour.
    attempts: u32,
    /// Why it was refused.
    #[event(error)]
    reason: Refused,
}

#[derive(Debug)]
enum Refused {
    UnknownUser,
    WrongPassword,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::UnknownUser => "No such user",
            Refused::WrongPassword => "Wrong password",
        })
    }
}

impl Error for Refused {}

struct Users {
    log: Logger,
}

pub(crate) async fn serve(
    listener: TcpListener,
    log: Logger,
    stopped: impl Future<Output = ()>,
) -> Result<(), String> {
    Server::builder()
        .layer(ServerLayer::internal(&log))
        .add_service(AccountsServer::new(Users { log }))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stopped)
        .await
        .map_err(|error| error.to_string())
}

#[tonic::async_trait]
impl Accounts for Users {
    async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginResponse>, Status> {
        let ctx = request.extensions().get::<Context>().cloned().unwrap_or_else(Context::root);
        let LoginRequest { user, password } = request.into_inner();
        match check(&self.log, &ctx, &user, &password).await {
            Ok(()) => Ok(Response::new(LoginResponse { token: format!("token-of-{user}") })),
            Err(reason) => {
                self.log.emit(&ctx, &LoginFailed { user: &user, attempts: 1, reason });
                // The world is not told which of the two was wrong.
                Err(Status::unauthenticated("Invalid user name or password"))
            }
        }
    }
}

async fn check(log: &Logger, ctx: &Context, user: &str, password: &str) -> Result<(), Refused> {
    let (expected, cost) = match user {
        "ada" => ("lovelace", Duration::from_millis(5)),
        "grace" => ("hopper", Duration::from_millis(400)),
        _ => return Err(Refused::UnknownUser),
    };
    debug!(logger: log, ctx, "checking password", cost, remaining = ctx.remaining());
    tokio::time::sleep(cost).await; // a password hash is slow on purpose
    if password == expected { Ok(()) } else { Err(Refused::WrongPassword) }
}
