//! Takes a file apart into orders: one object, an array of them, or one per line. Holds one order at a time, however
//! long the file is, and finds the next order after a broken one.

use std::io::BufRead;

/// The text of one order, and where it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which order of the file it is, from 0.
    pub index: usize,
    /// Line of its first character, from 1.
    pub line: usize,
    pub text: Result<String, String>,
}

/// An order longer than this is refused: it is no order.
pub const MAX_ORDER_BYTES: usize = 1024 * 1024;

/// The orders of an input, one after the other.
pub struct Pieces<R> {
    input: R,
    index: usize,
    line: usize,
    /// One order per line: a line that begins a new one ends a broken one.
    by_line: Option<bool>,
    at_line_start: bool,
    peeked: Option<u8>,
    done: bool,
}

impl<R: BufRead> Pieces<R> {
    /// Begins to read.
    pub fn new(input: R) -> Self {
        Self { input, index: 0, line: 1, by_line: None, at_line_start: true, peeked: None, done: false }
    }

    fn next_byte(&mut self) -> std::io::Result<Option<u8>> {
        if let Some(byte) = self.peeked.take() {
            return Ok(Some(byte));
        }
        let buffer = self.input.fill_buf()?;
        let Some(byte) = buffer.first().copied() else { return Ok(None) };
        self.input.consume(1);
        Ok(Some(byte))
    }

    fn seen(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line += 1;
        }
        self.at_line_start = byte == b'\n';
    }

    /// The first byte of the next order; commas, brackets of an array, blanks and a byte order mark stand between.
    fn first_byte(&mut self) -> std::io::Result<Option<u8>> {
        while let Some(byte) = self.next_byte()? {
            match byte {
                b'[' | b']' => self.by_line = self.by_line.or(Some(false)),
                b',' | b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF => {}
                other => return Ok(Some(other)),
            }
            self.seen(byte);
        }
        Ok(None)
    }

    fn piece(&mut self) -> std::io::Result<Option<Piece>> {
        let Some(first) = self.first_byte()? else { return Ok(None) };
        let (line, index) = (self.line, self.index);
        self.index += 1;
        let text = if first == b'{' { self.object()? } else { self.other(first)? };
        Ok(Some(Piece { index, line, text }))
    }

    /// Reads until the object's last brace.
    fn object(&mut self) -> std::io::Result<Result<String, String>> {
        let (mut text, mut depth, mut in_string, mut escaped) = (vec![b'{'], 1u32, false, false);
        self.at_line_start = false;
        while let Some(byte) = self.next_byte()? {
            if self.at_line_start && byte == b'{' && self.by_line == Some(true) {
                self.peeked = Some(byte);
                return Ok(Err("the order ends in the middle of the line".to_owned()));
            }
            if byte == b'\n' && self.by_line.is_none() {
                self.by_line = Some(text.len() > 2);
            }
            self.seen(byte);
            if text.len() < MAX_ORDER_BYTES {
                text.push(byte);
            } else if byte == b'\n' {
                return Ok(Err(format!("the order is longer than {MAX_ORDER_BYTES} bytes")));
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(String::from_utf8(text).map_err(|_| "the order is not UTF-8".to_owned()));
            }
        }
        Ok(Err("the file ends in the middle of the order".to_owned()))
    }

    /// Something that is no object: its line is skipped.
    fn other(&mut self, first: u8) -> std::io::Result<Result<String, String>> {
        let mut text = vec![first];
        while let Some(byte) = self.next_byte()? {
            self.seen(byte);
            if byte == b'\n' {
                break;
            }
            if text.len() < 40 {
                text.push(byte);
            }
        }
        Ok(Err(format!("expected an order that begins with {{, found {}", String::from_utf8_lossy(&text).trim())))
    }
}

impl<R: BufRead> Iterator for Pieces<R> {
    type Item = std::io::Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let piece = self.piece();
        self.done = !matches!(piece, Ok(Some(_)));
        piece.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(usize, Result<String, ()>)> {
        Pieces::new(text.as_bytes()).map(|piece| piece.expect("memory does not fail")).map(|p| (p.line, p.text.map_err(|_| ()))).collect()
    }

    #[test]
    fn one_object_an_array_or_one_per_line() {
        assert_eq!(pieces("{\n \"a\": \"}\\\"\"\n}\n"), [(1, Ok("{\n \"a\": \"}\\\"\"\n}".to_owned()))]);
        assert_eq!(pieces("[\n{\"a\":[1]},\n{}]"), [(2, Ok("{\"a\":[1]}".to_owned())), (3, Ok("{}".to_owned()))]);
        assert_eq!(pieces("\u{feff}{\"a\":1}\r\n\r\n{\"b\":2}"), [(1, Ok("{\"a\":1}".to_owned())), (3, Ok("{\"b\":2}".to_owned()))]);
    }

    #[test]
    fn a_broken_line_costs_only_itself() {
        let found = pieces("{\"a\":1}\n{\"b\":[1\n{\"c\":3}\nrubbish\n{\"d\":\"\n{\"e\":5}\n");
        let good: Vec<_> = found.iter().filter_map(|(line, text)| text.clone().ok().map(|text| (*line, text))).collect();
        assert_eq!(good, [(1, "{\"a\":1}".to_owned()), (3, "{\"c\":3}".to_owned()), (6, "{\"e\":5}".to_owned())]);
        assert_eq!(found.iter().filter(|(_, text)| text.is_err()).map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5]);
    }
}
