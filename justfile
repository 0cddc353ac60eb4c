# The commands of a contributor. `just` lists them; `.ci/run` runs all that must hold.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The nightly toolchain whose rustdoc JSON fits the version of cargo-public-api in CONTRIBUTING.md.
nightly := env("RUNCOMFY_NIGHTLY", "nightly")

# Lists the recipes.
default:
    @just --list --unsorted

# Formats, and checks formatting, lints and bindings without running anything.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo run -p runcomfy-codegen-cli -- check

# Runs the tests that need no compiler.
test *args:
    cargo test --workspace {{ args }}

# Runs the tests that compile programs of their own.
test-slow:
    cargo test --workspace --tests -- --ignored

# Plays SEQUENCES random sequences of transitions on the model of a batch, on `sqlite` or on `postgres`.
conformance sequences="1000000" store="model":
    RUNCOMFY_BATCH_SEQUENCES={{ sequences }} cargo test --release -p runcomfy-batch --features postgres --test conformance -- {{ store }}

# Kills a batch at random in a process of its own, and counts what the service was paid for.
batch-kills jobs="10000" kills="100":
    RUNCOMFY_BATCH_JOBS={{ jobs }} RUNCOMFY_BATCH_KILLS={{ kills }} cargo test -p runcomfy-batch --test engine kills -- --nocapture

# Kills the real command `batch run` at random, and counts what the service was paid for.
batch-kills-command jobs="10000" kills="100":
    RUNCOMFY_BATCH_JOBS={{ jobs }} RUNCOMFY_BATCH_KILLS={{ kills }} cargo test --release -p runcomfy-cli --test it kills -- --nocapture

# Kills and pauses three commands and their Postgres at random, and counts what the service was paid for.
batch-machines jobs="10000" kills="100":
    RUNCOMFY_BATCH_JOBS={{ jobs }} RUNCOMFY_BATCH_KILLS={{ kills }} cargo test --release -p runcomfy-cli --features postgres --test it machine_kills -- --nocapture

# Rewrites the bindings and the golden files from what the code does now. Review the diff.
bless:
    RUNCOMFY_CODEGEN=write cargo check -p runcomfy-models
    RUNCOMFY_GOLDEN=write UPDATE_EXPECT=1 cargo test --workspace

# Measures what everything costs. WORKLOAD is a folder of schemas, see benches/README.md.
bench workload *benchmarks:
    benches/run {{ workload }} {{ benchmarks }}

# Builds the documentation as docs.rs shows it, without warnings.
docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# Checks the project's words and the architecture's invariants.
words:
    cargo test -p runcomfy --test house

# Rewrites the golden files of the public API. Needs a nightly toolchain and cargo-public-api.
api:
    RUNCOMFY_NIGHTLY={{ nightly }} api/run

# Checks every combination of features. Needs cargo-hack and, on Linux, OpenSSL's headers.
features:
    cargo hack check --workspace --exclude runcomfy-models --ignore-private --feature-powerset
    cargo hack check -p runcomfy-models --each-feature

# Checks licences, sources and known vulnerabilities of all dependencies. Needs cargo-deny.
deny:
    cargo deny --workspace check

# Fuzzes one target for SECONDS. Needs a nightly toolchain and cargo-fuzz.
fuzz target seconds="60":
    cargo +{{ nightly }} fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Runs everything that must hold before a change lands.
ci:
    .ci/run
    .ci/beside
