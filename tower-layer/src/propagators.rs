use http::{Method, Request};
use throughline_ctx::propagation::Propagator;

use crate::grpc;

/// How contexts are read and written, for calls of both kinds.
#[derive(Clone, Debug)]
pub(crate) struct Propagators {
    http: Propagator,
    grpc: Propagator,
}

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Grpc,
}

impl Kind {
    pub(crate) fn of<B>(request: &Request<B>) -> Kind {
        let is_grpc = request.method() == Method::POST && grpc::is_grpc(request.headers());
        if is_grpc { Kind::Grpc } else { Kind::Http }
    }
}

impl Propagators {
    pub(crate) fn new(propagator: Propagator) -> Propagators {
        Propagators { http: propagator.clone().grpc(false), grpc: propagator.grpc(true) }
    }

    pub(crate) fn of(&self, kind: Kind) -> &Propagator {
        match kind {
            Kind::Http => &self.http,
            Kind::Grpc => &self.grpc,
        }
    }
}
