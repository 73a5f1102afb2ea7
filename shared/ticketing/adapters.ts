import { CordonError } from "../errors.ts";
import { consoleAdapter } from "./console-adapter.ts";
import { fileAdapter } from "./file-adapter.ts";
import type { TicketAdapter } from "./ticket.ts";

/**
 * The adapters that `CORDON_TICKETS` names: `console`, `file:<folder>`, separated by commas.
 *
 * @throws CordonError `misconfigured`, naming every mistake
 */
export function adaptersFrom(setting: string | undefined): readonly TicketAdapter[] {
  const names = (setting ?? "console").split(",").map((name) => name.trim());
  const mistakes: string[] = [];
  const adapters = names.flatMap((name): TicketAdapter[] => {
    if (name === "console") return [consoleAdapter()];
    if (name.startsWith("file:") && name.length > "file:".length) return [fileAdapter(name.slice("file:".length))];
    mistakes.push(`"${name.slice(0, 60)}"`);
    return [];
  });
  if (mistakes.length > 0) {
    throw new CordonError(
      "misconfigured",
      `CORDON_TICKETS has ${mistakes.join(", ")}: expected console or file:<folder>, separated by commas`,
    );
  }
  return adapters;
}
