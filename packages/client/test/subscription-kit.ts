import type { ClientOptions } from "../src/index.ts";
import { createKit, inbox, lobby, type ClientKit } from "./client-kit.ts";

export const MESSAGE = `${lobby.path}:message`;
export const MENTION = `${inbox.path}:mention`;

export function record(kit: ClientKit) {
  const reports: string[] = [];
  const subscription = kit.client.subscribe(lobby, {
    snapshot: ({ messages }) => reports.push(`state ${messages.join()}`),
    message: ({ text }, { id }) => reports.push(`${text} ${id}`),
    typing: ({ author }) => reports.push(`typing ${author}`),
    topic: ({ text }, { id }) => reports.push(`topic ${text} ${id}`),
    onClear: ({ type, key }) => reports.push(`clear ${type} ${key}`),
    onGap: ({ reason, after }) => reports.push(`gap ${reason} after ${after}`),
    onClose: (reason) => reports.push(`closed ${reason}`),
  });
  return { reports, subscription };
}

/** A room that is live at e.1. */
export async function joined(options: Partial<ClientOptions> = {}) {
  const kit = createKit({ debug: true, ...options });
  const { reports, subscription } = record(kit);
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: ["a"] } } });
  await kit.clock.advance(0);
  return { ...kit, reports, subscription, stream };
}

/** An inbox that catches up from e.1, on a stream that stands at e.5. */
export async function catchingUp() {
  const kit = createKit();
  const reports: string[] = [];
  const subscription = kit.client.subscribe(
    inbox,
    {
      mention: ({ by }) => reports.push(by),
      onGap: ({ reason, after }) => reports.push(`gap ${reason} after ${after}`),
    },
    { after: "e.1" },
  );
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.5");
  await kit.clock.advance(0);
  return { ...kit, reports, subscription, stream };
}

export const mention = (seq: number, epoch = "e") => ({
  channel: inbox.path,
  type: "mention",
  data: { by: `${seq}` },
  id: `${epoch}.${seq}`,
});
