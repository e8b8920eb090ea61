import ts from "typescript-5";

/** A name of the platform that a program uses, for example `Array.includes`, `AbortSignal.any` or `fetch`. */
export interface PlatformName {
  /** The interface, or the global. */
  readonly owner: string;
  /** Null for the global itself. */
  readonly member: string | null;
}

/** The value names of the language and the browser that these sources use, and all sources that they import. */
export function platformNames(entries: readonly string[], options: ts.CompilerOptions): readonly PlatformName[] {
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const found = new Map<string, PlatformName>();

  function add(symbol: ts.Symbol): void {
    for (const declaration of symbol.declarations ?? []) {
      if (!program.isSourceFileDefaultLibrary(declaration.getSourceFile())) {
        continue;
      }
      const owner = ownerOf(declaration);
      const name = owner === null ? { owner: symbol.name, member: null } : { owner, member: symbol.name };
      found.set(`${name.owner}.${name.member}`, name);
    }
  }

  function visit(node: ts.Node): void {
    // Types are not there when the program runs.
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
      return;
    }
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      if (symbol) {
        add(symbol);
      }
    }
    ts.forEachChild(node, visit);
  }

  for (const file of program.getSourceFiles()) {
    if (!file.isDeclarationFile) {
      visit(file);
    }
  }
  return [...found.values()];
}

/** The interface around a member; for `declare var X: { member }`, X. Null for what is global. */
function ownerOf(declaration: ts.Declaration): string | null {
  const { parent } = declaration;
  if (ts.isInterfaceDeclaration(parent)) {
    return parent.name.text;
  }
  if (ts.isTypeLiteralNode(parent) && ts.isVariableDeclaration(parent.parent)) {
    return parent.parent.name.getText();
  }
  return null;
}
