//! The programs that a measurement starts: the service that is asked, who asks it over a bare
//! socket, and who measures one command. They are ourselves, so that nothing has to be installed.

use std::path::Path;

use anyhow::bail;

use super::{measure, socket};

/// Runs one of them.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<()> {
    match arguments {
        ["serve", port] => socket::serve(port.parse()?),
        ["ask", port, count] => socket::ask(port.parse()?, count.parse()?),
        ["measure", printed, words @ ..] => measure::one(Path::new(printed), words),
        _ => bail!("`bench part` is for `bench smoke` alone"),
    }
}
