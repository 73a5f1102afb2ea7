import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CordonError } from "../errors.ts";
import type { TicketAdapter } from "./ticket.ts";

const KEY = /^f-[0-9a-f]{20}$/;

/** One Markdown file a finding, in a folder; replaced as a whole, so a reader never sees half a ticket, and never by an older version. */
export function fileAdapter(directory: string): TicketAdapter {
  return {
    name: "file",
    async put({ key, title, severity, state, occurrences, updatedAt, version, body }) {
      if (!KEY.test(key))
        throw new CordonError("malformed", `the ticket's key is not a finding's id: ${key.slice(0, 60)}`);
      const file = join(directory, `${key}.md`);
      const head = `# ${title}\n\nstate: ${state} | severity: ${severity} | occurrences: ${occurrences} | updated: ${updatedAt} | version: ${version}\n`;
      await mkdir(directory, { recursive: true });
      if ((await versionIn(file)) > version) return;
      await writeFile(`${file}.new`, `${head}\n\`\`\`text\n${body}\n\`\`\`\n`);
      await rename(`${file}.new`, file);
    },
  };
}

/** The version of the ticket in a file; lower than any when there is none. */
async function versionIn(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return Number(/^state: .* \| version: (\d+)$/m.exec(text)?.[1] ?? -1);
}
