import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";

/** A Firefox with a profile of its own. */
export interface Firefox {
  /** A person with cookies of their own. */
  addPerson(): Promise<Person>;
  close(): Promise<void>;
}

export interface Person {
  /** Opens a tab in front of the others, and waits until its page has loaded. */
  openTab(url: string): Promise<Tab>;
  /** Closes the tabs, too. */
  leave(): Promise<void>;
}

export interface Tab {
  /** The value of an expression in the page, which must be JSON or a promise of it. */
  evaluate(expression: string): Promise<unknown>;
  /** Puts the tab in front of the others, which are then hidden. */
  show(): Promise<void>;
  /** Nothing of the page is asked whether it agrees. */
  close(): Promise<void>;
}

/** Debian's package. */
const INSTALLED = ["/usr/bin/firefox-esr"];

/** The program, if this machine has one. The variable `FIREFOX` names another one. */
export const FIREFOX = process.env["FIREFOX"] || INSTALLED.find(existsSync);

/** Starts a Firefox without windows. Tests tell it what to do by WebDriver BiDi, a protocol of the W3C. */
export async function startFirefox(program: string): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), "tidings-firefox-"));
  const options = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile];
  const browser = spawn(program, options, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(browser, "exit");
  const session = await connect(`${await endpointOf(browser)}/session`);

  const tabOf = (created: { readonly context: string }): Tab => ({
    async evaluate(expression) {
      // As text: other values have forms of their own in the protocol.
      const asText = `(async () => JSON.stringify({ value: await (${expression}) }))()`;
      const command = { expression: asText, target: created, awaitPromise: true };
      const answer = await session.send<Evaluated>("script.evaluate", command);
      if (answer.type === "exception") throw new Error(`${expression}: ${answer.exceptionDetails.text}`);
      return (JSON.parse(answer.result.value) as { value: unknown }).value;
    },
    show: () => session.send("browsingContext.activate", created),
    close: () => session.send("browsingContext.close", created),
  });

  await session.send("session.new", { capabilities: {} });
  return {
    async addPerson() {
      const person = await session.send<{ userContext: string }>("browser.createUserContext", {});
      return {
        async openTab(url) {
          const created = await session.send<{ context: string }>("browsingContext.create", { type: "tab", ...person });
          await session.send("browsingContext.navigate", { ...created, url, wait: "complete" });
          return tabOf(created);
        },
        leave: () => session.send("browser.removeUserContext", person),
      };
    },
    async close() {
      session.close();
      browser.kill();
      await ended;
      await rm(profile, { recursive: true, maxRetries: 3 });
    },
  };
}

type Evaluated =
  | { readonly type: "success"; readonly result: { readonly value: string } }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

/** Where the browser listens: it says so once, among other lines. */
function endpointOf(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    browser.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const [, endpoint] = /WebDriver BiDi listening on (\S+)/.exec(said) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
    browser.once("error", reject);
    browser.once("exit", () => reject(new Error(`Expected a Firefox that listens, got: ${said}`)));
  });
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/** Sends commands, and hands back what each of them results in. */
async function connect(endpoint: string) {
  const socket = new WebSocket(endpoint);
  await once(socket, "open");
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on("message", (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  return {
    /** The caller says what the command results in: the protocol defines it. */
    async send<Result = void>(method: string, params: object): Promise<Result> {
      const id = ++last;
      socket.send(JSON.stringify({ id, method, params }));
      const { result, error, message } = await new Promise<Answer>((resolve) => waiting.set(id, resolve));
      if (error !== undefined) throw new Error(`${method}: ${error}: ${message}`);
      return result as Result;
    },
    close: () => socket.close(),
  };
}
