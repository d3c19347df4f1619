//! Text made comparable: names without case and diacritics, identifiers without what spreadsheets and chats add.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A name as it is searched: no diacritics (đ is d), upper case, words separated by one blank.
#[must_use]
pub fn fold_name(name: &str) -> String {
    let letters: String = name
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            'đ' | 'Đ' => 'D',
            'ø' | 'Ø' => 'O',
            'ł' | 'Ł' => 'L',
            c if c.is_alphanumeric() || c == '\'' => c,
            _ => ' ',
        })
        .flat_map(char::to_uppercase)
        .filter(|c| *c != '\'')
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An identifier as it is compared: full-width forms made plain, format characters and blanks removed, upper case.
#[must_use]
pub fn fold_identifier(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && !c.is_control() && !is_format_character(*c)).flat_map(char::to_uppercase).collect()
}

/// A ticket number as it is compared: an identifier without its dashes.
#[must_use]
pub fn fold_ticket_number(text: &str) -> String {
    fold_identifier(text).replace('-', "")
}

/// The keys under which a name is found: itself from each of its words on, so that any run of words matches.
#[must_use]
pub fn name_keys(name: &str) -> Vec<String> {
    let folded = fold_name(name);
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).collect();
    (0..words.len()).map(|start| [&words[start..], &words[..start]].concat().join(" ")).collect()
}

fn is_format_character(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_case_diacritics_and_the_vietnamese_d() {
        assert_eq!(fold_name("Nguyễn/Đức Ánh"), "NGUYEN DUC ANH");
        assert_eq!(fold_name("o'neil/ Peter  James"), "ONEIL PETER JAMES");
        assert_eq!(name_keys("LE/MINH ANH"), ["LE MINH ANH", "MINH ANH LE", "ANH LE MINH"]);
    }

    #[test]
    fn identifiers_lose_what_copying_adds() {
        assert_eq!(fold_identifier(" \u{feff}ＡＢＣ\u{200b}１２ \u{a0}x"), "ABC12X");
        assert_eq!(fold_ticket_number("738-2345678901"), "7382345678901");
    }
}
