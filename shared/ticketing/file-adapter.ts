import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CordonError } from "../errors.ts";
import type { TicketAdapter } from "./ticket.ts";

const KEY = /^f-[0-9a-f]{20}$/;

/** One Markdown file a finding, in a folder; replaced as a whole, so a reader never sees half a ticket. */
export function fileAdapter(directory: string): TicketAdapter {
  return {
    name: "file",
    async put({ key, title, severity, state, occurrences, updatedAt, body }) {
      if (!KEY.test(key))
        throw new CordonError("malformed", `the ticket's key is not a finding's id: ${key.slice(0, 60)}`);
      const file = join(directory, `${key}.md`);
      const head = `# ${title}\n\nstate: ${state} | severity: ${severity} | occurrences: ${occurrences} | updated: ${updatedAt}\n`;
      await mkdir(directory, { recursive: true });
      await writeFile(`${file}.new`, `${head}\n\`\`\`text\n${body}\n\`\`\`\n`);
      await rename(`${file}.new`, file);
    },
  };
}
