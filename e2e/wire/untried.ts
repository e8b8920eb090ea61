/** Why no law quotes a sentence of PROTOCOL.md, by its section and its beginning. */
export const untried: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "2": {
    "Clients treat a cursor as opaque": "what a client does; that ids ascend is tried by 5.3, the order of the log",
    "Cursors of different epochs": "what a client must not do",
  },
  "3": { "A segment is either": "says what the following sentences are about" },
  "4": {
    "One resource, here called": "every law asks it",
    "| `after=<cursor>`": "tried by where the connection starts, below",
    "| `before=<cursor>`": "tried by 6.2",
    "| `wait=<seconds>`": "tried by 6.1 and by `bad-request` of 8",
    "| `snapshot` |": "tried by 6.3",
    "| `ticket=<ticket>`": "tried by 4.1",
    "| `protocol=1`": "tried by 8",
    "Who comes for the first time":
      "advice; that the address may be kept is tried by the part after `@` that is ignored, above",
  },
  "4.1": {
    "A browser's own EventSource": "about browsers",
    "A server may take": "a server may do without; that a ticket is random cannot be seen from outside",
    "So an EventSource that comes back": "what a page does",
    "Nothing is lost or repeated": "what a page does; from the last id everything comes by 4",
    "A ticket is known where": "about who runs servers",
    "Behind a balancer": "about who runs servers",
    "A server must not write": "logs cannot be seen from outside",
  },
  "5.2": {
    "`heartbeat` is the interval": "tried by the first block, which is code, and by 5.5",
    "`retry` counts from its line on": "what a client does",
  },
  "5.3": {
    "Control events have no colon":
      "there may be others, see the next sentence; that events have one is tried by their name",
    "A client must ignore": "what a client does",
    "An event whose cursor": "what a client does",
    "After a failover the ids":
      "what a client does; that ids never go back needs a failover inside of one stream, which the simulation has",
  },
  "5.4": { "The server's contract": "about who writes servers" },
  "5.5": {
    "So a channel on which nothing": "tried with the sentence before",
    "A heartbeat may begin": "what a server may do, and takes thousands of clients",
  },
  "5.6": {
    "`gap` is section 7": "a reference",
    "| `draining`": "tried by `bye` as the last event, above",
    "| `unknown`": "no server has to say it of an open stream; with `channels` it is tried below",
    "| `limit`": "tried by 8, too many connections",
  },
  "6": {
    "`gap` is there only": "tried with the head of a page, above, and by 7",
    "It may come earlier": "a server may wait all the same",
  },
  "7": {
    "| `reset`": "tried by what follows",
    "The client comes back": "what a client does",
    "After a gap": "what a client does",
  },
  "8": {
    "An error before a stream": "tried by every law that expects an error",
    "What an HTTP library": "a permission; the suite reads only the status of such an answer",
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
