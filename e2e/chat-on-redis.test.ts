import { randomUUID } from "node:crypto";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { setUpChatProcesses } from "./chat-process.ts";
import { visit, visitorWith, type Visitor } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Each test starts and kills processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const KILLS = 5;
/** How many posts are acknowledged before a kill. */
const POSTS = 40;

const runChat = setUpChatProcesses();

const post = (who: Visitor, text: string, idempotencyKey: string) =>
  who.request("POST", "/api/rooms/lobby/messages", { text, idempotencyKey });

/** A chat whose rows are in a file and whose events are in a Redis. Each start is another process on the same data. */
async function setUp() {
  const redis = await startServer(DURABLE);
  const folder = await temporaryFolder();
  const start = () => runChat(folder, { PORT: "0", TIDINGS_LOG: redis.url, TIDINGS_DB: "chat.db" });
  const database = new Database(join(folder, "chat.db"));
  onTestFinished(() => void database.close());
  database.exec("pragma busy_timeout = 5000");
  /** The numbers and ids of the messages, as rows. */
  const rows = (): string[] =>
    database
      .prepare("select number, id from messages order by number")
      // Safe: the statement above names the columns.
      .all()
      .map((row) =>
        Object.values(row as { number: number; id: string })
          .slice(0, 2)
          .join(" "),
      );
  /** The same, as events of the log, in its order. */
  const events = async (who: Visitor): Promise<string[]> =>
    (await who.look()).events
      .filter(({ type }) => type === "message")
      // Safe: the contract defines a message.
      .map(({ data }) => data as { number: number; id: string })
      .map(({ number, id }) => `${number} ${id}`);
  return { redis, start, rows, events };
}

describe.runIf(hasServer)("the chat on Redis", () => {
  test(`kill -9, ${KILLS} times amid posts, loses and doubles no event of a row`, async () => {
    const { start, rows, events } = await setUp();
    const sent = new Set<string>();
    let cookie = "";
    for (let kill = 0; kill < KILLS; kill++) {
      const chat = start();
      const url = await chat.url();
      const ada: Visitor = cookie === "" ? await visit(url, "ada") : visitorWith(url, cookie, "ada");
      ({ cookie } = ada);
      let acknowledged = 0;
      const writeOn = async (): Promise<void> => {
        for (;;) {
          const key = randomUUID();
          sent.add(key);
          expect((await post(ada, "hi", key)).status).toBe(201);
          if (++acknowledged === POSTS) chat.child.kill("SIGKILL");
        }
      };
      // Each of them ends with a broken connection.
      for (const writer of await Promise.allSettled(Array.from({ length: 4 }, writeOn))) {
        expect(writer).not.toMatchObject({ reason: { name: "AssertionError" } });
      }
      await chat.exit();
    }
    const ada = visitorWith(await start().url(), cookie, "ada");
    // What the last kill has left in the outbox is published without any request.
    await expect.poll(() => events(ada), { timeout: 10_000 }).toEqual(rows());
    for (const key of sent) expect((await post(ada, "hi", key)).status).toBe(201);
    expect(rows()).toHaveLength(sent.size);
    expect(await events(ada)).toEqual(rows());
  });

  test("a kill -9 after the commit and before Redis has got the event loses nothing", async () => {
    const { redis, start, rows, events } = await setUp();
    const chat = start();
    const ada = await visit(await chat.url(), "ada");
    await redis.kill();
    const refused = await post(ada, "hi", "k");
    expect(refused.headers.get("retry-after")).toBe("1");
    await expectProblem(refused, 503);
    chat.child.kill("SIGKILL");
    await chat.exit();
    expect(rows()).toHaveLength(1);
    await redis.start();
    const again = visitorWith(await start().url(), ada.cookie, "ada");
    await expect.poll(() => events(again), { timeout: 10_000 }).toEqual(rows());
    expect((await post(again, "hi", "k")).status).toBe(201);
    expect([rows().length, await events(again)]).toEqual([1, rows()]);
  });

  test("a kill -9 while Redis carries out the append doubles nothing", async () => {
    const { redis, start, rows, events } = await setUp();
    const chat = start();
    const ada = await visit(await chat.url(), "ada");
    redis.pause();
    const unanswered = post(ada, "hi", "k").catch(String);
    await expect.poll(rows).toHaveLength(1);
    // The append is on its way to Redis, or in it, when the chat dies.
    await new Promise((resolve) => setTimeout(resolve, 200));
    chat.child.kill("SIGKILL");
    await chat.exit();
    await unanswered;
    redis.resume();
    const again = visitorWith(await start().url(), ada.cookie, "ada");
    await expect.poll(() => events(again), { timeout: 10_000 }).toEqual(rows());
    // The relay has removed the row, so nothing comes later.
    expect((await post(again, "more", "k2")).status).toBe(201);
    expect([rows().length, await events(again)]).toEqual([2, rows()]);
  });
});
