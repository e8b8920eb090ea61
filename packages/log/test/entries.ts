import type { EventLog } from "@tidings/log";

export { latest, reliable } from "../src/conformance/publishing.ts";

const WIDE = { entries: 1_000_000, bytes: 1e9 };

/** The data of all entries. */
export async function everything(log: EventLog): Promise<(string | null)[]> {
  const { entries } = await log.read({ ...(await log.head()), seq: 0 }, null, WIDE);
  return entries.map(({ data }) => data);
}
