import { glob, lstat, readdir } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { describeError } from "../shared/errors.ts";

export interface EventFile {
  readonly path: string;
  readonly bytes: number;
}

export interface FoundFiles {
  readonly files: readonly EventFile[];
  /** Beside them: files with other names, of which only the number is told. */
  readonly others: number;
  /** Symbolic links are not followed. */
  readonly links: readonly string[];
  /** Folders that can't be read. */
  readonly refused: readonly { readonly file: string; readonly reason: string }[];
}

/** What files of events are called, within a folder. */
const NAMED = /\.(json|jsonl|ndjson)(\.gz)?$/i;
const MAGIC = /[*?[\]{}]/;

/**
 * The files that an argument stands for: a file, a folder with all below it, or a glob. Sorted by path. Reads folders, no files.
 *
 * @throws Error when it stands for nothing that can be read
 */
export async function findFiles(argument: string): Promise<FoundFiles> {
  const stats = await lstat(argument).catch(() => undefined);
  if (stats?.isSymbolicLink())
    throw new Error(`${argument} is a symbolic link, which is not followed; name what it points to`);
  if (stats?.isFile()) return { files: [{ path: argument, bytes: stats.size }], others: 0, links: [], refused: [] };
  if (stats !== undefined && !stats.isDirectory())
    throw new Error(`${argument} is neither a file nor a folder; expected one of these, or a glob`);
  if (stats === undefined && !MAGIC.test(argument))
    throw new Error(`there is no ${argument}; expected a file, a folder or a glob`);
  const found = stats === undefined ? await matching(argument) : await below(argument);
  if (found.files.length === 0 && found.refused.length === 0)
    throw new Error(`nothing to replay in ${argument}: ${expected(stats === undefined, found)}`);
  return found;
}

function expected(isGlob: boolean, { others, links }: FoundFiles): string {
  const beside = [
    ...(others > 0 ? [`${others} ${isGlob ? "folders, which a glob does not enter" : "files with other names"}`] : []),
    ...(links.length > 0 ? [`${links.length} symbolic links, which are not followed`] : []),
  ];
  const wanted = isGlob
    ? "files (to enter folders: **/*.json.gz)"
    : "files named *.json, *.jsonl, *.ndjson, or these with .gz";
  return `found ${beside.join(" and ") || "none"}, expected ${wanted}`;
}

async function below(folder: string): Promise<FoundFiles> {
  const found = {
    files: [] as EventFile[],
    others: 0,
    links: [] as string[],
    refused: [] as { file: string; reason: string }[],
  };
  const folders = [folder];
  for (let each = folders.pop(); each !== undefined; each = folders.pop()) {
    const at = each;
    try {
      for (const entry of await readdir(at, { withFileTypes: true })) {
        const path = join(at, entry.name);
        if (entry.isSymbolicLink()) found.links.push(path);
        else if (entry.isDirectory()) folders.push(path);
        else if (entry.isFile() && NAMED.test(entry.name)) found.files.push({ path, bytes: (await lstat(path)).size });
        else found.others++;
      }
    } catch (error) {
      found.refused.push({ file: at, reason: `the folder can't be read: ${describeError(error)}` });
    }
  }
  return sorted(found);
}

async function matching(pattern: string): Promise<FoundFiles> {
  const found = { files: [] as EventFile[], others: 0, links: [] as string[], refused: [] };
  const links = new Map<string, boolean>();
  for await (const path of glob(pattern)) {
    if (await isReachedByLink(path, pattern, links)) {
      found.links.push(path);
      continue;
    }
    const stats = await lstat(path);
    if (stats.isFile()) found.files.push({ path, bytes: stats.size });
    else found.others++;
  }
  return sorted(found);
}

/** Whether a match, or a folder on the way to it that the glob chose, is a link. What comes before the first magic letter was named by the user. */
async function isReachedByLink(path: string, pattern: string, known: Map<string, boolean>): Promise<boolean> {
  const fixed = pattern.split(sep).findIndex((part) => MAGIC.test(part));
  const parts = path.split(sep);
  for (let length = fixed + 1; length <= parts.length; length++) {
    const at = parts.slice(0, length).join(sep);
    if (at === "") continue;
    const isLink = known.get(at) ?? (await lstat(isAbsolute(at) ? at : join(".", at))).isSymbolicLink();
    known.set(at, isLink);
    if (isLink) return true;
  }
  return false;
}

function sorted(found: FoundFiles): FoundFiles {
  const byPath = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
  return {
    ...found,
    files: [...found.files].sort((one, other) => byPath(one.path, other.path)),
    links: [...found.links].sort(byPath),
  };
}
