import { onServer, type Mutant } from "./mutant.ts";

/** What a server says of itself, and what it hears of others. */
export const leases: readonly Mutant[] = [
  {
    breaks: "a lease is renewed only when it is over",
    by: "who is there",
    mutation: onServer("renewals", "RENEWAL_INTERVAL = 8_000", "RENEWAL_INTERVAL = 21_000"),
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
    breaks: "what other servers say of a viewer is not known",
    by: "the state of a person",
    mutation: onServer("lease", ".filter((server) => server !== this.server)", ".filter((server) => server === '')"),
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
];
