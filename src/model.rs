//! Defines the trait of generated inputs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use runcomfy_schema::{ModelSchema, Record};

/// The input of one model, which can be submitted. Generated code implements it.
pub trait Model: Record + Serialize + Send + Sync {
    /// Id of the model, such as `bytedance/dreamina-4-0/edit`.
    const ID: &'static str;

    /// Type of the output of a finished job.
    type Output: DeserializeOwned + Send;

    /// Returns the model's schema.
    fn model() -> &'static ModelSchema;

    /// Checks the input's media by the schema's rules, also those behind URLs.
    ///
    /// It sends nothing to the service. [`Client::check_media`](crate::Client::check_media) does the
    /// same for an input as JSON.
    ///
    /// # Errors
    /// - [`ErrorKind::Configuration`](crate::ErrorKind::Configuration): TLS cannot be set up. Fix the
    ///   system's root certificates, or set a prober with
    ///   [`ClientBuilder::prober`](crate::ClientBuilder::prober).
    #[cfg(feature = "client")]
    fn check_media(
        &self,
        client: &crate::Client,
    ) -> impl Future<Output = Result<runcomfy_schema::Violations, crate::Error>> + Send
    where
        Self: Sized,
    {
        let media = Self::model()
            .input
            .media_in(runcomfy_schema::View::Record(self));
        async move { Ok(client.prober()?.check(&media).await) }
    }
}
