//! The templates that people fill in.

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, DocProperties, Format, Workbook, XlsxError};

use super::columns::Column;
use super::model::BatchKind;
use crate::kernel::language::Language;
use crate::web::words::{Message, say};

/// The version that a template says it is of.
pub const VERSION: &str = "afterfare-1";

/// Rows of the template that are prepared.
const PREPARED_ROWS: u32 = 20_000;

/// The columns of a kind's template.
#[must_use]
pub fn header(kind: BatchKind) -> Vec<&'static str> {
    Column::of(kind).iter().map(|column| column.name()).collect()
}

/// The template as XLSX: instructions in the reader's language, and a sheet `data` whose cells are all text, so that no
/// spreadsheet takes an order number for a number.
///
/// # Errors
/// The library's own.
pub fn xlsx(kind: BatchKind, language: Language, most: i64) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_title("Afterfare").set_subject(VERSION).set_comment(VERSION));
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let head = Format::new().set_bold().set_num_format("@");
    let about = workbook.add_worksheet().set_name("Instructions")?;
    about.set_column_width(0, 22)?.set_column_width(1, 90)?;
    let wrapped = Format::new().set_text_wrap();
    about.write_string_with_format(0, 0, say(language, &format!("template-{}-title", kind.word())), &bold)?;
    about.write_string_with_format(1, 1, Message::new("template-limit").count("max", most).say(language), &wrapped)?;
    about.write_string_with_format(2, 1, say(language, "template-text"), &wrapped)?;
    for (row, column) in (4u32..).zip(Column::of(kind)) {
        about.write_string_with_format(row, 0, column.name(), &bold)?;
        let key = format!("template-{}", column.name().replace('_', "-"));
        about.write_string_with_format(row, 1, say(language, &key), &wrapped)?;
    }
    let data = workbook.add_worksheet().set_name("data")?;
    data.set_freeze_panes(1, 0)?;
    for (place, column) in (0u16..).zip(Column::of(kind)) {
        data.write_string_with_format(0, place, column.name(), &head)?;
        data.set_column_format(place, &text)?.set_column_width(place, 24)?;
        let title = say(language, "template-check");
        let validation = match column {
            Column::Reason => DataValidation::new().allow_list_strings(&["voluntary", "involuntary"])?,
            _ => DataValidation::new().allow_text_length(rust_xlsxwriter::DataValidationRule::LessThanOrEqualTo(200)),
        };
        let key = format!("template-{}-short", column.name().replace('_', "-"));
        let message = say(language, &key);
        let validation = validation
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title(shortened(&title, 32))?
            .set_error_message(shortened(&message, 220))?
            .set_input_title(shortened(column.name(), 32))?
            .set_input_message(shortened(&message, 220))?;
        data.add_data_validation(1, place, PREPARED_ROWS, place, &validation)?;
    }
    workbook.save_to_buffer()
}

/// What a spreadsheet takes at most.
fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The template as CSV, with the mark by which spreadsheets know UTF-8.
#[must_use]
pub fn csv(kind: BatchKind) -> Vec<u8> {
    format!("\u{feff}{}\r\n", header(kind).join(",")).into_bytes()
}
