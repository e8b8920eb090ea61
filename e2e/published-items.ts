import type { Hub } from "@tidings/server";
import type { Contract } from "@tidings/contract";

/** The items of the newest events of the channel `orders`, as a page brings them. */
export async function publishedItems(hub: Pick<Hub<Contract>, "handle">): Promise<string[]> {
  const page = await hub.handle({
    method: "GET",
    url: "/events?channel=orders&last=100&protocol=1",
    headers: new Headers({ accept: "application/json" }),
    json: async () => null,
    signal: new AbortController().signal,
    raw: null,
  });
  if (!("body" in page) || page.status !== 200) throw new Error("Expected a page, got something else.");
  // PROTOCOL.md, section 6, defines the form of a page.
  const { events } = JSON.parse(page.body) as { events: { data: { item: string } }[] };
  return events.map(({ data }) => data.item);
}
