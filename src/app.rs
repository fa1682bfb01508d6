//! Being built.

use crate::config::Config;

/// Being built.
///
/// # Errors
/// Always.
pub async fn serve(
    _config: Config,
    _demo: bool,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err("the server is being built".into())
}
