//! The command `runcomfy-codegen`.

use std::process::ExitCode;

use runcomfy_codegen::{Builder, Error, Generated, Layout};

const USAGE: &str = "\
Turns RunComfy model schemas into Rust types and validators.

Usage: runcomfy-codegen <COMMAND> [OPTIONS]

Commands:
  generate  write the files that differ from what the schemas say
  check     write nothing; exit with 1 and list the files that differ

Options:
  --schemas DIR   the folder with the schema files [default: schemas]
  --out DIR       the folder for the generated code [default: generated/src]
  --support PATH  the Rust path of the crate it leans on [default: ::runcomfy]
  --one-file      one models.rs instead of a tree of files
  -h, --help      this text
  -V, --version   the version
";

/// The command line was not understood (sysexits).
const EX_USAGE: u8 = 64;
/// A schema file is faulty (sysexits).
const EX_DATAERR: u8 = 65;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let called = |name: &str, short: &str| arguments.iter().any(|a| a == name || a == short);
    if called("--help", "-h") || called("help", "help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    if called("--version", "-V") {
        println!("runcomfy-codegen {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(code) => code,
        Err(usage) => {
            eprintln!("error: {usage}\n\n{USAGE}");
            ExitCode::from(EX_USAGE)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let (command, options) = arguments.split_first().ok_or("expected a command")?;
    let builder = builder(options)?;
    let outcome = match command.as_str() {
        "generate" => builder
            .generate()
            .and_then(|generated| generate(&generated)),
        "check" => builder.generate().and_then(|generated| check(&generated)),
        other => {
            return Err(format!(
                "found the command `{other}`, expected generate or check"
            ));
        }
    };
    Ok(outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(EX_DATAERR)
    }))
}

fn builder(options: &[String]) -> Result<Builder, String> {
    let mut builder = Builder::new().out_dir("generated/src").layout(Layout::Tree);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let (name, inline) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option.as_str(), None),
        };
        if name == "--one-file" {
            builder = builder.layout(Layout::OneFile);
            continue;
        }
        if !["--schemas", "--out", "--support"].contains(&name) {
            return Err(format!("unknown option `{name}`"));
        }
        let value = inline.or_else(|| options.next().cloned());
        let value = value.ok_or_else(|| format!("`{name}` takes a value"))?;
        builder = match name {
            "--schemas" => builder.schemas(value),
            "--out" => builder.out_dir(value),
            _ => builder.support(value),
        };
    }
    Ok(builder)
}

fn generate(generated: &Generated) -> Result<ExitCode, Error> {
    warn(generated);
    let changes = generated.write()?;
    if !changes.is_empty() {
        println!("{changes}");
    }
    println!("{}", count(changes.0.len(), "changed"));
    Ok(ExitCode::SUCCESS)
}

fn check(generated: &Generated) -> Result<ExitCode, Error> {
    warn(generated);
    let changes = generated.check()?;
    if changes.is_empty() {
        println!(
            "in step with the schemas: {} files",
            generated.files().count()
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{changes}");
    eprintln!(
        "{}; run `runcomfy-codegen generate` and commit the result",
        count(changes.0.len(), "out of step")
    );
    Ok(ExitCode::FAILURE)
}

fn warn(generated: &Generated) {
    for warning in generated.warnings() {
        eprintln!("{warning}\n");
    }
}

fn count(files: usize, what: &str) -> String {
    format!("{files} file{} {what}", if files == 1 { "" } else { "s" })
}
