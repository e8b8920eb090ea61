import type { Rest } from "./rest.ts";

/** The kit that a loop belongs to. */
const kits = new WeakMap<object, Rest>();

export function registerLoop(events: object, rest: Rest): void {
  kits.set(events, rest);
}

/**
 * The next events of a loop; lets up to two minutes of the kit's time pass until they have come.
 *
 * @throws TypeError for a loop that is not of a kit's client
 * @throws Error when the loop ends before, or nothing comes
 */
export async function take<Event>(events: AsyncIterator<Event, unknown>, count: number): Promise<Event[]> {
  const rest = kits.get(events);
  if (rest === undefined) throw new TypeError("Expected the events of a test kit's client, got another iterator.");
  const taken: Event[] = [];
  while (taken.length < count) {
    let result: IteratorResult<Event, unknown> | null = null;
    const next = events.next().then((given) => (result = given));
    // What the loop throws is thrown below; it must not be unhandled until then.
    next.catch(() => {});
    const hasCome = await Promise.race([rest.until(() => result !== null), next.then(() => true)]);
    if (!hasCome) throw new Error(`Expected ${count} events, got ${taken.length} and nothing more within two minutes.`);
    const { done, value } = await next;
    if (done === true) throw new Error(`Expected ${count} events, got ${taken.length} and the end: ${String(value)}.`);
    taken.push(value);
  }
  return taken;
}
