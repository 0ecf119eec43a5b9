//! Byte sizes as a person reads them: `512 B`, `12.0 KiB`, `45.1 MiB`.

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// Returns the size in the largest unit that it fills.
pub fn bytes(size: u64) -> String {
    let unit = unit_of(size);
    format!("{} {}", in_unit(size, unit), UNITS[unit])
}

/// Returns how much of a whole is done, both in the unit of the whole: `12.0/45.1 MiB`.
pub fn bytes_of(done: u64, total: u64) -> String {
    let unit = unit_of(total);
    format!(
        "{}/{} {}",
        in_unit(done, unit),
        in_unit(total, unit),
        UNITS[unit]
    )
}

fn unit_of(size: u64) -> usize {
    let mut unit = 0;
    while unit + 1 < UNITS.len() && size >> (10 * unit) >= 1024 {
        unit += 1;
    }
    unit
}

fn in_unit(size: u64, unit: usize) -> String {
    if unit == 0 {
        return size.to_string();
    }
    let tenths = (u128::from(size) * 10) >> (10 * unit);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_unit() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(47_290_000), "45.0 MiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
        assert_eq!(bytes_of(12_582_912, 47_290_000), "12.0/45.0 MiB");
        assert_eq!(bytes_of(1, 0), "1/0 B");
    }
}
