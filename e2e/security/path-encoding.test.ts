import { channel, defineContract, parseAddress } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { serveHub } from "../serve-hub.ts";

const events = { message: z.string() };
const site = defineContract({
  room: channel("rooms/:roomId", events),
  seat: channel("halls/:hall/seats/:seat", events),
});

/** The room that nobody may read. Unicode has several spellings of its letters. */
const SECRET = "sécret/1";

/** Parts of other spellings of the secret, or of the path to it. */
const parts = fc.constantFrom(
  ...[
    "rooms",
    "Rooms",
    "ROOMS",
    "/",
    "//",
    "%2F",
    "%2f",
    "%252F",
    ".",
    "..",
    "%2E",
    "%2e%2e",
    "/../",
    "/./",
    "\\",
    "%5C",
  ],
  ...[
    "s",
    "S",
    "%73",
    "é",
    "e\u0301",
    "%C3%A9",
    "%c3%a9",
    "e%CC%81",
    "%25C3%25A9",
    "\ufb01",
    "cret",
    "CRET",
    "ⅽret",
    "1",
    "%31",
    "１",
  ],
  ...["%00", "%", "%zz", "+", " ", "%20", "@", "@now", ";", "?", "#", "&", "%C0%AF", "%ED%A0%80", "\u200b", "\u202e"],
);
const spelling = fc.oneof(
  fc.array(parts, { minLength: 1, maxLength: 8 }).map((each) => each.join("")),
  fc
    .tuple(fc.constantFrom("rooms/", "halls/", ""), fc.array(parts, { maxLength: 6 }))
    .map(([head, rest]) => head + rest.join("")),
  fc.constantFrom(
    ...["NFC", "NFD", "NFKC", "NFKD"].flatMap((form) => {
      const text = SECRET.normalize(form);
      return [
        text,
        encodeURIComponent(text),
        encodeURIComponent(encodeURIComponent(text)),
        encodeURI(text),
        text.toUpperCase(),
      ].map((each) => `rooms/${each}`);
    }),
  ),
);

interface Page {
  readonly code?: string;
  readonly refused?: Readonly<Record<string, string>>;
  readonly events?: readonly { readonly channel: string; readonly data: string }[];
}

test("a path in a query or a body is either the canonical path of the authorised value, or refused", async () => {
  const authorised: { readonly path: string; readonly params: object }[] = [];
  const hub = createHub(site, {
    log: memoryLog(),
    authorize: ({ path, params }) => {
      authorised.push({ path, params });
      return !("roomId" in params && params.roomId === SECRET);
    },
  });
  await hub.publish(site.room({ roomId: SECRET }), "message", "secret");
  const port = await serveHub(hub);
  const url = `http://127.0.0.1:${port}/events?protocol=1&last=5`;
  const headers = { accept: "application/json" };
  // PROTOCOL.md defines the form of a page.
  const pageOf = async (response: Promise<Response>): Promise<Page> => (await (await response).json()) as Page;
  const ways: ((path: string) => Promise<Page>)[] = [
    // Encoded as a client does it, and unencoded, so that the server decodes it once too often or once too little.
    (path) => pageOf(fetch(`${url}&channel=${encodeURIComponent(path.toWellFormed())}`, { headers })),
    (path) => pageOf(fetch(`${url}&channel=${path.replaceAll(/[#\0]/g, "")}`, { headers })),
    // Beside a valid path, twice, and under similar parameter names.
    (path) =>
      pageOf(
        fetch(
          `${url}&channel=rooms/lobby&channel=${encodeURIComponent(path.toWellFormed())}&Channel=x&channel[]=rooms/x`,
          { headers },
        ),
      ),
    (path) =>
      pageOf(
        fetch(`${url}&channel=${encodeURIComponent(path.toWellFormed())}&channel=${path.replaceAll(/[#\0]/g, "")}`, {
          headers,
        }),
      ),
    (path) =>
      pageOf(
        fetch(url, {
          method: "POST",
          headers,
          body: JSON.stringify({ channels: { "rooms/lobby": null, [path]: null } }),
        }),
      ),
    (path) =>
      pageOf(
        fetch(`${url}&channel=rooms/other`, {
          method: "POST",
          headers,
          body: `{"channels":{${JSON.stringify(path)}:"now"}}`,
        }),
      ),
  ];
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(spelling, fc.nat(ways.length - 1), async (path, way) => {
      authorised.length = 0;
      const page = await ways[way]?.(path);
      // build(parse(path)) === path for each path that `authorize` has seen.
      for (const { path: seen, params } of authorised) {
        expect(parseAddress(site, seen)?.params).toEqual(params);
        const built =
          "roomId" in params
            ? site.room(params as { roomId: string })
            : site.seat(params as { hall: string; seat: string });
        expect(built.path).toBe(seen);
      }
      expect(page?.events ?? []).toEqual([]);
      if (page?.events !== undefined) accepted++;
      else expect(page?.code).toMatch(/^(bad-channel|bad-request|unknown-channel|forbidden)$/);
    }),
    { numRuns: 1_000 },
  );
  // Otherwise the test would prove little.
  expect(accepted).toBeGreaterThan(20);
}, 60_000);
