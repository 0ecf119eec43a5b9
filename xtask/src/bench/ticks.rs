//! The processor time that the kernel has counted, of processes and of the machine.
//! It does not know which processes they are.

use std::collections::BTreeMap;

use anyhow::Context as _;

/// The kernel's unit of these times, which it has shown to programs as 1/100 s ever since.
pub(super) const TICKS_A_SECOND: f64 = 100.0;

/// The ticks of each process until now.
pub(super) struct Group(BTreeMap<u32, u64>);

impl Group {
    pub(super) fn read(pids: &[u32]) -> Self {
        // One that ended meanwhile is in its parent's count.
        let read = pids.iter().filter_map(|pid| Some((*pid, stat(*pid)?.1)));
        Self(read.collect())
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn most_since(&self, before: &Self) -> u64 {
        let since = |(pid, ticks): (&u32, &u64)| {
            let before = before.0.get(pid).copied().unwrap_or(0);
            ticks.saturating_sub(before)
        };
        self.0.iter().map(since).max().unwrap_or(0)
    }
}

/// Returns all processes.
pub(super) fn pids() -> anyhow::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs_err::read_dir("/proc")? {
        let name = entry?.file_name();
        pids.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// Returns a process's parent, and its ticks with those of its ended children.
pub(super) fn stat(pid: u32) -> Option<(u32, u64)> {
    parse_stat(&fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<(u32, u64)> {
    // A program's name may hold spaces and parentheses.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let times = fields.get(11..15)?.iter();
    let ticks = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

/// Returns the machine's ticks with something to do, and how many cores it has.
pub(super) fn machine() -> anyhow::Result<(u64, f64)> {
    let text = fs_err::read_to_string("/proc/stat")?;
    let all = text.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = all
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guests are in user already.
    let is_idle = |at: usize| at == 3 || at == 4;
    let busy = ticks.iter().take(8).enumerate();
    let busy = busy.filter(|(at, _)| !is_idle(*at)).map(|(_, n)| n).sum();
    let cores = text.lines().skip(1).filter(|line| line.starts_with("cpu"));
    Ok((busy, cores.map(|_| 1.0).sum()))
}

#[cfg(test)]
mod tests {
    use super::parse_stat;

    #[test]
    fn a_name_with_parentheses_moves_no_field() {
        let text = "7 (a) b)) S 3 7 7 0 -1 4 1 2 3 4 10 20 300 4000 20 0 1 0 5";
        assert_eq!(parse_stat(text), Some((3, 4330)));
    }
}
