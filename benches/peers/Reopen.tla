------------------------------- MODULE Reopen -------------------------------
(* The timed world of lastack with a second connection on the same ports:    *)
(* two TCP endpoints that close, open anew (RFC 9293 3.10.7.2 to 3.10.7.4)   *)
(* and close again; no text. `count-reopening` writes the configuration.     *)
EXTENDS Integers, FiniteSets, TLC
CONSTANTS MSL, RTO, TW, LOSSES, DUPLICATES, RETRIES,
          SYN_RETRIES,              \* of the SYN of an end that connects
          A_CLOSES, B_CLOSES,       \* 0: never, 1: after-eof, 2: any-time
          A_OPENS, B_OPENS,         \* 0: never, 1: connect, 2: listen
          A_ANY, B_ANY,             \* any initial number, where an end connects
          A_REUSE, B_REUSE,         \* after so many ticks of TIME_WAIT it may connect; 255: never
          RESTART, IGNORE_RST,      \* in TIME_WAIT
          REOPEN_IF_ABOVE           \* a SYN reopens TIME_WAIT
VARIABLES ep, net, losses, duplicates
vars == <<ep, net, losses, duplicates>>

Ends == {"A", "B"}
Peer(x) == IF x = "A" THEN "B" ELSE "A"
Of(x, a, b) == IF x = "A" THEN a ELSE b
Connects(x) == Of(x, A_OPENS, B_OPENS) = 1
Listens(x) == Of(x, A_OPENS, B_OPENS) = 2
OFF == 255
(* TLC enumerates a disjunctive guard once per true disjunct; this evaluates it once. *)
Only(p) == p = TRUE

(* The last is the incarnation that has sent the copy. A kind tells the flags. *)
Segment(kind, seq, ack) == <<kind, seq, ack>>
Copy(to, s, of) == <<to, s[1], s[2], s[3], 0, FALSE, of>>
To(c) == c[1]   Kind(c) == c[2]  Seq(c) == c[3]
Ack(c) == c[4]  Age(c) == c[5]   IsDuplicate(c) == c[6]   Sender(c) == c[7]
HasAck(c) == Kind(c) \notin {"SYN", "RST"}
IsRst(c) == Kind(c) \in {"RST", "RST_ACK"}

Add(b, c) == IF c \in DOMAIN b THEN [b EXCEPT ![c] = @ + 1] ELSE b @@ (c :> 1)
Del(b, c) == IF b[c] > 1 THEN [b EXCEPT ![c] = @ - 1]
                         ELSE [d \in DOMAIN b \ {c} |-> b[d]]

(* A connection's variables. IRS is -1 until there is one. What old copies   *)
(* did is the world's to know: acked, ended, and the FINs that they brought. *)
Blank(e, st, number) ==
  [e EXCEPT !.st = st, !.una = number, !.nxt = number, !.irs = -1, !.rcv = 0, !.fin = FALSE, !.rfin = FALSE,
            !.held = OFF, !.again = 0, !.rto = OFF, !.tw = OFF]
Init == /\ ep = [x \in Ends |->
                 [st |-> "ESTABLISHED", left |-> "NONE", by |-> "NONE", iss |-> 0, irs |-> 0, una |-> 1, nxt |-> 1,
                  rcv |-> 1, fin |-> FALSE, rfin |-> FALSE, held |-> OFF, again |-> 0, rto |-> OFF, tw |-> OFF,
                  of |-> 1, acked |-> FALSE, ended |-> FALSE, brought |-> {}]]
        /\ net = <<>>
        /\ losses = 0
        /\ duplicates = 0

(* CLOSED; a passive opening that came to nothing returns to LISTEN, and its *)
(* ISS is used up. Who listens does so once the first connection is over.    *)
Shut(x, e, why) ==
  IF e.st = "SYN_RECEIVED" /\ Listens(x) THEN [Blank(e, "LISTEN", e.iss) EXCEPT !.iss = e.iss - 1]
  ELSE [e EXCEPT !.st = "CLOSED", !.left = e.st, !.by = why, !.held = OFF, !.rto = OFF, !.tw = OFF]
Over(x, e) == IF e.st = "CLOSED" /\ e.of = 1 /\ Listens(x) THEN [e EXCEPT !.st = "LISTEN"] ELSE e
Open(e, number) ==
  [Blank(e, "SYN_SENT", number) EXCEPT !.iss = number, !.nxt = number + 1, !.rto = RTO, !.left = "NONE",
                                       !.by = "NONE", !.of = 2, !.brought = {}]
TimeWait(e) == [e EXCEPT !.st = "TIME_WAIT", !.tw = TW]
SynAck(e) == Segment("SYN_ACK", e.iss, e.rcv)
Acknowledge(e) == Segment("ACK", e.nxt, e.rcv)
Reset(c) == Segment("RST", Ack(c), 0)

(* The answers of each state: <<the end afterwards, the segments sent>>.     *)
Accept(e, c) ==
  LET f == [Open(e, e.nxt + 1) EXCEPT !.st = "SYN_RECEIVED", !.irs = Seq(c), !.rcv = Seq(c) + 1] IN <<f, {SynAck(f)}>>
InClosed(e, c) ==
  <<e, IF IsRst(c) THEN {} ELSE IF Kind(c) = "SYN" THEN {Segment("RST_ACK", 0, Seq(c) + 1)} ELSE {Reset(c)}>>
InListen(e, c) ==
  IF IsRst(c) THEN <<e, {}>> ELSE IF Kind(c) = "SYN" THEN Accept(e, c) ELSE <<e, {Reset(c)}>>
AcksSyn(e, c) == Ack(c) > e.una /\ Ack(c) <= e.nxt
Progress(e, a) == [e EXCEPT !.una = a, !.again = 0, !.rto = IF a = e.nxt THEN OFF ELSE RTO]
InSynSent(x, e, c) ==
  LET f == [e EXCEPT !.irs = Seq(c), !.rcv = Seq(c) + 1] IN
  IF HasAck(c) /\ ~AcksSyn(e, c) THEN <<e, IF IsRst(c) THEN {} ELSE {Reset(c)}>>
  ELSE CASE Kind(c) = "RST_ACK" -> <<Shut(x, e, "RST"), {}>>
         [] Kind(c) = "SYN"     -> LET r == [f EXCEPT !.st = "SYN_RECEIVED"] IN <<r, {SynAck(r)}>>
         [] Kind(c) = "SYN_ACK" -> LET o == [Progress(f, Ack(c)) EXCEPT !.st = "ESTABLISHED"] IN <<o, {Acknowledge(o)}>>
         [] OTHER               -> <<e, {}>>

AckOfFin(x, e) ==
  IF ~e.fin \/ e.una # e.nxt THEN e
  ELSE CASE e.st = "FIN_WAIT_1" -> [e EXCEPT !.st = "FIN_WAIT_2"]
         [] e.st = "CLOSING"    -> TimeWait(e)
         [] e.st = "LAST_ACK"   -> Shut(x, e, "FIN")
         [] OTHER               -> e
TakeFin(e, c) ==
  IF e.rfin THEN IF e.st # "TIME_WAIT" THEN <<e, {}>>
                 ELSE LET f == IF RESTART THEN TimeWait(e) ELSE e IN <<f, {Acknowledge(f)}>>
  ELSE LET f == IF Seq(c) > e.rcv THEN [e EXCEPT !.held = Seq(c)]
                ELSE LET g == [e EXCEPT !.rcv = @ + 1, !.rfin = TRUE, !.held = OFF] IN
                     CASE g.st = "ESTABLISHED" -> [g EXCEPT !.st = "CLOSE_WAIT"]
                       [] g.st = "FIN_WAIT_1"  -> [g EXCEPT !.st = "CLOSING"]
                       [] g.st = "FIN_WAIT_2"  -> TimeWait(g)
       IN <<f, {Acknowledge(f)}>>
Onwards(e, c) == IF Kind(c) = "FIN" THEN TakeFin(e, c) ELSE <<e, {}>>
InOrder(x, e, c) ==
  IF Seq(c) < e.rcv
  THEN IF IsRst(c) THEN <<e, {}>>
       ELSE LET f == IF RESTART /\ e.st = "TIME_WAIT" /\ Kind(c) = "FIN" THEN TimeWait(e) ELSE e
            IN <<f, {Acknowledge(f)}>>
  ELSE IF IsRst(c)
  THEN IF IGNORE_RST /\ e.st = "TIME_WAIT" THEN <<e, {}>>
       ELSE IF Seq(c) = e.rcv THEN <<Shut(x, e, "RST"), {}>> ELSE <<e, {Acknowledge(e)}>>
  ELSE IF Kind(c) \in {"SYN", "SYN_ACK"}
  THEN IF e.st = "SYN_RECEIVED" /\ Listens(x) THEN <<Shut(x, e, "RST"), {}>> ELSE <<e, {Acknowledge(e)}>>
  ELSE IF e.st = "SYN_RECEIVED"
  THEN IF AcksSyn(e, c) THEN Onwards([Progress(e, Ack(c)) EXCEPT !.st = "ESTABLISHED"], c) ELSE <<e, {Reset(c)}>>
  ELSE IF Ack(c) > e.nxt THEN <<e, {Acknowledge(e)}>>
  ELSE LET f == IF Ack(c) > e.una THEN AckOfFin(x, Progress(e, Ack(c))) ELSE e IN
       IF f.st = "CLOSED" THEN <<f, {}>> ELSE Onwards(f, c)
Arrives(x, e, c) ==
  CASE e.st = "CLOSED"   -> InClosed(e, c)
    [] e.st = "LISTEN"   -> InListen(e, c)
    [] e.st = "SYN_SENT" -> InSynSent(x, e, c)
    [] e.st = "SYN_RECEIVED" /\ ~Listens(x) /\ Kind(c) = "SYN_ACK" /\ Seq(c) = e.irs /\ AcksSyn(e, c)
                         -> <<[Progress(e, Ack(c)) EXCEPT !.st = "ESTABLISHED"], {}>>
    [] e.st = "TIME_WAIT" /\ REOPEN_IF_ABOVE /\ Listens(x) /\ Kind(c) = "SYN" /\ Seq(c) > e.rcv
                         -> Accept(e, c)
    [] OTHER             -> InOrder(x, e, c)

(* What an arrival, old or not, has done to an end of the new connection.    *)
IsOver(e) == e.st \in {"CLOSED", "LISTEN"}
Has(e, number) == number < e.rcv \/ e.held = number
Noted(e, f, c) ==
  LET isOld == e.of = 2 /\ Sender(c) = 1 /\ ~IsOver(e)
      brings == isOld /\ Kind(c) = "FIN" /\ ~Has(e, Seq(c)) /\ Has(f, Seq(c))
      g == [f EXCEPT !.acked = @ \/ (isOld /\ e.una # f.una /\ f.st # "LISTEN"),
                     !.ended = @ \/ (isOld /\ IsOver(f) /\ f.by # "FIN"),
                     !.brought = IF brings THEN @ \cup {Seq(c)} ELSE @]
      h == IF g.rfin /\ g.irs + 1 \in g.brought
           THEN [g EXCEPT !.ended = TRUE, !.brought = @ \ {g.irs + 1}] ELSE g
  IN IF f.irs # e.irs THEN [g EXCEPT !.brought = {}]
     ELSE IF IsOver(h) THEN [h EXCEPT !.brought = {}] ELSE h
Opens(e, f) == e.st \in {"CLOSED", "LISTEN", "TIME_WAIT"} /\ f.st \in {"SYN_SENT", "SYN_RECEIVED"}

Deliver(c) ==
  LET x == To(c)   e == ep[x]   r == Arrives(x, e, c)
      f == Over(x, IF Opens(e, r[1]) THEN r[1] ELSE Noted(e, r[1], c))
      (* A reset that answers for no connection is of the incarnation of what it answers. *)
      of(s) == IF f.st = e.st /\ s[1] \in {"RST", "RST_ACK"} THEN Sender(c) ELSE f.of
      b == Del(net, c) IN
  /\ ep' = [ep EXCEPT ![x] = f]
  /\ net' = IF r[2] = {} THEN b ELSE LET s == CHOOSE s \in r[2] : TRUE IN Add(b, Copy(Peer(x), s, of(s)))
  /\ UNCHANGED <<losses, duplicates>>

Close(x) == LET e == ep[x]  closes == Of(x, A_CLOSES, B_CLOSES) IN
  /\ Only((e.st = "ESTABLISHED" /\ closes = 2) \/ (e.st = "CLOSE_WAIT" /\ closes > 0))
  /\ net' = Add(net, Copy(Peer(x), Segment("FIN", e.nxt, e.rcv), e.of))
  /\ ep' = [ep EXCEPT ![x] = [e EXCEPT !.fin = TRUE, !.nxt = @ + 1, !.rto = RTO,
                                       !.st = IF @ = "ESTABLISHED" THEN "FIN_WAIT_1" ELSE "LAST_ACK"]]
  /\ UNCHANGED <<losses, duplicates>>

Connect(x, number) == LET e == ep[x]  reuse == Of(x, A_REUSE, B_REUSE)  f == Open(e, number) IN
  /\ Connects(x) /\ e.of = 1
  /\ Only(e.st = "CLOSED" \/ (e.st = "TIME_WAIT" /\ reuse # OFF /\ e.tw + reuse <= TW))
  /\ Only(number = e.nxt + 1 \/ (Of(x, A_ANY, B_ANY) /\ number <= e.nxt))
  /\ ep' = [ep EXCEPT ![x] = f]
  /\ net' = Add(net, Copy(Peer(x), Segment("SYN", number, 0), 2))
  /\ UNCHANGED <<losses, duplicates>>

Outstanding(e) ==
  CASE e.st = "SYN_SENT"     -> Segment("SYN", e.iss, 0)
    [] e.st = "SYN_RECEIVED" -> SynAck(e)
    [] OTHER                 -> Segment("FIN", e.una, e.rcv)
Retransmit(x) == LET e == ep[x] IN
  /\ e.rto = 0
  /\ IF e.again >= (IF e.st = "SYN_SENT" THEN SYN_RETRIES ELSE RETRIES)
     THEN /\ ep' = [ep EXCEPT ![x] = Over(x, Shut(x, e, "GIVE_UP"))]
          /\ UNCHANGED net
     ELSE /\ ep' = [ep EXCEPT ![x] = [e EXCEPT !.rto = RTO, !.again = @ + 1]]
          /\ net' = Add(net, Copy(Peer(x), Outstanding(e), e.of))
  /\ UNCHANGED <<losses, duplicates>>

TimeWaitEnds(x) == /\ ep[x].tw = 0
                   /\ ep' = [ep EXCEPT ![x] = Over(x, Shut(x, @, "FIN"))]
                   /\ UNCHANGED <<net, losses, duplicates>>

Lose(c) == /\ Only(IsDuplicate(c) \/ losses < LOSSES)
           /\ net' = Del(net, c)
           /\ losses' = IF IsDuplicate(c) THEN losses ELSE losses + 1
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
  /\ LET expiring == Copies({c \in DOMAIN net : Last(c) /\ ~IsDuplicate(c)}) IN
     /\ losses + expiring <= LOSSES
     /\ losses' = losses + expiring
  /\ net' = [d \in {Older(c) : c \in {c \in DOMAIN net : ~Last(c)}} |-> net[Younger(d)]]
  /\ ep' = [x \in Ends |-> [ep[x] EXCEPT !.rto = Down(@), !.tw = Down(@)]]
  /\ UNCHANGED duplicates

Next == \/ \E x \in Ends : Close(x) \/ Retransmit(x) \/ TimeWaitEnds(x)
        \/ \E x \in Ends, number \in 0..4 : Connect(x, number)
        \/ \E c \in DOMAIN net : Deliver(c) \/ Lose(c) \/ Duplicate(c)
        \/ Tick

EndedByOld == \E x \in Ends : ep[x].ended
AckedByOld == \E x \in Ends : ep[x].acked
NoOldSegmentEndsTheNew == ~EndedByOld
NoOldAckCounts == ~AckedByOld
=============================================================================
