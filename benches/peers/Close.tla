------------------------------- MODULE Close -------------------------------
(* The timed world of lastack: two TCP endpoints                           *)
(* that close, a bag network whose copies live less than MSL ticks, a       *)
(* discrete clock. TLC's "states generated" less the initial state are the  *)
(* world's transitions. `count` writes the configuration.                   *)
EXTENDS Integers, FiniteSets, TLC
CONSTANTS MSL, RTO, TW,
          LOSSES, UNLIMITED,        \* UNLIMITED: losses are not counted
          DUPLICATES,
          SENDS_A, SENDS_B,         \* octets
          A_CLOSES, B_CLOSES,       \* 0: never, 1: after-eof, 2: any-time
          A_ABORTS, B_ABORTS,       \* once, at any moment
          HOLD,                     \* FALSE: out-of-order text is dropped
          RESTART, IGNORE_RST,      \* in TIME_WAIT
          NEXT_ON_ACK,              \* FALSE: what is sent again waits for a timeout of its own
          FREEBSD,                  \* FreeBSD's rules in place of RFC 9293's
          RETRIES,                  \* 255: retransmits forever, uncounted
          SEGMENTS                  \* that fairness speaks of: all that are ever in flight
VARIABLES ep, net, losses, duplicates
vars == <<ep, net, losses, duplicates>>

Ends == {"A", "B"}
Peer(x) == IF x = "A" THEN "B" ELSE "A"
Sends(x) == IF x = "A" THEN SENDS_A ELSE SENDS_B
Closes(x) == IF x = "A" THEN A_CLOSES ELSE B_CLOSES
Aborts(x) == IF x = "A" THEN A_ABORTS ELSE B_ABORTS

OFF == 255
(* TLC enumerates a disjunctive guard once per true disjunct; this evaluates it once. *)
Only(p) == p = TRUE
Copy(to, kind, seq, ack) == <<to, kind, seq, ack, 0, FALSE>>
To(c) == c[1]   Kind(c) == c[2]  Seq(c) == c[3]
Ack(c) == c[4]  Age(c) == c[5]   IsDuplicate(c) == c[6]
Segment(c) == <<To(c), Kind(c), Seq(c), Ack(c)>>
Costs(c) == ~IsDuplicate(c) /\ ~UNLIMITED

(* The network is a bag: a function from copies to positive counts.         *)
Add(b, c) == IF c \in DOMAIN b THEN [b EXCEPT ![c] = @ + 1] ELSE b @@ (c :> 1)
Del(b, c) == IF b[c] > 1 THEN [b EXCEPT ![c] = @ - 1]
                         ELSE [d \in DOMAIN b \ {c} |-> b[d]]

(* Numbers start at 1. una, nxt, fin, rcv and rfin say what is sent, acked  *)
(* and delivered, with the FINs; they are kept when CLOSED.                 *)
Init == /\ ep = [x \in Ends |-> [st |-> "ESTABLISHED", left |-> "NONE", by |-> "NONE",
                                 una |-> 1, nxt |-> 1, fin |-> OFF, rcv |-> 1, rfin |-> FALSE,
                                 held |-> {}, heldFin |-> OFF, rto |-> OFF, tw |-> OFF, again |-> 0,
                                 recover |-> 0]]
        /\ net = <<>>
        /\ losses = 0
        /\ duplicates = 0

Shut(e, why) == [e EXCEPT !.st = "CLOSED", !.left = e.st, !.by = why,
                          !.held = {}, !.heldFin = OFF, !.rto = OFF, !.tw = OFF, !.recover = 0]
TimeWait(e) == [e EXCEPT !.st = "TIME_WAIT", !.tw = TW]
Armed(e) == IF e.rto = OFF THEN RTO ELSE e.rto
FinUnacked(e) == e.fin # OFF /\ e.una <= e.fin
Challenge(x, e) == Copy(Peer(x), "ACK", e.nxt, e.rcv)
(* What was outstanding at a timeout and is below this number is sent again, *)
(* each on the ACK of the one before; una has been sent again already.      *)
Recovering(e, n) == [e EXCEPT !.recover = IF n > e.una + 1 THEN n ELSE 0]
Again(x, e) == Copy(Peer(x), IF e.una = e.fin THEN "FIN" ELSE "DATA", e.una, e.rcv)
(* FreeBSD: an ACK that is due carries the FIN again.                       *)
AckOf(x, e) == IF FREEBSD /\ FinUnacked(e) THEN Copy(Peer(x), "FIN", e.fin, e.rcv) ELSE Challenge(x, e)

Close(x) == LET e == ep[x] IN
  /\ Only((e.st = "ESTABLISHED" /\ Closes(x) = 2) \/ (e.st = "CLOSE_WAIT" /\ Closes(x) > 0))
  /\ net' = Add(net, Copy(Peer(x), "FIN", e.nxt, e.rcv))
  /\ ep' = [ep EXCEPT ![x] = [e EXCEPT !.fin = e.nxt, !.nxt = @ + 1, !.rto = Armed(e),
                                       !.st = IF @ = "ESTABLISHED" THEN "FIN_WAIT_1" ELSE "LAST_ACK"]]
  /\ UNCHANGED <<losses, duplicates>>

Send(x) == LET e == ep[x] IN
  /\ e.st \in {"ESTABLISHED", "CLOSE_WAIT"} /\ e.nxt <= Sends(x)
  /\ net' = Add(net, Copy(Peer(x), "DATA", e.nxt, e.rcv))
  /\ ep' = [ep EXCEPT ![x] = [e EXCEPT !.nxt = @ + 1, !.rto = Armed(e)]]
  /\ UNCHANGED <<losses, duplicates>>

Abort(x) == LET e == ep[x] IN
  /\ Aborts(x) /\ e.st # "CLOSED" /\ ~(FREEBSD /\ e.st = "TIME_WAIT")
  /\ ep' = [ep EXCEPT ![x] = Shut(e, "ABORT")]
  /\ net' = IF FREEBSD THEN Add(net, Copy(Peer(x), "RST", e.nxt, e.rcv))
            ELSE IF e.st \in {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT"}
            THEN Add(net, Copy(Peer(x), "RST", e.nxt, 0)) ELSE net
  /\ UNCHANGED <<losses, duplicates>>

Retransmit(x) == LET e == ep[x] IN
  /\ e.rto = 0
  /\ IF RETRIES # OFF /\ e.again >= RETRIES
     THEN /\ ep' = [ep EXCEPT ![x] = Shut(e, "GIVE_UP")]
          /\ net' = IF FREEBSD THEN Add(net, Copy(Peer(x), "RST", e.nxt, e.rcv)) ELSE net
     ELSE /\ net' = Add(net, Again(x, e))
          /\ ep' = [ep EXCEPT ![x] = [Recovering(e, IF NEXT_ON_ACK THEN e.nxt ELSE 0) EXCEPT
                                        !.rto = RTO, !.again = IF RETRIES # OFF THEN @ + 1 ELSE @]]
  /\ UNCHANGED <<losses, duplicates>>

TimeWaitEnds(x) == /\ ep[x].tw = 0
                   /\ ep' = [ep EXCEPT ![x] = Shut(@, "FIN")]
                   /\ UNCHANGED <<net, losses, duplicates>>

(* Segment arrival (RFC 9293 3.10.7.4) at x in state e: <<new e, answers>>. *)
(* The window is larger than every number, so acceptable means seq >= rcv.  *)
AckStep(e, a) ==
  IF a <= e.una THEN e
  ELSE Recovering([e EXCEPT !.una = a, !.again = 0, !.rto = IF a < e.nxt THEN RTO ELSE OFF], e.recover)
FinAckStep(e) ==
  IF e.fin = OFF \/ e.una <= e.fin THEN e
  ELSE CASE e.st = "FIN_WAIT_1" -> [e EXCEPT !.st = "FIN_WAIT_2"]
         [] e.st = "CLOSING"    -> TimeWait(e)
         [] e.st = "LAST_ACK"   -> Shut(e, "FIN")
         [] OTHER               -> e
FinStep(e) == LET f == [e EXCEPT !.rcv = @ + 1, !.rfin = TRUE, !.heldFin = OFF] IN
  CASE e.st = "ESTABLISHED" -> [f EXCEPT !.st = "CLOSE_WAIT"]
    [] e.st = "FIN_WAIT_1"  -> [f EXCEPT !.st = "CLOSING"]
    [] e.st = "FIN_WAIT_2"  -> TimeWait(f)
RECURSIVE TextStep(_)       \* the octet rcv is here, and perhaps the next ones
TextStep(e) == LET f == [e EXCEPT !.rcv = @ + 1, !.held = @ \ {e.rcv}] IN
  IF f.rcv \in f.held THEN TextStep(f)
  ELSE IF f.rcv = f.heldFin THEN FinStep(f) ELSE f
HoldStep(e, c) ==
  IF ~HOLD THEN e
  ELSE IF Kind(c) = "FIN" THEN [e EXCEPT !.heldFin = Seq(c)]
  ELSE [e EXCEPT !.held = @ \cup {Seq(c)}]

RstArrives(x, e, c) ==
  IF Seq(c) < e.rcv \/ (IGNORE_RST /\ e.st = "TIME_WAIT") THEN <<e, {}>>
  ELSE IF Seq(c) = e.rcv THEN <<Shut(e, "RST"), {}>>
  ELSE <<e, {Challenge(x, e)}>>

(* FreeBSD's TIME_WAIT answers all but the bare ACK with both of the expected numbers. *)
FreeBsdTimeWait(x, e, c) ==
  IF Kind(c) = "RST" \/ (Kind(c) = "ACK" /\ Seq(c) = e.rcv /\ Ack(c) = e.nxt) THEN <<e, {}>>
  ELSE <<IF Kind(c) = "FIN" /\ Seq(c) + 1 = e.rcv /\ RESTART THEN [e EXCEPT !.tw = TW] ELSE e,
         {Challenge(x, e)}>>

(* FreeBSD: what is left of the window acknowledges all the same.           *)
FreeBsdOld(x, e, c) ==
  LET f == IF Ack(c) <= e.nxt THEN FinAckStep(AckStep(e, Ack(c))) ELSE e
  IN <<f, IF f.st = "CLOSED" THEN {} ELSE {AckOf(x, f)}>>

Arrives(x, e, c) ==
  IF e.st = "CLOSED"
  THEN <<e, IF Kind(c) = "RST" THEN {} ELSE {Copy(Peer(x), "RST", Ack(c), 0)}>>
  ELSE IF FREEBSD /\ e.st = "TIME_WAIT" THEN FreeBsdTimeWait(x, e, c)
  ELSE IF Kind(c) = "RST" THEN RstArrives(x, e, c)
  ELSE IF FREEBSD /\ Seq(c) < e.rcv THEN FreeBsdOld(x, e, c)
  ELSE IF Seq(c) < e.rcv
  THEN <<IF e.st = "TIME_WAIT" /\ Kind(c) = "FIN" /\ RESTART THEN [e EXCEPT !.tw = TW] ELSE e,
         {AckOf(x, e)}>>
  ELSE IF Ack(c) > e.nxt THEN <<e, {Challenge(x, e)}>>
  ELSE LET f == FinAckStep(AckStep(e, Ack(c))) IN
       IF Kind(c) = "ACK" \/ f.st \notin {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"} THEN <<f, {}>>
       ELSE LET h == IF Seq(c) > f.rcv THEN HoldStep(f, c)
                     ELSE IF Kind(c) = "FIN" THEN FinStep(f) ELSE TextStep(f)
            IN <<h, {AckOf(x, h)}>>

Deliver(c) == LET x == To(c)
                  r == Arrives(x, ep[x], c)
                  f == r[1]
                  b == Del(net, c) IN
  /\ ep' = [ep EXCEPT ![x] = f]
  /\ net' = IF ep[x].una < f.una /\ f.una < ep[x].recover THEN Add(b, Again(x, f))
            ELSE IF r[2] = {} THEN b ELSE Add(b, CHOOSE s \in r[2] : TRUE)
  /\ UNCHANGED <<losses, duplicates>>

Lose(c) == /\ Only(~Costs(c) \/ losses < LOSSES)
           /\ net' = Del(net, c)
           /\ losses' = IF Costs(c) THEN losses + 1 ELSE losses
           /\ UNCHANGED <<ep, duplicates>>

Duplicate(c) == /\ duplicates < DUPLICATES
                /\ net' = Add(net, [c EXCEPT ![6] = TRUE])
                /\ duplicates' = duplicates + 1
                /\ UNCHANGED <<ep, losses>>

Older(c) == [c EXCEPT ![5] = @ + 1]
Younger(c) == [c EXCEPT ![5] = @ - 1]
Last(c) == Age(c) = MSL - 1
RECURSIVE Copies(_)
Copies(S) == IF S = {} THEN 0 ELSE LET c == CHOOSE c \in S : TRUE IN net[c] + Copies(S \ {c})
Down(t) == IF t = OFF THEN OFF ELSE t - 1
Tick ==
  /\ \A x \in Ends : ep[x].rto # 0 /\ ep[x].tw # 0
  /\ Only(DOMAIN net # {} \/ \E x \in Ends : ep[x].rto # OFF \/ ep[x].tw # OFF)
  /\ LET expiring == Copies({c \in DOMAIN net : Last(c) /\ Costs(c)}) IN
     /\ Only(UNLIMITED \/ losses + expiring <= LOSSES)
     /\ losses' = losses + expiring
  /\ net' = [d \in {Older(c) : c \in {c \in DOMAIN net : ~Last(c)}} |-> net[Younger(d)]]
  /\ ep' = [x \in Ends |-> [ep[x] EXCEPT !.rto = Down(@), !.tw = Down(@)]]
  /\ UNCHANGED duplicates

Call == \E x \in Ends : Close(x) \/ Send(x) \/ Abort(x)
Happens == \/ \E x \in Ends : Retransmit(x) \/ TimeWaitEnds(x)
           \/ \E c \in DOMAIN net : Deliver(c) \/ Lose(c) \/ Duplicate(c)
           \/ Tick
Next == Call \/ Happens
Spec == Init /\ [][Next]_vars

NoPrematureClosed == \A x \in Ends : ep[x].left = "TIME_WAIT" =>
                        \A c \in DOMAIN net : ~(To(c) = x /\ Kind(c) = "FIN")

(* Fairness; `count` puts together what is asked for. A run stops only      *)
(* where nothing is enabled but calls that nobody has promised: Send and    *)
(* Abort, and if applications may be silent forever, Close. A segment is    *)
(* delivered when any copy of it is, whatever its age and whether it is a   *)
(* duplicate.                                                               *)
SilentApplications == WF_vars(Happens)
FairApplications == SilentApplications /\ \A x \in Ends : WF_vars(Close(x))
DeliverSegment(s) == \E c \in DOMAIN net : Segment(c) = s /\ Deliver(c)
FairNetwork == \A s \in SEGMENTS : SF_vars(DeliverSegment(s))

(* Time goes on forever, or everything ends; what is neither is no run.     *)
TimePasses == []<><<Tick>>_vars \/ <>[][FALSE]_vars
BothClose == TimePasses => <>(\A x \in Ends : ep[x].st = "CLOSED")

(* Never false: tells each segment that is ever in flight.                  *)
ASSUME TLCSet(1, {})
TellsSegments == LET new == {Segment(c) : c \in DOMAIN net} \ TLCGet(1) IN
                 new = {} \/ (TLCSet(1, TLCGet(1) \cup new) /\ \A s \in new : PrintT(s))
(* False: SEGMENTS is not complete, and fairness means less than it says.   *)
SegmentsAreAll == \A c \in DOMAIN net : Segment(c) \in SEGMENTS
=============================================================================
