import io

from omega.cli.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def draw(stream, times):
    ticks = iter([0.0, *times])
    with progress_bar("bars", stream=stream, clock=lambda: next(ticks)) as report:
        if report is None:
            return None
        for number, _ in enumerate(times, start=1):
            report(number, len(times))
    return stream.getvalue()


def test_a_pipe_gets_no_bar():
    """API-7: silent when piped."""
    stream = io.StringIO()

    assert draw(stream, [5.0]) is None
    assert stream.getvalue() == ""


def test_quick_work_gets_no_bar():
    """API-7: bars on anything longer than a second."""
    assert draw(Terminal(), [0.2, 0.9]) == ""


def test_long_work_gets_a_bar():
    assert "bars" in draw(Terminal(), [0.2, 1.1])
