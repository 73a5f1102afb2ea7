import type { Ticket, TicketAdapter } from "./ticket.ts";

/** Prints tickets, by default to stderr, where logs go. */
export function consoleAdapter(write: (text: string) => void = (text) => process.stderr.write(text)): TicketAdapter {
  return {
    name: "console",
    async put({ title, severity, occurrences, body }: Ticket) {
      write(`${title}\n  severity ${severity}, occurrence ${occurrences}\n\n${body}\n\n`);
    },
  };
}
