import { inContract, onClient, type Mutant } from "./mutant.ts";

/** What readers make of the values, and for how long these hold. */
export const readers: readonly Mutant[] = [
  {
    breaks: "a lease holds for too long",
    by: "a server that dies",
    mutation: inContract("LEASE_TIME = 20_000", "LEASE_TIME = 32_000"),
  },
  {
    breaks: "a value where nobody comes any more stays for ever",
    by: "a long stay",
    mutation: inContract("FORGOTTEN_AFTER = 86_400_000", "FORGOTTEN_AFTER = 864_000_000"),
  },
  {
    breaks: "the total that a server has left behind is not shown",
    by: "only the number",
    mutation: inContract("return Math.max(sum, atLeast);", "return Math.max(sum, atLeast * 0);"),
  },
  {
    breaks: "somebody at two servers is two people",
    by: "who is there",
    mutation: inContract("people.set(viewer, {", "people.set(server + viewer, {"),
  },
  {
    breaks: "somebody at two servers is there since the last moment",
    by: "who is there",
    mutation: inContract(
      "since: Math.min(since, earlier)",
      "since: earlier === Infinity ? since : Math.max(since, earlier)",
    ),
  },
  {
    breaks: "people are in no order",
    by: "who is there",
    mutation: inContract("return one.since - other.since;", "return other.since - one.since;"),
  },
  {
    breaks: "a reader counts servers that are dead",
    by: "a server that dies",
    mutation: onClient(
      "create-presence",
      'this.#servers.of("alive").has(server);',
      'this.#servers.of("alive") !== null;',
    ),
  },
  {
    breaks: "a reader does not look again when a server dies",
    by: "a server that dies",
    mutation: onClient("create-presence", "for (const shown of this.#shown) shown.change();", ""),
  },
  {
    breaks: "who comes is told that those have come who were there",
    by: "who is there",
    mutation: onClient(
      "arrivals",
      "#known: ReadonlyMap<string, Person<unknown>> | null = null",
      "#known: ReadonlyMap<string, Person<unknown>> | null = new Map()",
    ),
  },
  {
    breaks: "who comes is told so before the servers are known",
    by: "who is there",
    mutation: onClient(
      "create-presence",
      "values?.hasBegun === true && this.#servers.hasBegun",
      "values?.hasBegun === true",
    ),
  },
  {
    breaks: "nobody is told who has left",
    by: "who is there",
    mutation: onClient("arrivals", "if (!now.has(viewer)) callSafely", "if (viewer === '') callSafely"),
  },
  {
    breaks: "a reader keeps everybody who has left in a gap",
    by: "a gap",
    mutation: onClient(
      "followed-values",
      "this.#cancelTimer = this.#needs.clock.setTimeout(removeDoubted, LEASE_TIME);",
      "void removeDoubted;",
    ),
  },
  {
    breaks: "a gap shows everybody leaving",
    by: "a deployment",
    mutation: onClient("followed-values", "setTimeout(removeDoubted, LEASE_TIME)", "setTimeout(removeDoubted, 0)"),
  },
  {
    breaks: "changes that come together make a list each",
    by: "a server that was only slow",
    mutation: onClient(
      "shown-value",
      "this.#cancelTimer ??= this.#clock.setTimeout(() => this.#update(), 0);",
      "this.#update();",
    ),
  },
];
