use throughline_schema::Class;

/// The classes of values that a logger writes as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clearance {
    personal: bool,
    secret: bool,
}

impl Clearance {
    pub(crate) fn with(mut self, class: Class) -> Clearance {
        match class {
            Class::Public => {}
            Class::Personal => self.personal = true,
            Class::Secret => self.secret = true,
        }
        self
    }

    #[inline]
    pub(crate) fn allows(self, class: Class) -> bool {
        match class {
            Class::Public => true,
            Class::Personal => self.personal,
            Class::Secret => self.secret,
        }
    }

    /// Tells the forms of a context apart.
    pub(crate) fn form(self) -> u64 {
        u64::from(self.personal) | u64::from(self.secret) << 1
    }
}
