//! The commands `runcomfy login`, `whoami` and `logout`.

use std::io::{BufRead, IsTerminal, Read, stderr, stdin};

use clap::ArgMatches;
use runcomfy::login::{LoginOutcome, PendingLogin, TokenFile, User, Website};
use runcomfy::{ErrorKind, Token};
use serde_json::{Value, json};

use crate::advice::TOKENS_PAGE;
use crate::exposed_token;
use crate::failure::Failure;
use crate::format::Format;
use crate::local_file::read_blocking;
use crate::notice::with_notice;
use crate::open;
use crate::show;
use crate::token_variable::{TOKEN_VARIABLE, is_set};

/// Returns the advice about a token that is not accepted.
fn nothing_stored() -> String {
    format!("Nothing was stored. Tokens are at {TOKENS_PAGE}.")
}

/// Maximum number of bytes that are read of a token on standard input.
const MAX_TOKEN_BYTES: u64 = 1 << 16;

/// Gets a token, through the browser or from standard input, and stores it.
///
/// # Errors
/// If nobody confirms the login, the token is not accepted, or the file cannot be written.
pub(crate) async fn login(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    // Found before anybody is asked for anything.
    let file = TokenFile::from_env()?;
    let website = website(matches)?;
    let from_stdin = match matches.get_one::<String>("token").map(String::as_str) {
        None => false,
        Some("-") => true,
        // The value is a secret, which no message quotes.
        Some(_) => {
            let failure = Failure::usage("`--token` takes only `-`, for standard input");
            return Err(failure.with_advice(
                "A token among the arguments is visible to other users and is kept in the history of the shell. \
                 Write `runcomfy login --token - < FILE`.",
            ));
        }
    };
    let token = if from_stdin {
        token_on_stdin(matches).await?
    } else {
        confirmed(matches, website.start_login().await?, format).await?
    };
    let user = match website.user(&token).await {
        Ok(user) => Some(user),
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            let failure = Failure::from(error);
            return Err(failure.with_advice(nothing_stored()));
        }
        // The website is not needed for anything else.
        Err(error) => {
            show::warn(&format!("the token was not checked: {error}"));
            None
        }
    };
    file.write(&token)?;
    report(&file, user.as_ref(), format);
    Ok(())
}

fn website(matches: &ArgMatches) -> Result<Website, Failure> {
    let website = match matches.get_one::<String>("web-base") {
        Some(base) => Website::new(base),
        None => Website::from_env(),
    };
    website.map_err(|error| {
        let failure = Failure::from(error);
        failure.with_advice("--web-base or RUNCOMFY_WEB_BASE sets the address.")
    })
}

async fn token_on_stdin(matches: &ArgMatches) -> Result<Token, Failure> {
    if stdin().is_terminal() {
        show::note_while_waiting(matches, "reading the token from standard input");
    }
    let read = read_blocking(|| {
        let mut text = String::new();
        let input = stdin();
        let is_typed = input.is_terminal();
        let mut input = input.lock().take(MAX_TOKEN_BYTES);
        if is_typed {
            // A person ends the token with a line break.
            input.read_line(&mut text)?;
        } else {
            input.read_to_string(&mut text)?;
        }
        Ok(text)
    });
    let text = read
        .await
        .map_err(|e| Failure::unreadable(format!("could not read standard input: {e}")))?;
    Token::new(text).map_err(|error| {
        let failure = Failure::from(error);
        failure.with_advice(nothing_stored())
    })
}

/// Waits until a person has confirmed the login in the browser.
async fn confirmed(
    matches: &ArgMatches,
    login: PendingLogin,
    format: Format,
) -> Result<Token, Failure> {
    let (url, code) = (login.verify_url().to_owned(), login.user_code().to_owned());
    if format.has_words() {
        show::note(&format!(
            "Open {url} and confirm this code:\n\n    {code}\n"
        ));
    } else {
        let seconds = login.expires_in().as_secs();
        show::line(&json!({ "verify_url": url, "user_code": code, "expires_in": seconds }));
    }
    if stderr().is_terminal() && !matches.get_flag("no-browser") {
        open::page(&url);
    }
    let notice = || show::note_while_waiting(matches, "waiting for the confirmation; Ctrl-C stops");
    let refused = |message: &str| {
        let failure = Failure::no_permission(message);
        failure.with_advice("Nothing was stored. Run `runcomfy login` again to get another code.")
    };
    match with_notice(login.wait(), notice).await? {
        LoginOutcome::Authorized(token) => Ok(token),
        LoginOutcome::Denied => Err(refused("the login was declined in the browser")),
        _ => Err(refused("the code has expired before it was confirmed")),
    }
}

fn report(file: &TokenFile, user: Option<&User>, format: Format) {
    let json = json!({
        "path": file.path().display().to_string(),
        "user": user.map(|user| Value::Object(user.json().clone())),
    });
    format.print(&json, || {
        let name = user.map(|user| format!(" as {}", user.name()));
        format!(
            "logged in{}; the token is in {}",
            name.unwrap_or_default(),
            file.path().display()
        )
    });
    if is_set(TOKEN_VARIABLE) {
        show::warn(&format!(
            "{TOKEN_VARIABLE} is set and goes before this token"
        ));
    }
}

/// Prints the account of the token, and where the token was found.
///
/// # Errors
/// If there is no token, or the website does not accept it.
pub(crate) async fn whoami(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let token = Token::from_env()?;
    exposed_token::warn();
    let user = website(matches)?.user(&token).await?;
    let source = token.source().unwrap_or_default();
    let mut json = user.json().clone();
    json.insert("token_source".to_owned(), source.into());
    format.print(&Value::Object(json), || {
        let kind = user.json().get("token_type").and_then(Value::as_str);
        let mut lines = vec![user.name().to_owned()];
        lines.extend(kind.map(|kind| format!("   token type: {kind}")));
        lines.push(format!("   user id: {}", user.id()));
        lines.push(format!("   token: {source}"));
        lines.join("\n")
    });
    Ok(())
}

/// Removes the token of a login from this machine.
///
/// # Errors
/// If the file cannot be removed.
pub(crate) fn logout(format: Format) -> Result<(), Failure> {
    let file = TokenFile::from_env()?;
    let removed = file.remove()?;
    let path = file.path().display().to_string();
    format.print(&json!({ "path": path, "removed": removed }), || {
        if removed {
            format!(
                "removed {path}; the token itself is valid until it is revoked at https://www.runcomfy.com/profile"
            )
        } else {
            format!("not logged in: there is no {path}")
        }
    });
    for name in [TOKEN_VARIABLE, "RUNCOMFY_API_TOKEN"] {
        if is_set(name) {
            show::warn(&format!("{name} is set and is used as the token"));
        }
    }
    Ok(())
}
