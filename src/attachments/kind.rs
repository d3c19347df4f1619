//! What a file is, by its first bytes.

crate::text_column! {
    /// The kinds of file that are taken.
    pub enum FileKind {
        Png = "png",
        Jpg = "jpg",
        Rar = "rar",
        Doc = "doc",
        Xls = "xls",
        Xlsx = "xlsx",
        Zip = "zip",
        Mp4 = "mp4",
        Pdf = "pdf",
    }
}

/// Bytes of a file's beginning that [`FileKind::of`] wants to see.
pub const HEAD_BYTES: usize = 8192;

impl FileKind {
    /// What the file is, if its beginning and its name agree on a kind that is taken.
    #[must_use]
    pub fn of(head: &[u8], name: &str) -> Option<Self> {
        let named = match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "jpeg" => Self::Jpg,
            other => other.parse().ok()?,
        };
        named.begins(head).then_some(named)
    }

    fn begins(self, head: &[u8]) -> bool {
        let is = |mime: &str| infer::get(head).is_some_and(|found| found.mime_type() == mime);
        // Word and Excel of old are one kind of container; a sheet of today is a zip that says so inside.
        let container = infer::doc::is_doc(head) || infer::doc::is_xls(head) || head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        let zipped = head.starts_with(b"PK\x03\x04");
        match self {
            Self::Png => is("image/png"),
            Self::Jpg => is("image/jpeg"),
            Self::Rar => is("application/vnd.rar"),
            Self::Doc | Self::Xls => container,
            Self::Xlsx => zipped && [b"xl/".as_slice(), b"[Content_Types].xml"].iter().any(|mark| contains(head, mark)),
            Self::Zip => zipped,
            Self::Mp4 => infer::is_video(head) && head.get(4..8) == Some(b"ftyp"),
            Self::Pdf => is("application/pdf"),
        }
    }

    /// The media type under which it is handed out.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpg => "image/jpeg",
            Self::Rar => "application/vnd.rar",
            Self::Doc => "application/msword",
            Self::Xls => "application/vnd.ms-excel",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Zip => "application/zip",
            Self::Mp4 => "video/mp4",
            Self::Pdf => "application/pdf",
        }
    }

    /// What a file input asks the browser to offer.
    #[must_use]
    pub fn accept() -> String {
        let endings = Self::ALL.iter().map(|kind| format!(".{}", kind.word()));
        endings.chain([".jpeg".to_owned()]).collect::<Vec<_>>().join(",")
    }
}

fn contains(head: &[u8], mark: &[u8]) -> bool {
    head.windows(mark.len()).any(|window| window == mark)
}

/// A file's name as it is kept and shown: the last part of whatever path was sent, without signs that steer.
#[must_use]
pub fn clean_name(name: &str) -> String {
    const MOST: usize = 120;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let steers = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = last.chars().filter(|c| !steers(*c) && !matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*')).collect();
    let clean = clean.trim().trim_start_matches('.').to_owned();
    let count = clean.chars().count();
    // The end is what tells the kind.
    if count > MOST { clean.chars().skip(count - MOST).collect() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR";
        let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more";
        let sheet = b"PK\x03\x04\x14\x00\x00\x00\x08\x00........[Content_Types].xml";
        let cases: [(&[u8], &str, Option<FileKind>); 14] = [
            (png, "a.png", Some(FileKind::Png)),
            (png, "a.PNG", Some(FileKind::Png)),
            (png, "a.jpg", None),
            (png, "png", None),
            (b"<html><script>", "a.png", None),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "a.jpeg", Some(FileKind::Jpg)),
            (b"%PDF-1.7\n", "a.pdf", Some(FileKind::Pdf)),
            (ole, "a.doc", Some(FileKind::Doc)),
            (ole, "a.xls", Some(FileKind::Xls)),
            (sheet, "a.xlsx", Some(FileKind::Xlsx)),
            (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "a.zip", Some(FileKind::Zip)),
            (b"Rar!\x1a\x07\x01\x00", "a.rar", Some(FileKind::Rar)),
            (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "a.mp4", Some(FileKind::Mp4)),
            (b"MZ\x90\x00", "a.exe", None),
        ];
        for (head, name, kind) in cases {
            assert_eq!(FileKind::of(head, name), kind, "{name}");
        }
    }

    #[test]
    fn names_lead_nowhere() {
        for (name, clean) in [
            ("../../etc/passwd.pdf", "passwd.pdf"),
            ("C:\\Users\\x\\证明.pdf", "证明.pdf"),
            (".htaccess", "htaccess"),
            ("a\u{202e}gpj.exe.png", "agpj.exe.png"),
            ("a\r\nb\".png", "ab.png"),
        ] {
            assert_eq!(clean_name(name), clean);
        }
        assert_eq!(clean_name(&("x".repeat(500) + ".pdf")).len(), 120);
    }
}
