"""`./run bench`: what the portal promises in figures, measured here, in one run, against its own sandbox.

./run bench                      every figure, `name value unit <= aim`
./run bench kill --kills N       SIGKILL from outside while 300 mails are delivered; counts what is lost and doubled
./run bench storm                8 s of 429 over one mailbox: wasted requests, and what the others notice
./run bench scale                pages at a million messages against a thousand, on PostgreSQL and SQLite
./run bench import --messages N  the workers' memory while a mailbox of N messages is loaded
"""

from __future__ import annotations

import argparse
import sys

from bench import figures, importing, kill, scale, storm


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    kills = commands.add_parser("kill", help="kill processes while they deliver")
    kills.add_argument("--kills", type=int, default=100)
    kills.add_argument("--mails", type=int, default=300)
    kills.add_argument("--profile", choices=["small", "large"], default="small")
    kills.add_argument("--seed", type=int, default=1)
    commands.add_parser("storm", help="throttle one mailbox while many wishes wait for it")
    scales = commands.add_parser("scale", help="time the pages of a large mailbox")
    scales.add_argument("--small", type=int, default=1_000)
    scales.add_argument("--large", type=int, default=1_000_000)
    scales.add_argument("--rounds", type=int, default=25)
    imports = commands.add_parser("import", help="load a large mailbox")
    imports.add_argument("--messages", type=int, default=200_000)
    imports.add_argument("--profile", choices=["small", "large"], default="small")
    options = parser.parse_args(arguments)
    if options.command == "scale":
        return scale.main(small=options.small, large=options.large, rounds=options.rounds)
    if options.command == "import":
        return importing.main(messages=options.messages, profile=options.profile)
    if options.command == "kill":
        return kill.main(kills=options.kills, mails=options.mails, seed=options.seed, profile=options.profile)
    if options.command == "storm":
        return storm.main()
    return figures.main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
