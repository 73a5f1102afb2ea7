import type { ResourceRef } from "../types.ts";

/** Where a piece of live state is read, in the cell's own account and Region. */
export type Source =
  /** Any type with a read handler, by CloudFormation's primary identifier. */
  | { readonly kind: "cloud-control"; readonly type: string; readonly identifier: string }
  /** A queue's attributes, the policy among them, which Cloud Control doesn't show. */
  | { readonly kind: "queue"; readonly name: string }
  /** The key that an alias stands for; only AWS knows its id. */
  | { readonly kind: "key"; readonly alias: string }
  /** What feeds a function: the event source mapping from a queue or a table's stream, by the queue's or the table's ARN. */
  | { readonly kind: "trigger"; readonly functionName: string; readonly from: string }
  /** What has been heard of changes to a function's code (`CodeChange`): AWS shows no state that tells good code from bad. */
  | { readonly kind: "code"; readonly functionName: string };

/** A value of the template that only AWS knows, such as a key's id: it is read where it lies. `path` is as in `OwnPart`. */
export interface LiveValue {
  readonly "cordon:live": { readonly source: Source; readonly path: string };
}

/** Something of a resource that has to be as it was deployed. */
export interface OwnPart {
  /** What it is called in findings: its main property. */
  readonly part: string;
  /** The resource's own source unless said. */
  readonly source?: Source;
  /** Values by the path of their property, members separated by dots; `undefined` has to be absent. A `LiveValue` may be in them. */
  readonly expected: Readonly<Record<string, unknown>>;
  /** AWS adds members of its own here: only those expected count. */
  readonly isOpen?: true;
  /** Names that begin so are let be: logging's own settings, say. */
  readonly ignores?: string;
  /** By path, what AWS may show where nothing is expected: as good as nothing. */
  readonly usual?: Readonly<Record<string, readonly unknown[]>>;
  /** Whatever is there will do, but something has to be. */
  readonly isNeeded?: true;
  /** Its values are nobody's to read in a ticket: only their names are told. */
  readonly isSecret?: true;
}

/** A resource of Cordon's own, as deployed. */
export interface OwnResource {
  readonly ref: ResourceRef;
  readonly source: Source;
  readonly parts: readonly OwnPart[];
}

/** A change of a function's code that was not a deployment's. */
export interface CodeChange {
  readonly functionName: string;
  readonly by: string;
  readonly at: string;
}
