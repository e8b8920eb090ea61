import { request } from "node:http";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { visit, type Visitor } from "../chat.ts";
import { startTestChat } from "../start-test-chat.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { buildChatProgram } from "../build-program.ts";
import { startChatProcess } from "./server-process.ts";

/** All the people whom a message can mention. */
const NAMES = Array.from({ length: 50 }, (_, index) => index.toString(36).padStart(2, "0"));
const SLOW_COMMITS = `--import ${pathToFileURL(join(import.meta.dirname, "slow-commits.mjs")).href}`;
/** The longest time for a request that writes nothing, in milliseconds: twenty commits. */
const MOST_HELD_UP = 6_000;
/** The longest time for a post, in milliseconds: three times the patience of a write. */
const MOST_WAITING = 15_000;

interface Sent {
  readonly visitor: Visitor;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly milliseconds: number;
}

/** Sends a request over a connection of its own. */
async function ask(port: number, method: string, path: string, more: Partial<Sent> = {}): Promise<Answer> {
  const begun = performance.now();
  const headers = { cookie: more.visitor?.cookie ?? "", "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, method, path, agent: false, headers });
    asking.on("error", reject).on("response", (response) => {
      const { statusCode: status = 0 } = response;
      const retryAfter = response.headers["retry-after"];
      readText(response).then(
        (body) => resolve({ status, retryAfter, body, milliseconds: performance.now() - begun }),
        reject,
      );
    });
    asking.end(more.body === undefined ? undefined : JSON.stringify(more.body));
  });
}

const longestOf = (answers: readonly Answer[]): number =>
  Math.round(Math.max(...answers.map(({ milliseconds }) => milliseconds)));

/** A chat with 50 people on a disk that takes 300 ms for each commit, and somebody who has signed in there. */
async function startOnSlowDisk(): Promise<{ readonly port: number; readonly visitor: Visitor }> {
  const path = await temporaryPath("chat.db");
  const { url, server: fast } = await startTestChat({ log: { kind: "sqlite", path } });
  for (const name of NAMES) await visit(url, name);
  await fast.close();
  const program = await buildChatProgram();
  const { port } = await startChatProcess(program, `sqlite:${path}`, { NODE_OPTIONS: SLOW_COMMITS });
  return { port, visitor: await visit(`http://127.0.0.1:${port}`, "ada") };
}

/** Sends posts at the same time, and meanwhile asks again and again for what needs no disk. */
async function postAtOnce(count: number, text: string) {
  const { port, visitor } = await startOnSlowDisk();
  const post = () => ask(port, "POST", "/api/rooms/lobby/messages", { visitor, body: { text } });
  const posting = Promise.all(Array.from({ length: count }, post));
  let isOver = false;
  void posting.finally(() => (isOver = true));
  const others: Answer[] = [];
  while (!isOver) others.push(await ask(port, "GET", "/healthz"));
  const posts = await posting;
  return { posts, others, stored: await visitor.read(count) };
}

interface Kind {
  readonly count: number;
  readonly what: string;
  readonly text: string;
}

const kinds: readonly Kind[] = [
  { count: 60, what: "posts that mention 50 people each", text: NAMES.map((name) => `@${name}`).join(" ") },
  { count: 60, what: "short posts", text: "hi" },
  { count: 320, what: "short posts, more than may wait", text: "hi" },
];

test.each(kinds)(
  "while each commit takes 300 ms, others are served and no post waits long: $count of $what",
  async ({ count, what, text }: Kind) => {
    const { posts, others, stored } = await postAtOnce(count, text);
    const accepted = posts.filter(({ status }) => status === 201);
    const refused = posts.filter(({ status }) => status !== 201);
    console.log(
      `${count} ${what}: ${accepted.length} accepted, the longest answer took ${longestOf(posts)} ms; ` +
        `the longest of ${others.length} other requests took ${longestOf(others)} ms`,
    );
    expect(longestOf(others)).toBeLessThan(MOST_HELD_UP);
    expect(longestOf(posts)).toBeLessThan(MOST_WAITING);
    for (const { status, retryAfter } of refused) expect([status, retryAfter]).toEqual([503, "1"]);
    // The queue has room for 256.
    const hasTurnedAway = refused.some(({ body }) => body.includes("Too much waits to be written (256)"));
    expect(hasTurnedAway).toBe(count > 257);
    // A post that was refused has stored nothing.
    expect([accepted.length > 0, stored.length]).toEqual([true, accepted.length]);
  },
  300_000,
);

/** Requests of all kinds: `#` stands for a number, and the others write nothing. */
const MIXED: readonly (readonly [method: string, path: string, body?: Readonly<Record<string, unknown>>])[] = [
  ["POST", "/api/rooms/lobby/messages", { text: "hi" }],
  ["PATCH", "/api/rooms/lobby/messages/MESSAGE", { text: "edited #" }],
  ["PUT", "/api/rooms/lobby/messages/MESSAGE/reactions/%F0%9F%91%8D"],
  ["DELETE", "/api/rooms/lobby/messages/MESSAGE/reactions/%F0%9F%91%8D"],
  ["POST", "/api/rooms", { name: "Room #" }],
  ["PUT", "/api/rooms/lobby/topic", { text: "topic #" }],
  ["POST", "/api/session", { name: "new #" }],
  ["PUT", "/api/rooms/lobby/read", { number: 1 }],
  ["GET", "/api/session"],
  ["GET", "/api/rooms"],
];

test("while each commit takes 300 ms, all kinds of requests are answered in time, and reads succeed", async () => {
  const { port, visitor } = await startOnSlowDisk();
  const first = await ask(port, "POST", "/api/rooms/lobby/messages", { visitor, body: { text: "first" } });
  const { message } = JSON.parse(first.body) as { message: { id: string } };
  const asking = MIXED.flatMap(([method, path, body]) =>
    Array.from({ length: 24 }, async (_, number) => {
      const text = body === undefined ? undefined : JSON.parse(JSON.stringify(body).replace("#", `${number}`));
      return { method, answer: await ask(port, method, path.replace("MESSAGE", message.id), { visitor, body: text }) };
    }),
  );
  const answers = await Promise.all(asking);
  const longest = longestOf(answers.map(({ answer }) => answer));
  console.log(`the longest of ${answers.length} requests of all kinds took ${longest} ms`);
  expect(longest).toBeLessThan(MOST_WAITING);
  for (const { method, answer } of answers) {
    const { status, retryAfter } = answer;
    if (method === "GET") expect(status).toBe(200);
    else if (status >= 300) expect([status, retryAfter]).toEqual([503, "1"]);
  }
}, 300_000);
