"""What the weekly openings of a file tell about its clock.

The FX week opens on Sunday at 17:00 New York (metals an hour later). Read with the right clock, every
week-end of a file ends there, in summer, in winter, and in the weeks in which only one side of the Atlantic
has changed its clocks. This finds candidates; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from omega.data.calendar import Int64s, fx_calendar, iso_text
from omega.data.sessions import session_named
from omega.data.timeframes import DAY_US, duration_us
from omega.data.zones import BROKER_ZONE, CANDIDATES, zone_named
from omega.errors import OmegaError, error_for

__all__ = ["Openings", "zone_question"]

_WEEK_END_US = 40 * 3_600_000_000
_LATE_US = 15 * 60_000_000
_FITS = 0.9


@dataclass(slots=True)
class Openings:
    """Week-ends seen in a stream of times: the last time before and the first after each."""

    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    _last: int | None = None

    def see(self, time_us: Int64s) -> None:
        """Take the next times of the stream."""
        if len(time_us) == 0:
            return
        times = time_us if self._last is None else np.concatenate([[self._last], time_us])
        steps = np.diff(times)
        rows = np.flatnonzero((steps > _WEEK_END_US) & (steps < 4 * DAY_US))
        self.before += times[rows].tolist()
        self.after += times[rows + 1].tolist()
        self._last = int(times[-1])

    def fits(self, zone: str, session: str, late_us: int) -> npt.NDArray[np.bool_]:
        """Return for each week-end whether it ends at the opening of the session if the times are of `zone`."""
        if not self.after:
            return np.zeros(0, np.bool_)
        clock = zone_named(zone)
        opened = clock.to_utc(np.array(self.after, np.int64))[0]
        closed = clock.to_utc(np.array(self.before, np.int64))[0]
        calendar = fx_calendar(int(closed[0]), int(opened[-1]), session)
        kind = session_named(session)
        sunday = calendar.rollover_us[np.flatnonzero(calendar.weekday() == 0) - 1] + kind.opens_after_us
        week = np.searchsorted(sunday, opened, side="right") - 1
        # Closed on Friday by 17:00, opened on Sunday at 17:00: 48 hours between, or 47 and 49 with a change.
        friday = sunday[week] - kind.opens_after_us - 2 * DAY_US
        in_time = (opened - sunday[week] < late_us) & (closed < friday + 2 * 3_600_000_000)
        return np.asarray(in_time)


def zone_question(openings: Openings, *, where: str, session: str, timeframe: str | None) -> OmegaError:
    """Return the error that asks for the clock of a file, with what was seen and what is proposed."""
    late_us = max(_LATE_US, 0 if timeframe is None else min(duration_us(timeframe), 3_600_000_000))
    fits = {zone: openings.fits(zone, session, late_us) for zone in CANDIDATES}
    count = len(openings.after)
    # New York + 7 h and Athens differ in four weeks of a year only: the best fit counts, not a good one.
    best = max((int(fit.sum()) for fit in fits.values()), default=0)
    good = [zone for zone in CANDIDATES if count and best >= _FITS * count and int(fits[zone].sum()) == best]
    if not good and count >= 4 and (change := _change(fits, openings)):
        before, after, begins_us = change
        proposal = f"{before}, from {iso_text(begins_us)[:10]} {after}"
        return error_for(
            "data.zone_changes", where=where, before=before, after=after, changed_us=begins_us, proposal=proposal
        )
    if not good:
        saw = "no clock fits its weekly openings" if count else "it holds no week-end that would tell"
        others = ", or whatever it is; most MetaTrader servers run so"
        return error_for("data.zone_unknown", where=where, saw=saw, proposal=BROKER_ZONE, others=others)
    shown = f"{count} weekly openings were seen, the first {iso_text(openings.after[0]).rstrip('Z')} on its clock"
    others = f"; {', '.join(good[1:])} would fit as well" if good[1:] else ""
    return error_for("data.zone_unknown", where=where, saw=shown, proposal=good[0], others=others)


def _change(fits: dict[str, npt.NDArray[np.bool_]], openings: Openings) -> tuple[str, str, int] | None:
    """Return two clocks that fit one after the other, and the day (on the file's clock) from which the second does."""
    count = len(openings.after)
    for split in range(2, count - 1):
        # Fixed offsets first: they claim less than a rule about summer time.
        befores = [zone for zone in ("UTC", *CANDIDATES) if fits[zone][:split].mean() >= _FITS]
        afters = [zone for zone in ("+02:00", "+03:00", *CANDIDATES) if fits[zone][split:].mean() >= _FITS]
        if befores and afters and fits[befores[0]][split - 1] and not fits[befores[0]][split:].any():
            begins_us = (openings.before[split] // DAY_US + 1) * DAY_US
            return befores[0], afters[0], begins_us
    return None
