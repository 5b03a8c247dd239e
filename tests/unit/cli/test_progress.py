import io

from omega.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def draw(stream):
    with progress(stream) as report:
        report.on_step("event loop")
        report.on_progress(1, 2)
    return stream.getvalue()


def test_a_pipe_stays_silent():
    """API-7: silent when piped."""
    assert draw(io.StringIO()) == ""


def test_a_terminal_sees_the_step():
    assert "event loop" in draw(Terminal())
