use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// Something that brings a context: headers that can be read.
pub trait Extractor {
    /// The values of a name, in order. `name` is lower case; where names have no case, as in HTTP, the carrier ignores it. Values are bytes, since nothing
    /// that arrives is known to be text.
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;
}

/// Something that takes a context onward: headers that can be written.
pub trait Injector {
    /// Sets the value of a name, in place of all that it had. `name` is lower case; `value` is visible ASCII, with spaces and tabs between at the most.
    fn set(&mut self, name: &str, value: &str);

    /// Removes all values of a name, which a carrier may have that was copied from a message received. By default the value becomes empty, which is as good as absent in every
    /// header of a context.
    fn remove(&mut self, name: &str) {
        self.set(name, "");
    }
}

impl<S: BuildHasher> Extractor for HashMap<String, String, S> {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.get(name).map(String::as_bytes).into_iter()
    }
}

impl<S: BuildHasher> Injector for HashMap<String, String, S> {
    fn set(&mut self, name: &str, value: &str) {
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }
}

impl Extractor for BTreeMap<String, String> {
    fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.get(name).map(String::as_bytes).into_iter()
    }
}

impl Injector for BTreeMap<String, String> {
    fn set(&mut self, name: &str, value: &str) {
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }
}
