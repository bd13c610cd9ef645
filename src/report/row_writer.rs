//! Rows as JSON, by the million: the bytes that [`write_json`] writes, without looking at
//! each character of texts in which nothing has to be escaped.

use std::io;

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};
use serde_json::Error;

use super::json_writer::write_json;

/// Writes a row without its last brace, so that more keys can follow.
///
/// # Errors
///
/// The row is no object, or has something in it that no row has.
pub fn write_open_row(row: &impl Serialize, out: &mut Vec<u8>) -> io::Result<()> {
    row.serialize(Row(out)).map_err(io::Error::from)?;
    out.pop();
    Ok(())
}

/// Serializes a value of a row.
struct Row<'o>(&'o mut Vec<u8>);

/// Writes a text: at once, if it has nothing but plain ASCII.
fn text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    // Every byte is looked at, so that many are looked at together.
    let is_plain = text.bytes().fold(true, |is_plain, byte| {
        is_plain & (b' '..0x7f).contains(&byte) & (byte != b'"') & (byte != b'\\')
    });
    if !is_plain {
        return write_json(&text, out).map_err(Error::io);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// Says that a value is of a type that rows do not have.
fn unknown<T>() -> Result<T, Error> {
    Err(Error::custom("no row has a value of this type"))
}

/// Writes the methods for values of single types that rows do not have.
macro_rules! unknown {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, _: $type) -> Result<(), Error> {
            unknown()
        })*
    };
}

type No = Impossible<(), Error>;

impl<'o> Serializer for Row<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'o>;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = Members<'o>;
    type SerializeStruct = Members<'o>;
    type SerializeStructVariant = No;

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        text(value, self.0)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.0.extend_from_slice(word);
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        write_json(&value, self.0).map_err(Error::io)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        text(variant, self.0)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'o>, Error> {
        self.0.push(b'[');
        Ok(Items {
            out: self.0,
            is_first: true,
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'o>, Error> {
        self.0.push(b'{');
        Ok(Members {
            out: self.0,
            is_first: true,
        })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'o>, Error> {
        self.serialize_map(None)
    }

    unknown! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_bytes: &[u8],
    }

    fn serialize_unit(self) -> Result<(), Error> {
        unknown()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        unknown()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        unknown()
    }

    fn serialize_tuple(self, _: usize) -> Result<No, Error> {
        unknown()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, Error> {
        unknown()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, Error> {
        unknown()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, Error> {
        unknown()
    }
}

/// Serializes the items of a list.
struct Items<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        comma(&mut self.is_first, self.out);
        item.serialize(Row(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push(b']');
        Ok(())
    }
}

/// Serializes the members of an object.
struct Members<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

fn comma(is_first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::replace(is_first, false) {
        out.push(b',');
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        comma(&mut self.is_first, self.out);
        // It is a name in the code, in which there is nothing to escape.
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Row(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push(b'}');
        Ok(())
    }
}

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        comma(&mut self.is_first, self.out);
        key.serialize(Row(self.out))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        value.serialize(Row(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::report::fixture;
    use crate::report::model::row::FindingRow;

    #[test]
    fn every_row_is_written_as_any_other_json() {
        let rows = fixture::rows().into_iter().chain(fixture::compared_rows());
        for row in rows {
            same(&row);
        }
    }

    #[track_caller]
    fn same(row: &FindingRow<'_>) {
        let (mut quick, mut whole) = (Vec::new(), Vec::new());
        write_open_row(row, &mut quick).expect("memory");
        quick.push(b'}');
        write_json(row, &mut whole).expect("memory");
        assert_eq!(String::from_utf8(quick), String::from_utf8(whole));
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_in_any_other_json(text in "\\PC{0,20}|.{0,20}|[ -~]{0,40}") {
            let row = FindingRow {
                customer_name: Some(Cow::Owned(text.clone())),
                slice: vec![(Cow::Owned(text.clone()), Cow::Owned(text))],
                ..fixture::row()
            };
            same(&row);
        }
    }
}
