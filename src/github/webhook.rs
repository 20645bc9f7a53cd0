//! A call to somebody else's address, which is a secret: it stands in no message.

use anyhow::{Context, Result, bail, ensure};
use octocrab::Octocrab;
use serde_json::Value;
use std::time::Duration;

/// The whole call, at most.
const WHOLE: Duration = Duration::from_secs(20);

/// Posts `payload` to `url`, at most once; nothing of our own access goes there.
///
/// # Errors
/// `url` is no web address, nobody answers there in time, or the answer is no success. No message holds the address.
pub fn call(url: &str, payload: &Value) -> Result<()> {
    let url = url.trim();
    ensure!(url.starts_with("https://") || url.starts_with("http://"), "the webhook's address is no https:// address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let status = runtime.block_on(async {
        let client = Octocrab::builder().build().map_err(|_| "HTTPS cannot be set up")?;
        let call = tokio::time::timeout(WHOLE, client._post(url, Some(payload)));
        // What went wrong on the way would name the address.
        let response = call.await.map_err(|_| "no answer in time")?.map_err(|_| "the address cannot be reached")?;
        Ok::<u16, &str>(response.status().as_u16())
    });
    match status {
        Ok(200..=299) => Ok(()),
        Ok(status) => bail!("the webhook answers with status {status}"),
        Err(words) => bail!("the webhook was not called: {words}"),
    }
}
