import { onServer, type Mutant } from "./mutant.ts";

/** The addresses of a server, and the numbers there. */
export const places: readonly Mutant[] = [
  {
    breaks: "a server under another id publishes under the former one",
    by: "a server that was only slow",
    mutation: onServer(
      "all-places",
      "{ ...this.#needs, channel, address, lease: () => renewals.lease }",
      "{ ...this.#needs, channel, address, lease: ((lease) => () => lease)(renewals.lease) }",
    ),
  },
  {
    breaks: "each renewal publishes everybody again",
    by: "what it costs",
    mutation: onServer("all-places", "place.keep().catch(this.#needs.report);", "place.publishAll();"),
  },
  {
    breaks: "presence goes on after its hub has closed",
    by: "a deployment",
    mutation: onServer("all-places", "    this.#closePlaces();\n    this.#renewals?.stop();", ""),
  },
  {
    breaks: "a server says who is there at any number of addresses",
    by: "bounds",
    mutation: onServer("all-places", "if (this.#places.size >= mostAddresses && !makeRoom()) return null;", ""),
  },
  {
    breaks: "a state keeps away somebody who comes",
    by: "bounds",
    mutation: onServer("all-places", " && !makeRoom()", ""),
  },
  {
    breaks: "whoever comes takes the room of somebody else",
    by: "bounds",
    mutation: onServer("all-places", "if (!place.isVacant) continue;", ""),
  },
  {
    breaks: "a number that waits to be published is dropped to make room",
    by: "bounds",
    mutation: onServer("count", " && this.#cancelPublish === null && !hasOwn", " && hasOwn !== null"),
  },
  {
    breaks: "each change of a number is published by itself",
    by: "only the number",
    mutation: onServer("count", "COUNT_INTERVAL = 1_000", "COUNT_INTERVAL = 0"),
  },
  {
    breaks: "a number of nobody stays",
    by: "only the number",
    mutation: onServer("count", "if (count === 0) await hub.clear", "if (count < 0) await hub.clear"),
  },
  {
    breaks: "the number of a server that is dead stays",
    by: "only the number",
    mutation: onServer("count", "if (isOver) faults", "if (isOver && server === '') faults"),
  },
  {
    breaks: "a server that ends does not leave the total behind",
    by: "only the number",
    mutation: onServer("all-places", "place.handOver().catch(report)", "place.isEmpty"),
  },
  {
    breaks: "a server that ends does not renew its lease if a number is refused",
    by: "a deployment",
    mutation: onServer("all-places", "place.handOver().catch(report)", "place.handOver()"),
  },
];
