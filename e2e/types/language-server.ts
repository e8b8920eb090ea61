import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import type { Editor } from "./editor.ts";

interface Position {
  readonly line: number;
  readonly character: number;
}
interface Range {
  readonly start: Position;
}
interface Diagnostic {
  readonly range: Range;
  readonly message: string;
}
interface Location {
  readonly uri: string;
  readonly range: Range;
}

/** An editor in which somebody types. */
interface TypingEditor extends Editor {
  /** Gives a file another text, which nobody saves. */
  type(file: string, text: string): Promise<void>;
}

/** The newest compiler. It has no API for this, and is a language server. */
export async function languageServer(config: string): Promise<TypingEditor> {
  const compiler = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const { default: getExePath } = (await import(pathToFileURL(join(compiler, "lib/getExePath.js")).href)) as {
    default: () => string;
  };
  const server = spawn(getExePath(), ["--lsp", "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
  const exit = once(server, "exit");
  const connection = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  // It asks for settings of the editor, and to watch files: there are none, and nothing changes.
  connection.onRequest((_, parameters) => ((parameters as { items?: unknown[] }).items ?? []).map(() => null));
  connection.listen();
  const rootUri = pathToFileURL(dirname(config)).href;
  await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri,
    capabilities: { textDocument: { hover: { contentFormat: ["markdown"] }, diagnostic: {} } },
  });
  await connection.sendNotification("initialized", {});
  /** What stands in the editor, by file. */
  const opened = new Map<string, { version: number; text: string }>();

  async function type(file: string, text: string): Promise<void> {
    const uri = pathToFileURL(file).href;
    const version = (opened.get(file)?.version ?? 0) + 1;
    opened.set(file, { version, text });
    if (version === 1) {
      const textDocument = { uri, languageId: "typescript", version, text };
      await connection.sendNotification("textDocument/didOpen", { textDocument });
    } else {
      const changed = { textDocument: { uri, version }, contentChanges: [{ text }] };
      await connection.sendNotification("textDocument/didChange", changed);
    }
  }

  /** Asks about a file, and about a place in it. */
  async function ask<Answer>(method: string, file: string, offset = 0): Promise<Answer> {
    const uri = pathToFileURL(file).href;
    if (!opened.has(file)) await type(file, readFileSync(file, "utf8"));
    const { text = "" } = opened.get(file) ?? {};
    const before = text.slice(0, offset).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    return connection.sendRequest(`textDocument/${method}`, { textDocument: { uri }, position });
  }

  return {
    type,
    async errors(file) {
      const { items } = await ask<{ items: readonly Diagnostic[] }>("diagnostic", file);
      return items.map(({ range, message }) => ({
        line: range.start.line + 1,
        text: message.replaceAll(/\n +/g, "\n"),
      }));
    },
    async hover(file, offset) {
      const answer = await ask<{ contents: { value: string } } | null>("hover", file, offset);
      return /```\w*\n(.*?)\n```/s.exec(answer?.contents.value ?? "")?.[1] ?? "";
    },
    async definition(file, offset) {
      const locations = (await ask<readonly Location[] | Location | null>("definition", file, offset)) ?? [];
      return [locations].flat().map(({ uri, range }) => ({ file: fileURLToPath(uri), line: range.start.line + 1 }));
    },
    async close() {
      await connection.sendRequest("shutdown");
      await connection.sendNotification("exit");
      await exit;
      connection.dispose();
    },
  };
}
