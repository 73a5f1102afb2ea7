import { control as coverageControl } from "../../controls/account-region-stays-covered/control.ts";
import { catalogue } from "../../controls/catalogue.ts";
import { control as cellControl } from "../../controls/cordon-cell-stays-deployed/control.ts";
import { forwardingRules, forwardingStack, sendRolePrefix } from "../../deploy/forwarding-rules.ts";
import { ownResources } from "../../deploy/own-resources.ts";
import { parseStack } from "../../deploy/stack.ts";
import { Accounts } from "../../shared/aws/accounts.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { AnyControl, Ports } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { type CoverageNames, findAccountRegions } from "../../shared/deployment/account-region.ts";
import type { OwnResource } from "../../shared/deployment/own-resource.ts";
import { CordonError } from "../../shared/errors.ts";
import type { AccountRegion } from "../../shared/resources/account-coverage.ts";
import { accountCoverageOnAws } from "../../shared/resources/account-coverage-aws.ts";
import type { CodeChanges } from "../../shared/resources/cell-resources.ts";
import { cellResourcesOnAws } from "../../shared/resources/cell-resources-aws.ts";
import type { Heartbeats, Rounds, Troubles } from "../../shared/resources/heartbeats.ts";
import {
  codeChangesInTable,
  heartbeatsInTable,
  roundsInTable,
  troublesInTable,
} from "../../shared/resources/table-items-aws.ts";
import { readSettings } from "../../shared/runtime/settings.ts";
import { type Connection, connect } from "../../shared/runtime/wire.ts";
import type { ControlEvents } from "../../shared/signals/cloudtrail.ts";
import { findOwnResources } from "../../shared/signals/own-resources.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A control of the guard's with what it hears. */
export interface Watch<State> {
  readonly cordon: Cordon<State, AnyControl<State>>;
  readonly events: ControlEvents;
}

/** Everything the guard works with, made once per container. */
export interface Guard extends Pick<Connection, "clock" | "messages"> {
  readonly stackName: string;
  readonly names: CoverageNames;
  /** Accounts the cell is told to serve. */
  readonly members: readonly string[];
  readonly ports: Ports & Required<Pick<Ports, "cell" | "coverage">>;
  readonly cell: Watch<unknown>;
  readonly coverage: Watch<unknown>;
  readonly heartbeats: Heartbeats;
  readonly rounds: Rounds;
  readonly troubles: Troubles;
  readonly codeChanges: CodeChanges;
}

/**
 * Wires the guard. What it expects comes from the same functions as the template (deploy/), so that expectation and deployment can't disagree.
 *
 * @param functionArn tells the own account without asking STS
 * @throws CordonError `misconfigured`, `unavailable`
 */
export async function openGuard(env: Env, functionArn: string | undefined): Promise<Guard> {
  const { table, membership } = readSettings(env);
  const connection = await connect(env, catalogue);
  const { accounts, clock } = connection;
  accounts.learnOwn(functionArn);
  const { account, partition } = await accounts.own();
  const region = env.AWS_REGION ?? "";
  const home = { account, region };
  const stack = readStack(env);
  const clients = new AwsClients(accounts);
  const heartbeats = heartbeatsInTable(clients.dynamoDb(), table);
  const codeChanges = codeChangesInTable(clients.dynamoDb(), table);
  const own = ownResources(stack, { ...home, partition }, env);
  const rules = forwardingRules(stack.name);
  const busArn = `arn:${partition}:events:${region}:${account}:event-bus/${stack.name}`;
  // An organisation's accounts are not listed: that is for its management account. Named ones are all that are served.
  const knowsAccounts = stack.organization === undefined || stack.accounts.length > 0;
  const expected = (place: AccountRegion) => forwardingStack(stack.name, { ...place, partition, busArn });
  const openClients = () => {
    const anew = new Accounts(clock, membership, env.AWS_LAMBDA_FUNCTION_NAME);
    anew.learnOwn(`arn:${partition}:lambda:${region}:${account}:function:guard`);
    return new AwsClients(anew);
  };
  const ports = {
    ...connection.ports,
    cell: cellResourcesOnAws(clients, home, own, codeChanges),
    coverage: accountCoverageOnAws(
      openClients,
      { home, partition, busArn, knowsAccounts, expected },
      heartbeats,
      clock,
    ),
  };
  const names: CoverageNames = {
    partition,
    home,
    rules: rules.map(({ name }) => name),
    sendRoles: sendRolePrefix(stack.name),
    ...(membership && { memberRole: membership.roleName }),
    ...(knowsAccounts && { accounts: stack.accounts }),
  };
  return {
    stackName: stack.name,
    names,
    members: stack.accounts,
    heartbeats,
    rounds: roundsInTable(clients.dynamoDb(), table),
    troubles: troublesInTable(clients.dynamoDb(), table),
    codeChanges,
    clock,
    messages: connection.messages,
    ports,
    ...watches({ ...connection, ports }, own, names),
  };
}

/** Both controls with what each hears. */
export function watches(
  connection: Omit<Cordon, "control">,
  own: readonly OwnResource[],
  names: CoverageNames,
): Pick<Guard, "cell" | "coverage"> {
  const watch = <State>(control: AnyControl<State>, find: NonNullable<ControlEvents["find"]>): Watch<unknown> => {
    const { cloudTrail, configTypes } = control.meta;
    return {
      cordon: { ...connection, control } as Watch<unknown>["cordon"],
      events: { cloudTrail, configTypes, find },
    };
  };
  const refs = own.map(({ ref }) => ref);
  return {
    cell: watch(cellControl, (record, envelope) => findOwnResources(record, envelope, refs)),
    coverage: watch(coverageControl, (record, envelope) => findAccountRegions(record, envelope, names)),
  };
}

/** The stack's settings as its functions' environment has them. */
export function readStack(env: Env) {
  try {
    return parseStack({
      name: env.CORDON_STACK,
      accounts: env.CORDON_ACCOUNTS,
      organization: env.CORDON_ORGANIZATION,
      memberRole: env.CORDON_MEMBER_ROLE,
      externalId: env.CORDON_EXTERNAL_ID,
      slackSecret: env.CORDON_SLACK_SECRET,
      evidenceMode: env.CORDON_EVIDENCE_MODE,
      evidenceDays: env.CORDON_EVIDENCE_DAYS,
    });
  } catch (error) {
    throw new CordonError("misconfigured", `The guard can't tell what was deployed. ${(error as Error).message}`, {
      cause: error,
    });
  }
}
