//! Replaces the expired links of a job's output.

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::output::Output;

/// Replaces expired links by those of the job's result, which is fetched again at most once.
pub(super) struct LinkRenewal<'a> {
    job: &'a Job<Output>,
    output: &'a Output,
    fresh: OnceCell<Output>,
}

impl<'a> LinkRenewal<'a> {
    pub(super) fn new(job: &'a Job<Output>, output: &'a Output) -> Self {
        Self {
            job,
            output,
            fresh: OnceCell::new(),
        }
    }

    /// Returns the link that replaces an expired one; `None` if the job's result has no other.
    pub(super) async fn url(&self, expired: &str) -> Result<Option<&str>, Error> {
        let fresh = self.fresh.get_or_try_init(|| self.fetch()).await?;
        let url = counterpart(self.output.as_value(), fresh.as_value(), expired);
        Ok(url.filter(|url| *url != expired))
    }

    async fn fetch(&self) -> Result<Output, Error> {
        let result = self.job.result().await?;
        result.output.ok_or_else(|| {
            Error::new(
                ErrorKind::Unreadable,
                "the output's link has expired, and the job's result has no output any more; the file is lost",
            )
        })
    }
}

/// Returns the text in `fresh` at the position of `url` in `old`.
fn counterpart<'f>(old: &Value, fresh: &'f Value, url: &str) -> Option<&'f str> {
    match old {
        Value::String(text) if text == url => fresh.as_str(),
        Value::Array(list) => {
            let mut pairs = list.iter().zip(fresh.as_array()?);
            pairs.find_map(|(old, fresh)| counterpart(old, fresh, url))
        }
        Value::Object(map) => map
            .iter()
            .find_map(|(name, old)| counterpart(old, fresh.get(name)?, url)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn new_link_is_found_at_the_same_position() {
        let old = json!({"image": "u1", "images": ["u1", "u2"], "audio": {"url": "u3"}});
        let fresh = json!({
            "seed": 7, "audio": {"url": "n3"}, "images": ["n1", "n2"], "image": "n0",
        });
        for (url, found) in [
            ("u1", Some("n0")),
            ("u2", Some("n2")),
            ("u3", Some("n3")),
            ("u4", None),
        ] {
            assert_eq!(counterpart(&old, &fresh, url), found, "{url}");
        }
        let partial = json!({"image": {"url": "n0"}, "images": ["n1"], "audio": null});
        assert_eq!(counterpart(&old, &partial, "u1"), Some("n1"));
        assert_eq!(counterpart(&old, &partial, "u2"), None);
        assert_eq!(counterpart(&json!("u1"), &json!("n1"), "u1"), Some("n1"));
    }
}
