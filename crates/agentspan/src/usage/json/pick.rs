//! Picking one kind of value out of whatever `Serialize` gives, without building a JSON value of the rest first.

use std::fmt;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};

/// Takes the kinds of values whose methods it has, and refuses all others.
pub(crate) trait Pick: Sized {
    type Picked;
    /// Takes the items of a sequence; [`Nothing`] where none is taken.
    type Items: SerializeSeq<Ok = Self::Picked, Error = Refused>;
    /// Takes the fields of a map or of a struct; [`Nothing`] where none is taken.
    type Fields: SerializeMap<Ok = Self::Picked, Error = Refused>;

    fn text(self, _: &str) -> Result<Self::Picked, Refused> {
        Err(Refused)
    }

    fn bytes(self, _: &[u8]) -> Result<Self::Picked, Refused> {
        Err(Refused)
    }

    /// Of any width.
    fn integer(self, _: i128) -> Result<Self::Picked, Refused> {
        Err(Refused)
    }

    fn float(self, _: f64) -> Result<Self::Picked, Refused> {
        Err(Refused)
    }

    /// Of so many items, if that is told and true.
    fn sequence(self, _: Option<usize>) -> Result<Self::Items, Refused> {
        Err(Refused)
    }

    /// Arrays are written as tuples.
    fn tuple(self) -> Result<Self::Items, Refused> {
        Err(Refused)
    }

    fn fields(self) -> Result<Self::Fields, Refused> {
        Err(Refused)
    }
}

/// Stands for items or fields that nobody takes.
pub(crate) type Nothing<T> = Impossible<T, Refused>;

/// The value is none of those that were to be picked.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the kind of value that is looked for")
    }
}

impl std::error::Error for Refused {}

impl Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Picks from a value, which may stand in an `Option` or in a struct without names.
pub(crate) fn pick<P: Pick, T: Serialize + ?Sized>(value: &T, by: P) -> Result<P::Picked, Refused> {
    value.serialize(Picking(by))
}

/// Refuses as serde wants it said: a method for each type that there is.
struct Picking<P>(P);

macro_rules! integers {
    ($($method:ident($integer:ty);)*) => {$(
        fn $method(self, value: $integer) -> Result<P::Picked, Refused> {
            self.0.integer(value.into())
        }
    )*};
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$output, Refused> {
            Err(Refused)
        }
    )*};
}

impl<P: Pick> Serializer for Picking<P> {
    type Ok = P::Picked;
    type Error = Refused;
    type SerializeSeq = P::Items;
    type SerializeTuple = Tuple<P::Items>;
    type SerializeMap = P::Fields;
    type SerializeStruct = Struct<P::Fields>;
    type SerializeTupleStruct = Nothing<P::Picked>;
    type SerializeTupleVariant = Nothing<P::Picked>;
    type SerializeStructVariant = Nothing<P::Picked>;

    integers! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }

    refuse! {
        serialize_bool(bool) -> P::Picked;
        serialize_char(char) -> P::Picked;
        serialize_none() -> P::Picked;
        serialize_unit() -> P::Picked;
        serialize_unit_struct(&'static str) -> P::Picked;
        serialize_unit_variant(&'static str, u32, &'static str) -> P::Picked;
        serialize_tuple_struct(&'static str, usize) -> Nothing<P::Picked>;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Nothing<P::Picked>;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Nothing<P::Picked>;
    }

    fn serialize_f32(self, value: f32) -> Result<P::Picked, Refused> {
        // The same digits and no more: 0.83 as it is, and not as 0.829999983.
        self.0.float(value.to_string().parse().unwrap_or(f64::NAN))
    }

    fn serialize_f64(self, value: f64) -> Result<P::Picked, Refused> {
        self.0.float(value)
    }

    fn serialize_str(self, text: &str) -> Result<P::Picked, Refused> {
        self.0.text(text)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<P::Picked, Refused> {
        self.0.bytes(bytes)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<P::Picked, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<P::Picked, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<P::Picked, Refused> {
        Err(Refused)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<P::Items, Refused> {
        self.0.sequence(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Tuple<P::Items>, Refused> {
        self.0.tuple().map(Tuple)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<P::Fields, Refused> {
        self.0.fields()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Struct<P::Fields>, Refused> {
        self.0.fields().map(Struct)
    }
}

/// The items of a tuple, taken as those of a sequence.
struct Tuple<I>(I);

impl<I: SerializeSeq<Error = Refused>> SerializeTuple for Tuple<I> {
    type Ok = I::Ok;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.0.serialize_element(value)
    }

    fn end(self) -> Result<I::Ok, Refused> {
        self.0.end()
    }
}

/// The fields of a struct, taken as those of a map.
struct Struct<F>(F);

impl<F: SerializeMap<Error = Refused>> SerializeStruct for Struct<F> {
    type Ok = F::Ok;
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.0.serialize_entry(key, value)
    }

    fn end(self) -> Result<F::Ok, Refused> {
        self.0.end()
    }
}
