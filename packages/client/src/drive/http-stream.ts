import { createParser } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { attempt } from "./attempt.ts";
import type { StreamBlock } from "./blocks.ts";
import { badOption, failure } from "./failure.ts";
import type { OpenStream, StreamListener } from "./open-stream.ts";

/** Silence of this many heartbeats is the end of a stream. */
const PATIENCE = 2.5;
const DEFAULT_HEARTBEAT = 15_000;
/** A server that asks for more patience is not believed. */
const LONGEST_HEARTBEAT = 300_000;

/** Streams over HTTP, each with a connection of its own. */
export function httpStreams(settings: Settings): OpenStream {
  return (request, listener) =>
    attempt(
      settings,
      request,
      "text/event-stream",
      (response, signal, onLife) => readStream(settings, response, signal, onLife, listener),
      ([failed]) => failed && listener.onEnd(failed),
    );
}

async function readStream(
  { maxEventBytes }: Pick<Settings, "maxEventBytes">,
  { body }: Response,
  signal: AbortSignal,
  onLife: (patience?: number) => void,
  listener: StreamListener,
): Promise<never> {
  if (body === null) {
    throw failure("bad-response", "a body", 'none; check "fetch"');
  }
  // A fetch whose answers never have a body, such as React Native's, has undefined.
  const reader = body?.getReader?.();
  if (!reader) {
    throw badOption('"fetch" to have bodies with getReader', body ? "others" : "none");
  }
  // Some implementations of fetch ignore the signal.
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));

  let isLive = false;

  function hello(heartbeat: number): void {
    isLive = true;
    onLife(PATIENCE * (heartbeat > 0 ? Math.min(heartbeat, LONGEST_HEARTBEAT) : DEFAULT_HEARTBEAT));
  }

  function take(event: StreamBlock): void {
    // Events after a bye, a reset or the end of the client are ignored.
    if (!signal.aborted) {
      listener.onEvent(event, hello);
    }
  }

  const parser = createParser({
    maxEventBytes,
    onRetry: (milliseconds) => listener.onRetry(milliseconds),
    onEvent: take,
    onTooLarge: (event) => take({ ...event, data: null }),
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      throw failure("network", 'a "bye" before the stream ends', "none; check the server and proxies");
    }
    // Up to the hello, bytes alone are no sign of life: the request has one limit of time.
    if (isLive) {
      listener.onLife();
      onLife();
    }
    parser.push(value);
  }
}
