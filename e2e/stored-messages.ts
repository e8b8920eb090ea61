import Database from "libsql";

/** The texts of the lobby's messages in the chat's database, in the order of the table. */
export function storedMessages(path: string): string[] {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database.prepare("select said from messages where room_id = 'lobby' order by number").all();
    // The chat writes this column, as JSON.
    return (rows as { said: string }[]).map(({ said }) => (JSON.parse(said) as { text: string }).text);
  } finally {
    database.close();
  }
}
