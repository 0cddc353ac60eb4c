//! The variables of the environment that have a token.

/// Variable whose token goes before that of a login.
pub(crate) const TOKEN_VARIABLE: &str = "RUNCOMFY_TOKEN";

/// Returns `true` if a variable of the environment has a token.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|token| !token.trim().is_empty())
}
