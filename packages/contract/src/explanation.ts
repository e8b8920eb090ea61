import type { $ZodIssue, $ZodRawIssue } from "zod/v4/core";
import { step } from "./data-path.ts";

// Why data was refused, in full sentences. On the server only: a browser gets by with zod's own words.

/** Names this many faults at most; a thousand bad items need no thousand sentences. */
const MAX_FAULTS = 3;

/** The faults of one validation, each with its place. */
export function summarize(issues: readonly $ZodIssue[]): string {
  const faults = issues.slice(0, MAX_FAULTS).map(({ path, message }) => {
    const place = path.reduce(step, "");
    return place === "" ? message : `${place}: ${message}`;
  });
  if (issues.length > MAX_FAULTS) faults.push(`${issues.length - MAX_FAULTS} more`);
  return faults.join("; ");
}

/** zod's error map. Comes after the messages of a schema's author and before those of a locale, which zod/mini does not have. */
export function describe(issue: $ZodRawIssue): string {
  // A raw issue is the finished one without path and message, and with its input.
  const expected = expectation(issue as unknown as $ZodIssue);
  return `expected ${expected}, got ${show(issue.input)}`;
}

/** A short form of a value for error messages; objects by their kind only. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    const text = JSON.stringify(value.slice(0, 40));
    return value.length > 40 ? `${text}… (${value.length} characters)` : text;
  }
  if (Array.isArray(value)) return `array of ${value.length}`;
  // "Invalid Date" is what matters here.
  if (value instanceof Date) return String(value);
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "Object";
  return typeof value === "function" ? "function" : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
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
      return `${subject(issue)} ${sign(issue, ">")} ${issue.minimum}`;
    case "too_big":
      return `${subject(issue)} ${sign(issue, "<")} ${issue.maximum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `no keys ${issue.keys.map(show).join(", ")}`;
    case "invalid_union":
      return alternatives(issue);
    case "invalid_key":
      return `a valid key (${firstOf(issue.issues)})`;
    case "custom": {
      // Our codecs say it so; see codecs.ts.
      const expected: unknown = issue.params?.["expected"];
      return typeof expected === "string" ? expected : "what a check of the schema accepts";
    }
    case "invalid_element":
    default:
      return "what a check of the schema accepts";
  }
}

function alternatives(issue: Extract<$ZodIssue, { code: "invalid_union" }>): string {
  if (issue.inclusive === false) return "exactly one option of the union to fit";
  if (issue.options !== undefined) return issue.options.map(show).join(" | ");
  return `one of the union (${issue.errors.map(firstOf).join(" | ")})`;
}

function firstOf(issues: readonly $ZodIssue[]): string {
  const [issue] = issues;
  if (issue === undefined) return "?";
  return `${issue.path.map((key) => `${String(key)}: `).join("")}${issue.message}`;
}

function subject({ origin }: { origin: string }): string {
  return /^(number|int|bigint|date)$/.test(origin) ? origin : `${origin} size`;
}

function sign(issue: { inclusive?: boolean; exact?: boolean }, strict: string): string {
  return issue.exact ? "=" : issue.inclusive ? `${strict}=` : strict;
}
