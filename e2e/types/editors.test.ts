// What an editor says about programs that use the packages: in the oldest supported TypeScript and in the newest one.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "./programs/app.ts";
import type { Editor } from "./editor.ts";
import { languageServer } from "./language-server.ts";
import { languageService } from "./language-service.ts";

// The oldest compiler needs seconds for the first file, and more on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = join(import.meta.dirname, "programs");
const config = join(folder, "tsconfig.json");
const path = (file: string): string => join(folder, file);
const read = (file: string): string => readFileSync(path(file), "utf8");

/** The messages that the comments of a file expect, by the line below the comment. */
function expectations(file: string): Map<number, string> {
  const lines = read(file).split("\n");
  return new Map(
    lines.flatMap((line, index) => {
      const expected = /^ *\/\/ error: (.*)$/.exec(line)?.[1];
      return expected === undefined ? [] : [[index + 2, expected] as const];
    }),
  );
}

/** In an expected message, … stands for any text. */
function toPattern(expected: string): RegExp {
  const texts = expected.split("…").map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${texts.join(".*")}`);
}

/**
 * A message from the line on that says what is wrong. TypeScript may put a line about the whole argument before it, and
 * TypeScript 5 always does.
 */
function withoutArgumentLine(text: string): string {
  const [first = "", ...rest] = text.split("\n");
  return first.startsWith("Argument of type") && rest.length > 0 ? rest.join("\n") : text;
}

/** The most characters of that line. TypeScript itself cuts each of its two types after about 160. */
const MAX_ARGUMENT_LINE = 500;

/** Where a name begins in a program: after the text before it. */
function offsetOf(file: string, before: string, name: string): number {
  const offset = read(file).indexOf(before + name);
  expect(offset, before + name).toBeGreaterThan(-1);
  return offset + before.length;
}

const CHANNELS = Object.keys(app);

describe.for([
  ["TypeScript 5.4", languageService],
  ["TypeScript 7", languageServer],
] as const)("with %s", ([, open]) => {
  let editor: Editor;
  beforeAll(async () => {
    editor = await open(config);
  });
  afterAll(() => editor.close());

  test("what an application writes on the first day compiles, and nothing in it is `any`", async () => {
    expect(await editor.errors(path("first-day.ts"))).toEqual([]);
    expect(await editor.errors(path("hovers.ts"))).toEqual([]);
    expect(await editor.errors(path("named.ts"))).toEqual([]);
  });

  test.for(["contract-mistakes.ts", "hub-mistakes.ts", "client-mistakes.ts"])(
    "every mistake in %s is an error whose message begins with what is missing or wrong",
    async (file) => {
      const expected = expectations(file);
      const errors = await editor.errors(path(file));
      expect(errors.map(({ line }) => line)).toEqual([...expected.keys()]);
      for (const { line, text } of errors) {
        const pattern = toPattern(expected.get(line) ?? "");
        const rest = withoutArgumentLine(text);
        expect(pattern.test(text) ? text : rest, `${file}:${line}`).toMatch(pattern);
        const before = text.slice(0, text.length - rest.length);
        expect(before.length, before).toBeLessThan(MAX_ARGUMENT_LINE);
        expect(before).not.toMatch(/ZodObject|ChannelDefinition/);
      }
    },
  );

  const hover = (before: string, name: string) => editor.hover(path("hovers.ts"), offsetOf("hovers.ts", before, name));

  test("with a contract of ten channels, the hover of publish is short", async () => {
    for (const channel of CHANNELS) {
      const text = await hover("hub.", `publish(app.${channel}(`);
      expect(text).toContain(`address: Address<"${channel}", `);
      expect(text.split("\n").length, text).toBeLessThan(12);
    }
  });

  test("… and so is that of subscribe, which shows the events of its channel only", async () => {
    for (const channel of CHANNELS) {
      const text = await hover("client.", `subscribe(app.${channel}(`);
      const parameters = text.slice(text.indexOf("(address"));
      expect(parameters).toContain(`(address: Address<"${channel}", `);
      expect(parameters).not.toMatch(/ContractOf|ChannelDefinition|ZodObject/);
      // The room has four events and a snapshot, and these are what is shown.
      expect(text.split("\n").length, text).toBeLessThan(channel === "room" ? 28 : 12);
    }
  });

  test("… also for a large channel, where the schemas say the names of their data", async () => {
    const text = await editor.hover(path("named.ts"), offsetOf("named.ts", "client.", "subscribe(named.room("));
    for (const part of ["message: Message;", "edited: Edited;", "topic: Topic;", "typing: Typing;", "RoomState>"]) {
      expect(text).toContain(part);
    }
    expect(text.split("\n").length, text).toBeLessThan(12);
  });

  test.for([
    ["a channel", "app.", "inbox({", "inbox: channel("],
    ["a channel without params", "app.", "clock(", "clock: channel("],
    ["the handler of an event", "onGap, ", "mention:", "mention: z.object("],
    ["the handler of an event of a channel with a snapshot", "snapshot: () => {}, ", "message:", "message: Message"],
    ["a reducer", "reduce: { ", "unread:", "unread: z.number()"],
  ] as const)("go to definition leads from %s to the contract", async ([, before, name, definition]) => {
    const offset = offsetOf("hovers.ts", before, name);
    const [first] = await editor.definition(path("hovers.ts"), offset);
    expect(basename(first?.file ?? "")).toBe("app.ts");
    expect(read("app.ts").split("\n")[(first?.line ?? 0) - 1]).toContain(definition);
  });
});
