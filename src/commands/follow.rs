//! The log of one service over its runs: with `--follow` it goes on when the service is started
//! again, whoever does that.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{Sender, channel};

use super::failure::Failure;
use super::lock;
use super::session::Session;
use crate::engine::{Engine, Error, LogLine, LogMark, LogOptions, ServiceState};
use crate::model::InstanceId;

/// How often to look whether a service that ended runs again.
const LOOK: Duration = Duration::from_millis(200);

/// How many lines may be on their way before a log waits.
const LINES_IN_FLIGHT: usize = 64;

/// Says which lines are wanted.
type LineFilter<'a> = dyn Fn(&LogLine) -> bool + Sync + 'a;

/// What the logs of one command have in common.
pub(super) struct Following<'a> {
    session: &'a Session,
    engine: &'a dyn Engine,
    id: &'a InstanceId,
    /// Whether some lines are not wanted.
    picky: bool,
    /// How many services run, as far as is known.
    running: AtomicUsize,
}

impl<'a> Following<'a> {
    pub(super) fn new(
        session: &'a Session,
        engine: &'a dyn Engine,
        id: &'a InstanceId,
        picky: bool,
    ) -> Self {
        Self {
            picky,
            session,
            engine,
            id,
            running: AtomicUsize::new(0),
        }
    }

    /// Sends the wanted lines of a log; of the last ones that `options` ask for, those count.
    pub(super) async fn tell(
        &self,
        name: &str,
        mut options: LogOptions,
        wanted: &LineFilter<'_>,
        sink: Sender<LogLine>,
    ) -> Result<(), Failure> {
        // Where all lines are wanted, the engine finds the last ones faster.
        if let Some(tail) = options.tail.filter(|_| self.picky) {
            let (lines, end) = self.last(name, (&options, tail), wanted).await?;
            for line in lines {
                if sink.send(line).await.is_err() {
                    return Ok(());
                }
            }
            options.since = Some(end);
            options.tail = None;
            if !options.follow {
                return Ok(());
            }
        }
        self.running.fetch_add(1, Ordering::Relaxed);
        loop {
            let end = self.one_run(name, &options, (wanted, &sink)).await;
            let end = match end {
                // It was taken away, and may be made anew.
                Err(Error::NoService { .. }) if options.since.is_some() => None,
                end => Some(end?),
            };
            options.since = end.or(options.since);
            self.running.fetch_sub(1, Ordering::Relaxed);
            if !options.follow || sink.is_closed() || !self.runs_again(name).await {
                return Ok(());
            }
            self.running.fetch_add(1, Ordering::Relaxed);
            self.session
                .events
                .info(format!("{name} was started again"));
        }
    }

    async fn one_run(
        &self,
        name: &str,
        options: &LogOptions,
        (wanted, sink): (&LineFilter<'_>, &Sender<LogLine>),
    ) -> Result<LogMark, Error> {
        let (sender, mut lines) = channel(LINES_IN_FLIGHT);
        let read = async {
            self.engine
                .inside()?
                .logs(name, options.clone(), sender)
                .await
        };
        let send = async {
            while let Some(line) = lines.recv().await {
                if wanted(&line) && sink.send(line).await.is_err() {
                    lines.close();
                }
            }
        };
        tokio::join!(read, send).0
    }

    /// Returns the last wanted lines that are there now, and where they end.
    async fn last(
        &self,
        name: &str,
        (options, tail): (&LogOptions, usize),
        wanted: &LineFilter<'_>,
    ) -> Result<(VecDeque<LogLine>, LogMark), Error> {
        let options = LogOptions {
            follow: false,
            tail: None,
            ..options.clone()
        };
        let (sender, mut all) = channel(LINES_IN_FLIGHT);
        let read = async { self.engine.inside()?.logs(name, options, sender).await };
        let keep = async {
            let mut last = VecDeque::new();
            while let Some(line) = all.recv().await {
                if wanted(&line) {
                    last.push_back(line);
                    if last.len() > tail {
                        last.pop_front();
                    }
                }
            }
            last
        };
        let (end, last) = tokio::join!(read, keep);
        Ok((last, end?))
    }

    /// Waits until a service that has ended runs again; `false` where nothing will start it: none
    /// of the services runs any more, and no command is at work.
    async fn runs_again(&self, name: &str) -> bool {
        loop {
            match self.engine.state(name).await {
                Ok(Some(ServiceState::Running)) => return true,
                Ok(Some(state)) if state.is_up() => {}
                _ if self.running.load(Ordering::Relaxed) > 0 => {}
                _ if lock::is_held(self.session, self.id) => {}
                _ => return false,
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
