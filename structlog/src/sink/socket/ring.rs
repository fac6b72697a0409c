//! A bounded buffer of lines: many threads put them in, one takes them out.
//!
//! One region of 64-bit words, used round and round. A record is a header word and the line, padded to words. A thread
//! that has a line reserves room by moving `reserved`, copies, and then stores the header; so one that is descheduled in between keeps the reader waiting, but no
//! other writer. The reader moves `released` when the room can be used again.
//!
//! All words are atomics, so that the compiler checks what would otherwise be an argument. A word is copied at a time, which costs
//! about what `memcpy` does for lines of some hundred bytes.
//!
//! # Headers
//!
//! `released <= position of any record < reserved`, and positions only ever grow. A header holds the length of the line and the lap, that is how
//! often the region was used before. A word that no header of this lap was stored to yet is
//! - zero, if it was never used, and no header is zero;
//! - a header of an earlier lap, which differs in the lap. Each lap writes every word, so that the lap before is the only one of which headers are left;
//! - text, in which the byte `0x01`, the highest of a header, never occurs: a line holds no control character but its line feed, and padding is zero.

use std::sync::atomic::{AtomicU64, Ordering};

const WORD: usize = size_of::<u64>();
const MARK: u64 = 0x01 << 56;
const LAPS: u64 = 1 << 24;

/// The bounded buffer.
#[derive(Debug)]
pub(super) struct Ring {
    words: Box<[AtomicU64]>,
    reserved: Padded<Reserved>,
    released: Padded,
    /// Up to where lines were reserved when the reader last looked: it looks again when it comes there, so that it does not take `reserved` from writers for every line.
    seen: Padded,
}

/// On a cache line of its own: writers move one of them, and the reader the other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T = AtomicU64>(T);

/// What writers move.
#[derive(Debug, Default)]
struct Reserved {
    /// Up to where room is taken.
    end: AtomicU64,
    /// For how many lines.
    lines: AtomicU64,
}

/// A place in the stream of records, in words since the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Position(u64);

impl Ring {
    /// A ring that holds `bytes` bytes, headers included, rounded up to a power of two.
    pub(super) fn new(bytes: usize) -> Ring {
        let words = (bytes / WORD).next_power_of_two();
        let words = (0..words).map(|_| AtomicU64::new(0)).collect();
        Ring {
            words,
            reserved: Padded::default(),
            released: Padded::default(),
            seen: Padded::default(),
        }
    }

    /// Puts a line in, if afterwards no more than `share` of the ring is used.
    pub(super) fn push(&self, line: &[u8], share: Share) -> bool {
        let capacity = self.words.len() as u64;
        let record = words_of(line.len());
        let limit = share.of(capacity);
        let mut start = self.reserved.0.end.load(Ordering::Relaxed);
        loop {
            // Acquire: what the reader took out of this room, it took before this thread puts something in.
            let used = start.saturating_sub(self.released.0.load(Ordering::Acquire));
            if record > limit || used > limit - record {
                return false;
            }
            let end = start + record;
            match self.reserved.0.end.compare_exchange_weak(
                start,
                end,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => start = now,
            }
        }
        self.copy_in(start + 1, line);
        self.reserved.0.lines.fetch_add(1, Ordering::Relaxed);
        // Release: who sees the header sees the line.
        self.word(start).store(self.header(start, line.len()), Ordering::Release);
        true
    }

    /// Copies the line at a position to the beginning of `out`, and returns its length and the position of the next. `None` if it is not there yet, or if `out` is not
    /// [long enough](padded) for it. What follows the line within that length is overwritten, too.
    pub(super) fn read(&self, at: Position, out: &mut [u8]) -> Option<(usize, Position)> {
        let (len, next) = self.peek(at)?;
        let out = out.get_mut(..padded(len))?.as_chunks_mut::<WORD>().0;
        let (begin, end) = self.words_at(at.0 + 1, out.len());
        let (out_begin, out_end) = out.split_at_mut(begin.len());
        for (words, out) in [(begin, out_begin), (end, out_end)] {
            for (word, out) in words.iter().zip(out) {
                *out = word.load(Ordering::Relaxed).to_ne_bytes();
            }
        }
        Some((len, next))
    }

    /// The length of the line at a position, in bytes, and the position of the next. `None` if it is not there yet.
    #[inline]
    pub(super) fn peek(&self, at: Position) -> Option<(usize, Position)> {
        if at.0 >= self.seen.0.load(Ordering::Relaxed) {
            self.seen.0.store(self.reserved.0.end.load(Ordering::Relaxed), Ordering::Relaxed);
            if at.0 >= self.seen.0.load(Ordering::Relaxed) {
                return None;
            }
        }
        let header = self.word(at.0).load(Ordering::Acquire);
        let len = (header & u64::from(u32::MAX)) as usize;
        (header == self.header(at.0, len)).then(|| (len, Position(at.0 + words_of(len))))
    }

    /// Gives back the room of all that stands before a position. Only the reader does.
    pub(super) fn release(&self, to: Position) {
        self.released.0.store(to.0, Ordering::Release);
    }

    /// Up to where room was given back.
    pub(super) fn released(&self) -> Position {
        Position(self.released.0.load(Ordering::Acquire))
    }

    /// The end of what was put in, or is just being put in.
    pub(super) fn end(&self) -> Position {
        Position(self.reserved.0.end.load(Ordering::Acquire))
    }

    /// How many lines were put in, or are just being put in.
    pub(super) fn lines(&self) -> u64 {
        self.reserved.0.lines.load(Ordering::Relaxed)
    }

    /// How many bytes there are, headers included.
    pub(super) fn size(&self) -> u64 {
        (self.words.len() * WORD) as u64
    }

    /// How many of them are used.
    pub(super) fn used(&self) -> u64 {
        // Released first: it never passes the end that is read after it.
        let released = self.released().0;
        (self.end().0 - released) * WORD as u64
    }

    fn copy_in(&self, position: u64, line: &[u8]) {
        let (words, rest) = line.as_chunks::<WORD>();
        let (begin, end) = self.words_at(position, words.len());
        let (words_begin, words_end) = words.split_at(begin.len());
        for (slots, words) in [(begin, words_begin), (end, words_end)] {
            for (slot, word) in slots.iter().zip(words) {
                slot.store(u64::from_ne_bytes(*word), Ordering::Relaxed);
            }
        }
        if !rest.is_empty() {
            let mut word = [0; WORD];
            word[..rest.len()].copy_from_slice(rest);
            let last = position + words.len() as u64;
            self.word(last).store(u64::from_ne_bytes(word), Ordering::Relaxed);
        }
    }

    /// Some words from a position on, in two parts where the region ends between them.
    #[inline]
    fn words_at(&self, position: u64, count: usize) -> (&[AtomicU64], &[AtomicU64]) {
        let (before, from) = self.words.split_at(position as usize & (self.words.len() - 1));
        let here = count.min(from.len());
        (&from[..here], &before[..count - here])
    }

    #[inline]
    fn word(&self, position: u64) -> &AtomicU64 {
        &self.words[position as usize & (self.words.len() - 1)]
    }

    fn header(&self, position: u64, len: usize) -> u64 {
        let lap = position / self.words.len() as u64 % LAPS;
        MARK | lap << 32 | len as u64
    }
}

/// The room that reading a line of `len` bytes takes.
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(WORD)
}

/// The words of a record with a line of `len` bytes.
fn words_of(len: usize) -> u64 {
    1 + len.div_ceil(WORD) as u64
}

/// How much of the ring may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(u64);

impl Share {
    pub(super) const ALL: Share = Share(8);

    pub(super) const fn eighths(eighths: u64) -> Share {
        Share(eighths)
    }

    fn of(self, capacity: u64) -> u64 {
        capacity / 8 * self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<u8> {
        format!("{text}\n").into_bytes()
    }

    /// The line at a position, and the position of the next.
    fn read(ring: &Ring, at: Position) -> Option<(Vec<u8>, Position)> {
        let mut out = vec![0; 4096];
        let (len, next) = ring.read(at, &mut out)?;
        out.truncate(len);
        Some((out, next))
    }

    #[test]
    fn lines_come_out_in_order_over_many_laps() {
        let ring = Ring::new(256);
        let mut at = Position::default();
        for round in 0..500 {
            let text = line(&"x".repeat(round % 50));
            assert!(ring.push(&text, Share::ALL));
            let (out, next) = read(&ring, at).unwrap();
            assert_eq!(out, text);
            assert_eq!(read(&ring, next), None);
            ring.release(next);
            at = next;
        }
    }

    #[test]
    fn a_full_ring_takes_nothing_until_room_is_released() {
        let ring = Ring::new(64);
        let text = line("1234567"); // two words with its header
        for _ in 0..4 {
            assert!(ring.push(&text, Share::ALL));
        }
        assert!(!ring.push(&text, Share::ALL));
        let (_, next) = read(&ring, Position::default()).unwrap();
        assert!(!ring.push(&text, Share::ALL), "what is read is not released yet");
        ring.release(next);
        assert!(ring.push(&text, Share::ALL));
        assert!(!ring.push(&text, Share::ALL));
    }

    #[test]
    fn a_line_is_not_read_into_less_room_than_it_takes() {
        let ring = Ring::new(64);
        ring.push(&line("12345678"), Share::ALL);
        let mut out = [b'x'; 17];
        assert_eq!(ring.read(Position::default(), &mut out[..15]), None);
        assert!(ring.read(Position::default(), &mut out[..16]).is_some());
        assert_eq!(&out, b"12345678\n\0\0\0\0\0\0\0x");
    }

    #[test]
    fn a_share_leaves_the_rest_to_others() {
        let ring = Ring::new(64);
        let text = line("1234567");
        assert!(ring.push(&text, Share::eighths(4)));
        assert!(ring.push(&text, Share::eighths(4)));
        assert!(!ring.push(&text, Share::eighths(4)));
        assert!(ring.push(&text, Share::ALL));
    }

    #[test]
    fn a_line_that_could_never_fit_is_refused() {
        let ring = Ring::new(64);
        assert!(!ring.push(&line(&"x".repeat(64)), Share::ALL));
        assert!(ring.push(&line("x"), Share::ALL));
    }

    #[test]
    fn what_was_put_in_by_many_threads_comes_out_once_and_whole() {
        const THREADS: usize = 4;
        const LINES: usize = if cfg!(miri) { 20 } else { 20_000 };
        let ring = Ring::new(if cfg!(miri) { 512 } else { 8192 });
        let mut seen = [0; THREADS];
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let ring = &ring;
                scope.spawn(move || {
                    for number in 0..LINES {
                        let text = line(&format!("{thread} {number} {}", "x".repeat(number % 60)));
                        while !ring.push(&text, Share::ALL) {
                            std::thread::yield_now();
                        }
                    }
                });
            }
            let mut at = Position::default();
            while seen.iter().sum::<usize>() < THREADS * LINES {
                let Some((out, next)) = read(&ring, at) else {
                    std::thread::yield_now();
                    continue;
                };
                at = next;
                ring.release(at);
                let text = str::from_utf8(&out).unwrap().strip_suffix('\n').unwrap();
                let mut parts = text.split(' ');
                let thread: usize = parts.next().unwrap().parse().unwrap();
                let number: usize = parts.next().unwrap().parse().unwrap();
                assert_eq!(number, seen[thread], "each thread's lines keep their order");
                assert_eq!(parts.next().unwrap().len(), number % 60);
                seen[thread] += 1;
            }
        });
        assert_eq!(seen, [LINES; THREADS]);
    }
}
