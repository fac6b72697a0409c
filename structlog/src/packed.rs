use std::cell::Cell;

use throughline_schema::Delivery;

thread_local! {
    /// Room that is kept for the next event that is held back.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The lines of one event for all outputs of a logger, as one piece of bytes for a [`Hold`](throughline_ctx::Hold): so that the event is held, or goes, as a whole.
///
/// How it is delivered in one byte, and then, for each line, the place of the output in one, the length in four, and the line.
pub(crate) struct Packed(Vec<u8>);

impl Packed {
    pub(crate) fn with(delivery: Delivery, take: impl FnOnce(&mut Packed)) {
        let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
        room.clear();
        room.push(u8::from(delivery == Delivery::Must));
        let mut packed = Packed(room);
        take(&mut packed);
        let _ = ROOM.try_with(|room| room.set(packed.0));
    }

    pub(crate) fn add(&mut self, at: u8, line: &[u8]) {
        // A line is shorter than a megabyte.
        let len = line.len() as u32;
        self.0.push(at);
        self.0.extend_from_slice(&len.to_le_bytes());
        self.0.extend_from_slice(line);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What was packed: how it is delivered, and the lines, each with the place of its output.
pub(crate) fn read(packed: &[u8]) -> (Delivery, impl Iterator<Item = (u8, &[u8])>) {
    let (delivery, mut rest) = match packed.split_first() {
        Some((1, rest)) => (Delivery::Must, rest),
        Some((_, rest)) => (Delivery::ByLevel, rest),
        None => (Delivery::ByLevel, packed),
    };
    let lines = std::iter::from_fn(move || {
        let ([at, len @ ..], after) = rest.split_first_chunk::<5>()?;
        let (line, others) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        rest = others;
        Some((*at, line))
    });
    (delivery, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read() {
        for delivery in [Delivery::ByLevel, Delivery::Must] {
            Packed::with(delivery, |packed| {
                packed.add(0, b"{}\n");
                packed.add(255, b"");
                packed.add(7, &[b'x'; 300]);
                let (read, lines) = read(packed.as_bytes());
                assert_eq!(read, delivery);
                let lines: Vec<_> = lines.collect();
                assert_eq!(lines, [(0, b"{}\n".as_slice()), (255, b""), (7, &[b'x'; 300])]);
            });
        }
        assert_eq!(read(b"").1.count(), 0);
    }
}
