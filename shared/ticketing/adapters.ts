import { CordonError } from "../errors.ts";
import { consoleAdapter } from "./console-adapter.ts";
import { fileAdapter } from "./file-adapter.ts";
import type { TicketAdapter } from "./ticket.ts";

/**
 * The adapters that `CORDON_TICKETS` names: `console`, `file:<folder>`, separated by commas; `none`. Where it is not set, tickets are printed as long as policy names no tracker
 * that would have them: whole tickets in a log are one more place where what they tell has to be guarded.
 *
 * @param routes how many trackers policy names
 * @throws CordonError `misconfigured`, naming every mistake
 */
export function adaptersFrom(setting: string | undefined, routes = 0): readonly TicketAdapter[] {
  const names = (setting?.trim() || (routes > 0 ? "none" : "console")).split(",").map((name) => name.trim());
  const mistakes: string[] = [];
  const adapters = names.flatMap((name): TicketAdapter[] => {
    if (name === "none") return [];
    if (name === "console") return [consoleAdapter()];
    if (name.startsWith("file:") && name.length > "file:".length) return [fileAdapter(name.slice("file:".length))];
    mistakes.push(`"${name.slice(0, 60)}"`);
    return [];
  });
  if (mistakes.length > 0) {
    throw new CordonError(
      "misconfigured",
      `CORDON_TICKETS has ${mistakes.join(", ")}: expected none, console or file:<folder>, separated by commas`,
    );
  }
  return adapters;
}
