//! The languages people work in.

crate::text_column! {
    /// A language that every page exists in; the word is the tag of `<html lang>`.
    pub enum Language { English = "en", Chinese = "zh-Hans", Vietnamese = "vi" }
}

impl Language {
    /// The language's name in itself, as the switch shows it.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
            Self::Vietnamese => "Tiếng Việt",
        }
    }

    /// The first language of an `Accept-Language` header that we speak, by its order of quality.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut wishes: Vec<(u32, Self)> = header
            .split(',')
            .filter_map(|wish| {
                let mut parts = wish.trim().split(';');
                let tag = parts.next()?.trim().to_ascii_lowercase();
                let language = match tag.split('-').next()? {
                    "en" => Self::English,
                    "zh" => Self::Chinese,
                    "vi" => Self::Vietnamese,
                    _ => return None,
                };
                let quality = parts.find_map(|p| p.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1000);
                (quality > 0).then_some((quality, language))
            })
            .collect();
        wishes.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
        wishes.first().map(|(_, language)| *language)
    }
}

fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits: String = format!("{fraction:0<3}").chars().take(3).collect();
    whole.parse::<u32>().unwrap_or(0) * 1000 + digits.parse::<u32>().unwrap_or(0)
}
