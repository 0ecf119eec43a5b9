//! `cargo xtask bench WHAT`: what envctl takes, measured in turns with what it is compared to.
//! Each measurement is one file; this one only finds it.

mod up;

pub(crate) use up::run as up;
