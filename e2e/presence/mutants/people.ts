import { onServer, type Mutant } from "./mutant.ts";

/** Who is at an address, and what is repaired there. */
export const people: readonly Mutant[] = [
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
    breaks: "nobody looks whether somebody was withdrawn who was the last one at an address",
    by: "a server that was only slow",
    mutation: onServer("people", "(data as Here).server !== server", "server !== String(data)"),
  },
];
