import type { Mutation, Patch } from "../mutation/mutation.ts";
import type { Subject } from "./stories/index.ts";

const patch = (file: string, from: string, to: string): Patch => ({ file: `packages/${file}.ts`, from, to });
const onServer = (file: string, from: string, to: string): Patch => patch(`server/src/presence/${file}`, from, to);
const onClient = (file: string, from: string, to: string): Patch => patch(`client/src/presence/${file}`, from, to);
const inContract = (from: string, to: string): Patch => patch("contract/src/presence", from, to);

/** Servers and clients that break a sentence of docs/guides/presence.md or docs/decisions/presence.md. */
export const mutants: readonly {
  readonly breaks: string;
  /** The stories that notice. */
  readonly by: Subject;
  readonly mutation: Mutation;
}[] = [
  {
    breaks: "a lease is renewed only when it is over",
    by: "who is there",
    mutation: onServer("renewals", "RENEWAL_INTERVAL = 8_000", "RENEWAL_INTERVAL = 21_000"),
  },
  {
    breaks: "a lease holds for too long",
    by: "a server that dies",
    mutation: inContract("LEASE_TIME = 20_000", "LEASE_TIME = 32_000"),
  },
  {
    breaks: "a lease that was lost is renewed",
    by: "a server that was only slow",
    mutation: onServer("lease", "{ server: this.server }, { expects });", "{ server: this.server });"),
  },
  {
    breaks: "a renewal without an answer counts as lost",
    by: "a server that was only slow",
    mutation: onServer("lease", 'if (standing === null) return "lost";', 'return "lost";'),
  },
  {
    breaks: "a server under another id does not publish its people again",
    by: "a server that was only slow",
    mutation: onServer("renewals", "    this.#needs.publishAll();\n", ""),
  },
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
    breaks: "a failed renewal is the last one",
    by: "a server that was only slow",
    mutation: onServer("renewals", "RETRY_INTERVAL;", "2 ** 30;"),
  },
  {
    breaks: "a lease is renewed although nobody is there",
    by: "bounds",
    mutation: onServer("renewals", "if (!isAnybodyLeft) {", "if (isAnybodyLeft === null) {"),
  },
  {
    breaks: "a server that has nobody left keeps its lease",
    by: "the state of a person",
    mutation: onServer("renewals", "return this.#lease.end();", "return;"),
  },
  {
    breaks: "each renewal publishes everybody again",
    by: "what it costs",
    mutation: onServer("all-places", "place.keep().catch(this.#needs.report);", "place.publishAll();"),
  },
  {
    breaks: "a server that ends does not renew its lease",
    by: "a deployment",
    mutation: onServer("renewals", "    this.stop();\n    await this.#lease.renew();", "    this.stop();"),
  },
  {
    breaks: "a server that ends withdraws its lease",
    by: "a deployment",
    mutation: onServer(
      "renewals",
      "    this.stop();\n    await this.#lease.renew();",
      "    this.stop();\n    await this.#lease.end();",
    ),
  },
  {
    breaks: "a server that ends withdraws its people",
    by: "a deployment",
    mutation: onServer(
      "people",
      "  async handOver(): Promise<void> {}",
      `  async handOver(): Promise<void> {\n    for (const viewer of [...this.#shown.keys()]) this.#hide(viewer);\n  }`,
    ),
  },
  {
    breaks: "presence goes on after its hub has closed",
    by: "a deployment",
    mutation: onServer("all-places", "    this.#closePlaces();\n    this.#renewals?.stop();", ""),
  },
  {
    breaks: "a viewer leaves with the last stream at once",
    by: "who is there",
    mutation: onServer("visitors", "setTimeout(end, this.#needs.grace, true)", "setTimeout(end, 0, true)"),
  },
  {
    breaks: "the first tab that closes takes the viewer along",
    by: "who is there",
    mutation: onServer("visitors", "if (visit.streams > 0) return;", ""),
  },
  {
    breaks: "who comes back in time leaves all the same",
    by: "who is there",
    mutation: onServer("visitors", "    visit.cancelEnd();\n    visit.streams++;", "    visit.streams++;"),
  },
  {
    breaks: "who has left is not withdrawn",
    by: "who is there",
    mutation: onServer("people", "    this.#withdraw(viewer).catch(this.#needs.report);\n", ""),
  },
  {
    breaks: "a server does not take over since when somebody is there",
    by: "a deployment",
    mutation: onServer(
      "people",
      "return Math.min(since, ...this.#elsewhere(viewer).map((here) => here.since));",
      "return viewer === '' ? this.#elsewhere(viewer).length : since;",
    ),
  },
  {
    breaks: "what other servers say of a viewer is not known",
    by: "the state of a person",
    mutation: onServer("lease", ".filter((server) => server !== this.server)", ".filter((server) => server === '')"),
  },
  {
    breaks: "the state goes with the last stream at one server",
    by: "the state of a person",
    mutation: onServer("people", "if (isLast && this.#values", "if ((isLast || true) && this.#values"),
  },
  {
    breaks: "the state stays when the viewer leaves",
    by: "the state of a person",
    mutation: onServer("people", "if (isLast && this.#values", "if (isLast && viewer === '' && this.#values"),
  },
  {
    breaks: "a state without its viewer is not cleared up",
    by: "the state of a person",
    mutation: onServer("people", "if (!withValue.has(viewer)) faults", "if (viewer === '') faults"),
  },
  {
    breaks: "nobody looks whether the viewer of a state is there",
    by: "the state of a person",
    mutation: onServer("repairs", "const LOOKS = 2", "const LOOKS = 0"),
  },
  {
    breaks: "nobody clears up after a server that is dead",
    by: "a server that dies",
    mutation: onServer("people", "if (!isRight) faults", "if (!isRight && key === '') faults"),
  },
  {
    breaks: "a value that the log has lost is not published again",
    by: "a server that was only slow",
    mutation: onServer("people", "if (isMissing) faults", "if (isMissing && viewer === '') faults"),
  },
  {
    breaks: "nothing is repaired",
    by: "a server that dies",
    mutation: onServer("repairs", "for (const [, repair] of lasting)", "for (const [, repair] of lasting.slice(0, 0))"),
  },
  {
    breaks: "somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: onServer("people", "publishedAt >= FORGOTTEN_AFTER / 2", "publishedAt >= FORGOTTEN_AFTER * 2"),
  },
  {
    breaks: "the state of somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: onServer("people", "if (isOld) this.#publishStateAgain(viewer)", "if (isOld) Promise.resolve()"),
  },
  {
    breaks: "a value where nobody comes any more stays for ever",
    by: "a long stay",
    mutation: inContract("FORGOTTEN_AFTER = 86_400_000", "FORGOTTEN_AFTER = 864_000_000"),
  },
  {
    breaks: "a server shows any number of people",
    by: "bounds",
    mutation: onServer("people", "if (this.#shown.size >= this.#needs.mostPeople) return;", ""),
  },
  {
    breaks: "nobody comes after somebody has left a full room",
    by: "bounds",
    mutation: onServer("people", "    this.#showNext();\n  }\n\n  /** Withdraws", "  }\n\n  /** Withdraws"),
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
    breaks: "nobody looks whether somebody was withdrawn who was the last one at an address",
    by: "a server that was only slow",
    mutation: onServer("people", "(data as Here).server !== server", "server !== String(data)"),
  },
  {
    breaks: "a server does not hear of withdrawals",
    by: "the state of a person",
    mutation: onServer("followed-values", "this.#valuesOf(item.type).delete(item.key);", ""),
  },
  {
    breaks: "a server keeps what was withdrawn in a gap of its loop",
    by: "a gap",
    mutation: onServer("followed-values", "        return false;\n", ""),
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
