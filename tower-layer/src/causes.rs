use std::any::Any;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::io;

/// The types of errors whose causes are written.
///
/// A service's error need only be `Display`: tower's own boxed error is not `Error`. So the types that are, are asked for one by one.
#[derive(Clone)]
pub(crate) struct Causes(Vec<Cast>);

type Cast = for<'a> fn(&'a dyn Any) -> Option<&'a (dyn Error + 'static)>;

impl Causes {
    pub(crate) fn of<E: Error + 'static>(&mut self) {
        self.0.push(|error| Some(error.downcast_ref::<E>()?));
    }

    /// The error with its causes, if it is of one of the types.
    pub(crate) fn find<'a>(&self, error: &'a dyn Any) -> Option<&'a (dyn Error + 'static)> {
        self.0.iter().find_map(|cast| cast(error))
    }
}

impl Debug for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Causes").finish_non_exhaustive()
    }
}

impl Default for Causes {
    fn default() -> Causes {
        let boxed: Cast = |error| Some(&**error.downcast_ref::<Box<dyn Error + Send + Sync>>()?);
        let mut causes = Causes(vec![boxed]);
        causes.of::<io::Error>();
        causes
    }
}

/// An error of which only the message is known.
pub(crate) struct Message<'a, E>(pub(crate) &'a E);

impl<E: Display> Display for Message<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self.0, f)
    }
}

impl<E: Display> Debug for Message<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self.0, f)
    }
}

impl<E: Display> Error for Message<'_, E> {}
