import { openRawStream } from "../raw-stream.ts";
import { ResumingReader, type ResumingReaderOptions, type Connection } from "./resuming-reader.ts";

// Thousands of readers in a process of their own, so that their work and their sockets do not burden the process of the
// test. See crowd-process.ts.

/** Many readers that connect at the same moment, all with the same position. */
interface CatchUp {
  readonly port: number;
  readonly path: string;
  readonly count: number;
  /** The id of the last event in the log. */
  readonly last: string;
}

interface Follow {
  readonly port: number;
  readonly count: number;
  readonly options?: ResumingReaderOptions;
}

/** What is reported about one reader. Times are milliseconds since 1970. */
interface ReaderReport {
  readonly connections: readonly Connection[];
  readonly surprises: readonly string[];
  /** How many messages have arrived. */
  readonly count: number;
}

const readers: ResumingReader[] = [];

/** What the test can ask the crowd to do. */
const commands = {
  /** Each reader reads up to the last event, and leaves. Returns how many bytes each has read. */
  catchUp: (task: CatchUp) => Promise.all(Array.from({ length: task.count }, () => catchUp(task))),
  /** Starts readers. Resolves when all are live. */
  async follow({ port, count, options }: Follow) {
    for (let number = 0; number < count; number++) readers.push(new ResumingReader(port, options));
    await Promise.all(readers.map((reader) => reader.until(() => reader.connection.liveAt !== null)));
  },
  report: () =>
    readers.map(({ connections, surprises, texts }): ReaderReport => ({
      connections: connections.map(sinceEpoch),
      surprises,
      count: texts.length,
    })),
  /** Returns how many readers have other texts than these. */
  differing: (texts: readonly string[]) =>
    readers.filter(
      (reader) => reader.texts.length !== texts.length || reader.texts.some((text, at) => text !== texts[at]),
    ).length,
};

export type Commands = typeof commands;

/** Compares only the last bytes, so that the time is that of the server. */
function catchUp({ port, path, last }: CatchUp): Promise<number> {
  const end = Buffer.from(`id: ${last}\n\n`);
  return new Promise((resolve, reject) => {
    const socket = openRawStream(port, path);
    let bytes = 0;
    let tail: Buffer = Buffer.alloc(0);
    socket
      .on("data", (chunk) => {
        bytes += chunk.length;
        tail = Buffer.concat([tail, chunk]).subarray(-end.length);
        if (!tail.equals(end)) return;
        socket.destroy();
        resolve(bytes);
      })
      .on("error", reject)
      .on("close", () => reject(new Error(`Expected the event ${last}, got the end of the stream.`)));
  });
}

/** Translates times to a clock that all processes share. */
function sinceEpoch(connection: Connection): Connection {
  const at = (time: number | null) => (time === null ? null : performance.timeOrigin + time);
  const { requestedAt, processId, liveAt, firstEventAt, byeAt } = connection;
  return {
    requestedAt: performance.timeOrigin + requestedAt,
    processId,
    liveAt: at(liveAt),
    firstEventAt: at(firstEventAt),
    byeAt: at(byeAt),
  };
}

interface CommandMessage {
  readonly command: keyof Commands;
  readonly parameter: unknown;
}

async function run({ command, parameter }: CommandMessage): Promise<void> {
  // crowd-process.ts checks the type of the parameter.
  const execute = commands[command] as (parameter: unknown) => unknown;
  process.send?.({ answer: await execute(parameter) });
}

process.on("message", (message: CommandMessage) => void run(message));
