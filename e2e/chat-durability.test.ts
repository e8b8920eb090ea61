import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { chat } from "@tidings-apps/chat-contract";
import type { Client } from "@tidings/client";
import { createPresence } from "@tidings/client/presence";
import Database from "libsql";
import { expect, onTestFinished, test, vi } from "vitest";
import { setUpChatProcesses } from "./chat-process.ts";
import { visit, visitorWith, type Visitor } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const runChat = setUpChatProcesses();

const FILE = { PORT: "0", TIDINGS_DB: "chat.db" };

/** Runs a statement on the database, from outside the process of the server. */
function query(folder: string, sql: string): Record<string, unknown>[] {
  const database = new Database(join(folder, "chat.db"));
  try {
    database.exec("pragma busy_timeout = 5000");
    // The columns depend on the statement, which the caller has written.
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** The numbers and ids of the messages, as rows of the application and as events of the log. */
const numbersIn = (folder: string) => ({
  rows: query(folder, "select number, id from messages order by number").map(
    ({ number, id }) => `${String(number)} ${String(id)}`,
  ),
  events: query(
    folder,
    "select data ->> 'number' as number, data ->> 'id' as id from tidings_entry where type = 'message' order by seq",
  ).map(({ number, id }) => `${String(number)} ${String(id)}`),
});

const post = (who: Visitor, text: string, idempotencyKey?: string) =>
  who.request("POST", "/api/rooms/lobby/messages", {
    text,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });

function connect(who: Visitor): Client<typeof chat> {
  const client = who.connect();
  onTestFinished(() => client.close());
  return client;
}

test("a message, its event and its mentions commit together: a fault between them leaves none of them", async () => {
  const folder = await temporaryFolder();
  const url = await runChat(folder, FILE).url();
  const [ada, bo] = [await visit(url, "ada"), await visit(url, "bo")];
  await ada.say("before");
  const before = [await ada.look(), await bo.look()];
  query(
    folder,
    "create trigger fault before insert on tidings_entry when new.type = 'mention' " +
      "begin select raise(abort, 'fault'); end",
  );
  for (let attempt = 0; attempt < 3; attempt++) expect((await post(ada, "hi @bo", "k")).status).toBe(500);
  expect([await ada.look(), await bo.look()]).toEqual(before);
  // The server goes on, and the same request succeeds when the fault is removed.
  query(folder, "drop trigger fault");
  expect(await (await post(ada, "hi @bo", "k")).json()).toMatchObject({ message: { number: 2 } });
  const { rows, events } = numbersIn(folder);
  expect(rows).toEqual(events);
  expect((await bo.look()).state["users/bo/inbox"]).toMatchObject({ mentions: [{ number: 2, by: "ada" }] });
});

test.for(["SIGKILL", "SIGTERM"] as const)(
  "rows and events agree after %s in the middle of writing, and no acknowledged message is lost",
  async (signal) => {
    const folder = await temporaryFolder();
    const first = runChat(folder, FILE);
    const ada = await visit(await first.url(), "ada");
    const answered: string[] = [];
    const sent: string[] = [];
    const writeOn = async (): Promise<void> => {
      for (;;) {
        const key = randomUUID();
        sent.push(key);
        const response = await post(ada, "hi @ada", key);
        if (response.status !== 201) return void (await expectProblem(response, 503));
        const { message } = (await response.json()) as { message: { number: number; id: string } };
        answered.push(`${message.number} ${message.id}`);
        if (answered.length === 200) first.child.kill(signal);
      }
    };
    const writers = await Promise.allSettled(Array.from({ length: 8 }, writeOn));
    // Each writer ends with no answer, a part of one, or a 503.
    for (const writer of writers) expect(writer).not.toMatchObject({ reason: { name: "AssertionError" } });
    await first.exit();
    expect(first.lines.err).toEqual([]);

    const second = await runChat(folder, FILE).url();
    const { rows, events } = numbersIn(folder);
    expect(rows).toEqual(events);
    expect(rows.map((row) => Number(row.split(" ")[0]))).toEqual(rows.map((_, index) => index + 1));
    expect(new Set(rows)).toEqual(new Set([...rows, ...answered]));
    // Posting everything again with the same keys stores no message twice.
    const again = visitorWith(second, ada.cookie, "ada");
    for (const key of sent) expect((await post(again, "hi @ada", key)).status).toBe(201);
    expect(query(folder, "select count(*) as count from messages")).toMatchObject([{ count: sent.length }]);
  },
);

test("a request that arrives while the server closes is answered 503, and nothing of it is stored", async () => {
  const folder = await temporaryFolder();
  const chatProcess = runChat(folder, FILE);
  const url = await chatProcess.url();
  const ada = await visit(url, "ada");
  const stream = await ada.request("GET", "/events?channel=rooms/lobby");
  const sending = request(`${url}/api/rooms/lobby/messages`, {
    method: "POST",
    headers: { cookie: ada.cookie, "content-type": "application/json", expect: "100-continue" },
  });
  sending.flushHeaders();
  await once(sending, "continue");
  chatProcess.child.kill("SIGTERM");
  // The streams end first.
  await stream.text();
  sending.end('{"text":"too late"}');
  // Node's answer to a request: one argument, the message.
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  expect([response.statusCode, response.headers["content-type"]]).toEqual([
    503,
    "application/problem+json; charset=utf-8",
  ]);
  expect(await chatProcess.exit()).toBe(0);
  expect(chatProcess.lines.err).toEqual([]);
  expect(numbersIn(folder)).toEqual({ rows: [], events: [] });
});

test("while another program locks the file, posts are refused with 503, and SIGTERM does not wait", async () => {
  const folder = await temporaryFolder();
  const chatProcess = runChat(folder, FILE);
  const ada = await visit(await chatProcess.url(), "ada");
  const other = new Database(join(folder, "chat.db"));
  onTestFinished(() => void other.close());
  // The chat can still be writing that ada has signed in.
  other.exec("pragma busy_timeout = 5000");
  other.exec("begin immediate");
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => post(ada, `number ${index}`)));
  for (const answer of answers) {
    expect(answer.headers.get("retry-after")).toBe("1");
    await expectProblem(answer, 503);
  }
  // Each has waited for five seconds, all at the same time. A busy machine gets twice as long.
  expect(performance.now() - begun).toBeLessThan(10_000);

  // What is published without a row is refused in the same way.
  const typing = await ada.request("POST", "/api/rooms/lobby/typing");
  expect(typing.headers.get("retry-after")).toBe("1");
  await expectProblem(typing, 503);

  const waiting = Array.from({ length: 8 }, (_, index) => post(ada, `number ${index}`));
  // Each of the posts may need a new connection. The server accepts one in a turn of its event loop, then reads it.
  // Each of these answers comes from a later turn, so in the end it has read all posts.
  for (let turn = 0; turn < waiting.length + 2; turn++) await ada.request("GET", "/api/rooms");
  const stopped = performance.now();
  chatProcess.child.kill("SIGTERM");
  for (const answer of await Promise.all(waiting)) await expectProblem(answer, 503);
  expect(await chatProcess.exit()).toBe(0);
  expect(performance.now() - stopped).toBeLessThan(4_000);
  other.exec("rollback");
  expect(numbersIn(folder)).toEqual({ rows: [], events: [] });
});

test("sessions, sign-outs and idempotency keys survive a restart", async () => {
  const folder = await temporaryFolder();
  const first = runChat(folder, FILE);
  const url = await first.url();
  const [ada, bo] = [await visit(url, "ada"), await visit(url, "bo")];
  const message: unknown = await (await post(ada, "once", "k")).json();
  await bo.request("DELETE", "/api/session");
  first.child.kill("SIGTERM");
  expect(await first.exit()).toBe(0);

  const second = await runChat(folder, FILE).url();
  const [adaAgain, boAgain] = [visitorWith(second, ada.cookie, "ada"), visitorWith(second, bo.cookie, "bo")];
  expect(await (await adaAgain.request("GET", "/api/session")).json()).toEqual({ viewer: { name: "ada" } });
  expect(await (await boAgain.request("GET", "/api/session")).json()).toEqual({ viewer: null });
  expect(await (await post(adaAgain, "once", "k")).json()).toEqual(message);
  expect(await adaAgain.read(10)).toEqual(["once"]);
});

test("two servers on one file publish in the same order, share presence, and share sign-outs", async () => {
  const folder = await temporaryFolder();
  // Both create the tables and the secret at the same time.
  const servers = [runChat(folder, FILE), runChat(folder, FILE)];
  const [firstUrl = "", secondUrl = ""] = await Promise.all(servers.map((server) => server.url()));
  const ada = await visit(firstUrl, "ada");
  const bo = await visit(secondUrl, "bo");
  const room = chat.room({ roomId: "lobby" });

  /** Resolves with the texts that a client has received, when there are so many. */
  const receive = (client: Client<typeof chat>, count: number): Promise<string[]> =>
    new Promise((resolve) => {
      const texts = new Map<string, string>();
      const add = ({ id, text }: { id: string; text: string }) => {
        texts.set(id, text);
        if (texts.size === count) resolve([...texts.values()]);
      };
      client.subscribe(room, { snapshot: ({ messages }) => messages.forEach(add), message: add });
    });
  /** Resolves when a client learns that a person is online, or has left after that. */
  const presence = (client: Client<typeof chat>, wanted: string, isOnline: boolean): Promise<void> =>
    new Promise((resolve) => {
      const followed = createPresence(client, { contract: chat, servers: chat.servers() });
      const people = followed.people(chat.presence(), {
        onLeave: ({ viewer }) => void (!isOnline && viewer === wanted && resolve()),
      });
      people.subscribe((list) => {
        if (isOnline && list.some(({ viewer }) => viewer === wanted)) resolve();
      });
    });
  const [adasClient, bosClient] = [connect(ada), connect(bo)];
  const [receivedByAda, receivedByBo] = [receive(adasClient, 40), receive(bosClient, 40)];
  await Promise.all([presence(adasClient, "bo", true), presence(bosClient, "ada", true)]);

  const numbered = (name: string) => Array.from({ length: 20 }, (_, index) => `${name} ${index}`);
  const say = async (who: Visitor, texts: string[]) => {
    for (const text of texts) await who.say(text);
  };
  await Promise.all([say(ada, numbered("ada")), say(bo, numbered("bo"))]);
  const received = await receivedByAda;
  expect(await receivedByBo).toEqual(received);
  expect([...received].sort()).toEqual([...numbered("ada"), ...numbered("bo")].sort());
  const { rows, events } = numbersIn(folder);
  expect(rows).toEqual(events);
  expect(rows).toHaveLength(40);

  const leaving = presence(adasClient, "bo", false);
  const boAtFirst = visitorWith(firstUrl, bo.cookie, "bo");
  const begun = performance.now();
  const stream = await bo.request("GET", "/events?channel=rooms");
  expect((await boAtFirst.request("DELETE", "/api/session")).status).toBe(204);
  expect(await stream.text()).toContain('event: bye\ndata: {"reason":"expired"}');
  // The bar is a second; a busy machine gets ten.
  expect(performance.now() - begun).toBeLessThan(10_000);
  await leaving;
});

test.for<Record<string, string>>([{ TIDINGS_DB: ":memory:" }, { TIDINGS_LOG: "memory" }])(
  "without a file (%o), a restart is a gap, and the session of a person is still valid",
  async (setting) => {
    const folder = await temporaryFolder();
    const variables = { PORT: "0", ...setting };
    const first = runChat(folder, variables);
    const ada = await visit(await first.url(), "ada");
    await ada.say("forgotten");
    const { cursor } = await ada.look();
    first.child.kill("SIGTERM");
    await first.exit();

    const again = visitorWith(await runChat(folder, variables).url(), ada.cookie, "ada");
    const stream = await again.request("GET", `/events?channel=rooms/lobby&after=${cursor}&protocol=1`);
    // After a reset the stream ends.
    expect(await stream.text()).toContain('event: gap\ndata: {"channels":{"rooms/lobby":"reset"}}');
    const { rooms, state } = await again.look();
    expect(rooms).toMatchObject([{ id: "lobby", joined: true, newest: 0 }]);
    expect(state["rooms/lobby"]).toEqual({ messages: [] });
  },
);
