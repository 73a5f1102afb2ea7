import { CordonError } from "../errors.ts";
import { consoleAdapter } from "./console-adapter.ts";
import { fileAdapter } from "./file-adapter.ts";
import type { TicketAdapter } from "./ticket.ts";

/**
 * The adapters that `CORDON_TICKETS` names: `console`, `file:<folder>`, separated by commas. Unset, a ticket is printed where nobody else is told of it, so that a first deployment shows
 * something; a log is no place for whole tickets otherwise.
 *
 * @param hasRoutes whether policy names trackers
 * @throws CordonError `misconfigured`, naming every mistake
 */
export function adaptersFrom(setting: string | undefined, hasRoutes = false): readonly TicketAdapter[] {
  const isSet = setting !== undefined && setting.trim() !== "";
  if (!isSet && hasRoutes) return [];
  const names = (isSet ? setting : "console").split(",").map((name) => name.trim());
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
