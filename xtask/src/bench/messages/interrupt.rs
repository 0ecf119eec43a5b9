//! Ctrl-C and a request to end: noted, so that what was started is taken away first.
//! It does not know what that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Says whether the program should end; programs that it starts get signals as ever.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Notes signals from now on.
    pub(super) fn watch() -> anyhow::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&came))?;
        }
        Ok(Self(came))
    }

    /// Fails once a signal came.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        Ok(())
    }
}
