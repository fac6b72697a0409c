/// Writes an event without a type, at level `trace`. See [`info!`](crate::info).
#[macro_export]
macro_rules! trace {
    ($($args:tt)+) => { $crate::__log!(Trace, $($args)+) };
}

/// Writes an event without a type, at level `debug`. See [`info!`](crate::info).
#[macro_export]
macro_rules! debug {
    ($($args:tt)+) => { $crate::__log!(Debug, $($args)+) };
}

/// Writes an event without a type, at level `info`.
///
/// For what is not worth a type yet. Its name is `log`; it has a message, the module in which it stands (`target`), and fields.
///
/// ```
/// use throughline_ctx::Context;
/// use throughline_structlog::{Logger, info};
///
/// let ctx = Context::root();
/// let (key, path) = ("user:7", std::path::Path::new("/tmp"));
///
/// info!("started"); // the global logger, the current context
/// info!(&ctx, "cache miss", key); // a context; a variable as a field of its name
/// info!(&ctx, "cache miss", cache.key = key, size = 3); // fields
/// info!(&ctx, "opened", path = %path.display(), mode = ?Some(1)); // by Display and by Debug
/// info!(&ctx, size = 3, "cache miss"); // the message can come last, too
///
/// let log = Logger::disabled();
/// info!(logger: log, &ctx, "cache miss", key); // a logger
/// ```
///
/// A field has the JSON type of its Rust type ([`Value`](throughline_schema::Value)). Nothing is evaluated if the level is switched off. A name that is malformed,
/// reserved or there twice does not compile:
///
/// ```compile_fail
/// throughline_structlog::info!("cache miss", key = 1, key = 2);
/// ```
///
/// Nor does a message with braces, which other libraries would fill in: values are fields.
///
/// ```compile_fail
/// let key = "user:7";
/// throughline_structlog::info!("cache miss of {key}");
/// ```
#[macro_export]
macro_rules! info {
    ($($args:tt)+) => { $crate::__log!(Info, $($args)+) };
}

/// Writes an event without a type, at level `warn`. See [`info!`](crate::info).
#[macro_export]
macro_rules! warn {
    ($($args:tt)+) => { $crate::__log!(Warn, $($args)+) };
}

/// Writes an event without a type, at level `error`. See [`info!`](crate::info).
#[macro_export]
macro_rules! error {
    ($($args:tt)+) => { $crate::__log!(Error, $($args)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, logger: $logger:expr, $($rest:tt)+) => {
        $crate::__log!(@context $level, $logger, $($rest)+)
    };
    // The message first, or the fields first, with the current context.
    (@context $level:ident, $logger:expr, $message:literal $(, $($fields:tt)*)?) => {
        $crate::__log!(
            @write $level, $logger, $crate::__private::Context::current(), $message, $($($fields)*)?
        )
    };
    (@context $level:ident, $logger:expr, $name:ident $(. $part:ident)* = $($rest:tt)+) => {
        $crate::__log!(
            @last $level, $logger, $crate::__private::Context::current(), [] $name $(. $part)* = $($rest)+
        )
    };
    // The same after a context.
    (@context $level:ident, $logger:expr, $ctx:expr, $message:literal $(, $($fields:tt)*)?) => {
        $crate::__log!(@write $level, $logger, $ctx, $message, $($($fields)*)?)
    };
    (@context $level:ident, $logger:expr, $ctx:expr, $($rest:tt)+) => {
        $crate::__log!(@last $level, $logger, $ctx, [] $($rest)+)
    };
    // Puts fields aside until the message comes.
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*] $message:literal $(,)?) => {
        $crate::__log!(@write $level, $logger, $ctx, $message, $($fields)*)
    };
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*]
        $name:ident $(. $part:ident)* = % $value:expr, $($rest:tt)+) => {
        $crate::__log!(@last $level, $logger, $ctx, [$($fields)* $name $(. $part)* = % $value,] $($rest)+)
    };
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*]
        $name:ident $(. $part:ident)* = ? $value:expr, $($rest:tt)+) => {
        $crate::__log!(@last $level, $logger, $ctx, [$($fields)* $name $(. $part)* = ? $value,] $($rest)+)
    };
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*]
        $name:ident $(. $part:ident)* = $value:expr, $($rest:tt)+) => {
        $crate::__log!(@last $level, $logger, $ctx, [$($fields)* $name $(. $part)* = $value,] $($rest)+)
    };
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*] $name:ident, $($rest:tt)+) => {
        $crate::__log!(@last $level, $logger, $ctx, [$($fields)* $name,] $($rest)+)
    };
    (@last $level:ident, $logger:expr, $ctx:expr, [$($fields:tt)*] $($rest:tt)*) => {
        ::core::compile_error!("a message is missing: a literal, first or last, as in `info!(&ctx, \"cache miss\", key = 1)`")
    };
    (@write $level:ident, $logger:expr, $ctx:expr, $message:literal, $($fields:tt)*) => {
        match (&$logger, $crate::__private::Level::$level) {
            (__logger, __level) => if $crate::__private::may_write(__logger, __level) {
                const _: () = $crate::__private::check_names($crate::__names!([] $($fields)*));
                match &$ctx {
                    __ctx => {
                        // In a block of their own: items have no hygiene, and must not stand between the caller's expressions and what they name.
                        let __site: &'static $crate::__private::Site = {
                            const MESSAGE: &str = $message;
                            const _: () = $crate::__private::check_message(MESSAGE);
                            const ROOM: usize =
                                $crate::__private::head::<0>($crate::__private::Level::$level, MESSAGE).needs();
                            static HEAD: $crate::__private::Head<ROOM> =
                                $crate::__private::head($crate::__private::Level::$level, MESSAGE);
                            static SITE: $crate::__private::Site = $crate::__private::site(
                                $crate::__private::Level::$level,
                                MESSAGE,
                                HEAD.as_str(),
                                ::core::module_path!(),
                                ::core::concat!(",\"target\":\"", ::core::module_path!(), "\""),
                            );
                            &SITE
                        };
                        let __ctx = $crate::__private::AsContext::as_context(__ctx);
                        if $crate::__private::takes(__logger, __ctx, __site) {
                            $crate::__private::write(__logger, __ctx, __site, $crate::__fields!($($fields)*));
                        }
                    }
                }
            },
        }
    };
    ($level:ident, $($rest:tt)+) => {
        $crate::__log!(@context $level, $crate::logger(), $($rest)+)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    () => { $crate::__private::End };
    ($name:ident $(. $part:ident)* = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@pair [$name $($part)*] $crate::__private::Display(&$value), $($($rest)*)?)
    };
    ($name:ident $(. $part:ident)* = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@pair [$name $($part)*] $crate::__private::Debug(&$value), $($($rest)*)?)
    };
    ($name:ident $(. $part:ident)* = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@pair [$name $($part)*] $value, $($($rest)*)?)
    };
    ($name:ident $(, $($rest:tt)*)?) => {
        $crate::__fields!(@pair [$name] $name, $($($rest)*)?)
    };
    (@pair [$name:ident $($part:ident)*] $value:expr, $($rest:tt)*) => {
        $crate::__private::Pair(
            const {
                &$crate::__private::Field::new(
                    ::core::concat!(::core::stringify!($name) $(, ".", ::core::stringify!($part))*),
                    "",
                    $crate::__private::Class::Public,
                    ::core::concat!(",\"", ::core::stringify!($name) $(, ".", ::core::stringify!($part))*, "\":"),
                )
            },
            &$value,
            $crate::__fields!($($rest)*),
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __names {
    ([$($names:expr,)*]) => { &[$($names),*] };
    ([$($names:expr,)*] $name:ident $(. $part:ident)* = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__names!([$($names,)* ::core::concat!(::core::stringify!($name) $(, ".", ::core::stringify!($part))*),] $($($rest)*)?)
    };
    ([$($names:expr,)*] $name:ident $(. $part:ident)* = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__names!([$($names,)* ::core::concat!(::core::stringify!($name) $(, ".", ::core::stringify!($part))*),] $($($rest)*)?)
    };
    ([$($names:expr,)*] $name:ident $(. $part:ident)* = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__names!([$($names,)* ::core::concat!(::core::stringify!($name) $(, ".", ::core::stringify!($part))*),] $($($rest)*)?)
    };
    ([$($names:expr,)*] $name:ident $(, $($rest:tt)*)?) => {
        $crate::__names!([$($names,)* ::core::stringify!($name),] $($($rest)*)?)
    };
}

/// What the macros expand to. Not for use by hand, and not stable.
#[doc(hidden)]
pub mod __private {
    use std::fmt;

    pub use throughline_ctx::Context;
    pub use throughline_schema::__private::Head;
    pub use throughline_schema::{Class, Descriptor, Field, Level};
    use throughline_schema::{
        Fields, Kind, Scalar, Type, Value, ValueWriter, Visitor, is_name, is_reserved,
    };

    use crate::Logger;
    use crate::logger::Origin;

    const NAME: &str = "log";

    /// A place where an event without a type is written.
    #[derive(Debug)]
    pub struct Site {
        descriptor: Descriptor,
        target: &'static str,
        member: &'static str,
    }

    pub const fn head<const N: usize>(level: Level, message: &str) -> Head<N> {
        Head::of(level, NAME, 1, Kind::Log, message)
    }

    /// `member` is what the line says of `target`: as JSON, with the comma before it.
    pub const fn site(
        level: Level,
        message: &'static str,
        head: &'static str,
        target: &'static str,
        member: &'static str,
    ) -> Site {
        let what = "An event without a type.";
        let descriptor = Descriptor::new(NAME, 1, level, Kind::Log, message, what, &[], head);
        Site { descriptor, target, member }
    }

    #[inline]
    pub fn may_write(logger: &Logger, level: Level) -> bool {
        logger.may_write(level)
    }

    #[inline]
    pub fn takes(logger: &Logger, ctx: Option<&Context>, site: &Site) -> bool {
        logger.takes(ctx, site.descriptor.level, site.target)
    }

    #[inline]
    pub fn write<F: Fields>(
        logger: &Logger,
        ctx: Option<&Context>,
        site: &'static Site,
        fields: F,
    ) {
        let Site { descriptor, target, member } = site;
        let origin = Some(Origin { name: target, member });
        logger.submit(ctx, descriptor.level, origin, descriptor, &fields);
    }

    /// Fails, which is when the program is compiled, if a line could not have all of these names.
    pub const fn check_names(names: &[&str]) {
        let mut at = 0;
        while at < names.len() {
            assert!(
                is_name(names[at]),
                "the name of a field is lower case, in parts joined by dots"
            );
            assert!(
                !is_reserved(names[at]),
                "this name is reserved: every line has, or may have, one already"
            );
            let mut before = 0;
            while before < at {
                assert!(!same(names[before], names[at]), "a name stands here twice");
                before += 1;
            }
            at += 1;
        }
    }

    /// Fails, which is when the program is compiled, if a message looks like a format string: it is written as it stands.
    pub const fn check_message(message: &str) {
        assert!(message.len() <= 4096, "a message is at most 4096 bytes long");
        let mut at = 0;
        while at < message.len() {
            assert!(
                message.as_bytes()[at] != b'{',
                "a message is written as it stands: put values into fields, `info!(\"greeted\", name)`"
            );
            at += 1;
        }
    }

    const fn same(a: &str, b: &str) -> bool {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        let mut at = 0;
        while at < a.len() && at < b.len() && a[at] == b[at] {
            at += 1;
        }
        at == a.len() && at == b.len()
    }

    /// Whatever can stand first in a macro: a context, a reference to one, or an `Option` of either.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a `Context`",
        label = "expected a `Context` here, or the message"
    )]
    pub trait AsContext {
        fn as_context(&self) -> Option<&Context>;
    }

    impl AsContext for Context {
        #[inline]
        fn as_context(&self) -> Option<&Context> {
            Some(self)
        }
    }

    impl<T: AsContext + ?Sized> AsContext for &T {
        #[inline]
        fn as_context(&self) -> Option<&Context> {
            (**self).as_context()
        }
    }

    impl<T: AsContext> AsContext for Option<T> {
        #[inline]
        fn as_context(&self) -> Option<&Context> {
            self.as_ref().and_then(T::as_context)
        }
    }

    /// A field, its value, and the fields that follow.
    #[derive(Debug)]
    pub struct Pair<'a, T: ?Sized, Rest>(pub &'static Field, pub &'a T, pub Rest);

    /// No more fields.
    #[derive(Debug)]
    pub struct End;

    impl<T: Value + ?Sized, Rest: Fields> Fields for Pair<'_, T, Rest> {
        #[inline]
        fn visit<V: Visitor>(&self, visitor: &mut V) {
            visitor.field(self.0, self.1);
            self.2.visit(visitor);
        }
    }

    impl Fields for End {
        #[inline]
        fn visit<V: Visitor>(&self, _: &mut V) {}
    }

    /// A value by its `Display` form.
    #[derive(Debug)]
    pub struct Display<T>(pub T);

    impl<T: fmt::Display> Value for Display<T> {
        const TYPE: Type = Type::Text;

        #[inline]
        fn write<W: ValueWriter>(&self, writer: W) {
            writer.display(&self.0);
        }
    }

    impl<T: fmt::Display> Scalar for Display<T> {}

    /// A value by its `Debug` form.
    #[derive(Debug)]
    pub struct Debug<T>(pub T);

    impl<T: fmt::Debug> Value for Debug<T> {
        const TYPE: Type = Type::Text;

        #[inline]
        fn write<W: ValueWriter>(&self, writer: W) {
            writer.display(&format_args!("{:?}", self.0));
        }
    }

    impl<T: fmt::Debug> Scalar for Debug<T> {}
}
