#!/usr/bin/env python3
"""Writes the world in real time, as a network of timed automata for TChecker: no octets, shutdown, fixed RTO.

Three processes: `A` and `B`, whose locations are what an end knows and, committed, what it is about to send; and `net`,
which keeps the copies in flight sorted by segment, each with a clock: its age. What becomes of a segment is decided
when it is sent: it is lost (which costs a loss) or kept, and copied or not; what is kept arrives before the MSL.

Labels for `tck-reach -a covreach -l`: `goneA` (A has left TIME_WAIT), `finA` (with it: a FIN to A is in flight), `busy` (anything
is in flight), `waitsA` (in CLOSING or LAST_ACK), `resetA`, `overflow` (more copies than slots; must not be reached).
"""
import argparse
from collections import namedtuple

End = namedtuple("End", "state una nxt rcv")       # a FIN is number 1; what is CLOSED keeps how it became so
Segment = namedtuple("Segment", "to kind seq ack")
PEER = {"A": "B", "B": "A"}
START = End("ESTABLISHED", 1, 1, 1)


def closed(how):
    return End(f"CLOSED_{how}", 0, 0, 0)


def is_closed(end):
    return end.state.startswith("CLOSED")


def fin_outstanding(end):
    """The retransmission timer runs."""
    return not is_closed(end) and end.una < end.nxt


def receive(o, me, end, segment):
    """RFC 9293 §3.10.7: the end afterwards, its answer or None, and whether 2MSL starts (anew)."""
    to = PEER[me]
    if is_closed(end):
        return end, None if segment.kind == "RST" else Segment(to, "RST", segment.ack, 0), False
    duplicate_ack = Segment(to, "ACK", end.nxt, end.rcv)
    if segment.seq < end.rcv:                      # the window's upper end is far away
        if segment.kind == "RST":
            return end, None, False
        restart = end.state == "TIME_WAIT" and segment.kind == "FIN" and o.restart_time_wait == "yes"
        return end, duplicate_ack, restart
    if segment.kind == "RST":
        if end.state == "TIME_WAIT" and o.rst_in_time_wait == "ignore":
            return end, None, False
        if segment.seq != end.rcv:
            return end, duplicate_ack, False
        return closed("gone" if end.state == "TIME_WAIT" else f"reset_{end.state}"), None, False
    if segment.ack > end.nxt:
        return end, duplicate_ack, False
    state, una, rcv, waits = end.state, max(end.una, segment.ack), end.rcv, False
    if end.una < end.nxt == una:                   # the FIN is acknowledged
        if state == "LAST_ACK":
            return closed("last_ack"), None, False
        if state == "FIN_WAIT_1":
            state = "FIN_WAIT_2"
        elif state == "CLOSING":
            state, waits = "TIME_WAIT", True
    answer = None
    if segment.kind == "FIN":
        after = {"ESTABLISHED": "CLOSE_WAIT", "FIN_WAIT_1": "CLOSING", "FIN_WAIT_2": "TIME_WAIT"}
        if segment.seq == rcv and state in after:
            rcv, state = rcv + 1, after[state]
            waits = waits or state == "TIME_WAIT"
        answer = Segment(to, "ACK", end.nxt, rcv)
    return End(state, una, end.nxt, rcv), answer, waits


def may_close(o, me, end):
    any_time = {"A": o.a_closes, "B": o.b_closes}[me] == "any-time"
    return end.state == "CLOSE_WAIT" or end.state == "ESTABLISHED" and any_time


def close(me, end):
    state = {"ESTABLISHED": "FIN_WAIT_1", "CLOSE_WAIT": "LAST_ACK"}[end.state]
    return end._replace(state=state, nxt=2), fin(me, end)


def fin(me, end):
    return Segment(PEER[me], "FIN", 1, end.rcv)


def everything(o):
    """The ends and the segments that there are at all, if nothing ever leaves the network."""
    ends, segments = {"A": {START}, "B": {START}}, set()
    while True:
        size = len(ends["A"]), len(ends["B"]), len(segments)
        for me in "AB":
            for end in list(ends[me]):
                steps = [receive(o, me, end, one)[:2] for one in list(segments) if one.to == me]
                if may_close(o, me, end):
                    steps.append(close(me, end))
                if fin_outstanding(end):
                    steps.append((end, fin(me, end)))
                if end.state == "TIME_WAIT":
                    steps.append((closed("gone"), None))
                ends[me].update(after for after, _ in steps)
                segments.update(sent for _, sent in steps if sent)
        if size == (len(ends["A"]), len(ends["B"]), len(segments)):
            return ends, sorted(segments)


def automata(o):
    """The lines of the file, where `o` has what `count` takes, and `slots`."""
    ends, segments = everything(o)
    lines = ["system:close", *(f"event:{name}" for name in ("lose", "copied", "expire", "call", "over", "full"))]
    lines += [f"event:{kind}_{name(one)}" for one in segments for kind in ("arrive", "send")]
    lines += [f"event:fin{me}" for me in "AB"] + [f"event:check{me}" for me in "AB"]
    lines += [f"int:1:0:{most}:0:{what}" for what, most in (("losses", o.losses), ("duplicates", o.duplicates)) if most]
    lines += network(o, segments)
    for me in "AB":
        lines += endpoint(o, me, ends[me], segments)
    for me in "AB":
        lines += [f"sync:{me}@over:net@full", f"sync:{me}@check{me}:net@fin{me}"]
    for one in segments:
        lines.append(f"sync:{one.to}@arrive_{name(one)}:net@arrive_{name(one)}")
        lines.append(f"sync:{PEER[one.to]}@send_{name(one)}:net@send_{name(one)}")
    return lines


def name(what):
    if isinstance(what, Segment):
        return f"{what.kind}{what.seq}{what.ack}{what.to}"
    return f"{what.state}.{what.una}{what.nxt}{what.rcv}"


def attributes(**given):
    return "{" + " : ".join(f"{key}:{value}" for key, value in given.items() if value is not None) + "}"


def network(o, segments):
    """`q0`, `q1`, …: so many copies. `s0` ≤ `s1` ≤ … are the numbers of their segments, from 1, and 0 is none."""
    lines = [f"int:1:0:{len(segments)}:0:s{i}" for i in range(o.slots)]
    lines += ["process:net", *(f"clock:1:x{i}" for i in range(o.slots)), "location:net:q0{initial:}"]
    for n in range(1, o.slots + 1):
        ages = "&&".join(f"x{i}<{o.msl}" for i in range(n))
        lines.append(f"location:net:q{n}" + attributes(labels="busy", invariant=ages))
    lines += [f"location:net:fin{me}" + attributes(labels=f"fin{me}") for me in "AB"]
    for n in range(o.slots + 1):
        for number, one in enumerate(segments, 1):
            for place in range(n):                 # the oldest copy of a segment arrives
                guard = f"s{place}=={number}" + (f"&&s{place - 1}<{number}" if place else "")
                shift = "".join(f"s{i}=s{i + 1};x{i}=x{i + 1};" for i in range(place, n - 1))
                arrival = attributes(provided=guard, do=f"{shift}s{n - 1}=0")
                lines.append(f"edge:net:q{n}:q{n - 1}:arrive_{name(one)}{arrival}")
                if one.kind == "FIN":
                    lines.append(f"edge:net:q{n}:fin{one.to}:fin{one.to}" + attributes(provided=guard))
            for place in range(n + 1 if n < o.slots else 0):
                below = [f"s{place - 1}<={number}"] if place else []
                above = [f"s{place}>{number}"] if place < n else []
                shift = "".join(f"s{i}=s{i - 1};x{i}=x{i - 1};" for i in range(n, place, -1))
                kept = attributes(provided="&&".join(below + above) or None, do=f"{shift}s{place}={number};x{place}=0")
                lines.append(f"edge:net:q{n}:q{n + 1}:send_{name(one)}{kept}")
    return lines + [f"edge:net:q{o.slots}:q{o.slots}:full"]


def endpoint(o, me, ends, segments):
    """Clocks: `r` since the retransmission timer was set, `w` since TIME_WAIT began."""
    lines = [f"process:{me}", f"clock:1:r{me}", f"clock:1:w{me}"]
    for end in sorted(ends):
        timers = [f"r{me}<={o.rto}"] if fin_outstanding(end) else []
        timers += [f"w{me}<={o.time_wait}"] if end.state == "TIME_WAIT" else []
        label = {"CLOSED_gone": "gone", "LAST_ACK": "waits", "CLOSING": "waits"}.get(end.state)
        label = "reset" if end.state.startswith("CLOSED_reset") else label
        lines.append(f"location:{me}:{name(end)}" + attributes(
            initial="" if end == START else None, labels=label and label + me, invariant="&&".join(timers) or None))
    lines.append(f"location:{me}:overflow" + attributes(labels="overflow", committed=""))
    sending = set()

    def step(end, after, event, sent, guard=None, do=None):
        target = name(after)
        if sent:
            target = f"send.{name(after)}.{name(sent)}"
            if (after, sent) not in sending:
                sending.add((after, sent))
                lines.extend(fates(o, me, after, sent, target))
        lines.append(f"edge:{me}:{name(end)}:{target}:{event}" + attributes(provided=guard, do=do))

    for end in sorted(ends):
        if may_close(o, me, end):
            step(end, *close(me, end)[:1], "call", close(me, end)[1], do=f"r{me}=0")
        if fin_outstanding(end):
            step(end, end, "expire", fin(me, end), f"r{me}=={o.rto}", f"r{me}=0")
        if end.state == "TIME_WAIT":
            step(end, closed("gone"), "expire", None, f"w{me}=={o.time_wait}")
        if end == closed("gone"):
            step(end, end, f"check{me}", None)
        for one in segments:
            if one.to == me:
                after, answer, waits = receive(o, me, end, one)
                step(end, after, f"arrive_{name(one)}", answer, do=f"w{me}=0" if waits else None)
    return lines


def fates(o, me, after, sent, here):
    """From the committed location `here`: what becomes of a segment."""
    lines = [f"location:{me}:{here}{{committed:}}", f"edge:{me}:{here}:overflow:over"]
    if o.losses:
        lost = attributes(provided=f"losses<{o.losses}", do="losses=losses+1")
        lines.append(f"edge:{me}:{here}:{name(after)}:lose{lost}")
    if not o.duplicates:
        return lines + [f"edge:{me}:{here}:{name(after)}:send_{name(sent)}"]
    kept = f"kept{here}"
    copied = attributes(provided=f"duplicates<{o.duplicates}", do="duplicates=duplicates+1")
    room = attributes(provided=f"duplicates<{o.duplicates}")
    return lines + [
        f"location:{me}:{kept}{{committed:}}", f"edge:{me}:{here}:{kept}:send_{name(sent)}",
        f"edge:{me}:{kept}:{name(after)}:copied", f"edge:{me}:{kept}:{kept}:send_{name(sent)}{copied}",
        f"edge:{me}:{kept}:overflow:over{room}"]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option, default in ("--msl", 2), ("--rto", 2), ("--time-wait", None), ("--losses", 1), ("--duplicates", 1):
        p.add_argument(option, type=int, default=default)
    p.add_argument("--slots", type=int, default=8)
    p.add_argument("--a-closes", choices=("any-time", "after-eof"), default="any-time")
    p.add_argument("--b-closes", choices=("any-time", "after-eof"), default="any-time")
    p.add_argument("--restart-time-wait", choices=("yes", "no"), default="yes")
    p.add_argument("--rst-in-time-wait", choices=("ignore", "close"), default="ignore")
    o = p.parse_args()
    o.time_wait = 2 * o.msl if o.time_wait is None else o.time_wait
    print("\n".join(automata(o)))


if __name__ == "__main__":
    main()
