//! CSV and its relatives: which encoding, which separator, which line.

use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};

use super::cell::{Cell, Row, Table};
use super::identifying::fold_header;
use super::reading::Bounds;
use crate::web::words::Message;

const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads a text file.
///
/// # Errors
/// A sentence that says what is wrong, and in which line.
pub fn read(bytes: &[u8], bounds: &Bounds) -> Result<Table, Message> {
    let text = decoded(bytes, bounds)?;
    let text = text.trim_start_matches('\u{feff}');
    let (separator, skipped, body) = separator_of(text, bounds);
    if let Some(line) = astray(body.as_bytes(), separator) {
        return Err(Message::new("sheet-open-quote").count("line", line + skipped));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(body.as_bytes());
    let (mut table, mut has_header) = (Table::default(), false);
    let mut lines = Lines { text: body.as_bytes(), at: 0, line: 1 + skipped };
    let mut record = csv::StringRecord::new();
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if !reader.read_record(&mut record).map_err(|_| Message::new("sheet-damaged"))? {
            break;
        }
        let line = lines.line_of(start);
        check_record(&record, line, bounds)?;
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if has_header {
            bounds.check_rows(table.rows.len())?;
            table.rows.push(Row { line, cells: record.iter().map(Cell::text).collect() });
        } else {
            has_header = true;
            table.header = record.iter().map(|field| field.trim().to_owned()).collect();
        }
    }
    Ok(table)
}

/// The line of a quotation mark that is never closed, or whose field goes on behind the closing one: it has swallowed the
/// lines up to the next mark, however few they are.
fn astray(text: &[u8], separator: u8) -> Option<i64> {
    enum At {
        Beginning,
        Plain,
        Quoted,
        Closed,
    }
    let (mut at, mut line, mut opened) = (At::Beginning, 1, 1);
    for (place, byte) in text.iter().enumerate() {
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) | (At::Closed, b'"') => At::Quoted,
            (_, byte) if byte == separator || matches!(byte, b'\r' | b'\n') => At::Beginning,
            (At::Beginning, b'"') => {
                opened = line;
                At::Quoted
            }
            (At::Closed, b' ' | b'\t') => At::Closed,
            (At::Closed, _) => return Some(opened),
            (At::Beginning | At::Plain, _) => At::Plain,
        };
        if *byte == b'\n' || (*byte == b'\r' && text.get(place + 1) != Some(&b'\n')) {
            line += 1;
        }
    }
    matches!(at, At::Quoted).then_some(opened)
}

/// A text that is too long is not read.
fn check_record(record: &csv::StringRecord, line: i64, bounds: &Bounds) -> Result<(), Message> {
    if record.iter().any(|field| field.len() > bounds.max_cell_chars * 4 || field.chars().count() > bounds.max_cell_chars) {
        return Err(Message::new("sheet-open-quote").count("line", line));
    }
    if record.len() > bounds.max_columns {
        return Err(Message::new("sheet-many-columns").count("line", line).count("max", i64::try_from(bounds.max_columns).unwrap_or(0)));
    }
    Ok(())
}

/// Counts the lines of a file as an editor shows them; the parser's own count is off with CRLF.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: i64,
}

impl Lines<'_> {
    fn line_of(&mut self, byte: usize) -> i64 {
        // A record begins after blank lines that the parser passes over.
        let mut begin = byte.min(self.text.len());
        while begin < self.text.len() && matches!(self.text[begin], b'\r' | b'\n') {
            begin += 1;
        }
        while self.at < begin {
            let next = self.text.get(self.at + 1);
            if self.text[self.at] == b'\n' || (self.text[self.at] == b'\r' && next != Some(&b'\n')) {
                self.line += 1;
            }
            self.at += 1;
        }
        self.line
    }
}

/// A byte order mark, strict UTF-8, what the user said, or the encoding in which the header is one that we know.
fn decoded(bytes: &[u8], bounds: &Bounds) -> Result<String, Message> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strictly(encoding, &bytes[mark..]).ok_or_else(|| Message::new("sheet-damaged"));
    }
    if let Some(chosen) = bounds.encoding.as_deref().and_then(|label| Encoding::for_label(label.as_bytes())) {
        return strictly(chosen, bytes).ok_or_else(|| Message::new("sheet-encoding"));
    }
    if let Some(text) = strictly(UTF_8, bytes) {
        return Ok(text);
    }
    let first = bytes.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    // A header of plain letters is the same in all of them and decides nothing.
    let telling = !first.is_ascii();
    let fits = |encoding: &&'static Encoding| {
        let (header, _, _) = encoding.decode(first);
        header.split([',', ';', '\t', '|']).any(|name| bounds.knows(&fold_header(name.trim().trim_matches('"'))) && !name.is_ascii())
    };
    let found = [GB18030, BIG5, WINDOWS_1258, WINDOWS_1252].into_iter().filter(|_| telling).find(fits);
    found.and_then(|encoding| strictly(encoding, bytes)).ok_or_else(|| Message::new("sheet-encoding"))
}

fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    // UTF-16 without its second half of a letter is damaged, not guessed at.
    if [UTF_16LE, UTF_16BE].contains(&encoding) && bytes.len() % 2 == 1 {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// The separator, the lines before the table that only name it, and the table.
fn separator_of<'a>(text: &'a str, bounds: &Bounds) -> (u8, i64, &'a str) {
    let first = text.lines().next().unwrap_or_default();
    let named = first.strip_prefix("sep=").or_else(|| first.strip_prefix("SEP=")).and_then(|rest| rest.bytes().next());
    if let Some(named) = named.filter(|byte| SEPARATORS.contains(byte)) {
        return (named, 1, text.split_once('\n').map_or("", |(_, rest)| rest));
    }
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let knows =
        |separator: u8| header.split(char::from(separator)).filter(|name| bounds.knows(&fold_header(name.trim_matches('"')))).count();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    let best = SEPARATORS.into_iter().rev().max_by_key(|separator| (knows(*separator), count(*separator)));
    (best.unwrap_or(b','), 0, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(known: &[&str]) -> Bounds {
        Bounds { known_headers: known.iter().map(|name| fold_header(name)).collect(), ..Bounds::default() }
    }

    fn first_cells(bytes: &[u8], known: &[&str]) -> Result<Vec<(i64, String)>, String> {
        let table = read(bytes, &bounds(known)).map_err(|message| message.key)?;
        Ok(table.rows.iter().map(|row| (row.line, row.cells[0].1.clone())).collect())
    }

    #[test]
    fn every_separator_and_encoding_that_spreadsheets_write() {
        let known = ["order_no", "订单号", "訂單號", "Mã đơn"];
        let row = |line| Ok(vec![(line, "A1".to_owned())]);
        assert_eq!(first_cells(b"order_no,x\r\nA1,2\r\n", &known), row(2));
        assert_eq!(first_cells(b"order_no;x\nA1;2\n", &known), row(2));
        assert_eq!(first_cells(b"sep=;\r\norder_no;x,y\r\nA1;2\r\n", &known), row(3));
        let utf16: Vec<u8> = "\u{feff}order_no\tx\r\nA1\t2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(first_cells(&utf16, &known), row(2));
        assert_eq!(first_cells(&GB18030.encode("订单号,备注\nA1,退票\n").0, &known), row(2));
        assert_eq!(first_cells(&BIG5.encode("訂單號,備註\nA1,退票\n").0, &known), row(2));
        assert_eq!(first_cells(&GB18030.encode("order_no,备注\nA1,退票\n").0, &known), Err("sheet-encoding".to_owned()));
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let text = b"order_no,x\r\n\r\nA1,\"two\r\nlines\"\r\nA2,3\r\n";
        assert_eq!(first_cells(text, &["order_no"]), Ok(vec![(3, "A1".to_owned()), (5, "A2".to_owned())]));
        let open = format!("order_no,x\nA1,\"never closed\n{}", "A2,3\n".repeat(2000));
        let complaint = |text: &str| read(text.as_bytes(), &bounds(&["order_no"])).err();
        let at = |line| Some(Message::new("sheet-open-quote").count("line", line));
        assert_eq!(complaint(&open), at(2));
        // However few lines it swallows, and whether another mark ends it or none.
        assert_eq!(complaint("order_no,x\nA1,1\nA2,\"open\nA3,3\n"), at(3));
        assert_eq!(complaint("sep=,\r\norder_no,x\r\nA1,\"open\r\nA2,2\r\nA3,\"closed\"\r\n"), at(3));
        let harmless = "order_no,x\nA1,a 5\" pipe\nA2,\"he said \"\"no\"\"\" \nA3,\"\"\n";
        assert_eq!(first_cells(harmless.as_bytes(), &["order_no"]).map(|rows| rows.len()), Ok(3));
    }
}
