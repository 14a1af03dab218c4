//! Deletion of old rows in slices.

use tiketi_core::{StoreError, Timestamp};

use crate::store::PostgresStore;

/// Most rows deleted in one transaction, except for rows of one moment.
const SLICE: i64 = 5_000;

/// Expands to a statement that deletes the oldest rows of a table before `$1`, about `$2` of them.
///
/// It deletes a range of the index of their age, so that it reads no row that stays.
macro_rules! slice_before {
    ($table:literal, $age:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $age,
            " < $1 AND ",
            $age,
            " <= (SELECT max(age) FROM (SELECT ",
            $age,
            " AS age FROM ",
            $table,
            " WHERE ",
            $age,
            " < $1 ORDER BY ",
            $age,
            " LIMIT $2) AS oldest)"
        )
    };
}
pub(crate) use slice_before;

impl PostgresStore {
    /// Deletes what is older than a moment by a statement of [`slice_before`], in many short transactions.
    pub(crate) async fn delete_before(
        &self,
        sql: &'static str,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let slice = self.write(|| self.query(sql).bind(before.as_micros()).bind(SLICE)).await?;
            deleted += slice;
            if slice < SLICE.unsigned_abs() {
                return Ok(deleted);
            }
        }
    }
}
