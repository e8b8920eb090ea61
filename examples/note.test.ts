import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { followNote, NotePage, notes, startNotes } from "./note.ts";

/** Ten times what is normal, on a busy machine. */
const PATIENCE = { timeout: 15_000, interval: 10 };

interface Version {
  readonly text: string;
  readonly id: string;
}

async function start(log?: EventLog) {
  const { hub, server, job } = await startNotes(0, log);
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  if (!server.listening) await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = async (): Promise<NotePage> => {
    const client = createClient(notes, { url: `${url}/events` });
    onTestFinished(() => client.close());
    const page = new NotePage(client, `${url}/note`);
    await page.open();
    return page;
  };
  const put = async (body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/note`, { method: "PUT", headers, body: JSON.stringify(body) });
    return [response.status, await response.json()] as const;
  };
  const read = async () => (await (await fetch(`${url}/note`)).json()) as Version;
  /** A page whose stream brings what the test says, as late as it says. */
  const openByHand = async () => {
    let onText: (data: { text: string }, event: { id: string | null }) => void = () => {};
    const subscribe = (_address: unknown, handlers: { text: typeof onText }) => (onText = handlers.text);
    // Safe: the page only subscribes.
    const page = new NotePage({ subscribe } as unknown as Client<typeof notes>, `${url}/note`);
    await page.open();
    const bring = ({ text, id }: Version) => onText({ text }, { id });
    return { page, bring };
  };
  return { open, openByHand, put, read, job };
}

/** Two servers with one log. */
async function startTwo() {
  const folder = mkdtempSync(join(tmpdir(), "tidings-note-"));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 3 }));
  const path = join(folder, "note.db");
  return [await start(sqliteLog(path)), await start(sqliteLog(path))] as const;
}

/** Ada and Bo have the note open, on two servers. Both begin with "tea". */
async function openTwo() {
  const [one, other] = await startTwo();
  const [ada, bo] = [await one.open(), await other.open()];
  ada.draft = "tea";
  expect(await ada.save()).toBe("saved");
  await expect.poll(() => bo.draft, PATIENCE).toBe("tea");
  return { ada, bo, one, other };
}

test("a person who changes nothing sees each new text, and a later page begins with it", async () => {
  const { ada, bo, other } = await openTwo();
  bo.draft = "green tea";
  expect(await bo.save()).toBe("saved");
  await expect.poll(() => ada.draft, PATIENCE).toBe("green tea");
  expect([ada.newer, bo.newer]).toEqual([null, null]);
  expect((await other.open()).draft).toBe("green tea");
});

test("of two people who save at the same time, the slower sees the newer text, and nothing is lost", async () => {
  const { ada, bo, one } = await openTwo();
  ada.draft = "green tea";
  bo.draft = "tea with milk";
  const outcomes = await Promise.all([ada.save(), bo.save()]);
  expect(outcomes.toSorted()).toEqual(["conflict", "saved"]);
  const [first, second] = outcomes[0] === "saved" ? [ada, bo] : [bo, ada];
  const [saved, unsaved] = [first.draft, second.draft];
  await expect.poll(() => second.newer?.text, PATIENCE).toBe(saved);
  expect(second.draft).toBe(unsaved);
  await expect.poll(one.read, PATIENCE).toMatchObject({ text: saved });
  // Saving again does not help. The person has to decide.
  expect(await second.save()).toBe("conflict");

  second.keepMine();
  expect(await second.save()).toBe("saved");
  expect(second.newer).toBeNull();
  await expect.poll(() => first.draft, PATIENCE).toBe(unsaved);
});

test("a person who takes the newer text goes on from there", async () => {
  const { ada, bo } = await openTwo();
  bo.draft = "tea with milk";
  ada.draft = "green tea";
  await ada.save();
  await expect.poll(() => bo.newer?.text, PATIENCE).toBe("green tea");
  bo.takeTheirs();
  expect([bo.draft, bo.newer]).toEqual(["green tea", null]);
  bo.draft = "green tea with milk";
  expect(await bo.save()).toBe("saved");
});

test("a person who saves twice, before the stream brings either, goes on", async () => {
  const { openByHand, read } = await start();
  const { page, bring } = await openByHand();
  const saved: Version[] = [];
  for (const text of ["a", "b"]) {
    page.draft = text;
    expect(await page.save()).toBe("saved");
    await expect.poll(read, PATIENCE).toMatchObject({ text });
    saved.push(await read());
  }
  page.draft = "c";
  for (const version of saved) bring(version);
  expect([page.draft, page.newer]).toEqual(["c", null]);
  expect(await page.save()).toBe("saved");
});

test("a person whose stream is late sees at a conflict what somebody else has written", async () => {
  const { openByHand, put, read } = await start();
  const { page } = await openByHand();
  const { id } = await read();
  expect((await put({ text: "tea", expects: id }))[0]).toBe(200);
  await expect.poll(read, PATIENCE).toMatchObject({ text: "tea" });
  page.draft = "cup";
  expect(await page.save()).toBe("conflict");
  expect([page.draft, page.newer?.text]).toEqual(["cup", "tea"]);
  page.keepMine();
  expect(await page.save()).toBe("saved");
});

test("a server whose log has dropped what came before the note begins with the note", async () => {
  const log = memoryLog({ keep: { entries: 1 }, burst: 0 });
  const older = defineContract({ note: channel("note", { opened: z.object({ by: z.string() }) }) });
  const other = createHub(older, { log, authorize: () => false });
  for (const by of ["ada", "bo"]) await other.publish(older.note(), "opened", { by });
  const hub = createHub(notes, { log, authorize: () => false });
  onTestFinished(() => hub.close());
  const { readNewest } = await followNote(hub);
  const { id } = readNewest();
  await hub.publish(notes.note(), "text", { text: "tea" }, { expects: id });
  await expect.poll(readNewest, PATIENCE).toMatchObject({ text: "tea" });
});

test("a server that cannot read a newer note says so", async () => {
  const log = memoryLog();
  const { job } = await start(log);
  const newer = defineContract({ note: channel("note", { text: latest(z.object({ text: z.number() })) }) });
  const other = createHub(newer, { log, authorize: () => false });
  await Promise.all([
    expect(job).rejects.toThrow("Expected a text of the note that this version knows."),
    other.publish(newer.note(), "text", { text: 5 }),
  ]);
});

test("an edit without a version, and one with something else in its place, are refused, and save nothing", async () => {
  const [one] = await startTwo();
  const before = await one.read();
  expect((await one.put({ text: "tea" }))[0]).toBe(400);
  expect(await one.put({ text: "tea", expects: "yesterday" })).toEqual([
    400,
    {
      code: "invalid-data",
      detail: 'note.text: expected "expects" to be the id of a value, or null, got "yesterday".',
    },
  ]);
  expect(await one.put({ text: "tea", expects: "another.1" })).toMatchObject([409, { code: "conflict" }]);
  expect(await one.read()).toEqual(before);
});
