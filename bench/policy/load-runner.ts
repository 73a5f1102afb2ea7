/** The process that loads a policy, once: bundled like a function, with a policy compiled in (bundles.ts). Not to be imported but for its types. */
import { catalogue } from "../../controls/catalogue.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import { answerTasks } from "./answering.ts";

/** A file as `CORDON_POLICY` names it, or none. */
export interface LoadTask {
  readonly file?: string;
}

export interface Loaded {
  readonly ms: number;
  readonly digest: string;
}

answerTasks(async ({ file }: LoadTask): Promise<Loaded> => {
  const startedMs = performance.now();
  const { digest } = await loadPolicy(file, catalogue);
  return { ms: performance.now() - startedMs, digest };
});
