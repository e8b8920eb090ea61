import { expect, test } from "vitest";
import { formatText, type FormattedText } from "./formatted-text.ts";

/** Writes the pieces like HTML, so that a test can be read. */
function show(content: readonly FormattedText[]): string {
  return content
    .map((piece) => {
      switch (piece.kind) {
        case "part":
          if (piece.part.href !== undefined) return `<a>${piece.part.text}</a>`;
          return piece.part.mention === undefined ? piece.part.text : `<at>${piece.part.text}</at>`;
        case "strong":
        case "em":
          return `<${piece.kind}>${show(piece.content)}</${piece.kind}>`;
        case "code":
        case "code-block":
          return `<${piece.kind}>${piece.text}</${piece.kind}>`;
        case "list": {
          const items = piece.items.map((item) => `<item>${show(item)}</item>`);
          return `<list ${piece.start ?? "•"}>${items.join("")}</list>`;
        }
      }
    })
    .join("");
}
const format = (text: string, mentions: readonly string[] = []) => show(formatText(text, mentions));

test.for<[text: string, expected: string]>([
  ["**bold** and *italics* and `code`", "<strong>bold</strong> and <em>italics</em> and <code>code</code>"],
  ["- one\n- two", "<list •><item>one</item><item>two</item></list>"],
  ["3. three\n4. four", "<list 3><item>three</item><item>four</item></list>"],
  ["- one\n  - **two**", "<list •><item>one<list •><item><strong>two</strong></item></list></item></list>"],
  ["to do:\n\n* one\n\nthat is all", "to do:<list •><item>one</item></list>that is all"],
  ["look:\n```js\nif (a) {\n  b();\n}\n```", "look:<code-block>if (a) {\n  b();\n}</code-block>"],
  ["**a\nb**\n\n\n  c", "<strong>a\nb</strong>\n\n\n  c"],
])("%j is formatted", ([text, expected]) => {
  expect(format(text)).toBe(expected);
});

test.for([
  ...["", " ", "hi", "  hi  ", "a\n\n\n  b\n\tc  \nd", "# title", "> quote", "a\n---", "***", "---"],
  ...[
    "[a](javascript:alert(1))",
    "![a](x)",
    "<b>x</b>",
    "<https://a>",
    "[a]: b",
    "&amp; &#60; \\*",
    "    code",
    "\u0000",
  ],
  ...[
    "-",
    "- ",
    "+",
    "2024.",
    "1.",
    "```",
    "2 * 3 * 4",
    "7*7 and 8*8",
    "*7*7",
    "a**b**c",
    "snake_case_name",
    "¯\\_(ツ)_/¯",
    "__init__ and _x_",
    "**",
    "****",
    "`",
    "a ** b",
  ],
  ...["\ue000 **x**", "- ".repeat(900), "* * * * * deep"],
])("%j is shown as it was written", (text) => {
  const written = format(text).replaceAll(/<\/?(?:a|at)>/gu, "");
  expect(written).toBe(text);
});

test("a link or a name is never cut by Markdown inside of it, and works inside of Markdown", () => {
  expect(format("**https://example.com/*a*_b_c** x")).toBe("<strong><a>https://example.com/*a*_b_c</a></strong> x");
  expect(format("@__proto__ and **@a*b**", ["__proto__", "a*b"])).toBe(
    "<at>@__proto__</at> and <strong><at>@a*b</at></strong>",
  );
  expect(format("- @ada\n- see https://example.com/", ["ada"])).toBe(
    "<list •><item><at>@ada</at></item><item>see <a>https://example.com/</a></item></list>",
  );
  // In code they are text.
  expect(format("`@ada https://example.com/`", ["ada"])).toBe("<code>@ada https://example.com/</code>");
});

test("in scripts without spaces between words, bold needs none", () => {
  expect(format("这是**重点**。**日本**です")).toBe("这是<strong>重点</strong>。<strong>日本</strong>です");
  expect(format("**밥**을 먹다, นี่**สำคัญ**มาก")).toBe("<strong>밥</strong>을 먹다, นี่<strong>สำคัญ</strong>มาก");
  expect(format("für**alle**s 2**3**4")).toBe("für**alle**s 2**3**4");
});

test("a list in many lists ends at some depth", () => {
  const deep = ["- a", "  - b", "    - c", "      - d", "        - e"].join("\n");
  const shown = format(deep);
  expect(shown.match(/<list/g)).toHaveLength(3);
  expect(shown).toContain("- d");
});

test("a text with more markers than people write is shown as it was written", () => {
  const formats = (text: string) => formatText(text).some(({ kind }) => kind !== "part");
  // Two for each word. The sign of a list counts, too.
  expect(formats("**a** ".repeat(150))).toBe(true);
  expect(formats("**a** ".repeat(151))).toBe(false);
  expect(formats(`- ${"*a* ".repeat(149)}\`b`)).toBe(true);
  expect(formats(`- ${"*a* ".repeat(149)}\`b\``)).toBe(false);
  for (const piece of ["_*a", "*_a", "*`_a", "*_*_*_*_a"]) {
    const text = piece.repeat(2_000).slice(0, 2_000);
    expect(formatText(text), piece).toEqual([{ kind: "part", part: { text } }]);
  }
});

test("the longest texts are formatted in a short time, whatever they contain", () => {
  const pieces = [
    "*",
    "**a",
    "_a_",
    "`",
    "`a``",
    "- ",
    "1. a\n",
    "- a\n  ",
    "[",
    "<",
    "*_",
    "~",
    "\t- ",
    "> ",
    "*a **b ",
    "_*a",
    "*_a",
    "_*a ",
    // As many markers as are parsed.
    "_*aaaaaaaaaaa",
    "*`_a",
    "**",
  ];
  for (const piece of pieces) {
    const text = piece.repeat(2_000).slice(0, 2_000);
    // The shortest of several attempts: a busy machine makes some of them long.
    const milliseconds = Array.from({ length: 20 }, () => {
      const begun = performance.now();
      formatText(text);
      return performance.now() - begun;
    });
    // The slowest takes about 2 ms.
    expect(Math.min(...milliseconds), JSON.stringify(piece)).toBeLessThan(20);
  }
});
