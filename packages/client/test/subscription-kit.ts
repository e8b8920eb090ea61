import type { ClientOptions } from "../src/index.ts";
import { createKit, inbox, lobby, type ClientKit } from "./client-kit.ts";

export const MESSAGE = `${lobby.path}:message`;
export const MENTION = `${inbox.path}:mention`;

export function record(kit: ClientKit) {
  const told: string[] = [];
  const subscription = kit.client.subscribe(lobby, {
    snapshot: ({ messages }) => told.push(`state ${messages.join()}`),
    message: ({ text }, { id }) => told.push(`${text} ${id}`),
    typing: ({ author }) => told.push(`typing ${author}`),
    topic: ({ text }, { id }) => told.push(`topic ${text} ${id}`),
    onClear: ({ type, key }) => told.push(`clear ${type} ${key}`),
    onGap: ({ reason, after }) => told.push(`gap ${reason} after ${after}`),
    onClose: (reason) => told.push(`closed ${reason}`),
  });
  return { told, subscription };
}

/** A room that is live at e.1. */
export async function joined(options: Partial<ClientOptions> = {}) {
  const kit = createKit({ debug: true, ...options });
  const { told, subscription } = record(kit);
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: ["a"] } } });
  await kit.clock.advance(0);
  return { ...kit, told, subscription, stream };
}

/** An inbox that catches up from e.1, on a stream that stands at e.5. */
export async function catchingUp() {
  const kit = createKit();
  const told: string[] = [];
  const subscription = kit.client.subscribe(
    inbox,
    { mention: ({ by }) => told.push(by), onGap: ({ reason, after }) => told.push(`gap ${reason} after ${after}`) },
    { after: "e.1" },
  );
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.5");
  await kit.clock.advance(0);
  return { ...kit, told, subscription, stream };
}

export const mention = (seq: number, epoch = "e") => ({
  channel: inbox.path,
  type: "mention",
  data: { by: `${seq}` },
  id: `${epoch}.${seq}`,
});
