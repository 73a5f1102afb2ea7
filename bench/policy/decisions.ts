import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Folder } from "../folder.ts";
import type { Decided, DecisionsTask } from "./decisions-runner.ts";
import { openDocument, policyDocument } from "./documents.ts";
import { writePolicy } from "./files.ts";
import { performInNewProcess } from "./new-process.ts";
import { builtInPlugin } from "./plugins.ts";

/** Decisions by policies of different sizes, in one process and in turn. */
export interface Decisions {
  /** 100 rules, 10 exceptions, 10 conditions. */
  readonly usual: Decided;
  /** By number of rules, of which a decision meets the same few. */
  readonly growing: readonly (Decided & { readonly size: number })[];
  /** 1,000 rules, all of which can match. */
  readonly open: Decided;
}

export const SIZES = [10, 100, 1_000, 10_000] as const;

/** With an exception to twenty rules, a policy of 10,000 just fits into what may be compiled. */
export const growingDocument = (rules: number): object =>
  policyDocument({ rules, exceptions: Math.max(1, rules / 20) });

export const usualDocument = (): object => policyDocument({ rules: 100, exceptions: 10, isConditional: true });

/**
 * Compiles the policies and decides by them.
 *
 * @throws Error when a decision is another than expected, or when a larger policy has decisions look at more rules
 */
export async function measureDecisions(
  folder: Folder,
  builtIn: ResidencyPolicy,
  rounds: Pick<DecisionsTask, "warmUp" | "rounds" | "roundMs">,
): Promise<Decisions> {
  const runner = await folder.bundle("bench/policy/decisions-runner.ts", "decisions", [builtInPlugin(builtIn)]);
  const fileOf = async (name: string, document: object) => (await writePolicy(folder, name, document)).compiled.file;
  const policies: DecisionsTask["policies"][number][] = [
    { file: await fileOf("usual", usualDocument()), about: "all" },
    { file: await fileOf("open", openDocument(1_000)), about: "unreadable" },
  ];
  for (const size of SIZES) policies.push({ file: await fileOf(`${size}`, growingDocument(size)), about: "known" });
  const task: DecisionsTask = { policies, ...rounds };
  const [usual, open, ...decided] = await performInNewProcess<DecisionsTask, readonly Decided[]>(runner, task);
  if (usual === undefined || open === undefined) throw new Error("nothing was decided");
  const growing = decided.map((each, index) => ({ ...each, size: SIZES[index] ?? 0 }));
  const [smallest] = growing;
  const other = growing.find(({ rules }) => rules !== smallest?.rules);
  if (other !== undefined)
    throw new Error(`with ${other.size} rules decisions look at more of them, which they must not`);
  return { usual, growing, open };
}
