//! Jobs that were submitted before.

use std::sync::Arc;

use crate::client::Client;
use crate::job::Job;
use crate::job::request_id::RequestId;
use crate::model::Model;
use crate::output::Output;

impl Client {
    /// Resumes a job that was submitted before, perhaps by another process. Nothing is sent.
    #[must_use]
    pub fn job<M: Model>(&self, request_id: RequestId) -> Job<M::Output> {
        Job::new(Arc::clone(self.services()), request_id).of_model(M::ID)
    }

    /// Resumes a job of a model that has no generated type. Nothing is sent.
    #[must_use]
    pub fn json_job(&self, request_id: RequestId) -> Job<Output> {
        Job::new(Arc::clone(self.services()), request_id)
    }
}
