use std::error::Error;

use crate::{Descriptor, Field, Value};

/// Something that happened: a struct with a name and described fields. Derive it; see the [front page](crate).
///
/// # The derive
///
/// | on the struct | | |
/// |---|---|---|
/// | `name = "user.login_failed"` | required | lower case, in parts joined by dots; at most 128 bytes |
/// | `version = 1` | required | an integer from 1 |
/// | `level = "error"` | required | `trace`, `debug`, `info`, `warn` or `error` |
/// | `message = "User login failed"` | required | one sentence for people |
/// | `kind = "span"` | | a finished unit of work, whose first two fields are `duration_us: u64` and `outcome:` [`Outcome`](crate::Outcome); or `"metric"`, a measurement |
/// | `crate = "path"` | | where this crate is, if it was renamed |
///
/// | on a field | |
/// |---|---|
/// | `class = "personal"` | who may read the value: `public` (the default), `personal` or `secret` |
/// | `error` | the value is an error: its message is written, and the messages of its causes as a list, `NAME.causes` |
/// | `rename = "http.route"` | the field's name in the line |
///
/// The struct and each of its fields have a doc comment, which becomes their description. Every mistake is an error when the struct
/// is compiled:
///
/// ```compile_fail
/// # use throughline_schema::Event;
/// /// A login attempt was refused.
/// #[derive(Event)]
/// #[event(name = "user.login_failed", version = 1, level = "error", message = "User login failed")]
/// struct LoginFailed {
///     user: String, // nobody says what it is
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "an event is a struct with `#[derive(Event)]`"
)]
pub trait Event: Fields {
    /// What this type states about itself.
    const DESCRIPTOR: &'static Descriptor;
}

/// Something that has fields.
pub trait Fields {
    /// Hands each field with its value to `visitor`, in order.
    fn visit<V: Visitor>(&self, visitor: &mut V);

    /// Hands the message to `visitor`, piece by piece, if it is a [template](Descriptor::is_template); nothing otherwise.
    #[inline]
    fn visit_message<V: MessageVisitor>(&self, visitor: &mut V) {
        let _ = visitor;
    }
}

/// Something that reads the fields of an event: a writer, a test, an exporter.
pub trait Visitor {
    /// A field and its value.
    fn field<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T);

    /// A field whose value is an error, and the field for the messages of its causes.
    fn error(&mut self, field: &'static Field, causes: &'static Field, error: &(dyn Error + '_));
}

/// Something that reads a message that was given as a template.
pub trait MessageVisitor {
    /// Text of the template.
    fn text(&mut self, text: &'static str);

    /// The value that stands in place of the field's name. A value that is [absent](Value::is_absent) is read as `-`. The field is public.
    fn value<T: Value + ?Sized>(&mut self, field: &'static Field, value: &T);
}
