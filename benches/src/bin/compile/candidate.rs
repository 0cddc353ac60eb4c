//! A crate to compile: who made it, from how many models.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use runcomfy_benches::{Cost, Meter, Outcome, SIZES, Workload};
use runcomfy_codegen::{Builder, Layout};

use crate::typify;

/// Generator of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Maker {
    RunComfy,
    Typify,
    TypifyWithBuilder,
}

/// Command of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Check,
    Release,
}

/// A package in a scratch workspace.
pub(crate) struct Candidate {
    pub(crate) maker: Maker,
    pub(crate) size: usize,
    workspace: PathBuf,
}

/// Between the two marks the generator puts the models' features.
const RUNCOMFY: &str = r#"
[features]
# @generated features, made from the schemas by runcomfy-codegen; do not edit.
# @end of the generated features

[dependencies]
runcomfy = { path = "ROOT", default-features = false }
"#;

const TYPIFY: &str = r#"
[dependencies]
serde = { version = "1", features = ["derive"] }
serde_json = "1"
"#;

impl Maker {
    const ALL: [Self; 3] = [Self::RunComfy, Self::Typify, Self::TypifyWithBuilder];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RunComfy => "ours",
            Self::Typify => "typify",
            Self::TypifyWithBuilder => "typify with builders",
        }
    }
}

impl Step {
    pub(crate) const ALL: [Self; 2] = [Self::Check, Self::Release];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Check => "`cargo check`",
            Self::Release => "`cargo build --release`",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["check"],
            Self::Release => &["build", "--release"],
        }
    }
}

impl Candidate {
    /// Every maker's crate of every size, with its dependencies compiled.
    pub(crate) fn make_all(workload: &Workload, workspace: &Path) -> Outcome<Vec<Self>> {
        let root = "[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n";
        fs::write(workspace.join("Cargo.toml"), root)?;
        let mut candidates = Vec::new();
        for size in SIZES {
            for maker in Maker::ALL {
                let workspace = workspace.to_path_buf();
                candidates.push(Self {
                    maker,
                    size,
                    workspace,
                });
            }
        }
        for candidate in &candidates {
            candidate.write_empty()?;
        }
        for candidate in &candidates {
            for step in Step::ALL {
                candidate.compile_dependencies(step)?;
            }
            candidate.generate(workload)?;
        }
        Ok(candidates)
    }

    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.maker.name().replace(' ', "-"), self.size)
    }

    /// Compiles it, and nothing else, from the beginning.
    pub(crate) fn compile(&self, step: Step, meter: &Meter) -> Outcome<Cost> {
        let lib = File::options().append(true).open(self.lib())?;
        lib.set_modified(SystemTime::now())?;
        meter.run_cargo(&mut self.cargo(step), &self.name().replace('-', "_"))
    }

    fn folder(&self) -> PathBuf {
        self.workspace.join(self.name())
    }

    fn lib(&self) -> PathBuf {
        self.folder().join("src/lib.rs")
    }

    /// A package of the same dependencies without code, since compiling the code takes long.
    fn write_empty(&self) -> Outcome {
        let rest = match self.maker {
            Maker::RunComfy => RUNCOMFY.replace("ROOT", &root()?),
            Maker::Typify | Maker::TypifyWithBuilder => TYPIFY.to_owned(),
        };
        let name = self.name();
        let package = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        fs::create_dir_all(self.folder().join("src"))?;
        fs::write(self.folder().join("Cargo.toml"), package + &rest)?;
        fs::write(self.lib(), "")?;
        Ok(())
    }

    fn compile_dependencies(&self, step: Step) -> Outcome {
        let status = self.cargo(step).status()?;
        if status.success() {
            return Ok(());
        }
        Err(format!(
            "the dependencies of {} do not compile: {status}",
            self.name()
        )
        .into())
    }

    fn generate(&self, workload: &Workload) -> Outcome {
        let src = self.folder().join("src");
        match self.maker {
            Maker::RunComfy => {
                // The generator keeps off files that it has not made.
                fs::remove_file(self.lib())?;
                Builder::new()
                    .schemas(workload.schemas(self.size))
                    .out_dir(src)
                    .layout(Layout::Tree)
                    .manifest(self.folder().join("Cargo.toml"))
                    .generate()?
                    .write()?;
                Ok(())
            }
            Maker::Typify => typify::generate(&workload.standard(self.size), &src, false),
            Maker::TypifyWithBuilder => typify::generate(&workload.standard(self.size), &src, true),
        }
    }

    fn cargo(&self, step: Step) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(step.arguments())
            .args(["--quiet", "--jobs", "2", "--package", &self.name()])
            .current_dir(&self.workspace)
            .env("CARGO_TARGET_DIR", self.workspace.join("target"))
            // What an editor saves between two builds would hide what a whole one costs.
            .env("CARGO_INCREMENTAL", "0");
        cargo
    }
}

fn root() -> Outcome<String> {
    let root = fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))?;
    Ok(root
        .to_str()
        .ok_or("the path of this repository is not Unicode")?
        .to_owned())
}
