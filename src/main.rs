//! The program: parses, chooses the renderer, runs, and turns a failure into its exit code.

fn main() {}
