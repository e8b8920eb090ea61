import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { channel, ContractError, defineContract, isCanonicalPath, MAX_PATH, parseAddress } from "./index.ts";

const events = { message: z.string() };
const site = defineContract({
  room: channel("rooms/:roomId", events),
  seat: channel("halls/:hall/seats/:seat", events),
  clock: channel("clock", events),
});

/** Texts that some Unicode normal form makes equal. */
const LOOKALIKES = ["\u00e9", "e\u0301", "\ufb01", "fi", "\u00c5", "\u212b", "A\u030a", "\u2167", "VIII"];

/** Params that attackers send, and difficult cases of Unicode. */
const nasty = fc.constantFrom(
  ...[
    "/",
    "%2F",
    "%2f",
    ".",
    "..",
    "...",
    "%",
    "%%",
    ":",
    "@",
    "?",
    "#",
    "&",
    "+",
    " ",
    "\0",
    "\n",
    "~",
    "*",
    "'",
    "(",
    "!",
  ],
  ...LOOKALIKES,
  ...["😀", "👩‍👩‍👧", "\ufeff", "\u202e", "\u0130", "\u0131"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "lobby", "Lobby", "LOBBY"],
);
const param = fc.oneof(
  nasty,
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
  fc.tuple(nasty, nasty).map((pair) => pair.join("")),
);

function spell(roomId: string): string {
  return site.room({ roomId }).path;
}

/** The address that the params of an address build. */
function rebuild(address: NonNullable<ReturnType<typeof parseAddress<typeof site>>>): { readonly path: string } {
  switch (address.name) {
    case "room":
      return site.room(address.params);
    case "seat":
      return site.seat(address.params);
    case "clock":
      return site.clock();
  }
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ContractError) return error.code;
    throw error;
  }
  return "none";
}

describe("building and parsing", () => {
  test("parsing a path gives the params that built it", () => {
    fc.assert(
      fc.property(param, param, (hall, seat) => {
        const address = site.seat({ hall, seat });
        expect(parseAddress(site, address.path)).toEqual(address);
        expect(address.params).toEqual({ hall, seat });
      }),
    );
  });

  test("two different records of params never make one path", () => {
    fc.assert(
      fc.property(param, param, param, param, (hall, seat, otherHall, otherSeat) => {
        const same = site.seat({ hall, seat }).path === site.seat({ hall: otherHall, seat: otherSeat }).path;
        expect(same).toBe(hall === otherHall && seat === otherSeat);
      }),
    );
  });

  test("a param in a path is ASCII, without the separators of paths, URLs and the wire", () => {
    fc.assert(
      fc.property(param, (roomId) => {
        expect(site.room({ roomId }).path).toMatch(/^rooms\/[A-Za-z0-9_.~%-]+$/);
      }),
    );
  });

  test("any text is either refused, or equal to the path that its params build", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(
          fc.constantFrom(
            "rooms",
            "halls",
            "seats",
            "clock",
            "/",
            "%2F",
            "%2f",
            "%2E",
            "%2e",
            ".",
            "%41",
            "A",
            "%C3%A9",
            "%c3%a9",
            "é",
            "%",
            "%C0%80",
            "%ED%A0%80",
          ),
        )
        .map((parts) => parts.join("")),
      param.map((value) => `rooms/${value}`),
      param.map((value) => `rooms/${encodeURIComponent(value)}`),
    );
    fc.assert(
      fc.property(text, (path) => {
        const address = parseAddress(site, path);
        if (address === null) return;
        expect(rebuild(address).path).toBe(path);
        expect(isCanonicalPath(path)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["an encoded slash in lower case", "rooms/a%2fb"],
    ["an encoded letter", "rooms/%41"],
    ["a bare dot", "rooms/."],
    ["two bare dots", "rooms/.."],
    ["dots in lower-case hex", "rooms/%2e%2e"],
    ["an empty param", "rooms/"],
    ["a doubled slash", "rooms//lobby"],
    ["a slash at the end", "rooms/lobby/"],
    ["a slash at the start", "/rooms/lobby"],
    ["a raw non-ASCII letter", "rooms/é"],
    ["an overlong encoding", "rooms/%C0%AF"],
    ["an encoded surrogate", "rooms/%ED%A0%80"],
    ["half an escape", "rooms/%2"],
    ["a raw colon", "rooms/a:b"],
    ["a raw at sign", "rooms/lobby@now"],
    ["a plus for a space", "rooms/a+b"],
    ["a raw apostrophe", "rooms/it's"],
    ["an encoded tilde", "rooms/%7E"],
    ["another case of a literal", "Rooms/lobby"],
    ["nothing", ""],
    ["more than the limit", `rooms/${"a".repeat(MAX_PATH)}`],
  ])("%s is refused", (_, path) => {
    expect(parseAddress(site, path)).toBeNull();
  });

  test("forms that look alike stay different addresses", () => {
    const forms = [...LOOKALIKES, "a", "A", "\u0430"];
    expect(new Set(forms.map((roomId) => site.room({ roomId }).path)).size).toBe(forms.length);
  });

  test("dots, slashes and emoji have one spelling", () => {
    expect(spell("..")).toBe("rooms/%2E%2E");
    expect(spell("...")).toBe("rooms/...");
    expect(spell("a/b")).toBe("rooms/a%2Fb");
    expect(spell("%2F")).toBe("rooms/%252F");
    expect(spell("😀")).toBe("rooms/%F0%9F%98%80");
    expect(spell("it's (ok)!*~")).toBe("rooms/it%27s%20%28ok%29%21%2A~");
  });

  test("an address holds the params of its pattern and nothing else", () => {
    const given = { roomId: "lobby", admin: "yes" };
    const address = site.room(given);
    given.roomId = "changed";
    expect(address).toEqual({ name: "room", params: { roomId: "lobby" }, path: "rooms/lobby" });
    expect(site.clock()).toEqual({ name: "clock", params: {}, path: "clock" });
  });
});

describe("refused params", () => {
  // Plain JavaScript can pass what the types forbid.
  const room = site.room as (params: unknown) => unknown;

  test.each([
    [
      "an empty one",
      { roomId: "" },
      'Channel "rooms/:roomId": expected param "roomId" to be a string of 1 to 256 bytes ' +
        'without lone surrogates, got "".',
    ],
    ["a missing one", {}, "got undefined."],
    ["an inherited one", Object.create({ roomId: "lobby" }), "got undefined."],
    ["a number", { roomId: 7 }, "got number."],
    ["null", { roomId: null }, "got object."],
    ["half a surrogate pair", { roomId: "a\ud83d" }, String.raw`got "a\ud83d".`],
    [
      "a 10 kB one",
      { roomId: "x".repeat(10_240) },
      `of 1 to 256 bytes without lone surrogates, got "${"x".repeat(40)}".`,
    ],
    [
      "one that is too long once encoded",
      { roomId: "é".repeat(60) },
      "expected params for a path of at most 256 bytes, got 366.",
    ],
  ])("%s", (_, params, message) => {
    expect(() => room(params)).toThrow(message);
    expect(codeOf(() => room(params))).toBe("bad-params");
  });

  test("a path of exactly 256 bytes is allowed, one more byte is refused", () => {
    const roomId = "x".repeat(MAX_PATH - "rooms/".length);
    expect(parseAddress(site, site.room({ roomId }).path)?.params).toEqual({ roomId });
    expect(codeOf(() => site.room({ roomId: `${roomId}x` }))).toBe("bad-params");
  });
});

test("prototype names are ordinary params and values", () => {
  const { odd } = defineContract({ odd: channel("odd/:constructor/:toString", events) });
  const address = odd({ constructor: "__proto__", toString: "constructor" });
  expect(address.path).toBe("odd/__proto__/constructor");
  expect(parseAddress({ odd }, address.path)?.params).toEqual({ constructor: "__proto__", toString: "constructor" });
  expect(codeOf(() => (odd as (params: unknown) => unknown)({}))).toBe("bad-params");
});
