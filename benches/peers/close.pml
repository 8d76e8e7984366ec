/* The timed world of lastack: two TCP endpoints that close, a bag network whose copies
 * live less than MSL ticks, a discrete clock. One action is one d_step, so the transitions of the only
 * process are the world's. `count` defines the constants; by hand: spin -o2 -a -DMSL=3 close.pml
 *
 * State of an end: numbers start at 1; una, nxt, fin, rcv and rfin say what is sent, acked and delivered,
 * with the FINs, and are kept when it is CLOSED; held text and timers are then forgotten.           */
#ifndef MSL
#define MSL 2           /* at most 8 */
#endif
#ifndef RTO
#define RTO 2
#endif
#ifndef TW
#define TW (2*MSL)
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef UNLIMITED       /* losses: then they are not counted */
#define UNLIMITED 0
#endif
#ifndef DUPLICATES
#define DUPLICATES 1
#endif
#ifndef SENDS_A         /* octets, at most 5 */
#define SENDS_A 0
#endif
#ifndef SENDS_B
#define SENDS_B 0
#endif
#ifndef A_CLOSES        /* 0: never, 1: after-eof, 2: any-time */
#define A_CLOSES 2
#endif
#ifndef B_CLOSES
#define B_CLOSES 2
#endif
#ifndef A_ABORTS        /* once, at any moment */
#define A_ABORTS 0
#endif
#ifndef B_ABORTS
#define B_ABORTS 0
#endif
#ifndef HOLD            /* 0: drop */
#define HOLD 1
#endif
#ifndef RESTART
#define RESTART 1
#endif
#ifndef IGNORE_RST      /* in TIME_WAIT; 0: close */
#define IGNORE_RST 1
#endif
#ifndef FREEBSD         /* FreeBSD's rules in place of RFC 9293's */
#define FREEBSD 0
#endif
#ifndef NEXT_ON_ACK     /* after a timeout; 0: what is sent again waits for a timeout of its own */
#define NEXT_ON_ACK 1
#endif
#ifndef RETRIES         /* 255: retransmits forever, and does not count */
#define RETRIES 255
#endif
#ifndef CAP             /* room for copies in flight: 8, 12, 16 or 20 */
#define CAP 12
#endif
#define OFF 255
#define HOLDS (HOLD && SENDS_A + SENDS_B > 0)
#define RECOVERS (NEXT_ON_ACK && SENDS_A + SENDS_B > 0)

/* states */
#define ESTABLISHED 0
#define FIN_WAIT_1 1
#define FIN_WAIT_2 2
#define CLOSE_WAIT 3
#define CLOSING 4
#define LAST_ACK 5
#define TIME_WAIT 6
#define CLOSED 7
#define NONE 8
/* ended_by */
#define BY_FIN 1
#define BY_RST 2
#define BY_GIVE_UP 3
#define BY_ABORT 4
/* kinds; 0: no segment */
#define ACK 1
#define DATA 2
#define FIN 3
#define RST 4

/* A copy is one number, ordered by (to, kind, seq, ack, ticks it has left, duplicate). */
#define SEG(to,kind,seq,ack) ((to)<<13 | (kind)<<10 | (seq)<<7 | (ack)<<4 | (MSL-1)<<1)
#define kindOf(c) (((c)>>10)&7)
#define seqOf(c)  (((c)>>7)&7)
#define ackOf(c)  (((c)>>4)&7)
#define lifeOf(c) (((c)>>1)&7)
#define dupOf(c)  ((c)&1)

byte st[2] = ESTABLISHED; byte left[2] = NONE; byte by[2];
byte una[2] = 1; byte nxt[2] = 1; byte fin[2] = OFF; byte rcv[2] = 1; bit rfin[2];
byte rto[2] = OFF; byte tw[2] = OFF;
#if HOLDS
byte text[2];           /* bit n: octet n is held */
byte hfin[2];           /* the number of the FIN held, or 0 */
#endif
#if RECOVERS
byte recover[2];        /* what is below is sent again, each on the ACK of the one before; 0 when that is una alone */
#endif
#if RETRIES < 255
byte again[2];          /* retransmissions since una advanced */
#endif
short net[CAP];         /* sorted; 0 beyond n */
byte n; byte losses; byte duplicates;
/* scratch, not part of the state */
hidden short k; hidden short em; hidden byte j; hidden byte g; hidden byte sq; hidden byte ak; hidden byte more;

#if CAP > 16
#define EACH(f,op) f(0) op f(1) op f(2) op f(3) op f(4) op f(5) op f(6) op f(7) op f(8) op f(9) op f(10) op f(11) op f(12) op f(13) op f(14) op f(15) op f(16) op f(17) op f(18) op f(19)
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15) f(16) f(17) f(18) f(19)
#elif CAP > 12
#define EACH(f,op) f(0) op f(1) op f(2) op f(3) op f(4) op f(5) op f(6) op f(7) op f(8) op f(9) op f(10) op f(11) op f(12) op f(13) op f(14) op f(15)
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#elif CAP > 8
#define EACH(f,op) f(0) op f(1) op f(2) op f(3) op f(4) op f(5) op f(6) op f(7) op f(8) op f(9) op f(10) op f(11)
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11)
#else
#define EACH(f,op) f(0) op f(1) op f(2) op f(3) op f(4) op f(5) op f(6) op f(7)
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7)
#endif

#define expires(i) (i < n && lifeOf(net[i])==0 && !dupOf(net[i]))
#define expiring (EACH(expires,+))
#define finToA(i) (i < n && (net[i]>>10) == FIN)
#define finToB(i) (i < n && (net[i]>>10) == (8|FIN))
/* no-premature-closed is violated */
#define premature ((left[0]==TIME_WAIT && (EACH(finToA,||))) || (left[1]==TIME_WAIT && (EACH(finToB,||))))
/* both-close */
#define closed (st[0]==CLOSED && st[1]==CLOSED)
#define mayClose(x,closes) ((st[x]==ESTABLISHED && closes==2) || (st[x]==CLOSE_WAIT && closes>0))
#define waits (n>0 || rto[0]!=OFF || rto[1]!=OFF || tw[0]!=OFF || tw[1]!=OFF)
/* A run goes on forever, and time with it (`main@ticked`, where a tick has just passed), or it ends where nothing is
 * enabled but calls that nobody has promised: there main breaks off (`stops`), and SPIN lets what has ended stutter. */
#ifdef PATIENT          /* applications promise nothing */
#define stops (!waits)
#define keepsPromises (true)
#else                   /* A close, once called, is disabled forever: weak fairness says that it does not stay enabled. */
#define stops (!waits && !mayClose(0,A_CLOSES) && !mayClose(1,B_CLOSES))
#define keepsPromises ([]<> !mayClose(0,A_CLOSES) && []<> !mayClose(1,B_CLOSES))
#endif
#ifdef BOTH_CLOSE
ltl both_close { (keepsPromises && ([]<> main@ticked || <>[] stops)) -> <> closed }
#endif
#ifdef TIME_PASSES
ltl time_passes { []<> main@ticked || <>[] stops }
#endif

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
inline shut(x,why) {
  left[x] = st[x]; st[x] = CLOSED; by[x] = why; rto[x] = OFF; tw[x] = OFF;
#if HOLDS
  text[x] = 0; hfin[x] = 0;
#endif
#if RECOVERS
  recover[x] = 0;
#endif
}
/* FreeBSD: an ACK that is due carries the FIN again. */
#define finUnacked(x) (fin[x] != OFF && una[x] <= fin[x])
#define CHALLENGE(x) SEG(1-x, ACK, nxt[x], rcv[x])
#define AGAIN(x) SEG(1-x, (una[x]==fin[x] -> FIN : DATA), una[x], rcv[x])
#define ACKNOWLEDGE(x) (FREEBSD && finUnacked(x) -> SEG(1-x, FIN, fin[x], rcv[x]) : CHALLENGE(x))

/* Its acknowledgment, if it is new. */
inline acknowledged(x) {
  if
  :: ak > una[x] && ak <= nxt[x] ->
     una[x] = ak;
#if RECOVERS
     more = una[x] < recover[x];
     if :: una[x] + 1 >= recover[x] -> recover[x] = 0 :: else fi;
#endif
#if RETRIES < 255
     again[x] = 0;
#endif
     if
     :: una[x] < nxt[x] -> rto[x] = RTO
     :: else -> rto[x] = OFF
     fi
  :: else
  fi;
  if
  :: fin[x] != OFF && una[x] > fin[x] ->
     if
     :: st[x]==FIN_WAIT_1 -> st[x] = FIN_WAIT_2
     :: st[x]==CLOSING -> st[x] = TIME_WAIT; tw[x] = TW
     :: st[x]==LAST_ACK -> shut(x,BY_FIN)
     :: else
     fi
  :: else
  fi
}
/* em becomes the answer, 0: none. Text and FIN reach the last part in ESTABLISHED, FIN_WAIT_1 and FIN_WAIT_2
 * only: later all their numbers are below rcv (asserted). The window is larger than every number. */
inline recv(x) {
  g = kindOf(k); sq = seqOf(k); ak = ackOf(k); em = 0; more = 0;
  if
  :: st[x] == CLOSED ->
     if :: g != RST -> em = SEG(1-x, RST, ak, 0) :: else fi
  :: FREEBSD && st[x] == TIME_WAIT ->      /* answers all but the bare ACK with both of the expected numbers */
     if
     :: g == RST || (g == ACK && sq == rcv[x] && ak == nxt[x])
     :: else ->
        em = CHALLENGE(x);
        if :: RESTART && g==FIN && sq+1==rcv[x] -> tw[x] = TW :: else fi
     fi
  :: else ->
     if
     :: g == RST ->
        if
        :: sq < rcv[x] || (IGNORE_RST && st[x]==TIME_WAIT)
        :: else ->
           if
           :: sq == rcv[x] -> shut(x,BY_RST)
           :: else -> em = CHALLENGE(x)
           fi
        fi
     :: else ->
        if
        :: sq < rcv[x] ->                              /* unacceptable */
           if :: RESTART && st[x]==TIME_WAIT && g==FIN -> tw[x] = TW :: else fi;
           if :: FREEBSD -> acknowledged(x) :: else fi;
           if :: st[x] != CLOSED -> em = ACKNOWLEDGE(x) :: else fi
        :: else ->
           if
           :: ak > nxt[x] -> em = CHALLENGE(x)
           :: else ->
              acknowledged(x);
              if :: st[x] == CLOSED -> g = 0 :: else fi;         /* nothing more */
              if
              :: g < DATA
              :: else ->
                 assert(st[x] <= FIN_WAIT_2);
                 if
                 :: sq > rcv[x] ->                     /* beyond a hole */
#if HOLDS
                    if
                    :: g == DATA -> text[x] = text[x] | (1<<sq)
                    :: else -> hfin[x] = sq
                    fi
#else
                    skip
#endif
                 :: else ->
                    rcv[x]++;
#if HOLDS
                    if
                    :: g == DATA ->
                       do
                       :: text[x] & (1<<rcv[x]) -> text[x] = text[x] - (1<<rcv[x]); rcv[x]++
                       :: else -> break
                       od;
                       if
                       :: hfin[x] == rcv[x] -> hfin[x] = 0; rcv[x]++; g = FIN
                       :: else
                       fi
                    :: else
                    fi;
#endif
                    if
                    :: g == FIN ->
                       rfin[x] = 1;
                       if
                       :: st[x]==ESTABLISHED -> st[x] = CLOSE_WAIT
                       :: st[x]==FIN_WAIT_1 -> st[x] = CLOSING
                       :: else -> st[x] = TIME_WAIT; tw[x] = TW
                       fi
                    :: else
                    fi
                 fi;
                 em = ACKNOWLEDGE(x)
              fi
           fi
        fi
     fi
  fi;
  if :: more -> em = AGAIN(x) :: else fi;      /* the ACK that is due rides on it */
  if :: em != 0 -> send(em) :: else fi
}
/* Equal copies are neighbours: the first of them acts for all. */
#define distinct(i) (i < n && (i == 0 || net[i] != net[(i+CAP-1)%CAP]))
#define DELIVER(i) \
  :: d_step { distinct(i) && net[i] < 8192 -> k = net[i]; remove(i); recv(0) } \
  :: d_step { distinct(i) && net[i] >= 8192 -> k = net[i]; remove(i); recv(1) }
#define LOSE(i) \
  :: d_step { distinct(i) && (dupOf(net[i]) || UNLIMITED || losses < LOSSES) -> \
      if :: !dupOf(net[i]) && !UNLIMITED -> losses++ :: else fi; remove(i) }
#define DUPLICATE(i) \
  :: d_step { duplicates < DUPLICATES && distinct(i) -> k = net[i]|1; send(k); duplicates++ }
#define ENDPOINT(x,closes,sends) \
  :: d_step { mayClose(x,closes) -> \
      k = SEG(1-x, FIN, nxt[x], rcv[x]); send(k); fin[x] = nxt[x]; nxt[x]++; \
      if :: st[x]==ESTABLISHED -> st[x] = FIN_WAIT_1 :: else -> st[x] = LAST_ACK fi; \
      if :: rto[x]==OFF -> rto[x] = RTO :: else fi } \
  :: d_step { (st[x]==ESTABLISHED || st[x]==CLOSE_WAIT) && nxt[x] <= sends -> \
      k = SEG(1-x, DATA, nxt[x], rcv[x]); send(k); nxt[x]++; \
      if :: rto[x]==OFF -> rto[x] = RTO :: else fi } \
  :: d_step { (x == 0 -> A_ABORTS : B_ABORTS) && st[x]!=CLOSED && !(FREEBSD && st[x]==TIME_WAIT) -> \
      k = (FREEBSD -> SEG(1-x, RST, nxt[x], rcv[x]) : (st[x] <= CLOSE_WAIT -> SEG(1-x, RST, nxt[x], 0) : 0)); shut(x,BY_ABORT); \
      if :: k != 0 -> send(k) :: else fi } \
  :: d_step { rto[x]==0 -> EXPIRED(x) } \
  :: d_step { tw[x]==0 -> shut(x,BY_FIN) }
#define RESEND(x) \
      k = AGAIN(x); send(k); rto[x] = RTO; NOTE(x)
#if RECOVERS
#define NOTE(x) if :: nxt[x] > una[x] + 1 -> recover[x] = nxt[x] :: else -> recover[x] = 0 fi
#else
#define NOTE(x) skip
#endif
#if RETRIES < 255
#define EXPIRED(x) if :: again[x] >= RETRIES -> \
      if :: FREEBSD -> k = SEG(1-x, RST, nxt[x], rcv[x]); send(k) :: else fi; shut(x,BY_GIVE_UP) :: else -> RESEND(x); again[x]++ fi
#else
#define EXPIRED(x) RESEND(x)
#endif
#define TIMER(t) if :: t != OFF -> t-- :: else fi

active proctype main() {
end:
  do
#ifdef PROPERTY
  :: premature -> assert(false)
#endif
#ifdef LIVENESS
  :: stops -> break
#endif
  ENDPOINT(0,A_CLOSES,SENDS_A)
  ENDPOINT(1,B_CLOSES,SENDS_B)
  ALL(DELIVER)
  ALL(LOSE)
  ALL(DUPLICATE)
  :: d_step { rto[0]!=0 && rto[1]!=0 && tw[0]!=0 && tw[1]!=0 && waits &&
      (UNLIMITED || losses + expiring <= LOSSES) ->
      g = 0; j = 0;
      do
      :: g < n ->
         if
         :: lifeOf(net[g])==0 -> if :: !dupOf(net[g]) && !UNLIMITED -> losses++ :: else fi
         :: else -> net[j] = net[g]-2; j++
         fi;
         g++
      :: else -> break
      od;
      do :: n > j -> n--; net[n] = 0 :: else -> break od;
      TIMER(rto[0]); TIMER(rto[1]); TIMER(tw[0]); TIMER(tw[1]) }
#ifdef LIVENESS
ticked: skip
#endif
  od
}
