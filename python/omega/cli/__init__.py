"""The command line: one command, one file.

Results go to stdout, talk to stderr. Exit codes: 0 done, 1 run failed, 2 usage or config, 3 data,
130 interrupted. Heavy modules are imported by the command that needs them: `omega --help` stays quick.
"""

from omega.cli.main import main

__all__ = ["main"]
