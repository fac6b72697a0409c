use std::borrow::{Borrow, BorrowMut};

use http::{HeaderMap, HeaderName, HeaderValue};
use throughline_ctx::propagation::{Extractor, Injector};

/// HTTP headers, or gRPC metadata in its HTTP form, as the carrier of a context.
///
/// ```
/// use throughline_ctx::Context;
/// use throughline_tower::Headers;
///
/// let mut headers = http::HeaderMap::new();
/// let call = Context::root().inject(&mut Headers(&mut headers));
/// assert_eq!(Context::extract(&Headers(&headers)).parent_span_id(), Some(call.span_id()));
/// ```
#[derive(Debug)]
pub struct Headers<H>(pub H);

impl<H: Borrow<HeaderMap>> Extractor for Headers<H> {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let headers = self.0.borrow();
        let values = match known(name) {
            Some(name) => headers.get_all(name),
            None => headers.get_all(name),
        };
        values.into_iter().map(HeaderValue::as_bytes)
    }
}

impl<H: BorrowMut<HeaderMap>> Injector for Headers<H> {
    fn set(&mut self, name: &str, value: &str) {
        // A name that was configured and is none cannot be sent; every value is visible ASCII.
        let name = known(name).cloned().or_else(|| HeaderName::from_bytes(name.as_bytes()).ok());
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            self.0.borrow_mut().insert(name, value);
        }
    }

    fn remove(&mut self, name: &str) {
        match known(name) {
            Some(name) => self.0.borrow_mut().remove(name),
            None => self.0.borrow_mut().remove(name),
        };
    }
}

/// The usual names, which are not worth being parsed for each request.
fn known(name: &str) -> Option<&'static HeaderName> {
    macro_rules! one_of {
        ($($known:literal)*) => {
            match name {
                $($known => {
                    static NAME: HeaderName = HeaderName::from_static($known);
                    Some(&NAME)
                })*
                _ => None,
            }
        };
    }
    one_of!("traceparent" "tracestate" "baggage" "x-request-id" "x-request-timeout-ms" "grpc-timeout")
}
