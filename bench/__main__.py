"""`./run bench`: what the portal promises in figures, measured here, in one run, against its own sandbox.

./run bench                      every figure, `name value unit <= aim`
./run bench --quick              the same in five minutes, at fewer messages
./run bench peers                only the portal beside O365, bare loops and shapes; draws the picture
./run bench kill --kills N       SIGKILL from outside while 300 mails are delivered; counts what is lost and doubled
./run bench kill --everything    the same while runs, the automat and clicks go on together and Graph throttles
./run bench kill --contacts N    the same while contacts go both ways and both services drop answers
./run bench bulk --mails N       a run over everything while CORIPO is slow, and forecasts in a large mailbox
./run bench storm                8 s of 429 over one mailbox: wasted requests, and what the others notice
./run bench backlog              clicks behind 100,000 waiting e-mails, on both profiles
./run bench slow                 clicks beside somebody's long selection at a slow CORIPO
./run bench scale                pages at a million messages against a thousand, on PostgreSQL and SQLite
./run bench import --messages N  the workers' memory while a mailbox of N messages is loaded
"""

from __future__ import annotations

import argparse
import sys

from bench import backlog, bulk, everything, figures, importing, kill, kill_contacts, peers, scale, slow, storm


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="at fewer messages")
    commands = parser.add_subparsers(dest="command")
    kills = commands.add_parser("kill", help="kill processes while they deliver")
    kills.add_argument("--kills", type=int, default=100)
    kills.add_argument("--mails", type=int, default=300)
    kills.add_argument("--profile", choices=["small", "large"], default="small")
    kills.add_argument("--everything", action="store_true", help="while runs, automat and clicks go on together")
    kills.add_argument(
        "--contacts", type=int, nargs="?", const=500, help="while so many contacts are made and changed on both sides"
    )
    kills.add_argument("--seed", type=int, default=1)
    runs = commands.add_parser("bulk", help="run over everything, foresee it, and reckon how long it takes")
    runs.add_argument("--mails", type=int, default=bulk.MAILS)
    commands.add_parser("peers", help="the portal beside others")
    commands.add_parser("storm", help="throttle one mailbox while many wishes wait for it")
    commands.add_parser("backlog", help="click while 100,000 e-mails are waiting")
    commands.add_parser("slow", help="click while CORIPO is slow for somebody else")
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
    if options.command == "kill" and options.everything:
        return everything.main(kills=options.kills, seed=options.seed, profile=options.profile)
    if options.command == "kill" and options.contacts is not None:
        return kill_contacts.main(
            kills=options.kills, contacts=options.contacts, seed=options.seed, profile=options.profile
        )
    if options.command == "kill":
        return kill.main(kills=options.kills, mails=options.mails, seed=options.seed, profile=options.profile)
    if options.command == "bulk":
        return bulk.main(mails=options.mails)
    if options.command == "storm":
        return storm.main()
    if options.command == "backlog":
        return backlog.main()
    if options.command == "slow":
        return slow.main()
    if options.command == "peers":
        return peers.main(is_quick=options.quick)
    return figures.main(is_quick=options.quick)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
