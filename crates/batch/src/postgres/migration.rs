//! The schema of a store, and what is checked before it is used.

use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::failure::Failure;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::new_store_id;

/// The steps from an empty schema to the tables of the newest version; a step is never changed once it is released.
const MIGRATIONS: [&str; 3] = [
    include_str!("tables.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
];

/// The functions of the newest version.
const FUNCTIONS: &str = include_str!("functions.sql");

/// Number of the lock that lets one process at a time migrate: `rcbt`.
const MIGRATION_LOCK: i64 = 0x7263_6274;

impl Connection {
    /// Brings the schema to the newest version, creates it where it is missing and `creates` is `true`, and
    /// returns the id of the batch.
    pub(super) async fn migrate(&self, creates: bool) -> Result<String, Failure> {
        let newest = MIGRATIONS.len();
        match self.version().await? {
            None if !creates => return Err(self.missing().into()),
            Some(version) if version > newest => {
                return Err(StoreError::newer_version(version, newest).into());
            }
            Some(version) if version == newest => {}
            _ => self.migrate_from_older().await?,
        }
        self.check_durable().await?;
        let sql = format!("SELECT id FROM {}.batch", self.schema());
        let rows = self.query(&sql, &[]).await?;
        let row = rows.first().ok_or(Failure::Unreadable("the batch"))?;
        Ok(row.try_get("id")?)
    }

    /// Returns the version of the schema, or `None` where there is none.
    async fn version(&self) -> Result<Option<usize>, Failure> {
        let schema = self.schema();
        let sql = format!(
            "SELECT to_regclass('{schema}.migration') IS NOT NULL AS is_store,
               to_regclass('{schema}.batch') IS NOT NULL OR to_regclass('{schema}.job') IS NOT NULL AS is_taken"
        );
        let rows = self.query(&sql, &[]).await?;
        let row = rows.first().ok_or(Failure::Unreadable("the schema"))?;
        if row.try_get("is_store")? {
            let sql = format!("SELECT max(version) AS version FROM {schema}.migration");
            let rows = self.query(&sql, &[]).await?;
            let row = rows.first().ok_or(Failure::Unreadable("the version"))?;
            let version: Option<i32> = row.try_get("version")?;
            return Ok(version.and_then(|version| usize::try_from(version).ok()));
        }
        if row.try_get("is_taken")? {
            return Err(not_a_store(schema).into());
        }
        Ok(None)
    }

    /// Migrates in one transaction, on a connection of its own: its lock ends with it.
    async fn migrate_from_older(&self) -> Result<(), Failure> {
        let mut client = self.connect().await?;
        let transaction = client.transaction().await?;
        let lock: &[_] = &[(&MIGRATION_LOCK as _, Type::INT8)];
        transaction
            .query_typed("SELECT pg_advisory_xact_lock($1)", lock)
            .await?;
        let schema = self.schema();
        let exists: &[_] = &[(&schema as _, Type::TEXT)];
        let exists = transaction
            .query_typed("SELECT FROM pg_namespace WHERE nspname = $1", exists)
            .await?;
        if exists.is_empty() {
            let sql = format!("CREATE SCHEMA {schema}");
            transaction.batch_execute(&sql).await?;
        }
        // The functions keep the path with which they are created.
        let path = format!("SET LOCAL search_path = {schema}, pg_temp");
        transaction.batch_execute(&path).await?;
        // Another process may have migrated meanwhile.
        let done = self.version().await?.unwrap_or_default();
        for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
            transaction.batch_execute(migration).await?;
            let version = i32::try_from(index + 1).unwrap_or(i32::MAX);
            let parameters: &[_] = &[(&version as _, Type::INT4)];
            transaction
                .query_typed("INSERT INTO migration (version) VALUES ($1)", parameters)
                .await?;
        }
        if done < MIGRATIONS.len() {
            transaction.batch_execute(FUNCTIONS).await?;
        }
        if done == 0 {
            create_batch(&transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Refuses a server that forgets what it acknowledges; each transition looks again.
    async fn check_durable(&self) -> Result<(), Failure> {
        self.call("check_durable", &[]).await.map(drop)
    }

    fn missing(&self) -> StoreError {
        StoreError::new(
            StoreErrorKind::NotFound,
            format!(
                "the database has no batch `{}`; check the name and the address",
                self.schema()
            ),
        )
    }
}

async fn create_batch(transaction: &Transaction<'_>) -> Result<(), Failure> {
    let id = new_store_id();
    let parameters: &[_] = &[(&id as _, Type::TEXT)];
    transaction
        .query_typed("INSERT INTO batch (id) VALUES ($1)", parameters)
        .await?;
    let sql = "INSERT INTO server SELECT * FROM current_server()";
    transaction.query_typed(sql, &[]).await?;
    Ok(())
}

fn not_a_store(schema: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::NotAStore,
        format!(
            "the schema `{schema}` has tables of something else; it was not changed. Choose another name for the batch"
        ),
    )
}
