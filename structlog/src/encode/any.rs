use throughline_schema::Fields;

use super::fields::{FieldEncoder, OutlinedEncoder, SpanEncoder};
use super::message::MessageEncoder;
#[cfg(feature = "to-tracing")]
use crate::bridge::forward::Said;
use crate::outcome;

/// The fields of an event, whatever its type: for all that is not on the way of most events. There, code for each type is worth its size; here, it would only make programs large and slow to
/// compile.
pub(crate) trait AnyFields {
    fn visit(&self, encoder: &mut FieldEncoder<'_, '_>);

    /// Visits what every span has.
    fn visit_span(&self, encoder: &mut FieldEncoder<'_, '_>);

    fn visit_message(&self, encoder: &mut MessageEncoder<'_, '_>);

    /// Says what they are to `tracing`.
    #[cfg(feature = "to-tracing")]
    fn say(&self, said: &mut Said<'_>);

    /// Whether they are those of a unit of work that failed.
    fn failed(&self) -> bool;
}

impl<F: Fields> AnyFields for F {
    fn visit(&self, encoder: &mut FieldEncoder<'_, '_>) {
        Fields::visit(self, &mut OutlinedEncoder(encoder));
    }

    fn visit_span(&self, encoder: &mut FieldEncoder<'_, '_>) {
        Fields::visit(self, &mut SpanEncoder(encoder));
    }

    fn visit_message(&self, encoder: &mut MessageEncoder<'_, '_>) {
        Fields::visit_message(self, encoder);
    }

    #[cfg(feature = "to-tracing")]
    fn say(&self, said: &mut Said<'_>) {
        Fields::visit(self, said);
        Fields::visit_message(self, &mut said.message);
    }

    fn failed(&self) -> bool {
        outcome::failed(self)
    }
}
