#!/usr/bin/env python3
"""The timed world of lastack, explored by brute force: plain, slow, and sharing no code.

Prints `states=N transitions=M`: the worlds that can be reached, and the actions enabled in them, each
counted once for each world. With --property, also a verdict, and for liveness how many segments were ever in
flight, and whether a world can be met twice on one path (`cycles`). A segment is (kind, seq, ack), a copy in
flight (to, kind, seq, ack, age, duplicate), the network a sorted tuple of copies.
"""
import argparse, json, sys
from functools import lru_cache
from typing import NamedTuple, Optional

ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED = (
    "ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED").split()
ACK, DATA, FIN, RST = "ACK DATA FIN RST".split()
RECEIVING = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2)   # the states in which text and FIN are taken
WND = 1 << 16                                       # larger than every sequence number of a world


class End(NamedTuple):
    state: str = ESTABLISHED
    left: str = "NONE"
    ended_by: str = "NONE"
    sent: int = 0                       # octets, without the FIN
    acked: int = 0
    delivered: int = 0
    fin_sent: bool = False
    fin_acked: bool = False
    fin_received: bool = False          # consumed
    retransmissions: int = 0            # since SND.UNA last advanced; counted only with --retries
    # What follows is forgotten when CLOSED.
    held: tuple = ()                    # octets received beyond RCV.NXT
    held_fin: int = 0                   # the number of a FIN received beyond RCV.NXT
    nobody_reads: bool = False          # close() was called
    backoff: int = 0                    # how often the RTO is doubled
    mark: int = 0                       # with backoff: numbers below, from SND.UNA on, were sent more than once
    recover: int = 0                    # numbers below are sent again, each on the ACK of the one before
    rto: Optional[int] = None           # ticks left to each timer
    time_wait: Optional[int] = None
    delayed_ack: Optional[int] = None
    fin_wait_2: Optional[int] = None

    # SND.UNA, SND.NXT, RCV.NXT: the first octet has number 1.
    una = property(lambda e: 1 + e.acked + e.fin_acked)
    nxt = property(lambda e: 1 + e.sent + e.fin_sent)
    rcv = property(lambda e: 1 + e.delivered + e.fin_received)


TIMERS = ("rto", "time_wait", "delayed_ack", "fin_wait_2")


class Tcp:
    """RFC 9293 §3.10 from ESTABLISHED on. Each function returns (end, the segment it sends or None)."""

    def __init__(self, o):
        self.o = o
        self.arrive = lru_cache(None)(self.arrive)

    def closed(self, e, by):
        return End(state=CLOSED, left=e.state, ended_by=by, **{f: getattr(e, f) for f in (
            "sent acked delivered fin_sent fin_acked fin_received retransmissions").split()})

    def challenge(self, e):
        return e._replace(delayed_ack=None), (ACK, e.nxt, e.rcv)

    def ack_now(self, e):
        if self.o.policy == "freebsd" and e.fin_sent and not e.fin_acked:   # an ACK that is due carries the FIN again
            return e._replace(delayed_ack=None), (FIN, e.nxt - 1, e.rcv)
        return self.challenge(e)

    def current_rto(self, e):
        return self.o.rto if not self.o.backoff else min(self.o.rto << e.backoff, self.o.rto_max)

    def transmit(self, e, kind, seq):
        """A segment that takes sequence space; RFC 6298 (5.1). Its ack tells all, so a delayed ACK rides on it."""
        running = e.rto if e.rto is not None else self.current_rto(e)
        return e._replace(rto=running, delayed_ack=None), (kind, seq, e.rcv)

    def time_wait(self, e):
        return e._replace(state=TIME_WAIT, time_wait=self.o.time_wait, fin_wait_2=None)

    # Application calls.
    def send(self, e):
        e2, segment = self.transmit(e, DATA, e.nxt)
        return e2._replace(sent=e.sent + 1), segment

    def close(self, e, with_close):
        e2, segment = self.transmit(e, FIN, e.nxt)
        state = FIN_WAIT_1 if e.state == ESTABLISHED else LAST_ACK
        return e2._replace(state=state, fin_sent=True, nobody_reads=with_close), segment

    def abort(self, e):
        if self.o.policy == "freebsd":
            return self.closed(e, "ABORT"), (RST, e.nxt, e.rcv)
        tells = e.state in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)
        return self.closed(e, "ABORT"), (RST, e.nxt, 0) if tells else None

    def may_abort(self, e):
        """Where an abort would do something, and the application has not given its handle away with close()."""
        nobody_waits = e.state == TIME_WAIT and self.o.policy == "freebsd"
        return e.state != CLOSED and not e.nobody_reads and not nobody_waits

    # Timers.
    def expired_rto(self, e):
        if self.o.retries is not None:
            if e.retransmissions == self.o.retries:
                tells = self.o.policy == "freebsd"
                return self.closed(e, "GIVE_UP"), (RST, e.nxt, e.rcv) if tells else None
            e = e._replace(retransmissions=e.retransmissions + 1)
        if self.o.backoff:                                                  # RFC 6298 (5.5)
            longer = self.current_rto(e) < self.o.rto_max
            e = e._replace(backoff=e.backoff + longer)
        if self.o.after_timeout == "next-on-ack":
            e = self.recovering(e, e.nxt)
        return self.resend(e._replace(rto=None))

    def resend(self, e):
        if self.o.backoff:
            e = e._replace(mark=e.una + 1)
        return self.transmit(e, DATA if e.una <= e.sent else FIN, e.una)

    def recovering(self, e, up_to):
        """What is below was outstanding at the timeout; of SND.UNA, which is sent again already, that is no news."""
        return e._replace(recover=up_to if up_to > e.una + 1 else 0)

    def expired_time_wait(self, e):
        return self.closed(e, "FIN"), None

    def expired_delayed_ack(self, e):
        return self.ack_now(e)

    def expired_fin_wait_2(self, e):
        return self.closed(e, "GIVE_UP"), None

    # §3.10.7: segment arrives.
    def arrive(self, before, kind, seq, ack):
        e, answer = self.process(before, kind, seq, ack)
        if before.una < e.una < before.recover and e.state != CLOSED:       # RFC 5681 §3.1: after a timeout, slow start
            return self.resend(e)                                           # the ACK that is due rides on it
        return e, answer

    def process(self, e, kind, seq, ack):
        if e.state == CLOSED:                                               # §3.10.7.1
            return e, None if kind == RST else (RST, ack, 0)
        if e.state == TIME_WAIT and self.o.policy == "freebsd":             # tcp_twcheck
            return self.arrive_in_bsd_time_wait(e, kind, seq, ack)

        # First, check the sequence number.
        def in_window(number):
            return e.rcv <= number < e.rcv + WND
        length = 1 if kind in (DATA, FIN) else 0
        if not (in_window(seq) or length and in_window(seq + length - 1)):
            if kind == RST:
                return e, None
            if e.state == TIME_WAIT and kind == FIN and self.o.restart_time_wait == "yes":
                e = e._replace(time_wait=self.o.time_wait)
            if self.o.policy == "freebsd" and e.una < ack <= e.nxt:         # the acknowledgment counts all the same
                e = self.fin_acknowledged(self.acknowledged(e, ack))
            return (e, None) if e.state == CLOSED else self.ack_now(e)

        # Second, check the RST bit. (Third, security; fourth, SYN: there is none in this world.)
        if kind == RST:
            if e.state == TIME_WAIT and self.o.rst_in_time_wait == "ignore":
                return e, None
            return (self.closed(e, "RST"), None) if seq == e.rcv else self.challenge(e)

        # Fifth, check the ACK field.
        if ack < e.una - WND or ack > e.nxt:
            return self.challenge(e)
        if ack > e.una:
            e = self.fin_acknowledged(self.acknowledged(e, ack))
        if e.state == CLOSED:
            return e, None

        # Seventh, the segment text; eighth, the FIN bit.
        if kind == ACK or e.state not in RECEIVING:
            return e, None
        if kind == DATA and e.nobody_reads:
            return self.closed(e, "ABORT"), (RST, ack, 0)
        if seq > e.rcv:                                                     # beyond a hole
            if self.o.out_of_order == "hold":
                e = (e._replace(held_fin=seq) if kind == FIN else
                     e._replace(held=tuple(sorted({*e.held, seq}))))
            return self.ack_now(e)
        fills_a_hole = e.held or e.held_fin                                 # RFC 5681 §4.2: acknowledged at once
        if kind == DATA:
            e = e._replace(delivered=e.delivered + 1)
            while e.rcv in e.held:
                rest = tuple(n for n in e.held if n != e.rcv)
                e = e._replace(held=rest, delivered=e.delivered + 1)
        if kind == FIN or e.held_fin == e.rcv:
            e = e._replace(fin_received=True, held_fin=0)
            if e.state == ESTABLISHED:
                e = e._replace(state=CLOSE_WAIT)
            elif e.state == FIN_WAIT_1:
                e = e._replace(state=CLOSING)
            else:
                e = self.time_wait(e)
        if self.o.delayed_ack and not fills_a_hole and e.state not in (CLOSING, TIME_WAIT):
            return (e if e.delayed_ack is not None else e._replace(delayed_ack=self.o.delayed_ack)), None
        return self.ack_now(e)

    def arrive_in_bsd_time_wait(self, e, kind, seq, ack):
        """Everything but a reset is answered, unless it is the bare ACK with both of the expected numbers."""
        if kind == RST or (kind, seq, ack) == (ACK, e.rcv, e.nxt):
            return e, None
        if kind == FIN and seq + 1 == e.rcv and self.o.restart_time_wait == "yes":
            e = e._replace(time_wait=self.o.time_wait)
        return self.challenge(e)

    def fin_acknowledged(self, e):
        if not e.fin_acked:
            return e
        if e.state == FIN_WAIT_1:
            return e._replace(state=FIN_WAIT_2, fin_wait_2=self.o.fin_wait_2_timeout if e.nobody_reads else None)
        if e.state == CLOSING:
            return self.time_wait(e)
        return self.closed(e, "FIN") if e.state == LAST_ACK else e

    def acknowledged(self, e, ack):
        e = e._replace(acked=min(ack - 1, e.sent), fin_acked=ack - 1 > e.sent, retransmissions=0)
        if ack > e.mark or e.fin_acked:         # something never retransmitted (Karn), or nothing is left to send
            e = e._replace(backoff=0)
        e = self.recovering(e._replace(mark=e.mark if e.mark > e.una else 0), e.recover)
        return e._replace(rto=self.current_rto(e) if e.una < e.nxt else None)   # RFC 6298 (5.2), (5.3)


class World(NamedTuple):
    ends: tuple = (End(), End())
    net: tuple = ()
    losses: int = 0
    duplicates: int = 0


def actions(w, o, tcp):
    """Every enabled action, as (what, of whom, the world it leads to)."""
    def after(x, step, net=w.net):
        end, segment = step
        ends = (end, w.ends[1]) if x == 0 else (w.ends[0], end)
        if segment:
            net = tuple(sorted(net + ((1 - x, *segment, 0, False),)))
        return w._replace(ends=ends, net=net)

    unlimited = o.losses is None
    for x, e in enumerate(w.ends):
        open_to_send = e.state in (ESTABLISHED, CLOSE_WAIT)
        if open_to_send and e.sent < o.sends[x]:
            yield "send", x, after(x, tcp.send(e))
        if open_to_send and (o.closes[x] == "any-time" or o.closes[x] == "after-eof" and e.fin_received):
            yield "close", x, after(x, tcp.close(e, o.closes_with[x] == "close"))
        if o.aborts[x] and tcp.may_abort(e):
            yield "abort", x, after(x, tcp.abort(e))
        for timer in TIMERS:
            if getattr(e, timer) == 0:
                yield timer, x, after(x, getattr(tcp, "expired_" + timer)(e))
    for copy in set(w.net):
        to, kind, seq, ack, age, duplicate = copy
        i = w.net.index(copy)
        rest = w.net[:i] + w.net[i + 1:]
        yield "deliver", copy[:4], after(to, tcp.arrive(w.ends[to], kind, seq, ack), rest)
        cost = 0 if duplicate or unlimited else 1
        if not cost or w.losses < o.losses:
            yield "lose", copy, w._replace(net=rest, losses=w.losses + cost)
        if w.duplicates < o.duplicates:
            net = tuple(sorted(w.net + ((to, kind, seq, ack, age, True),)))
            yield "duplicate", copy, w._replace(net=net, duplicates=w.duplicates + 1)
    timers = [getattr(e, t) for e in w.ends for t in TIMERS]
    running = any(t is not None for t in timers)
    expiring = 0 if unlimited else sum(c[4] + 1 == o.msl and not c[5] for c in w.net)
    if 0 not in timers and (w.net or running) and (unlimited or w.losses + expiring <= o.losses):
        down = [e._replace(**{t: getattr(e, t) - 1 for t in TIMERS if getattr(e, t) is not None}) for e in w.ends]
        net = tuple(sorted((*c[:4], c[4] + 1, c[5]) for c in w.net if c[4] + 1 < o.msl))
        yield "tick", None, w._replace(ends=tuple(down), net=net, losses=w.losses + expiring)


def premature(w):
    return any(e.left == TIME_WAIT and any(c[0] == x and c[1] == FIN for c in w.net) for x, e in enumerate(w.ends))


def explore(o):
    tcp, first = Tcp(o), World()
    seen, frontier, transitions, violated, most = {first}, [first], 0, False, 0
    while frontier:
        w = frontier.pop()
        violated = violated or premature(w)
        most = max(most, len(w.net))
        for _, _, successor in actions(w, o, tcp):
            transitions += 1
            if successor not in seen:
                seen.add(successor)
                frontier.append(successor)
    return {"states": len(seen), "transitions": transitions, "most_in_flight": most,
            **({"verdict": "violated" if violated else "holds"} if o.property else {})}


def explore_graph(o):
    """explore() for liveness. A run goes on forever, and time with it, or ends where nothing is enabled but calls that
    nobody has promised."""
    tcp = Tcp(o)
    worlds, number, edges = [World()], {World(): 0}, []
    for w in worlds:                                        # grows on the way
        out = []
        for what, whom, successor in actions(w, o, tcp):
            if successor not in number:
                number[successor] = len(worlds)
                worlds.append(successor)
            out.append((what, whom, number[successor]))
        edges.append(out)
    violated = {"both-close": stays_open, "time-passes": time_stops}[o.property](worlds, edges, o)
    return {"states": len(worlds), "transitions": sum(map(len, edges)),
            "most_in_flight": max(len(w.net) for w in worlds),
            "verdict": "violated" if violated else "holds",
            "segments": len({c[:4] for w in worlds for c in w.net}),
            "cycles": any(True for _ in components(set(range(len(worlds))), edges))}


def stays_open(worlds, edges, o):
    """Some fair run never gets both ends CLOSED. (What is CLOSED stays so.)"""
    open_ = {v for v, w in enumerate(worlds) if not all(e.state == CLOSED for e in w.ends)}
    unpromised = ("send", "abort") if o.fairness_applications == "yes" else ("send", "abort", "close")
    ends = any(all(what in unpromised for what, _, _ in edges[v]) for v in open_)
    return ends or any(fair(c, edges, o) for c in components(open_, edges))


def time_stops(worlds, edges, o):
    """Some walk goes on forever without a tick. It is no run, so that fairness, which speaks of runs, has no say."""
    timeless = [[edge for edge in out if edge[0] != "tick"] for out in edges]
    return any(True for _ in components(set(range(len(worlds))), timeless))


def fair(component, edges, o):
    """Some fair run goes round in this strongly connected part of the graph forever, and time with it."""
    enabled, taken, always = set(), set(), None
    for v in component:
        here = {(what, whom) for what, whom, _ in edges[v]}
        enabled |= here
        always = here if always is None else always & here
        taken |= {(what, whom) for what, whom, u in edges[v] if u in component}
    if ("tick", None) not in taken:
        return False                                        # so it is in every smaller part
    if o.fairness_applications == "yes" and any(a[0] == "close" for a in always - taken):
        return False                                        # and so is this
    starved = {a for a in enabled - taken if a[0] == "deliver"}
    if o.fairness_network == "no" or not starved:
        return True
    # A fair run does not come, again and again, to where such a segment is in flight.
    rest = {v for v in component if not any((what, whom) in starved for what, whom, _ in edges[v])}
    return any(fair(smaller, edges, o) for smaller in components(rest, edges))


def components(nodes, edges):
    """The strongly connected parts of a part of the graph that have an edge in them: Kosaraju's way."""
    finished, seen, backwards = [], set(), {v: [] for v in nodes}
    for root in nodes:
        stack = [] if root in seen else [(root, iter(edges[root]))]
        seen.add(root)
        while stack:
            v, successors = stack[-1]
            for _, _, u in successors:
                if u in nodes:
                    backwards[u].append(v)
                    if u not in seen:
                        seen.add(u)
                        stack.append((u, iter(edges[u])))
                        break
            else:
                finished.append(v)
                stack.pop()
    seen.clear()
    for root in reversed(finished):
        if root not in seen:
            component, stack = {root}, [root]
            seen.add(root)
            while stack:
                for u in backwards[stack.pop()]:
                    if u not in seen:
                        seen.add(u)
                        component.add(u)
                        stack.append(u)
            if len(component) > 1 or root in backwards[root]:
                yield component


def arguments(**more):
    p = argparse.ArgumentParser(**more)
    number = lambda text: None if text in ("unlimited", "none") else int(text)
    for name, default in (("msl", 2), ("rto", 2), ("time-wait", None), ("duplicates", 1)):
        p.add_argument("--" + name, type=int, default=default)
    p.add_argument("--losses", type=number, default=1, metavar="N|unlimited")
    p.add_argument("--retries", type=number, metavar="N|none")
    p.add_argument("--policy", choices=("rfc1337", "freebsd"), default="rfc1337")
    p.add_argument("--after-timeout", choices=("next-on-ack", "one-per-timeout"), default="next-on-ack")
    p.add_argument("--out-of-order", choices=("hold", "drop"), default="hold")
    p.add_argument("--restart-time-wait", choices=("yes", "no"), default="yes")
    p.add_argument("--rst-in-time-wait", choices=("ignore", "close"), default="ignore")
    for end in "ab":
        p.add_argument(f"--sends-{end}", type=int, default=0)
        p.add_argument(f"--{end}-closes", choices=("any-time", "after-eof", "never"), default="any-time")
        p.add_argument(f"--{end}-closes-with", choices=("shutdown", "close"), default="shutdown")
        p.add_argument(f"--{end}-aborts", action="store_true")
    p.add_argument("--delayed-ack", type=int, default=0)
    p.add_argument("--backoff", action="store_true")
    p.add_argument("--rto-max", type=int, help="with --backoff; 4 RTO when not given")
    p.add_argument("--fin-wait-2-timeout", type=number, metavar="N|none")
    p.add_argument("--property", choices=("no-premature-closed", "both-close", "time-passes"))
    for fair in ("applications", "network"):
        p.add_argument("--fairness-" + fair, choices=("yes", "no"), default="yes")
    p.add_argument("--json", action="store_true")
    return p


def options(p, argv=None):
    o = p.parse_args(argv)
    o.time_wait = 2 * o.msl if o.time_wait is None else o.time_wait
    o.rto_max = 4 * o.rto if o.rto_max is None else o.rto_max
    o.sends, o.closes = (o.sends_a, o.sends_b), (o.a_closes, o.b_closes)
    o.closes_with, o.aborts = (o.a_closes_with, o.b_closes_with), (o.a_aborts, o.b_aborts)
    return o


def show(result, as_json):
    print(json.dumps(result) if as_json else " ".join(f"{k}={v}" for k, v in result.items()))


if __name__ == "__main__":
    o = options(arguments(description=__doc__.split("\n")[0]))
    show((explore if o.property in (None, "no-premature-closed") else explore_graph)(o), o.json)
