import type { ResourceRef } from "../types.ts";

type Place = Pick<ResourceRef, "account" | "region">;

/** An account's credential report: what IAM knows of all of its users, in a few calls. */
export interface CredentialReports {
  /**
   * GenerateCredentialReport until it is made, then GetCredentialReport: CSV, up to four hours old. `pending`: IAM is still at it.
   *
   * @param deadlineMs it is not asked again after this time
   * @throws CordonError `unavailable`
   */
  read(
    place: Place,
    deadlineMs: number,
  ): Promise<
    | { readonly kind: "ready"; readonly csv: Uint8Array }
    | { readonly kind: "pending" }
    | { readonly kind: "unreadable"; readonly reason: string }
  >;
}
