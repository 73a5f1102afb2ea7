/** What content is handed to; `detect/scan.ts` has the one that looks for personal data. */
export interface Scanner {
  /** The next bytes: UTF-8, Latin-1, or UTF-16 when a piece begins with its byte order mark or shows its zero bytes. */
  push(chunk: Uint8Array): void;
  /** Something else begins: nothing may match across. */
  cut(): void;
}
