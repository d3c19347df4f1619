//! Enums that are stored, sent and shown by one stable word each.

/// A stored word that no variant of the enum has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    pub of: &'static str,
    pub word: String,
}

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "“{}” is not a {}", self.word, self.of)
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum whose variants have one word each: the same in SQL, URLs, JSON and message keys.
#[macro_export]
macro_rules! text_column {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every variant, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::kernel::text_column::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Self::Err { of: stringify!($name), word: word.to_owned() }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::kernel::text_column::UnknownWord;
            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
