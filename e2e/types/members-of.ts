import ts from "typescript-5";

/** A text with one mistake in a public object. */
export interface Mistake {
  readonly what: string;
  readonly text: string;
}

/**
 * All mistakes of one kind each in the members of a public object: each member once renamed and once deleted, and the
 * first two arguments of each method swapped.
 * @param name of the function that returns the object, or of the class that is it
 */
export function mistakesIn(source: string, name: string): readonly Mistake[] {
  const file = ts.createSourceFile(`${name}.ts`, source, ts.ScriptTarget.Latest, true);
  return membersOf(file, name).flatMap((member) => {
    const memberName = member.name?.getText() ?? "";
    const edit = ({ pos, end }: ts.TextRange, text: string): string => source.slice(0, pos) + text + source.slice(end);
    const renamed = ts.isShorthandPropertyAssignment(member) ? `other: ${memberName}` : "other";
    const nameAt = { pos: member.name?.getStart() ?? 0, end: member.name?.end ?? 0 };
    const withComma = { pos: member.pos, end: member.end + (source[member.end] === "," ? 1 : 0) };
    return [
      { what: `${memberName} renamed`, text: edit(nameAt, renamed) },
      { what: `${memberName} deleted`, text: edit(withComma, "") },
      ...swapped(member, edit).map((text) => ({ what: `the arguments of ${memberName} swapped`, text })),
    ];
  });
}

type Member = ts.ObjectLiteralElementLike | ts.MethodDeclaration;

function membersOf(file: ts.SourceFile, name: string): readonly Member[] {
  for (const statement of file.statements) {
    if (ts.isClassDeclaration(statement) && statement.name?.text === name) {
      return statement.members.filter(ts.isMethodDeclaration).filter((each) => !ts.isPrivateIdentifier(each.name));
    }
    if (!ts.isFunctionDeclaration(statement) || statement.name?.text !== name) continue;
    const last = statement.body?.statements.findLast(ts.isReturnStatement)?.expression;
    if (last !== undefined && ts.isObjectLiteralExpression(last)) return last.properties;
  }
  throw new Error(`Expected ${name} to be a class, or to return an object; found neither.`);
}

function swapped(member: Member, edit: (range: ts.TextRange, text: string) => string): readonly string[] {
  const method = ts.isPropertyAssignment(member) ? member.initializer : member;
  if (!ts.isArrowFunction(method) && !ts.isMethodDeclaration(method)) return [];
  const [first, second] = method.parameters;
  if (first === undefined || second === undefined || second.dotDotDotToken !== undefined) return [];
  return [edit({ pos: first.getStart(), end: second.end }, `${second.getText()}, ${first.getText()}`)];
}
