import { eventName, type PageBody, type PageEvent, type ServerSentEvent } from "@tidings/protocol";

/** What a stream would have said instead of a page: PROTOCOL.md, section 6. */
export function blocksOf({ events, gap, refused, cursor, more }: PageBody): readonly ServerSentEvent[] {
  const blocks = refusalsOf(refused ?? {});
  if (gap) {
    // With these two, the position of the page is where to come back.
    const isVoid = Object.values(gap.channels).some((reason) => reason === "reset" || reason === "lost");
    blocks.push(block("gap", { channels: gap.channels }, isVoid ? cursor : null));
    if (isVoid) {
      return blocks;
    }
  }
  blocks.push(...events.map(blockOf));
  if (!more) {
    // The position may lie after the last event, and all gaps are over.
    blocks.push(block("heartbeat", {}, cursor));
  }
  return blocks;
}

function blockOf(event: PageEvent): ServerSentEvent {
  const { channel, type } = event;
  return "clear" in event
    ? block("clear", { channel, type, key: event.clear }, event.id)
    : block(eventName(channel, type), event.data, event.id ?? null);
}

function refusalsOf(refused: NonNullable<PageBody["refused"]>): ServerSentEvent[] {
  return (["forbidden", "unknown"] as const).flatMap((reason) => {
    const channels = Object.keys(refused).filter((path) => refused[path] === reason);
    return channels.length > 0 ? [block("bye", { reason, channels }, null)] : [];
  });
}

function block(event: string, data: unknown, id: string | null): ServerSentEvent {
  // A server that lies may send none.
  return { event, data: JSON.stringify(data) ?? "", id };
}
