// A note that several people edit. Nobody overwrites what they have not seen: an edit says which version it changes. If
// somebody else was faster, nothing is saved, and the page shows both texts.
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "@tidings/client";
import { channel, ContractError, defineContract, latest } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, PublishError, type Hub, type ReaderItem } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type ErrorRequestHandler } from "express";
import { z } from "zod";

export const notes = defineContract({
  note: channel("note", { text: latest(z.object({ text: z.string().max(10_000) })) }),
});
const note = notes.note();

/** A text of the note, and the id of the event that has set it. */
const Version = z.object({ text: z.string(), id: z.string() });
type Version = z.infer<typeof Version>;

const Edit = z.object({ text: z.string(), expects: z.string() });

/** The server. Several of them can share a log: it decides who was faster. */
export async function startNotes(port: number, log: EventLog = memoryLog()) {
  const hub = createHub(notes, { log, authorize: () => true });
  const { readNewest, job } = await followNote(hub);
  const app = express().all("/events", toNodeHandler(hub));
  app.get("/note", (_request, response) => void response.set("Cache-Control", "no-store").json(readNewest()));
  app.put("/note", express.json(), async (request, response) => {
    // With `expects: undefined` there would be no condition, so the body is checked.
    const edit = Edit.safeParse(request.body);
    if (!edit.success) return void response.status(400).json({ detail: edit.error.message });
    const { text, expects } = edit.data;
    const { id } = await hub.publish(note, "text", { text }, { expects });
    response.json({ text, id } satisfies Version);
  });
  app.use(sendRefusal);
  return { hub, job, server: app.listen(port, "127.0.0.1") };
}

/** Follows the newest version that this process hears of. The first version is an empty text. */
export async function followNote(hub: Hub<typeof notes>) {
  await hub.publish(note, "text", { text: "" }, { expects: null }).catch((error: unknown) => {
    const isThere = error instanceof PublishError && error.code === "conflict";
    if (!isThere) throw error;
  });
  const items = hub.events(note, { after: null });
  let newest = await takeVersion(items);
  const follow = async (): Promise<void> => {
    for await (const item of items) newest = versionOf(item) ?? newest;
  };
  /** `job` resolves when the hub is closed. It rejects at a text that this version of the program cannot read. */
  return { readNewest: () => newest, job: follow() };
}

type Item = ReaderItem<typeof notes, "note">;

/** Other items can come before the first version, for example a gap. */
async function takeVersion(items: AsyncIterator<Item, unknown>): Promise<Version> {
  for (;;) {
    const { value, done } = await items.next();
    if (done === true) throw new Error("Expected the first version of the note, got the end: the hub was closed.");
    const version = versionOf(value);
    if (version !== null) return version;
  }
}

/** Null if the item does not say what the text is. */
function versionOf(item: Item): Version | null {
  if (item.kind === "event") return { text: item.data.text, id: item.cursor };
  if (item.kind === "invalid" && item.type === "text") {
    throw new Error("Expected a text of the note that this version knows.", { cause: item.error });
  }
  return null;
}

const sendRefusal: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof PublishError) response.status(409).json({ code: error.code, detail: "Somebody was faster." });
  else if (error instanceof ContractError) response.status(400).json({ code: error.code, detail: error.message });
  else next(error);
};

/** The note in a page. */
export class NotePage {
  /** What the person sees and changes. */
  draft = "";
  /** What somebody else has written meanwhile. The page shows it beside the draft, and asks what to do. */
  newer: Version | null = null;
  /** The version that the draft changes. */
  #base: Version = { text: "", id: "" };
  readonly #client: Client<typeof notes>;
  readonly #url: string;

  constructor(client: Client<typeof notes>, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Loads the note and follows it from that version on. So each text that comes has an id. */
  async open(): Promise<void> {
    this.#accept(await this.#load());
    const handlers = {
      text: ({ text }: { text: string }, { id }: { id: string | null }) => this.#onVersion({ text, id: id ?? "" }),
      onGap: () => this.#loadNewest(),
    };
    this.#client.subscribe(note, handlers, { after: this.#base.id });
  }

  /** Saves the draft. If somebody was faster, nothing is saved, and `newer` is, or soon will be, their text. */
  async save(): Promise<"saved" | "conflict"> {
    const body = JSON.stringify({ text: this.draft, expects: this.#base.id });
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.#url, { method: "PUT", headers, body });
    if (response.status === 409) {
      // The stream may be late.
      await this.#loadNewest();
      return "conflict";
    }
    if (!response.ok) throw new Error(`Expected the note to be saved, got ${response.status}; try again.`);
    this.#base = Version.parse(await response.json());
    // The stream may have brought it before the answer.
    if (this.newer?.id === this.#base.id) this.newer = null;
    return "saved";
  }

  /** The person has seen the newer text, and replaces it with the draft at the next `save`. */
  keepMine(): void {
    if (this.newer !== null) this.#base = this.newer;
    this.newer = null;
  }

  /** The draft is dropped. */
  takeTheirs(): void {
    if (this.newer !== null) this.#accept(this.newer);
  }

  async #load(): Promise<Version> {
    return Version.parse(await (await fetch(this.#url)).json());
  }

  async #loadNewest(): Promise<void> {
    const version = await this.#load();
    // A server that has not heard of a newer one yet still answers with the base.
    if (version.id !== this.#base.id) this.#onVersion(version);
  }

  #onVersion(version: Version): void {
    if (version.id === this.#base.id) {
      // What the stream has brought before the base is older, and may be what this page has saved.
      this.newer = null;
      return;
    }
    const hasChanged = this.draft !== this.#base.text;
    if (hasChanged) this.newer = version;
    else this.#accept(version);
  }

  #accept(version: Version): void {
    this.#base = version;
    this.draft = version.text;
    this.newer = null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { job } = await startNotes(Number(port));
  // A server that follows the note no more must not look like one whose note is quiet.
  job.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  const url = `http://127.0.0.1:${port}`;
  const [ada, bo] = await Promise.all(
    ["ada", "bo"].map(async (name) => {
      const client = createClient(notes, { url: `${url}/events` });
      const page = new NotePage(client, `${url}/note`);
      await page.open();
      page.draft = `${name} was here`;
      return page;
    }),
  );
  console.log(`ada: ${await ada?.save()}, bo: ${await bo?.save()}`);
  console.log(`curl ${url}/note`);
}
