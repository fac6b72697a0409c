//! What a server knows of a request when it comes in. Names as in OpenTelemetry's semantic conventions.

use http::{Method, Uri};
use throughline_ctx::{Key, Text, keys};

keys! {
    pub(crate) const METHOD: Key<str> = Key::local("http.request.method", "Method of the HTTP request");
    pub(crate) const PATH: Key<str> =
        Key::local("url.path", "Path of the HTTP request, without the query");
    pub(crate) const ROUTE: Key<str> = Key::local("http.route", "Pattern of the route that was taken");
    pub(crate) const RPC_METHOD: Key<str> =
        Key::local("rpc.method", "Full name of the gRPC method, package.Service/Method");
    pub(crate) const UPSTREAM_ID: Key<str> =
        Key::local("upstream.id", "Request id that the caller sent, which is not trusted");
    pub(crate) const UPSTREAM_TRACE_ID: Key<str> =
        Key::local("upstream.trace_id", "Trace id that the caller sent, which is not trusted");
}

/// The longest path that is written, in bytes.
const MAX_PATH: usize = 1024;

/// The method, or `_OTHER` for one that is in no standard, so that nobody can fill an index with inventions.
pub(crate) fn method(method: &Method) -> Text {
    const KNOWN: [&str; 9] =
        ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT"];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    Text::from_static(known.unwrap_or("_OTHER"))
}

/// The path, cut at a length.
pub(crate) fn path(uri: &Uri) -> &str {
    cut(uri.path())
}

/// The full name of a gRPC method: its path without the slash at the front.
pub(crate) fn rpc_method(uri: &Uri) -> &str {
    cut(uri.path().trim_start_matches('/'))
}

fn cut(path: &str) -> &str {
    let end = (0..=path.len().min(MAX_PATH)).rev().find(|&end| path.is_char_boundary(end));
    &path[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_those_of_the_standards() {
        assert_eq!(method(&Method::PATCH).as_str(), "PATCH");
        assert_eq!(method(&Method::from_bytes(b"BREW").unwrap()).as_str(), "_OTHER");
    }

    #[test]
    fn paths_have_no_query_and_an_end() {
        assert_eq!(path(&"/login?password=x".parse().unwrap()), "/login");
        assert_eq!(rpc_method(&"/a.v1.B/C".parse().unwrap()), "a.v1.B/C");
        let long: Uri = format!("/{}", "x".repeat(5000)).parse().unwrap();
        assert_eq!(path(&long).len(), MAX_PATH);
    }
}
