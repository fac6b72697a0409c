use std::error::Error;

use crate::{Descriptor, Field, Value};

/// Something that happened: a struct with a name and described fields. Derive it; see the [front page](crate).
///
/// # The derive
///
/// | on the struct | | |
/// |---|---|---|
/// | `name = "user.login_failed"` | required | lower case, in parts joined by dots; at most 128 bytes. Not `log`, the name of events without a type |
/// | `version = 1` | required | an integer from 1 |
/// | `level = "error"` | required | `trace`, `debug`, `info`, `warn` or `error` |
/// | `message = "User login failed"` | required | one sentence for people. `{user}` in it stands for the value of the field `user`, which is the event's own and public; `{{` and `}}` for braces |
/// | `kind = "span"` | | a finished unit of work, whose first two fields are `duration_us: u64` and `outcome:` [`Outcome`](crate::Outcome), with no attributes but `rename` and `unit = "us"`; or `"metric"`, a measurement |
/// | `delivery = "must"` | | where there is no room, whoever emits it waits for some, up to a stated time |
/// | `crate = "path"` | | where this crate is, if it was renamed |
///
/// | on a field | |
/// |---|---|
/// | `class = "personal"` | who may read the value: `public` (the default), `personal` or `secret` |
/// | `unit = "ms"` | the unit of the value, as a [UCUM](https://ucum.org/ucum) code: `s`, `By`, `%`, `{request}`, `1` |
/// | `max_len = 64` | the greatest length: of text in characters (Unicode code points), of a list in items. What is longer is cut, and the line says so |
/// | `range = 0..=100` | the bounds of a number, or of a duration in seconds, which the number in the line may reach. What lies outside is written, and the line says so |
/// | `error` | the value is an error: its message is written, and the messages of its causes as a list, `NAME.causes` |
/// | `with = function` | the value is what this makes of the field, a function that takes it by reference and returns a [`Value`](crate::Value), such as [`AsDisplay`](crate::AsDisplay) |
/// | `rename = "http.route"` | the field's name in the line |
/// | `flatten` | the field is a [group of fields](Fields#groups), which stand here under the names `FIELD.NAME`; `flatten = "prefix"` puts another prefix before them, `flatten = ""` none |
///
/// The value of a field is what [`Value`] says; an enum without data can [derive](Value#closed-sets) it.
///
/// An event type without type or const parameters registers itself: see [`registered`](crate::registered). Which fields it has depends on none of them, and limits of
/// a field whose type names one are not checked when it is compiled.
///
/// The struct and each of its fields that is no group have a doc comment, which becomes their description; a macro may make it:
/// `#[doc = concat!("The ", "id.")]`. Every mistake is an error when the struct is compiled:
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

/// Something that has fields: every event, and groups of fields that events share.
///
/// # Groups
///
/// A group is a struct with `#[derive(Fields)]`. The attributes of its fields are those of [events](Event#the-derive). It stands in an event, or
/// in another group, as a field marked `flatten`; a reference to one or a `Box`, too, and an `Option`, whose fields are then all optional.
///
/// ```
/// use throughline_schema::{Event, Fields};
///
/// /// A message over HTTP.
/// #[derive(Fields)]
/// struct Message {
///     /// Size of the body.
///     #[event(rename = "body.size", unit = "By")]
///     size: u64,
/// }
///
/// /// A request was forwarded.
/// #[derive(Event)]
/// #[event(name = "request.forwarded", version = 1, level = "info", message = "Request forwarded")]
/// struct Forwarded {
///     #[event(flatten)]
///     request: Message,
///     #[event(flatten = "http.response")]
///     response: Option<Message>,
/// }
///
/// let names = Forwarded::DESCRIPTOR.fields.iter().map(|field| field.name);
/// assert!(names.eq(["request.body.size", "http.response.body.size"]));
/// ```
///
/// A name that is reserved, or stands there already, does not compile, whichever group it comes from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields",
    note = "a group of fields is a struct with `#[derive(Fields)]`"
)]
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
