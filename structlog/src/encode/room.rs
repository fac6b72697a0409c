use std::mem;

/// What is left of the room for a line: writing takes from its front.
///
/// What does not fit is not written, and then there is no room left for anything else. So it is enough to ask at the end whether all of it [was used up](Room::is_full), and nothing
/// on the way has to fail. Writing through a slice that shrinks keeps the position in registers, where a `Vec` keeps its length in memory.
pub(crate) struct Room<'a>(&'a mut [u8]);

impl<'a> Room<'a> {
    #[inline(always)]
    pub(crate) fn new(room: &'a mut [u8]) -> Room<'a> {
        Room(room)
    }

    /// How many bytes are left.
    #[inline(always)]
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    /// Whether something did not fit, or just so.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes so many bytes from the front, to be filled by the caller.
    #[inline(always)]
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a mut [u8]> {
        let (taken, left) = mem::take(&mut self.0).split_at_mut_checked(len)?;
        self.0 = left;
        Some(taken)
    }

    /// All that is left.
    #[inline(always)]
    pub(super) fn into_left(self) -> &'a mut [u8] {
        self.0
    }

    /// All that is left, for a function that gives back what it leaves.
    #[inline(always)]
    pub(crate) fn pass(&mut self, through: impl FnOnce(&'a mut [u8]) -> &'a mut [u8]) {
        self.0 = through(mem::take(&mut self.0));
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if let Some(taken) = self.take(bytes.len()) {
            taken.copy_from_slice(bytes);
        }
    }

    /// As [`push`](Room::push), for a few bytes, mostly 32 or less: two copies of constant length that overlap, and no call.
    #[inline(always)]
    pub(crate) fn push_short(&mut self, bytes: &[u8]) {
        let Some(taken) = self.take(bytes.len()) else { return };
        let done = copy_ends::<8>(taken, bytes) || copy_ends::<4>(taken, bytes);
        if !done {
            match (taken, bytes) {
                ([a], [x]) => *a = *x,
                ([a, b], [x, y]) => (*a, *b) = (*x, *y),
                ([a, b, c], [x, y, z]) => (*a, *b, *c) = (*x, *y, *z),
                (taken, bytes) => taken.copy_from_slice(bytes),
            }
        }
    }
}

/// What `write` writes, however long it is. It is called again, with more room, until everything fits.
pub(crate) fn written(mut write: impl FnMut(&mut Room<'_>)) -> Box<[u8]> {
    let mut small = [0; 1024];
    let mut large = Vec::new();
    loop {
        let bytes = if large.is_empty() { small.as_mut_slice() } else { large.as_mut_slice() };
        let len = bytes.len();
        let mut room = Room::new(bytes);
        write(&mut room);
        if !room.is_full() {
            let used = len - room.left();
            return Box::from(&bytes[..used]);
        }
        large.resize(len * 4, 0);
    }
}

/// Copies by the first and the last `N` bytes, if that is all of them.
#[inline(always)]
pub(super) fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    if from.len() > 2 * N {
        return false;
    }
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(to) = to.first_chunk_mut::<N>() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut::<N>() {
        *to = *last;
    }
    true
}
