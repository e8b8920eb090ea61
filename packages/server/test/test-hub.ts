import { channel, defineContract, latest, volatile } from "@tidings/contract";
import type { MemoryLogOptions } from "@tidings/log";
import type { Hub, HubOptions, HubRequest, HubResponse, TraceRecord, Viewer } from "../src/index.ts";
import { createHub } from "../src/index.ts";
import { z } from "zod";
import { BufferSink } from "./buffer-sink.ts";
import { SteppedClock } from "./stepped-clock.ts";
import { WatchedLog } from "./watched-log.ts";

export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: z.object({ text: z.string() }),
      typing: volatile(z.object({ author: z.string() })),
      topic: latest(z.object({ text: z.string() })),
      price: latest(z.object({ symbol: z.string(), value: z.number() }), { key: ({ symbol }) => symbol }),
    },
    { snapshot: z.object({ texts: z.array(z.string()) }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
});

/** A contract with a channel that declares an end, and with one that declares none. */
export const jobs = defineContract({
  job: channel(
    "jobs/:jobId",
    { line: z.object({ text: z.string() }), done: latest(z.object({ percent: z.number() })) },
    { snapshot: z.object({ lines: z.number() }), end: z.object({ files: z.number() }) },
  ),
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
});

export const lobby = chat.room({ roomId: "lobby" });
export const tea = chat.room({ roomId: "tea" });

type Options = Partial<Omit<HubOptions<typeof chat, Viewer>, "log" | "keep">> & {
  /** What the log is told to keep. */
  readonly keep?: NonNullable<MemoryLogOptions["keep"]>;
  /** The option `keep` of the hub. */
  readonly rules?: NonNullable<HubOptions<typeof chat, Viewer>["keep"]>;
  readonly log?: WatchedLog;
};

/** The parts of a request. */
export interface RequestParts {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A request as an adapter makes it. */
export function request(query: string, { method = "GET", headers = {}, body, signal }: RequestParts = {}): HubRequest {
  const given = new Headers(headers);
  return {
    method,
    url: `/events?${query}`,
    headers: given,
    json: async () => body,
    signal: signal ?? new AbortController().signal,
    raw: null,
  };
}

/** A hub with a watched log, in virtual time. By default `authorize` allows everything. */
export async function openTestHub({ keep, rules, log: given, ...options }: Options = {}) {
  const clock = new SteppedClock();
  const records: TraceRecord[] = [];
  const log = given ?? new WatchedLog({ now: clock.now, ...(keep === undefined ? {} : { keep }) });
  const hub = createHub(chat, {
    log,
    clock,
    random: () => 0.5,
    authorize: () => true,
    snapshot: { room: () => ({ texts: [] }) },
    onLog: (record) => records.push(record),
    ...(rules === undefined ? {} : { keep: rules }),
    ...options,
  });
  const requests = await requestsTo(hub, clock);

  async function say(...texts: string[]): Promise<string[]> {
    const published = await Promise.all(texts.map((text) => hub.publish(lobby, "message", { text })));
    await clock.settle();
    return published.map(({ id }) => id);
  }

  return { hub, clock, log, records, ...requests, say };
}

type JobsOptions = Pick<HubOptions<typeof jobs, Viewer>, "authorize" | "limits">;

/** The same with channels that end. */
export async function openJobsHub({ keep, ...options }: Pick<Options, "keep"> & Partial<JobsOptions> = {}) {
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now, ...(keep === undefined ? {} : { keep }) });
  const hub = createHub(jobs, {
    log,
    clock,
    authorize: () => true,
    snapshot: { job: () => ({ lines: 0 }) },
    onLog: () => {},
    ...options,
  });
  return { hub, clock, log, ...(await requestsTo(hub, clock)) };
}

/** Requests to a hub that has started. */
async function requestsTo(hub: Pick<Hub<typeof chat>, "handle">, clock: SteppedClock) {
  await clock.settle();

  async function ask(query: string, parts?: RequestParts): Promise<HubResponse> {
    const asking = hub.handle(request(query, parts));
    await clock.settle();
    return asking;
  }

  async function connect(query: string, parts?: RequestParts, sink = new BufferSink()) {
    const response = await ask(query, parts);
    if (!("open" in response)) throw new Error(`Expected a stream, got ${response.status} ${response.body}`);
    const control = response.open(sink);
    await clock.settle();
    return { sink, control, response };
  }

  async function page(query: string, parts: RequestParts = {}) {
    const response = await ask(query, { ...parts, headers: { accept: "application/json", ...parts.headers } });
    return parsePage(response);
  }

  return { ask, connect, page };
}

/** A test hub whose viewers have the id in their `authorization` header. */
export function openMembersHub(options: Options = {}) {
  return openTestHub({ authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }), ...options });
}

/** The members of a page and of a problem. */
export interface PageJson {
  readonly events: readonly {
    readonly channel: string;
    readonly type: string;
    readonly data?: unknown;
    readonly clear?: string;
    readonly id?: string;
  }[];
  readonly cursor: string;
  readonly more: boolean;
  readonly gap?: { readonly channels: Readonly<Record<string, string>> };
  readonly refused?: Readonly<Record<string, string>>;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly code?: string;
  readonly detail?: string;
  readonly channels?: readonly string[];
}

export function parsePage(response: HubResponse): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: PageJson;
} {
  if ("open" in response) throw new Error("Expected a page, got a stream.");
  // Safe: the tests check which members are there.
  return {
    status: response.status,
    headers: response.headers,
    json: (response.body === "" ? {} : JSON.parse(response.body)) as PageJson,
  };
}

/** A message of the lobby, as {@link BufferSink.received} shows it. */
export function said(text: string): string {
  return `rooms/lobby:message {"text":"${text}"}`;
}
