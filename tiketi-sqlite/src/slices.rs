//! Deletion of old rows in slices.

use std::pin::Pin;

use tiketi_core::{StoreError, Timestamp};

use crate::store::SqliteStore;
use crate::write;

/// Most rows deleted in one transaction, except for rows of one moment: sales wait for the writer meanwhile.
const SLICE: u32 = 1_000;

/// Expands to a statement that deletes the oldest rows of a table before `?1`, about `?2` of them.
///
/// It deletes a range of the index of their age, so that it reads no row that stays.
macro_rules! slice_before {
    ($table:literal, $age:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $age,
            " < ?1 AND ",
            $age,
            " <= (SELECT max(age) FROM (SELECT ",
            $age,
            " AS age FROM ",
            $table,
            " WHERE ",
            $age,
            " < ?1 ORDER BY ",
            $age,
            " LIMIT ?2))"
        )
    };
}
pub(crate) use slice_before;

impl SqliteStore {
    /// Deletes what is older than a moment by a statement of [`slice_before`], in many short transactions.
    pub(crate) async fn delete_before(
        &self,
        sql: &'static str,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let slice = self.delete_slice(sql, before).await?;
            deleted += slice as u64;
            if slice < SLICE as usize {
                return Ok(deleted);
            }
        }
    }

    /// Deletes one slice. The future is boxed, because the compiler cannot prove that the loop's is `Send`.
    fn delete_slice(
        &self,
        sql: &'static str,
        before: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<usize, StoreError>> + Send + '_>> {
        let values = (before.as_micros(), SLICE);
        Box::pin(self.write(move |set| write::run(set.connection(), sql, values)))
    }
}
