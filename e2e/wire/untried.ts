/** Why no law quotes a sentence of PROTOCOL.md, by its section and its beginning. */
export const untried: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "2": {
    "Clients treat a cursor as opaque": "what a client does; that ids ascend is tested by 5.3, the order of the log",
    "Cursors of different epochs": "what a client must not do",
  },
  "3": { "A segment is either": "introduces the following sentences" },
  "4": {
    "One resource, here called": "every law uses it",
    "| `after=<cursor>`": "tested by where the connection starts, below",
    "| `before=<cursor>`": "tested by 6.2",
    "| `wait=<seconds>`": "tested by 6.1 and by `bad-request` of 8",
    "| `snapshot` |": "tested by 6.3",
    "| `ticket=<ticket>`": "tested by 4.1",
    "| `protocol=1`": "tested by 8",
    "A client that connects for the first time": "advice",
    "A native EventSource may keep": "advice; tested by the part after `@` that is ignored, above",
  },
  "4.1": {
    "A browser's own EventSource": "about browsers",
    "A server may accept": "optional for a server",
    "A ticket is an opaque": "that a ticket is random cannot be seen from outside",
    "The application gives it": "what the application does",
    "So an EventSource that comes back": "what a page does",
    "Its page then opens": "what a page does",
    "Nothing is lost or repeated": "what a page does; from the last id everything comes by 4",
    "Only the process that issued": "advice to operators",
    "Behind a load balancer": "advice to operators",
    "On the same origin": "advice to operators",
    "A server must not write": "logs cannot be seen from outside",
    "In the logs of a proxy": "tested by: once, within 30 seconds, above",
  },
  "5.1": { "`Vary` may name": "a permission" },
  "5.2": {
    "`heartbeat` is the interval": "tested by the first block, which is code, and by 5.5",
    "A `retry` takes effect": "what a client does",
  },
  "5.3": {
    "Control events have no colon":
      "there may be others, see the next sentence; that events have one is tested by their name",
    "A client must ignore": "what a client does",
    "An event whose cursor": "what a client does",
    "After a failover the ids": "that ids never go back needs a failover inside one stream; the simulation has that",
    "So an event with an id of such an epoch": "what a client does",
  },
  "5.4": { "The server's contract": "about authors of servers" },
  "5.5": {
    "So a channel on which nothing": "tested with the sentence before",
    "Behind a hole, a heartbeat": "needs a hole of withdrawals; packages/server/src/stream/heartbeats.test.ts tests it",
    "A heartbeat may begin": "what a server may do; it takes thousands of clients",
    "The server does this": "the reason for the sentence before",
  },
  "5.6": {
    "A proxy may hide that a reader has left": "the reason for the sentence before",
    "If all of them are long polls": "tested by section 8, 429 of a viewer",
    "Section 7 describes": "a reference",
    "Only `forbidden` and `unknown` come": "that a server never sends another one cannot be tested",
    "A client may take any other": "what a client does",
    "A client treats a reason": "what a client does",
    "| `draining`": "tested by `bye` as the last event, above",
    "| `unknown`": "no server has to say it of an open stream; with `channels` it is tested below",
    "| `limit`": "tested by 8, too many connections",
  },
  "5.7": {
    "A channel may end": "introduces the following sentences",
    "No other event has this type": "about authors of servers",
    "Nobody waits for a channel": "introduces the next sentence",
    "A client asks no more": "what a client does",
  },
  "6": {
    "`gap` is present only": "tested with the head of a page, above, and by 7",
    "The answer may come earlier": "a server may still wait",
    "A server may send fewer than n events": "how many fit in a page is the server's choice",
    "A row may become readable": "the reason for the next sentence",
    "So `events` should begin a little": "what a server should do; packages/server tests it for ours",
    "The page has a gap when retention":
      "that needs a tiny retention while a state loads; packages/server tests it for ours",
    "Withdrawals are among the first ones":
      "that needs a withdrawal while a state loads; packages/server tests it for ours",
    "A state may already contain some": "what a client does",
    "A client that goes on after a failover":
      "tested by 7 with a position after what was lost; the simulation has the rest",
    "When there are too many for one page, `more` is true, and `cursor`":
      "how many fit in a page is the server's choice",
    "Only a page can continue there": "the same",
    "When there are too many for one page, `more` is true, and the rest": "the same",
  },
  "7": {
    "A `clear` that is gone": "tested by 5.4",
    "This rule has three exceptions": "introduces the following sentences",
    "- With `reset` and `lost`, the gap names": "tested by what follows",
    "- A server may look up": "what a server may do",
    "When the `@<cursor>` of more channels": "what a server may do",
    "- A server may forget": "what a server may do",
    "It then names the channel": "what a server may do; the conformance suite of `@tidings/log` tests it for ours",
    "An ended channel is forgotten": "what a server may do; the conformance suite of `@tidings/log` tests it for ours",
    "| `reset`": "tested by what follows",
    "The client comes back": "what a client does",
    "After a gap": "what a client does",
  },
  "8": {
    "An error before a stream": "tested by every law that expects an error",
    "`channels` may leave out": "a permission",
    "A client that asks again without": "what a client does",
    "When an HTTP library": "a permission; the suite reads only the status of such an answer",
    "A native EventSource gives up": "about browsers",
  },
};

/** Sections without a promise of a server, and why. */
export const otherSections: Readonly<Record<string, string>> = {
  "1": "words",
  "5": "its subsections",
  "9": "what a client does: the tests of `@tidings/client`, and [the simulation](../e2e/simulation/README.md)",
  "10": "an example of what is said before",
};
