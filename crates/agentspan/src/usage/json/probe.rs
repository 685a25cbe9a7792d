//! Finds text and bytes behind any `Serialize` without building a JSON value of them first.
//!
//! A body of bytes that went through `serde_json::to_value` would become one number for each byte, 32 times
//! its size; the text of a string would be copied once more.

use std::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeTuple, Serializer};

use super::{MAX_TEXT, looks_like_json};

/// The value is neither a text nor a sequence of bytes that begins like JSON.
#[derive(Debug)]
pub(super) struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither text nor bytes")
    }
}

impl std::error::Error for NotText {}

impl Error for NotText {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Refused<T> = Impossible<T, NotText>;

/// The methods that both probes refuse, since what they are given is no text.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$output, NotText> {
            Err(NotText)
        }
    )*};
    (newtypes) => {
        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, NotText> {
            value.serialize(self)
        }
        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            value: &T,
        ) -> Result<Self::Ok, NotText> {
            value.serialize(self)
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<Self::Ok, NotText> {
            Err(NotText)
        }
        refuse! {
            serialize_bool(bool) -> Self::Ok;
            serialize_f32(f32) -> Self::Ok;
            serialize_f64(f64) -> Self::Ok;
            serialize_char(char) -> Self::Ok;
            serialize_none() -> Self::Ok;
            serialize_unit() -> Self::Ok;
            serialize_unit_struct(&'static str) -> Self::Ok;
            serialize_unit_variant(&'static str, u32, &'static str) -> Self::Ok;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct(&'static str, usize) -> Self::SerializeStruct;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }
    };
}

/// Hands a text, or bytes that hold a text, to a function; `Ok(None)` when they are too long.
pub(super) struct TextProbe<'f, R>(pub(super) &'f mut dyn FnMut(&str) -> Option<R>);

impl<'f, R> Serializer for TextProbe<'f, R> {
    type Ok = Option<R>;
    type Error = NotText;
    type SerializeSeq = Bytes<'f, R>;
    type SerializeTuple = Bytes<'f, R>;
    type SerializeTupleStruct = Refused<Self::Ok>;
    type SerializeTupleVariant = Refused<Self::Ok>;
    type SerializeMap = Refused<Self::Ok>;
    type SerializeStruct = Refused<Self::Ok>;
    type SerializeStructVariant = Refused<Self::Ok>;

    fn serialize_str(self, text: &str) -> Result<Self::Ok, NotText> {
        Ok((self.0)(text))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Self::Ok, NotText> {
        if bytes.len() > MAX_TEXT {
            return Ok(None);
        }
        std::str::from_utf8(bytes).map(self.0).map_err(|_| NotText)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, NotText> {
        Ok(Bytes { bytes: Vec::new(), read: self.0 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeSeq, NotText> {
        Ok(Bytes { bytes: Vec::new(), read: self.0 })
    }

    refuse! {
        serialize_i8(i8) -> Self::Ok;
        serialize_i16(i16) -> Self::Ok;
        serialize_i32(i32) -> Self::Ok;
        serialize_i64(i64) -> Self::Ok;
        serialize_u8(u8) -> Self::Ok;
        serialize_u16(u16) -> Self::Ok;
        serialize_u32(u32) -> Self::Ok;
        serialize_u64(u64) -> Self::Ok;
    }
    refuse!(newtypes);
}

/// Hands a text to a function, and refuses everything else.
pub(super) struct PlainText<F>(pub(super) F);

impl<R, F: FnOnce(&str) -> R> Serializer for PlainText<F> {
    type Ok = R;
    type Error = NotText;
    type SerializeSeq = Refused<R>;
    type SerializeTuple = Refused<R>;
    type SerializeTupleStruct = Refused<R>;
    type SerializeTupleVariant = Refused<R>;
    type SerializeMap = Refused<R>;
    type SerializeStruct = Refused<R>;
    type SerializeStructVariant = Refused<R>;

    fn serialize_str(self, text: &str) -> Result<R, NotText> {
        Ok((self.0)(text))
    }

    refuse! {
        serialize_i8(i8) -> R;
        serialize_i16(i16) -> R;
        serialize_i32(i32) -> R;
        serialize_i64(i64) -> R;
        serialize_u8(u8) -> R;
        serialize_u16(u16) -> R;
        serialize_u32(u32) -> R;
        serialize_u64(u64) -> R;
        serialize_bytes(&[u8]) -> R;
        serialize_seq(Option<usize>) -> Refused<R>;
        serialize_tuple(usize) -> Refused<R>;
    }
    refuse!(newtypes);
}

/// Hands a text, or bytes as they are, to a function, with whether it is a text; refuses everything else.
pub(super) struct RawBytes<F>(pub(super) F);

impl<R, F: FnOnce(&[u8], bool) -> R> Serializer for RawBytes<F> {
    type Ok = R;
    type Error = NotText;
    type SerializeSeq = Collected<F>;
    type SerializeTuple = Refused<R>;
    type SerializeTupleStruct = Refused<R>;
    type SerializeTupleVariant = Refused<R>;
    type SerializeMap = Refused<R>;
    type SerializeStruct = Refused<R>;
    type SerializeStructVariant = Refused<R>;

    fn serialize_str(self, text: &str) -> Result<R, NotText> {
        Ok((self.0)(text.as_bytes(), true))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<R, NotText> {
        Ok((self.0)(bytes, false))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, NotText> {
        // The length is only told.
        Ok(Collected { bytes: Vec::with_capacity(length.unwrap_or(0).min(1 << 16)), read: self.0 })
    }

    refuse! {
        serialize_i8(i8) -> R;
        serialize_i16(i16) -> R;
        serialize_i32(i32) -> R;
        serialize_i64(i64) -> R;
        serialize_u8(u8) -> R;
        serialize_u16(u16) -> R;
        serialize_u32(u32) -> R;
        serialize_u64(u64) -> R;
        serialize_tuple(usize) -> Refused<R>;
    }
    refuse!(newtypes);
}

/// The bytes of a sequence of them; refuses at the first item that is none.
pub(super) struct Collected<F> {
    bytes: Vec<u8>,
    read: F,
}

impl<R, F: FnOnce(&[u8], bool) -> R> SerializeSeq for Collected<F> {
    type Ok = R;
    type Error = NotText;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotText> {
        self.bytes.push(value.serialize(ByteProbe)?);
        if self.bytes.len() > MAX_TEXT { Err(NotText) } else { Ok(()) }
    }

    fn end(self) -> Result<R, NotText> {
        Ok((self.read)(&self.bytes, false))
    }
}

/// The bytes of a sequence; refuses as soon as it cannot be the text of an object or array.
pub(super) struct Bytes<'f, R> {
    bytes: Vec<u8>,
    read: &'f mut dyn FnMut(&str) -> Option<R>,
}

impl<R> Bytes<'_, R> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotText> {
        let byte = value.serialize(ByteProbe)?;
        if self.bytes.len() < MAX_TEXT {
            self.bytes.push(byte);
        }
        // The first byte that is no space decides, and there is no JSON text with many spaces before it.
        let undecided = self.bytes.trim_ascii_start().is_empty() && self.bytes.len() <= 64;
        if undecided || self.bytes.len() > 64 || looks_like_json(&self.bytes) { Ok(()) } else { Err(NotText) }
    }

    fn finish(self) -> Result<Option<R>, NotText> {
        if !looks_like_json(&self.bytes) {
            return Err(NotText);
        }
        if self.bytes.len() >= MAX_TEXT {
            return Ok(None);
        }
        std::str::from_utf8(&self.bytes).map(self.read).map_err(|_| NotText)
    }
}

impl<R> SerializeSeq for Bytes<'_, R> {
    type Ok = Option<R>;
    type Error = NotText;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotText> {
        self.push(value)
    }

    fn end(self) -> Result<Self::Ok, NotText> {
        self.finish()
    }
}

impl<R> SerializeTuple for Bytes<'_, R> {
    type Ok = Option<R>;
    type Error = NotText;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotText> {
        self.push(value)
    }

    fn end(self) -> Result<Self::Ok, NotText> {
        self.finish()
    }
}

/// Reads one byte, whatever integer type holds it.
struct ByteProbe;

macro_rules! byte_from {
    ($($method:ident: $integer:ty),*) => {$(
        fn $method(self, value: $integer) -> Result<u8, NotText> {
            u8::try_from(value).map_err(|_| NotText)
        }
    )*};
}

impl Serializer for ByteProbe {
    type Ok = u8;
    type Error = NotText;
    type SerializeSeq = Refused<u8>;
    type SerializeTuple = Refused<u8>;
    type SerializeTupleStruct = Refused<u8>;
    type SerializeTupleVariant = Refused<u8>;
    type SerializeMap = Refused<u8>;
    type SerializeStruct = Refused<u8>;
    type SerializeStructVariant = Refused<u8>;

    byte_from! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_u8(self, value: u8) -> Result<u8, NotText> {
        Ok(value)
    }

    refuse! {
        serialize_str(&str) -> u8;
        serialize_bytes(&[u8]) -> u8;
        serialize_seq(Option<usize>) -> Refused<u8>;
        serialize_tuple(usize) -> Refused<u8>;
    }
    refuse!(newtypes);
}
