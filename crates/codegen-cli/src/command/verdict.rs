//! Printing of a diff, and the exit code that follows from it.

use clap::builder::PossibleValue;
use clap::{Arg, ArgMatches};
use runcomfy_codegen_cli::{Bindings, Class, Diff};

use super::argument::switch;
use super::format;

/// Returns the arguments of commands that compare.
pub(crate) fn arguments() -> [Arg; 6] {
    let [format, json] = format::arguments("Text, by model", "One JSON object");
    let ways = [
        ("dependency", "A crate of bindings that code depends on"),
        (
            "own-crate",
            "Modules of the crate that uses them: `include_models!`, a build script",
        ),
    ];
    let ways = ways.map(|(name, help)| PossibleValue::new(name).help(help));
    [
        format,
        json,
        Arg::new("bindings")
            .long("bindings")
            .value_name("USE")
            .value_parser(ways)
            .default_value("own-crate")
            .help("How the bindings are used, which decides whether `own crate` is breaking"),
        switch(
            "fail-on-breaking",
            "Exit with 1 if a change is breaking for this use of the bindings",
        ),
        switch("fail-on-default", "Exit with 1 if a default changed"),
        switch("exit-code", "Exit with 1 if anything changed"),
    ]
}

pub(crate) fn bindings(matches: &ArgMatches) -> Bindings {
    match matches.get_one::<String>("bindings").map(String::as_str) {
        Some("dependency") => Bindings::Dependency,
        _ => Bindings::OwnCrate,
    }
}

/// Returns `true` if the changes are such that the command line wants the exit code 1.
pub(crate) fn fails(matches: &ArgMatches, diff: &Diff, changed: bool) -> bool {
    (matches.get_flag("fail-on-breaking") && diff.is_breaking(bindings(matches)))
        || (matches.get_flag("fail-on-default") && diff.count(Class::Default) > 0)
        || (matches.get_flag("exit-code") && changed)
}
