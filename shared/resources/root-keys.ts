import type { ResourceRef } from "../types.ts";
import type { Reading } from "./port.ts";

/** What is known of the access keys of an account's root user. IAM has no list of them that anybody but root may see. */
export interface RootKeysState {
  readonly hasKeys: boolean;
}

/** Whether root has keys. */
export interface RootKeys {
  /**
   * GetAccountSummary; where that is refused, the credential report as it was made last (GetCredentialReport), up to four hours old.
   *
   * @throws CordonError `unavailable`
   */
  read(account: ResourceRef): Promise<Reading<RootKeysState>>;
}

/** The port of a function that has one. Throws Error where it was forgotten. */
export function rootKeysOf({ rootKeys }: { readonly rootKeys?: RootKeys }): RootKeys {
  if (rootKeys === undefined) throw new Error("no keys of root here: the function is wired without them");
  return rootKeys;
}
