/**
 * Whether the JSON of a value surely has more than `most` bytes. It looks at no more of the value than it takes to say
 * so: the cost depends on `most`, whatever the value is.
 */
export function surelyExceeds(value: unknown, most: number): boolean {
  const waiting = [value];
  let remaining = most - 1;
  while (waiting.length > 0) {
    const next = waiting.pop();
    // Every value has one byte at least, a string two quotation marks, a member its name, two more and a colon.
    if (typeof next === "string") remaining -= next.length + 1;
    if (Array.isArray(next)) {
      // Its items count before they are looked at. Otherwise a list that is in very many places would wait in memory
      // once for each of them.
      remaining -= next.length;
      if (remaining < 0) return true;
      for (const each of next) waiting.push(each);
    } else if (typeof next === "object" && next !== null) {
      for (const name in next) {
        const member: unknown = (next as Readonly<Record<string, unknown>>)[name];
        // JSON leaves these out.
        if (member === undefined) continue;
        remaining -= name.length + 4;
        if (remaining < 0) return true;
        waiting.push(member);
      }
    }
    if (remaining < 0) return true;
  }
  return false;
}
