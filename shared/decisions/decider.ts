import type { Decider } from "../policy/may-decide.ts";
import type { Envelope } from "./prove.ts";
import { type AskSts, proveAws } from "./prove-aws.ts";
import { proveSlack } from "./prove-slack.ts";

/** What it takes to know who asks. */
export interface Registrar {
  /** This function: what a proof has to be signed for. */
  readonly functionArn: string;
  readonly askSts: AskSts;
  /** The signing secret of the Slack app; undefined where none is set. Throws CordonError. */
  slackSecret(): Promise<string | undefined>;
  /** Whether an account is the cell's own or a member's: whoever signs in another one may call himself what he likes there. Throws CordonError. */
  isServed(account: string): Promise<boolean>;
  /** Whether a proof has not been used before; from now on it has. Throws CordonError. */
  useOnce(proof: string, untilMs: number): Promise<boolean>;
}

type Registered =
  | { readonly ok: true; readonly order: unknown; readonly decider: Decider }
  | { readonly ok: false; readonly reason: string };

/** Longer than any proof is good. */
const REMEMBERED_MS = 60 * 60_000;

/**
 * Who asks, and for what. Without a proof it is somebody unproved; a proof that does not hold is refused altogether, for nobody sends one by mistake.
 *
 * Side effects: one call of STS or of Secrets Manager, and one update of the table, for a proof.
 * @throws CordonError `unavailable`, `denied`
 */
export async function deciderOf(
  { order, proof, urlCaller, said }: Extract<Envelope, { readonly ok: true }>,
  { functionArn, askSts, slackSecret, isServed, useOnce }: Registrar,
  nowMs: number,
): Promise<Registered> {
  if (proof === undefined) return { ok: true, order, decider: { kind: "unproved", said } };
  if (proof.kind === "slack") {
    const secret = await slackSecret();
    if (secret === undefined)
      return { ok: false, reason: "CORDON_SLACK_SECRET is not set, so that nothing of Slack's is believed" };
    const proved = proveSlack(proof, secret, nowMs);
    if (!proved.ok) return proved;
    return use(proved, proved.order);
  }
  const proved = await proveAws(proof, { order, functionArn, nowMs }, askSts);
  if (!proved.ok) return proved;
  const account = proved.caller.arn?.split(":")[4] ?? "";
  if (!(await isServed(account))) {
    return {
      ok: false,
      reason: `the proof is of account ${account}: expected the cell's own, or one of CORDON_ACCOUNTS`,
    };
  }
  if (urlCaller !== undefined && urlCaller !== proved.caller.arn) {
    return {
      ok: false,
      reason: "the request and its proof are not from one and the same principal",
    };
  }
  return use(proved, order);

  async function use(
    { caller, how, once }: Extract<typeof proved, { readonly ok: true }>,
    wanted: unknown,
  ): Promise<Registered> {
    if (await useOnce(once, nowMs + REMEMBERED_MS))
      return { ok: true, order: wanted, decider: { kind: "proved", caller, how } };
    return { ok: false, reason: "this proof has been used already: sign a new one" };
  }
}
