import canonicalize from "canonicalize";
import { contentHash } from "../ids.ts";
import { type Entry, fieldsOf, hashOf, parseEntry } from "./entry.ts";
import { type OcsfEvent, ocsfEvent } from "./ocsf.ts";

/** Where a chain ends: the number and hash of its last link. */
export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

/** The head of a chain with no links. */
export const GENESIS: Head = { sequence: 0, hash: "0".repeat(64) };

/** One archived entry: an object of the evidence bucket. */
export interface Link extends Head {
  readonly chain: string;
  readonly previousHash: string;
  readonly entry: Entry;
  /** Where the object lies in the bucket. */
  readonly key: string;
  /** The object's bytes: the OCSF event as canonical JSON (RFC 8785), with the entry and the link in `unmapped`. */
  readonly body: string;
}

/** The chain of one control in one cell. */
export function chainId(cell: { readonly account: string; readonly region: string }, controlId: string): string {
  return `${cell.account}/${cell.region}/${controlId}`;
}

/** `evidence/<account>/<region>/<control>/<sequence>.json`: a listing is in the chain's order. */
export function objectKey(chain: string, sequence: number): string {
  return `evidence/${chain}/${String(sequence).padStart(12, "0")}.json`;
}

/** The inverse of `objectKey`; undefined when it is not the key of a link. */
export function parseObjectKey(key: string): { readonly chain: string; readonly sequence: number } | undefined {
  const match = /^evidence\/(\d{12}\/[a-z0-9-]+\/[a-z0-9-]+)\/(\d{12})\.json$/.exec(key);
  return match?.[1] === undefined ? undefined : { chain: match[1], sequence: Number(match[2]) };
}

/**
 * The link that makes `entry` the next of a chain. Pure and without a clock: the same entry after the same link gives the same bytes, so that a retry
 * writes what is there already.
 */
export function sealLink(entry: Entry, chain: string, previous: Head): Link {
  const sequence = previous.sequence + 1;
  const position = { id: chain, sequence, previousHash: previous.hash };
  const evidence = { partition: entry.pk, ...entry.record };
  const event = ocsfEvent(entry.record, { uid: `${chain}/${sequence}`, sequence });
  const hash = contentHash({ ...event, unmapped: { evidence, chain: position } });
  const body = canonicalize({ ...event, unmapped: { evidence, chain: { ...position, hash } } }) ?? "";
  return { chain, sequence, hash, previousHash: previous.hash, entry, key: objectKey(chain, sequence), body };
}

export type ParsedLink = { readonly ok: true; readonly link: Link } | { readonly ok: false; readonly reason: string };

/**
 * An object -> the link it is, as far as the object alone can tell: its hash is recomputed, and its content's. Whether it belongs where it lies is
 * told by its neighbours.
 */
export function parseLink(key: string, body: string): ParsedLink {
  const event = parseObject(body);
  if (event === undefined)
    return { ok: false, reason: "it is not JSON, or not in the canonical form it was written in" };
  const unmapped = fieldsOf(event.unmapped);
  const { hash, ...position } = fieldsOf(unmapped.chain);
  const { id, sequence, previousHash } = position;
  if (
    typeof hash !== "string" ||
    typeof id !== "string" ||
    typeof sequence !== "number" ||
    typeof previousHash !== "string"
  ) {
    return { ok: false, reason: "its link to the chain is missing" };
  }
  if (hashOf({ ...event, unmapped: { ...unmapped, chain: position } }) !== hash) {
    return { ok: false, reason: "its content is not what its hash seals" };
  }
  const { partition, ...record } = fieldsOf(unmapped.evidence);
  const parsed = parseEntry(partition, record);
  if (!parsed.ok) return { ok: false, reason: parsed.reason };
  return { ok: true, link: { chain: id, sequence, hash, previousHash, entry: parsed.entry, key, body } };
}

/** Why a link is not the next of a chain; undefined when it is. */
export function reasonNotNext(link: Link, chain: string, previous: Head): string | undefined {
  if (link.chain !== chain) return `it belongs to the chain ${link.chain}`;
  if (link.sequence !== previous.sequence + 1) return `it is number ${link.sequence} of its chain`;
  if (link.previousHash !== previous.hash) return "it follows another entry than the one before it";
  return undefined;
}

/** The object that a text is, if it is canonical JSON to the last byte. */
function parseObject(text: string): OcsfEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalize(value) === text ? fieldsOf(value) : undefined;
  } catch {
    return undefined;
  }
}
