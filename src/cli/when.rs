//! Times on the command line: `24h`, `7d`, `90m`, or a date as in RFC 3339.

use anyhow::bail;
use chrono::{DateTime, FixedOffset, Local, NaiveDate, Offset};

/// Milliseconds since 1970 that `text` means, seen from `now_ms`: a duration counts back.
pub fn parse(text: &str, now_ms: i64) -> anyhow::Result<i64> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
    for (unit, ms) in units {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.parse::<i64>()
        {
            return Ok(now_ms.saturating_sub(number.saturating_mul(ms)));
        }
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_millis());
    }
    if let Ok(date) = text.parse::<NaiveDate>()
        && let Some(time) = date.and_hms_opt(0, 0, 0).and_then(|t| t.and_local_timezone(Local).earliest())
    {
        return Ok(time.timestamp_millis());
    }
    bail!("`{text}` is no time; expected a duration such as `24h` or `7d`, a date, or a time such as `2026-11-24T08:00:00Z`")
}

/// The offset of this machine's clock from UTC.
pub fn local() -> FixedOffset {
    Local::now().offset().fix()
}
