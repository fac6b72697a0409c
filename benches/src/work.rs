/// What is done, once for each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An event at a level that is switched off.
    Off,
    /// A message, no fields.
    Message,
    /// A message and ten fields of several types.
    Fields,
    /// A message and four fields, in a context of six entries that was made before.
    Context,
    /// A context of six entries, three events with four fields in it, and the end of the context.
    Request,
}

impl Work {
    pub const ALL: [Work; 5] =
        [Work::Off, Work::Message, Work::Fields, Work::Context, Work::Request];

    pub fn name(self) -> &'static str {
        match self {
            Work::Off => "W0 off",
            Work::Message => "W1 message",
            Work::Fields => "W2 fields",
            Work::Context => "W3 context",
            Work::Request => "W4 request",
        }
    }

    /// The work of this name, in whole or to the first space.
    pub fn named(name: &str) -> Option<Work> {
        let is_named = |work: &Work| work.name().split(' ').next() == Some(name);
        Work::ALL.into_iter().find(|work| work.name() == name || is_named(work))
    }

    /// How many lines it writes.
    pub fn lines(self) -> usize {
        match self {
            Work::Off => 0,
            Work::Message | Work::Fields | Work::Context => 1,
            Work::Request => 3,
        }
    }
}
