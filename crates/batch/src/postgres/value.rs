//! Values as Postgres has them.

use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::failure::Failure;
use crate::incarnation::IncarnationId;
use crate::money::Money;
use crate::timestamp::Timestamp;

/// A parameter of a call, with its type: a pooler has no statements that were prepared before.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Converts to the integers of Postgres. Sums and times do not reach their end.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Replaces what a text of Postgres cannot have.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Reads a column of a row.
pub(super) trait Columns {
    fn column<'a, T: FromSql<'a>>(&'a self, name: &str) -> Result<T, Failure>;

    fn unsigned(&self, name: &str) -> Result<u64, Failure> {
        let number = self.column::<i64>(name)?;
        u64::try_from(number).map_err(|_| Failure::Unreadable("a number"))
    }

    fn number(&self, name: &str) -> Result<u32, Failure> {
        let number = self.column::<i32>(name)?;
        u32::try_from(number).map_err(|_| Failure::Unreadable("a number"))
    }

    fn optional_unsigned(&self, name: &str) -> Result<Option<u64>, Failure> {
        let number = self.column::<Option<i64>>(name)?;
        let number = number.map(u64::try_from).transpose();
        number.map_err(|_| Failure::Unreadable("a number"))
    }

    fn money(&self, name: &str) -> Result<Money, Failure> {
        Ok(Money::from_micros(self.unsigned(name)?))
    }

    fn optional_money(&self, name: &str) -> Result<Option<Money>, Failure> {
        Ok(self.optional_unsigned(name)?.map(Money::from_micros))
    }

    fn time(&self, name: &str) -> Result<Timestamp, Failure> {
        Ok(Timestamp::from_micros(self.unsigned(name)?))
    }

    fn optional_time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        Ok(self.optional_unsigned(name)?.map(Timestamp::from_micros))
    }

    fn incarnation(&self, name: &str) -> Result<Option<IncarnationId>, Failure> {
        Ok(self.optional_unsigned(name)?.map(IncarnationId))
    }

    fn parsed<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        let word: &str = self.column(name)?;
        word.parse().map_err(|_| Failure::Unreadable("a word"))
    }

    fn optional<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let word: Option<&str> = self.column(name)?;
        let word = word.map(str::parse).transpose();
        word.map_err(|_| Failure::Unreadable("a word"))
    }
}

impl Columns for Row {
    fn column<'a, T: FromSql<'a>>(&'a self, name: &str) -> Result<T, Failure> {
        Ok(self.try_get(name)?)
    }
}
