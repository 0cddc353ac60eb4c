//! The steps of a program after its input: submit, wait and save, as the flags of `run` set them.

use clap::ArgMatches;

/// The flags of `run` that a program reproduces.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// In seconds, as the next two.
    timeout: Option<u64>,
    poll: Option<u64>,
    cancel_if_queued_after: Option<u64>,
    no_wait: bool,
    no_download: bool,
    /// The folder for the files; `None` is the current one.
    folder: Option<String>,
}

impl Steps {
    /// Reads the flags.
    pub(super) fn from_matches(matches: &ArgMatches) -> Self {
        let seconds = |name| matches.get_one::<u64>(name).copied();
        Self {
            timeout: seconds("timeout"),
            poll: seconds("poll-secs"),
            cancel_if_queued_after: seconds("cancel-if-queued-after"),
            no_wait: matches.get_flag("no-wait"),
            no_download: matches.get_flag("no-download"),
            folder: matches.get_one::<String>("output-dir").cloned(),
        }
    }

    /// Returns `true` if the program needs `Duration`.
    pub(super) fn has_times(&self) -> bool {
        let waits = [self.poll, self.cancel_if_queued_after];
        self.timeout.is_some() || (!self.no_wait && waits.iter().any(Option::is_some))
    }

    /// Returns the program from its submit to its end; `submit` is the call of the client, and `note` a
    /// comment after it.
    pub(super) fn written(&self, submit: &str, note: &str) -> String {
        let deadline = chain(&[call("deadline", self.timeout)]);
        let mut lines = vec![
            format!("let job = client.{submit}{deadline}.await?;{note}"),
            "println!(\"submitted {}\", job.request_id());".to_owned(),
        ];
        if !self.no_wait {
            lines.push(format!(
                "let output = job.wait(){}.await?;",
                self.wait_options()
            ));
            let folder = self.folder.as_deref().unwrap_or(".");
            let (each, of, print) = if self.no_download {
                ("url", "output.urls()".to_owned(), "println!(\"{url}\");")
            } else {
                let files = format!("job.download(&output, {folder:?}.as_ref()).await?");
                (
                    "file",
                    files,
                    "println!(\"saved {}\", file.path.display());",
                )
            };
            lines.push(format!("for {each} in {of} {{"));
            lines.push(format!("    {print}"));
            lines.push("}".to_owned());
        }
        lines.push("Ok(())".to_owned());
        let indented = lines.iter().map(|line| format!("    {line}\n"));
        indented.collect::<Vec<_>>().concat() + "}\n"
    }

    fn wait_options(&self) -> String {
        chain(&[
            call("deadline", self.timeout),
            call("poll_every", self.poll),
            call("cancel_if_queued_after", self.cancel_if_queued_after),
        ])
    }
}

fn call(name: &str, seconds: Option<u64>) -> Option<String> {
    seconds.map(|seconds| format!(".{name}(Duration::from_secs({seconds}))"))
}

/// Returns chained calls, each on its own line, up to the `.await` after them.
fn chain(calls: &[Option<String>]) -> String {
    const INDENT: &str = "\n        ";
    let calls: Vec<&str> = calls.iter().flatten().map(String::as_str).collect();
    match &calls[..] {
        [] => String::new(),
        calls => format!("{INDENT}{}{INDENT}", calls.join(INDENT)),
    }
}
