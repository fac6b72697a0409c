/// Why a line is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    TooLong,
    NotUtf8,
    ControlCharacter,
    NotAJsonObject,
    NotAnEvent,
}

impl Reason {
    pub(crate) const ALL: [Self; 5] = [
        Self::TooLong,
        Self::NotUtf8,
        Self::ControlCharacter,
        Self::NotAJsonObject,
        Self::NotAnEvent,
    ];

    /// Its name in the event that reports it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::ControlCharacter => "control_character",
            Self::NotAJsonObject => "not_a_json_object",
            Self::NotAnEvent => "not_an_event",
        }
    }
}
