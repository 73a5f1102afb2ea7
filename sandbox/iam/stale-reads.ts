/** Reads about a user or a role return what was there before its last write. */
export interface StaleIamRead {
  /** Name of the user; or a role. */
  user?: string;
  role?: string;
  /** The sandbox's own by default. */
  account?: string;
  /** Every read by default. */
  operation?: string;
  /** The next so many reads; 1 by default, unless `forMs` is given. */
  times?: number;
  /** Every read until so long after the write, on the sandbox's clock. */
  forMs?: number;
}

/** A read that may be late, and when what it reads was last written, epoch ms. */
export interface IamRead {
  kind: "user" | "role";
  account: string;
  name: string;
  operation: string;
  writtenAt: number;
}

/** Which reads of IAM are to be one write behind. */
export interface StaleIamReads {
  add(read: StaleIamRead): void;
  /** Counts the read as spent. */
  take(read: IamRead): boolean;
}

/** None yet; those without an account are about `home`. */
export function createStaleIamReads(home: string, now: () => number): StaleIamReads {
  const waiting: (StaleIamRead & { left: number })[] = [];
  const isMeant = (entry: StaleIamRead, { kind, account, name, operation, writtenAt }: IamRead): boolean =>
    entry[kind] === name &&
    (entry.account ?? home) === account &&
    (entry.operation ?? operation) === operation &&
    (entry.forMs === undefined || now() - writtenAt < entry.forMs);
  return {
    add: (read) => void waiting.push({ ...read, left: read.times ?? (read.forMs === undefined ? 1 : Infinity) }),
    take(read) {
      const entry = waiting.find((each) => isMeant(each, read));
      if (!entry) return false;
      entry.left -= 1;
      if (entry.left <= 0) waiting.splice(waiting.indexOf(entry), 1);
      return true;
    },
  };
}
