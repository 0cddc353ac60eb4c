//! The RunComfy Model API on one's own machine.
