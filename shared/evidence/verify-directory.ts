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
 * @throws when the directory can't be read
 */
export async function verifyEvidenceDirectory(
  directory: string,
  heads: Readonly<Record<string, Head>> = {},
): Promise<readonly NamedVerdict[]> {
  const chains = new Map<string, EvidenceObject[]>(Object.keys(heads).map((chain) => [chain, []]));
  const files = await readdir(join(directory, "evidence"), { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const key = relative(directory, path).split(sep).join("/");
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
