//! Generates the models' types from `schemas/` into `OUT_DIR`.

fn main() {
    runcomfy_codegen::Builder::new().build_script();
}
