//! The two forms in which this crate writes down its names and words, so that nothing is written twice.

/// A namespace: each entry becomes a constant with its documentation and, with the same text, a row of the table.
macro_rules! names {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $text:literal : $kind:ident $([$unit:literal])? on $spans:ident
            $(. $method:ident ($($arg:expr)?))* ;
    )+) => {
        $(
            $(#[doc = $doc])+
            #[doc = ""]
            #[doc = concat!(
                "`", $text, "`, [`", stringify!($kind), "`](crate::table::ValueType::", stringify!($kind), ")",
                $(" in `", $unit, "`",)? "."
            )]
            pub const $name: &str = $text;
        )+

        /// The rows that this namespace adds to [`ATTRIBUTES`](crate::table::ATTRIBUTES).
        pub(crate) const ROWS: &[crate::table::Attribute] = &[$(
            crate::table::Attribute::new(
                $text,
                crate::table::ValueType::$kind,
                crate::table::$spans,
                concat!($($doc),+),
            )
            $(.unit($unit))?
            $(.$method($($arg)?))*
        ),+];
    };
}

/// A closed list of words: an enum, the word of each variant, and the way back.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* #[doc = concat!(" `", $word, "`.")] $variant, )+
        }

        impl $name {
            /// Every variant, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is recorded.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::values::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::values::UnknownWord::new(word, &[$($word),+])),
                }
            }
        }
    };
}
