//! Golden tests of the program, for everything that needs no Docker daemon. Each test has a
//! workspace of its own, and shows what a person reads: the two streams and the exit code.

#![expect(
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    reason = "expect-test writes the expected texts, which are long"
)]

mod completing;
mod composing;
mod documents;
mod harness;
mod helping;
mod layering;
mod listing;
mod masking;
mod mistaking;
mod naming;
mod reaching;
mod reporting;
mod structure;
mod trusting;
mod typing;
