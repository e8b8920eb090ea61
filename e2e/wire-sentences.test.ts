import { readFile } from "node:fs/promises";
import { laws, whyNot, type Trial } from "@tidings/testing/wire";
import { expect, test } from "vitest";
import { chatTrial } from "./wire/chat-server.ts";
import { pythonServer } from "./wire/python-server.ts";
import { flat, sectionsOf, type Section, type Sentence } from "./wire/sentences.ts";
import { servers } from "./wire/servers.ts";
import { otherSections, untried } from "./wire/untried.ts";

const protocol = await readFile(new URL("../PROTOCOL.md", import.meta.url), "utf8");
const sections = sectionsOf(protocol);
const promises = sections.filter(({ number }) => !Object.hasOwn(otherSections, number));

/** The reasons why no law quotes a sentence. */
function reasonsFor({ number }: Section, { text }: Sentence): string[] {
  return Object.entries(untried[number] ?? {}).flatMap(([begin, why]) => (text.startsWith(begin) ? [why] : []));
}

test("every law quotes its section word for word", () => {
  const texts = new Map(sections.map(({ number, text }) => [number, text]));
  for (const { section, says } of laws) expect(texts.get(section), `section ${section}`).toContain(flat(says));
});

/** What is wrong with a sentence, and what to do. */
function faultsOf(section: Section, sentence: Sentence): string[] {
  const reasons = reasonsFor(section, sentence);
  const place = `section ${section.number}: "${sentence.text}"`;
  if (sentence.laws.length > 0) {
    return reasons.map((why) => `Take "${why}" out of e2e/wire/untried.ts: a law quotes this sentence. ${place}`);
  }
  if (reasons.length === 1) return [];
  return [
    reasons.length === 0
      ? `Expected a law that quotes this sentence, or a reason in e2e/wire/untried.ts, got neither. ${place}`
      : `Expected one reason in e2e/wire/untried.ts, got ${reasons.length} that fit this sentence. ${place}`,
  ];
}

const faults = promises.flatMap((section) => section.sentences.flatMap((sentence) => faultsOf(section, sentence)));

test("every sentence is either quoted by a law, or has a reason why there is none", () => {
  expect(faults).toEqual([]);
});

test("every reason belongs to a sentence of PROTOCOL.md", () => {
  const unused = Object.entries(untried).flatMap(([number, reasons]) => {
    const section = promises.find((each) => each.number === number);
    return Object.keys(reasons).filter((begin) => !section?.sentences.some(({ text }) => text.startsWith(begin)));
  });
  expect(unused).toEqual([]);
});

test("docs/protocol-laws.md is the table of them (`npm test -- e2e/wire-sentences.test.ts -u` writes it)", async () => {
  // A row without a law and without a reason must not be written.
  if (faults.length > 0) throw new Error(`Expected a table without faults, got: ${faults.join("\n")}`);
  await expect(table()).toMatchFileSnapshot("../docs/protocol-laws.md");
});

function table(): string {
  const rows = promises.map((section) => {
    const sentences = section.sentences.map((sentence) => `| ${cell(sentence.text)} | ${triedBy(section, sentence)} |`);
    return `## ${section.number} ${section.title}\n\n| sentence | tested by |\n|---|---|\n${sentences.join("\n")}\n`;
  });
  const others = Object.entries(otherSections).map(([number, why]) => `- section ${number}: ${why}`);
  return `${HEAD}${rows.join("\n")}
## Sections without laws

${others.join("\n")}

## Run against

${servers.map(({ name }) => name).join(",\n")}:
all laws that apply. HTTP/2 has no chunks, and a function of \`Request\`s cannot close a connection, so some laws do not
apply there.

${outsiders.map(([name, trial]) => runAgainst(name, trial)).join("\n")}`;
}

const outsiders: readonly (readonly [string, Trial])[] = [
  ["The chat that `npm start` runs", chatTrial(() => expect.fail("Expected no law to open this server."))],
  ["A server in Python", pythonServer],
];

function runAgainst(name: string, trial: Trial): string {
  const tried = laws.filter((law) => whyNot(law, trial) === null).length;
  const lacks = Object.entries(trial.lacks ?? {}).map(([need, why]) => `| \`${need}\` | ${why} |`);
  const head = `| what the server lacks | why |\n|---|---|`;
  return `${name}: ${tried} of ${laws.length} laws.\n\n${head}\n${lacks.join("\n")}\n`;
}

const HEAD = `# Which law tests which sentence

This table shows every sentence of [PROTOCOL.md](../PROTOCOL.md) that a server could break, and the laws that test it:
${laws.length} laws of the
[wire suite](../packages/testing/README.md#wire-does-a-server-keep-the-protocol). A law is named by the case that it
tests; a ✓ means that the sentence has only one case. Brackets name what a law needs from a server. If no law tests a
sentence, the table says why. Blocks of code are left out: the sentence before a block says what the block shows. A test
compares this page with the protocol and with the suite.

`;

function triedBy(section: Section, sentence: Sentence): string {
  if (sentence.laws.length === 0) return `— ${reasonsFor(section, sentence).join()}`;
  const cases = sentence.laws.map(({ title, says, section: number, needs }) => {
    const name = title.slice(`${number}: ${says}`.length).replace(/^ — /, "") || "✓";
    return needs.length === 0 ? name : `${name} (${needs.join(", ")})`;
  });
  return cell(cases.join("; "));
}

/** Makes a cell of a sentence, or of a row of a table in PROTOCOL.md. */
function cell(text: string): string {
  return text
    .replaceAll(/^- |^\| | \|$/g, "")
    .replaceAll(" | ", " · ")
    .replaceAll("|", "\\|");
}
