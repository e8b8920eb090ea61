import type { $ZodIssue, $ZodRawIssue } from "zod/v4/core";
import { step } from "./data-path.ts";

// Explains in full sentences why data was refused. Only the server loads this file; a browser uses zod's own words.

/** The most faults that one message names; a thousand bad items do not need a thousand sentences. */
const MAX_FAULTS = 3;
/** The most characters of a text that a message quotes. */
const MAX_QUOTED = 40;

/** The faults of one validation, each with its path into the data. */
export function summarize(issues: readonly $ZodIssue[]): string {
  const faults = issues.slice(0, MAX_FAULTS).map(({ path, message }) => {
    const dataPath = path.reduce(step, "");
    return dataPath === "" ? message : `${dataPath}: ${message}`;
  });
  if (issues.length > MAX_FAULTS) faults.push(`${issues.length - MAX_FAULTS} more`);
  return faults.join("; ");
}

/**
 * An error map for zod. The messages of a schema's author win over it; it wins over those of a locale, which zod/mini
 * does not have.
 */
export function describe(issue: $ZodRawIssue): string {
  // A raw issue is an issue without path and message, but with its input.
  const expected = expectation(issue as unknown as $ZodIssue);
  return `expected ${expected}, got ${show(issue.input)}`;
}

/** A short form of a value for error messages. Objects show only the name of their class. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    const text = JSON.stringify(value.slice(0, MAX_QUOTED));
    return value.length > MAX_QUOTED ? `${text}… (${value.length} characters)` : text;
  }
  if (Array.isArray(value)) return `array of ${value.length}`;
  // An invalid date shows as "Invalid Date".
  if (value instanceof Date) return String(value);
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "Object";
  if (typeof value === "function") return "function";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function expectation(issue: $ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "nonoptional" ? "a value" : issue.expected;
    case "invalid_value":
      return issue.values.map(show).join(" | ");
    case "invalid_format":
      return issue.format === "regex" ? `a match of ${issue.pattern}` : `the format ${issue.format}`;
    case "too_small":
      return `${measured(issue)} ${comparison(issue, ">")} ${issue.minimum}`;
    case "too_big":
      return `${measured(issue)} ${comparison(issue, "<")} ${issue.maximum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `no keys ${issue.keys.map(show).join(", ")}`;
    case "invalid_union":
      return alternatives(issue);
    case "invalid_key":
      return `a valid key (${firstOf(issue.issues)})`;
    case "custom": {
      // The codecs of codecs.ts put it there.
      const expected: unknown = issue.params?.["expected"];
      return typeof expected === "string" ? expected : "what a check of the schema accepts";
    }
    case "invalid_element":
    default:
      return "what a check of the schema accepts";
  }
}

function alternatives(issue: Extract<$ZodIssue, { code: "invalid_union" }>): string {
  if (issue.inclusive === false) return "exactly one option of the union to match";
  if (issue.options !== undefined) return issue.options.map(show).join(" | ");
  return `one of the union (${issue.errors.map(firstOf).join(" | ")})`;
}

function firstOf(issues: readonly $ZodIssue[]): string {
  const [issue] = issues;
  if (issue === undefined) return "?";
  return `${issue.path.map((key) => `${String(key)}: `).join("")}${issue.message}`;
}

/** What a limit compares: the value itself, or its size. */
function measured({ origin }: { origin: string }): string {
  return /^(number|int|bigint|date)$/.test(origin) ? origin : `${origin} size`;
}

function comparison({ exact, inclusive }: { inclusive?: boolean; exact?: boolean }, strict: "<" | ">"): string {
  if (exact) return "=";
  return inclusive ? `${strict}=` : strict;
}
