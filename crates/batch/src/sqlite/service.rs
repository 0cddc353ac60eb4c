//! The address of the service to which jobs are submitted.

use super::failure::Failure;
use super::transition::Transition;
use crate::incarnation::IncarnationId;
use crate::store::error::StoreError;

impl Transition<'_> {
    pub(super) fn use_service(&self, me: IncarnationId, address: &str) -> Result<(), Failure> {
        self.check_alive(me)?;
        match self.service()? {
            Some(before) if before == address => Ok(()),
            Some(before) if self.has_open_attempts()? => {
                Err(StoreError::other_service(&before, address).into())
            }
            _ => self.set_service(address),
        }
    }

    pub(super) fn service(&self) -> Result<Option<String>, Failure> {
        let sql = "SELECT service FROM batch";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| row.get("service"))?)
    }

    pub(super) fn set_service(&self, address: &str) -> Result<(), Failure> {
        let sql = "UPDATE batch SET service = ?1";
        self.connection.execute(sql, [address])?;
        Ok(())
    }

    /// Returns `true` if the service has jobs that have not ended, or may have.
    fn has_open_attempts(&self) -> Result<bool, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attempt INDEXED BY attempt_held
                 WHERE state IN ('intent', 'submitted'))
               OR EXISTS (SELECT 1 FROM attempt INDEXED BY attempt_in_doubt
                 WHERE state = 'in_doubt') AS has_open",
        )?;
        Ok(statement.query_row([], |row| row.get("has_open"))?)
    }
}
