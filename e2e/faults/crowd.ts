import { connect } from "node:net";
import { RawReader, type RawReaderOptions, type Visit } from "./raw-reader.ts";

// Thousands of readers in a process of their own, so that neither their work nor their sockets are those of the test. See crowd-process.ts.

/** Many who come at the same moment, all with the same position. */
interface Errand {
  readonly port: number;
  readonly path: string;
  readonly count: number;
  /** The id of the last event there is. */
  readonly last: string;
}

interface Following {
  readonly port: number;
  readonly count: number;
  readonly options?: RawReaderOptions;
}

/** What there is to be seen of one reader. Times are milliseconds since 1970. */
interface Member {
  readonly visits: readonly Visit[];
  readonly surprises: readonly string[];
  /** Messages that have arrived. */
  readonly count: number;
}

const readers: RawReader[] = [];

/** What the crowd does when it is told to. */
const verbs = {
  /** Takes all up to the last event, and goes. Answers the bytes that each has taken. */
  catchUp: (errand: Errand) => Promise.all(Array.from({ length: errand.count }, () => catchUp(errand))),
  /** Follows, and answers when all have their place in the log. */
  async follow({ port, count, options }: Following) {
    for (let number = 0; number < count; number++) readers.push(new RawReader(port, options));
    await Promise.all(readers.map((reader) => reader.until(() => reader.visit.live !== null)));
  },
  look: () =>
    readers.map(({ visits, surprises, texts }): Member => ({
      visits: visits.map(sinceEpoch),
      surprises,
      count: texts.length,
    })),
  /** Answers how many have something else than these. */
  differing: (texts: readonly string[]) =>
    readers.filter(
      (reader) => reader.texts.length !== texts.length || reader.texts.some((text, at) => text !== texts[at]),
    ).length,
};

export type Verbs = typeof verbs;

/** Looks at no more than it must: the server should be what takes time. */
function catchUp({ port, path, last }: Errand): Promise<number> {
  const end = Buffer.from(`id: ${last}\n\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    // HTTP/1.0 has no chunks: the body is the stream as it is.
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    let taken = 0;
    let tail: Buffer = Buffer.alloc(0);
    socket
      .on("data", (chunk) => {
        taken += chunk.length;
        tail = Buffer.concat([tail, chunk]).subarray(-end.length);
        if (!tail.equals(end)) return;
        socket.destroy();
        resolve(taken);
      })
      .on("error", reject)
      .on("close", () => reject(new Error(`Expected the event ${last}, got the end of the stream.`)));
  });
}

/** By a clock that other processes have, too. */
function sinceEpoch(visit: Visit): Visit {
  const at = (time: number | null) => (time === null ? null : performance.timeOrigin + time);
  const { asked, server, live, first, bye } = visit;
  return { asked: performance.timeOrigin + asked, server, live: at(live), first: at(first), bye: at(bye) };
}

interface Order {
  readonly verb: keyof Verbs;
  readonly given: unknown;
}

async function obey({ verb, given }: Order): Promise<void> {
  // crowd-process.ts gives each verb what it takes.
  const act = verbs[verb] as (given: unknown) => unknown;
  process.send?.({ answer: await act(given) });
}

process.on("message", (order: Order) => void obey(order));
