//! Tables: the columns of a row type are listed once, and every statement is built from that list.

use std::borrow::Cow;

use tiketi_core::StoreError;
use uuid::Uuid;

use crate::row::Row;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the tables make it, and stores read every field")]
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// When it is written.
    pub part: Part,
}

/// The kind of value that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to bind every kind")]
pub enum Kind {
    /// An id or a fingerprint.
    Uuid,
    /// A whole number: a count, minor units, or UTC microseconds.
    Int,
    /// A text, which may be JSON.
    Text,
    /// Yes or no.
    Flag,
}

/// The part of a row that a column belongs to, which determines when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to write every part")]
pub enum Part {
    /// The key that identifies the row.
    Key,
    /// Written with the new row only.
    Fixed,
    /// Written with the new row and with each change.
    Changing,
    /// A counter that sales change without writing the rest of the row.
    Counted,
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to bind every kind")]
pub enum Value<'v> {
    /// Value of a [`Kind::Uuid`] column; `None` is `NULL`.
    Uuid(Option<Uuid>),
    /// Value of a [`Kind::Int`] column; `None` is `NULL`.
    Int(Option<i64>),
    /// Value of a [`Kind::Text`] column; `None` is `NULL`.
    Text(Option<&'v str>),
    /// Value of a [`Kind::Flag`] column.
    Flag(bool),
}

/// A row of a table, with one field for each column.
///
/// Only the rows of this crate implement it.
pub trait TableRow {
    /// Name of the table.
    const TABLE: &'static str;
    /// Every column, in the order in which it is read and written.
    const COLUMNS: &'static [Column];
    /// The names of the columns that are read, as a statement lists them.
    const LIST: &'static str;

    /// Visits the value of every column, with the column's index in [`TableRow::COLUMNS`].
    fn visit<'v>(&'v self, each: impl FnMut(usize, Value<'v>));
}

/// Returns the indexes of the columns of some parts.
pub fn columns_of<R: TableRow>(parts: &[Part]) -> Vec<usize> {
    let all = R::COLUMNS.iter().enumerate();
    all.filter(|(_, column)| parts.contains(&column.part)).map(|(index, _)| index).collect()
}

/// Returns the names of the columns that are read, each with the name of its table or alias before it.
pub fn qualified_list<R: TableRow>(alias: &str) -> String {
    R::LIST.split(", ").map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
}

/// A type that a column's value is read into and written from.
pub(crate) trait Field<'r>: Sized {
    const KIND: Kind;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError>;

    fn value(&self) -> Value<'_>;
}

impl<'r> Field<'r> for Uuid {
    const KIND: Kind = Kind::Uuid;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.uuid(column)
    }

    fn value(&self) -> Value<'_> {
        Value::Uuid(Some(*self))
    }
}

impl<'r> Field<'r> for Option<Uuid> {
    const KIND: Kind = Kind::Uuid;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.maybe_uuid(column)
    }

    fn value(&self) -> Value<'_> {
        Value::Uuid(*self)
    }
}

impl<'r> Field<'r> for i64 {
    const KIND: Kind = Kind::Int;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.int(column)
    }

    fn value(&self) -> Value<'_> {
        Value::Int(Some(*self))
    }
}

impl<'r> Field<'r> for Option<i64> {
    const KIND: Kind = Kind::Int;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.maybe_int(column)
    }

    fn value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}

impl<'r> Field<'r> for Cow<'r, str> {
    const KIND: Kind = Kind::Text;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.text(column).map(Cow::Borrowed)
    }

    fn value(&self) -> Value<'_> {
        Value::Text(Some(self))
    }
}

impl<'r> Field<'r> for Option<Cow<'r, str>> {
    const KIND: Kind = Kind::Text;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        Ok(row.maybe_text(column)?.map(Cow::Borrowed))
    }

    fn value(&self) -> Value<'_> {
        Value::Text(self.as_deref())
    }
}

impl<'r> Field<'r> for bool {
    const KIND: Kind = Kind::Flag;

    fn read(row: &'r impl Row, column: &'static str) -> Result<Self, StoreError> {
        row.flag(column)
    }

    fn value(&self) -> Value<'_> {
        Value::Flag(*self)
    }
}

/// Declares a table: the type of its rows, one field a column, and the macro that expands to the list of its columns.
///
/// The parts are those of [`Part`]; columns of `unread` are written with the new row and not read.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $row:ident $(<$life:lifetime>)? = $table:literal, listed by $list:ident {
            key { $($key:ident: $key_type:ty),+ $(,)? }
            $(fixed { $($fixed:ident: $fixed_type:ty),+ $(,)? })?
            $(changing { $($changing:ident: $changing_type:ty),+ $(,)? })?
            $(counted { $($counted:ident: $counted_type:ty),+ $(,)? })?
            $(unread { $($unread:ident: $unread_type:ty),+ $(,)? })?
        }
    ) => {
        table! {
            @row [$(#[$meta])*] $row [$($life)?] $table $list
            [
                $(Key $key: $key_type,)+
                $($(Fixed $fixed: $fixed_type,)+)?
                $($(Changing $changing: $changing_type,)+)?
                $($(Counted $counted: $counted_type,)+)?
            ]
            [$($($unread: $unread_type,)+)?]
        }
    };
    (
        @row [$(#[$meta:meta])*] $row:ident [$($life:lifetime)?] $table:literal $list:ident
        [$first_part:ident $first:ident: $first_type:ty, $($part:ident $column:ident: $type:ty,)*]
        [$($unread:ident: $unread_type:ty,)*]
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        #[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
        pub struct $row $(<$life>)? {
            #[doc = concat!("Column `", stringify!($first), "`.")]
            pub $first: $first_type,
            $(#[doc = concat!("Column `", stringify!($column), "`.")] pub $column: $type,)*
            $(#[doc = concat!("Column `", stringify!($unread), "`.")] pub $unread: $unread_type,)*
        }

        impl $(<$life>)? $row $(<$life>)? {
            /// Reads a row; columns that are not read have their default.
            ///
            /// # Errors
            ///
            /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column is missing or of another kind.
            pub fn read(row: & $($life)? impl $crate::row::Row) -> Result<Self, tiketi_core::StoreError> {
                Ok(Self {
                    $first: $crate::table::Field::read(row, stringify!($first))?,
                    $($column: $crate::table::Field::read(row, stringify!($column))?,)*
                    $($unread: Default::default(),)*
                })
            }
        }

        impl $(<$life>)? $crate::table::TableRow for $row $(<$life>)? {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [$crate::table::Column] = &[
                $crate::table::Column {
                    name: stringify!($first),
                    kind: <$first_type as $crate::table::Field<'_>>::KIND,
                    part: $crate::table::Part::$first_part,
                },
                $($crate::table::Column {
                    name: stringify!($column),
                    kind: <$type as $crate::table::Field<'_>>::KIND,
                    part: $crate::table::Part::$part,
                },)*
                $($crate::table::Column {
                    name: stringify!($unread),
                    kind: <$unread_type as $crate::table::Field<'_>>::KIND,
                    part: $crate::table::Part::Fixed,
                },)*
            ];
            const LIST: &'static str = concat!(stringify!($first) $(, ", ", stringify!($column))*);

            fn visit<'v>(&'v self, mut each: impl FnMut(usize, $crate::table::Value<'v>)) {
                let mut index = 0;
                each(index, $crate::table::Field::value(&self.$first));
                $(index += 1; each(index, $crate::table::Field::value(&self.$column));)*
                $(index += 1; each(index, $crate::table::Field::value(&self.$unread));)*
            }
        }

        /// Shows no values, because passwords and account numbers are among them.
        impl $(<$life>)? std::fmt::Debug for $row $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($row)).finish_non_exhaustive()
            }
        }

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            () => { concat!(stringify!($first) $(, ", ", stringify!($column))*) };
        }
    };
}
pub(crate) use table;
