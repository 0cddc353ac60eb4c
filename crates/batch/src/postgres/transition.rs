//! The transitions: calls of the functions of the schema.

use std::collections::HashSet;
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy::schema::Json;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::failure::Failure;
use super::value::{Columns, int, micros, text};
use crate::claim::{Adopted, Beat, Claimed, Claims, NextClaim};
use crate::ending::{Cancelled, End, Ending, NotSent, Received, Retry};
use crate::incarnation::{Incarnation, IncarnationId};
use crate::job_id::JobId;
use crate::job_key::JobKey;
use crate::limits::{Limits, MAX_DELAY, Rate};
use crate::new_job::{Conflict, Imported, NewJob};
use crate::resolution::{MAX_REQUEST, Resolution};
use crate::row::{DECLARED, GIVEN_BACK, GONE, IMPORTED_AGAIN, WITHDRAWN, orphan_note};
use crate::store::error::StoreError;
use crate::timestamp::Timestamp;

/// Longest lease, so that no time overflows: a century.
const MAX_LEASE: Duration = Duration::from_secs(100 * 365 * 86_400);

impl PostgresStore {
    /// Returns a test's time, or `None` where the server's counts.
    pub(super) fn time(&self) -> Option<i64> {
        self.clock.manual_now().map(|now| int(now.micros()))
    }

    pub(super) async fn write_limits(&self, limits: Limits) -> Result<(), Failure> {
        let parts = limits.rate.map(Rate::parts);
        let budget = limits.budget.map(|budget| int(budget.micros()));
        let gap = parts.map(|(gap, _)| micros(gap));
        let burst = parts.map(|(_, burst)| i64::from(burst));
        let parameters: &[_] = &[
            (&budget as _, Type::INT8),
            (&gap as _, Type::INT8),
            (&burst as _, Type::INT8),
        ];
        self.connection.call("set_limits", parameters).await?;
        Ok(())
    }

    pub(super) async fn hold_claims_back(&self, time: Duration) -> Result<(), Failure> {
        let time = micros(time.min(MAX_DELAY));
        let parameters: &[_] = &[(&self.time() as _, Type::INT8), (&time as _, Type::INT8)];
        self.connection.call("hold_back", parameters).await?;
        Ok(())
    }

    pub(super) async fn import_jobs(&self, jobs: Vec<NewJob>) -> Result<Imported, Failure> {
        let ids: Vec<_> = jobs.iter().map(|job| job.id.as_str()).collect();
        let models: Vec<_> = jobs.iter().map(|job| job.model.as_str()).collect();
        let inputs: Vec<_> = jobs.iter().map(|job| job.input.to_string()).collect();
        let estimates: Vec<_> = jobs.iter().map(|job| int(job.estimate.micros())).collect();
        let priorities: Vec<_> = jobs.iter().map(|job| job.priority).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&ids as _, Type::TEXT_ARRAY),
            (&models as _, Type::TEXT_ARRAY),
            (&inputs as _, Type::TEXT_ARRAY),
            (&estimates as _, Type::INT8_ARRAY),
            (&priorities as _, Type::INT4_ARRAY),
            (&IMPORTED_AGAIN as _, Type::TEXT),
        ];
        let mut imported = Imported::default();
        for row in self.connection.call("import", parameters).await? {
            let id: JobId = row.parsed("key")?;
            match row.column("kind")? {
                "added" => imported.added += 1,
                "known" => imported.known += 1,
                "replaced" => imported.replaced.push(id),
                _ => {
                    let state = row.parsed("state")?;
                    imported.conflicts.push(Conflict { id, state });
                }
            }
        }
        Ok(imported)
    }

    pub(super) async fn withdraw_jobs(&self, ids: Vec<JobId>) -> Result<u64, Failure> {
        let ids: Vec<_> = ids.iter().map(JobId::as_str).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&ids as _, Type::TEXT_ARRAY),
            (&WITHDRAWN as _, Type::TEXT),
        ];
        let rows = self.connection.call("withdraw", parameters).await?;
        let row = rows.first().ok_or(Failure::Unreadable("a number"))?;
        row.unsigned("withdraw")
    }

    pub(super) async fn write_schemas(&self, schemas: Vec<(String, Json)>) -> Result<(), Failure> {
        let models: Vec<_> = schemas.iter().map(|(model, _)| model.as_str()).collect();
        let schemas: Vec<_> = schemas
            .iter()
            .map(|(_, schema)| schema.to_string())
            .collect();
        let parameters: &[_] = &[
            (&models as _, Type::TEXT_ARRAY),
            (&schemas as _, Type::TEXT_ARRAY),
        ];
        self.connection.call("set_schemas", parameters).await?;
        Ok(())
    }

    pub(super) async fn start_incarnation(
        &self,
        process: &str,
        lease: Duration,
    ) -> Result<Incarnation, Failure> {
        let (process, lease) = (text(process), lease.min(MAX_LEASE));
        let micros = micros(lease);
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&process as _, Type::TEXT),
            (&micros as _, Type::INT8),
        ];
        let rows = self.connection.call("register", parameters).await?;
        let row = rows.first().ok_or(Failure::Unreadable("an incarnation"))?;
        let id = IncarnationId(row.unsigned("register")?);
        // Nothing to release: its lease ends by itself.
        Ok(Incarnation::new(id, Box::new(())).with_lease(lease))
    }

    /// Returns the answer, and the keys of what `me` holds then.
    pub(super) async fn renew(
        &self,
        me: IncarnationId,
        known: &HashSet<JobKey>,
    ) -> Result<(Beat, HashSet<JobKey>), Failure> {
        let known: Vec<_> = known.iter().map(JobKey::as_str).collect();
        let doubt_note = orphan_note("{process}");
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&known as _, Type::TEXT_ARRAY),
            (&doubt_note as _, Type::TEXT),
            (&GIVEN_BACK as _, Type::TEXT),
        ];
        let (mut beat, mut held) = (Beat::default(), HashSet::new());
        for row in self.connection.call("beat", parameters).await? {
            let key: JobKey = row.parsed("key")?;
            match row.column("kind")? {
                "doubt" => beat.doubts.push(key),
                "given_back" => beat.given_back.push(key),
                kind => {
                    if kind == "adopted" {
                        beat.adopted.push(Adopted {
                            job: claimed(&row)?,
                            request_id: row.parsed("request_id")?,
                            is_superseded: row.column("is_superseded")?,
                        });
                    }
                    if row.column::<i64>("amount")? == 1 {
                        beat.to_cancel.push(key.clone());
                    }
                    held.insert(key);
                }
            }
        }
        Ok((beat, held))
    }

    /// Claims jobs, and has them in the journal of this machine before it returns them.
    pub(super) async fn claim_jobs(
        &self,
        me: IncarnationId,
        room: usize,
    ) -> Result<Claims, Failure> {
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&room as _, Type::INT8),
        ];
        let rows = self.connection.call("claim", parameters).await?;
        let (last, jobs) = rows.split_last().ok_or(Failure::Unreadable("a claim"))?;
        if let Some(journal) = &self.journal {
            journal.append(&self.id, jobs).await?;
        }
        let amount = last.optional_unsigned("amount")?.unwrap_or_default();
        let next = match last.column("kind")? {
            "now" => NextClaim::Now,
            "after" => NextClaim::After(Duration::from_micros(amount)),
            "over_budget" => NextClaim::OverBudget(last.money("amount")?),
            _ => NextClaim::NoneReady,
        };
        let jobs = jobs.iter().map(claimed).collect::<Result<_, _>>()?;
        Ok(Claims { jobs, next })
    }

    pub(super) async fn take_ids(
        &self,
        me: IncarnationId,
        ids: Vec<(JobKey, RequestId)>,
    ) -> Result<Received, Failure> {
        let keys: Vec<_> = ids.iter().map(|(key, _)| key.as_str()).collect();
        let ids: Vec<_> = ids.iter().map(|(_, id)| id.as_str()).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&keys as _, Type::TEXT_ARRAY),
            (&ids as _, Type::TEXT_ARRAY),
        ];
        let mut received = Received::default();
        for row in self.connection.call("received", parameters).await? {
            let key = row.parsed("key")?;
            match row.column("kind")? {
                "double" => received.doubles.push(key),
                _ => received.strays.push(key),
            }
        }
        Ok(received)
    }

    pub(super) async fn end_without_job(
        &self,
        me: IncarnationId,
        attempts: Vec<NotSent>,
    ) -> Result<Vec<JobKey>, Failure> {
        let keys: Vec<_> = attempts
            .iter()
            .map(|attempt| attempt.key.as_str())
            .collect();
        let reasons: Vec<_> = attempts
            .iter()
            .map(|attempt| text(&attempt.reason))
            .collect();
        let delay = |attempt: &NotSent| match attempt.retry {
            Retry::After(time) => Some(micros(time.min(MAX_DELAY))),
            Retry::Never => None,
        };
        let delays: Vec<_> = attempts.iter().map(delay).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&keys as _, Type::TEXT_ARRAY),
            (&reasons as _, Type::TEXT_ARRAY),
            (&delays as _, Type::INT8_ARRAY),
        ];
        keys_of(&self.connection.call("not_sent", parameters).await?)
    }

    pub(super) async fn put_in_doubt(
        &self,
        me: IncarnationId,
        attempts: Vec<(JobKey, String)>,
    ) -> Result<Vec<JobKey>, Failure> {
        let keys: Vec<_> = attempts.iter().map(|(key, _)| key.as_str()).collect();
        let reasons: Vec<_> = attempts.iter().map(|(_, reason)| text(reason)).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&keys as _, Type::TEXT_ARRAY),
            (&reasons as _, Type::TEXT_ARRAY),
        ];
        keys_of(&self.connection.call("doubtful", parameters).await?)
    }

    pub(super) async fn settle_attempts(
        &self,
        me: IncarnationId,
        endings: Vec<Ending>,
    ) -> Result<Vec<JobKey>, Failure> {
        let keys: Vec<_> = endings.iter().map(|ending| ending.key.as_str()).collect();
        let outcome = |ending: &Ending| match &ending.end {
            End::Saved(result) => ("saved", Some(result.to_string())),
            End::Failed(reason) => ("failed", Some(text(reason))),
            End::Cancelled => ("cancelled", None),
        };
        let (states, values): (Vec<_>, Vec<_>) = endings.iter().map(outcome).unzip();
        let cost = |ending: &Ending| ending.cost.map(|cost| int(cost.micros()));
        let costs: Vec<_> = endings.iter().map(cost).collect();
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&keys as _, Type::TEXT_ARRAY),
            (&states as _, Type::TEXT_ARRAY),
            (&values as _, Type::TEXT_ARRAY),
            (&costs as _, Type::INT8_ARRAY),
        ];
        keys_of(&self.connection.call("settle", parameters).await?)
    }

    pub(super) async fn write_service(
        &self,
        me: IncarnationId,
        address: &str,
    ) -> Result<(), Failure> {
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&int(me.0) as _, Type::INT8),
            (&address as _, Type::TEXT),
        ];
        let rows = self.connection.call("use_service", parameters).await?;
        match rows.first() {
            Some(row) => Err(StoreError::other_service(row.column("use_service")?, address).into()),
            None => Ok(()),
        }
    }

    pub(super) async fn replace_service(&self, address: &str) -> Result<(), Failure> {
        let parameters: &[_] = &[(&address as _, Type::TEXT)];
        self.connection.call("accept_service", parameters).await?;
        Ok(())
    }

    pub(super) async fn cancel_jobs(&self, ids: Option<Vec<JobId>>) -> Result<Cancelled, Failure> {
        let ids: Option<Vec<_>> = ids
            .as_ref()
            .map(|ids| ids.iter().map(JobId::as_str).collect());
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&ids as _, Type::TEXT_ARRAY),
        ];
        let mut cancelled = Cancelled::default();
        for row in self.connection.call("cancel", parameters).await? {
            match row.column("kind")? {
                "cancelled" => cancelled.cancelled += 1,
                _ => cancelled.requested += 1,
            }
        }
        Ok(cancelled)
    }

    pub(super) async fn decide(&self, key: JobKey, resolution: Resolution) -> Result<(), Failure> {
        let (decision, id) = match &resolution {
            Resolution::RequestId(id) => ("request_id", Some(id.as_str())),
            Resolution::NoJob => ("no_job", None),
            Resolution::Gone => ("gone", None),
            Resolution::Resubmit => ("resubmit", None),
        };
        let declared = match &resolution {
            Resolution::Gone => GONE,
            _ => DECLARED,
        };
        let parameters: &[_] = &[
            (&self.time() as _, Type::INT8),
            (&key.as_str() as _, Type::TEXT),
            (&decision as _, Type::TEXT),
            (&id as _, Type::TEXT),
            (&declared as _, Type::TEXT),
            (&micros(MAX_REQUEST) as _, Type::INT8),
        ];
        let rows = self.connection.call("resolve", parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(());
        };
        let refusal = match row.column("kind")? {
            "unknown_key" => StoreError::unknown_key(&key),
            "may_still_arrive" => {
                let until = row.parsed("state")?;
                StoreError::may_still_arrive(&key, Timestamp::from_micros(until))
            }
            "not_submitted" => StoreError::not_submitted(&key, row.parsed("state")?),
            "superseded" => StoreError::is_superseded(&key),
            "not_in_doubt" => StoreError::not_in_doubt(&key, row.parsed("state")?),
            _ => StoreError::not_resubmittable(&key, row.parsed("state")?),
        };
        Err(refusal.into())
    }
}

fn claimed(row: &Row) -> Result<Claimed, Failure> {
    Ok(Claimed {
        key: row.parsed("key")?,
        attempt: row.number("number")?,
        n: row.unsigned("n")?,
        id: row.parsed("id")?,
        model: row.column("model")?,
        input: row.parsed("input")?,
        reserved: row.money("reserved")?,
    })
}

fn keys_of(rows: &[Row]) -> Result<Vec<JobKey>, Failure> {
    rows.iter().map(|row| row.parsed("key")).collect()
}
