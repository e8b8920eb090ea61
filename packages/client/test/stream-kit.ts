import type { ClientOptions } from "../src/index.ts";
import { createKit, inbox, type ClientKit } from "./client-kit.ts";

export const MENTION = `${inbox.path}:mention`;

/** A client that follows one channel without snapshot or current values, so that it makes no page requests. */
export async function follow(options: Partial<ClientOptions> = {}) {
  const kit = createKit(options);
  const heard: string[] = [];
  const gaps: string[] = [];
  const closed: string[] = [];
  const subscription = kit.client.subscribe(inbox, {
    mention: ({ by }) => heard.push(by),
    onGap: ({ reason, after }) => gaps.push(`${reason} after ${after}`),
    onClose: (reason) => closed.push(reason),
  });
  await kit.clock.advance(0);
  return { ...kit, heard, gaps, closed, subscription };
}

export async function live(options: Partial<ClientOptions> = {}) {
  const kit = await follow(options);
  const stream = kit.server.stream.live("e.1");
  await kit.clock.advance(0);
  return { ...kit, stream };
}

/** How long until the next stream request, in steps of 50 ms; at most `most`. */
export async function untilNext({ server, clock }: ClientKit, most = 200_000): Promise<number> {
  const before = server.streams.length;
  const begun = clock.now();
  while (server.streams.length === before && clock.now() - begun < most) await clock.advance(50);
  return clock.now() - begun;
}
