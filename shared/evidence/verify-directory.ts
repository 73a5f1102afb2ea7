import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Head } from "./chain.ts";
import { parseObjectKey } from "./chain.ts";
import { type EvidenceObject, type Verdict, verifyChain } from "./verify-chain.ts";

/** A chain's verdict, or what is wrong with a file that lies in no chain. */
export interface NamedVerdict {
  /** The chain's id; of a file in no chain, the folder it lies in. */
  readonly chain: string;
  readonly entries: number;
  readonly verdict: Verdict;
}

/**
 * Verifies every chain in a copy of the evidence bucket, such as `aws s3 sync` makes: `<directory>/evidence/<account>/<region>/<control>/*.json`.
 * Reads files, calls nobody.
 *
 * @param heads the chains' heads by id, when they are known from the table
 * @throws Error when the directory can't be read, or holds anything but files and folders: what a link points to is no part of the copy, and
 * to pass over it would hide an entry
 */
export async function verifyEvidenceDirectory(
  directory: string,
  heads: Readonly<Record<string, Head>> = {},
): Promise<readonly NamedVerdict[]> {
  const chains = new Map<string, EvidenceObject[]>(Object.keys(heads).map((chain) => [chain, []]));
  const found = await readdir(join(directory, "evidence"), { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      throw new Error(`${(error as Error).message}; expected a folder "evidence" in it`);
    },
  );
  for (const file of found) {
    if (file.isDirectory()) continue;
    const path = join(file.parentPath, file.name);
    const key = relative(directory, path).split(sep).join("/");
    if (!file.isFile())
      throw new Error(
        `${key} is ${file.isSymbolicLink() ? "a symbolic link" : "no file"}; expected files and folders only, as "aws s3 sync" makes them`,
      );
    const chain = parseObjectKey(key)?.chain ?? key.split("/").slice(1, -1).join("/");
    const objects = chains.get(chain) ?? [];
    objects.push({ key, body: await readFile(path, "utf8") });
    chains.set(chain, objects);
  }
  return [...chains].map(([chain, objects]) => {
    const head = heads[chain];
    return { chain, entries: objects.length, verdict: verifyChain(objects, { chain, ...(head && { head }) }) };
  });
}
