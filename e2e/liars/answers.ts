import type { VirtualClock } from "@tidings/testing";

/** What a liar knows about a request. */
interface Asked {
  /** How many requests have come before. */
  readonly count: number;
  /** The epoch of the log of the hub that answers later. */
  readonly epoch: string;
  readonly clock: VirtualClock;
  /** Aborts when the liar dies, and with him what he has begun to say. */
  readonly life: AbortSignal;
}

/** What a liar says. */
export type Answer = (asked: Asked) => Response | Promise<Response>;

/** Text of any kind. */
export function say(text: string, type = "application/json", status = 200, headers: object = {}): Response {
  const body = status === 204 || status === 205 || status === 304 ? null : text;
  return new Response(body, { status, headers: { "content-type": type, ...headers } });
}

/** JSON, as it would be for any value. */
export const json = (value: unknown): Answer => {
  const text = JSON.stringify(value) ?? "";
  return () => say(text);
};

/** A refusal in the words of a hub. */
export const problem = (status: number, value: unknown, headers: object = {}): Answer => {
  const text = JSON.stringify(value);
  return () => say(text, "application/problem+json", status, headers);
};

/** A hello as hubs say it. */
export const HELLO = 'retry: 2000\nevent: hello\ndata: {"protocol":1,"heartbeat":15000}\nid: e.1\n\n';

/** A control event, or any other block. */
export const block = (event: string, data: unknown, id?: string): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n${id === undefined ? "" : `id: ${id}\n`}\n`;

/** A stream that says something and stays open. */
export const stream = (...texts: readonly string[]): Answer => {
  const bytes = new TextEncoder().encode(texts.join(""));
  return ({ life }) => open(life, (controller) => controller.enqueue(bytes));
};

/** A stream that says something and ends. */
export const brief = (...texts: readonly string[]): Answer => {
  const text = texts.join("");
  return () => say(text, "text/event-stream");
};

/** A body that says something again and again, every 10 ms. */
export function endless(next: (count: number) => string | Uint8Array<ArrayBuffer>, type = "text/event-stream"): Answer {
  const encoder = new TextEncoder();
  return ({ clock, life }) => {
    let count = 0;
    function go(controller: ReadableStreamDefaultController<Uint8Array>): () => void {
      const text = next(count++);
      controller.enqueue(typeof text === "string" ? encoder.encode(text) : text);
      let end = clock.setTimeout(() => (end = go(controller)), 10);
      return () => end();
    }
    return open(life, go, type);
  };
}

/** An answer that stays open. @param begin returns what ends it */
function open(
  life: AbortSignal,
  begin: (controller: ReadableStreamDefaultController<Uint8Array>) => (() => void) | void,
  type = "text/event-stream",
): Response {
  let end: (() => void) | void;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      end = begin(controller);
      life.addEventListener("abort", () => {
        end?.();
        controller.error(new TypeError("terminated"));
      });
    },
    cancel: () => end?.(),
  });
  return new Response(body, { headers: { "content-type": type } });
}
