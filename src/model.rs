//! What makes a generated input submittable.

use serde::Serialize;
use serde::de::DeserializeOwned;

use runcomfy_schema::{ModelSchema, Record};

/// The input of one model. Generated code implements it; nothing else has to.
pub trait Model: Record + Serialize + Send + Sync {
    /// The model's id on the wire, such as `bytedance/dreamina-4-0/edit`.
    const ID: &'static str;

    /// What a finished job gives.
    type Output: DeserializeOwned + Send;

    /// The model's schema.
    fn model() -> &'static ModelSchema;

    /// Holds the input's media against the schema's rules, those behind URLs too, and sends nothing
    /// to the service; see [`Client::check_media`](crate::Client::check_media).
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when TLS cannot be set up.
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
