/* The timed world of lastack with a second connection on the same ports: two TCP endpoints that close, open anew
 * (RFC 9293 3.10.7.2 to 3.10.7.4) and close again; no text. One action is one d_step, so the transitions of the only
 * process are the world's. `count-reopening` defines the constants.
 *
 * A copy belongs to the incarnation that has sent it; the world keeps what old copies did to an end of the new one.
 * Numbers begin at 0 with the first SYN. A CLOSED end keeps its numbers.                                        */
#define OFF 255
#define NONE 255        /* no IRS */
#define NEVER 0
#define CONNECT 1
#define LISTENS 2

/* states */
#define ESTABLISHED 0
#define FIN_WAIT_1 1
#define FIN_WAIT_2 2
#define CLOSE_WAIT 3
#define CLOSING 4
#define LAST_ACK 5
#define TIME_WAIT 6
#define CLOSED 7
#define LISTEN 8
#define SYN_SENT 9
#define SYN_RECEIVED 10
#define NOWHERE 11
/* ended_by */
#define BY_FIN 1
#define BY_RST 2
#define BY_GIVE_UP 3
/* kinds; 0: no segment */
#define ACK 1
#define FIN 2
#define RST 3
#define RST_ACK 4
#define SYN 5
#define SYN_ACK 6

/* A copy is one number: (incarnation, to, kind, seq, ack, ticks it has left, duplicate). */
#define SEG(to,kind,seq,ack) ((to)<<15 | (kind)<<12 | (seq)<<8 | (ack)<<4 | (MSL-1)<<1)
#define OF(second) ((second)<<16)
#define secondOf(c) (((c)>>16)&1)
#define toOf(c)   (((c)>>15)&1)
#define kindOf(c) (((c)>>12)&7)
#define seqOf(c)  (((c)>>8)&15)
#define ackOf(c)  (((c)>>4)&15)
#define lifeOf(c) (((c)>>1)&7)
#define dupOf(c)  ((c)&1)

byte st[2] = ESTABLISHED; byte left[2] = NOWHERE; byte by[2];
byte iss[2]; byte irs[2]; byte una[2] = 1; byte nxt[2] = 1; byte rcv[2] = 1;
bit fin[2]; bit rfin[2];
byte hfin[2];           /* the number of a FIN beyond a hole, or 0 */
byte again[2];          /* retransmissions since una advanced */
byte rto[2] = OFF; byte tw[2] = OFF;
bit second[2];          /* incarnation */
bit oldAcked[2]; bit oldEnded[2];
short oldHeld[2];       /* bit n: an old copy has brought number irs + 1 + n */
int net[CAP];           /* sorted; 0 beyond n */
byte n; byte losses; byte duplicates;
/* scratch, not part of the state */
hidden int k; hidden int em; hidden byte j; hidden byte g; hidden byte sq; hidden byte ak;
hidden byte wasSt; hidden byte wasUna; hidden byte wasIrs; hidden byte wasRcv; hidden byte wasHeld;
hidden byte isOld; hidden byte had; hidden byte sender;

#define EACH(f,op) f(0) op f(1) op f(2) op f(3) op f(4) op f(5) op f(6) op f(7) op f(8) op f(9)
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9)

#define opens(x) (x == 0 -> A_OPENS : B_OPENS)
#define listens(x) (opens(x) == LISTENS)
#define expires(i) (i < n && lifeOf(net[i])==0 && !dupOf(net[i]))
#define expiring (EACH(expires,+))
#define waits (n>0 || rto[0]!=OFF || rto[1]!=OFF || tw[0]!=OFF || tw[1]!=OFF)
#define mayClose(x,closes) ((st[x]==ESTABLISHED && closes==2) || (st[x]==CLOSE_WAIT && closes>0))
/* no-old-segment-ends-the-new, no-old-ack-counts */
#define endedByOld (oldEnded[0] || oldEnded[1])
#define ackedByOld (oldAcked[0] || oldAcked[1])

inline send(c) {            /* insertion into the sorted array */
  assert(n < CAP);
  j = n;
  do
  :: j > 0 && net[j-1] > c -> net[j] = net[j-1]; j--
  :: else -> break
  od;
  net[j] = c; n++
}
inline remove(i) {
  j = i; n--;
  do
  :: j < n -> net[j] = net[j+1]; j++
  :: else -> break
  od;
  net[n] = 0
}
/* All that a connection starts without. */
inline blank(x, s, number) {
  st[x] = s; una[x] = number; nxt[x] = number; irs[x] = NONE; rcv[x] = 0;
  fin[x] = 0; rfin[x] = 0; hfin[x] = 0; again[x] = 0; rto[x] = OFF; tw[x] = OFF
}
/* Becomes CLOSED; a connection that came from LISTEN and was never open returns there, and its ISS is used up. */
inline shut(x, why) {
  if
  :: st[x] == SYN_RECEIVED && listens(x) -> blank(x, LISTEN, iss[x]); iss[x] = iss[x] - 1
  :: else -> left[x] = st[x]; st[x] = CLOSED; by[x] = why; rto[x] = OFF; tw[x] = OFF; hfin[x] = 0
  fi
}
/* Who listens does so as soon as the first connection is over. */
inline over(x) {
  if :: st[x] == CLOSED && !second[x] && listens(x) -> st[x] = LISTEN :: else fi
}
/* Active or passive OPEN: the SYN, or the SYN,ACK for a peer's SYN with number `from`. */
inline open(x, number) {
  blank(x, SYN_SENT, number); iss[x] = number; left[x] = NOWHERE; by[x] = 0;
  second[x] = 1; oldHeld[x] = 0; nxt[x] = number + 1; rto[x] = RTO
}
inline accept(x, from) {
  open(x, nxt[x] + 1); st[x] = SYN_RECEIVED; irs[x] = from; rcv[x] = from + 1;
  em = SEG(1-x, SYN_ACK, iss[x], rcv[x])
}
#define ACKNOWLEDGE(x) SEG(1-x, ACK, nxt[x], rcv[x])
#define RESET(x) SEG(1-x, RST, ak, 0)
#define hasAck (g != SYN && g != RST)
#define isRst (g == RST || g == RST_ACK)

/* una advances to ak: everything sent is acknowledged, for at most one number is outstanding. */
inline progress(x) { una[x] = ak; again[x] = 0; rto[x] = (una[x] == nxt[x] -> OFF : RTO) }

inline timeWait(x) { st[x] = TIME_WAIT; tw[x] = TW }

/* Eighth step. */
inline takeFin(x) {
  if
  :: rfin[x] && st[x] == TIME_WAIT -> if :: RESTART -> tw[x] = TW :: else fi; em = ACKNOWLEDGE(x)
  :: rfin[x] && st[x] != TIME_WAIT
  :: !rfin[x] && sq > rcv[x] -> hfin[x] = sq; em = ACKNOWLEDGE(x)
  :: !rfin[x] && sq == rcv[x] ->
     rcv[x]++; rfin[x] = 1; hfin[x] = 0;
     if
     :: st[x]==ESTABLISHED -> st[x] = CLOSE_WAIT
     :: st[x]==FIN_WAIT_1 -> st[x] = CLOSING
     :: else -> timeWait(x)
     fi;
     em = ACKNOWLEDGE(x)
  fi
}
/* Fifth step: false (g = 0) where the segment goes no further. */
inline takeAck(x) {
  if
  :: g == SYN -> g = 0
  :: g != SYN && st[x] == SYN_RECEIVED ->
     if
     :: ak > una[x] && ak <= nxt[x] -> progress(x); st[x] = ESTABLISHED
     :: else -> em = RESET(x); g = 0
     fi
  :: g != SYN && st[x] != SYN_RECEIVED && ak > nxt[x] -> em = ACKNOWLEDGE(x); g = 0
  :: else ->
     if
     :: ak > una[x] ->
        progress(x);
        if
        :: fin[x] && una[x] == nxt[x] ->
           if
           :: st[x]==FIN_WAIT_1 -> st[x] = FIN_WAIT_2
           :: st[x]==CLOSING -> timeWait(x)
           :: st[x]==LAST_ACK -> shut(x, BY_FIN); g = 0
           :: else
           fi
        :: else
        fi
     :: else
     fi
  fi
}
inline inOrder(x) {
  if
  :: sq < rcv[x] ->                                            /* first step */
     if
     :: isRst
     :: else ->
        if :: RESTART && st[x]==TIME_WAIT && g==FIN -> tw[x] = TW :: else fi;
        em = ACKNOWLEDGE(x)
     fi
  :: sq >= rcv[x] && isRst ->                                  /* second */
     if
     :: IGNORE_RST && st[x]==TIME_WAIT
     :: !(IGNORE_RST && st[x]==TIME_WAIT) && sq == rcv[x] -> shut(x, BY_RST)
     :: else -> em = ACKNOWLEDGE(x)
     fi
  :: sq >= rcv[x] && (g == SYN || g == SYN_ACK) ->             /* fourth */
     if
     :: st[x]==SYN_RECEIVED && listens(x) -> shut(x, BY_RST)
     :: else -> em = ACKNOWLEDGE(x)
     fi
  :: else ->
     takeAck(x);
     if :: g == FIN -> takeFin(x) :: else fi
  fi
}
inline inSynSent(x) {
  if
  :: hasAck && !(ak > una[x] && ak <= nxt[x]) -> if :: isRst :: else -> em = RESET(x) fi
  :: else ->
     if
     :: isRst -> if :: g == RST_ACK -> shut(x, BY_RST) :: else fi
     :: g == SYN -> irs[x] = sq; rcv[x] = sq + 1; st[x] = SYN_RECEIVED; em = SEG(1-x, SYN_ACK, iss[x], rcv[x])
     :: g == SYN_ACK -> irs[x] = sq; rcv[x] = sq + 1; progress(x); st[x] = ESTABLISHED; em = ACKNOWLEDGE(x)
     :: else
     fi
  fi
}
#define isUnopened(s) (s == CLOSED || s == LISTEN || s == TIME_WAIT)
#define isOpening(s) (s == SYN_SENT || s == SYN_RECEIVED)
#define isOver(x) (st[x] == CLOSED || st[x] == LISTEN)
#define brings(x) (g == FIN && sq >= wasRcv && sq != wasHeld && (sq < rcv[x] || hfin[x] == sq))

/* What an arrival, old or not, did to an end of the new connection. */
inline note(x) {
  if
  :: isOld && had ->
     if :: una[x] != wasUna && st[x] != LISTEN -> oldAcked[x] = 1 :: else fi;
     if :: isOver(x) && by[x] != BY_FIN -> oldEnded[x] = 1 :: else fi;
     g = kindOf(k);
     if :: brings(x) -> oldHeld[x] = oldHeld[x] | (1 << (sq - irs[x] - 1)) :: else fi
  :: else
  fi;
  if
  :: irs[x] != wasIrs -> oldHeld[x] = 0
  :: else ->
     /* Nothing but a FIN is brought, and it is the first number that is. */
     if :: rfin[x] && (oldHeld[x] & 1) -> oldHeld[x] = oldHeld[x] - 1; oldEnded[x] = 1 :: else fi;
     if :: isOver(x) -> oldHeld[x] = 0 :: else fi
  fi
}
inline recv(x) {
  g = kindOf(k); sq = seqOf(k); ak = ackOf(k); sender = secondOf(k); em = 0;
  wasSt = st[x]; wasUna = una[x]; wasIrs = irs[x]; wasRcv = rcv[x]; wasHeld = hfin[x];
  isOld = second[x] && !sender; had = st[x] != CLOSED && st[x] != LISTEN;
  if
  :: st[x] == CLOSED ->
     if
     :: isRst
     :: g == SYN -> em = SEG(1-x, RST_ACK, 0, sq + 1)
     :: else -> em = RESET(x)
     fi
  :: st[x] == LISTEN ->
     if
     :: isRst
     :: g == SYN -> accept(x, sq)
     :: else -> em = RESET(x)
     fi
  :: st[x] == SYN_SENT -> inSynSent(x)
  :: st[x] == SYN_RECEIVED && !listens(x) && g == SYN_ACK && sq == irs[x] && ak > una[x] && ak <= nxt[x] ->
     progress(x); st[x] = ESTABLISHED
  :: st[x] == TIME_WAIT && listens(x) && g == SYN && REOPEN_IF_ABOVE && sq > rcv[x] -> accept(x, sq)
  :: else -> inOrder(x)
  fi;
  if
  :: isUnopened(wasSt) && isOpening(st[x])
  :: else -> note(x)
  fi;
  over(x);
  if
  :: em != 0 ->
     /* A reset that answers for no connection is of the incarnation of what it answers. */
     if
     :: st[x] == wasSt && (kindOf(em) == RST || kindOf(em) == RST_ACK) -> em = em + OF(sender)
     :: else -> em = em + OF(second[x])
     fi;
     send(em)
  :: else
  fi
}
/* Equal copies are neighbours: the first of them acts for all. */
#define distinct(i) (i < n && (i == 0 || net[i] != net[(i+CAP-1)%CAP]))
#define DELIVER(i) \
  :: d_step { distinct(i) && toOf(net[i]) == 0 -> k = net[i]; remove(i); recv(0) } \
  :: d_step { distinct(i) && toOf(net[i]) == 1 -> k = net[i]; remove(i); recv(1) }
#define LOSE(i) \
  :: d_step { distinct(i) && (dupOf(net[i]) || losses < LOSSES) -> \
      if :: !dupOf(net[i]) -> losses++ :: else fi; remove(i) }
#define DUPLICATE(i) \
  :: d_step { duplicates < DUPLICATES && distinct(i) -> k = net[i]|1; send(k); duplicates++ }

#define mayConnect(x,reuse) (opens(x) == CONNECT && !second[x] && \
    (st[x]==CLOSED || (st[x]==TIME_WAIT && reuse != OFF && tw[x] + reuse <= TW)))
#define CONNECTS(x,any,reuse,i) \
  :: d_step { mayConnect(x,reuse) && (any -> i <= nxt[x] + 1 : i == nxt[x] + 1) -> \
      open(x, i); k = SEG(1-x, SYN, i, 0) + OF(1); send(k) }
#define ENDPOINT(x,closes) \
  :: d_step { mayClose(x,closes) -> \
      k = SEG(1-x, FIN, nxt[x], rcv[x]) + OF(second[x]); send(k); fin[x] = 1; nxt[x]++; rto[x] = RTO; \
      if :: st[x]==ESTABLISHED -> st[x] = FIN_WAIT_1 :: else -> st[x] = LAST_ACK fi } \
  :: d_step { rto[x]==0 -> \
      if \
      :: again[x] >= (st[x]==SYN_SENT -> SYN_RETRIES : RETRIES) -> shut(x, BY_GIVE_UP); over(x) \
      :: else -> \
         again[x]++; rto[x] = RTO; \
         k = (st[x]==SYN_SENT -> SEG(1-x, SYN, iss[x], 0) : \
              (st[x]==SYN_RECEIVED -> SEG(1-x, SYN_ACK, iss[x], rcv[x]) : SEG(1-x, FIN, una[x], rcv[x]))); \
         k = k + OF(second[x]); send(k) \
      fi } \
  :: d_step { tw[x]==0 -> shut(x, BY_FIN); over(x) }
#define NUMBERS(x,any,reuse) \
  CONNECTS(x,any,reuse,0) CONNECTS(x,any,reuse,1) CONNECTS(x,any,reuse,2) CONNECTS(x,any,reuse,3) CONNECTS(x,any,reuse,4)
#define TIMER(t) if :: t != OFF -> t-- :: else fi

active proctype main() {
end:
  do
#ifdef ENDED_BY_OLD
  :: endedByOld -> assert(false)
#endif
#ifdef ACKED_BY_OLD
  :: ackedByOld -> assert(false)
#endif
  ENDPOINT(0,A_CLOSES)
  ENDPOINT(1,B_CLOSES)
  NUMBERS(0,A_ANY,A_REUSE)
  NUMBERS(1,B_ANY,B_REUSE)
  ALL(DELIVER)
  ALL(LOSE)
  ALL(DUPLICATE)
  :: d_step { rto[0]!=0 && rto[1]!=0 && tw[0]!=0 && tw[1]!=0 && waits && losses + expiring <= LOSSES ->
      g = 0; j = 0;
      do
      :: g < n ->
         if
         :: lifeOf(net[g])==0 -> if :: !dupOf(net[g]) -> losses++ :: else fi
         :: else -> net[j] = net[g]-2; j++
         fi;
         g++
      :: else -> break
      od;
      do :: n > j -> n--; net[n] = 0 :: else -> break od;
      TIMER(rto[0]); TIMER(rto[1]); TIMER(tw[0]); TIMER(tw[1]) }
  od
}
