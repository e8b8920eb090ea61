import { once } from "node:events";
import { join } from "node:path";
import { chat, type Message } from "@tidings-apps/chat-contract";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { ANSWER_LEASE, messagesIn, newestAnswer, SECRET, wordsOf } from "./chat-answers.ts";
import { bundleAnswers } from "./build-program.ts";
import { runChat } from "./chat-process.ts";
import { visit, visitorWith, type Visitor } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { startTestChat } from "./start-test-chat.ts";
import { temporaryFolder } from "./temporary-folder.ts";

let program = "";
beforeAll(async () => {
  const { path, remove } = await bundleAnswers();
  program = path;
  return remove;
});

const POLL = { timeout: 30_000, interval: 20 };
const ask = (visitor: Visitor, text: string, idempotencyKey?: string) =>
  visitor.request("POST", "/api/rooms/lobby/messages", { text, idempotencyKey });
const stop = (visitor: Visitor, messageId: string, roomId = "lobby") =>
  visitor.request("POST", `/api/rooms/${roomId}/messages/${messageId}/stop`);

/** A server in this process whose assistant says one word and then waits for its signal. */
const startWaiting = () =>
  startTestChat({
    model: async function* (_question, signal) {
      yield "Well, ";
      if (!signal.aborted) await once(signal, "abort");
    },
  });

/** A question to the server in another process, and the moment in which its answer has some words. */
async function startCounting(folder: string) {
  const server = runChat(program, folder, {});
  const url = await server.url();
  const ada = await visit(url, "ada");
  await ask(ada, "@tea, please count");
  const { id } = await newestAnswer(ada);
  await expect.poll(async () => (await wordsOf(url, ada, id)).length, POLL).toBeGreaterThan(10);
  return { server, ada, id };
}

/** Another server on the file of a folder, in this process. */
const startBeside = (folder: string) =>
  startTestChat({ log: { kind: "sqlite", path: join(folder, "chat.db") }, secret: SECRET, answerLease: ANSWER_LEASE });

/** Expects an answer to be a plain message with all words that the log has. */
async function expectInterrupted(url: string, visitor: Visitor, id: string): Promise<void> {
  await expect.poll(async () => (await newestAnswer(visitor)).answer, POLL).toEqual({ state: "interrupted" });
  const answer = await newestAnswer(visitor);
  const words = await wordsOf(url, visitor, id);
  expect(words.at(-1)).toBe("interrupted");
  expect(`${answer.text} `).toBe(words.slice(0, -1).join(""));
  expect(answer.text).toMatch(/^1 2 3 4 5 6 7 8 9 10 /);
}

test("after kill -9 in the middle of an answer, the text so far is kept and marked, and the room sees it", async () => {
  const folder = await temporaryFolder();
  const first = await startCounting(folder);

  // Another server on the same file notices it.
  const { url } = await startBeside(folder);
  const bo = await visit(url, "bo");
  const seen = new Promise<Pick<Message, "id" | "text" | "answer">>((resolve) => {
    const client = bo.connect();
    onTestFinished(() => client.close());
    client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: () => {}, answered: resolve });
  });
  first.server.child.kill("SIGKILL");
  await expectInterrupted(url, bo, first.id);
  expect(await seen).toMatchObject({ id: first.id, answer: { state: "interrupted" } });

  // Alone on its file, the next start of the server notices it.
  const alone = await temporaryFolder();
  const second = await startCounting(alone);
  second.server.child.kill("SIGKILL");
  const again = await runChat(program, alone, {}).url();
  const ada = visitorWith(again, second.ada.cookie, "ada");
  expect(await newestAnswer(ada)).toMatchObject({ text: "", answer: { state: "writing" } });
  await expectInterrupted(again, ada, second.id);
}, 60_000);

test("after SIGTERM a server ends its answers with the text so far, and says that they were interrupted", async () => {
  const folder = await temporaryFolder();
  const { server, ada, id } = await startCounting(folder);
  server.child.kill("SIGTERM");
  expect(await server.exit()).toBe(0);
  expect(server.lines.err).toEqual([]);
  const url = await runChat(program, folder, {}).url();
  const again = visitorWith(url, ada.cookie, "ada");
  expect(await newestAnswer(again)).toMatchObject({ answer: { state: "interrupted" } });
  await expectInterrupted(url, again, id);
}, 60_000);

test("a question that is posted again with its key, also at the same time, has one answer", async () => {
  const { url } = await startTestChat();
  const ada = await visit(url, "ada");
  await Promise.all([1, 2, 3].map(() => ask(ada, "@tea, hello", "key")));
  await ask(ada, "@tea, hello", "key");
  expect((await messagesIn(ada)).map(({ author }) => author)).toEqual(["ada", "Tea"]);
  await expect.poll(async () => (await newestAnswer(ada)).answer, POLL).toEqual({ state: "done" });
  expect((await newestAnswer(ada)).text).toBe("“hello” Hello! What would you like to know?");
});

test("an answer is stopped from another server than the one that writes it", async () => {
  const folder = await temporaryFolder();
  const { ada, id } = await startCounting(folder);
  const { url } = await startBeside(folder);
  expect((await stop(await visit(url, "bo"), id)).status).toBe(202);
  await expect.poll(async () => (await newestAnswer(ada)).answer, POLL).toEqual({ state: "stopped", by: "bo" });
}, 60_000);

test("every member of the room can stop an answer, and nobody else", async () => {
  const { url } = await startWaiting();
  const [ada, bo] = [await visit(url, "ada"), await visit(url, "bo")];
  await ask(ada, "@tea, a long story");
  const { id } = await newestAnswer(ada);
  await expect.poll(() => wordsOf(url, ada, id), POLL).toEqual(["Well, "]);

  await bo.request("DELETE", "/api/rooms/lobby/membership");
  await expectProblem(await stop(bo, id), 403);
  await expectProblem(await stop(visitorWith(url, "", "nobody"), id), 401);
  await expectProblem(await stop(ada, "none"), 404);
  const { room } = (await (await ada.request("POST", "/api/rooms", { name: "Garden" })).json()) as {
    room: { id: string };
  };
  await expectProblem(await stop(ada, id, room.id), 404);
  expect(await newestAnswer(ada)).toMatchObject({ answer: { state: "writing" } });

  await bo.request("PUT", "/api/rooms/lobby/membership");
  expect((await stop(bo, id)).status).toBe(202);
  await expect.poll(async () => (await newestAnswer(ada)).answer, POLL).toEqual({ state: "stopped", by: "bo" });
  // Once more changes nothing.
  expect((await stop(ada, id)).status).toBe(202);
  expect(await newestAnswer(ada)).toMatchObject({ text: "Well,", answer: { state: "stopped", by: "bo" } });
});

test("the words of an answer are for those who may read its room", async () => {
  const { url } = await startWaiting();
  const ada = await visit(url, "ada");
  await ask(ada, "@tea, a secret");
  const { id } = await newestAnswer(ada);
  const read = (cookie: string, answerId: string, accept: string) =>
    fetch(`${url}/events?channel=answers/${answerId}&last=9&protocol=1`, { headers: { cookie, accept } });
  for (const accept of ["application/json", "text/event-stream"]) {
    expect((await read("", id, accept)).status).toBe(401);
    expect((await read(ada.cookie, "none", accept)).status).toBe(403);
  }
  expect((await read(ada.cookie, id, "application/json")).status).toBe(200);
});

test("nobody can sign in with the assistant's name, and nobody can change what it says", async () => {
  const { url } = await startTestChat();
  const ada = await visit(url, "ada");
  for (const name of ["Tea", "tea", " TEA ", "te\u0430", "\u0422\u0435\u0430", "\u03a4ea"]) {
    const problem = await expectProblem(
      await visitorWith(url, "", name).request("POST", "/api/session", { name }),
      409,
    );
    expect(problem).toContain("Tea is the assistant of this chat");
  }
  await ask(ada, "@tea, hello");
  const { id } = await newestAnswer(ada);
  const path = `/api/rooms/lobby/messages/${id}`;
  await expectProblem(await ada.request("PATCH", path, { text: "mine" }), 403);
  await expectProblem(await ada.request("DELETE", path), 403);
});
