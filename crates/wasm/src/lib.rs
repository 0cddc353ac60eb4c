//! RunComfy's validation engine for WebAssembly.
//!
//! JavaScript and the module share two buffers, both the module's. The caller writes a text to the
//! [input](runcomfy_input), calls a function, and reads the JSON of its result from the
//! [output](runcomfy_output). `js/index.js` is the only caller.

mod engine;

pub use engine::Engine;

use std::cell::RefCell;

thread_local! {
    /// The module has one thread.
    static ENGINE: RefCell<Engine> = RefCell::default();
}

/// Makes room for an input, and returns its address. It holds until the next call.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn runcomfy_input(len: usize) -> *mut u8 {
    ENGINE.with_borrow_mut(|engine| engine.input(len).as_mut_ptr())
}

/// Reads the schema in the input behind a model id of `id_len` bytes, and returns the length of the
/// output: the number of the model and diagnostics.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn runcomfy_load(id_len: usize) -> usize {
    ENGINE.with_borrow_mut(|engine| engine.load(id_len))
}

/// Validates the value in the input with a model, and returns the length of the output: the violations.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn runcomfy_validate(model: usize) -> usize {
    ENGINE.with_borrow_mut(|engine| engine.validate(model))
}

/// Forgets a model.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn runcomfy_unload(model: usize) {
    ENGINE.with_borrow_mut(|engine| engine.unload(model));
}

/// Returns the address of the output. It holds until the next call.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn runcomfy_output() -> *const u8 {
    ENGINE.with_borrow(|engine| engine.output().as_ptr())
}
